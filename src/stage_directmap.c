/*
 * stage_directmap.c - the direct map of physical memory, and the pages its tables take.
 *
 *   in:   memblock.memory, max_pfn, the brk pool, whether the CPU has 1 GiB pages
 *   out:  boot.direct_*, boot.direct_ranges, boot.max_mapped; tables reserved in memblock
 *   says: init_memory_mapping lines and BRK lines, where the kernel prints them
 *
 * The walk is exact to the table page but works on extents: a run of large pages, or of tables that come from one free
 * range, costs one step however long it is.
 *
 * Kernel: init_mem_mapping(), memory_map_top_down(), split_mem_range(), alloc_low_pages() (arch/x86/mm/init.c),
 *         kernel_physical_mapping_init() (arch/x86/mm/init_64.c); to 3.8 find_early_table_space().
 */
#include "mia/ranges.h"
#include "stages.h"

#define SIZE_2M (2 * MIB)
#define SIZE_1G GIB
#define SIZE_512G (512 * GIB)
#define ISA_END UINT64_C(0x100000)
#define IMAGE_SPACE (512 * MIB)

/* Largest page that may be used for a piece. */
enum leaf { LEAF_4K, LEAF_2M, LEAF_1G };

struct piece {
	struct phys_range range;
	enum leaf leaf;
};

struct mapper {
	struct boot *b;
	enum leaf largest;       /* that the CPU has */
	struct phys_ranges puds; /* 512 GiB slots with a PUD table */
	struct phys_ranges pmds; /* 1 GiB slots with a PMD table */
	struct phys_ranges ptes; /* 2 MiB slots with a PTE table */
	bool top_table;          /* the table above the PUDs exists (5 levels) */
	bool can_use_brk;
	struct phys_range now;   /* RAM that is being mapped */
	uint64_t min_mapped, max_mapped; /* tables may come from this window */
	bool failed;
};

/* --- tables --- */

static void take_from_brk(struct mapper *m)
{
	struct boot *b = m->b;

	if (boot_trait(b, TRAIT_BRK_LINES) && b->brk_pool_next)
		SAY(b, BRK_PGTABLE, 0, b->brk_pool_next, b->brk_pool_next + PAGE_SIZE);
	b->brk_pool_next += PAGE_SIZE;
}

/* As many of @nr pages as the highest free range of the window holds, at once: one by one they would come out the same. */
static uint64_t take_from_window(struct mapper *m, uint64_t nr)
{
	struct memblock *mb = &m->b->memblock;
	struct memblock_request one = { .size = PAGE_SIZE, .align = PAGE_SIZE, .min = m->min_mapped, .max = m->max_mapped, .nid = NUMA_NO_NODE, .ranged = true };
	struct memblock_request many = one;
	struct phys_ranges *searched;
	uint64_t base;

	if (m->min_mapped >= m->max_mapped)
		return 0;
	base = memblock_find(mb, &one);
	if (!base)
		return 0;
	searched = memblock_search_run(mb, base, one.size, nr);
	for (; nr > 1; nr /= 2) {
		many.size = nr * PAGE_SIZE;
		if (memblock_find(mb, &many) + many.size == base + PAGE_SIZE)
			break;
	}
	mb->searched = searched;
	many.size = nr * PAGE_SIZE;
	return boot_alloc(m->b, OWNER_PAGE_TABLES, &many) ? nr : 0;
}

/* For boots of which the image may be moved: each range on its own. */
static void note_mapped(struct mapper *m)
{
	struct boot *b = m->b;
	struct phys_ranges *mapped = &b->reach.mapped;

	if (!b->reach.kept || b->brk_pool_next >= b->brk_pool_end || (mapped->nr && mapped->v[mapped->nr - 1].start == m->now.start))
		return;
	*vec_push(b->arena, mapped) = m->now;
}

