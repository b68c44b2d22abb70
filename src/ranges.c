/* ranges.c - see include/mia/ranges.h. */
#include "mia/ranges.h"

#include <string.h>

#include "mia/arena.h"

size_t ranges_search(const struct phys_ranges *set, uint64_t addr)
{
	size_t lo = 0, hi = set->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->v[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void insert_at(struct arena *arena, struct phys_ranges *set, size_t at, struct phys_range range)
{
	vec_push(arena, set);
	memmove(&set->v[at + 1], &set->v[at], (set->nr - 1 - at) * sizeof(range));
	set->v[at] = range;
}

static void erase(struct phys_ranges *set, size_t from, size_t to)
{
	memmove(&set->v[from], &set->v[to], (set->nr - to) * sizeof(*set->v));
	set->nr -= to - from;
}

void ranges_add(struct arena *arena, struct phys_ranges *set, struct phys_range range)
{
	size_t from, to;

	if (range.end <= range.start)
		return;
	/* Ranges that overlap or touch are swallowed. */
	from = range.start ? ranges_search(set, range.start - 1) : 0;
	for (to = from; to < set->nr && set->v[to].start <= range.end; to++) {
		range.start = min_u64(range.start, set->v[to].start);
		range.end = max_u64(range.end, set->v[to].end);
	}
	if (to == from) {
		insert_at(arena, set, from, range);
		return;
	}
	set->v[from] = range;
	erase(set, from + 1, to);
}

void ranges_remove(struct arena *arena, struct phys_ranges *set, struct phys_range range)
{
	size_t i = ranges_search(set, range.start);

	while (i < set->nr && set->v[i].start < range.end) {
		struct phys_range old = set->v[i];

		if (old.start < range.start && old.end > range.end) {
			set->v[i].end = range.start;
			insert_at(arena, set, i + 1, (struct phys_range){ range.end, old.end });
			return;
		}
		if (old.start < range.start) {
			set->v[i++].end = range.start;
		} else if (old.end > range.end) {
			set->v[i].start = range.end;
			return;
		} else {
			erase(set, i, i + 1);
		}
	}
}

bool ranges_contain(const struct phys_ranges *set, uint64_t addr)
{
	size_t i = ranges_search(set, addr);

	return i < set->nr && set->v[i].start <= addr;
}

uint64_t ranges_overlap(const struct phys_ranges *set, struct phys_range range)
{
	uint64_t bytes = 0;

	for (size_t i = ranges_search(set, range.start); i < set->nr && set->v[i].start < range.end; i++)
		bytes += phys_len(phys_clip(set->v[i], range));
	return bytes;
}

uint64_t ranges_bytes(const struct phys_ranges *set)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < set->nr; i++)
		bytes += phys_len(set->v[i]);
	return bytes;
}
