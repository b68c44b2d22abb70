/*
 * test_store.c - the store from inside: every column lands where its name says, a boot is written whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle.h"
#include "input.h"
#include "mia/analysis.h"
#include "store_private.h"

#define BOOT "debian-6.1-pc-2g"

static char folder[] = "/tmp/test_store.XXXXXX";
static struct arena *arena;
static struct verdict verdict; /* of a real boot */

static const char *in_folder(const char *name)
{
	struct strbuf path = { .arena = arena };

	strbuf_printf(&path, "%s/%s", folder, name);
	return strbuf_str(&path).p;
}

static struct store *opened(const char *name, enum store_mode mode)
{
	struct store *store = NULL;
	struct mia_error *error = store_open(arena, in_folder(name), mode, &store);

	if (error)
		fail_msg("%s", error->message);
	return store;
}

static void succeeds(struct mia_error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static int64_t number(struct store *store, const char *sql)
{
	int64_t n = -1;

	succeeds(store_number(store, sql, &n));
	return n;
}

/* --- columns --- */

/* A value of its own for column @i, or NULL where it may be. */
static void set_column(const struct store_column *c, size_t i, bool null, void *row)
{
	struct strbuf text = { .arena = arena };
	char *p = (char *)row + c->offset;

	strbuf_printf(&text, "value of %s", c->name);
	if (column_is_text(c))
		*(struct str *)p = null && column_may_be_null(c) ? (struct str){ 0 } : strbuf_str(&text);
	else if (column_may_be_null(c))
		*(struct maybe_int *)p = (struct maybe_int){ .v = (int64_t)i + 100, .known = !null };
	else
		*(int64_t *)p = (int64_t)i + 100;
}

static void check_column(sqlite3_stmt *stmt, const struct store_column *c, size_t i, bool null)
{
	struct strbuf text = { .arena = arena };

	strbuf_printf(&text, "value of %s", c->name);
	if (null && column_may_be_null(c))
		assert_int_equal(sqlite3_column_type(stmt, 0), SQLITE_NULL);
	else if (column_is_text(c))
		assert_string_equal(sqlite3_column_text(stmt, 0), strbuf_str(&text).p);
	else
		assert_int_equal(sqlite3_column_int64(stmt, 0), i + 100);
}

/* Read by name what was bound by place. */
static void check_row(struct store *store, const struct store_table *t, bool null)
{
	for (size_t i = 0; i < t->nr_columns; i++) {
		struct strbuf sql = { .arena = arena };
		sqlite3_stmt *stmt;

		strbuf_printf(&sql, "SELECT %s FROM %s", t->columns[i].name, t->name);
		succeeds(store_prepare(store, strbuf_str(&sql).p, &stmt));
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		check_column(stmt, &t->columns[i], i, null);
		assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
		sqlite3_finalize(stmt);
	}
}

static void columns_land_where_their_names_say(void **state)
{
	(void)state;
	for (size_t t = 0; t < NR_TABLES; t++)
		for (int null = 0; null < 2; null++) {
			struct store *store = opened("columns.db", STORE_WRITE);
			void *row = arena_alloc(arena, 4096);

			/* Rows that are referred to are not there. */
			succeeds(store_exec(store, "PRAGMA foreign_keys = 0"));
			for (size_t i = 0; i < store_tables[t].nr_columns; i++) {
				assert_true(store_tables[t].columns[i].offset < 4096);
				set_column(&store_tables[t].columns[i], i, null, row);
			}
			succeeds(store_insert(store, arena, (enum table_id)t, row));
			check_row(store, &store_tables[t], null);
			store_close(store);
			unlink(in_folder("columns.db"));
		}
}

static void references_point_at_tables(void **state)
{
	(void)state;
	for (size_t t = 0; t < NR_TABLES; t++)
		for (size_t i = 0; i < store_tables[t].nr_columns; i++) {
			const struct store_column *c = &store_tables[t].columns[i];

			assert_int_equal(column_is_ref(c), *c->target != '\0');
			if (column_is_ref(c))
				assert_true(column_target(c) && column_target(c)->has_id);
		}
}

static void numbers_that_do_not_fit_are_unknown(void **state)
{
	(void)state;
	assert_true(known(INT64_MAX).known);
	assert_false(known((uint64_t)INT64_MAX + 1).known);
	assert_false(known_if(false, 1).known);
}

static void text_becomes_utf8(void **state)
{
	static const char dirty[] = "a\xff\x00" "b\xed\xa0\x80" "c\xc3\xa4";
	struct store *store = opened("text.db", STORE_WRITE);
	struct row_kernels row = { .release = { dirty, sizeof(dirty) - 1 }, .build = STR(""), .arch = STR("x86_64") };
	bool added;

	(void)state;
	succeeds(store_intern(store, arena, TABLE_kernels, &row, &added));
	assert_int_equal(number(store, "SELECT release = 'a' || char(0xfffd, 0xfffd) || 'b' || char(0xfffd, 0xfffd, 0xfffd) || 'c' || char(0xe4) FROM kernels"), 1);
	store_close(store);
}

static void names_are_added_once(void **state)
{
	struct store *store = opened("names.db", STORE_WRITE);
	struct row_owners with = { .owner = STR("o"), .parent = STR("p"), .label = STR("l") }, without = { .owner = STR("o"), .label = STR("l") }, again = without;
	struct row_owners split = { .owner = STR("op"), .parent = STR(""), .label = STR("l") };
	bool added;

	(void)state;
	succeeds(store_intern(store, arena, TABLE_owners, &with, &added));
	assert_true(added);
	succeeds(store_intern(store, arena, TABLE_owners, &without, &added));
	assert_true(added);
	/* A parent that is unknown is not one that is empty, and texts do not run into each other. */
	succeeds(store_intern(store, arena, TABLE_owners, &split, &added));
	assert_true(added);
	succeeds(store_intern(store, arena, TABLE_owners, &again, &added));
	assert_false(added);
	assert_int_equal(again.id, without.id);
	store_forget(store);
	succeeds(store_intern(store, arena, TABLE_owners, &again, &added));
	assert_false(added);
	assert_int_equal(again.id, without.id);
	assert_int_equal(number(store, "SELECT count(*) FROM owners"), 3);
	store_close(store);
}

/* --- boots, whole or not at all --- */

static const struct store_add_options plain;

/* The real boot under another name, so that it is another boot. */
static struct verdict renamed(const char *name)
{
	struct boot_record *record = arena_new(arena, struct boot_record);
	struct verdict ret = verdict;

	*record = *verdict.record;
	record->messages = (struct messages){ 0 };
	for (size_t i = 0; i < verdict.record->messages.nr; i++)
		*vec_push(arena, &record->messages) = verdict.record->messages.v[i];
	*vec_push(arena, &record->messages) = str_of(name);
	ret.record = record;
	ret.input_name = name;
	return ret;
}

static void key_ignores_blanks_and_nothing_else(void **state)
{
	struct verdict a = renamed("a  b"), b = renamed("a b "), c = renamed("ac");
	char key[3][65];

	(void)state;
	store_boot_key(&a, key[0]);
	store_boot_key(&b, key[1]);
	store_boot_key(&c, key[2]);
	assert_string_equal(key[0], key[1]);
	assert_string_not_equal(key[0], key[2]);
}

static void failed_boot_leaves_nothing(void **state)
{
	struct store *store = opened("failed.db", STORE_WRITE);
	struct verdict bad = renamed("bad"), good = renamed("good");

	(void)state;
	/* Fails late, when kernel, machine, zones and ledger of the boot have been written. */
	succeeds(store_exec(store, "CREATE TRIGGER no BEFORE INSERT ON checks WHEN (SELECT input FROM boots WHERE id = NEW.boot) = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"));
	assert_non_null(store_add(store, arena, &bad, &plain));
	succeeds(store_commit(store));
	for (size_t t = 0; t < NR_TABLES; t++) {
		struct strbuf sql = { .arena = arena };

		strbuf_printf(&sql, "SELECT count(*) FROM %s", store_tables[t].name);
		assert_int_equal(number(store, strbuf_str(&sql).p), 0);
	}
	/* The numbers of its kernel and owners are forgotten with it. */
	succeeds(store_add(store, arena, &good, &plain));
	assert_non_null(store_add(store, arena, &bad, &plain));
	succeeds(store_commit(store));
	assert_int_equal(number(store, "SELECT count(*) FROM boots"), 1);
	assert_int_equal(number(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(number(store, "SELECT count(*) FROM ledger"), good.ledger.nr);
	assert_int_equal(store_counts(store).boots[STORE_NEW], 1);
	store_close(store);
}

static bool runs_out(struct store *store, const struct verdict *v)
{
	struct arena *small = arena_create(2048);

	assert_non_null(small);
	if (arena_guard(small)) {
		arena_destroy(small);
		return true;
	}
	succeeds(store_add(store, small, v, &plain));
	arena_destroy(small);
	return false;
}

static void boot_without_memory_leaves_nothing(void **state)
{
	struct store *store = opened("memory.db", STORE_WRITE);
	struct verdict good = renamed("good"), bad = renamed("bad");

	(void)state;
	succeeds(store_add(store, arena, &good, &plain));
	assert_true(runs_out(store, &bad));
	succeeds(store_commit(store));
	assert_int_equal(number(store, "SELECT count(*) FROM boots"), 1);
	assert_int_equal(number(store, "SELECT count(*) FROM ledger"), good.ledger.nr);
	assert_int_equal(number(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	store_close(store);
}

static void uncommitted_boots_are_not_seen(void **state)
{
	struct store *store = opened("isolated.db", STORE_WRITE), *reader;
	struct verdict one = renamed("one"), two = renamed("two");

	(void)state;
	succeeds(store_add(store, arena, &one, &plain));
	succeeds(store_commit(store));
	succeeds(store_exec(store, "BEGIN IMMEDIATE"));
	store->in_batch = true;
	store->batch_end_msec = UINT64_MAX;
	succeeds(store_add(store, arena, &two, &plain));
	reader = opened("isolated.db", STORE_READ);
	assert_int_equal(number(reader, "SELECT count(*) FROM boots"), 1);
	succeeds(store_commit(store));
	assert_int_equal(number(reader, "SELECT count(*) FROM boots"), 2);
	store_close(reader);
	store_close(store);
}

static void readers_cannot_write(void **state)
{
	struct store *store = opened("isolated.db", STORE_READ);

	(void)state;
	assert_non_null(store_exec(store, "DELETE FROM boots"));
	assert_non_null(store_exec(store, "PRAGMA user_version = 5"));
	assert_int_equal(number(store, "SELECT count(*) FROM boots"), 2);
	store_close(store);
}

static void known_boots_are_told_apart(void **state)
{
	const struct store_add_options refresh = { .refresh = true, .stamp = "again" };
	struct store *store = opened("known.db", STORE_WRITE);
	struct verdict one = renamed("one"), two = renamed("two");

	(void)state;
	succeeds(store_add(store, arena, &one, &plain));
	succeeds(store_add(store, arena, &two, &plain));
	succeeds(store_add(store, arena, &one, &plain));
	succeeds(store_add(store, arena, &one, &refresh));
	succeeds(store_commit(store));
	assert_int_equal(store_counts(store).boots[STORE_NEW], 2);
	assert_int_equal(store_counts(store).boots[STORE_KNOWN], 1);
	assert_int_equal(store_counts(store).boots[STORE_REPLACED], 1);
	assert_int_equal(number(store, "SELECT id FROM boots WHERE stamp = 'again'"), 1);
	assert_int_equal(number(store, "SELECT count(*) FROM zones"), 2 * number(store, "SELECT count(*) FROM zones WHERE boot = 1"));
	store_close(store);
}

/* --- the real boot --- */

static bool take(void *context, struct arena *ignored, const struct input *input, const struct mia_error *error)
{
	static const struct analysis_options options;
	struct boot_records *boots = context;
	struct input *kept = arena_new(arena, struct input);

	(void)ignored;
	assert_null(error);
	*kept = *input;
	for (size_t i = 0; i < kept->nr; i++)
		kept->v[i].bytes = (struct str){ arena_strndup(arena, kept->v[i].bytes.p, kept->v[i].bytes.n), kept->v[i].bytes.n };
	assert_null(bundle_parse(arena, kept, boots));
	analysis_run(arena, &boots->v[0], &options, &verdict);
	verdict.sha256 = arena_strndup(arena, input->sha256, 64);
	return true;
}

static int set_up(void **state)
{
	const char *data = getenv("MIA_TEST_DATA");
	struct arena *walk = arena_create((size_t)1 << 28);
	struct boot_records boots = { 0 };
	char path[4096];

	(void)state;
	arena = arena_create((size_t)1 << 30);
	assert_non_null(arena);
	if (arena_guard(arena))
		return -1;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/boots/" BOOT "/dmesg", data ? data : "test-data");
	assert_null(input_walk(walk, path, take, &boots));
	arena_destroy(walk);
	assert_true(verdict.ledger.nr > 20);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	arena_destroy(arena);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_land_where_their_names_say),
		cmocka_unit_test(references_point_at_tables),
		cmocka_unit_test(numbers_that_do_not_fit_are_unknown),
		cmocka_unit_test(text_becomes_utf8),
		cmocka_unit_test(names_are_added_once),
		cmocka_unit_test(key_ignores_blanks_and_nothing_else),
		cmocka_unit_test(failed_boot_leaves_nothing),
		cmocka_unit_test(boot_without_memory_leaves_nothing),
		cmocka_unit_test(uncommitted_boots_are_not_seen),
		cmocka_unit_test(readers_cannot_write),
		cmocka_unit_test(known_boots_are_told_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
