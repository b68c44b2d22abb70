/*
 * boot_move.c - a boot that has taken its memory, with the image elsewhere.
 *
 * Most of a boot does not see where the image lies: memblock hands out memory from the top, and the image lies in the middle of
 * something large. So one boot stands for many, where it can be shown that they would have run alike: the image is taken from its
 * old place and put to the new one, and only what counts free pages is run again.
 */
#include "mia/ranges.h"
#include "stages.h"

/* What lies at 16 MiB and above is in no one's way below. */
#define LOWEST LOAD_ADDRESS

/* From the image's start to brk's end. */
static struct phys_range whole(const struct boot *b) { return (struct phys_range){ b->image.start, b->brk.end }; }

/* Kernels and machines of which each stage is known to look at the image through memblock, or through brk's page tables, alone. */
static bool looks_through_memblock(const struct boot *b)
{
	const struct machine *m = b->machine;

	return b->reach.kept && m->arch == ARCH_X86_64 && boot_trait(b, TRAIT_EARLY_ALLOC) == EARLY_MEMBLOCK && boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_RAM &&
	       !m->efi.nr && !m->image_not_ram && !b->kernel_base_known && !b->replay.on && !b->memblock.bottom_up && !b->memblock.bottom_up_from;
}

/* Reserved for the image and for nothing else, and not joined with a neighbour. */
static bool stands_alone(const struct boot *b)
{
	const struct memblock_type *reserved = &b->memblock.reserved;
	struct phys_range r = whole(b);
	size_t i = memblock_search(reserved, r.start);
	uint64_t bytes = 0, end = 0;

	if (i >= reserved->nr || reserved->v[i].base != r.start)
		return false;
	for (; i < reserved->nr && reserved->v[i].base < r.end; i++) {
		end = reserved->v[i].end;
		bytes += end - reserved->v[i].base;
	}
	return end == r.end && bytes == phys_len(b->image) + phys_len(b->brk);
}

/* Free, with nothing next to it, inside one region of memory. */
static bool is_free(const struct boot *b, struct phys_range r)
{
	return !memblock_overlaps(&b->memblock.reserved, r.start - PAGE_SIZE, r.end + PAGE_SIZE) && memblock_is_region_memory(&b->memblock, r.start - PAGE_SIZE, r.end + PAGE_SIZE);
}

static bool was_searched(const struct boot *b, struct phys_range r)
{
	return ranges_overlap(&b->reach.searched, (struct phys_range){ r.start - PAGE_SIZE, r.end + PAGE_SIZE }) > 0;
}

/* Whether brk could give tables for each piece of memory: the same at both places, if each lies inside or outside of it. */
static bool tables_alike(const struct boot *b, struct phys_range from, struct phys_range to)
{
	for (size_t i = 0; i < b->reach.mapped.nr; i++) {
		struct phys_range r = b->reach.mapped.v[i];
		uint64_t before = phys_len(phys_clip(r, from)), after = phys_len(phys_clip(r, to));

		if (before != after || (after && after != phys_len(to)))
			return false;
	}
	return true;
}

bool boot_may_move(const struct boot *b)
{
	return looks_through_memblock(b) && phys_len(b->image) && b->image.start >= LOWEST && stands_alone(b) && !was_searched(b, whole(b));
}

bool boot_may_move_to(const struct boot *b, uint64_t base)
{
	struct phys_range from = whole(b), to = { base, base + phys_len(from) };

	return base >= LOWEST && is_free(b, to) && !was_searched(b, to) && tables_alike(b, from, to);
}

void boot_move(struct boot *b, const struct machine *machine)
{
	memblock_free(&b->memblock, b->image.start, b->image.end);
	memblock_free(&b->memblock, b->brk.start, b->brk.end);
	b->machine = machine;
	b->image = b->brk = (struct phys_range){ 0, 0 };
	boot_place_image(b);
	memblock_reserve(&b->memblock, b->image.start, b->image.end);
	memblock_reserve(&b->memblock, b->brk.start, b->brk.end);
}
