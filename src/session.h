/*
 * session.h - from the arguments of a verb to analysed boots.
 *
 * Every verb that reads logs goes through here: inputs are walked, boots chosen by --boot, profiles found, and one bad input
 * among many is reported on standard error without stopping the rest.
 */
#ifndef MIA_SESSION_H
#define MIA_SESSION_H

#include "bundle.h"
#include "cli.h"
#include "input.h"
#include "mia/analysis.h"

/* Called for each chosen boot; returns an exit status, STATUS_INTERNAL to stop. Everything is gone after it returns. */
typedef int session_fn(void *context, struct arena *arena, struct verdict *verdict);

/* Analyse every boot of the inputs (none: the running machine). Returns the worst status of all. */
int session_run(const struct cli *cli, char **inputs, int nr, session_fn *each, void *context);

/*
 * A verb that compares two boots runs the second session inside the callback of the first: what was analysed lives until its
 * callback returns.
 */

#endif
