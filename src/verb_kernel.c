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
	struct str build; /* of the version line: number, options, date */
	size_t nr;
};

/* "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-08-01)" */
static struct str build_of(const struct boot_record *record)
{
	const struct fact *f = facts_first(&record->log, FACT_LINUX_VERSION);
	ptrdiff_t at = f ? str_find(f->s[1], STR("#")) : -1;

	return at < 0 ? (struct str){ 0 } : str_skip(f->s[1], (size_t)at);
}

/* One that is cut short may be the same. */
static bool same_build(struct str a, struct str b)
{
	size_t n = min_u64(a.n, b.n);

	return !n || !memcmp(a.p, b.p, n);
}

/* Why nothing can be learnt from this boot; NULL if something can. */
static const char *why_nothing(const struct kernel *k)
{
	if (!k->release.text.n)
		return "the line that names the kernel's release is missing";
	return k->arch == ARCH_X86_64 || k->arch == ARCH_I386 ? NULL : "this is no kernel for x86";
}

/* What makes it another kernel than the first boot's; NULL if it is the same. */
static const char *why_another(const struct learning *l, const struct verdict *v)
{
	if (!str_eq(l->kernel.release.text, v->kernel->release.text))
		return "another kernel";
	if (l->kernel.arch != v->kernel->arch)
		return "this release for another architecture";
	return same_build(l->build, build_of(v->record)) ? NULL : "another build of this release";
}

static bool can_learn(const struct learning *l, const struct verdict *v)
{
	const char *nothing = why_nothing(v->kernel), *another = l->nr && !nothing ? why_another(l, v) : NULL;

	if (nothing)
		cli_complain("%s: nothing can be learnt from it: %s", v->input_name, nothing);
	else if (another)
		cli_complain("%s: %s (%.*s, %s) than the first input's (%.*s, %s)", v->input_name, another, STR_ARG(v->kernel->release.text), arch_name(v->kernel->arch),
			     STR_ARG(l->kernel.release.text), arch_name(l->kernel.arch));
	return !nothing && !another;
}

static int learn_one(void *context, struct arena *arena, struct verdict *verdict)
{
	struct learning *l = context;
	struct str build = build_of(verdict->record);

	(void)arena;
	if (!can_learn(l, verdict))
		return STATUS_INPUT;
	if (!l->build.n)
		l->build = (struct str){ arena_strndup(l->arena, build.p, build.n), build.n };
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
