/* memblock.c - see include/mia/memblock.h. */
#include "mia/memblock.h"

#include <string.h>

#include "mia/arena.h"
#include "mia/ranges.h"

#define SMP_CACHE_BYTES 64u

static bool double_array(struct memblock *mb, struct memblock_type *type, uint64_t area_start, uint64_t area_end);

void memblock_init(struct memblock *mb, struct arena *arena)
{
	*mb = (struct memblock){
		.arena = arena,
		.memory.max = MEMBLOCK_INIT_REGIONS,
		.reserved.max = MEMBLOCK_INIT_REGIONS,
		.current_limit = UINT64_MAX,
	};
}

static void type_copy(struct memblock_type *type, struct arena *arena)
{
	struct memblock_region *v = arena_array(arena, struct memblock_region, type->nr + 16);

	if (type->nr)
		memcpy(v, type->v, type->nr * sizeof(*v));
	type->v = v;
	type->cap = type->nr + 16;
}

struct memblock memblock_copy(const struct memblock *mb, struct arena *arena)
{
	struct memblock copy = *mb;

	copy.arena = arena;
	type_copy(&copy.memory, arena);
	type_copy(&copy.reserved, arena);
	return copy;
}

size_t memblock_search(const struct memblock_type *type, uint64_t addr)
{
	size_t lo = 0, hi = type->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (type->v[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void insert_region(struct memblock *mb, struct memblock_type *type, size_t at, struct memblock_region region)
{
	vec_push(mb->arena, type);
	memmove(&type->v[at + 1], &type->v[at], (type->nr - 1 - at) * sizeof(region));
	type->v[at] = region;
}

static void remove_region(struct memblock_type *type, size_t at)
{
	type->nr--;
	memmove(&type->v[at], &type->v[at + 1], (type->nr - at) * sizeof(*type->v));
}

/* Join neighbours that touch and agree, from just before @from to just behind @to. Kernel: memblock_merge_regions(). */
static void merge_regions(struct memblock_type *type, size_t from, size_t to)
{
	size_t i = from ? from - 1 : 0;

	while (i + 1 < type->nr && i <= to) {
		struct memblock_region *a = &type->v[i], *b = &type->v[i + 1];

		if (a->end != b->base || a->nid != b->nid || a->flags != b->flags) {
			i++;
			continue;
		}
		a->end = b->end;
		remove_region(type, i + 1);
		if (to)
			to--;
	}
}

/* Pieces of [base, end) that the array does not cover yet. */
static size_t count_new(const struct memblock_type *type, uint64_t base, uint64_t end)
{
	size_t n = 0;

	for (size_t i = memblock_search(type, base); i < type->nr && type->v[i].base < end; i++) {
		n += type->v[i].base > base;
		base = min_u64(type->v[i].end, end);
	}
	return n + (base < end);
}

/* Is [base, end) new, and the lower part of a region that begins at @end and no other? */
static bool touches_only_above(const struct memblock_type *type, size_t above, uint64_t base, uint64_t end, int nid, uint32_t flags)
{
	const struct memblock_region *r = &type->v[above];

	return above < type->nr && r->base == end && r->nid == nid && r->flags == flags && (!above || r[-1].end < base);
}

/* Kernel: memblock_add_range(). */
static void add_range(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end, int nid, uint32_t flags)
{
	size_t first, i;

	if (base >= end)
		return;
	i = memblock_search(type, base);
	/* The usual case: right below what was taken last. */
	if (type->nr < type->max && touches_only_above(type, i, base, end, nid, flags)) {
		type->v[i].base = base;
		return;
	}
	/* The kernel counts first and doubles before it inserts; the new array's own reservation may change the count. */
	while (type->nr + count_new(type, base, end) > type->max)
		if (!double_array(mb, type, base, end))
			break;
	first = i = memblock_search(type, base);
	while (i < type->nr && type->v[i].base < end) {
		struct memblock_region old = type->v[i];

		if (old.base > base)
			insert_region(mb, type, i++, (struct memblock_region){ base, old.base, nid, flags });
		base = min_u64(old.end, end);
		i++;
	}
	if (base < end)
		insert_region(mb, type, i++, (struct memblock_region){ base, end, nid, flags });
	merge_regions(type, first, i);
}

/* Split at @base and @end; the regions between are [*first, *last). Kernel: memblock_isolate_range(). */
static void isolate_range(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end, size_t *first, size_t *last)
{
	size_t i;

	/* Each cut may need one more region at either side. */
	while (type->nr + 2 > type->max)
		if (!double_array(mb, type, base, end))
			break;
	i = memblock_search(type, base);
	if (i < type->nr && type->v[i].base < base) {
		struct memblock_region tail = type->v[i];

		tail.base = base;
		type->v[i].end = base;
		insert_region(mb, type, ++i, tail);
	}
	*first = i;
	while (i < type->nr && type->v[i].base < end) {
		if (type->v[i].end > end) {
			struct memblock_region tail = type->v[i];

			tail.base = end;
			type->v[i].end = end;
			insert_region(mb, type, i + 1, tail);
		}
		i++;
	}
	*last = i;
}

static void remove_range(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end)
{
	size_t first, last;

	if (base >= end)
		return;
	isolate_range(mb, type, base, end, &first, &last);
	if (last > first) {
		memmove(&type->v[first], &type->v[last], (type->nr - last) * sizeof(*type->v));
		type->nr -= last - first;
	}
}

/*
 * The array is full: take memory for one twice as large, above the range that is being added or else below it.
 * Kernel: memblock_double_array().
 */
static bool double_array(struct memblock *mb, struct memblock_type *type, uint64_t area_start, uint64_t area_end)
{
	uint64_t bytes = align_up(type->max * 2 * MEMBLOCK_REGION_BYTES, PAGE_SIZE);
	struct memblock_request above = { .size = bytes, .align = PAGE_SIZE, .min = area_end, .nid = NUMA_NO_NODE };
	struct memblock_request below = { .size = bytes, .align = PAGE_SIZE, .max = min_u64(area_start, mb->current_limit), .nid = NUMA_NO_NODE };
	struct phys_range old = type->array;
	uint64_t base;

	if (!mb->can_resize) {
		mb->overflowed = true;
		return false;
	}
	if (type == &mb->memory)
		above.min = 0;
	base = memblock_find(mb, &above);
	if (!base && below.max > PAGE_SIZE)
		base = memblock_find(mb, &below);
	if (!base) {
		mb->overflowed = true;
		return false;
	}
	type->max *= 2;
	type->doubled++;
	type->array = (struct phys_range){ base, base + bytes };
	/* The new array itself needs a region; there is room for it now. */
	add_range(mb, &mb->reserved, base, base + bytes, NUMA_NO_NODE, 0);
	if (old.end)
		remove_range(mb, &mb->reserved, old.start, old.end);
	return true;
}

void memblock_add(struct memblock *mb, uint64_t base, uint64_t end, int nid, uint32_t flags)
{
	add_range(mb, &mb->memory, base, end, nid, flags);
}

void memblock_remove(struct memblock *mb, uint64_t base, uint64_t end) { remove_range(mb, &mb->memory, base, end); }

void memblock_reserve_flags(struct memblock *mb, uint64_t base, uint64_t end, int nid, uint32_t flags)
{
	add_range(mb, &mb->reserved, base, end, nid, flags);
}

void memblock_reserve(struct memblock *mb, uint64_t base, uint64_t end)
{
	add_range(mb, &mb->reserved, base, end, NUMA_NO_NODE, 0);
}

void memblock_free(struct memblock *mb, uint64_t base, uint64_t end) { remove_range(mb, &mb->reserved, base, end); }

void memblock_set_node(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end, int nid)
{
	size_t first, last;

	if (base >= end)
		return;
	isolate_range(mb, type, base, end, &first, &last);
	for (size_t i = first; i < last; i++)
		type->v[i].nid = nid;
	merge_regions(type, first, last);
}

void memblock_set_flags(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end, uint32_t flags, bool on)
{
	size_t first, last;

	if (base >= end)
		return;
	isolate_range(mb, type, base, end, &first, &last);
	for (size_t i = first; i < last; i++)
		type->v[i].flags = on ? type->v[i].flags | flags : type->v[i].flags & ~flags;
	merge_regions(type, first, last);
}

void memblock_trim_memory(struct memblock *mb, uint64_t align)
{
	size_t kept = 0;

	for (size_t i = 0; i < mb->memory.nr; i++) {
		struct memblock_region r = mb->memory.v[i];

		r.base = align_up(r.base, align);
		r.end = align_down(r.end, align);
		if (r.base < r.end)
			mb->memory.v[kept++] = r;
	}
	mb->memory.nr = kept;
}

static bool skip_region(const struct memblock *mb, const struct memblock_region *r, int nid, bool mirror_only)
{
	if (nid != NUMA_NO_NODE && r->nid != nid)
		return true;
	if (mb->movable_node && (r->flags & MEMBLOCK_HOTPLUG))
		return true;
	if (mirror_only && !(r->flags & MEMBLOCK_MIRROR))
		return true;
	return (r->flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED)) != 0;
}

static void note_search(const struct memblock *mb, uint64_t start, uint64_t end)
{
	if (mb->searched)
		ranges_add(mb->arena, mb->searched, (struct phys_range){ start, end });
}

/* A place of @size inside [lo, hi), as high or as low as can be; 0 if it does not fit. */
static uint64_t fit(uint64_t lo, uint64_t hi, uint64_t size, uint64_t align, bool top_down)
{
	uint64_t base;

	if (hi < lo || hi - lo < size)
		return 0;
	base = top_down ? align_down(hi - size, align) : align_up(lo, align);
	return base >= lo && base <= hi - size ? base : 0;
}

static uint64_t find_top_down(const struct memblock *mb, uint64_t start, uint64_t end, uint64_t size, uint64_t align, int nid, bool mirror)
{
	for (size_t m = mb->memory.nr; m-- > 0;) {
		const struct memblock_region *region = &mb->memory.v[m];
		uint64_t lo, hi, top, base;
		size_t r;

		if (region->end <= start)
			break;
		if (skip_region(mb, region, nid, mirror))
			continue;
		lo = max_u64(region->base, start);
		hi = top = min_u64(region->end, end);
		if (lo >= hi)
			continue;
		/* Reserved regions that begin below @hi, from the highest down. */
		r = memblock_search(&mb->reserved, hi);
		if (r < mb->reserved.nr && mb->reserved.v[r].base < hi)
			r++;
		for (;;) {
			uint64_t gap = r ? max_u64(lo, mb->reserved.v[r - 1].end) : lo;

			base = fit(gap, hi, size, align, true);
			if (base) {
				note_search(mb, base, top);
				return base;
			}
			if (!r || mb->reserved.v[r - 1].base <= lo)
				break;
			hi = min_u64(hi, mb->reserved.v[--r].base);
		}
		note_search(mb, lo, top);
	}
	return 0;
}

static uint64_t find_bottom_up(const struct memblock *mb, uint64_t start, uint64_t end, uint64_t size, uint64_t align, int nid, bool mirror)
{
	for (size_t m = memblock_search(&mb->memory, start); m < mb->memory.nr && mb->memory.v[m].base < end; m++) {
		const struct memblock_region *region = &mb->memory.v[m];
		uint64_t lo = max_u64(region->base, start), hi = min_u64(region->end, end), base;

		if (skip_region(mb, region, nid, mirror))
			continue;
		note_search(mb, lo, hi);
		for (size_t r = memblock_search(&mb->reserved, lo);; r++) {
			uint64_t gap_end = r < mb->reserved.nr ? min_u64(mb->reserved.v[r].base, hi) : hi;

			base = lo < gap_end ? fit(lo, gap_end, size, align, false) : 0;
			if (base)
				return base;
			if (r >= mb->reserved.nr || mb->reserved.v[r].end >= hi)
				break;
			lo = max_u64(lo, mb->reserved.v[r].end);
		}
	}
	return 0;
}

static uint64_t find_with(const struct memblock *mb, const struct memblock_request *q, int nid, bool mirror)
{
	/* The first page is never handed out. */
	uint64_t start = max_u64(q->min, PAGE_SIZE), end = mb->current_limit;
	uint64_t align = q->align ? q->align : SMP_CACHE_BYTES, base = 0;

	if (q->max > 1)
		end = q->ranged ? q->max : min_u64(q->max, end);
	if (end <= start || !q->size)
		return 0;
	if (mb->bottom_up) {
		uint64_t from = max_u64(start, mb->bottom_up_from);

		if (from < end)
			base = find_bottom_up(mb, from, end, q->size, align, nid, mirror);
		if (base || !mb->bottom_up_from)
			return base;
	}
	return find_top_down(mb, start, end, q->size, align, nid, mirror);
}

uint64_t memblock_find(const struct memblock *mb, const struct memblock_request *request)
{
	uint64_t base = mb->has_mirror ? find_with(mb, request, request->nid, true) : 0;

	return base ? base : find_with(mb, request, request->nid, false);
}

static uint64_t find_on_any_node(const struct memblock *mb, const struct memblock_request *q, bool mirror)
{
	uint64_t base = find_with(mb, q, q->nid, mirror);

	if (!base && q->nid != NUMA_NO_NODE && !q->exact_nid)
		base = find_with(mb, q, NUMA_NO_NODE, mirror);
	return base;
}

uint64_t memblock_alloc(struct memblock *mb, const struct memblock_request *request)
{
	struct memblock_request q = *request;
	uint64_t base = 0;

	for (;;) {
		if (mb->has_mirror)
			base = find_on_any_node(mb, &q, true);
		if (!base)
			base = find_on_any_node(mb, &q, false);
		if (base || !q.min || q.ranged)
			break;
		q.min = 0;
	}
	if (base)
		memblock_reserve(mb, base, base + q.size);
	return base;
}

struct phys_ranges *memblock_search_run(struct memblock *mb, uint64_t base, uint64_t size, uint64_t nr)
{
	struct phys_ranges *searched = mb->searched;

	if (mb->bottom_up)
		note_search(mb, base, UINT64_MAX);
	else
		note_search(mb, sub_sat(base + size, nr * size), base + size);
	mb->searched = NULL;
	return searched;
}

uint64_t memblock_bytes(const struct memblock_type *type)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < type->nr; i++)
		bytes += type->v[i].end - type->v[i].base;
	return bytes;
}

