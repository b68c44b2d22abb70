/*
 * test_memblock_oracle.c - memblock against a plain map of its memory.
 *
 * Random layouts of 4 MiB in cells of 1 KiB: is there memory, of which node, with which flags, is it reserved. After every step
 * memblock's two arrays, painted into such a map, must give the same one; every address that it chooses must be the one that a
 * look at every cell finds; and its arrays must be sorted, disjoint and merged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/memblock.h"

#define CELL 1024u
#define NR_CELLS 4096u
#define CELLS_PER_PAGE (PAGE_SIZE / CELL)
#define SPACE ((uint64_t)NR_CELLS * CELL)
#define ROUNDS 120
#define STEPS 300
#define NO_MEMORY (-2)

struct cell {
	int nid;             /* of the memory; NO_MEMORY where there is none */
	uint32_t flags;
	bool reserved;
};

struct oracle {
	struct cell cell[NR_CELLS];
	struct phys_range array[2]; /* doubled arrays of memory and reserved */
};

static struct memblock mb;
static struct oracle oracle;
static uint64_t seed;

static uint64_t any(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

/* A range of cells, mostly short. */
static struct phys_range any_range(void)
{
	uint64_t from = any(NR_CELLS), cells = any(8) ? 1 + any(24) : 1 + any(NR_CELLS);

	return (struct phys_range){ from * CELL, min_u64(from + cells, NR_CELLS) * CELL };
}

#define FOR_CELLS(i, range) for (uint64_t i = (range).start / CELL; i < (range).end / CELL; i++)

/* --- what the arrays hold, as a map --- */

static void check_sorted(const struct memblock_type *type)
{
	for (size_t i = 0; i < type->nr; i++) {
		const struct memblock_region *r = &type->v[i], *next = r + 1;

		assert_true(r->base < r->end);
		if (i + 1 == type->nr)
			break;
		assert_true(r->end <= next->base);
		/* What touches and agrees is one region. */
		assert_false(r->end == next->base && r->nid == next->nid && r->flags == next->flags);
	}
}

static void compare(void)
{
	static struct cell painted[NR_CELLS];

	for (size_t i = 0; i < NR_CELLS; i++)
		painted[i] = (struct cell){ .nid = NO_MEMORY };
	for (size_t i = 0; i < mb.memory.nr; i++)
		FOR_CELLS(c, ((struct phys_range){ mb.memory.v[i].base, mb.memory.v[i].end }))
		{
			painted[c].nid = mb.memory.v[i].nid;
			painted[c].flags = mb.memory.v[i].flags;
		}
	for (size_t i = 0; i < mb.reserved.nr; i++)
		FOR_CELLS(c, ((struct phys_range){ mb.reserved.v[i].base, mb.reserved.v[i].end })) painted[c].reserved = true;
	for (size_t i = 0; i < NR_CELLS; i++) {
		assert_int_equal(painted[i].nid, oracle.cell[i].nid);
		assert_int_equal(painted[i].flags, oracle.cell[i].flags);
		assert_int_equal(painted[i].reserved, oracle.cell[i].reserved);
	}
	check_sorted(&mb.memory);
	check_sorted(&mb.reserved);
}

/* --- finding, cell by cell --- */

static bool usable(const struct cell *c, int nid, bool mirror)
{
	return c->nid != NO_MEMORY && (nid == NUMA_NO_NODE || c->nid == nid) && !(mb.movable_node && (c->flags & MEMBLOCK_HOTPLUG)) &&
	       (!mirror || (c->flags & MEMBLOCK_MIRROR)) && !(c->flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED)) && !c->reserved;
}

/* All of it free, and in one region: memory of one node with one set of flags. */
static bool fits(uint64_t base, uint64_t size, int nid, bool mirror)
{
	struct phys_range range = { base, base + size };
	const struct cell *first = &oracle.cell[base / CELL];

	FOR_CELLS(i, range)
	if (!usable(&oracle.cell[i], nid, mirror) || oracle.cell[i].nid != first->nid || oracle.cell[i].flags != first->flags)
		return false;
	return true;
}

static uint64_t look(uint64_t start, uint64_t end, uint64_t size, uint64_t align, int nid, bool mirror)
{
	uint64_t found = 0;

	end = min_u64(end, SPACE);
	for (uint64_t base = align_up(start, align); base + size <= end; base += align) {
		if (!fits(base, size, nid, mirror))
			continue;
		if (mb.bottom_up)
			return base;
		found = base;
	}
	return found;
}

