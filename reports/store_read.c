/* store_read.c - see store_read.h. */
#include "store_read.h"

#include <ctype.h>
#include <stdio.h>

#include "utf8.h"
#include "store_private.h"

/* Instructions of SQLite's machine between two looks at the clock. */
#define PROGRESS_STEP 10000
/* Memory for one row. */
#define ROW_BYTES ((size_t)1 << 30)
#define QUERY_TEXT_BYTES (16 << 20)
#define QUERY_HEAP_BYTES ((sqlite3_int64)2 << 30)

/* --- rows --- */

static struct str hex(struct arena *arena, const unsigned char *p, size_t n)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < n; i++)
		strbuf_printf(&out, "%02x", p[i]);
	return strbuf_str(&out);
}

static struct datum read_cell(struct arena *arena, sqlite3_stmt *stmt, int at)
{
	size_t n;

	switch (sqlite3_column_type(stmt, at)) {
	case SQLITE_INTEGER:
		return datum_integer(sqlite3_column_int64(stmt, at));
	case SQLITE_FLOAT:
		return (struct datum){ .kind = DATUM_REAL, .real = sqlite3_column_double(stmt, at) };
	case SQLITE_TEXT: {
		const char *text = (const char *)sqlite3_column_text(stmt, at);

		n = (size_t)sqlite3_column_bytes(stmt, at);
		return datum_text((struct str){ arena_strndup(arena, text, n), n });
	}
	case SQLITE_BLOB: {
		const unsigned char *blob = sqlite3_column_blob(stmt, at);

		n = (size_t)sqlite3_column_bytes(stmt, at);
		return datum_text(hex(arena, blob, n));
	}
	default:
		return datum_null();
	}
}

static int bind_cell(sqlite3_stmt *stmt, int at, const struct datum *c)
{
	switch (c->kind) {
	case DATUM_INTEGER:
		return sqlite3_bind_int64(stmt, at, c->integer);
	case DATUM_REAL:
		return sqlite3_bind_double(stmt, at, c->real);
	case DATUM_TEXT:
		return sqlite3_bind_text64(stmt, at, c->text.p, c->text.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	case DATUM_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, at);
}

static int bind_args(sqlite3_stmt *stmt, const struct store_args *args)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; args && i < args->nr && rc == SQLITE_OK; i++)
		if ((int)i < sqlite3_bind_parameter_count(stmt))
			rc = bind_cell(stmt, (int)i + 1, &args->v[i]);
	return rc;
}

static void read_names(sqlite3_stmt *stmt, struct arena *arena, struct grid *ret)
{
	int nr = sqlite3_column_count(stmt);

	grid_init(ret, arena, (size_t)nr);
	for (int i = 0; i < nr; i++) {
		const char *name = sqlite3_column_name(stmt, i);

		ret->name[i] = str_of(name ? arena_strndup(arena, name, strlen(name)) : "");
	}
}

/* An arena that runs out would leave the statement open, but for the whole program it is over then. */
static int read_rows(sqlite3_stmt *stmt, struct arena *arena, struct grid *ret)
{
	int rc;

	read_names(stmt, arena, ret);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		for (int i = 0; i < (int)ret->nr_columns; i++)
			grid_add(ret, read_cell(arena, stmt, i));
	return rc;
}

static int each_row(sqlite3_stmt *stmt, struct arena *scratch, store_row_fn *head, store_row_fn *row, void *context)
{
	struct grid grid;
	int rc;

	read_names(stmt, scratch, &grid);
	head(context, &grid);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		arena_reset(scratch);
		read_names(stmt, scratch, &grid);
		for (int i = 0; i < (int)grid.nr_columns; i++)
			grid_add(&grid, read_cell(scratch, stmt, i));
		row(context, &grid);
	}
	return rc;
}

static int each_guarded(sqlite3_stmt *stmt, store_row_fn *head, store_row_fn *row, void *context)
{
	struct arena *scratch = arena_create(ROW_BYTES);
	int rc = SQLITE_NOMEM;

	if (scratch && !arena_guard(scratch))
		rc = each_row(stmt, scratch, head, row, context);
	arena_destroy(scratch);
	return rc;
}

