/*
 * stage_percpu.c - the first chunk of per-CPU memory, and the allocator's own tables.
 *
 *   in:   static, reserved and dynamic sizes of the build; possible CPUs and their nodes
 *   out:  one unit for each possible CPU; unit tails and unused units given back
 *   says: the "Embedded" line
 *
 * Kernel: setup_per_cpu_areas() (arch/x86/kernel/setup_percpu.c), pcpu_embed_first_chunk(), pcpu_build_alloc_info(),
 *         pcpu_setup_first_chunk(), pcpu_alloc_first_chunk() (mm/percpu.c).
 */
#include "stages.h"

#define MIN_UNIT_BYTES (32 * KIB)
#define MIN_ALLOC_BYTES 4
#define PMD_BYTES (2 * MIB)
#define DMA_END (16 * MIB)
#define LIST_HEAD_BYTES 16
#define SLOT_BASE_SHIFT 5
#define BITMAP_BLOCK_BYTES PAGE_SIZE
#define RESERVED_BYTES (8 * KIB)

/* A group of CPUs that are local to each other. */
struct cpu_group {
	int nid;
	size_t first_cpu;
	uint64_t cpus, units;
	uint64_t base;
};

struct percpu {
	struct boot *b;
	uint64_t size_sum, atom, alloc, upa, unit;
	uint64_t static_bytes, reserved_bytes, dynamic_bytes;
	struct cpu_group *group;
	size_t nr_groups;
	uint64_t nr_cpus, nr_units;
};

static uint64_t word_bytes(const struct boot *b) { return b->machine->arch == ARCH_I386 ? 4 : 8; }

/* Bytes of a bitmap of @bits. */
static uint64_t bitmap_bytes(const struct boot *b, uint64_t bits) { return round_up_to(bits, word_bytes(b) * 8) / 8; }

static void sizes(struct percpu *p)
{
	const struct kernel *k = p->b->kernel;
	uint64_t dynamic = is_known(k->percpu_dynamic) ? k->percpu_dynamic.v : (uint64_t)boot_trait(p->b, TRAIT_PCPU_DYNAMIC);

	p->static_bytes = k->percpu_static.v;
	p->reserved_bytes = is_known(k->percpu_reserved) ? k->percpu_reserved.v : RESERVED_BYTES;
	p->size_sum = align_up(p->static_bytes + p->reserved_bytes + dynamic, PAGE_SIZE);
	p->dynamic_bytes = p->size_sum - p->static_bytes - p->reserved_bytes;
	p->atom = p->b->machine->arch == ARCH_I386 ? PAGE_SIZE : PMD_BYTES;
}

static int cpu_node(const struct boot *b, size_t cpu)
{
	int nid = numa_early_cpu_node(b, cpu);

	return (size_t)nid < b->nr_nodes ? nid : 0;
}

/* CPUs of one node share a group; groups are in order of their first CPU. Kernel: pcpu_cpu_distance() of arch/x86. */
static void make_groups(struct percpu *p)
{
	struct boot *b = p->b;

	p->nr_cpus = max_u64(b->machine->possible_cpus, 1);
	p->group = arena_array(b->arena, struct cpu_group, b->nr_nodes ? b->nr_nodes : 1);
	for (size_t cpu = 0; cpu < p->nr_cpus; cpu++) {
		int nid = b->machine->possible_cpus ? cpu_node(b, cpu) : 0;
		size_t g = 0;

		while (g < p->nr_groups && p->group[g].nid != nid)
			g++;
		if (g == p->nr_groups)
			p->group[p->nr_groups++] = (struct cpu_group){ .nid = nid, .first_cpu = cpu };
		p->group[g].cpus++;
	}
}

/* Units in one allocation: as many as waste few and keep the number of allocations low. Kernel: pcpu_build_alloc_info(). */
static void choose_units(struct percpu *p)
{
	uint64_t min_unit = max_u64(p->size_sum, MIN_UNIT_BYTES), upa, best = 1, last_allocs = UINT64_MAX;

	p->alloc = round_up_to(min_unit, p->atom);
	upa = p->alloc / min_unit;
	while (p->alloc % upa || (p->alloc / upa) % PAGE_SIZE)
		upa--;
	for (; upa; upa--) {
		uint64_t allocs = 0, wasted = 0;

		if (p->alloc % upa || (p->alloc / upa) % PAGE_SIZE)
			continue;
		for (size_t g = 0; g < p->nr_groups; g++) {
			uint64_t here = div_up(p->group[g].cpus, upa);

			allocs += here;
			wasted += here * upa - p->group[g].cpus;
		}
		if (wasted > p->nr_cpus / 3)
			continue;
		if (allocs > last_allocs)
			break;
		last_allocs = allocs;
		best = upa;
	}
	p->upa = best;
	p->unit = p->alloc / best;
	for (size_t g = 0; g < p->nr_groups; g++) {
		p->group[g].units = round_up_to(p->group[g].cpus, best);
		p->nr_units += p->group[g].units;
	}
}

