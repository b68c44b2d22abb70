/* main.c - the command: reads its line, calls the verb. */
#include <signal.h>
#include <stdio.h>

#include "cli.h"

static int (*const run[])(const struct cli *) = {
#define VERB(id, name, fn, args, summary) fn,
#include "verbs.def"
#undef VERB
};

/* What was written must have arrived: a full disk is no success. */
static int close_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	cli_complain("cannot write the output");
	return STATUS_INTERNAL;
}

int main(int argc, char **argv)
{
	struct cli cli;
	int status = cli_parse(argc, argv, &cli);

	/* The reader of a pipe may leave early. */
	signal(SIGPIPE, SIG_DFL);
	/* A file that may not grow is an error to report, not a reason to die. */
	signal(SIGXFSZ, SIG_IGN);
	if (status < 0)
		status = run[cli.verb](&cli);
	return close_output(status);
}