struct mia_error *store_each(struct store *store, const char *sql, const struct store_args *args, store_row_fn *head, store_row_fn *row, void *context)
{
	sqlite3_stmt *stmt;
	struct mia_error *error = store_prepare(store, sql, &stmt);
	int rc;

	if (error)
		return error;
	rc = bind_args(stmt, args);
	if (rc == SQLITE_OK)
		rc = each_guarded(stmt, head, row, context);
	if (rc == SQLITE_NOMEM)
		error = &mia_enomem;
	else if (rc != SQLITE_DONE)
		error = store_error(store, NULL);
	sqlite3_finalize(stmt);
	return error;
}

struct mia_error *store_select(struct store *store, struct arena *arena, const char *sql, const struct store_args *args, struct grid *ret)
{
	sqlite3_stmt *stmt;
	struct mia_error *error = store_prepare(store, sql, &stmt);

	if (error)
		return error;
	if (bind_args(stmt, args) != SQLITE_OK || read_rows(stmt, arena, ret) != SQLITE_DONE)
		error = store_error(store, NULL);
	sqlite3_finalize(stmt);
	return error;
}

/* --- somebody's SQL --- */

static bool one_of(const char *s, const char *const *words, size_t nr)
{
	for (size_t i = 0; s && i < nr; i++)
		if (!sqlite3_stricmp(s, words[i]))
			return true;
	return false;
}

/* Pragmas that tell and change nothing, whatever their argument. */
static bool is_harmless_pragma(const char *name)
{
	static const char *const words[] = { "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list", "compile_options", "function_list" };

	return one_of(name, words, ARRAY_SIZE(words));
}

/* Those that tell as long as they are given no value. */
static bool is_question_pragma(const char *name, const char *value)
{
	static const char *const words[] = { "application_id", "user_version", "page_count", "page_size", "freelist_count", "encoding", "journal_mode" };

	return !value && one_of(name, words, ARRAY_SIZE(words));
}

static int authorize(void *context, int action, const char *a, const char *b, const char *database, const char *trigger)
{
	(void)context;
	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_UPDATE:
		/*
		 * SQLite asks for this when a table-valued function (json_each, pragma_table_info) is first named. A statement that really
		 * means it is refused three times over: by SQLite, because the file is open for reading, and in prepare_query().
		 */
		return a && !strcmp(a, "sqlite_master") ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_FUNCTION:
		return sqlite3_stricmp(b, "load_extension") ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_PRAGMA:
		return is_harmless_pragma(a) || is_question_pragma(a, b) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

struct deadline {
	uint64_t msec;
};

static int is_over(void *context)
{
	const struct deadline *d = context;

	return store_clock_msec() > d->msec;
}

static bool is_only_blanks(const char *s)
{
	while (isspace((unsigned char)*s) || *s == ';')
		s++;
	return !*s;
}

static struct mia_error *wrong_query(struct store *store, const char *why) { return mia_error_new(store->arena, MIA_ERROR_USAGE, "db query: %s", why); }

static struct mia_error *prepare_query(struct store *store, const char *sql, sqlite3_stmt **ret)
{
	const char *tail = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, ret, &tail);

	if (rc == SQLITE_AUTH)
		return wrong_query(store, "only questions are allowed: nothing that writes, attaches or loads");
	if (rc == SQLITE_CORRUPT || rc == SQLITE_IOERR || rc == SQLITE_BUSY || rc == SQLITE_NOTADB)
		return store_error(store, NULL);
	if (rc != SQLITE_OK)
		return wrong_query(store, sqlite3_errmsg(store->db));
	if (!*ret)
		return wrong_query(store, "there is no statement in it");
	if (!is_only_blanks(tail))
		return wrong_query(store, "one statement at a time");
	if (!sqlite3_stmt_readonly(*ret))
		return wrong_query(store, "only questions are allowed: nothing that writes, attaches or loads");
	return NULL;
}

