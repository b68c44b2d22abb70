/* owned.c - see include/mia/owned.h. */
#include "mia/owned.h"

#include <stdlib.h>

#include "mia/arena.h"
#include "mia/ranges.h"

/* Reserved bytes that are memory. */
static struct phys_ranges reserved_memory(struct arena *arena, const struct boot *b)
{
	struct phys_ranges ret = { 0 };

	for (size_t i = 0, m = 0; i < b->memblock.reserved.nr; i++) {
		const struct memblock_region *r = &b->memblock.reserved.v[i];

		while (m < b->memblock.memory.nr && b->memblock.memory.v[m].end <= r->base)
			m++;
		for (size_t k = m; k < b->memblock.memory.nr && b->memblock.memory.v[k].base < r->end; k++)
			ranges_add(arena, &ret, phys_clip((struct phys_range){ r->base, r->end }, (struct phys_range){ b->memblock.memory.v[k].base, b->memblock.memory.v[k].end }));
	}
	return ret;
}

/* What is claimed is taken out of @left, and what it leaves empty stays there: most is claimed whole, and nothing need be moved. */
static void claim(struct arena *arena, struct owned_ranges *ret, struct phys_ranges *left, const struct owned_range *o)
{
	for (size_t i = ranges_search(left, o->range.start); i < left->nr && left->v[i].start < o->range.end; i++) {
		struct phys_range taken = phys_clip(left->v[i], o->range);

		*vec_push(arena, ret) = (struct owned_range){ .range = taken, .owner = o->owner, .stage = o->stage };
		if (taken.start == left->v[i].start)
			left->v[i].start = taken.end;
		else if (taken.end == left->v[i].end)
			left->v[i].end = taken.start;
		else
			ranges_remove(arena, left, taken);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct owned_range *x = a, *y = b;

	return x->range.start < y->range.start ? -1 : x->range.start > y->range.start;
}

struct owned_ranges owned_by_address(struct arena *arena, const struct boot *b)
{
	struct phys_ranges left = reserved_memory(arena, b);
	struct owned_ranges ret = { 0 };

	for (size_t i = 0; i < b->owned.nr; i++)
		if (phys_len(b->owned.v[i].range))
			claim(arena, &ret, &left, &b->owned.v[i]);
	for (size_t i = 0; i < left.nr; i++)
		if (phys_len(left.v[i]))
			*vec_push(arena, &ret) = (struct owned_range){ .range = left.v[i], .owner = OWNER_NONE };
	if (ret.nr)
		qsort(ret.v, ret.nr, sizeof(*ret.v), by_address);
	return ret;
}

struct takings owned_in_order(struct arena *arena, const struct boot *b)
{
	struct phys_ranges left = reserved_memory(arena, b);
	struct takings ret = { 0 };

	for (size_t i = 0; i < b->owned.nr; i++) {
		const struct owned_range *o = &b->owned.v[i];
		uint64_t bytes = phys_len(o->range) ? ranges_overlap(&left, o->range) : 0;
		struct taking *last = ret.nr ? &ret.v[ret.nr - 1] : NULL;

		if (!bytes)
			continue;
		ranges_remove(arena, &left, o->range);
		if (last && last->stage == o->stage && last->owner == o->owner)
			last->bytes += bytes;
		else
			*vec_push(arena, &ret) = (struct taking){ o->stage, o->owner, bytes };
	}
	return ret;
}
