/* verb_explain.c - what the model knows of an address, a page frame, a log line, a zone, an owner, an early map. */
#include <stdio.h>
#include <stdlib.h>
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

/* Nothing among the words can be explained: the likeliest slip is the one that is no file either. */
static int complain(const struct cli *cli, char **words, int nr)
{
	int status, i = 0;
	struct stat st;

	while (i < nr && (!strcmp(words[i], "-") || !stat(words[i], &st)))
		i++;
	status = i < nr ? cli_usage_error(cli, "'%s' is nothing that can be explained; there are:", words[i])
			: cli_usage_error(cli, "what is to be explained? there are:");
	for (size_t form = 0; what_form(form); form++)
		fprintf(stderr, "  %s\n", what_form(form));
	return status;
}

/* A word is what it names, unless a file is called so: the order of the two does not matter. */
static bool is_what(const char *word, struct what *ret)
{
	struct stat st;

	return what_parse(str_of(word), ret) && stat(word, &st);
}

int verb_explain(const struct cli *cli)
{
	struct what what[64];
	struct explaining x = { .cli = cli, .v = what };
	char **inputs = calloc((size_t)cli->nr_args + 1, sizeof(*inputs));
	int nr_inputs = 0, status;

	if (!inputs)
		return STATUS_INTERNAL;
	for (int i = 0; i < cli->nr_args; i++)
		if (x.nr < ARRAY_SIZE(what) && is_what(cli->args[i], &what[x.nr]))
			x.nr++;
		else
			inputs[nr_inputs++] = cli->args[i];
	if (x.nr)
		status = session_run(cli, inputs, nr_inputs, each, &x);
	else
		status = complain(cli, inputs, nr_inputs);
	free(inputs);
	return status;
}