static uint64_t look_for(const struct memblock_request *q, int nid, bool mirror)
{
	uint64_t start = max_u64(q->min, PAGE_SIZE), end = q->max ? min_u64(q->max, mb.current_limit) : mb.current_limit;

	return start < end ? look(start, end, q->size, q->align, nid, mirror) : 0;
}

/* The order of the attempts: mirrored memory first, the node asked for first, the low limit dropped last. */
static uint64_t look_for_any(struct memblock_request q)
{
	uint64_t base = 0;

	for (;;) {
		for (int mirror = mb.has_mirror; mirror >= 0 && !base; mirror--) {
			base = look_for(&q, q.nid, mirror);
			if (!base && q.nid != NUMA_NO_NODE && !q.exact_nid)
				base = look_for(&q, NUMA_NO_NODE, mirror);
		}
		if (base || !q.min)
			return base;
		q.min = 0;
	}
}

/* --- steps --- */

static void paint_reserved(struct phys_range range, bool reserved)
{
	FOR_CELLS(i, range) oracle.cell[i].reserved = reserved;
}

/*
 * An array that is full moves to one twice as large: above the range that is being added, else below it; for the array of memory
 * anywhere. It must have been put where the cells say.
 */
static void follow_doubling(struct memblock_type *type, struct phys_range adding)
{
	bool of_memory = type == &mb.memory;
	struct phys_range *mine = &oracle.array[!of_memory];
	uint64_t bytes = type->array.end - type->array.start, wanted = 0;
	struct memblock_request q = { .size = bytes, .align = PAGE_SIZE, .min = of_memory ? 0 : adding.end, .nid = NUMA_NO_NODE };

	if (type->array.start == mine->start)
		return;
	for (int mirror = mb.has_mirror; mirror >= 0 && !wanted; mirror--)
		wanted = look_for(&q, NUMA_NO_NODE, mirror);
	q.min = 0;
	q.max = adding.start;
	for (int mirror = mb.has_mirror; mirror >= 0 && !wanted && q.max > PAGE_SIZE && !of_memory; mirror--)
		wanted = look_for(&q, NUMA_NO_NODE, mirror);
	assert_int_equal(type->array.start, wanted);
	/* The place of the new array is reserved, and that may be one region too many for the other. */
	if (of_memory)
		follow_doubling(&mb.reserved, type->array);
	paint_reserved(*mine, false);
	paint_reserved(type->array, true);
	*mine = type->array;
}

static void step_memory(struct phys_range range, int nid, bool add)
{
	if (add)
		memblock_add(&mb, range.start, range.end, nid, 0);
	else
		memblock_remove(&mb, range.start, range.end);
	follow_doubling(&mb.memory, range);
	FOR_CELLS(i, range)
	{
		/* What is there already stays as it is. */
		if (add && oracle.cell[i].nid != NO_MEMORY)
			continue;
		oracle.cell[i].nid = add ? nid : NO_MEMORY;
		oracle.cell[i].flags = 0;
	}
}

static void step_reserved(struct phys_range range, bool reserve)
{
	if (reserve)
		memblock_reserve(&mb, range.start, range.end);
	else
		memblock_free(&mb, range.start, range.end);
	follow_doubling(&mb.reserved, range);
	paint_reserved(range, reserve);
}

static void step_node(struct phys_range range, int nid)
{
	memblock_set_node(&mb, &mb.memory, range.start, range.end, nid);
	follow_doubling(&mb.memory, range);
	FOR_CELLS(i, range)
	if (oracle.cell[i].nid != NO_MEMORY)
		oracle.cell[i].nid = nid;
}

static void step_flags(struct phys_range range, uint32_t flags, bool on)
{
	memblock_set_flags(&mb, &mb.memory, range.start, range.end, flags, on);
	follow_doubling(&mb.memory, range);
	FOR_CELLS(i, range)
	if (oracle.cell[i].nid != NO_MEMORY)
		oracle.cell[i].flags = on ? oracle.cell[i].flags | flags : oracle.cell[i].flags & ~flags;
}

