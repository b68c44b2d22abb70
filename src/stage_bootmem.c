/*
 * stage_bootmem.c - what 2.6.32 took below 16 MiB before its zones were built.
 *
 * Early reservations of that era were handed to the boot allocator one by one; each that lies below 16 MiB counts with its
 * whole pages, and the zone calls itself smaller by them for ever.
 *
 * Kernel: reserve_bootmem_generic(), early_res_to_bootmem() (arch/x86/mm/init_64.c, arch/x86/kernel/e820.c),
 *         compute_hash_shift(), allocate_cachealigned_memnodemap() (arch/x86/mm/numa_64.c), 2.6.32.
 */
#include "stages.h"

#define DMA_END (16 * MIB)
/* A map of this many entries needs no memory of its own. */
#define EMBEDDED_MAP_ENTRIES 56
#define MAP_ENTRY_BYTES 2
#define MAP_ALIGN 64

/* A unit of one block alone is as large as can be. */
#define ONE_BLOCK_SHIFT 63
#define MAP_LOWEST UINT64_C(0x8000)

struct memnodemap {
	unsigned shift;
	uint64_t bytes; /* 0 if it fits in what is there */
};

/* Blocks as the table has them, or what they come to where those of one node are joined first. */
static struct phys_range map_block(const struct boot *b, size_t i)
{
	return boot_trait(b, TRAIT_NUMA_SETUP) == NUMA_SETUP_JOINED ? b->numa.v[i].range : b->machine->srat.v[i].range;
}

/* The map from addresses to nodes, one entry for each of the largest units that no node's start divides. */
static struct memnodemap memnodemap(const struct boot *b)
{
	size_t nr = boot_trait(b, TRAIT_NUMA_SETUP) == NUMA_SETUP_JOINED ? b->numa.nr : b->machine->srat.nr;
	uint64_t starts = 0, top = 0, entries;
	unsigned used = 0;

	for (size_t i = 0; i < nr; i++) {
		struct phys_range r = map_block(b, i);

		if (PFN_DOWN(r.start) >= PFN_DOWN(r.end))
			continue;
		starts |= PFN_DOWN(r.start);
		top = max_u64(top, PFN_DOWN(r.end));
		used++;
	}
	if (used <= 1 || !starts)
		return (struct memnodemap){ ONE_BLOCK_SHIFT, 0 };
	entries = (top >> __builtin_ctzll(starts)) + 1;
	return (struct memnodemap){ (unsigned)__builtin_ctzll(starts) + PAGE_SHIFT, entries > EMBEDDED_MAP_ENTRIES ? align_up(entries * MAP_ENTRY_BYTES, MAP_ALIGN) : 0 };
}

void bootmem_memnodemap(struct boot *b)
{
	struct memnodemap map = memnodemap(b);
	struct memblock_request request = { .size = map.bytes, .align = MAP_ALIGN, .min = MAP_LOWEST, .nid = NUMA_NO_NODE, .ranged = true };
	uint64_t base = map.bytes ? boot_alloc(b, OWNER_NUMA_DISTANCE, &request) : 0;

	if (base)
		SAY(b, NUMA_MEMNODEMAP, 0, base, base + map.bytes);
	SAY(b, NUMA_HASH_SHIFT, 0, map.shift);
}

static uint64_t slit_bytes(const struct boot *b)
{
	for (size_t i = 0; i < b->machine->acpi.nr; i++)
		if (!strcmp(b->machine->acpi.v[i].signature, "SLIT"))
			return b->machine->acpi.v[i].length;
	return 0;
}

static uint64_t owned_pages(const struct boot *b, enum owner owner)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->owned.nr; i++)
		if (b->owned.v[i].owner == owner && b->owned.v[i].range.end <= DMA_END)
			pages += PFN_DOWN(phys_len(b->owned.v[i].range));
	return pages;
}

uint64_t bootmem_dma_reserve(const struct boot *b)
{
	uint64_t pages = owned_pages(b, OWNER_LOW_MEMORY) + owned_pages(b, OWNER_REAL_MODE) + owned_pages(b, OWNER_PAGE_TABLES);

	if (phys_len(b->initrd) && b->initrd.end <= DMA_END)
		pages += PFN_DOWN(phys_len(b->machine->ramdisk));
	if (b->machine->has_srat && !b->numa_dummy && !b->numa_fake)
		pages += PFN_DOWN(slit_bytes(b)) + PFN_DOWN(memnodemap(b).bytes);
	return pages;
}
