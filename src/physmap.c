/*
 * physmap.c - see include/mia/physmap.h.
 *
 * Every layer (firmware's map, memblock's memory, claims, late frees, zones) gives its borders; between two neighbouring borders
 * nothing changes, so that one look at each layer tells what is there.
 */
#include "mia/physmap.h"

#include <stdlib.h>

#include "mia/arena.h"
#include "mia/owned.h"
#include "mia/ranges.h"

struct borders {
	uint64_t *v;
	size_t nr, cap;
};

struct layers {
	struct arena *arena;
	const struct boot *b;
	struct e820_table firmware; /* sorted; later entries hide earlier ones that they overlap */
	struct owned_ranges claims;
	struct phys_ranges returned;
	struct borders borders;
};

const char *phys_kind_name(enum phys_kind kind)
{
	static const char *const names[] = { "hole", "firmware", "cut", "owned", "free" };

	return names[kind];
}

/* --- layers --- */

static int by_start(const void *a, const void *b)
{
	const struct e820_entry *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* CMA areas and gigantic pages count as memory, and yet are not free for all: they keep their owner. */
static bool goes_back(const struct late_free *f) { return phys_len(f->range) && f->kind != LATE_CMA && f->kind != LATE_GIGANTIC && f->kind != LATE_ONLINED; }

static void collect_layers(struct layers *l)
{
	const struct boot *b = l->b;

	l->firmware = e820_copy(l->arena, &b->e820_steps.v[0].table);
	if (l->firmware.nr)
		qsort(l->firmware.v, l->firmware.nr, sizeof(*l->firmware.v), by_start);
	l->claims = owned_by_address(l->arena, b);
	for (size_t i = 0; i < b->late.nr; i++)
		if (goes_back(&b->late.v[i]))
			ranges_add(l->arena, &l->returned, b->late.v[i].range);
}

static void add_border(struct layers *l, uint64_t start, uint64_t end)
{
	if (end <= start)
		return;
	*vec_push(l->arena, &l->borders) = start;
	*vec_push(l->arena, &l->borders) = end;
}

/* The page of which a claim takes a part is gone as a whole. */
static void add_claim_borders(struct layers *l, struct phys_range r)
{
	add_border(l, r.start, r.end);
	add_border(l, align_down(r.start, PAGE_SIZE), align_up(r.end, PAGE_SIZE));
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void collect_borders(struct layers *l)
{
	const struct boot *b = l->b;

	*vec_push(l->arena, &l->borders) = 0;
	for (size_t i = 0; i < l->firmware.nr; i++)
		add_border(l, l->firmware.v[i].start, l->firmware.v[i].end);
	for (size_t i = 0; i < b->memblock.memory.nr; i++)
		add_border(l, b->memblock.memory.v[i].base, b->memblock.memory.v[i].end);
	for (size_t i = 0; i < l->claims.nr; i++)
		add_claim_borders(l, l->claims.v[i].range);
	for (size_t i = 0; i < l->returned.nr; i++)
		add_border(l, l->returned.v[i].start, l->returned.v[i].end);
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct pfn_range span = b->node[n].zone[b->zone_order[z]].span;

			add_border(l, PFN_PHYS(span.start), PFN_PHYS(span.end));
		}
	qsort(l->borders.v, l->borders.nr, sizeof(*l->borders.v), by_value);
}

/* --- one look --- */

/* Last entry that starts at or before @addr, if it reaches beyond it. */
static uint32_t firmware_type(const struct layers *l, uint64_t addr)
{
	size_t lo = 0, hi = l->firmware.nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->firmware.v[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && l->firmware.v[lo - 1].end > addr ? l->firmware.v[lo - 1].type : 0;
}

/* The last claim that starts below @end, if it reaches beyond @start. */
static const struct owned_range *claim_in(const struct layers *l, uint64_t start, uint64_t end)
{
	size_t lo = 0, hi = l->claims.nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->claims.v[mid].range.start < end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && l->claims.v[lo - 1].range.end > start ? &l->claims.v[lo - 1] : NULL;
}

static bool is_memory(const struct boot *b, uint64_t addr)
{
	size_t i = memblock_search(&b->memblock.memory, addr);

	return i < b->memblock.memory.nr && b->memblock.memory.v[i].base <= addr;
}

/* A page without memory belongs to the first zone whose span holds it. */
static void find_span(const struct boot *b, uint64_t pfn, struct phys_segment *s)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (pfn >= zone->span.start && pfn < zone->span.end) {
				s->nid = (int)n;
				s->zone = zone->type;
				return;
			}
		}
}