/* Kernel: alloc_low_pages(), a page at a time. */
static void alloc_tables(struct mapper *m, uint64_t nr)
{
	struct boot *b = m->b;

	while (nr && !m->failed) {
		uint64_t got = 1;

		note_mapped(m);
		if (m->can_use_brk && b->brk_pool_next < b->brk_pool_end) {
			take_from_brk(m);
		} else {
			got = take_from_window(m, nr);
			if (!got) {
				/* More brk than was set aside, or the kernel would have panicked. */
				m->failed = !m->can_use_brk;
				got = 1;
			}
		}
		nr -= got;
	}
}

/* Tables for the slots of @range that have none yet. */
static void need_tables(struct mapper *m, struct phys_ranges *have, struct phys_range range, uint64_t slot)
{
	struct phys_range slots = { align_down(range.start, slot), align_up(range.end, slot) };

	alloc_tables(m, (phys_len(slots) - ranges_overlap(have, slots)) / slot);
	ranges_add(m->b->arena, have, slots);
}

/* --- mapping one piece --- */

static void keep_piece(struct boot *b, struct phys_range r, unsigned shift)
{
	uint64_t page = UINT64_C(1) << shift;

	*vec_push(b->arena, &b->direct_pieces) = (struct direct_piece){ { align_down(r.start, page), align_up(r.end, page) }, shift };
}

/* Map the part of @piece inside one table; tables come in the order of the walk. */
static void map_2m_slot(struct mapper *m, struct phys_range r)
{
	/* 32 bits, Xen: the tables of the first mapping are still there. */
	if (r.end <= m->b->initial_mapped)
		ranges_add(m->b->arena, &m->ptes, (struct phys_range){ align_down(r.start, SIZE_2M), align_up(r.end, SIZE_2M) });
	else
		need_tables(m, &m->ptes, r, SIZE_2M);
	m->b->direct_4k += phys_len(r) / PAGE_SIZE;
	keep_piece(m->b, r, PAGE_SHIFT);
}

static void map_1g_slot(struct mapper *m, struct phys_range r, enum leaf leaf)
{
	need_tables(m, &m->pmds, r, SIZE_1G);
	while (r.start < r.end) {
		uint64_t slot_end = align_down(r.start, SIZE_2M) + SIZE_2M;
		struct phys_range part = { r.start, min_u64(r.end, slot_end) };

		if (leaf >= LEAF_2M && !ranges_contain(&m->ptes, r.start)) {
			/* All of them up to the next table of small pages are alike. */
			size_t i = ranges_search(&m->ptes, r.start);

			part.end = i < m->ptes.nr ? min_u64(r.end, m->ptes.v[i].start) : r.end;
			m->b->direct_2m += (align_up(part.end, SIZE_2M) - align_down(part.start, SIZE_2M)) / SIZE_2M;
			keep_piece(m->b, part, 21);
		} else {
			map_2m_slot(m, part);
		}
		r.start = part.end;
	}
}

/* Kernel: phys_pud_init() and below; @r lies inside one 512 GiB slot. */
static void map_512g_slot(struct mapper *m, struct phys_range r, enum leaf leaf)
{
	while (r.start < r.end) {
		uint64_t slot_end = align_down(r.start, SIZE_1G) + SIZE_1G;
		struct phys_range part = { r.start, min_u64(r.end, slot_end) };

		if (leaf == LEAF_1G && !ranges_contain(&m->pmds, r.start)) {
			size_t i = ranges_search(&m->pmds, r.start);

			part.end = i < m->pmds.nr ? min_u64(r.end, m->pmds.v[i].start) : r.end;
			m->b->direct_1g += (align_up(part.end, SIZE_1G) - align_down(part.start, SIZE_1G)) / SIZE_1G;
			keep_piece(m->b, part, 30);
		} else if (leaf == LEAF_2M && !ranges_overlap(&m->ptes, r)) {
			/* Nothing finer here: the whole run of 1 GiB slots needs its tables and no more. */
			part.end = r.end;
			need_tables(m, &m->pmds, part, SIZE_1G);
			m->b->direct_2m += (align_up(part.end, SIZE_2M) - align_down(part.start, SIZE_2M)) / SIZE_2M;
			keep_piece(m->b, part, 21);
		} else if (leaf == LEAF_4K && r.start >= m->b->initial_mapped && !ranges_overlap(&m->ptes, r)) {
			/* Small pages all over: as many tables, and all are alike. */
			part.end = r.end;
			need_tables(m, &m->pmds, part, SIZE_1G);
			map_2m_slot(m, part);
		} else {
			map_1g_slot(m, part, leaf);
		}
		r.start = part.end;
	}
}