static struct mia_error *run_query(struct store *store, struct arena *arena, sqlite3_stmt *stmt, const struct store_args *args, unsigned seconds, struct grid *ret)
{
	struct deadline deadline = { store_clock_msec() + (uint64_t)seconds * 1000 };
	struct mia_error *error = NULL;
	int rc = bind_args(stmt, args);

	sqlite3_progress_handler(store->db, PROGRESS_STEP, is_over, &deadline);
	if (rc == SQLITE_OK)
		rc = read_rows(stmt, arena, ret);
	sqlite3_progress_handler(store->db, 0, NULL, NULL);
	if (rc == SQLITE_INTERRUPT)
		error = mia_error_new(store->arena, MIA_ERROR_INTERNAL, "db query: not done after %u seconds; see --timeout", seconds);
	else if (rc == SQLITE_NOMEM)
		error = &mia_enomem;
	else if (rc == SQLITE_ERROR || rc == SQLITE_TOOBIG)
		error = wrong_query(store, sqlite3_errmsg(store->db));
	else if (rc != SQLITE_DONE)
		error = store_error(store, NULL);
	return error;
}

struct mia_error *store_query(struct store *store, struct arena *arena, const char *sql, const struct store_args *args, unsigned seconds, struct grid *ret)
{
	sqlite3_stmt *stmt = NULL;
	struct mia_error *error;

	sqlite3_set_authorizer(store->db, authorize, NULL);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, QUERY_TEXT_BYTES);
	sqlite3_hard_heap_limit64(QUERY_HEAP_BYTES);
	error = prepare_query(store, sql, &stmt);
	if (!error)
		error = run_query(store, arena, stmt, args, seconds, ret);
	sqlite3_finalize(stmt);
	sqlite3_set_authorizer(store->db, NULL, NULL);
	return error;
}

/* --- named queries --- */

const struct named_query named_queries[] = {
#define QUERY(name, argument, summary, sql) { name, argument, summary, sql },
#include "store_queries.def"
#undef QUERY
};
const size_t nr_named_queries = ARRAY_SIZE(named_queries);

const struct named_query *named_query_find(const char *name)
{
	for (size_t i = 0; i < nr_named_queries; i++)
		if (!strcmp(named_queries[i].name, name))
			return &named_queries[i];
	return NULL;
}

/* --- boots and machines by name --- */

static struct mia_error *find_one(struct store *store, struct arena *arena, const char *sql, const char *what, const char *name, int64_t *ret)
{
	struct store_args args = { .v = { datum_text(utf8_clean(arena, str_of(name))) }, .nr = 1 };
	struct grid grid;
	struct mia_error *error = store_select(store, arena, sql, &args, &grid);

	if (error)
		return error;
	if (!grid_rows(&grid))
		return mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: no %s '%s' in it", store->path, what, name);
	if (grid_rows(&grid) > 1)
		return mia_error_new(store->arena, MIA_ERROR_USAGE, "%s: several %ss are called '%s'", store->path, what, name);
	*ret = grid_cell(&grid, 0, 0)->integer;
	return NULL;
}

struct mia_error *store_find_boot(struct store *store, struct arena *arena, const char *name, int64_t *ret)
{
	struct str s = str_of(name);
	uint64_t id;

	/* A number is a boot's place in the order of import, unless there is none so high: then it is the start of a key. */
	if (str_to_u64(s, 10, &id) && id <= INT64_MAX) {
		struct store_args args = { .v = { datum_integer((int64_t)id) }, .nr = 1 };
		struct grid grid;
		struct mia_error *error = store_select(store, arena, "SELECT id FROM boots WHERE id = ?", &args, &grid);

		if (error)
			return error;
		if (grid_rows(&grid)) {
			*ret = (int64_t)id;
			return NULL;
		}
	}
	return find_one(store, arena, "SELECT id FROM boots WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 LIMIT 2", "boot", name, ret);
}

struct mia_error *store_find_machine(struct store *store, struct arena *arena, const char *name, int64_t *ret)
{
	return find_one(store, arena,
			"SELECT id FROM machines WHERE substr(key, 1, length(?1)) = ?1 OR substr(dmi, 1, length(?1)) = ?1 LIMIT 2", "machine", name, ret);
}