static void find_zone(const struct boot *b, uint64_t pfn, struct phys_segment *s)
{
	const struct zone *zone = boot_zone_of(b, pfn, &s->nid);

	if (zone)
		s->zone = zone->type;
	else
		find_span(b, pfn, s);
}

static struct phys_segment look(const struct layers *l, uint64_t start, uint64_t end)
{
	struct phys_segment s = { .range = { start, end }, .nid = NUMA_NO_NODE, .type = firmware_type(l, start) };
	const struct owned_range *claim = claim_in(l, start, start + 1);
	uint64_t page = align_down(start, PAGE_SIZE);

	find_zone(l->b, PFN_DOWN(start), &s);
	if (claim) {
		s.kind = PHYS_OWNED;
		s.owner = claim->owner;
		s.returned = ranges_contain(&l->returned, start);
	} else if (is_memory(l->b, start)) {
		/* The rest of a page that is partly taken is taken too. */
		s.kind = claim_in(l, page, page + PAGE_SIZE) ? PHYS_OWNED : PHYS_FREE;
		s.owner = s.kind == PHYS_OWNED ? OWNER_ROUNDING : OWNER_NONE;
	} else if (s.type) {
		s.kind = s.type == E820_TYPE_RAM ? PHYS_CUT : PHYS_FIRMWARE;
	}
	return s;
}

static bool alike(const struct phys_segment *a, const struct phys_segment *b)
{
	return a->kind == b->kind && a->owner == b->owner && a->nid == b->nid && a->zone == b->zone && a->returned == b->returned && (a->kind != PHYS_FIRMWARE || a->type == b->type);
}

static bool all_holes(const struct physmap *map)
{
	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].kind != PHYS_HOLE)
			return false;
	return true;
}

void physmap_build(struct arena *arena, const struct boot *b, struct physmap *ret)
{
	struct layers l = { .arena = arena, .b = b };

	*ret = (struct physmap){ 0 };
	if (!b->e820_steps.nr)
		return;
	collect_layers(&l);
	collect_borders(&l);
	for (size_t i = 0; i + 1 < l.borders.nr; i++) {
		struct phys_segment s, *last = ret->nr ? &ret->v[ret->nr - 1] : NULL;

		if (l.borders.v[i] == l.borders.v[i + 1])
			continue;
		s = look(&l, l.borders.v[i], l.borders.v[i + 1]);
		if (last && alike(last, &s))
			last->range.end = s.range.end;
		else
			*vec_push(arena, ret) = s;
	}
	if (all_holes(ret))
		ret->nr = 0;
}

static size_t join_smaller(struct physmap *map, uint64_t least)
{
	size_t nr = 0;

	for (size_t i = 0; i < map->nr; i++) {
		const struct phys_segment *s = &map->v[i];
		struct phys_segment *last = nr ? &map->v[nr - 1] : NULL;

		if (last && phys_len(s->range) < least && phys_len(last->range) < least && last->kind != PHYS_HOLE && last->nid == s->nid && last->zone == s->zone)
			last->range.end = s->range.end;
		else
			map->v[nr++] = *s;
	}
	return nr;
}

uint64_t physmap_coarsen(struct physmap *map, size_t limit)
{
	uint64_t least = 0;

	for (uint64_t next = PAGE_SIZE; map->nr > limit && next < TIB; next *= 2) {
		least = next;
		map->nr = join_smaller(map, least);
	}
	return least;
}
