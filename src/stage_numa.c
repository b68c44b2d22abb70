/*
 * stage_numa.c - from the firmware's affinity tables to nodes with memory.
 *
 *   in:   machine.srat, slit; numa= on the command line; memblock.memory
 *   out:  boot.numa (blocks), node ids in memblock, boot.node[], NODE_DATA reserved
 *   says: merges, the faked node, where NODE_DATA lies
 *
 * Kernel: x86_numa_init(), numa_cleanup_meminfo(), numa_register_memblks() (arch/x86/mm/numa.c; mm/numa_memblks.c from 6.12),
 *         alloc_node_data().
 */
#include "memblock_replay.h"
#include "stage_numa.h"

#define NODE_MIN_SIZE (4 * MIB)
#define COVERAGE_SLACK_PAGES (MIB >> PAGE_SHIFT)

static struct phys_range all_memory(const struct boot *b)
{
	const struct memblock_type *memory = &b->memblock.memory;

	/* From 6.12 on the bounds are those of RAM, not 0 and max_pfn. */
	if (boot_trait(b, TRAIT_NUMA_CLIP) == NUMA_CLIP_DRAM && memory->nr)
		return (struct phys_range){ memory->v[0].base, memory->v[memory->nr - 1].end };
	return (struct phys_range){ 0, PFN_PHYS(b->max_pfn) };
}

static void erase_block(struct numa_meminfo *mi, size_t at)
{
	mi->nr--;
	for (size_t i = at; i < mi->nr; i++)
		mi->v[i] = mi->v[i + 1];
}

/* Cut blocks to memory; drop those without any. */
static void clip_blocks(struct boot *b, struct numa_meminfo *mi)
{
	bool drop = boot_trait(b, TRAIT_NUMA_CLIP) != NUMA_CLIP_ONLY;
	struct phys_range bounds = all_memory(b);

	for (size_t i = 0; i < mi->nr;) {
		struct phys_range r = mi->v[i].range;
		bool empty = drop && !memblock_overlaps(&b->memblock.memory, r.start, r.end);

		mi->v[i].range = phys_clip(r, bounds);
		if (empty || !phys_len(mi->v[i].range))
			erase_block(mi, i);
		else
			i++;
	}
}

/* Would the union of two blocks of a node take in a block of another? */
static bool other_node_between(const struct numa_meminfo *mi, struct phys_range joined, int nid)
{
	for (size_t i = 0; i < mi->nr; i++)
		if (mi->v[i].nid != nid && phys_overlaps(mi->v[i].range, joined))
			return true;
	return false;
}

/* Kernel: numa_cleanup_meminfo(); false where blocks of two nodes overlap. */
bool numa_cleanup(struct boot *b, struct numa_meminfo *mi)
{
	clip_blocks(b, mi);
	for (size_t i = 0; i < mi->nr; i++) {
		struct numa_block *x = &mi->v[i];

		for (size_t j = i + 1; j < mi->nr;) {
			struct numa_block *y = &mi->v[j];
			struct phys_range joined = { min_u64(x->range.start, y->range.start), max_u64(x->range.end, y->range.end) };

			if (phys_overlaps(x->range, y->range) && x->nid != y->nid) {
				SAY(b, NUMA_OVERLAP, 0, (uint64_t)x->nid, x->range.start, x->range.end, (uint64_t)y->nid, y->range.start, y->range.end);
				return false;
			}
			if (x->nid != y->nid || other_node_between(mi, joined, x->nid)) {
				j++;
				continue;
			}
			if (boot_trait(b, TRAIT_NUMA_SETUP) != NUMA_SETUP_OLD)
				SAY(b, NUMA_MERGE, 0, (uint64_t)x->nid, x->range.start, x->range.end, y->range.start, y->range.end, joined.start, joined.end);
			x->range = joined;
			erase_block(mi, j);
		}
	}
	return true;
}

/* A table of distances, made when the first one is set. Kernel: numa_alloc_distance(). */
void numa_alloc_distance(struct boot *b, size_t nodes)
{
	struct memblock_request request = { .size = nodes * nodes, .align = PAGE_SIZE, .nid = NUMA_NO_NODE, .ranged = true };

	boot_alloc(b, OWNER_NUMA_DISTANCE, &request);
	if (boot_trait(b, TRAIT_DISTANCE_LINE))
		SAY(b, NUMA_DISTANCE, 0, nodes);
}

/* CONFIG_NUMA, which 64-bit kernels have unless they show that they do not. */
static bool has_numa(const struct boot *b)
{
	const struct kernel *k = b->kernel;

	return k->has_numa || (!k->numa_denied && !k->has_profile && k->arch == ARCH_X86_64);
}

