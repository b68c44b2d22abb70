/*
 * store_read.h - what comes out of the database.
 */
#ifndef MIA_STORE_READ_H
#define MIA_STORE_READ_H

#include "grid.h"
#include "store.h"

/* Values for ?1, ?2, ... of a statement. */
struct store_args {
	struct datum v[12];
	size_t nr;
};

/* A statement of our own. */
struct mia_error *store_select(struct store *store, struct arena *arena, const char *sql, const struct store_args *args, struct grid *ret);

/* The same row by row, for what may be too much for memory: @head once, @row for each; both are given a grid of one row. */
typedef void store_row_fn(void *context, const struct grid *row);
struct mia_error *store_each(struct store *store, const char *sql, const struct store_args *args, store_row_fn *head, store_row_fn *row, void *context);

/*
 * Somebody's statement: one SELECT (or a PRAGMA that only tells), nothing that writes, attaches another file or loads code, and no
 * more than @seconds.
 */
struct mia_error *store_query(struct store *store, struct arena *arena, const char *sql, const struct store_args *args, unsigned seconds, struct grid *ret);

struct named_query {
	const char *name, *argument, *summary, *sql; /* argument NULL: it takes none */
};

extern const struct named_query named_queries[];
extern const size_t nr_named_queries;
const struct named_query *named_query_find(const char *name);

/* The boot that a number, or the start of a key, names; an error where there is none or there are several. */
struct mia_error *store_find_boot(struct store *store, struct arena *arena, const char *name, int64_t *ret);
/* The same for a machine: the start of its key, or of its DMI name. */
struct mia_error *store_find_machine(struct store *store, struct arena *arena, const char *name, int64_t *ret);

#endif
