/*
 * store_private.h - what the parts of the store share.
 */
#ifndef MIA_STORE_PRIVATE_H
#define MIA_STORE_PRIVATE_H

#include <sqlite3.h>

#include "mia/arena.h"
#include "store.h"
#include "store_schema.h"

struct store {
	struct arena *arena;  /* of the store: errors, texts of statements */
	sqlite3 *db;
	const char *path;     /* as the user gave it */
	int failure;          /* SQLite's code of the last error */
	sqlite3_stmt *insert[NR_TABLES], *find[NR_TABLES], *find_boot, *delete_boot;
	struct intern *intern;
	bool in_batch, in_boot; /* a transaction is open; and a savepoint in it */
	uint64_t batch_end_msec;
	struct store_counts done, pending; /* committed, and in the open batch */
};

/* "PATH: WHAT: what SQLite says", with the status that fits. */
struct mia_error *store_error(struct store *store, const char *what);
struct mia_error *store_exec(struct store *store, const char *sql);
struct mia_error *store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret);
/* The single number that a statement gives; @ret is untouched where it gives none. */
struct mia_error *store_number(struct store *store, const char *sql, int64_t *ret);

uint64_t store_clock_msec(void);
/* "file:PATH?OPTIONS", whatever is in the name. */
const char *store_uri(struct arena *arena, const char *path, const char *options);
/* Roll back what is not committed. */
void store_abandon(struct store *store);

/* One boot on its way into the database. */
struct writer {
	struct store *store;
	struct arena *arena; /* of the boot */
	const struct verdict *v;
	const struct store_add_options *options;
	int64_t boot;
};

/* store_names.c: rows that boots share. */
struct mia_error *write_names(struct writer *w, struct row_boots *ret);

static inline struct maybe_int known(uint64_t v) { return v > INT64_MAX ? (struct maybe_int){ 0 } : (struct maybe_int){ (int64_t)v, true }; }
static inline struct maybe_int known_if(bool is_known, uint64_t v) { return is_known ? known(v) : (struct maybe_int){ 0 }; }
/* No text is NULL; for columns that are never NULL. */
static inline struct str text_or_empty(const char *s) { return s ? str_of(s) : STR(""); }
/* An empty text is NULL. */
static inline struct str if_any(struct str s) { return s.n ? s : (struct str){ 0 }; }

/* store_row.c: bind by the table of columns. */
struct mia_error *store_insert(struct store *store, struct arena *arena, enum table_id table, const void *row);
/* Finds the row with @row's natural key, or adds it; sets the id of @row. */
struct mia_error *store_intern(struct store *store, struct arena *arena, enum table_id table, void *row, bool *added);
/* Forget the numbers of rows that a rollback took away. */
void store_forget(struct store *store);

#endif
