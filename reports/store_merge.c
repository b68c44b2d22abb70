/*
 * store_merge.c - take over the boots of another database.
 *
 * The statements are made from the table of columns. Rows that boots share are found by their natural key or added; their numbers
 * in the other database are mapped to ours in temporary tables map_*. Boots follow a few hundred at a time, each with all its parts in
 * one transaction.
 */
#include <stdio.h>
#include <string.h>

#include "store_private.h"

#define BOOTS_AT_A_TIME 256

static bool belongs_to(const struct store_table *t, const char *target) { return !t->has_id && !strcmp(t->columns[0].target, target); }

/* The value of a column in our numbers, from a row o of the other database. */
static void mapped_column(struct strbuf *out, const struct store_column *c)
{
	if (column_is_ref(c))
		strbuf_printf(out, "(SELECT new FROM temp.map_%s WHERE old = o.%s)", c->target, c->name);
	else
		strbuf_printf(out, "o.%s", c->name);
}

static void insert_mapped(struct strbuf *out, const struct store_table *t)
{
	bool first = true;

	strbuf_printf(out, "INSERT INTO main.%s (", t->name);
	schema_column_names(out, t, false);
	strbuf_printf(out, ") SELECT ");
	for (size_t i = 0; i < t->nr_columns; i++) {
		if (t->columns[i].type == COLUMN_ID)
			continue;
		strbuf_printf(out, first ? "" : ", ");
		mapped_column(out, &t->columns[i]);
		first = false;
	}
	strbuf_printf(out, " FROM ");
}

/* m and o are the same thing in the two databases. */
static void same_key(struct strbuf *out, const struct store_table *t)
{
	const char *joint = "";

	for (size_t i = 0; i < t->nr_columns; i++) {
		if (!column_in_key(t, &t->columns[i]))
			continue;
		strbuf_printf(out, "%sm.%s IS o.%s", joint, t->columns[i].name, t->columns[i].name);
		joint = " AND ";
	}
}

static struct mia_error *exec_text(struct store *store, struct strbuf *sql) { return store_exec(store, strbuf_str(sql).p); }

/* --- is the other database what it says? --- */

/* Its tables must be ours to the letter: a view or a virtual table in their place could do anything. */
static struct mia_error *check_table(struct store *store, const struct store_table *t, const char *path)
{
	struct strbuf strict = { .arena = store->arena }, plain = { .arena = store->arena };
	sqlite3_stmt *stmt;
	struct mia_error *error = store_prepare(store, "SELECT 1 FROM other.sqlite_master WHERE type = 'table' AND name = ?1 AND sql IN (?2, ?3)", &stmt);
	int rc;

	if (error)
		return error;
	schema_create_table(&strict, t, true);
	schema_create_table(&plain, t, false);
	rc = sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 2, strbuf_str(&strict).p, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 3, strbuf_str(&plain).p, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_DONE)
		error = mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: its table '%s' is not what this program makes", path, t->name);
	else if (rc != SQLITE_ROW)
		error = store_error(store, path);
	sqlite3_finalize(stmt);
	return error;
}

static struct mia_error *attach(struct store *store, const char *path)
{
	struct store *other = NULL;
	struct mia_error *error = store_open(store->arena, path, STORE_READ, &other);
	sqlite3_stmt *stmt;

	if (error)
		return error;
	store_close(other);
	error = store_prepare(store, "ATTACH ? AS other", &stmt);
	if (error)
		return error;
	if (sqlite3_bind_text(stmt, 1, store_uri(store->arena, path, "mode=ro"), -1, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_DONE)
		error = store_error(store, path);
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < NR_TABLES && !error; i++)
		error = check_table(store, &store_tables[i], path);
	return error;
}

/* --- names --- */

static struct mia_error *largest_id(struct store *store, const struct store_table *t, int64_t *ret)
{
	struct strbuf sql = { .arena = store->arena };

	*ret = 0;
	strbuf_printf(&sql, "SELECT max(id) FROM main.%s", t->name);
	return store_number(store, strbuf_str(&sql).p, ret);
}

static struct mia_error *merge_names_of(struct store *store, const struct store_table *t)
{
	struct strbuf sql = { .arena = store->arena };

	insert_mapped(&sql, t);
	strbuf_printf(&sql, "other.%s AS o WHERE NOT EXISTS (SELECT 1 FROM main.%s AS m WHERE ", t->name, t->name);
	same_key(&sql, t);
	strbuf_printf(&sql, ") ORDER BY o.id; INSERT INTO temp.map_%s SELECT o.id, m.id FROM other.%s AS o JOIN main.%s AS m ON ", t->name, t->name, t->name);
	same_key(&sql, t);
	return exec_text(store, &sql);
}

