/*
 * analysis.c - the table of contents: what is done with one boot, in order.
 */
#include "mia/analysis.h"

#include "hypotheses.h"
#include "kaslr.h"
#include "mia/arena.h"
#include "mia/learn.h"
#include "mia/shipped.h"
#include "mia/triage.h"

const char *basis_name(enum basis basis)
{
	static const char *const names[] = { "unknown", "estimated", "bounded", "exact" };

	return names[basis];
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

/* The image and what was read of it agree: a profile of another build with the same name does not fit. */
static bool same_build(const struct kernel *k, const struct kernel *profile)
{
	const struct quantity *said[] = { &k->code_kib, &k->rwdata_kib, &k->rodata_kib, &k->init_kib, &k->bss_kib, &k->percpu_static };
	const struct quantity *learnt[] = { &profile->code_kib, &profile->rwdata_kib, &profile->rodata_kib, &profile->init_kib, &profile->bss_kib, &profile->percpu_static };

	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if (is_known(*said[i]) && is_known(*learnt[i]) && said[i]->v != learnt[i]->v)
			return false;
	return true;
}

static void find_profile(const struct analysis_options *options, struct kernel *kernel)
{
	const struct kernel *profile = options->profile ? options->profile : shipped_find(options->shipped, kernel->release.text, kernel->arch);

	if (profile && (options->profile || same_build(kernel, profile))) {
		kernel_apply_profile(kernel, profile);
		return;
	}
	kernel_apply_neighbours(kernel, shipped_neighbour(options->shipped, kernel, false), shipped_neighbour(options->shipped, kernel, true));
}

void analysis_run(struct arena *arena, const struct boot_record *record, const struct analysis_options *options, struct verdict *ret)
{
	struct machine *machine = arena_new(arena, struct machine);
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct cmdline *cmdline = arena_new(arena, struct cmdline);
	struct boot *boot = arena_new(arena, struct boot);
	bool cut = false;

	machine_extract(arena, record, machine);
	kernel_extract(arena, record, machine, kernel);
	find_profile(options, kernel);
	kernel_assume_cpu(machine, kernel);
	cmdline_parse(arena, cmdline_of(arena, record, &cut), cmdline);
	if (cut)
		cmdline_drop_cut(cmdline);
	cmdline_forget(arena, cmdline, kernel->unknown_options);
	if (machine->arch == ARCH_OTHER) {
		/* Recognised, and not re-executed. */
		*boot = (struct boot){ .arena = arena, .machine = machine, .kernel = kernel, .cmdline = cmdline, .record = record, .traits = &kernel->traits };
		*ret = (struct verdict){ .record = record, .machine = machine, .kernel = kernel, .boot = boot };
		gaps_collect(arena, ret);
		triage_run(arena, NULL, ret);
		return;
	}
	if (!kernel->has_profile)
		hypotheses_choose(arena, machine, kernel, cmdline, record);
	hypotheses_xen(arena, machine, kernel, cmdline, record);
	kaslr_search(arena, machine, kernel, cmdline, record, boot);
	*ret = (struct verdict){ .record = record, .machine = machine, .kernel = kernel, .boot = boot };
	verify(arena, record, boot, &ret->checks);
	ledger_build(arena, ret);
	tools_compare(arena, ret);
	gaps_collect(arena, ret);
	ret->broken = machine_check(arena, ret);
	triage_run(arena, options->rules, ret);
}
