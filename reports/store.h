/*
 * store.h - the database of analysed boots.
 *
 * One SQLite file. What goes in is bound, never pasted into SQL; what comes out is read through views. A boot is known by the
 * sha256 of its messages, so that importing it again, from whatever wrapper, changes nothing. Each boot is written whole or not at all.
 */
#ifndef MIA_STORE_H
#define MIA_STORE_H

#include "mia/error.h"
#include "mia/verdict.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens, and with STORE_WRITE creates or migrates. A file that is no database of ours, or a newer one, is left as it is. */
struct mia_error *store_open(struct arena *arena, const char *path, enum store_mode mode, struct store **ret);
/* What is not committed is lost; see store_commit(). */
void store_close(struct store *store);

struct store_add_options {
	const char *stamp; /* text kept with the boot; NULL for none */
	bool refresh;      /* analysed anew: replace what is known */
	bool keep_log;
};

/* A boot that is known is replaced by itself where the input brings more files than the first time. */
enum store_outcome { STORE_NEW, STORE_KNOWN, STORE_REPLACED, NR_STORE_OUTCOMES };

struct store_counts {
	uint64_t boots[NR_STORE_OUTCOMES];
};

/* Write one boot. @arena is the boot's own. Boots are committed a few at a time; store_commit() commits the rest. */
struct mia_error *store_add(struct store *store, struct arena *arena, const struct verdict *verdict, const struct store_add_options *options);
struct mia_error *store_commit(struct store *store);
/* Of what is committed. */
struct store_counts store_counts(const struct store *store);

/* Take over every boot of another database that this one does not know. */
struct mia_error *store_merge(struct store *store, const char *path);

/* The name of a boot: see store_schema.def, boots.key. */
void store_boot_key(const struct verdict *verdict, char ret[65]);

#endif