/* Of a group's block, what will be left of each unit that a CPU has; said at once, as thousands of cuts would have to be found later. */
static void own_units(struct percpu *p, const struct cpu_group *group)
{
	boot_disown(p->b, group->base, group->base + group->units * p->unit);
	for (uint64_t u = 0; u < group->cpus; u++)
		boot_own(p->b, OWNER_PERCPU, group->base + u * p->unit, group->base + u * p->unit + p->size_sum);
}

/* One block a group, then the part of each unit that is not needed back. Kernel: pcpu_embed_first_chunk(). */
static void embed(struct percpu *p)
{
	for (size_t g = 0; g < p->nr_groups; g++) {
		struct cpu_group *group = &p->group[g];
		struct memblock_request request = { .size = group->units * p->unit, .align = p->atom, .min = DMA_END, .nid = group->nid };

		if (p->b->machine->arch == ARCH_I386 || p->b->nr_nodes == 1)
			request.nid = p->b->machine->arch == ARCH_I386 ? NUMA_NO_NODE : group->nid;
		group->base = boot_alloc(p->b, OWNER_PERCPU, &request);
		if (group->base)
			own_units(p, group);
	}
	for (size_t g = 0; g < p->nr_groups; g++) {
		const struct cpu_group *group = &p->group[g];

		for (uint64_t u = 0; group->base && u < group->units; u++) {
			uint64_t unit = group->base + u * p->unit;

			boot_release(p->b, unit + (u < group->cpus ? p->size_sum : 0), unit + p->unit);
		}
	}
}

/* The lowest of the blocks; in a log of memblock's own they are the addresses it gave. */
static uint64_t lowest_base(const struct percpu *p)
{
	const struct boot *b = p->b;
	uint64_t base = UINT64_MAX;

	for (size_t g = 0; g < p->nr_groups && !b->replay.on; g++)
		base = min_u64(base, p->group[g].base);
	for (size_t i = 0; i < b->allocations.nr && b->replay.on; i++)
		if (b->allocations.v[i].owner == OWNER_PERCPU)
			base = min_u64(base, b->allocations.v[i].base);
	return base;
}

static void say_embedded(struct percpu *p)
{
	struct boot *b = p->b;
	int text = boot_trait(b, TRAIT_PERCPU_TEXT);
	uint64_t base = lowest_base(p);
	const char *pointer = text == PERCPU_PLAIN ? "" : base == UINT64_MAX ? NULL : boot_pointer(b, base);

	if (pointer)
		SAY_TEXT(b, PERCPU, (unsigned)(PERCPU_PLAIN - text), pointer, NULL, p->size_sum / PAGE_SIZE, p->static_bytes, p->reserved_bytes, p->dynamic_bytes, p->unit);
	SAY(b, PCPU_ALLOC, 0, p->static_bytes, p->reserved_bytes, p->dynamic_bytes, p->unit, p->alloc / p->atom, p->atom);
}

static unsigned digits(uint64_t v)
{
	unsigned nr = 1;

	while (v /= 10)
		nr++;
	return nr;
}

#define GROUP_LINE_COLUMNS 60

/* CPUs of group @g in order, the next from @cpu on. */
static size_t next_cpu(const struct percpu *p, size_t g, size_t cpu)
{
	while (cpu < p->nr_cpus && p->b->machine->possible_cpus && cpu_node(p->b, cpu) != p->group[g].nid)
		cpu++;
	return cpu;
}

/* Which CPU has which unit, as many blocks in a line as fit. Kernel: pcpu_dump_alloc_info(). */
static void say_groups(struct percpu *p)
{
	unsigned group_width = digits(p->nr_groups), cpu_width = digits(p->nr_cpus);
	uint64_t width = p->upa * (cpu_width + 1) + group_width + 3, per_line = rounddown_pow_of_two(max_u64(GROUP_LINE_COLUMNS / width, 1)), block = 0;
	struct strbuf line = { .arena = p->b->arena };

	if (p->b->extent != BOOT_WHOLE)
		return;
	for (size_t g = 0; g < p->nr_groups; g++) {
		size_t cpu = p->group[g].first_cpu;

		for (uint64_t unit = 0; unit < p->group[g].units; unit++) {
			if (unit % p->upa == 0) {
				if (block && block % per_line == 0) {
					SAY_TEXT(p->b, PCPU_GROUPS, 0, strbuf_str(&line).p, NULL, 0);
					line = (struct strbuf){ .arena = p->b->arena };
				}
				/* The bracket in front of a line's first block is the line's own. */
				if (block++ % per_line)
					strbuf_char(&line, '[');
				strbuf_decimal(&line, g, group_width);
				strbuf_add(&line, str_of("] "));
			}
			cpu = next_cpu(p, g, cpu);
			if (unit < p->group[g].cpus)
				strbuf_decimal(&line, cpu++, cpu_width);
			else
				strbuf_add(&line, (struct str){ "--------", min_u64(cpu_width, 8) });
			strbuf_char(&line, ' ');
		}
	}
	SAY_TEXT(p->b, PCPU_GROUPS, 0, strbuf_str(&line).p, NULL, 0);
}