static void map_piece(struct mapper *m, const struct piece *piece)
{
	struct phys_range r = piece->range;

	if (m->b->five_level && !m->top_table) {
		alloc_tables(m, 1);
		m->top_table = true;
	}
	while (r.start < r.end) {
		uint64_t slot_end = align_down(r.start, SIZE_512G) + SIZE_512G;
		struct phys_range part = { r.start, min_u64(r.end, slot_end) };

		need_tables(m, &m->puds, part, SIZE_512G);
		map_512g_slot(m, part, piece->leaf);
		r.start = part.end;
	}
}

/* --- cutting a range into pieces of one page size --- */

static void save_piece(struct piece *pieces, size_t *nr, uint64_t start, uint64_t end, enum leaf leaf)
{
	if (start < end)
		pieces[(*nr)++] = (struct piece){ { start, end }, leaf };
}

/* A small piece may use larger pages if everything around it is RAM too. Kernel: adjust_range_page_size_mask(). */
static void widen(const struct mapper *m, struct piece *p)
{
	const struct memblock *mb = &m->b->memblock;
	struct phys_range r2 = { align_down(p->range.start, SIZE_2M), align_up(p->range.end, SIZE_2M) };
	struct phys_range r1 = { align_down(p->range.start, SIZE_1G), align_up(p->range.end, SIZE_1G) };
	bool low_only = m->b->machine->arch == ARCH_I386;

	if (m->largest >= LEAF_2M && p->leaf < LEAF_2M && !(low_only && PFN_DOWN(r2.end) > m->b->max_low_pfn) &&
	    memblock_is_region_memory(mb, r2.start, r2.end))
		p->leaf = LEAF_2M;
	if (m->largest >= LEAF_1G && p->leaf < LEAF_1G && memblock_is_region_memory(mb, r1.start, r1.end))
		p->leaf = LEAF_1G;
}

static enum leaf smaller(enum leaf a, enum leaf b) { return a < b ? a : b; }

/* Kernel: split_mem_range(). @adjust: look at the memory around (not to 3.8). */
static size_t split(const struct mapper *m, struct phys_range range, bool adjust, struct piece pieces[5])
{
	bool small_start = m->b->machine->arch == ARCH_I386;
	uint64_t pos = align_down(range.start, PAGE_SIZE), limit = align_down(range.end, PAGE_SIZE), end;
	size_t nr = 0, kept = 0;

	/* 32 bits: the first large page stays cut up, since fixed MTRRs lie in it. */
	end = small_start && !pos ? SIZE_2M : align_up(pos, SIZE_2M);
	end = min_u64(end, limit);
	save_piece(pieces, &nr, pos, end, LEAF_4K);
	pos = max_u64(pos, end);

	end = small_start ? align_down(limit, SIZE_2M) : min_u64(align_up(pos, SIZE_1G), align_down(limit, SIZE_2M));
	save_piece(pieces, &nr, align_up(pos, SIZE_2M), end, smaller(m->largest, LEAF_2M));
	pos = max_u64(pos, end);
	if (!small_start) {
		end = align_down(limit, SIZE_1G);
		save_piece(pieces, &nr, align_up(pos, SIZE_1G), end, m->largest);
		pos = max_u64(pos, end > align_up(pos, SIZE_1G) ? end : 0);
		end = align_down(limit, SIZE_2M);
		save_piece(pieces, &nr, align_up(pos, SIZE_2M), end, smaller(m->largest, LEAF_2M));
		pos = max_u64(pos, end > align_up(pos, SIZE_2M) ? end : 0);
	}
	save_piece(pieces, &nr, pos, limit, LEAF_4K);

	for (size_t i = 0; adjust && i < nr; i++)
		widen(m, &pieces[i]);
	for (size_t i = 1; i < nr; i++) {
		if (pieces[kept].range.end == pieces[i].range.start && pieces[kept].leaf == pieces[i].leaf)
			pieces[kept].range.end = pieces[i].range.end;
		else
			pieces[++kept] = pieces[i];
	}
	return nr ? kept + 1 : 0;
}

