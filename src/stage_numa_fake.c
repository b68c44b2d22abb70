/*
 * stage_numa_fake.c - numa=fake=: real nodes cut into emulated ones.
 *
 * Kernel: numa_emulation(), split_nodes_interleave(), split_nodes_size_interleave(), split_nodes_size_interleave_uniform()
 *         (arch/x86/mm/numa_emulation.c; mm/numa_emulation.c from 6.12).
 */
#include "stage_numa.h"

#define FAKE_MIN_SIZE (32 * MIB)
#define DMA32_END (4 * GIB)

struct emulation {
	struct boot *b;
	struct numa_meminfo physical, emulated;
	int next;     /* node id, counted on without end */
	int nr_nodes; /* ids wrap here */
};

/* Bytes of [start, end) that are no RAM, in whole pages. Kernel: mem_hole_size(). */
static uint64_t hole_bytes(const struct boot *b, uint64_t start, uint64_t end)
{
	struct pfn_range pages = { PFN_UP(start), PFN_DOWN(end) };
	uint64_t present = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		struct phys_range r = { b->memblock.memory.v[i].base, b->memblock.memory.v[i].end };

		present += pfn_len(pfn_clip(pfn_inside(r), pages));
	}
	return PFN_PHYS(sub_sat(pfn_len(pages), present));
}

static struct numa_block *block_of(struct numa_meminfo *mi, int nid)
{
	for (size_t i = 0; i < mi->nr; i++)
		if (mi->v[i].nid == nid)
			return &mi->v[i];
	return NULL;
}

static void remove_block(struct numa_meminfo *mi, struct numa_block *block)
{
	size_t at = (size_t)(block - mi->v);

	mi->nr--;
	for (size_t i = at; i < mi->nr; i++)
		mi->v[i] = mi->v[i + 1];
}

/* Move the first @size bytes of @block to the next emulated node. Kernel: emu_setup_memblk(). */
static void emit(struct emulation *e, struct numa_block *block, uint64_t end)
{
	struct phys_range r = { block->range.start, min_u64(end, block->range.end) };
	int nid = e->next++ % e->nr_nodes;

	*vec_push(e->b->arena, &e->emulated) = (struct numa_block){ r, nid };
	*vec_push(e->b->arena, &e->b->fakes) = (struct numa_fake){ nid, block->nid };
	SAY(e->b, NUMA_FAKE, 0, (uint64_t)nid, r.start, r.end, phys_len(r) >> 20);
	block->range.start = r.end;
	if (block->range.start >= block->range.end)
		remove_block(&e->physical, block);
}

static bool holds(const struct boot *b, uint64_t start, uint64_t end, uint64_t size) { return end - start - hole_bytes(b, start, end) >= size; }

/* The first of @first, @first + 32 MiB, ... where enough RAM lies behind it, not above @limit. The kernel tries them all. */
static uint64_t first_end_with(const struct boot *b, uint64_t start, uint64_t first, uint64_t limit, uint64_t size)
{
	uint64_t low = 0, high = limit >= first ? (limit - first) / FAKE_MIN_SIZE : 0;

	if (holds(b, start, first, size))
		return first;
	if (first > limit || !holds(b, start, first + high * FAKE_MIN_SIZE, size))
		return limit;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (holds(b, start, first + middle * FAKE_MIN_SIZE, size))
			high = middle;
		else
			low = middle;
	}
	return first + high * FAKE_MIN_SIZE;
}

/* Where a piece with @size bytes of RAM ends, from @start on. */
static uint64_t piece_end(const struct boot *b, uint64_t start, uint64_t first_end, uint64_t limit, uint64_t size)
{
	uint64_t end = first_end_with(b, start, first_end, limit, size);

	if (boot_trait(b, TRAIT_NUMA_SETUP) != NUMA_SETUP_MEMBLKS)
		return end;
	/* What would be left below 4 GiB is too small to stand alone. */
	if (end < DMA32_END && DMA32_END - end - hole_bytes(b, end, DMA32_END) < FAKE_MIN_SIZE)
		end = DMA32_END;
	if (end < limit && limit - end - hole_bytes(b, end, limit) < size)
		end = limit;
	return end;
}

