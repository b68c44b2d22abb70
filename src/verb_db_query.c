/* verb_db_query.c - somebody's SQL, or a question with a name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_read.h"
#include "verb_db.h"

#define DEFAULT_SECONDS 60
#define MAX_SECONDS 86400

int db_format(const struct db_run *run, const struct grid_format **ret)
{
	const char *name = run->cli->value[OPTION_FORMAT];

	if (cli_has(run->cli, OPTION_JSON))
		name = "json";
	*ret = grid_format_find(name ? name : "text");
	return *ret ? STATUS_OK : cli_usage_error(run->cli, "unknown format '%s': there are text, json and csv", name);
}

static int parse_seconds(const struct db_run *run, unsigned *ret)
{
	const char *s = run->cli->value[OPTION_TIMEOUT];
	uint64_t n;

	*ret = DEFAULT_SECONDS;
	if (!s)
		return STATUS_OK;
	if (!str_to_u64(str_of(s), 10, &n) || !n || n > MAX_SECONDS)
		return cli_usage_error(run->cli, "--timeout wants seconds, 1 to %d, not '%s'", MAX_SECONDS, s);
	*ret = (unsigned)n;
	return STATUS_OK;
}

static int list_queries(const struct db_run *run, const struct grid_format *format)
{
	struct grid grid;

	grid_init(&grid, run->arena, 3);
	grid.name[0] = STR("name");
	grid.name[1] = STR("argument");
	grid.name[2] = STR("summary");
	for (size_t i = 0; i < nr_named_queries; i++) {
		grid_add(&grid, datum_text(str_of(named_queries[i].name)));
		grid_add(&grid, datum_text(str_of(named_queries[i].argument)));
		grid_add(&grid, datum_text(str_of(named_queries[i].summary)));
	}
	format->write(&grid, stdout);
	return STATUS_OK;
}

/* SQL has a blank in it, and the name of a query has none. */
static int choose_query(const struct db_run *run, const char **sql, struct store_args *args)
{
	const struct named_query *named = named_query_find(run->args[0]);
	const char *argument = run->nr_args > 1 ? run->args[1] : NULL;

	if (!named && !strpbrk(run->args[0], " \t\n("))
		return cli_usage_error(run->cli, "no query is called '%s'; 'db query --list' shows them", run->args[0]);
	if (argument && (!named || !named->argument))
		return cli_usage_error(run->cli, "'%s' takes no argument", named ? named->name : "db query SQL");
	*sql = named ? named->sql : run->args[0];
	args->v[0] = datum_text(str_of(argument));
	args->nr = named != NULL;
	return STATUS_OK;
}

int db_query(struct db_run *run)
{
	const struct grid_format *format;
	struct store_args args = { .nr = 0 };
	struct store *store = NULL;
	struct mia_error *error;
	struct grid grid;
	unsigned seconds;
	const char *sql = NULL;
	int status = db_format(run, &format);

	if (status == STATUS_OK)
		status = parse_seconds(run, &seconds);
	if (status != STATUS_OK)
		return status;
	if (cli_has(run->cli, OPTION_LIST))
		return list_queries(run, format);
	if (!run->nr_args)
		return cli_usage_error(run->cli, "'db query' wants SQL or the name of a query; 'db query --list' shows them");
	status = choose_query(run, &sql, &args);
	if (status != STATUS_OK)
		return status;
	error = store_open(run->arena, run->path, STORE_READ, &store);
	if (!error)
		error = store_query(store, run->arena, sql, &args, seconds, &grid);
	if (!error)
		format->write(&grid, stdout);
	store_close(store);
	return error ? db_failed(error) : STATUS_OK;
}