/* @silent: to 2.6.38 nodes were emulated without a word of there being none. */
static void dummy_node(struct boot *b, bool silent)
{
	/* A guest that Xen gave its pages to knows nothing of nodes. Kernel: xen_arch_setup(). */
	bool off = cmdline_is(b->cmdline, "numa", "off") || b->machine->firmware == FIRMWARE_XEN;
	/* Without nodes all that is there is node 0's, even what cannot be used. */
	bool says = has_numa(b) && !silent;
	struct phys_range all = { 0, has_numa(b) ? PFN_PHYS(b->max_pfn) : UINT64_MAX };

	if (off && says)
		SAY(b, NUMA_OFF, 0, 0);
	else if (says)
		SAY(b, NUMA_NONE, 0, 0);
	if (says)
		SAY(b, NUMA_DUMMY, 0, all.start, all.end);
	b->numa_dummy = true;
	b->numa.nr = 0;
	*vec_push(b->arena, &b->numa) = (struct numa_block){ all, 0 };
	if (has_numa(b))
		numa_cleanup(b, &b->numa);
}

/* Highest node that the affinity tables name, plus one. */
static size_t nodes_parsed(const struct boot *b)
{
	int highest = 0;

	for (size_t i = 0; i < b->machine->srat.nr; i++)
		highest = highest > b->machine->srat.v[i].node ? highest : b->machine->srat.v[i].node;
	for (size_t i = 0; i < b->machine->apic_node.nr; i++)
		highest = highest > b->machine->apic_node.v[i] ? highest : b->machine->apic_node.v[i];
	for (size_t i = 0; i < b->machine->possible_cpus && b->machine->cpu_node; i++)
		highest = highest > b->machine->cpu_node[i] ? highest : b->machine->cpu_node[i];
	return (size_t)highest + 1;
}

/* Kernel: acpi_numa_memory_affinity_init(), acpi_numa_slit_init(). */
static bool srat_blocks(struct boot *b)
{
	if (!b->machine->has_srat || b->machine->srat_rejected || cmdline_is(b->cmdline, "numa", "off") ||
	    cmdline_is(b->cmdline, "numa", "noacpi") || cmdline_is(b->cmdline, "acpi", "off"))
		return false;
	b->numa.nr = 0;
	for (size_t i = 0; i < b->machine->srat.nr; i++) {
		const struct srat_memory *s = &b->machine->srat.v[i];

		*vec_push(b->arena, &b->numa) = (struct numa_block){ s->range, s->node };
		b->max_possible_pfn = max_u64(b->max_possible_pfn, PFN_UP(s->range.end));
		if (s->flags & SRAT_HOT_PLUGGABLE)
			memblock_set_flags(&b->memblock, &b->memblock.memory, s->range.start, s->range.end, MEMBLOCK_HOTPLUG, true);
	}
	if (machine_has_table(b->machine, "SLIT") && !b->machine->slit_invalid)
		numa_alloc_distance(b, nodes_parsed(b));
	return numa_cleanup(b, &b->numa);
}

/* Pages of RAM that no block covers. */
static uint64_t uncovered_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		struct phys_range r = { b->memblock.memory.v[i].base, b->memblock.memory.v[i].end };
		uint64_t covered = 0;

		for (size_t j = 0; j < b->numa.nr; j++)
			covered += phys_len(phys_clip(r, b->numa.v[j].range));
		pages += sub_sat(phys_len(r), covered) >> PAGE_SHIFT;
	}
	return pages;
}

static bool covers_memory(struct boot *b)
{
	uint64_t missing = uncovered_pages(b), all = memblock_bytes(&b->memblock.memory) >> PAGE_SHIFT;

	if (missing < COVERAGE_SLACK_PAGES + (boot_trait(b, TRAIT_NUMA_CLIP) == NUMA_CLIP_DRAM))
		return true;
	if (boot_trait(b, TRAIT_MEMORYLESS_TEXT) == MEMORYLESS_SHORT)
		SAY(b, NUMA_COVERAGE, 0, missing >> 8, all >> 8);
	else
		SAY(b, NUMA_COVERAGE_OLD, 0, (all - missing) >> 8, all >> 8);
	return false;
}

/* Give each region of memory the node of its block. */
static void set_nodes(struct boot *b)
{
	struct memblock *mb = &b->memblock;

	for (size_t i = 0; i < b->numa.nr; i++) {
		struct phys_range r = b->numa.v[i].range;

		memblock_set_node(mb, &mb->memory, r.start, r.end, b->numa.v[i].nid);
		if (boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_RAM)
			memblock_set_node(mb, &mb->reserved, r.start, r.end, b->numa.v[i].nid);
	}
	/* Memory that no block covers stays where it is, on no node; the kernel's zones count it for node 0. */
	for (size_t i = 0; i < mb->memory.nr; i++) {
		const struct memblock_region r = mb->memory.v[i];

		if (r.nid != NUMA_NO_NODE)
			continue;
		memblock_set_node(mb, &mb->memory, r.base, r.end, 0);
		/* It may have become one with the region before it. */
		i -= i && (i >= mb->memory.nr || mb->memory.v[i].base != r.base);
	}
}

