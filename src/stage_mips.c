/*
 * stage_mips.c - MIPS: from what the board's code found to memory that zones are cut from.
 *
 *   in:   machine.e820 (the "Determined physical RAM map"), mem= on the command line
 *   out:  memblock.memory, max_pfn, max_low_pfn, one node
 *   says: the map that mem= made, pages below the first that are tracked in vain
 *
 * Kernel: arch_mem_init(), early_parse_mem(), add_memory_region(), bootmem_init() (arch/mips/kernel/setup.c, to 5.3).
 */
#include "stages.h"

#define HIGHMEM_START (512 * MIB) /* 32 bits: what lies behind it has no address of its own */

static bool is_ram(const struct e820_entry *e) { return e->type == E820_TYPE_RAM; }

/* A region that touches one of its kind becomes part of it. */
static void add_region(struct boot *b, uint64_t start, uint64_t size)
{
	for (size_t i = 0; i < b->e820.nr; i++) {
		struct e820_entry *e = &b->e820.v[i];

		if (!is_ram(e) || start + size < e->start || e->end < start)
			continue;
		e->end = max_u64(e->end, start + size);
		e->start = min_u64(e->start, start);
		return;
	}
	e820_range_add(b->arena, &b->e820, start, add_sat(start, size), E820_TYPE_RAM, 0);
}

static void say_map(struct boot *b)
{
	SAY(b, MIPS_USER_MAP, 0, 0);
	for (size_t i = 0; i < b->e820.nr; i++) {
		const struct e820_entry *e = &b->e820.v[i];

		SAY_TEXT(b, MIPS_RANGE, b->machine->wide, is_ram(e) ? "usable" : "reserved", NULL, e->end - e->start, e->start);
	}
}

/* mem=SIZE@START: the first one clears what the board's code found. */
static void mem_options(struct boot *b)
{
	for (size_t i = 0; i < b->cmdline->nr; i++) {
		struct str value = b->cmdline->v[i].value, rest;
		uint64_t size, start = 0;

		if (!cmdline_same(b->cmdline->v[i].name, "mem") || !value.p)
			continue;
		if (!b->user_map)
			b->e820.nr = 0;
		b->user_map = true;
		size = str_memparse(value, &rest);
		if (rest.n && *rest.p == '@')
			start = str_memparse(str_skip(rest, 1), NULL);
		add_region(b, start, size);
	}
	if (!b->user_map)
		return;
	e820_keep_step(b, STEP_COMMAND_LINE);
	say_map(b);
}

static struct pfn_range usable(const struct boot *b, const struct e820_entry *e)
{
	struct pfn_range r = pfn_inside((struct phys_range){ e->start, e->end });

	if (!b->machine->wide && !boot_trait(b, TRAIT_ZONE_HIGHMEM))
		r.end = min_u64(r.end, PFN_DOWN(HIGHMEM_START));
	return r;
}

/* All memory up to the end of the image is kept; its sections are what is known of it. */
static void reserve_image(struct boot *b, uint64_t start)
{
	const struct kernel *k = b->kernel;
	uint64_t bytes = (k->code_kib.v + k->rwdata_kib.v + k->rodata_kib.v + k->init_kib.v + k->bss_kib.v) * KIB;

	b->image = (struct phys_range){ start, start + bytes };
	boot_reserve(b, OWNER_IMAGE, start, start + bytes);
}

static void fill(struct boot *b)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < b->e820.nr; i++) {
		struct pfn_range r = usable(b, &b->e820.v[i]);

		if (!is_ram(&b->e820.v[i]) || r.start >= r.end)
			continue;
		lowest = min_u64(lowest, r.start);
		b->max_pfn = max_u64(b->max_pfn, r.end);
		memblock_add(&b->memblock, PFN_PHYS(r.start), PFN_PHYS(r.end), 0, 0);
	}
	b->max_low_pfn = b->machine->wide ? b->max_pfn : min_u64(b->max_pfn, PFN_DOWN(HIGHMEM_START));
	b->max_possible_pfn = b->max_pfn;
	b->memblock.current_limit = PFN_PHYS(b->max_low_pfn);
	reserve_image(b, PFN_PHYS(lowest));
	if (lowest && lowest != UINT64_MAX)
		SAY(b, MIPS_WASTED, 0, lowest * (uint64_t)boot_trait(b, TRAIT_STRUCT_PAGE), lowest);
}

void mips_run(struct boot *b)
{
	memblock_init(&b->memblock, b->arena);
	b->e820 = e820_copy(b->arena, &b->machine->e820);
	e820_keep_step(b, STEP_FIRMWARE);
	mem_options(b);
	fill(b);
	b->nr_nodes = 1;
	b->node = arena_array(b->arena, struct pgdat, 1);
	b->node[0].cpus = max_u64(b->machine->online_cpus, 1);
}
