/*
 * stage_unavailable.c - holes that have struct pages.
 *
 *   in:   memblock.memory with node ids, zone spans, sections that have memory
 *   out:  zone.unavailable
 *   says: unavailable ranges, in the words and with the counts of each era
 *
 * Kernel: memmap_init(), init_unavailable_range(), zero_resv_unavail() (mm/page_alloc.c, mm/mm_init.c from 6.4).
 */
#include "stages.h"

/* Kernel: SECTION_SIZE_BITS (arch/x86/include/asm/sparsemem.h). */
static uint64_t section_pages(const struct boot *b)
{
	if (b->machine->arch != ARCH_I386)
		return UINT64_C(1) << (27 - PAGE_SHIFT);
	return UINT64_C(1) << ((boot_trait(b, TRAIT_PAE) ? 29 : 26) - PAGE_SHIFT);
}

static bool section_present(const struct boot *b, uint64_t pfn)
{
	uint64_t section = align_down(pfn, section_pages(b));

	if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_FLAT)
		return true;
	return memblock_overlaps(&b->memblock.memory, PFN_PHYS(section), PFN_PHYS(section + section_pages(b)));
}

/* Pages of [start, end) whose section has memory. */
static uint64_t pages_with_struct(const struct boot *b, uint64_t start, uint64_t end)
{
	uint64_t pages = 0;

	while (start < end) {
		uint64_t stop = min_u64(end, align_down(start, section_pages(b)) + section_pages(b));

		if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_FLAT)
			return end - start;
		if (section_present(b, start)) {
			pages += stop - start;
		} else {
			/* Skip to the section of the next memory. */
			size_t i = memblock_search(&b->memblock.memory, PFN_PHYS(start));
			uint64_t next = i < b->memblock.memory.nr ? align_down(PFN_DOWN(b->memblock.memory.v[i].base), section_pages(b)) : end;

			stop = min_u64(end, max_u64(stop, next));
		}
		start = stop;
	}
	return pages;
}

static enum zone_type highest_populated(const struct boot *b, const struct pgdat *node)
{
	enum zone_type best = b->zone_order[0];

	for (size_t i = 0; i < b->nr_zones; i++)
		if (node->zone[b->zone_order[i]].present)
			best = b->zone_order[i];
	return best;
}

static void unavailable(struct boot *b, int nid, enum zone_type type, uint64_t start, uint64_t end)
{
	uint64_t pages = pages_with_struct(b, start, end);

	if (!pages)
		return;
	b->node[nid].zone[type].unavailable += pages;
	SAY_TEXT(b, UNAVAILABLE, 0, zone_type_name(type), NULL, (uint64_t)nid, pages);
}

/* 5.14 and later: each hole belongs to the zone above it, the tail to the zone below. Kernel: memmap_init(). */
static void unavailable_per_hole(struct boot *b)
{
	uint64_t hole = 0;
	int last_nid = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		int nid = b->memblock.memory.v[i].nid;

		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[nid].zone[b->zone_order[z]];
			struct pfn_range r = pfn_clip(boot_memory_pfns(b, i), zone->span);

			if (!zone->present || !pfn_len(r))
				continue;
			if (hole < r.start)
				unavailable(b, nid, zone->type, hole, r.start);
			hole = r.end;
			last_nid = nid;
		}
	}
	if (hole && (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_SPARSE || boot_trait(b, TRAIT_FLAT_TAIL)))
		unavailable(b, last_nid, highest_populated(b, &b->node[last_nid]), hole,
			    round_up_to(hole, boot_trait(b, TRAIT_MEM_MODEL) == MODEL_SPARSE ? section_pages(b) : MAX_ORDER_PAGES));
}

/* One zone's holes; @hole is where the last one ended, of whatever node that was. */
static uint64_t holes_of_zone(const struct boot *b, int nid, const struct zone *zone, uint64_t *hole)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		struct pfn_range r = boot_memory_pfns(b, i);

		if (b->memblock.memory.v[i].nid != nid || !pfn_len(r))
			continue;
		/* Ranges outside the zone are clamped to its borders, and count too. */
		r.start = min_u64(max_u64(r.start, zone->span.start), zone->span.end);
		r.end = min_u64(max_u64(r.end, zone->span.start), zone->span.end);
		if (*hole < r.start)
			pages += pages_with_struct(b, *hole, r.start);
		*hole = r.end;
	}
	if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_SPARSE)
		pages += pages_with_struct(b, *hole, round_up_to(zone->span.end, section_pages(b)));
	return pages;
}

/* 5.11 and 5.12: zone by zone; what a zone leaves of its last section the next one counts again. Kernel: memmap_init(). */
static void unavailable_per_zone(struct boot *b)
{
	uint64_t hole = 0;

	/* One flat array needed no such care yet. */
	if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_FLAT)
		return;
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (!zone->spanned)
				continue;
			zone->unavailable = holes_of_zone(b, (int)n, zone, &hole);
			if (zone->unavailable)
				SAY_TEXT(b, UNAVAILABLE_ZONE, 0, zone_type_name(zone->type), NULL, zone->unavailable);
		}
}

/* 4.20 to 5.10: all holes, one number. Kernel: zero_resv_unavail(). */
static void unavailable_zeroed(struct boot *b)
{
	uint64_t pages = 0, last = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		const struct memblock_region *r = &b->memblock.memory.v[i];

		pages += pages_with_struct(b, PFN_DOWN(last), PFN_UP(r->base));
		last = r->end;
	}
	pages += pages_with_struct(b, PFN_DOWN(last), boot_trait(b, TRAIT_UNAVAILABLE_TAIL) ? round_up_to(b->max_pfn, section_pages(b)) : b->max_pfn);
	if (pages)
		SAY(b, UNAVAILABLE_ZEROED, 0, pages);
}

/* 4.15 to 4.19: what is reserved and no memory. */
static void unavailable_reserved(struct boot *b)
{
	const struct memblock_type *memory = &b->memblock.memory;
	uint64_t pages = 0;

	for (size_t i = 0; i < b->memblock.reserved.nr; i++) {
		uint64_t pos = b->memblock.reserved.v[i].base, end = b->memblock.reserved.v[i].end;

		for (size_t m = memblock_search(memory, pos); pos < end; m++) {
			uint64_t stop = m < memory->nr ? min_u64(end, memory->v[m].base) : end;

			if (stop > pos)
				pages += pages_with_struct(b, PFN_DOWN(pos), PFN_UP(stop));
			if (m >= memory->nr)
				break;
			pos = max_u64(pos, memory->v[m].end);
		}
	}
	if (pages)
		SAY(b, UNAVAILABLE_RESERVED, 0, pages);
}

/* To 5.10 one number for all holes, before the nodes are set up. */
void unavailable_before_nodes(struct boot *b)
{
	if (boot_trait(b, TRAIT_UNAVAILABLE_RULE) == UNAVAILABLE_RESERVED_LINE)
		unavailable_reserved(b);
	if (boot_trait(b, TRAIT_UNAVAILABLE_RULE) == UNAVAILABLE_ZEROED_LINE)
		unavailable_zeroed(b);
}

void unavailable_after_nodes(struct boot *b)
{
	if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_FLAT && !boot_trait(b, TRAIT_FLAT_UNAVAILABLE))
		return;
	if (boot_trait(b, TRAIT_UNAVAILABLE_RULE) == UNAVAILABLE_NODE_LINE)
		unavailable_per_hole(b);
	if (boot_trait(b, TRAIT_UNAVAILABLE_RULE) == UNAVAILABLE_ZONE_LINE)
		unavailable_per_zone(b);
}
