/*
 * stage_boot.h - a boot for one stage: traits of a release, a command line, and memory put in by hand.
 *
 * Included once by a test.
 */
#ifndef MIA_STAGE_BOOT_H
#define MIA_STAGE_BOOT_H

#include "stages.h"
#include "unit.h"

static struct machine machine;
static struct kernel kernel;
static struct cmdline cmdline;
static struct boot boot;

/* A boot of @release with @options, before its first stage. */
static inline struct boot *boot_of(const char *release, enum arch arch, const char *options)
{
	machine = (struct machine){ .arch = arch, .possible_cpus = 2, .online_cpus = 2 };
	kernel = (struct kernel){ .arch = arch };
	release_parse(str_of(release), &kernel.release);
	traits_resolve(&kernel.release, arch, NULL, &kernel.traits);
	cmdline = (struct cmdline){ 0 };
	cmdline_parse(arena, str_of(options), &cmdline);
	boot = (struct boot){ .arena = arena, .machine = &machine, .kernel = &kernel, .cmdline = &cmdline, .traits = &kernel.traits };
	memblock_init(&boot.memblock, arena);
	return &boot;
}

/* RAM of page frames [start, end) on a node. */
static inline void ram(int nid, uint64_t start, uint64_t end)
{
	memblock_add(&boot.memblock, PFN_PHYS(start), PFN_PHYS(end), nid, 0);
	boot.max_pfn = boot.max_low_pfn = max_u64(boot.max_pfn, end);
	if ((size_t)nid < boot.nr_nodes)
		return;
	boot.nr_nodes = (size_t)nid + 1;
	boot.node = arena_array(arena, struct pgdat, 64);
	for (int n = 0; n < 64; n++)
		boot.node[n].nid = n;
}

#define ZONE(nid, type) (&boot.node[nid].zone[ZONE_##type])

/* How often a fact was said, and its first number the last time. */
static inline size_t said(enum fact_kind kind, uint64_t *v0)
{
	size_t times = 0;

	for (size_t i = 0; i < boot.said.nr; i++) {
		if (boot.said.v[i].fact.kind != kind)
			continue;
		times++;
		*v0 = boot.said.v[i].fact.v[0];
	}
	return times;
}

#endif
