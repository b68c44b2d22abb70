/*
 * stage_zonelists.c - in which order a node looks for memory, and what the allocator thinks it has.
 *
 *   in:   nodes, distances, zones' first sizes
 *   out:  pgdat.fallback, boot.totalpages_built
 *   says: fallback orders, the zonelists line, the policy zone
 *
 * Kernel: build_all_zonelists(), find_next_best_node(), build_zonelists() (mm/page_alloc.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "stages.h"

#define MIGRATE_TYPES 4
#define PAGEBLOCK_PAGES 512

static uint64_t first_managed(const struct boot *b, const struct zone *zone)
{
	int means = boot_trait(b, TRAIT_MANAGED_MEANS);

	return means == MANAGED_PRESENT || (means == MANAGED_ESTIMATE && zone->type == ZONE_HIGHMEM) ? zone->present : zone->freesize;
}

static uint64_t total_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			pages += first_managed(b, &b->node[n].zone[b->zone_order[z]]);
	return pages;
}

/* --- fallback orders --- */

struct candidate {
	uint64_t score;
	int nid;
};

struct node_picker {
	struct boot *b;
	uint64_t *load; /* kept from one local node to the next */
	struct candidate *v;
	size_t nr;
};

static int by_score(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->score != y->score ? (x->score < y->score ? -1 : 1) : x->nid < y->nid ? -1 : x->nid > y->nid;
}

/*
 * The other nodes that have memory, nearest first. The kernel looks for the best one again and again; what it finds is this order,
 * as the loads it adds on its way are those of nodes that are taken already. Kernel: find_next_best_node().
 */
static void sort_others(struct node_picker *p, int local)
{
	const struct boot *b = p->b;
	uint64_t factor = boot_trait(b, TRAIT_NODE_LOAD) == NODE_LOAD_ONE ? MAX_NUMNODES : b->nr_online * (uint64_t)MAX_NUMNODES;

	p->nr = 0;
	for (int n = 0; (size_t)n < b->nr_nodes; n++)
		if (n != local && b->node[n].has_memory)
			p->v[p->nr++] = (struct candidate){ (boot_distance(b, local, n) + (uint64_t)(n < local)) * factor + p->load[n], n };
	qsort(p->v, p->nr, sizeof(*p->v), by_score);
}

/* The first of a group of equally near nodes carries more, so that the next local node starts with another. */
static void add_load(struct node_picker *p, int nid, uint64_t penalty)
{
	switch (boot_trait(p->b, TRAIT_NODE_LOAD)) {
	case NODE_LOAD_SET:
		p->load[nid] = penalty;
		break;
	case NODE_LOAD_ADD:
		p->load[nid] += penalty;
		break;
	default:
		p->load[nid] += 1;
	}
}

static void node_order(struct node_picker *p, struct pgdat *node)
{
	struct boot *b = p->b;
	uint64_t penalty = b->nr_online;
	int previous = node->nid;

	node->fallback = arena_array(b->arena, int, b->nr_nodes);
	/* The local node comes first, if it has memory. */
	if (node->has_memory || boot_trait(b, TRAIT_FALLBACK_MEMORYLESS)) {
		node->fallback[node->nr_fallback++] = node->nid;
		penalty -= penalty > 0;
	}
	sort_others(p, node->nid);
	for (size_t i = 0; i < p->nr; i++) {
		int next = p->v[i].nid;

		if (boot_distance(b, node->nid, next) != boot_distance(b, node->nid, previous))
			add_load(p, next, penalty);
		node->fallback[node->nr_fallback++] = previous = next;
		penalty -= penalty > 0;
	}
}

static void say_fallback(struct boot *b, const struct pgdat *node)
{
	struct strbuf list = { .arena = b->arena };

	for (size_t i = 0; i < node->nr_fallback; i++) {
		strbuf_decimal(&list, (uint64_t)node->fallback[i], 1);
		strbuf_char(&list, ' ');
	}
	SAY_TEXT(b, FALLBACK, 0, strbuf_str(&list).p, NULL, (uint64_t)node->nid);
}