static void make_nodes(struct boot *b)
{
	size_t nr = b->numa_dummy || b->numa_fake ? 1 : nodes_parsed(b);

	for (size_t i = 0; i < b->numa.nr; i++)
		nr = nr > (size_t)b->numa.v[i].nid + 1 ? nr : (size_t)b->numa.v[i].nid + 1;
	b->nr_nodes = nr;
	b->node = arena_array(b->arena, struct pgdat, nr);
	for (size_t n = 0; n < nr; n++)
		b->node[n].nid = (int)n;
}

bool numa_node_span(const struct boot *b, int nid, struct phys_range *span)
{
	*span = (struct phys_range){ UINT64_MAX, 0 };
	for (size_t i = 0; i < b->numa.nr; i++) {
		if (b->numa.v[i].nid == nid) {
			span->start = min_u64(span->start, b->numa.v[i].range.start);
			span->end = max_u64(span->end, b->numa.v[i].range.end);
		}
	}
	return span->start < span->end;
}

static void say_node_data(struct boot *b, int nid, struct phys_range r, int on)
{
	if (boot_trait(b, TRAIT_NODE_DATA_TEXT) == NODE_DATA_ALLOCATED)
		SAY(b, NODE_DATA, 0, (uint64_t)nid, r.start, r.end);
	else
		SAY(b, NODE_DATA_OLD, 0, r.start, r.end);
	if (on != nid)
		SAY(b, NODE_DATA_ON, 0, (uint64_t)nid, (uint64_t)on);
}

static int node_of(const struct memblock *mb, uint64_t addr)
{
	size_t i = memblock_search(&mb->memory, addr);

	return i < mb->memory.nr && mb->memory.v[i].base <= addr ? mb->memory.v[i].nid : 0;
}

/* Kernel: alloc_node_data(). */
void numa_alloc_node_data(struct boot *b, int nid)
{
	uint64_t unit = (uint64_t)boot_trait(b, TRAIT_NODE_DATA_ALIGN);
	struct memblock_request request = { .size = round_up_to(b->kernel->pglist_data.v, unit), .align = 64, .nid = nid };
	struct pgdat *node = &b->node[nid];
	uint64_t base;

	if (!is_known(b->kernel->pglist_data))
		return;
	base = boot_alloc(b, OWNER_NODE_DATA, &request);
	if (!base)
		return;
	node->node_data = (struct phys_range){ base, base + request.size };
	if (!efi_in_the_way(b, node->node_data))
		say_node_data(b, nid, node->node_data, node_of(&b->memblock, base));
}

/* To 3.16 the node is announced here, with what its blocks span; 2.6.32 calls it by the boot allocator's name. */
static void say_setup(struct boot *b, int nid, struct phys_range span)
{
	int text = boot_trait(b, TRAIT_SETUP_TEXT);

	if (text <= SETUP_EARLY && has_numa(b) && (!b->numa_fake || text == SETUP_BOOTMEM) && b->machine->arch != ARCH_I386)
		SAY(b, NODE_SETUP, 0, (uint64_t)nid, span.start, span.end);
}

static void bring_online(struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++) {
		struct pgdat *node = &b->node[n];
		struct phys_range span;

		if (!numa_node_span(b, (int)n, &span))
			continue;
		if (boot_trait(b, TRAIT_NODE_MIN_SIZE) && phys_len(span) < NODE_MIN_SIZE)
			continue;
		node->online = true;
		say_setup(b, (int)n, span);
		numa_alloc_node_data(b, (int)n);
	}
}

/* The node of the firmware behind an emulated one. */
static int physical_of(const struct boot *b, int nid)
{
	/* They are numbered as they were cut. */
	if ((size_t)nid < b->fakes.nr && b->fakes.v[nid].nid == nid)
		return b->fakes.v[nid].physical;
	for (size_t i = 0; i < b->fakes.nr; i++)
		if (b->fakes.v[i].nid == nid)
			return b->fakes.v[i].physical;
	return nid;
}

uint8_t boot_distance(const struct boot *b, int from, int to)
{
	/* What the running kernel tells is of its own nodes, emulated ones too. */
	if (b->numa_fake && b->record && b->record->nodes.nr)
		return machine_distance(b->machine, from, to);
	return machine_distance(b->machine, physical_of(b, from), physical_of(b, to));
}

