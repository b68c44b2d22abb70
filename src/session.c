/* session.c - see session.h. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_json.h"
#include "mia/arena.h"
#include "mia/shipped.h"
#include "mia/triage.h"
#include "redact.h"

#define ARENA_LIMIT ((size_t)4 << 30)
#define FILES_ARENA_BYTES ((size_t)16 << 20)
/* --boot */
#define BOOT_LAST (-1)
#define BOOT_ALL (-2)

struct session {
	const struct cli *cli;
	session_fn *each;
	void *context;
	struct analysis_options options;
	struct arena *arena; /* of the files that options name */
	struct shipped *shipped;
	long boot;
	size_t nr_done;
	int status;
	bool stopped; /* a callback could not do its work: it will not for the next boot either */
};

static int parse_boot(const struct cli *cli, long *ret)
{
	const char *s = cli->value[OPTION_BOOT];
	char *end;

	/* A database takes all that there is. */
	*ret = cli->verb == VERB_DB ? BOOT_ALL : BOOT_LAST;
	if (!s)
		return STATUS_OK;
	if (!strcmp(s, "all")) {
		*ret = BOOT_ALL;
		return STATUS_OK;
	}
	*ret = strtol(s, &end, 10);
	if (!*s || *end || *ret < 0)
		return cli_usage_error(cli, "--boot wants a number or 'all', not '%s'", s);
	return STATUS_OK;
}

static int load_kernel(struct session *s, const char *path)
{
	struct kernel *kernel = arena_new(s->arena, struct kernel);
	struct mia_error *error = kernel_load(s->arena, path, kernel);

	if (error) {
		cli_complain("%s", error->message);
		return (int)error->code;
	}
	s->options.profile = kernel;
	return STATUS_OK;
}

static int load_rules(struct session *s, const char *path)
{
	struct mia_error *error = user_rules_load(s->arena, path, &s->options.rules);

	if (error)
		cli_complain("%s", error->message);
	return error ? (int)error->code : STATUS_OK;
}

/* A prediction's kernel is not that of the boot that shows the machine. */
static const char *profile_of(const struct cli *cli) { return cli->verb == VERB_PREDICT ? NULL : cli->value[OPTION_KERNEL]; }

static int load_guarded(struct session *s)
{
	const char *profile = profile_of(s->cli), *rules = s->cli->value[OPTION_RULES];
	int status = profile ? load_kernel(s, profile) : STATUS_OK;

	return status == STATUS_OK && rules ? load_rules(s, rules) : status;
}

/* What the options name beside the inputs lives as long as the session. */
static int load_files(struct session *s)
{
	if (!profile_of(s->cli) && !s->cli->value[OPTION_RULES])
		return STATUS_OK;
	s->arena = arena_create(FILES_ARENA_BYTES);
	if (!s->arena || arena_guard(s->arena)) {
		cli_complain("out of memory");
		return STATUS_INTERNAL;
	}
	return load_guarded(s);
}

static int session_open(struct session *s, const struct cli *cli)
{
	int status;

	*s = (struct session){ .cli = cli };
	status = parse_boot(cli, &s->boot);
	if (status == STATUS_OK)
		status = load_files(s);
	/* Who learns must not hear of what was learnt before. */
	if (cli->verb != VERB_KERNEL)
		s->shipped = shipped_create();
	s->options.shipped = s->shipped;
	return status;
}

static void session_close(struct session *s)
{
	if (s->arena)
		arena_destroy(s->arena);
	shipped_destroy(s->shipped);
}

static struct mia_error *no_such_boot(struct arena *arena, const struct input *input, size_t nr)
{
	return mia_error_new(arena, MIA_ERROR_INPUT, "%s: there is no such boot; it holds %zu", input->name, nr);
}

/* The boots that --boot names: [*first, *last). */
static struct mia_error *choose(struct session *s, struct arena *arena, const struct input *input, size_t nr, size_t *first, size_t *last)
{
	*first = s->boot == BOOT_ALL ? 0 : s->boot == BOOT_LAST ? nr - 1 : (size_t)s->boot;
	*last = s->boot == BOOT_ALL ? nr : *first + 1;
	return *last > nr ? no_such_boot(arena, input, nr) : NULL;
}

