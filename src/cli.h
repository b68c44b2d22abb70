/*
 * cli.h - the command line, read once.
 *
 * Verbs and options are the tables verbs.def and options.def; a verb is a function int verb_x(const struct cli *) in its own
 * file, which returns the exit status.
 */
#ifndef MIA_CLI_H
#define MIA_CLI_H

#include <stdbool.h>
#include <stddef.h>

enum verb_id {
#define VERB(id, name, fn, args, summary) VERB_##id,
#include "verbs.def"
#undef VERB
	NR_VERBS
};

enum verb_bits {
#define VERB(id, name, fn, args, summary) IN_##id = 1 << VERB_##id,
#include "verbs.def"
#undef VERB
	IN_ALL = (1 << NR_VERBS) - 1,
	/* verbs that analyse logs */
	IN_INPUT = IN_ANALYZE | IN_REPLAY | IN_KERNEL | IN_MACHINE | IN_MAP | IN_DB | IN_PREDICT | IN_REPORT | IN_EXPLAIN | IN_DIFF,
};

enum option_id {
#define OPTION(id, name, letter, arg, verbs, help) OPTION_##id,
#include "options.def"
#undef OPTION
	NR_OPTIONS
};

struct cli {
	enum verb_id verb;
	const char *value[NR_OPTIONS]; /* as given last; "" for an option without argument, NULL if it was not given */
	char **args;                   /* what follows the verb */
	int nr_args;
};

enum exit_status { STATUS_OK = 0, STATUS_FINDINGS = 1, STATUS_USAGE = 2, STATUS_INPUT = 3, STATUS_INTERNAL = 4 };

/* Returns a status to leave with (--help, --version, wrong usage), or -1 to go on. */
int cli_parse(int argc, char **argv, struct cli *ret);

static inline bool cli_has(const struct cli *cli, enum option_id id) { return cli->value[id] != NULL; }

/* "meminit-analyze: MESSAGE" on standard error; control characters of names are made visible. */
__attribute__((format(printf, 1, 2))) void cli_complain(const char *format, ...);
/* The same, with a hint at --help; returns STATUS_USAGE. */
__attribute__((format(printf, 2, 3))) int cli_usage_error(const struct cli *cli, const char *format, ...);

/* The status that tells more: the worse of two. */
static inline int worst_status(int a, int b) { return a > b ? a : b; }

/* Whether text on standard output may be coloured: --color, NO_COLOR, a terminal. */
bool cli_color(const struct cli *cli);

#define VERB(id, name, fn, args, summary) int fn(const struct cli *cli);
#include "verbs.def"
#undef VERB

#endif