/* Distances decide once there are three nodes; without them the order is not known. */
static bool distances_known(const struct boot *b)
{
	return b->nr_online < 3 || b->numa_dummy || machine_distances_known(b->machine);
}

static void fallback_orders(struct boot *b)
{
	struct node_picker p = { .b = b };

	if (b->extent != BOOT_WHOLE || !distances_known(b))
		return;
	p.load = arena_array(b->arena, uint64_t, b->nr_nodes);
	p.v = arena_array(b->arena, struct candidate, b->nr_nodes);
	for (size_t n = 0; n < b->nr_nodes; n++) {
		if (!b->node[n].online)
			continue;
		node_order(&p, &b->node[n]);
		if (boot_trait(b, TRAIT_FALLBACK_LINES))
			say_fallback(b, &b->node[n]);
	}
}

/* --- Node or Zone order --- */

static uint64_t zone_pages(const struct boot *b, const struct pgdat *node, bool low)
{
	uint64_t pages = 0;

	for (size_t z = 0; z < b->nr_zones; z++) {
		const struct zone *zone = &node->zone[b->zone_order[z]];
		bool is_low = zone->type == ZONE_DMA || zone->type == ZONE_DMA32;

		if (!low || is_low)
			pages += boot_trait(b, TRAIT_PRESENT_MEANS) == PRESENT_LESS_MEMMAP ? zone->freesize : zone->present;
	}
	return pages;
}

/* Zone order saves low memory on machines that have little of it. Kernel: default_zonelist_order(), to 3.16. */
static const char *zonelist_order(const struct boot *b)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "numa_zonelist_order");
	uint64_t low = 0, total = 0, nodes = 1, average;

	if (o && o->value.n)
		return (*o->value.p | 32) == 'z' ? "Zone" : "Node";
	/* Without NUMA it is a word without a meaning. Kernel: set_zonelist_order(). */
	if (!b->kernel->has_numa)
		return "Zone";
	if (!boot_trait(b, TRAIT_ZONE_ORDER))
		return "Node";
	for (size_t n = 0; n < b->nr_nodes; n++) {
		low += zone_pages(b, &b->node[n], true);
		total += zone_pages(b, &b->node[n], false);
	}
	if (!low || low > total / 2)
		return "Node";
	for (size_t n = 0; n < b->nr_nodes; n++)
		nodes += b->node[n].has_memory;
	average = total / nodes;
	for (size_t n = 0; n < b->nr_nodes; n++) {
		uint64_t node_total = zone_pages(b, &b->node[n], false), node_low = zone_pages(b, &b->node[n], true);

		if (node_low && node_total > average && node_low > node_total * 70 / 100)
			return "Node";
	}
	return "Zone";
}

static const char *policy_zone(const struct boot *b)
{
	enum zone_type best = b->zone_order[0];

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			enum zone_type type = b->zone_order[z];

			if (type < ZONE_MOVABLE && type > best && b->node[n].zone[type].present)
				best = type;
		}
	return zone_type_name(best);
}

static void say_zonelists(struct boot *b)
{
	const char *mobility = b->totalpages_built < PAGEBLOCK_PAGES * MIGRATE_TYPES ? "off." : "on.";

	if (b->dma_reserve_unknown && boot_trait(b, TRAIT_MANAGED_MEANS) != MANAGED_PRESENT)
		return;
	if (boot_trait(b, TRAIT_ZONELIST_TEXT) == ZONELIST_ORDER)
		SAY_TEXT(b, ZONELISTS_ORDER, 0, zonelist_order(b), mobility, b->nr_online, b->totalpages_built);
	else
		SAY_TEXT(b, ZONELISTS, boot_trait(b, TRAIT_ZONELIST_TEXT) == ZONELIST_SHORT, mobility, NULL, b->nr_online, b->totalpages_built);
}

void zonelists_run(struct boot *b)
{
	fallback_orders(b);
	b->totalpages_built = total_pages(b);
	say_zonelists(b);
	if (b->kernel->has_numa)
		SAY_TEXT(b, POLICY_ZONE, 0, policy_zone(b), NULL, 0);
}