/* The parts of what was new: rows of a machine's map, of a set of traits. */
static struct mia_error *merge_parts_of(struct store *store, const struct store_table *t, int64_t largest_before)
{
	for (size_t i = 0; i < NR_TABLES; i++) {
		struct strbuf sql = { .arena = store->arena };
		struct mia_error *error;

		if (!belongs_to(&store_tables[i], t->name))
			continue;
		insert_mapped(&sql, &store_tables[i]);
		strbuf_printf(&sql, "temp.map_%s AS x JOIN other.%s AS o ON o.%s = x.old WHERE x.new > %lld", t->name, store_tables[i].name, store_tables[i].columns[0].name, (long long)largest_before);
		error = exec_text(store, &sql);
		if (error)
			return error;
	}
	return NULL;
}

static struct mia_error *create_map(struct store *store, const struct store_table *t)
{
	struct strbuf sql = { .arena = store->arena };

	strbuf_printf(&sql, "CREATE TEMP TABLE map_%s (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)", t->name);
	return exec_text(store, &sql);
}

static struct mia_error *merge_names(struct store *store)
{
	struct mia_error *error = store_exec(store, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < NR_TABLES && !error; i++) {
		const struct store_table *t = &store_tables[i];
		int64_t before;

		if (!t->has_id)
			continue;
		error = create_map(store, t);
		if (error || i == TABLE_boots)
			continue;
		error = largest_id(store, t, &before);
		if (!error)
			error = merge_names_of(store, t);
		if (!error)
			error = merge_parts_of(store, t, before);
	}
	return error ? error : store_exec(store, "COMMIT");
}

/* --- boots --- */

/* Boots of the other database with numbers in (after, last]. */
static struct mia_error *merge_some(struct store *store, int64_t after, int64_t last)
{
	const struct store_table *t = &store_tables[TABLE_boots];
	struct strbuf sql = { .arena = store->arena }, map = { .arena = store->arena };
	struct mia_error *error;
	int64_t before;

	error = largest_id(store, t, &before);
	if (error)
		return error;
	insert_mapped(&sql, t);
	strbuf_printf(&sql, "other.boots AS o WHERE o.id > %lld AND o.id <= %lld AND NOT EXISTS (SELECT 1 FROM main.boots AS m WHERE m.key = o.key) ORDER BY o.id", (long long)after, (long long)last);
	error = exec_text(store, &sql);
	if (error)
		return error;
	store->pending.boots[STORE_NEW] = (uint64_t)sqlite3_changes(store->db);
	strbuf_printf(&map, "DELETE FROM temp.map_boots; INSERT INTO temp.map_boots SELECT o.id, m.id FROM other.boots AS o JOIN main.boots AS m ON m.key = o.key WHERE o.id > %lld AND o.id <= %lld AND m.id > %lld",
		      (long long)after, (long long)last, (long long)before);
	error = exec_text(store, &map);
	return error ? error : merge_parts_of(store, t, before);
}

static struct mia_error *next_chunk(struct store *store, int64_t after, int64_t *last, int64_t *nr)
{
	struct strbuf sql = { .arena = store->arena }, count = { .arena = store->arena };
	struct mia_error *error;

	*last = *nr = 0;
	strbuf_printf(&sql, "SELECT max(id) FROM (SELECT id FROM other.boots WHERE id > %lld ORDER BY id LIMIT %d)", (long long)after, BOOTS_AT_A_TIME);
	strbuf_printf(&count, "SELECT count(*) FROM (SELECT id FROM other.boots WHERE id > %lld ORDER BY id LIMIT %d)", (long long)after, BOOTS_AT_A_TIME);
	error = store_number(store, strbuf_str(&sql).p, last);
	return error ? error : store_number(store, strbuf_str(&count).p, nr);
}

static struct mia_error *merge_boots(struct store *store)
{
	struct mia_error *error = NULL;
	int64_t after = INT64_MIN, last, nr;

	while (!error) {
		error = next_chunk(store, after, &last, &nr);
		if (error || !nr)
			return error;
		error = store_exec(store, "BEGIN IMMEDIATE");
		store->in_batch = !error;
		if (!error)
			error = merge_some(store, after, last);
		store->pending.boots[STORE_KNOWN] = (uint64_t)nr - store->pending.boots[STORE_NEW];
		if (!error)
			error = store_commit(store);
		after = last;
	}
	return error;
}

struct mia_error *store_merge(struct store *store, const char *path)
{
	struct mia_error *error = attach(store, path);

	if (!error)
		error = merge_names(store);
	if (!error)
		error = merge_boots(store);
	if (error)
		store_abandon(store);
	return error;
}
