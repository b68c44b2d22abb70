/*
 * store_schema.h - the tables of the database as data; see store_schema.def.
 */
#ifndef MIA_STORE_SCHEMA_H
#define MIA_STORE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mia/str.h"

/* PRAGMA application_id: "MIAb". */
#define STORE_APPLICATION_ID 0x4d494162
/* PRAGMA user_version. */
#define STORE_VERSION 1

/* A number that may be unknown: NULL. */
struct maybe_int {
	int64_t v;
	bool known;
};

enum column_type { COLUMN_ID, COLUMN_REF, COLUMN_INT, COLUMN_TEXT, COLUMN_MAYBE_REF, COLUMN_MAYBE_INT, COLUMN_MAYBE_TEXT };

typedef int64_t column_ID, column_REF, column_INT;
typedef struct str column_TEXT, column_MAYBE_TEXT; /* p NULL: NULL */
typedef struct maybe_int column_MAYBE_INT, column_MAYBE_REF;

/* struct row_boots, struct row_zones, ... */
#define TABLE(table, doc) struct row_##table {
#define COLUMN(table, type, name, target, doc) column_##type name;
#define TABLE_END(table, key, id) };
#include "store_schema.def"

enum table_id {
#define TABLE(table, doc) TABLE_##table,
#include "store_schema.def"
	NR_TABLES
};

struct store_column {
	const char *name;
	enum column_type type;
	size_t offset;      /* in the row struct */
	const char *target; /* table that a REF points into */
};

struct store_table {
	const char *name;
	const struct store_column *columns;
	size_t nr_columns;
	const char *key;    /* natural key, names with ", " between */
	bool has_id;        /* the first column is its number */
};

struct store_index {
	const char *name, *table, *columns, *condition;
};

struct store_view {
	const char *name, *sql;
};

extern const struct store_table store_tables[NR_TABLES];
extern const struct store_index store_indexes[];
extern const size_t nr_store_indexes;
extern const struct store_view store_views[];
extern const size_t nr_store_views;

/* Is @column part of the natural key of @table? */
bool column_in_key(const struct store_table *table, const struct store_column *column);
static inline bool column_is_ref(const struct store_column *c) { return c->type == COLUMN_REF || c->type == COLUMN_MAYBE_REF; }
static inline bool column_is_text(const struct store_column *c) { return c->type == COLUMN_TEXT || c->type == COLUMN_MAYBE_TEXT; }
static inline bool column_may_be_null(const struct store_column *c) { return c->type >= COLUMN_MAYBE_REF; }
/* The table that a REF points into. */
const struct store_table *column_target(const struct store_column *column);
const struct store_table *store_table_find(const char *name);

/* One statement each. @strict: the library knows STRICT tables. */
void schema_create_table(struct strbuf *out, const struct store_table *table, bool strict);
void schema_create_index(struct strbuf *out, const struct store_index *index);
/* "a, b, c": every column, or those without the id. */
void schema_column_names(struct strbuf *out, const struct store_table *table, bool with_id);

#endif
