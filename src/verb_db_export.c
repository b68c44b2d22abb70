/* verb_db_export.c - the database as text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_export.h"
#include "verb_db.h"

static FILE *open_output(const struct db_run *run)
{
	const char *path = run->cli->value[OPTION_OUTPUT];
	FILE *out = path && strcmp(path, "-") ? fopen(path, "w") : stdout;

	if (!out)
		cli_complain("%s: %s", path, strerror(errno));
	return out;
}

static int close_output(const struct db_run *run, FILE *out)
{
	bool failed = ferror(out);

	/* main() looks after standard output. */
	if (out == stdout)
		return STATUS_OK;
	if (!fclose(out) && !failed)
		return STATUS_OK;
	cli_complain("%s: %s", run->cli->value[OPTION_OUTPUT], strerror(errno));
	return STATUS_INTERNAL;
}

static struct mia_error *export(const struct db_run *run, struct store *store, const struct grid_format *format, FILE *out)
{
	if (run->nr_args)
		return store_export_table(store, run->args[0], format, out);
	return format ? store_export_boots(store, out) : store_export_sql(store, out);
}

/* Documents by default: "json" is one a line, and "sql" is no format of a table. */
static int parse_format(const struct db_run *run, const struct grid_format **ret)
{
	const char *name = run->cli->value[OPTION_FORMAT];

	*ret = grid_format_find(name && !cli_has(run->cli, OPTION_JSON) ? name : "json");
	if (*ret && !(*ret)->rows)
		*ret = NULL;
	if (*ret && !strcmp((*ret)->name, "csv") && !run->nr_args)
		return cli_usage_error(run->cli, "CSV is for one table: db export --format=csv TABLE");
	if (*ret || (!strcmp(name, "sql") && !run->nr_args))
		return STATUS_OK;
	return cli_usage_error(run->cli, "cannot export as '%s': there are json and csv, and sql for the whole", name);
}

int db_export(struct db_run *run)
{
	const struct grid_format *format;
	struct store *store = NULL;
	struct mia_error *error;
	FILE *out;
	int status = parse_format(run, &format);

	if (status != STATUS_OK)
		return status;
	error = store_open(run->arena, run->path, STORE_READ, &store);
	if (error)
		return db_failed(error);
	out = open_output(run);
	if (out) {
		error = export(run, store, format, out);
		status = close_output(run, out);
	} else {
		status = STATUS_INTERNAL;
	}
	store_close(store);
	return error ? db_failed(error) : status;
}
