/* verb_replay.c - the model's lines beside the kernel's, as a diff. */
#include <stdio.h>

#include "replay_out.h"
#include "session.h"

static int each(void *context, struct arena *arena, struct verdict *verdict)
{
	const struct cli *cli = context;
	struct replay replay = { 0 };
	int status = STATUS_OK;

	replay_build(arena, verdict, &replay);
	if (cli_has(cli, OPTION_JSON))
		replay_write_json(verdict, &replay, stdout);
	else
		replay_write_text(verdict, &replay, cli_color(cli), stdout);
	for (size_t i = 0; i < replay.nr; i++)
		if (replay.v[i].verdict == REPLAY_MISMATCH)
			status = STATUS_FINDINGS;
	return status;
}

int verb_replay(const struct cli *cli) { return session_run(cli, cli->args, cli->nr_args, each, (void *)cli); }
