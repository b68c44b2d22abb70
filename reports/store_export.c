/* store_export.c - see store_export.h. */
#include "store_export.h"

#include <inttypes.h>

#include "json_text.h"
#include "utf8.h"
#include "store_private.h"
#include "safe_text.h"

/* Memory for one boot. */
#define BOOT_BYTES ((size_t)1 << 30)

/* --- documents --- */

static const struct {
	const char *name, *sql;
} parts[NR_STORED_PARTS] = {
	[STORED_BOOT] = { "boot", "SELECT v.*, b.key AS sha256, b.input_sha256, b.boot_index, b.max_pfn, b.end_pfn, b.physpages, b.mem_total_min_bytes, b.mem_total_max_bytes, b.min_free_bytes"
				  " FROM v_boots AS v JOIN boots AS b ON b.id = v.boot WHERE v.boot = ?1" },
	[STORED_LEDGER] = { "ledger", "SELECT depth, owner, parent, label, bytes, basis, lines FROM v_ledger WHERE boot = ?1 ORDER BY seq" },
	[STORED_NODES] = { "nodes", "SELECT nid, start_pfn, spanned_pages, present_pages, cpus, distance FROM nodes WHERE boot = ?1 ORDER BY nid" },
	[STORED_ZONES] = { "zones", "SELECT * FROM zones WHERE boot = ?1 ORDER BY nid, coalesce(nullif(start_pfn, 0), observed_start_pfn, 1 << 52), zone" },
	[STORED_FINDINGS] = { "findings", "SELECT rule, name, severity, title, detail, bytes, advice, lines FROM findings WHERE boot = ?1 ORDER BY seq" },
	[STORED_MISMATCHES] = { "mismatches", "SELECT name, place, predicted, observed, source, line FROM v_checks WHERE boot = ?1 AND verdict = 'mismatch' ORDER BY seq" },
	[STORED_GAPS] = { "gaps", "SELECT n.name, n.what, n.why, g.line FROM gaps AS g JOIN gap_names AS n ON n.id = g.name WHERE g.boot = ?1 ORDER BY g.seq" },
	[STORED_E820] = { "e820", "SELECT e.start_addr AS start, e.last_addr AS \"end\", e.type FROM e820 AS e JOIN boots AS b ON b.machine = e.machine WHERE b.id = ?1 ORDER BY e.seq" },
};

struct mia_error *stored_boot_read(struct store *store, struct arena *arena, int64_t id, struct grid *ret)
{
	struct store_args args = { .v = { datum_integer(id) }, .nr = 1 };
	struct mia_error *error = NULL;

	for (int i = 0; i < NR_STORED_PARTS && !error; i++)
		error = store_select(store, arena, parts[i].sql, &args, &ret[i]);
	/* The view joins what the boot names: its kernel, its machine. Whoever took them away left no boot to show. */
	if (!error && !grid_rows(&ret[STORED_BOOT]))
		error = mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: the database is damaged: boot %" PRId64 " is not whole", store->path, id);
	return error;
}

void stored_boot_write_json(const struct grid *part, FILE *out)
{
	struct json_object *doc = json_object_new_object();

	json_object_object_add(doc, "schema", json_object_new_string("meminit-analyze/stored/1"));
	json_object_object_add(doc, parts[STORED_BOOT].name, grid_row_to_json(&part[STORED_BOOT], 0));
	for (int i = STORED_BOOT + 1; i < NR_STORED_PARTS; i++)
		json_object_object_add(doc, parts[i].name, grid_to_json(&part[i]));
	json_write_line(doc, out);
	json_object_put(doc);
}

struct boots_export {
	struct store *store;
	struct arena *arena;
	FILE *out;
	struct mia_error *error;
};

static void no_head(void *context, const struct grid *row)
{
	(void)context;
	(void)row;
}

static void export_boot(void *context, const struct grid *row)
{
	struct boots_export *e = context;
	struct grid part[NR_STORED_PARTS];

	if (e->error)
		return;
	arena_reset(e->arena);
	e->error = stored_boot_read(e->store, e->arena, grid_cell(row, 0, 0)->integer, part);
	if (!e->error)
		stored_boot_write_json(part, e->out);
}

static struct mia_error *export_boots_guarded(struct boots_export *e)
{
	struct mia_error *error;

	if (arena_guard(e->arena))
		return &mia_enomem;
	error = store_each(e->store, "SELECT id FROM boots ORDER BY id", NULL, no_head, export_boot, e);
	return error ? error : e->error;
}

struct mia_error *store_export_boots(struct store *store, FILE *out)
{
	struct boots_export e = { .store = store, .arena = arena_create(BOOT_BYTES), .out = out };
	struct mia_error *error = e.arena ? export_boots_guarded(&e) : &mia_enomem;

	arena_destroy(e.arena);
	return error;
}

/* --- tables --- */

struct table_export {
	const struct grid_format *format;
	FILE *out;
};

static void export_head(void *context, const struct grid *row)
{
	struct table_export *e = context;

	e->format->head(row, e->out);
}

static void export_row(void *context, const struct grid *row)
{
	struct table_export *e = context;

	e->format->rows(row, e->out);
}

static void select_all(struct strbuf *sql, const struct store_table *t)
{
	strbuf_printf(sql, "SELECT ");
	schema_column_names(sql, t, true);
	strbuf_printf(sql, " FROM %s ORDER BY %s", t->name, t->has_id ? "id" : t->key);
}

