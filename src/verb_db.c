/* verb_db.c - the database: which file, which part of the verb. */
#include "verb_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Everything that a query gives, and the texts of statements. */
#define ARENA_LIMIT ((size_t)4 << 30)

static const struct {
	const char *name;
	db_fn *run;
	int least, most; /* arguments; most -1: any number */
	const char *usage;
} parts[] = {
	{ "import", db_import, 0, -1, "db import [INPUT...]" },
	{ "list", db_list, 0, 0, "db list" },
	{ "show", db_show, 1, 1, "db show BOOT" },
	{ "query", db_query, 0, 2, "db query SQL, db query NAME [ARGUMENT] or db query --list" },
	{ "regress", db_regress, 0, 0, "db regress [--kernel-a RELEASE --kernel-b RELEASE]" },
	{ "trend", db_trend, 0, 0, "db trend [--machine KEY] [--owner OWNER]" },
	{ "merge", db_merge, 1, 1, "db merge OTHER.db" },
	{ "export", db_export, 0, 1, "db export [TABLE]" },
};

int db_failed(const struct mia_error *error)
{
	cli_complain("%s", error->message);
	return (int)error->code;
}

/* --- where the database is --- */

static const char *default_path(struct arena *arena)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	struct strbuf out = { .arena = arena };

	/* A relative XDG_DATA_HOME is to be ignored, says its specification. */
	if (data && *data == '/')
		strbuf_printf(&out, "%s/meminit/boots.db", data);
	else if (home && *home)
		strbuf_printf(&out, "%s/.local/share/meminit/boots.db", home);
	else
		return NULL;
	return strbuf_str(&out).p;
}

/* The folders above the default place may not be there yet. */
static int make_folders(struct arena *arena, const char *path)
{
	char *copy = arena_strndup(arena, path, strlen(path));

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST) {
			cli_complain("%s: %s", copy, strerror(errno));
			return STATUS_INTERNAL;
		}
		*slash = '/';
	}
	return STATUS_OK;
}

static int find_database(struct db_run *run, bool to_write)
{
	run->path = run->cli->value[OPTION_DB];
	if (run->path)
		return *run->path ? STATUS_OK : cli_usage_error(run->cli, "--db wants the name of a file");
	run->path = default_path(run->arena);
	if (!run->path)
		return cli_usage_error(run->cli, "where is the database? there is no HOME; give --db FILE");
	return to_write ? make_folders(run->arena, run->path) : STATUS_OK;
}

/* --- dispatch --- */

static int run_part(struct db_run *run, size_t i)
{
	bool writes = parts[i].run == db_import || parts[i].run == db_merge;
	int status;

	if (run->nr_args < parts[i].least || (parts[i].most >= 0 && run->nr_args > parts[i].most))
		return cli_usage_error(run->cli, "usage: %s", parts[i].usage);
	status = find_database(run, writes);
	return status == STATUS_OK ? parts[i].run(run) : status;
}

static int run_guarded(struct db_run *run, size_t i)
{
	if (arena_guard(run->arena)) {
		cli_complain("out of memory");
		return STATUS_INTERNAL;
	}
	return run_part(run, i);
}

int verb_db(const struct cli *cli)
{
	struct db_run run = { .cli = cli, .args = cli->args + 1, .nr_args = cli->nr_args - 1 };
	int status;

	for (size_t i = 0; cli->nr_args && i < ARRAY_SIZE(parts); i++) {
		if (strcmp(cli->args[0], parts[i].name))
			continue;
		run.arena = arena_create(ARENA_LIMIT);
		status = run.arena ? run_guarded(&run, i) : STATUS_INTERNAL;
		arena_destroy(run.arena);
		return status;
	}
	return cli_usage_error(cli, "what to do with the database? there are import, list, show, query, regress, trend, merge and export");
}
