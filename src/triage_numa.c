/* triage_numa.c - rules about nodes. */
#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "triage.h"

/* The kernel tolerates less than this. Kernel: numa_meminfo_cover_memory(). */
#define SRAT_GAP_LEAST MIB

static bool has_table(const struct triage *t, const char *signature)
{
	for (size_t i = 0; i < t->machine->acpi.nr; i++)
		if (!strcmp(t->machine->acpi.v[i].signature, signature))
			return true;
	return false;
}

static uint32_t line_of_table(const struct triage *t, const char *signature)
{
	for (size_t i = 0; i < t->machine->acpi.nr; i++)
		if (!strcmp(t->machine->acpi.v[i].signature, signature))
			return t->machine->acpi.v[i].line;
	return 0;
}

/* Nodes that the SRAT names. */
static unsigned srat_nodes(const struct triage *t)
{
	const struct srat *srat = &t->machine->srat;
	unsigned nodes = 0;

	for (size_t i = 0; i < srat->nr; i++) {
		size_t k = 0;

		while (k < i && srat->v[k].node != srat->v[i].node)
			k++;
		nodes += k == i;
	}
	return nodes;
}

/* Parts that are made for machines with several packages. */
static bool made_for_several(const struct triage *t)
{
	static const struct str marks[] = {
		STR("EPYC"),
		STR("Opteron"),
		STR("Xeon(R) Gold"),
		STR("Xeon(R) Silver"),
		STR("Xeon(R) Platinum"),
		STR("E5-2"),
		STR("E5-4"),
		STR("E7-"),
		STR("L55"),
		STR("E55"),
		STR("X55"),
		STR("L56"),
		STR("E56"),
		STR("X56"),
		STR("X75"),
	};
	const struct fact *cpu = facts_first(t->log, FACT_CPU_MODEL);

	for (size_t i = 0; cpu && i < ARRAY_SIZE(marks); i++)
		if (str_find(cpu->s[0], marks[i]) >= 0)
			return true;
	return false;
}

/*
 * Several packages on a real machine; a hypervisor often makes one of each CPU. Kernels before 6.9 print how many there may be,
 * absent CPUs and disabled threads counted as more: that is a hint, and only where the CPU is made for it.
 */
static bool several_packages(const struct triage *t, bool *certain)
{
	const struct fact *f = facts_first(t->log, FACT_CPU_PACKAGES);

	*certain = t->record->cpu_packages.line || (f && f->tag);
	if (t->machine->hypervisor)
		return false;
	if (t->record->cpu_packages.line)
		return t->record->cpu_packages.value > 1;
	return f && f->v[0] > 1 && (f->tag || made_for_several(t));
}

static void lost(struct triage *t, enum severity severity, const char *title, const char *advice, uint32_t line)
{
	struct finding *f = triage_add(t, severity, "%s", title);

	if (advice)
		f->advice = advice;
	triage_bytes(f, 0);
	triage_line(f, line);
	triage_lines(t, f, FACT_SRAT_UNUSED);
	triage_line(f, triage_line_of(t, FACT_NUMA_NONE));
	triage_line(f, triage_line_of(t, FACT_NUMA_DUMMY));
	triage_line(f, triage_line_of(t, FACT_CPU_PACKAGES));
}

void rule_numa_lost(struct triage *t)
{
	bool off = cmdline_is(t->boot->cmdline, "numa", "off") || facts_first(t->log, FACT_NUMA_OFF);
	bool certain, packages = several_packages(t, &certain),
		      several = srat_nodes(t) > 1 || (packages && certain) || has_table(t, "SRAT");
	const char *one = t->boot->numa_dummy ? "all memory is one node" : "the nodes are not the firmware's";

	if (off)
		lost(t, several ? SEVERITY_WARNING : SEVERITY_NOTE,
		     triage_text(t, "NUMA is off, as numa=off asks%s: all memory is one node%s",
				 triage_at(t, triage_cmdline_line(t)), several ? ", though the firmware describes nodes" : ""),
		     "Remove numa=off from the boot loader's command line", line_of_table(t, "SRAT"));
	else if (t->machine->srat_rejected)
		lost(t, SEVERITY_WARNING,
		     triage_text(t, "The kernel rejected the firmware's SRAT%s: %s",
				 triage_at(t, triage_line_of(t, FACT_SRAT_UNUSED)), one),
		     "Update the firmware: its SRAT contradicts its memory map", line_of_table(t, "SRAT"));
	else if (t->record->has_source[SOURCE_DMESG] && t->boot->numa_dummy && packages && !has_table(t, "SRAT"))
		lost(t, certain ? SEVERITY_WARNING : SEVERITY_NOTE,
		     triage_text(t, "%s CPU packages and no SRAT%s: all memory is one node",
				 certain ? "Several" : "Perhaps several", triage_at(t, triage_line_of(t, FACT_NUMA_NONE))),
		     NULL, 0);
}

void rule_memoryless(struct triage *t)
{
	struct strbuf which = { .arena = t->arena };
	uint64_t nr = 0;
	struct finding *f;

	if (!t->boot->physpages)
		return;
	for (size_t n = 0; n < t->boot->nr_nodes; n++) {
		if (!t->boot->node[n].online || t->boot->node[n].present)
			continue;
		strbuf_printf(&which, "%s%zu", which.n ? ", " : "", n);
		nr++;
	}
	if (!nr)
		return;
	f = triage_add(t, SEVERITY_WARNING, "Node%s %s ha%s no memory, of %zu that are online%s", nr == 1 ? "" : "s",
		       strbuf_str(&which).p, nr == 1 ? "s" : "ve", t->boot->nr_online,
		       triage_at(t, triage_line_of(t, FACT_NODE_MEMORYLESS)));
	triage_bytes(f, 0);
	triage_lines(t, f, FACT_NODE_MEMORYLESS);
	triage_lines(t, f, FACT_NODE_INIT_MEMORYLESS);
}

/* RAM of the firmware's map that its SRAT does not cover. */
static uint64_t uncovered(struct triage *t)
{
	const struct e820_table *map = &t->boot->e820_steps.v[0].table;
	struct phys_ranges left = { 0 };

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type == E820_TYPE_RAM)
			ranges_add(t->arena, &left, (struct phys_range){ map->v[i].start, map->v[i].end });
	for (size_t i = 0; i < t->machine->srat.nr; i++)
		ranges_remove(t->arena, &left, t->machine->srat.v[i].range);
	return ranges_bytes(&left);
}

void rule_srat_gap(struct triage *t)
{
	const struct fact *said = facts_first(t->log, FACT_NUMA_COVERAGE), *old = facts_first(t->log, FACT_NUMA_COVERAGE_OLD);
	uint64_t bytes = t->machine->srat.nr && t->boot->e820_steps.nr ? uncovered(t) : 0;
	uint32_t line = said ? said->line : old ? old->line : 0;
	struct finding *f;

	if (!bytes && said)
		bytes = said->v[0] * MIB;
	if (!bytes && old)
		bytes = sub_sat(old->v[1], old->v[0]) * MIB;
	if (bytes < SRAT_GAP_LEAST)
		return;
	f = triage_add(t, SEVERITY_ERROR, "%s of the firmware's RAM are in no range of its SRAT%s", triage_size(t, bytes),
		       triage_at(t, line                  ? line
				    : t->machine->srat.nr ? t->machine->srat.v[0].line
							  : 0));
	triage_bytes(f, bytes);
	triage_line(f, line);
	triage_lines(t, f, FACT_SRAT_MEM);
}