/* Views have no key: every column decides, from the left. */
static bool select_view(struct strbuf *sql, struct store *store, const char *name)
{
	struct grid columns;

	for (size_t i = 0; i < nr_store_views; i++) {
		if (strcmp(store_views[i].name, name))
			continue;
		strbuf_printf(sql, "SELECT * FROM %s LIMIT 0", name);
		if (store_select(store, store->arena, strbuf_str(sql).p, NULL, &columns))
			return false;
		sql->n = 0;
		strbuf_printf(sql, "SELECT * FROM %s ORDER BY ", name);
		for (size_t c = 0; c < columns.nr_columns; c++)
			strbuf_printf(sql, c ? ", %zu" : "%zu", c + 1);
		return true;
	}
	return false;
}

struct mia_error *store_export_table(struct store *store, const char *name, const struct grid_format *format, FILE *out)
{
	const struct store_table *t = store_table_find(name);
	struct table_export e = { format, out };
	struct strbuf sql = { .arena = store->arena };

	if (t)
		select_all(&sql, t);
	else if (!select_view(&sql, store, name))
		return mia_error_new(store->arena, MIA_ERROR_USAGE, "db export: no table or view is called '%s'; doc/schema.md lists them", name);
	return store_each(store, strbuf_str(&sql).p, NULL, export_head, export_row, &e);
}

/* --- SQL --- */

struct sql_export {
	const struct store_table *table;
	FILE *out;
};

/* One character inside E'': what safe_text() would not let through as \xNN, \uNNNN or \UNNNNNNNN. */
static void write_escaped(FILE *out, struct arena *arena, struct str c)
{
	uint32_t code = 0;

	utf8_sequence(c.p, c.n, &code);
	if (code == '\'' || code == '\\')
		fprintf(out, "%c%c", (int)code, (int)code);
	else if (safe_text(arena, c).p == c.p)
		fwrite(c.p, 1, c.n, out);
	else
		fprintf(out, code < 0x80 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

/*
 * 'text' with quotes doubled, as the standard has it. A text with control characters becomes E'text', PostgreSQL's own form, so that
 * the dump is safe to look at. What is no UTF-8 becomes U+FFFD: PostgreSQL takes nothing else.
 */
static void write_sql_text(FILE *out, struct arena *arena, struct str s)
{
	bool escapes;

	s = utf8_clean(arena, s);
	escapes = safe_text(arena, s).p != s.p;
	fputs(escapes ? "E'" : "'", out);
	while (s.n) {
		size_t n = escapes ? utf8_sequence(s.p, s.n, NULL) : 1;

		if (escapes)
			write_escaped(out, arena, (struct str){ s.p, n });
		else
			fprintf(out, *s.p == '\'' ? "''" : "%c", *s.p);
		s = str_skip(s, n);
	}
	fputc('\'', out);
}

static void write_sql_value(FILE *out, struct arena *arena, const struct datum *c)
{
	if (c->kind == DATUM_INTEGER)
		fprintf(out, "%" PRId64, c->integer);
	else if (c->kind == DATUM_TEXT)
		write_sql_text(out, arena, c->text);
	else
		fputs("NULL", out);
}

static void export_insert(void *context, const struct grid *row)
{
	struct sql_export *e = context;

	fprintf(e->out, "INSERT INTO %s VALUES (", e->table->name);
	for (size_t c = 0; c < row->nr_columns; c++) {
		if (c)
			fputs(", ", e->out);
		write_sql_value(e->out, row->arena, grid_cell(row, 0, c));
	}
	fputs(");\n", e->out);
}

static void write_create_table(FILE *out, const struct store_table *t)
{
	fprintf(out, "CREATE TABLE %s (", t->name);
	for (size_t i = 0; i < t->nr_columns; i++) {
		const struct store_column *c = &t->columns[i];

		fprintf(out, "%s %s%s", c->name, column_is_text(c) ? "TEXT" : "BIGINT", column_may_be_null(c) ? "" : " NOT NULL");
		if (column_is_ref(c))
			fprintf(out, " REFERENCES %s", c->target);
		fputs(", ", out);
	}
	fprintf(out, t->has_id ? "PRIMARY KEY (id), UNIQUE (%s));\n" : "PRIMARY KEY (%s));\n", t->key);
}

static void write_create_index(FILE *out, struct arena *arena, const struct store_index *index)
{
	struct strbuf sql = { .arena = arena };

	schema_create_index(&sql, index);
	fprintf(out, "%s;\n", strbuf_str(&sql).p);
}

struct mia_error *store_export_sql(struct store *store, FILE *out)
{
	struct mia_error *error = NULL;

	fprintf(out, "-- boots of meminit-analyze, schema %d\nBEGIN;\n", STORE_VERSION);
	for (size_t i = 0; i < NR_TABLES && !error; i++) {
		struct sql_export e = { &store_tables[i], out };
		struct strbuf sql = { .arena = store->arena };

		write_create_table(out, e.table);
		select_all(&sql, e.table);
		error = store_each(store, strbuf_str(&sql).p, NULL, no_head, export_insert, &e);
	}
	for (size_t i = 0; i < nr_store_indexes; i++)
		write_create_index(out, store->arena, &store_indexes[i]);
	fputs("COMMIT;\n", out);
	return error;
}
