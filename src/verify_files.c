/*
 * verify_files.c - single numbers of single files.
 */
#include "verify.h"

static void verify_min_free(struct verifier *v)
{
	struct said said = v->record->min_free_kbytes;
	/* Zones that grow were given the file's own number, unless theirs does not hang on it. */
	bool known = v->now && (v->boot->min_free_known || v->boot->onlined_later) && !verify_blocks_offline(v);
	struct check_of of = { "min_free_kbytes", "machine", SOURCE_SYSCTL_MIN_FREE, said.line, STAGE_WATERMARKS };

	if (said.line)
		verify_add(v, &of, known ? value_number(v->now->min_free_kbytes) : value_unknown, value_said(said));
}

/* CPUs that run; the log may not say how many came up. */
static void verify_cpus(struct verifier *v)
{
	struct said said = v->record->cpus_online;
	struct check_of of = { "cpus_online", "machine", SOURCE_CPUINFO, said.line, STAGE_SETUP };

	if (said.line && v->boot->machine->online_cpus)
		verify_add(v, &of, value_number(v->boot->machine->online_cpus), value_said(said));
}

/* Modules that are installed hold at least what the firmware lets the kernel use. */
static void verify_installed(struct verifier *v)
{
	struct check_of of = { "installed_bytes", "machine", SOURCE_DMIDECODE, 1, STAGE_E820 };
	uint64_t dimms = v->record->dimm_bytes, usable;

	if (!dimms || !v->boot->e820_steps.nr)
		return;
	usable = e820_bytes(&v->boot->e820_steps.v[0].table, E820_TYPE_RAM);
	/* What is between the two the firmware keeps: the ledger shows it. */
	verify_allow(verify_add(v, &of, value_number(usable), value_number(dimms)), dimms >= usable ? UINT64_MAX : 0, "the firmware keeps the difference");
}

void verify_files(struct verifier *v)
{
	verify_min_free(v);
	verify_cpus(v);
	verify_installed(v);
}