bool memblock_overlaps(const struct memblock_type *type, uint64_t base, uint64_t end)
{
	size_t i = memblock_search(type, base);

	return i < type->nr && type->v[i].base < end;
}

bool memblock_is_reserved(const struct memblock *mb, uint64_t addr) { return memblock_overlaps(&mb->reserved, addr, addr + 1); }

bool memblock_is_region_memory(const struct memblock *mb, uint64_t base, uint64_t end)
{
	size_t i = memblock_search(&mb->memory, base);

	return i < mb->memory.nr && mb->memory.v[i].base <= base && mb->memory.v[i].end >= end;
}

bool memblock_next_free(const struct memblock *mb, size_t *i, size_t *j, struct phys_range *ret, int *nid)
{
	while (*i < mb->memory.nr) {
		const struct memblock_region *m = &mb->memory.v[*i];

		/* *j counts the gaps around the reserved regions: gap j lies before reserved region j. */
		for (; *j <= mb->reserved.nr; (*j)++) {
			uint64_t lo = *j ? mb->reserved.v[*j - 1].end : 0;
			uint64_t hi = *j < mb->reserved.nr ? mb->reserved.v[*j].base : UINT64_MAX;
			struct phys_range free = phys_clip((struct phys_range){ m->base, m->end }, (struct phys_range){ lo, hi });

			if (lo >= m->end)
				break;
			if (free.end > free.start) {
				*ret = free;
				*nid = m->nid;
				/* Go on with whichever ends first. */
				if (hi <= m->end)
					(*j)++;
				else
					(*i)++;
				return true;
			}
			if (hi >= m->end)
				break;
		}
		(*i)++;
	}
	return false;
}