/* @nr pieces of equal size, dealt out to the real nodes in turn. */
static bool split_count(struct emulation *e, uint64_t nr)
{
	uint64_t top = PFN_PHYS(e->b->max_pfn), low = e->physical.nr ? e->physical.v[0].range.start : 0;
	uint64_t from = boot_trait(e->b, TRAIT_NUMA_CLIP) == NUMA_CLIP_DRAM ? low : 0;
	uint64_t size, big;

	if (!nr || nr > MAX_NUMNODES)
		return false;
	size = align_down((top - from - hole_bytes(e->b, from, top)) / nr, PAGE_SIZE);
	big = (size & (FAKE_MIN_SIZE - 1)) * nr / FAKE_MIN_SIZE;
	size = align_down(size, FAKE_MIN_SIZE);
	if (!size)
		return false;
	e->nr_nodes = (int)nr;
	while (e->physical.nr) {
		size_t before = e->physical.nr;

		for (int nid = 0; nid < MAX_NUMNODES && e->physical.nr; nid++) {
			struct numa_block *block = block_of(&e->physical, nid);
			uint64_t end;

			if (!block)
				continue;
			end = block->range.start + size + ((uint64_t)e->next < big ? FAKE_MIN_SIZE : 0);
			end = piece_end(e->b, block->range.start, end, block->range.end, size);
			/* 2.6.32: the last one takes what is left. */
			if (boot_trait(e->b, TRAIT_NUMA_SETUP) != NUMA_SETUP_MEMBLKS && (uint64_t)e->next + 1 == nr)
				end = block->range.end;
			emit(e, block, end);
			if (e->next > 2 * MAX_NUMNODES)
				return false;
		}
		if (e->physical.nr == before && e->next > MAX_NUMNODES)
			return false;
	}
	return true;
}

/* Pieces of a given size. */
static bool split_size(struct emulation *e, uint64_t size)
{
	uint64_t top = PFN_PHYS(e->b->max_pfn);
	uint64_t least = align_up(max_u64((top - hole_bytes(e->b, 0, top)) / MAX_NUMNODES, FAKE_MIN_SIZE), FAKE_MIN_SIZE);

	size = align_down(max_u64(size, least), FAKE_MIN_SIZE);
	if (!size)
		return false;
	e->nr_nodes = MAX_NUMNODES;
	while (e->physical.nr) {
		for (int nid = 0; nid < MAX_NUMNODES && e->physical.nr; nid++) {
			struct numa_block *block = block_of(&e->physical, nid);

			if (block)
				emit(e, block, piece_end(e->b, block->range.start, block->range.start + size, block->range.end, size));
			if (e->next > 2 * MAX_NUMNODES)
				return false;
		}
	}
	return true;
}

/* Each real node into @nr pieces. */
static bool split_uniform(struct emulation *e, uint64_t nr)
{
	if (!nr || nr > MAX_NUMNODES)
		return false;
	e->nr_nodes = MAX_NUMNODES;
	while (e->physical.nr) {
		struct numa_block *block = &e->physical.v[0];
		uint64_t size = align_down(phys_len(block->range) / nr, PAGE_SIZE);
		int nid = block->nid;

		for (uint64_t i = 0; i < nr && e->physical.nr && e->physical.v[0].nid == nid; i++) {
			block = &e->physical.v[0];
			emit(e, block, i + 1 == nr || !size ? block->range.end : block->range.start + size);
		}
		if (e->next > 2 * MAX_NUMNODES)
			return false;
	}
	return true;
}

static size_t highest_node(const struct numa_meminfo *mi)
{
	int highest = 0;

	for (size_t i = 0; i < mi->nr; i++)
		highest = mi->v[i].nid > highest ? mi->v[i].nid : highest;
	return (size_t)highest;
}

void numa_emulate(struct boot *b, struct str value)
{
	struct emulation e = { .b = b };
	struct str rest = value;
	uint64_t number = str_memparse(value, &rest);
	char unit = rest.p > value.p && rest.p - value.p > 0 ? value.p[rest.p - value.p - 1] : '\0';
	bool done;

	for (size_t i = 0; i < b->numa.nr; i++)
		*vec_push(b->arena, &e.physical) = b->numa.v[i];
	if (rest.n && (*rest.p | 32) == 'u')
		done = split_uniform(&e, number);
	else if (unit >= '0' && unit <= '9')
		done = split_count(&e, number);
	else
		done = split_size(&e, number);
	if (!done || !numa_cleanup(b, &e.emulated))
		return;
	b->numa = e.emulated;
	b->numa_fake = true;
	if (boot_trait(b, TRAIT_NUMA_SETUP) == NUMA_SETUP_OLD)
		bootmem_memnodemap(b);
	else
		numa_alloc_distance(b, highest_node(&b->numa) + 1);
}