static const char *leaf_name(const struct boot *b, enum leaf leaf)
{
	static const char *const names[] = { "4k", "2M", "1G" };

	if (b->machine->arch == ARCH_I386 && !boot_trait(b, TRAIT_PAE) && leaf == LEAF_2M)
		return "4M";
	return names[leaf];
}

/* Kernel: init_memory_mapping(). */
static void map_range(struct mapper *m, struct phys_range range, bool adjust)
{
	bool says = boot_trait(m->b, TRAIT_MAPPING_LINES) != MAPPING_SILENT;
	struct piece pieces[5];
	size_t nr = split(m, range, adjust, pieces);

	if (says)
		SAY(m->b, INIT_MAPPING, 0, range.start, range.end);
	for (size_t i = 0; says && i < nr; i++)
		SAY_TEXT(m->b, MAP_PAGE, 0, leaf_name(m->b, pieces[i].leaf), NULL, pieces[i].range.start, pieces[i].range.end);
	for (size_t i = 0; i < nr; i++)
		map_piece(m, &pieces[i]);
	ranges_add(m->b->arena, &m->b->direct_ranges, range);
	*vec_push(m->b->arena, &m->b->direct_steps) = range;
	m->max_mapped = max_u64(m->max_mapped, range.end);
}

/* --- which ranges, in which order --- */

/* Map the RAM inside [start, end), lowest first; returns its bytes. Kernel: init_range_memory_mapping(). */
static uint64_t map_ram(struct mapper *m, uint64_t start, uint64_t end)
{
	const struct memblock_type *memory = &m->b->memblock.memory;
	uint64_t bytes = 0;

	for (size_t i = memblock_search(memory, start); i < memory->nr && memory->v[i].base < end; i++) {
		struct phys_range r = phys_clip((struct phys_range){ align_up(memory->v[i].base, PAGE_SIZE), align_down(memory->v[i].end, PAGE_SIZE) },
						(struct phys_range){ start, end });

		if (r.end <= r.start)
			continue;
		/* The pool must not be written while the page it lies in is being mapped. */
		m->now = r;
		m->can_use_brk = max_u64(r.start, m->b->brk_pool_next) >= min_u64(r.end, m->b->brk_pool_end);
		map_range(m, r, true);
		m->can_use_brk = true;
		bytes += phys_len(r);
	}
	return bytes;
}

static uint64_t next_step(const struct mapper *m, uint64_t step)
{
	return step << (boot_trait(m->b, TRAIT_MAP_STEP) == MAP_STEP_8 ? 8 : 5);
}

/* The window is widened when enough has been mapped to hold the tables of the next one. */
static bool window_grows(const struct mapper *m, uint64_t mapped, uint64_t added, uint64_t step)
{
	return boot_trait(m->b, TRAIT_MAP_STEP) == MAP_STEP_8 ? mapped + added >= step : added > mapped;
}

/* Kernel: memory_map_top_down(). */
static void map_top_down(struct mapper *m, uint64_t start, uint64_t end)
{
	struct memblock_request block = { .size = SIZE_2M, .align = SIZE_2M, .min = start, .max = end, .nid = NUMA_NO_NODE, .ranged = true };
	uint64_t addr = memblock_find(&m->b->memblock, &block), real_end = addr + SIZE_2M, step = SIZE_2M, mapped = 0;

	if (!addr && boot_trait(m->b, TRAIT_MAP_BLOCK) == MAP_BLOCK_ROUND) {
		SAY(m->b, MAPPING_RELEASE_FAILED, 0, 0);
		real_end = max_u64(start, align_down(end, SIZE_2M));
	}
	m->max_mapped = 0;
	m->min_mapped = real_end;
	for (uint64_t last = real_end; last > start;) {
		uint64_t from = last > step ? max_u64(align_down(last - 1, step), start) : start;
		uint64_t added = map_ram(m, from, last);

		last = m->min_mapped = from;
		if (window_grows(m, mapped, added, step))
			step = next_step(m, step);
		mapped += added;
	}
	if (real_end < end)
		map_ram(m, real_end, end);
}

