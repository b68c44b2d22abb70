/*
 * store_row.c - rows in and out of tables, by the table of columns.
 *
 * Names that many boots share (owners, checks, kernels, ...) are rows of their own. Their numbers are remembered in a small cache,
 * so that writing a boot does not search for each of a hundred names.
 */
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "store_private.h"

#define CACHE_SLOTS 4096
/* Longer keys are looked up each time. */
#define CACHE_KEY_BYTES 232

struct intern_slot {
	int64_t id; /* 0: empty */
	size_t n;
	char key[CACHE_KEY_BYTES];
};

struct intern {
	struct intern_slot slot[CACHE_SLOTS];
};

static const void *member(const void *row, const struct store_column *c) { return (const char *)row + c->offset; }

static int bind_maybe(sqlite3_stmt *stmt, int at, const struct maybe_int *m)
{
	return m->known ? sqlite3_bind_int64(stmt, at, m->v) : sqlite3_bind_null(stmt, at);
}

static int bind_text(sqlite3_stmt *stmt, int at, struct arena *arena, struct str s)
{
	if (!s.p)
		return sqlite3_bind_null(stmt, at);
	s = utf8_clean(arena, s);
	return sqlite3_bind_text64(stmt, at, s.p, s.n, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_column(sqlite3_stmt *stmt, int at, struct arena *arena, const struct store_column *c, const void *row)
{
	const void *p = member(row, c);

	switch (c->type) {
	case COLUMN_REF:
	case COLUMN_INT:
		return sqlite3_bind_int64(stmt, at, *(const int64_t *)p);
	case COLUMN_MAYBE_REF:
	case COLUMN_MAYBE_INT:
		return bind_maybe(stmt, at, p);
	case COLUMN_TEXT:
	case COLUMN_MAYBE_TEXT:
		return bind_text(stmt, at, arena, *(const struct str *)p);
	case COLUMN_ID:
		/* A number that is set is kept: the boot is replaced by itself. */
		return *(const int64_t *)p ? sqlite3_bind_int64(stmt, at, *(const int64_t *)p) : sqlite3_bind_null(stmt, at);
	}
	return SQLITE_MISUSE;
}

static struct mia_error *prepare_insert(struct store *store, enum table_id id)
{
	const struct store_table *t = &store_tables[id];
	struct strbuf sql = { .arena = store->arena };

	if (store->insert[id])
		return NULL;
	strbuf_printf(&sql, "INSERT INTO %s (", t->name);
	schema_column_names(&sql, t, true);
	strbuf_printf(&sql, ") VALUES (");
	for (size_t i = 0; i < t->nr_columns; i++)
		strbuf_printf(&sql, i ? ", ?" : "?");
	strbuf_printf(&sql, ")");
	return store_prepare(store, strbuf_str(&sql).p, &store->insert[id]);
}

struct mia_error *store_insert(struct store *store, struct arena *arena, enum table_id id, const void *row)
{
	const struct store_table *t = &store_tables[id];
	struct mia_error *error = prepare_insert(store, id);
	sqlite3_stmt *stmt = store->insert[id];
	int rc = SQLITE_OK;

	if (error)
		return error;
	for (size_t i = 0; i < t->nr_columns && rc == SQLITE_OK; i++)
		rc = bind_column(stmt, (int)i + 1, arena, &t->columns[i], row);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		error = store_error(store, NULL);
	/* Repeats what step said; the error is taken already. */
	sqlite3_reset(stmt);
	return error;
}

/* --- names that are shared --- */

static struct mia_error *prepare_find(struct store *store, enum table_id id)
{
	const struct store_table *t = &store_tables[id];
	struct strbuf sql = { .arena = store->arena };
	const char *joint = "WHERE";

	if (store->find[id])
		return NULL;
	strbuf_printf(&sql, "SELECT id FROM %s ", t->name);
	for (size_t i = 0; i < t->nr_columns; i++) {
		if (!column_in_key(t, &t->columns[i]))
			continue;
		strbuf_printf(&sql, "%s %s IS ? ", joint, t->columns[i].name);
		joint = "AND";
	}
	return store_prepare(store, strbuf_str(&sql).p, &store->find[id]);
}

/* Sets *@ret to 0 where there is no such row. */
static struct mia_error *find_row(struct store *store, struct arena *arena, enum table_id id, const void *row, int64_t *ret)
{
	const struct store_table *t = &store_tables[id];
	struct mia_error *error = prepare_find(store, id);
	sqlite3_stmt *stmt = store->find[id];
	int rc = SQLITE_OK, at = 0;

	if (error)
		return error;
	for (size_t i = 0; i < t->nr_columns && rc == SQLITE_OK; i++)
		if (column_in_key(t, &t->columns[i]))
			rc = bind_column(stmt, ++at, arena, &t->columns[i], row);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	else if (rc == SQLITE_DONE)
		*ret = 0;
	else
		error = store_error(store, NULL);
	sqlite3_reset(stmt);
	return error;
}

/* The key columns of a row as bytes; false if they are too long for the cache. Keys are made of texts alone. */
static bool cache_key(enum table_id id, const void *row, struct intern_slot *ret)
{
	const struct store_table *t = &store_tables[id];

	ret->key[0] = (char)id;
	ret->n = 1;
	for (size_t i = 0; i < t->nr_columns; i++) {
		const struct str *s = member(row, &t->columns[i]);

		if (!column_in_key(t, &t->columns[i]))
			continue;
		if (!column_is_text(&t->columns[i]) || s->n > CACHE_KEY_BYTES - 2 || ret->n + s->n + 2 > CACHE_KEY_BYTES)
			return false;
		ret->key[ret->n++] = s->p ? 1 : 0;
		if (s->n)
			memcpy(ret->key + ret->n, s->p, s->n);
		ret->n += s->n;
		ret->key[ret->n++] = (char)0xff;
	}
	return true;
}

/* FNV-1a. */
static size_t slot_of(const struct intern_slot *s)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < s->n; i++)
		hash = (hash ^ (unsigned char)s->key[i]) * UINT64_C(1099511628211);
	return (hash ^ hash >> 32) % CACHE_SLOTS;
}

static struct mia_error *find_or_add(struct store *store, struct arena *arena, enum table_id id, void *row, int64_t *ret, bool *added)
{
	struct mia_error *error = find_row(store, arena, id, row, ret);

	if (error || *ret)
		return error;
	error = store_insert(store, arena, id, row);
	if (!error) {
		*ret = sqlite3_last_insert_rowid(store->db);
		*added = true;
	}
	return error;
}

struct mia_error *store_intern(struct store *store, struct arena *arena, enum table_id id, void *row, bool *added)
{
	int64_t *number = row; /* the id is the first column */
	struct intern_slot key = { 0 }, *slot;
	struct mia_error *error;

	*added = false;
	if (!store->intern)
		store->intern = calloc(1, sizeof(*store->intern));
	if (!store->intern)
		return &mia_enomem;
	if (!cache_key(id, row, &key))
		return find_or_add(store, arena, id, row, number, added);
	slot = &store->intern->slot[slot_of(&key)];
	if (slot->id && slot->n == key.n && !memcmp(slot->key, key.key, key.n)) {
		*number = slot->id;
		return NULL;
	}
	error = find_or_add(store, arena, id, row, number, added);
	if (!error) {
		*slot = key;
		slot->id = *number;
	}
	return error;
}

void store_forget(struct store *store)
{
	free(store->intern);
	store->intern = NULL;
}