static uint64_t meta(struct percpu *p, uint64_t bytes)
{
	if (boot_trait(p->b, TRAIT_MEMBLOCK_ROUND))
		bytes = align_up(bytes, 64);
	return boot_alloc_bytes(p->b, OWNER_PERCPU_META, bytes, 64, NUMA_NO_NODE);
}

/* Lists of chunks by free space. Kernel: pcpu_setup_first_chunk(). */
static uint64_t slot_lists(const struct percpu *p)
{
	uint64_t slots = max_u64(fls_u64(p->unit) - SLOT_BASE_SHIFT + 2, 1) + 2;
	uint64_t bytes = LIST_HEAD_BYTES / 8 * word_bytes(p->b);

	switch (boot_trait(p->b, TRAIT_PCPU_META)) {
	case PCPU_META_TYPES:
		return slots * 2 * bytes;
	case PCPU_META_SIDELINED:
		return (slots + 2) * bytes;
	default:
		return slots * bytes;
	}
}

/* struct pcpu_chunk with its bitmap of populated pages, before the build says otherwise. */
static uint64_t chunk_bytes(const struct boot *b)
{
	static const uint64_t by_era[] = { 120, 105, 128, 144, 144 };

	return is_known(b->kernel->pcpu_chunk) ? b->kernel->pcpu_chunk.v : by_era[boot_trait(b, TRAIT_PCPU_META)];
}

/* What describes one region of the first chunk. Kernel: pcpu_alloc_first_chunk(). */
static void region_tables(struct percpu *p, uint64_t offset, uint64_t bytes)
{
	uint64_t region = align_up((offset & (PAGE_SIZE - 1)) + bytes, PAGE_SIZE), bits = region / MIN_ALLOC_BYTES;
	uint64_t block = boot_trait(p->b, TRAIT_PCPU_META) == PCPU_META_BITMAP ? 20 : 32;

	meta(p, chunk_bytes(p->b));
	if (boot_trait(p->b, TRAIT_PCPU_META) == PCPU_META_MAP)
		return;
	if (is_known(p->b->kernel->pcpu_block))
		block = p->b->kernel->pcpu_block.v;
	meta(p, bitmap_bytes(p->b, bits));
	meta(p, bitmap_bytes(p->b, bits + 1));
	meta(p, region / BITMAP_BLOCK_BYTES * block);
}

static void setup_tables(struct percpu *p)
{
	uint64_t word = word_bytes(p->b);

	meta(p, p->nr_groups * word);
	meta(p, p->nr_groups * word);
	meta(p, p->nr_cpus * 4);
	meta(p, p->nr_cpus * word);
	meta(p, slot_lists(p));
	if (p->reserved_bytes)
		region_tables(p, p->static_bytes, p->reserved_bytes);
	region_tables(p, p->static_bytes + p->reserved_bytes, p->dynamic_bytes);
}

/* Masks of CPUs, where the build keeps them outside of structures. Kernel: setup_cpu_local_masks(), setup_node_to_cpumask_map(). */
static void cpu_masks(struct percpu *p)
{
	uint64_t bytes = round_up_to(max_u64(p->nr_cpus, 1), 64) / 8, nr;

	if (!is_known(p->b->kernel->cpumask_vars))
		return;
	nr = p->b->kernel->cpumask_vars.v + p->b->nr_nodes;
	for (uint64_t i = 0; i < nr; i++)
		boot_alloc_bytes(p->b, OWNER_CPUMASK, bytes, 64, NUMA_NO_NODE);
}

void percpu_run(struct boot *b)
{
	struct percpu p = { .b = b };
	uint64_t info, areas, info_bytes, areas_bytes, align = boot_trait(b, TRAIT_SPARSE_ALLOC) >= SPARSE_BUFFER_PAGE ? PAGE_SIZE : 64;

	if (!is_known(b->kernel->percpu_static))
		return;
	sizes(&p);
	make_groups(&p);
	choose_units(&p);
	info_bytes = align_up(64 + p.nr_groups * 24 + p.nr_units * 4, PAGE_SIZE);
	areas_bytes = align_up(p.nr_groups * 8, PAGE_SIZE);
	info = boot_alloc_bytes(b, OWNER_PERCPU_META, info_bytes, align, NUMA_NO_NODE);
	areas = boot_alloc_bytes(b, OWNER_PERCPU_META, areas_bytes, 64, NUMA_NO_NODE);
	embed(&p);
	b->percpu_bytes = p.size_sum;
	say_embedded(&p);
	say_groups(&p);
	setup_tables(&p);
	if (info)
		boot_free(b, info, info + info_bytes);
	if (areas)
		boot_free(b, areas, areas + areas_bytes);
	cpu_masks(&p);
}
