/* verb_analyze.c - analyse boots, write the report, judge. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "session.h"
#include "sink.h"

struct analyze {
	struct sink sink;
	enum severity fail_on;
	bool quiet;
	struct limit limit;         /* --max-unexplained */
};

static int parse_format(const struct cli *cli, struct analyze *ret)
{
	const char *format = cli->value[OPTION_FORMAT];

	if (cli_has(cli, OPTION_JSON))
		format = "json";
	if (!format)
		format = "text";
	ret->sink.ops = sink_find(format);
	return ret->sink.ops ? STATUS_OK : cli_usage_error(cli, "unknown format '%s'", format);
}

static bool too_much_unexplained(const struct analyze *a, const struct verdict *v)
{
	return v->unexplained_known && limit_exceeded(&a->limit, v->unexplained_bytes, PFN_PHYS(v->boot->physpages));
}

static int judge(const struct analyze *a, const struct verdict *v)
{
	for (size_t i = 0; i < v->checks.nr; i++)
		if (v->checks.v[i].verdict == CHECK_MISMATCH)
			return STATUS_FINDINGS;
	if (fail_on_finds(a->fail_on, v))
		return STATUS_FINDINGS;
	return too_much_unexplained(a, v) ? STATUS_FINDINGS : STATUS_OK;
}

static int each(void *context, struct arena *arena, struct verdict *verdict)
{
	struct analyze *a = context;

	(void)arena;
	if (!a->quiet || a->sink.ops->begin || strcmp(a->sink.ops->name, "text"))
		a->sink.ops->verdict(&a->sink, verdict);
	a->sink.nr_verdicts++;
	return judge(a, verdict);
}

int verb_analyze(const struct cli *cli)
{
	struct analyze a = { .sink = { .out = stdout } };
	int status = parse_format(cli, &a);

	if (status == STATUS_OK)
		status = fail_on_parse(cli, &a.fail_on);
	if (status == STATUS_OK)
		status = limit_parse(cli, &a.limit);
	if (status != STATUS_OK)
		return status;
	a.quiet = cli_has(cli, OPTION_QUIET);
	a.sink.color = cli_color(cli);
	a.sink.bytes = cli_has(cli, OPTION_BYTES);
	if (a.sink.ops->begin)
		a.sink.ops->begin(&a.sink);
	status = session_run(cli, cli->args, cli->nr_args, each, &a);
	if (a.sink.ops->end)
		a.sink.ops->end(&a.sink);
	return status;
}
