/*
 * analysis.c - the table of contents: what is done with one boot, in order.
 */
#include "mia/analysis.h"

#include "mia/arena.h"

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

static struct str command_line_of(const struct boot_record *record)
{
	const struct fact *f = facts_first(&record->log, FACT_COMMAND_LINE), *later = facts_first(&record->log, FACT_KERNEL_COMMAND_LINE);

	if (f)
		return f->s[0];
	return later ? later->s[0] : record->cmdline;
}

void analysis_run(struct arena *arena, const struct boot_record *record, const struct analysis_options *options, struct verdict *ret)
{
	struct machine *machine = arena_new(arena, struct machine);
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct cmdline *cmdline = arena_new(arena, struct cmdline);
	struct boot *boot = arena_new(arena, struct boot);

	(void)options;
	machine_extract(arena, record, machine);
	kernel_extract(arena, record, machine, kernel);
	cmdline_parse(arena, command_line_of(record), cmdline);
	boot_run(arena, machine, kernel, cmdline, record, boot);
	*ret = (struct verdict){ .record = record, .machine = machine, .kernel = kernel, .boot = boot };
	verify(arena, record, boot, &ret->checks);
	ledger_build(arena, ret);
}
