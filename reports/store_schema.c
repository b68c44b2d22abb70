/* store_schema.c - see store_schema.h. */
#include "store_schema.h"

#define WITH_ID true
#define WITHOUT_ID false

/* columns_boots[], columns_zones[], ... */
#define TABLE(table, doc) static const struct store_column columns_##table[] = {
#define COLUMN(table, type, name, target, doc) { #name, COLUMN_##type, offsetof(struct row_##table, name), target },
#define TABLE_END(table, key, id) };
#include "store_schema.def"

const struct store_table store_tables[NR_TABLES] = {
#define TABLE_END(table, key, id) { #table, columns_##table, sizeof(columns_##table) / sizeof(columns_##table[0]), key, id },
#include "store_schema.def"
};

const struct store_index store_indexes[] = {
#define INDEX(name, table, columns, condition) { #name, #table, columns, condition },
#include "store_schema.def"
};
const size_t nr_store_indexes = sizeof(store_indexes) / sizeof(store_indexes[0]);

const struct store_view store_views[] = {
#define VIEW(name, doc, sql) { #name, sql },
#include "store_views.def"
#undef VIEW
};
const size_t nr_store_views = sizeof(store_views) / sizeof(store_views[0]);

bool column_in_key(const struct store_table *table, const struct store_column *column)
{
	struct str rest = str_of(table->key), name;

	while (str_cut(&rest, ',', &name))
		if (str_is(str_trim(name), column->name))
			return true;
	return false;
}

const struct store_table *store_table_find(const char *name)
{
	for (size_t i = 0; i < NR_TABLES; i++)
		if (!strcmp(store_tables[i].name, name))
			return &store_tables[i];
	return NULL;
}

const struct store_table *column_target(const struct store_column *column) { return store_table_find(column->target); }

static void create_column(struct strbuf *out, const struct store_column *c)
{
	strbuf_printf(out, "%s %s", c->name, column_is_text(c) ? "TEXT" : "INTEGER");
	if (c->type == COLUMN_ID)
		strbuf_printf(out, " PRIMARY KEY");
	else if (!column_may_be_null(c))
		strbuf_printf(out, " NOT NULL");
	/* What belongs to a boot, a machine or a set goes with it; names that others may share stay. */
	if (column_is_ref(c))
		strbuf_printf(out, " REFERENCES %s(id)%s", c->target, !strcmp(c->target, "boots") ? " ON DELETE CASCADE" : "");
}

void schema_create_table(struct strbuf *out, const struct store_table *table, bool strict)
{
	strbuf_printf(out, "CREATE TABLE %s (", table->name);
	for (size_t i = 0; i < table->nr_columns; i++) {
		create_column(out, &table->columns[i]);
		strbuf_printf(out, ", ");
	}
	if (table->has_id)
		strbuf_printf(out, "UNIQUE (%s))%s", table->key, strict ? " STRICT" : "");
	else
		strbuf_printf(out, "PRIMARY KEY (%s)) WITHOUT ROWID%s", table->key, strict ? ", STRICT" : "");
}

void schema_create_index(struct strbuf *out, const struct store_index *index)
{
	strbuf_printf(out, "CREATE INDEX %s ON %s (%s)", index->name, index->table, index->columns);
	if (*index->condition)
		strbuf_printf(out, " WHERE %s", index->condition);
}

void schema_column_names(struct strbuf *out, const struct store_table *table, bool with_id)
{
	bool first = true;

	for (size_t i = 0; i < table->nr_columns; i++) {
		if (table->columns[i].type == COLUMN_ID && !with_id)
			continue;
		strbuf_printf(out, "%s%s", first ? "" : ", ", table->columns[i].name);
		first = false;
	}
}
