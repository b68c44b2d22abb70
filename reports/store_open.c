/* store_open.c - open, create and migrate the database; see store.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store_private.h"

/* How long to wait for another writer, who may be importing thousands of boots but lets go of the lock many times a second. */
#define BUSY_LIMIT_MSEC 60000
#define BUSY_NAP_USEC 2000
/* First version of SQLite with STRICT tables. */
#define STRICT_SINCE 3037000

uint64_t store_clock_msec(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- errors --- */

static enum mia_error_code code_of(int rc)
{
	return rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT ? MIA_ERROR_INPUT : MIA_ERROR_INTERNAL;
}

static const char *reason_of(struct store *store, int rc)
{
	int error = sqlite3_system_errno(store->db);

	switch (rc) {
	case SQLITE_NOTADB:
		return "is no SQLite database";
	case SQLITE_CORRUPT:
		return "the database is damaged";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "another program keeps the database locked";
	case SQLITE_FULL:
		return "no space left for the database";
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return error ? strerror(error) : "the file cannot be read or written";
	default:
		return sqlite3_errmsg(store->db);
	}
}

struct mia_error *store_error(struct store *store, const char *what)
{
	int rc = sqlite3_errcode(store->db) & 0xff;

	store->failure = rc;
	return mia_error_new(store->arena, code_of(rc), "%s: %s%s%s", store->path, what ? what : "", what ? ": " : "", reason_of(store, rc));
}

static struct mia_error *refuse(struct store *store, const char *why)
{
	return mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: %s", store->path, why);
}

/* --- statements --- */

struct mia_error *store_exec(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? NULL : store_error(store, NULL);
}

struct mia_error *store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return store_error(store, NULL);
	*ret = stmt;
	return NULL;
}

struct mia_error *store_number(struct store *store, const char *sql, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	struct mia_error *error = store_prepare(store, sql, &stmt);
	int rc;

	if (error)
		return error;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	else if (rc != SQLITE_DONE)
		error = store_error(store, NULL);
	sqlite3_finalize(stmt);
	return error;
}

/* --- migrations --- */

static struct mia_error *create_all(struct store *store)
{
	struct mia_error *error = NULL;
	bool strict = sqlite3_libversion_number() >= STRICT_SINCE;

	for (size_t i = 0; i < NR_TABLES && !error; i++) {
		struct strbuf sql = { .arena = store->arena };

		schema_create_table(&sql, &store_tables[i], strict);
		error = store_exec(store, strbuf_str(&sql).p);
	}
	for (size_t i = 0; i < nr_store_indexes && !error; i++) {
		struct strbuf sql = { .arena = store->arena };

		schema_create_index(&sql, &store_indexes[i]);
		error = store_exec(store, strbuf_str(&sql).p);
	}
	for (size_t i = 0; i < nr_store_views && !error; i++) {
		struct strbuf sql = { .arena = store->arena };

		strbuf_printf(&sql, "CREATE VIEW %s AS %s", store_views[i].name, store_views[i].sql);
		error = store_exec(store, strbuf_str(&sql).p);
	}
	return error;
}

/* [n] takes a database of version n to n + 1. */
static struct mia_error *(*const migrations[STORE_VERSION])(struct store *) = { create_all };

static struct mia_error *migrate_from(struct store *store, int64_t version)
{
	struct mia_error *error = NULL;
	char sql[128];

	for (; version < STORE_VERSION && !error; version++)
		error = migrations[version](store);
	if (error)
		return error;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID, STORE_VERSION);
	return store_exec(store, sql);
}

/* Another process may have done it between our first look and the lock: so look again. */
static struct mia_error *migrate(struct store *store)
{
	int64_t version = 0;
	struct mia_error *error = store_exec(store, "BEGIN IMMEDIATE");

	if (error)
		return error;
	error = store_number(store, "PRAGMA user_version", &version);
	if (!error && version < STORE_VERSION)
		error = migrate_from(store, version);
	if (!error)
		error = store_exec(store, "COMMIT");
	if (error)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

/* --- opening --- */

static int wait_for_lock(void *context, int nr_calls)
{
	(void)context;
	if ((uint64_t)nr_calls * BUSY_NAP_USEC / 1000 >= BUSY_LIMIT_MSEC)
		return 0;
	usleep(BUSY_NAP_USEC);
	return 1;
}

struct identity {
	int64_t application, version, tables;
};

/* In one transaction: another process may be making the database at this moment. */
static struct mia_error *read_identity(struct store *store, struct identity *ret)
{
	struct mia_error *error = store_exec(store, "BEGIN");

	*ret = (struct identity){ 0 };
	if (error)
		return error;
	error = store_number(store, "PRAGMA application_id", &ret->application);
	if (!error)
		error = store_number(store, "SELECT count(*) FROM sqlite_master", &ret->tables);
	if (!error)
		error = store_number(store, "PRAGMA user_version", &ret->version);
	/* It holds nothing that could fail; and the error that counts is the one above. */
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

/* Is this file ours, and can this program read it? @version gets 0 for a file without anything in it. */
static struct mia_error *identify(struct store *store, int64_t *version)
{
	struct identity id;
	struct mia_error *error = read_identity(store, &id);

