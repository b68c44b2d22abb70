/* verb_db_import.c - boots into the database, from logs or from another database. */
#include <inttypes.h>
#include <stdio.h>

#include "session.h"
#include "verb_db.h"

struct import {
	struct store *store;
	struct store_add_options options;
	bool failed; /* and that was said */
};

static int add_one(void *context, struct arena *arena, struct verdict *verdict)
{
	struct import *import = context;
	struct mia_error *error = store_add(import->store, arena, verdict, &import->options);

	if (!error)
		return STATUS_OK;
	/* What is wrong with the database is wrong for the next boot too. */
	db_failed(error);
	import->failed = true;
	return STATUS_INTERNAL;
}

static void say_counts(const struct db_run *run, struct store_counts counts)
{
	if (cli_has(run->cli, OPTION_QUIET))
		return;
	printf("%" PRIu64 " new, %" PRIu64 " known already", counts.boots[STORE_NEW], counts.boots[STORE_KNOWN]);
	if (counts.boots[STORE_REPLACED])
		printf(", %" PRIu64 " replaced", counts.boots[STORE_REPLACED]);
	putchar('\n');
}

/* @failed: the store has said already why it cannot go on. */
static int finish(struct db_run *run, struct store *store, bool failed, int status)
{
	struct mia_error *error = store_commit(store);

	if (error)
		status = worst_status(status, failed ? STATUS_INTERNAL : db_failed(error));
	say_counts(run, store_counts(store));
	store_close(store);
	return status;
}

int db_import(struct db_run *run)
{
	struct import import = {
		.options = {
			.stamp = run->cli->value[OPTION_STAMP],
			.refresh = cli_has(run->cli, OPTION_REFRESH),
			.keep_log = cli_has(run->cli, OPTION_KEEP_LOG),
		},
	};
	struct mia_error *error = store_open(run->arena, run->path, STORE_WRITE, &import.store);
	int status;

	if (error)
		return db_failed(error);
	status = session_run(run->cli, run->args, run->nr_args, add_one, &import);
	return finish(run, import.store, import.failed, status);
}

int db_merge(struct db_run *run)
{
	struct store *store = NULL;
	struct mia_error *error = store_open(run->arena, run->path, STORE_WRITE, &store);

	if (error)
		return db_failed(error);
	error = store_merge(store, run->args[0]);
	return finish(run, store, error != NULL, error ? db_failed(error) : STATUS_OK);
}
