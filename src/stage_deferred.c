/*
 * stage_deferred.c - which struct pages wait until the other CPUs run.
 *
 *   in:   memblock, spans of zones and nodes
 *   out:  first_deferred_pfn of a node; managed_early of a zone that runs short before its time
 *
 * Kernel: defer_init(), deferred_grow_zone() (mm/page_alloc.c, mm/mm_init.c from 6.4).
 */
#include "mia/ranges.h"
#include "stages.h"

#define PAGES_PER_SECTION (UINT64_C(1) << 15)
#define DEFERRED_2G_PAGES (UINT64_C(2) << (30 - PAGE_SHIFT))

/* --- which pages wait --- */

/* Reserved bytes whose regions touch the window [start, end]; whole regions count. Kernel: memblock_reserved_memory_within(). */
static uint64_t reserved_touching(const struct boot *b, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < b->memblock.reserved.nr; i++) {
		const struct memblock_region *r = &b->memblock.reserved.v[i];

		if (r->end >= start && r->base <= end)
			bytes += r->end - r->base;
	}
	return bytes;
}

/* Pages of a node's highest zone that are initialised at once. */
static uint64_t early_pages(const struct boot *b, const struct pgdat *node)
{
	uint64_t pages = max_u64(DEFERRED_2G_PAGES, node->spanned >> 8);

	switch (boot_trait(b, TRAIT_DEFERRED_INIT)) {
	case DEFERRED_NO:
		return UINT64_MAX;
	case DEFERRED_2G:
		return pages;
	/* Page numbers were taken for addresses, and bytes for pages. */
	case DEFERRED_2G_BYTES:
		return min_u64(pages + reserved_touching(b, node->span.start, node->span.start + pages), node->spanned);
	case DEFERRED_2G_RESERVE:
		pages += reserved_touching(b, PFN_PHYS(node->span.start), PFN_PHYS(node->span.start + pages)) >> PAGE_SHIFT;
		return min_u64(pages, node->spanned);
	case DEFERRED_SECTION_MIN:
		return min_u64(PAGES_PER_SECTION, node->spanned);
	default:
		return PAGES_PER_SECTION;
	}
}

static struct zone *highest_zone(const struct boot *b, struct pgdat *node)
{
	for (size_t z = b->nr_zones; z-- > 0;)
		if (node->zone[b->zone_order[z]].spanned)
			return &node->zone[b->zone_order[z]];
	return NULL;
}

/* First section boundary behind which enough pages are counted. Kernel: defer_init(). */
uint64_t deferred_first_pfn(const struct boot *b, struct pgdat *node)
{
	uint64_t count = 0, limit = early_pages(b, node);
	struct zone *zone = highest_zone(b, node);

	if (!zone || limit == UINT64_MAX || zone->span.end < node->span.end)
		return UINT64_MAX;
	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		struct phys_range region = { b->memblock.memory.v[i].base, b->memblock.memory.v[i].end };
		struct pfn_range r = pfn_clip(pfn_inside(region), zone->span);
		uint64_t pfn;

		if (b->memblock.memory.v[i].nid != node->nid || !pfn_len(r))
			continue;
		/* The page at which the count first exceeds the limit, rounded up to a section inside this range. */
		pfn = count > limit ? r.start : r.start + (limit - count);
		pfn = round_up_to(pfn, PAGES_PER_SECTION);
		if (pfn < r.end)
			return pfn;
		count += pfn_len(r);
	}
	return UINT64_MAX;
}

/* --- a zone that has nothing free --- */

/* Free pages behind @first, section by section, until there is a section's worth of them; @first moves behind those. */
static uint64_t next_free(const struct boot *b, const struct pgdat *node, const struct zone *zone, uint64_t *first)
{
	uint64_t pages = 0, done = UINT64_MAX;
	struct phys_range free;
	size_t i = 0, j = 0;
	int nid;

	while (memblock_next_free(&b->memblock, &i, &j, &free, &nid)) {
		struct pfn_range r = pfn_clip(pfn_inside(free), (struct pfn_range){ *first, zone->span.end });

		while (nid == node->nid && r.start < r.end) {
			uint64_t end = min_u64(round_up_to(r.start + 1, PAGES_PER_SECTION), r.end);

			if (pages >= PAGES_PER_SECTION && r.start / PAGES_PER_SECTION != (done - 1) / PAGES_PER_SECTION) {
				*first = r.start;
				return pages;
			}
			pages += end - r.start;
			r.start = done = end;
		}
	}
	*first = UINT64_MAX;
	return pages;
}

/*
 * Where something large, as gigantic pages or CMA at 4 GiB, holds all that is initialised of the boot CPU's first zone, the page
 * tables of the vmalloc area find nothing free there: then the next section is initialised before the Memory: line.
 */
void deferred_grow(struct boot *b)
{
	int nid = numa_early_cpu_node(b, 0);
	struct pgdat *node = nid >= 0 && (size_t)nid < b->nr_nodes ? &b->node[nid] : NULL;
	struct zone *zone = node ? highest_zone(b, node) : NULL;
	bool grows = boot_trait(b, TRAIT_DEFERRED_INIT) >= DEFERRED_SECTION_MIN;

	/* What the kernel asks for itself is not movable. */
	if (!grows || !zone || zone->type == ZONE_MOVABLE || node->first_deferred_pfn == UINT64_MAX || zone->managed_early >= vmalloc_table_pages(b))
		return;
	zone->managed_early += next_free(b, node, zone, &node->first_deferred_pfn);
}
