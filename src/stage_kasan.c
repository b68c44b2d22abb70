/*
 * stage_kasan.c - memory that the kernel's address sanitizer keeps about memory.
 *
 *   in:   the direct map, the image; the log's line that the sanitizer runs
 *   out:  one byte in eight of what is mapped, taken from memblock
 *
 * Shadow is taken in pieces of 2 MiB, near what it describes. Of the kernel's own addresses those of the image count, and those of
 * the CPU entry areas, which have room for every CPU that the build could run on; instrumented code needs stacks twice as large.
 *
 * Kernel: kasan_init(), kasan_populate_shadow() (arch/x86/mm/kasan_init_64.c).
 */
#include "stages.h"

#define SHADOW_SCALE 8
#define PIECE (2 * MIB)

bool boot_has_kasan(const struct boot *b)
{
	for (each_fact(f, b->record ? &b->record->log : &(const struct facts){ 0 }, FACT_DEBUG_MEMORY))
		if (f->tag == DEBUG_KASAN)
			return true;
	return false;
}

/* Shadow for so many bytes. */
static void take_shadow(struct boot *b, uint64_t bytes, int nid)
{
	uint64_t left = align_up(bytes / SHADOW_SCALE, PAGE_SIZE);

	while (left) {
		uint64_t size = min_u64(left, PIECE);

		if (!boot_alloc_bytes(b, OWNER_KASAN, size, size == PIECE ? PIECE : PAGE_SIZE, nid))
			return;
		left -= size;
	}
}

static void shadow_of(struct boot *b, struct phys_range r)
{
	size_t i = memblock_search(&b->memblock.memory, r.start);

	take_shadow(b, phys_len(r), i < b->memblock.memory.nr ? b->memblock.memory.v[i].nid : NUMA_NO_NODE);
}

/* To 6.1 all at once; later each CPU's when it is set up, at its random place. */
static void shadow_of_entry_areas(struct boot *b)
{
	uint64_t pages = (uint64_t)(boot_trait(b, TRAIT_ENTRY_AREA_PAGES) + boot_trait(b, TRAIT_ENTRY_STACK_PAGES));

	if (is_known(b->kernel->nr_cpus) && boot_trait(b, TRAIT_CPU_ENTRY_AREA) && !boot_trait(b, TRAIT_ENTRY_RANDOM))
		take_shadow(b, b->kernel->nr_cpus.v * PFN_PHYS(pages), 0);
}

void kasan_run(struct boot *b)
{
	if (b->machine->arch != ARCH_X86_64 || !boot_has_kasan(b))
		return;
	for (size_t i = 0; i < b->direct_ranges.nr; i++)
		shadow_of(b, b->direct_ranges.v[i]);
	take_shadow(b, b->kernel->image.span.v, 0);
	shadow_of_entry_areas(b);
}
