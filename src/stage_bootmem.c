/*
 * stage_bootmem.c - 2.6.32: early reservations, and the boot allocator that they were handed to.
 *
 * Each early reservation that lies below 16 MiB counts with its whole pages, and the zone calls itself smaller by them for ever.
 *
 * Kernel: reserve_bootmem_generic(), early_res_to_bootmem() (arch/x86/mm/init_64.c, arch/x86/kernel/e820.c),
 *         compute_hash_shift(), allocate_cachealigned_memnodemap(), setup_node_bootmem() (arch/x86/mm/numa_64.c),
 *         acpi_reserve_bootmem() (arch/x86/kernel/acpi/sleep.c), dma32_reserve_bootmem() (arch/x86/kernel/pci-dma.c),
 *         setup_xstate_init() (arch/x86/kernel/xsave.c), 2.6.32.
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

/* Blocks as the table has them, or what they come to where nodes are emulated or those of one node are joined first. */
static bool made_of_nodes(const struct boot *b) { return b->numa_fake || boot_trait(b, TRAIT_NUMA_SETUP) == NUMA_SETUP_JOINED; }

static struct phys_range map_block(const struct boot *b, size_t i)
{
	return made_of_nodes(b) ? b->numa.v[i].range : b->machine->srat.v[i].range;
}

/* The map from addresses to nodes, one entry for each of the largest units that no node's start divides. */
static struct memnodemap memnodemap(const struct boot *b)
{
	size_t nr = made_of_nodes(b) ? b->numa.nr : b->machine->srat.nr;
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

/* --- the boot allocator --- */

#define KEPT_BYTES (128 * MIB)
#define KEPT_ALIGN (64 * MIB)
#define KEPT_GOAL (512 * MIB)

/* A bit for each page, in whole words. */
static uint64_t bitmap_pages(struct phys_range span) { return PFN_UP(round_up_to(div_up(phys_len(span) >> PAGE_SHIFT, 8), 8)); }

/* Its bitmap is the first fit behind the node's descriptor. */
static void add_node(struct boot *b, const struct pgdat *node, struct bootmem *ret)
{
	struct bootmem_node n = { .nid = node->nid };
	struct memblock_request request = { .align = PAGE_SIZE, .nid = node->nid, .ranged = true };
	struct phys_range span;
	uint64_t base;

	if (!numa_node_span(b, node->nid, &span) || !node->node_data.end)
		return;
	n.start = span.start;
	n.end = span.end;
	request.size = PFN_PHYS(bitmap_pages(span));
	request.min = node->node_data.start >= span.start && node->node_data.end <= span.end ? align_up(node->node_data.end, PAGE_SIZE) : span.start;
	request.max = span.end;
	base = boot_alloc(b, OWNER_BOOTMEM, &request);
	if (!base)
		return;
	n.bitmap = (struct phys_range){ base, base + request.size };
	SAY(b, NODE_BOOTMAP, 0, base, base + round_up_to(div_up(phys_len(span) >> PAGE_SHIFT, 8), 8), bitmap_pages(span));
	bootmem_link(ret, b->arena, &n);
}

void bootmem_start(struct boot *b)
{
	struct memblock_request wakeup = { .size = WAKEUP_BYTES, .align = 64, .max = LIMIT_4G - 1, .nid = NUMA_NO_NODE };
	struct bootmem nodes = { 0 };

	if (boot_trait(b, TRAIT_EARLY_ALLOC) != EARLY_RES_BOOTMEM || b->machine->arch != ARCH_X86_64 || b->replay.on)
		return;
	for (size_t n = 0; n < b->nr_nodes; n++)
		if (b->node[n].online)
			add_node(b, &b->node[n], &nodes);
	b->bootmem = nodes;
	if (b->machine->acpi.nr && b->bootmem.nr)
		boot_alloc(b, OWNER_ACPI_WAKEUP, &wakeup);
}

void bootmem_keep_below_4g(struct boot *b)
{
	struct memblock_request request = { .size = KEPT_BYTES, .align = KEPT_ALIGN, .min = KEPT_GOAL, .nid = NUMA_NO_NODE };
	uint64_t base;

	if (!b->bootmem.nr || PFN_PHYS(b->max_pfn) <= LIMIT_4G)
		return;
	base = boot_alloc(b, OWNER_SWIOTLB, &request);
	b->bootmem.below_4g = (struct phys_range){ base, base ? base + KEPT_BYTES : 0 };
}

/* trap_init() comes between. */
void bootmem_before_swiotlb(struct boot *b)
{
	if (!b->bootmem.nr)
		return;
	boot_alloc_bytes(b, OWNER_FPU, b->machine->xsave_bytes, 64, NUMA_NO_NODE);
	boot_free(b, b->bootmem.below_4g.start, b->bootmem.below_4g.end);
}

void bootmem_free_bitmaps(struct boot *b)
{
	for (size_t i = 0; i < b->bootmem.nr; i++)
		boot_free(b, b->bootmem.v[i].bitmap.start, b->bootmem.v[i].bitmap.end);
}