/* movable_node: upward from the image, so that tables stay on the image's node. Kernel: memory_map_bottom_up(). */
static void map_bottom_up(struct mapper *m, uint64_t start, uint64_t end)
{
	uint64_t step = SIZE_2M, mapped = 0;

	m->min_mapped = start;
	while (start < end) {
		uint64_t next = step && end - start > step ? min_u64(align_up(start + 1, step), end) : end;
		uint64_t added = map_ram(m, start, next);

		start = next;
		if (window_grows(m, mapped, added, step))
			step = next_step(m, step);
		mapped += added;
	}
}

/* The real mode trampoline gets its own copy of the upper tables. Kernel: init_trampoline_kaslr(). */
static void map_trampoline(struct mapper *m)
{
	if (!boot_trait(m->b, TRAIT_KASLR_MEMORY) || cmdline_has(m->b->cmdline, "nokaslr") || boot_is_xen_pv(m->b))
		return;
	alloc_tables(m, m->b->five_level && boot_trait(m->b, TRAIT_TRAMPOLINE_TABLES) ? 2 : 1);
}

/* 3.9 and later: RAM only, from the top. */
static void map_ram_only(struct mapper *m)
{
	struct boot *b = m->b;
	uint64_t end = PFN_PHYS(b->machine->arch == ARCH_I386 ? b->max_low_pfn : b->max_pfn);

	if (m->largest == LEAF_1G)
		SAY(b, GBPAGES, 0, 0);
	m->can_use_brk = true;
	map_range(m, (struct phys_range){ 0, ISA_END }, true);
	map_trampoline(m);
	if (b->memblock.bottom_up) {
		uint64_t kernel_end = b->brk.end ? b->brk.end : ISA_END;

		map_bottom_up(m, kernel_end, end);
		map_bottom_up(m, ISA_END, kernel_end);
	} else {
		map_top_down(m, ISA_END, end);
	}
	b->max_mapped = m->max_mapped;
}

/* 32 bits, Xen: the upper tables come with the image. */
static void tables_of_image(struct mapper *m)
{
	bool wide = m->b->machine->arch == ARCH_X86_64;

	ranges_add(m->b->arena, &m->puds, (struct phys_range){ 0, SIZE_512G });
	ranges_add(m->b->arena, &m->pmds, (struct phys_range){ 0, wide ? SIZE_1G : 4 * SIZE_1G });
}

/* What is mapped before: by 64-bit kernels the space set aside for the largest image. */
static void say_first_mapped(struct boot *b)
{
	if (b->machine->arch != ARCH_I386 && boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_WHOLE)
		SAY(b, INITIAL_MAPPED, 0, IMAGE_SPACE);
	else if (b->initial_mapped && b->kernel_base_known && b->machine->arch == ARCH_I386)
		SAY(b, INITIAL_MAPPED, 0, b->initial_mapped);
}

void direct_map_run(struct boot *b)
{
	struct mapper m = { .b = b, .largest = LEAF_2M };
	bool gb = b->machine->gbpages && b->machine->arch == ARCH_X86_64;

	/* A paravirtual guest of Xen has no large pages. */
	if (boot_is_xen_pv(b) || (cmdline_has(b->cmdline, "debug_pagealloc") && !cmdline_is(b->cmdline, "debug_pagealloc", "off")))
		m.largest = LEAF_4K;
	else if (gb && !cmdline_has(b->cmdline, "nogbpages"))
		m.largest = LEAF_1G;
	say_first_mapped(b);
	if (b->machine->arch == ARCH_I386 || boot_is_xen_pv(b))
		tables_of_image(&m);
	if (boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_WHOLE)
		old_direct_map(b, m.largest == LEAF_1G);
	else
		map_ram_only(&m);
	/* From here on memblock may hand out everything that is mapped. */
	b->memblock.current_limit = max_u64(b->max_mapped, ISA_END);
}