static void step_alloc(void)
{
	struct memblock_request q = {
		.size = (1 + any(any(4) ? 12 : 600)) * CELL, .align = (uint64_t)CELL << any(5), .nid = (int)any(4) - 1, .exact_nid = !any(3),
		.min = any(2) ? 0 : any(SPACE), .max = any(2) ? 0 : PAGE_SIZE + any(SPACE),
	};
	uint64_t wanted = look_for_any(q), base = memblock_alloc(&mb, &q);

	assert_int_equal(base, wanted);
	if (!base)
		return;
	follow_doubling(&mb.reserved, (struct phys_range){ base, base + q.size });
	paint_reserved((struct phys_range){ base, base + q.size }, true);
}

static void settings(void)
{
	mb.bottom_up = !any(3);
	mb.movable_node = !any(4);
	mb.has_mirror = !any(4);
	mb.current_limit = any(3) ? UINT64_MAX : PAGE_SIZE + any(SPACE);
}

static void step(void)
{
	static const uint32_t flags[] = { MEMBLOCK_HOTPLUG, MEMBLOCK_MIRROR, MEMBLOCK_NOMAP, MEMBLOCK_DRIVER_MANAGED };

	switch (any(16)) {
	case 0: case 1: case 2:
		step_memory(any_range(), (int)any(3), true);
		break;
	case 3:
		step_memory(any_range(), 0, false);
		break;
	case 4: case 5: case 6: case 7:
		step_reserved(any_range(), true);
		break;
	case 8: case 9:
		step_reserved(any_range(), false);
		break;
	case 10:
		step_node(any_range(), (int)any(3));
		break;
	case 11:
		step_flags(any_range(), flags[any(4)], any(2));
		break;
	case 12:
		settings();
		break;
	default:
		step_alloc();
	}
}

/* memblock_next_free() must give the free cells, from low to high. */
static void check_free_ranges(void)
{
	size_t i = 0, j = 0, next = 0;
	struct phys_range range;
	int nid;

	while (memblock_next_free(&mb, &i, &j, &range, &nid)) {
		for (; next < range.start / CELL; next++)
			assert_true(oracle.cell[next].nid == NO_MEMORY || oracle.cell[next].reserved);
		for (; next < range.end / CELL; next++)
			assert_true(oracle.cell[next].nid == nid && !oracle.cell[next].reserved);
	}
	for (; next < NR_CELLS; next++)
		assert_true(oracle.cell[next].nid == NO_MEMORY || oracle.cell[next].reserved);
}

static void play(struct arena *arena, uint64_t round)
{
	seed = round;
	memblock_init(&mb, arena);
	mb.can_resize = true;
	memset(&oracle, 0, sizeof(oracle));
	for (size_t i = 0; i < NR_CELLS; i++)
		oracle.cell[i].nid = NO_MEMORY;
	for (int i = 0; i < STEPS && !mb.overflowed; i++) {
		step();
		/* An array that found no room: the kernel gives up there. */
		if (mb.overflowed)
			break;
		compare();
	}
	if (!mb.overflowed)
		check_free_ranges();
}

static void random_layouts(void **state)
{
	struct arena *arena = arena_create((size_t)1 << 28);

	(void)state;
	assert_non_null(arena);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		arena_reset(arena);
		if (arena_guard(arena))
			fail_msg("out of memory");
		play(arena, round);
	}
	arena_destroy(arena);
}

/* Both arrays far beyond their 128 regions. */
static void arrays_double(void **state)
{
	struct arena *arena = arena_create((size_t)1 << 28);

	(void)state;
	assert_non_null(arena);
	if (arena_guard(arena))
		fail_msg("out of memory");
	seed = 7;
	memblock_init(&mb, arena);
	mb.can_resize = true;
	memset(&oracle, 0, sizeof(oracle));
	for (size_t i = 0; i < NR_CELLS; i++)
		oracle.cell[i].nid = NO_MEMORY;
	step_memory((struct phys_range){ 0, SPACE / 2 }, 0, true);
	for (uint64_t i = 0; i < 600; i++) {
		step_reserved((struct phys_range){ (16 + 2 * i) * CELL, (17 + 2 * i) * CELL }, true);
		step_memory((struct phys_range){ SPACE / 2 + (2 * i + 1) * CELL, SPACE / 2 + (2 * i + 2) * CELL }, 0, true);
		compare();
	}
	assert_int_equal(mb.reserved.doubled, 3);
	assert_int_equal(mb.memory.doubled, 3);
	assert_false(mb.overflowed);
	arena_destroy(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_layouts),
		cmocka_unit_test(arrays_double),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
