/* verb_kernel.c - learn what one kernel build costs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "kernel_json.h"
#include "mia/arena.h"
#include "mia/learn.h"
#include "mia/shipped.h"
#include "session.h"

struct learning {
	struct arena *arena; /* outlives the boots */
	struct kernel kernel;
	size_t nr;
};

static int learn_one(void *context, struct arena *arena, struct verdict *verdict)
{
	struct learning *l = context;

	(void)arena;
	if (l->nr && !str_eq(l->kernel.release.text, verdict->kernel->release.text)) {
		cli_complain("%s: another kernel (%.*s) than the first input's (%.*s)", verdict->input_name, STR_ARG(verdict->kernel->release.text), STR_ARG(l->kernel.release.text));
		return STATUS_INPUT;
	}
	learn_boot(l->arena, verdict->record, verdict->boot, &l->kernel);
	l->nr++;
	return STATUS_OK;
}

static int write_profile(const struct cli *cli, const struct kernel *kernel)
{
	const char *path = cli->value[OPTION_OUTPUT];
	struct json_object *doc = kernel_to_json(kernel);
	const char *text = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	FILE *out = path && strcmp(path, "-") ? fopen(path, "w") : stdout;
	int status = STATUS_OK;

	if (!out) {
		cli_complain("%s: %s", path, strerror(errno));
		json_object_put(doc);
		return STATUS_INTERNAL;
	}
	json_put(str_of(text), out);
	fputc('\n', out);
	if (out != stdout && fclose(out)) {
		cli_complain("%s: %s", path, strerror(errno));
		status = STATUS_INTERNAL;
	}
	json_object_put(doc);
	return status;
}

static int list_profiles(const struct cli *cli)
{
	if (cli->nr_args > 1)
		return cli_usage_error(cli, "'kernel list' wants nothing more, not '%s'", cli->args[1]);
	for (size_t i = 0; shipped_name(i); i++)
		printf("%s\n", shipped_name(i));
	return STATUS_OK;
}

int verb_kernel(const struct cli *cli)
{
	struct learning l = { 0 };
	int status;

	if (cli->nr_args && !strcmp(cli->args[0], "list"))
		return list_profiles(cli);
	l.arena = arena_create((size_t)64 << 20);

	if (!cli->nr_args || strcmp(cli->args[0], "learn"))
		return cli_usage_error(cli, "what to do with kernels? there are 'kernel learn INPUT...' and 'kernel list'");
	if (cli->nr_args < 2)
		return cli_usage_error(cli, "'kernel learn' wants boots to learn from");
	if (!l.arena || arena_guard(l.arena)) {
		cli_complain("out of memory");
		return STATUS_INTERNAL;
	}
	status = session_run(cli, cli->args + 1, cli->nr_args - 1, learn_one, &l);
	/* What one bad input did not give, the others may. */
	if (l.nr)
		status = worst_status(status, write_profile(cli, &l.kernel));
	arena_destroy(l.arena);
	return status;
}
