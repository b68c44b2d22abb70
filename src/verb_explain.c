/* verb_explain.c - what the model knows of an address, a page frame, a log line, a zone, an owner, an early map. */
#include <stdio.h>
#include <sys/stat.h>

#include "explain_out.h"
#include "session.h"

#define COLUMNS 80

struct explaining {
	const struct cli *cli;
	struct what *v;
	size_t nr, nr_boots;
};

static int each(void *context, struct arena *arena, struct verdict *verdict)
{
	const struct explaining *x = context;
	const struct explain_style style = { .color = cli_color(x->cli), .bytes = cli_has(x->cli, OPTION_BYTES), .columns = COLUMNS };
	struct answers answers = { 0 };
	int status = STATUS_OK;

	for (size_t i = 0; i < x->nr; i++)
		explain(arena, verdict, &x->v[i], &answers);
	for (size_t i = 0; i < answers.nr; i++)
		if (!answers.v[i].found)
			status = STATUS_FINDINGS;
	if (cli_has(x->cli, OPTION_JSON))
		explain_write_json(verdict, &answers, stdout);
	else
		explain_write_text(arena, verdict, &answers, &style, stdout);
	return status;
}

static int complain(const struct cli *cli, const char *word)
{
	int status = cli_usage_error(cli, "'%s' is nothing that can be explained; there are:", word);

	for (size_t i = 0; what_form(i); i++)
		fprintf(stderr, "  %s\n", what_form(i));
	return status;
}

int verb_explain(const struct cli *cli)
{
	struct what what[64];
	struct explaining x = { .cli = cli, .v = what };
	int nr_inputs = cli->nr_args;
	struct stat st;

	/* The last words that name things; a file of that name is an input all the same. */
	while (nr_inputs > 0 && x.nr < sizeof(what) / sizeof(what[0]) && what_parse(str_of(cli->args[nr_inputs - 1]), &what[x.nr]) && stat(cli->args[nr_inputs - 1], &st)) {
		nr_inputs--;
		x.nr++;
	}
	if (!x.nr)
		return cli->nr_args ? complain(cli, cli->args[cli->nr_args - 1]) : cli_usage_error(cli, "what is to be explained?");
	for (size_t i = 0; i < x.nr / 2; i++) {
		struct what swap = what[i];

		what[i] = what[x.nr - 1 - i];
		what[x.nr - 1 - i] = swap;
	}
	return session_run(cli, cli->args, nr_inputs, each, &x);
}