/* Path of the log inside a bundle. */
static const char *log_of(const struct input *input)
{
	for (size_t i = 0; i < input->nr; i++)
		if (input->v[i].kind == SOURCE_DMESG)
			return input->v[i].name;
	return NULL;
}

static void analyse(struct session *s, struct arena *arena, const struct input *input, const struct boot_records *boots, size_t i, struct verdict *ret)
{
	analysis_run(arena, &boots->v[i], &s->options, ret);
	ret->input_name = input->name;
	ret->log_name = log_of(input);
	ret->sha256 = input->sha256;
	ret->boot_index = i;
	ret->nr_boots = boots->nr;
	ret->truncated = input->truncated;
	/* A boot that is to be run again is hidden when that is done. */
	if (cli_has(s->cli, OPTION_REDACT) && s->cli->verb != VERB_DIFF && s->cli->verb != VERB_PREDICT)
		redact_verdict(arena, ret->record, ret);
}

static void complain(struct session *s, const struct mia_error *error)
{
	cli_complain("%s", error->message);
	s->status = worst_status(s->status, (int)error->code);
}

/* The boot is shown nevertheless: the rest of it may be right. */
static void complain_of_model(struct session *s, const struct verdict *verdict)
{
	if (!verdict->broken)
		return;
	cli_complain("%s: internal error, please report it: %s", verdict->input_name, verdict->broken);
	s->status = worst_status(s->status, STATUS_INTERNAL);
}

static void progress(const struct session *s)
{
	if (s->nr_done % 100 == 0 && !cli_has(s->cli, OPTION_QUIET) && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO))
		fprintf(stderr, "\r%zu boots", s->nr_done);
}

static bool visit(void *context, struct arena *arena, const struct input *input, const struct mia_error *error)
{
	struct session *s = context;
	struct boot_records boots = { 0 };
	size_t first = 0, last = 0;

	if (!error)
		error = bundle_parse(arena, input, &boots);
	if (!error)
		error = choose(s, arena, input, boots.nr, &first, &last);
	if (error) {
		complain(s, error);
		return true;
	}
	for (size_t i = first; i < last && !s->stopped; i++) {
		struct verdict verdict;
		int status;

		analyse(s, arena, input, &boots, i, &verdict);
		complain_of_model(s, &verdict);
		status = s->each(s->context, arena, &verdict);
		s->status = worst_status(s->status, status);
		s->stopped = status == STATUS_INTERNAL;
		s->nr_done++;
		progress(s);
	}
	return !s->stopped;
}

/* The input's name "" stands for the running machine. */
static void run_live(struct session *s, struct arena *arena)
{
	struct input *input = arena_new(arena, struct input);
	struct mia_error *error = input_live(arena, "", input);

	if (error)
		complain(s, error);
	else
		visit(s, arena, input, NULL);
}

static void run_all(struct session *s, struct arena *arena, char **inputs, int nr)
{
	for (int i = 0; i < nr && !s->stopped; i++) {
		struct mia_error *error = input_walk(arena, inputs[i], visit, s);

		if (error)
			complain(s, error);
	}
	if (!nr)
		run_live(s, arena);
}

static int run_guarded(struct session *s, char **inputs, int nr)
{
	struct arena *arena = arena_create(ARENA_LIMIT);

	if (!arena)
		return STATUS_INTERNAL;
	if (arena_guard(arena)) {
		cli_complain("out of memory");
		s->status = STATUS_INTERNAL;
	} else {
		run_all(s, arena, inputs, nr);
	}
	arena_destroy(arena);
	return s->status;
}

int session_run(const struct cli *cli, char **inputs, int nr, session_fn *each, void *context)
{
	struct session s;
	int status = session_open(&s, cli);

	s.each = each;
	s.context = context;
	if (status == STATUS_OK)
		status = run_guarded(&s, inputs, nr);
	session_close(&s);
	return status;
}
