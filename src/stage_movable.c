/*
 * stage_movable.c - where the Movable zone of each node starts.
 *
 *   in:   active memory with node ids and flags, zone limits, kernelcore=, movablecore= and movable_node
 *   out:  pgdat.movable_pfn
 *   says: Movable starts; kernelcore=mirror that comes to nothing
 *
 * Kernel: find_zone_movable_pfns_for_nodes() (mm/page_alloc.c, mm/mm_init.c from 6.4).
 */
#include "stages.h"

struct movable {
	uint64_t kernelcore, movablecore; /* pages */
	bool asked, mirror;
};

static uint64_t memory_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->active.nr; i++)
		pages += pfn_len(active_pfns(b, i));
	return pages;
}

/* "512M", or "30%" of all memory. */
static uint64_t core_pages(const struct boot *b, struct str value)
{
	struct str rest;
	uint64_t n = str_memparse(value, &rest);

	if (rest.n && *rest.p == '%')
		return memory_pages(b) * min_u64(n, 100) / 100;
	return n >> PAGE_SHIFT;
}

/*
 * kernelcore=mirror keeps the kernel to mirrored memory; older kernels, where there is none at all, still make all of it movable
 * that starts above 4 GiB.
 */
bool zones_by_mirror(const struct boot *b)
{
	return cmdline_is(b->cmdline, "kernelcore", "mirror") && (b->memblock.has_mirror || !boot_trait(b, TRAIT_MIRROR_NEEDED));
}

static struct movable movable_options(const struct boot *b)
{
	const struct cmdline_option *kernelcore = cmdline_last(b->cmdline, "kernelcore"), *movablecore = cmdline_last(b->cmdline, "movablecore");
	struct movable m = { 0 };

	if (kernelcore && kernelcore->value.p) {
		if (str_is(kernelcore->value, "mirror"))
			m.mirror = zones_by_mirror(b);
		else
			m.kernelcore = core_pages(b, kernelcore->value);
		m.asked = true;
	}
	if (movablecore && movablecore->value.p) {
		m.movablecore = core_pages(b, movablecore->value);
		m.asked = true;
	}
	return m;
}

/* Take the node's share of kernelcore from its ranges, lowest first; Movable begins behind it. */
static void take_share(struct boot *b, struct pgdat *node, uint64_t share, uint64_t *kernelcore)
{
	uint64_t usable = b->zone_lo[b->movable_from];

	for (size_t i = 0; i < b->active.nr; i++) {
		struct pfn_range r = active_pfns(b, i);
		uint64_t size;

		if (b->active.v[i].nid != node->nid)
			continue;
		r.start = max_u64(r.start, node->movable_pfn);
		if (r.start >= r.end)
			continue;
		if (r.start < usable) {
			/* What lies in lower zones is kernel memory already. */
			uint64_t below = min_u64(r.end, usable) - r.start;

			*kernelcore = sub_sat(*kernelcore, below);
			share = sub_sat(share, below);
			if (r.end <= usable) {
				node->movable_pfn = r.end;
				continue;
			}
			r.start = usable;
		}
		size = min_u64(r.end - r.start, share);
		node->movable_pfn = r.start + size;
		*kernelcore -= min_u64(*kernelcore, size);
		share -= size;
		if (!share)
			return;
	}
}

/* Spread kernelcore evenly; where a node is too small the others take more in the next round. */
static void spread_kernelcore(struct boot *b, uint64_t kernelcore)
{
	uint64_t nodes = boot_nodes_with_memory(b);

	while (nodes) {
		uint64_t share = kernelcore / nodes;

		for (size_t n = 0; n < b->nr_nodes; n++) {
			if (!b->node[n].has_memory)
				continue;
			if (kernelcore < share)
				share = kernelcore / nodes;
			take_share(b, &b->node[n], share, &kernelcore);
		}
		nodes--;
		if (kernelcore <= nodes)
			return;
	}
}

/* movable_node: all that can be unplugged is movable, and what else was asked for does not count. */
static void movable_node_starts(struct boot *b)
{
	for (size_t i = 0; i < b->active.nr; i++) {
		const struct memblock_region *r = &b->active.v[i];
		struct pgdat *node = &b->node[r->nid];
		uint64_t pfn = PFN_UP(r->base);

		if (!(r->flags & MEMBLOCK_HOTPLUG))
			continue;
		node->movable_pfn = node->movable_pfn ? min_u64(node->movable_pfn, pfn) : pfn;
	}
}

static void mirror_starts(struct boot *b)
{
	for (size_t i = 0; i < b->active.nr; i++) {
		const struct memblock_region *r = &b->active.v[i];
		struct pgdat *node = &b->node[r->nid];
		uint64_t pfn = PFN_UP(r->base);

		if ((r->flags & MEMBLOCK_MIRROR) || pfn < MAX_DMA32_PFN)
			continue;
		node->movable_pfn = node->movable_pfn ? min_u64(node->movable_pfn, pfn) : pfn;
	}
}

/* Kernel: find_zone_movable_pfns_for_nodes(). */
void zones_movable_starts(struct boot *b)
{
	struct movable m = movable_options(b);
	uint64_t total = memory_pages(b);

	if (b->memblock.movable_node) {
		movable_node_starts(b);
	} else if (m.mirror) {
		mirror_starts(b);
	} else if (cmdline_is(b->cmdline, "kernelcore", "mirror")) {
		SAY(b, MIRROR_IGNORED, 0, 0);
		return;
	} else if (m.asked) {
		if (m.movablecore) {
			uint64_t movable = min_u64(round_up_to(m.movablecore, MAX_ORDER_PAGES), total);

			m.kernelcore = max_u64(m.kernelcore, total - movable);
		}
		if (!m.kernelcore || m.kernelcore >= total)
			return;
		spread_kernelcore(b, m.kernelcore);
	} else {
		return;
	}
	for (size_t n = 0; n < b->nr_nodes; n++) {
		struct pgdat *node = &b->node[n];

		node->movable_pfn = round_up_to(node->movable_pfn, MAX_ORDER_PAGES);
		if (boot_trait(b, TRAIT_MOVABLE_TAIL) && node->movable_pfn >= node->span.end)
			node->movable_pfn = 0;
	}
}

void zones_say_movable(struct boot *b)
{
	bool pfns = boot_trait(b, TRAIT_ZONE_TEXT) == ZONE_TEXT_PFN;

	SAY(b, MOVABLE_HEADER, 0, 0);
	for (size_t n = 0; n < b->nr_nodes; n++) {
		if (!b->node[n].movable_pfn)
			continue;
		if (pfns)
			SAY(b, MOVABLE_START_PFN, 0, n, b->node[n].movable_pfn);
		else
			SAY(b, MOVABLE_START, 0, n, PFN_PHYS(b->node[n].movable_pfn));
	}
}