	*version = id.version;
	if (error)
		return error;
	if (id.application != STORE_APPLICATION_ID && (id.application || id.version || id.tables))
		return refuse(store, "is the database of another program");
	if (id.version > STORE_VERSION)
		return mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: written by a newer version of this program (schema %lld, this one knows %d)", store->path, (long long)id.version, STORE_VERSION);
	return NULL;
}

/* SQLite does not wait for this lock by itself. */
static struct mia_error *use_wal(struct store *store)
{
	for (int calls = 0;; calls++) {
		int rc = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if (rc == SQLITE_OK)
			return NULL;
		if (rc != SQLITE_BUSY || !wait_for_lock(NULL, calls))
			return store_error(store, NULL);
	}
}

static struct mia_error *configure(struct store *store)
{
	sqlite3_busy_handler(store->db, wait_for_lock, NULL);
	sqlite3_extended_result_codes(store->db, 0);
	if (sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
	    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
	    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) != SQLITE_OK)
		return store_error(store, NULL);
	return NULL;
}

static struct mia_error *prepare_to_write(struct store *store, int64_t version)
{
	struct mia_error *error = use_wal(store);

	/* In WAL mode NORMAL loses no consistency, at most the last boots when the power fails. */
	if (!error)
		error = store_exec(store, "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -65536");
	if (!error && version < STORE_VERSION)
		error = migrate(store);
	return error;
}

static struct mia_error *prepare_to_read(struct store *store, int64_t version)
{
	if (!version)
		return refuse(store, "there is nothing in it; 'db import' puts boots there");
	if (version < STORE_VERSION)
		return refuse(store, "written by an older version of this program; 'db import' brings it up to date");
	return store_exec(store, "PRAGMA query_only = 1; PRAGMA cache_size = -65536");
}

/* A relative name gets "./": ":memory:" and "file:" are names of files like any other. */
static const char *plain_path(struct arena *arena, const char *path)
{
	struct strbuf out = { .arena = arena };

	strbuf_printf(&out, "%s%s", *path == '/' ? "" : "./", path);
	return strbuf_str(&out).p;
}

const char *store_uri(struct arena *arena, const char *path, const char *options)
{
	struct strbuf out = { .arena = arena };

	strbuf_printf(&out, "file:");
	for (const char *p = plain_path(arena, path); *p; p++)
		strbuf_printf(&out, strchr("?#%", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	strbuf_printf(&out, "?%s", options);
	return strbuf_str(&out).p;
}

/* On a medium that cannot be written SQLite reads a database in WAL mode only if it is told that nobody will change it. */
static int open_immutable(struct store *store)
{
	sqlite3_close(store->db);
	store->db = NULL;
	return sqlite3_open_v2(store_uri(store->arena, store->path, "immutable=1"), &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static struct mia_error *identify_immutable(struct store *store, const char *path, struct mia_error *first, int64_t *version)
{
	struct strbuf wal = { .arena = store->arena };
	struct stat st;

	strbuf_printf(&wal, "%s-wal", path);
	if ((store->failure != SQLITE_CANTOPEN && store->failure != SQLITE_READONLY) || !stat(strbuf_str(&wal).p, &st))
		return first;
	if (open_immutable(store) != SQLITE_OK || configure(store))
		return first;
	return identify(store, version);
}

static struct mia_error *open_db(struct store *store, enum store_mode mode)
{
	const char *path = plain_path(store->arena, store->path);
	int flags = mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	struct mia_error *error = NULL;
	struct stat st;
	int64_t version;

	if (mode == STORE_READ && stat(path, &st))
		return mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: %s; 'db import' makes the database", store->path, strerror(errno));
	if (sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
		return store->db ? store_error(store, NULL) : &mia_enomem;
	error = configure(store);
	if (!error)
		error = identify(store, &version);
	if (error && mode == STORE_READ)
		error = identify_immutable(store, path, error, &version);
	if (error)
		return error;
	return mode == STORE_WRITE ? prepare_to_write(store, version) : prepare_to_read(store, version);
}

struct mia_error *store_open(struct arena *arena, const char *path, enum store_mode mode, struct store **ret)
{
	struct store *store = arena_new(arena, struct store);
	struct mia_error *error;

	store->arena = arena;
	store->path = path;
	error = open_db(store, mode);
	/* What cannot be read is bad input; what cannot be written is a failure. */
	if (error && mode == STORE_READ && error != &mia_enomem)
		error->code = MIA_ERROR_INPUT;
	if (error)
		store_close(store);
	else
		*ret = store;
	return error;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < NR_TABLES; i++) {
		sqlite3_finalize(store->insert[i]);
		sqlite3_finalize(store->find[i]);
	}
	sqlite3_finalize(store->find_boot);
	sqlite3_finalize(store->delete_boot);
	store_forget(store);
	sqlite3_close(store->db);
	store->db = NULL;
}