/* A CPU counts on every node that was cut from its own. Kernel: numa_add_cpu() with CONFIG_NUMA_EMU. */
static void count_on_fakes(struct boot *b, int nid)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		b->node[n].cpus += physical_of(b, (int)n) == physical_of(b, nid);
}

/* The first node that was cut from a real one. */
static int first_fake_of(const struct boot *b, int physical)
{
	for (size_t i = 0; i < b->fakes.nr; i++)
		if (b->fakes.v[i].physical == physical)
			return b->fakes.v[i].nid;
	return 0;
}

/* Where no table says where CPUs belong, emulated nodes get them in turn. Kernel: numa_init_array(). */
static int nth_online(const struct boot *b, size_t nth)
{
	size_t online = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		online += b->node[n].online;
	for (size_t n = 0, left = online ? nth % online : 0; n < b->nr_nodes; n++)
		if (b->node[n].online && !left--)
			return (int)n;
	return 0;
}

int numa_cpu_node(const struct boot *b, size_t cpu)
{
	const struct machine *m = b->machine;
	int nid = m->cpu_node && cpu < m->possible_cpus ? m->cpu_node[cpu] : 0;

	if (b->numa_dummy)
		return b->numa_fake ? nth_online(b, cpu) : 0;
	/* A log names the emulated node of a CPU as it starts; the SRAT and a machine the real one. */
	return b->numa_fake && !(b->record && m->cpu_said && cpu < m->possible_cpus && m->cpu_said[cpu]) ? first_fake_of(b, nid) : nid;
}

/* Before 2.6.39 all CPUs are dealt out first, and stay there where the table names a node that has no memory. Kernel: init_cpu_to_node(). */
int numa_early_cpu_node(const struct boot *b, size_t cpu)
{
	const struct machine *m = b->machine;
	int nid = cpu < m->apic_node.nr ? m->apic_node.v[cpu] : NUMA_NO_NODE;

	if (boot_trait(b, TRAIT_NUMA_SETUP) != NUMA_SETUP_OLD)
		return numa_cpu_node(b, cpu);
	if (b->numa_dummy || b->numa_fake || nid < 0 || (size_t)nid >= b->nr_nodes || !b->node[nid].online)
		return nth_online(b, cpu);
	return nid;
}

/* CPUs of each node; a CPU whose node has no memory to its own counts there all the same. */
static void count_cpus(struct boot *b)
{
	for (size_t cpu = 0; cpu < b->machine->online_cpus; cpu++) {
		int nid = numa_cpu_node(b, cpu);

		if (b->numa_fake)
			count_on_fakes(b, nid);
		else if ((size_t)nid < b->nr_nodes)
			b->node[nid].cpus++;
	}
}

/* 32 bits: how memory is split. Kernel: initmem_init() (arch/x86/mm/init_32.c). */
static void say_split(struct boot *b)
{
	if (b->machine->arch != ARCH_I386)
		return;
	if (boot_trait(b, TRAIT_ZONE_HIGHMEM))
		SAY(b, HIGHMEM_AVAILABLE, 0, (b->max_pfn - b->max_low_pfn) >> (20 - PAGE_SHIFT));
	SAY(b, LOWMEM_AVAILABLE, 0, b->max_low_pfn >> (20 - PAGE_SHIFT));
	SAY(b, MAPPED_LOW_RAM, 0, 0, b->max_mapped);
}

void numa_run(struct boot *b)
{
	const struct cmdline_option *option = cmdline_last(b->cmdline, "numa");
	bool fake = option && option->value.p && str_starts(option->value, STR("fake=")) && has_numa(b) && boot_trait(b, TRAIT_NUMA_EMU);

	say_split(b);
	if (!srat_blocks(b))
		dummy_node(b, fake && boot_trait(b, TRAIT_NUMA_SETUP) != NUMA_SETUP_MEMBLKS);
	else if (boot_trait(b, TRAIT_NUMA_SETUP) != NUMA_SETUP_MEMBLKS && !fake)
		bootmem_memnodemap(b);
	/* movable_node: which memory can be unplugged is known by now. Kernel: numa_init(). */
	if (boot_trait(b, TRAIT_EARLY_ALLOC) == EARLY_MEMBLOCK)
		b->memblock.bottom_up = false;
	if (fake)
		numa_emulate(b, str_skip(option->value, 5));
	if (b->replay.on)
		memblock_replay_until(b, FACT_NODE_DATA);
	set_nodes(b);
	if (!covers_memory(b) && !b->numa_dummy) {
		dummy_node(b, false);
		set_nodes(b);
	}
	make_nodes(b);
	bring_online(b);
	bootmem_start(b);
	count_cpus(b);
}
