/*
 * stage_zones.c - zone limits, and what each node has in each zone. Where Movable starts: stage_movable.c.
 *
 *   in:   memblock.memory with node ids, max_low_pfn
 *   out:  boot.zone_lo/hi, pgdat spans, zone spans, spanned, present, first sizes
 *   says: zone ranges, node ranges, node set-up, totalpages and its kin
 *
 * Kernel: free_area_init(), calculate_node_totalpages(), free_area_init_core()
 *         (mm/page_alloc.c, mm/mm_init.c from 6.4).
 */
#include <stdlib.h>

#include "stages.h"

#define MAX_DMA_PFN UINT64_C(0x1000)

const char *zone_type_name(enum zone_type type)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable", "Device" };

	return names[type];
}

/* Whole pages of the i-th range of memory that the zones are told of. */
struct pfn_range active_pfns(const struct boot *b, size_t i) { return pfn_inside((struct phys_range){ b->active.v[i].base, b->active.v[i].end }); }

/*
 * Memory as the zones are told of it. 32 bits, to 2.6.26: one range from 0 to the end, in which holes count as present.
 * Kernel: zone_sizes_init() (arch/i386/kernel/setup.c, arch/x86/kernel/setup_32.c).
 */
static void tell_zones(struct boot *b)
{
	b->active = b->memblock.memory;
	if (boot_trait(b, TRAIT_E820_COMMON) || b->machine->arch != ARCH_I386 || !b->max_pfn)
		return;
	b->active = (struct memblock_type){ .v = arena_new(b->arena, struct memblock_region), .nr = 1 };
	b->active.v[0].end = PFN_PHYS(b->max_pfn);
}

static void configure_zones(struct boot *b)
{
	bool i386 = b->machine->arch == ARCH_I386;

	if (boot_trait(b, TRAIT_ZONE_DMA))
		b->zone_order[b->nr_zones++] = ZONE_DMA;
	if (!i386 && boot_trait(b, TRAIT_ZONE_DMA32))
		b->zone_order[b->nr_zones++] = ZONE_DMA32;
	b->zone_order[b->nr_zones++] = ZONE_NORMAL;
	if (b->machine->arch != ARCH_X86_64 && boot_trait(b, TRAIT_ZONE_HIGHMEM))
		b->zone_order[b->nr_zones++] = ZONE_HIGHMEM;
	b->zone_order[b->nr_zones++] = ZONE_MOVABLE;
	if (boot_trait(b, TRAIT_ZONE_DEVICE))
		b->zone_order[b->nr_zones++] = ZONE_DEVICE;
}

/* Kernel: zone_sizes_init() (arch/x86/mm/init.c) and the limits table of free_area_init(). */
static void zone_limits(struct boot *b)
{
	bool cut = boot_trait(b, TRAIT_ZONE_LIMITS);
	uint64_t low_end = b->machine->arch == ARCH_X86_64 ? b->max_pfn : b->max_low_pfn;
	uint64_t max[NR_ZONE_TYPES] = {
		[ZONE_DMA] = cut ? min_u64(MAX_DMA_PFN, low_end) : MAX_DMA_PFN,
		[ZONE_DMA32] = cut ? min_u64(MAX_DMA32_PFN, low_end) : MAX_DMA32_PFN,
		[ZONE_NORMAL] = low_end,
		[ZONE_HIGHMEM] = b->max_pfn,
	};
	uint64_t lo = b->active.nr ? PFN_UP(b->active.v[0].base) : 0;

	for (size_t i = 0; i < b->nr_zones; i++) {
		enum zone_type z = b->zone_order[i];

		if (z == ZONE_MOVABLE || z == ZONE_DEVICE)
			continue;
		b->zone_lo[z] = lo;
		b->zone_hi[z] = lo = max_u64(max[z], lo);
		if (b->zone_hi[z] > b->zone_lo[z])
			b->movable_from = z;
	}
}

static void say_zone_limits(struct boot *b)
{
	bool pfns = boot_trait(b, TRAIT_ZONE_TEXT) == ZONE_TEXT_PFN;

	SAY(b, ZONE_HEADER, 0, 0);
	for (size_t i = 0; i < b->nr_zones; i++) {
		enum zone_type z = b->zone_order[i];
		const char *name = zone_type_name(z);

		if (z == ZONE_MOVABLE)
			continue;
		if (b->zone_hi[z] <= b->zone_lo[z] && boot_trait(b, TRAIT_ZONE_EMPTY_TEXT))
			SAY_TEXT(b, ZONE_EMPTY, 0, name, NULL, 0);
		else if (pfns)
			SAY_TEXT(b, ZONE_RANGE_PFN, 0, name, NULL, b->zone_lo[z], b->zone_hi[z]);
		else
			SAY_TEXT(b, ZONE_RANGE, 0, name, NULL, PFN_PHYS(b->zone_lo[z]), PFN_PHYS(b->zone_hi[z]));
	}
}

/* --- nodes --- */

static void node_spans(struct boot *b)
{
	for (size_t i = 0; i < b->active.nr; i++) {
		struct pfn_range r = active_pfns(b, i);
		struct pgdat *node;

		if (!pfn_len(r) || (size_t)b->active.v[i].nid >= b->nr_nodes)
			continue;
		node = &b->node[b->active.v[i].nid];
		if (!node->has_memory)
			node->span = r;
		node->span.start = min_u64(node->span.start, r.start);
		node->span.end = max_u64(node->span.end, r.end);
		node->has_memory = true;
	}
}

static void say_node_ranges(struct boot *b)
{
	bool pfns = boot_trait(b, TRAIT_ZONE_TEXT) == ZONE_TEXT_PFN;
	size_t nr = 0;

	for (size_t i = 0; i < b->active.nr; i++)
		nr += pfn_len(active_pfns(b, i)) > 0;
	if (pfns)
		SAY(b, NODE_RANGES_HEADER_OLD, 0, nr);
	else
		SAY(b, NODE_RANGES_HEADER, 0, 0);
	for (size_t i = 0; i < b->active.nr; i++) {
		struct pfn_range r = active_pfns(b, i);
		uint64_t nid = (uint64_t)b->active.v[i].nid;

		if (!pfn_len(r))
			continue;
		if (pfns)
			SAY(b, NODE_RANGE_PFN, 0, nid, r.start, r.end);
		else
			SAY(b, NODE_RANGE, 0, nid, PFN_PHYS(r.start), PFN_PHYS(r.end));
	}
}

static void say_ranges(struct boot *b)
{
	if (!boot_trait(b, TRAIT_ZONE_LINES))
		return;
	say_zone_limits(b);
	zones_say_movable(b);
	say_node_ranges(b);
}

/* --- zones of a node --- */

/* Pages of RAM that @nid owns inside @span; @flags must be set (or, with @without, must not be) where they are given. */
static uint64_t present_in(const struct boot *b, int nid, struct pfn_range span, uint32_t flags, bool without)
{
	uint64_t pages = 0;

	for (size_t i = memblock_search(&b->active, PFN_PHYS(span.start)); i < b->active.nr; i++) {
		const struct memblock_region *r = &b->active.v[i];

		if (PFN_DOWN(r->base) >= span.end)
			break;
		if (r->nid == nid && (!flags || !(r->flags & flags) == without))
			pages += pfn_len(pfn_clip(active_pfns(b, i), span));
	}
	return pages;
}

/* Kernel: zone_spanned_pages_in_node(), adjust_zone_range_for_zone_movable(). */
static struct pfn_range zone_span(const struct boot *b, const struct pgdat *node, enum zone_type type)
{
	struct pfn_range limit = { b->zone_lo[type], b->zone_hi[type] };
	uint64_t movable = node->movable_pfn;

	if (type == ZONE_DEVICE || !node->has_memory)
		return (struct pfn_range){ 0, 0 };
	if (type == ZONE_MOVABLE)
		limit = movable ? (struct pfn_range){ movable, min_u64(node->span.end, b->zone_hi[b->movable_from]) } : (struct pfn_range){ 0, 0 };
	limit = pfn_clip(limit, node->span);
	if (type == ZONE_MOVABLE || !movable)
		return limit;
	if (limit.start < movable && movable < limit.end)
		limit.end = zones_by_mirror(b) ? limit.end : movable;
	else if (limit.start >= movable)
		return (struct pfn_range){ 0, 0 };
	return limit;
}

static uint64_t zone_present(const struct boot *b, const struct pgdat *node, enum zone_type type, struct pfn_range span)
{
	if (zones_by_mirror(b) && node->movable_pfn && type == ZONE_MOVABLE)
		return present_in(b, node->nid, span, MEMBLOCK_MIRROR, true);
	if (zones_by_mirror(b) && node->movable_pfn && type == ZONE_NORMAL)
		return present_in(b, node->nid, span, MEMBLOCK_MIRROR, false) +
		       present_in(b, node->nid, (struct pfn_range){ span.start, min_u64(span.end, node->movable_pfn) }, MEMBLOCK_MIRROR, true);
	return present_in(b, node->nid, span, 0, false);
}

/* Struct pages as the era estimates them; they are allocated elsewhere. Kernel: calc_memmap_size(). */
static uint64_t memmap_estimate(const struct boot *b, const struct zone *zone)
{
	uint64_t bytes = (uint64_t)boot_trait(b, TRAIT_STRUCT_PAGE), pages = zone->spanned;

	if (is_known(b->kernel->struct_page))
		bytes = b->kernel->struct_page.v;
	switch (boot_trait(b, TRAIT_MEMMAP_ESTIMATE)) {
	case MEMMAP_NONE:
		return 0;
	case MEMMAP_SPANNED_DOWN:
		return PFN_DOWN(pages * bytes);
	case MEMMAP_SPARSE:
		if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_SPARSE && zone->spanned > zone->present + (zone->present >> 4))
			pages = zone->present;
		/* fall through */
	default:
		return PFN_UP(pages * bytes);
	}
}

/* What is taken below 16 MiB when the zones are built. Kernel: memblock_find_dma_reserve() (arch/x86). */
static uint64_t dma_reserve_pages(const struct boot *b)
{
	uint64_t memory = 0, free = 0;
	struct phys_range r;
	size_t i = 0, j = 0;
	int nid;

	if (b->machine->arch != ARCH_X86_64)
		return 0;
	if (boot_trait(b, TRAIT_DMA_RESERVE) == DMA_RESERVE_BOOTMEM)
		return bootmem_dma_reserve(b);
	if (boot_trait(b, TRAIT_DMA_RESERVE) != DMA_RESERVE_MEMBLOCK)
		return 0;
	for (size_t m = 0; m < b->active.nr; m++)
		memory += pfn_len(pfn_clip(active_pfns(b, m), (struct pfn_range){ 0, MAX_DMA_PFN }));
	while (memblock_next_free(&b->memblock, &i, &j, &r, &nid) && r.start < PFN_PHYS(MAX_DMA_PFN))
		free += pfn_len(pfn_clip(pfn_inside(r), (struct pfn_range){ 0, MAX_DMA_PFN }));
	return sub_sat(memory, free);
}

/* Boot services memory of firmware whose map is not known is kept until late, below 16 MiB too. */
static bool hidden_dma_reserve(const struct boot *b)
{
	bool counted = boot_trait(b, TRAIT_DMA_RESERVE) == DMA_RESERVE_MEMBLOCK && b->machine->arch != ARCH_I386;

	return counted && efi_hides_memory(b);
}

/* Kernel: free_area_init_core(). */
static void first_sizes(struct boot *b, struct zone *zone, uint64_t dma_reserve)
{
	bool lowest = zone->type == b->zone_order[0];

	zone->memmap_pages = memmap_estimate(b, zone);
	zone->freesize = zone->present;
	/* Old kernels take the struct pages of HighMem out of HighMem, though they lie in low memory. */
	if (zone->type == ZONE_HIGHMEM && boot_trait(b, TRAIT_PRESENT_MEANS) != PRESENT_LESS_MEMMAP)
		zone->memmap_pages = 0;
	if (zone->freesize >= zone->memmap_pages)
		zone->freesize -= zone->memmap_pages;
	else
		zone->memmap_pages = 0;
	if (lowest && zone->freesize > dma_reserve) {
		zone->freesize -= dma_reserve;
		zone->dma_reserve = dma_reserve;
	}
	zone->present_shown = boot_trait(b, TRAIT_PRESENT_MEANS) == PRESENT_LESS_MEMMAP ? zone->freesize : zone->present;
}

/* Kernel: zone_batchsize(), with what the zone is thought to have so early. */
static uint64_t early_batch(const struct boot *b, uint64_t managed)
{
	uint64_t cap = boot_trait(b, TRAIT_PCP_BATCH) == PCP_BATCH_128 ? 128 : 256, batch = min_u64(managed / 1024, cap) / 4;

	if (!batch)
		batch = 1;
	return rounddown_pow_of_two(batch + batch / 2) - 1;
}

static void say_zone_sizes(struct boot *b, const struct zone *zone)
{
	const char *name = zone_type_name(zone->type);

	if (zone->memmap_pages)
		SAY_TEXT(b, ZONE_MEMMAP, 0, name, NULL, zone->memmap_pages);
	if (zone->type == b->zone_order[0] && boot_trait(b, TRAIT_DMA_RESERVE) != DMA_RESERVE_NONE && !b->dma_reserve_unknown)
		SAY_TEXT(b, ZONE_RESERVED, 0, name, NULL, zone->dma_reserve);
	if (zone->present_shown)
		SAY_TEXT(b, ZONE_PAGES, 0, name, NULL, zone->present_shown, early_batch(b, zone->freesize));
}

static void size_zone(struct boot *b, struct pgdat *node, enum zone_type type, uint64_t dma_reserve)
{
	struct zone *zone = &node->zone[type];

	zone->type = type;
	zone->configured = true;
	zone->span = zone_span(b, node, type);
	zone->spanned = pfn_len(zone->span);
	zone->present = zone->spanned ? zone_present(b, node, type, zone->span) : 0;
	node->spanned += zone->spanned;
	node->present += zone->present;
	first_sizes(b, zone, dma_reserve);
}

static void say_node_setup(struct boot *b, const struct pgdat *node)
{
	if (node->has_memory) {
		SAY(b, NODE_SETUP, 0, (uint64_t)node->nid, PFN_PHYS(node->span.start), PFN_PHYS(node->span.end));
		return;
	}
	/* Without memory it spans nothing; the last byte is printed as 0, or, before 4.2, as what lies below 0. */
	if (boot_trait(b, TRAIT_MEMORYLESS_TEXT) == MEMORYLESS_RANGE)
		SAY(b, NODE_SETUP, 0, (uint64_t)node->nid, 0, boot_trait(b, TRAIT_SETUP_TEXT) == SETUP_ZONES);
	if (boot_trait(b, TRAIT_MEMORYLESS_TEXT) == MEMORYLESS_BOTH)
		SAY(b, NODE_INIT_MEMORYLESS, 0, (uint64_t)node->nid);
	if (boot_trait(b, TRAIT_MEMORYLESS_TEXT) != MEMORYLESS_RANGE)
		SAY(b, NODE_MEMORYLESS, 0, (uint64_t)node->nid);
}

#define WAIT_TABLE_BYTES (UINT64_C(4096) * 24)

#define WAIT_ENTRY_BYTES UINT64_C(24)
#define WAIT_ENTRY_PAGES 256

static uint64_t wait_table_bytes(const struct boot *b, const struct zone *zone)
{
	uint64_t entries = roundup_pow_of_two(max_u64(zone->spanned / WAIT_ENTRY_PAGES, 1));

	return b->kernel->wait_by_size.v ? max_u64(min_u64(entries, 4096), 4) * WAIT_ENTRY_BYTES : WAIT_TABLE_BYTES;
}

/* Hash tables of tasks that wait for a page; with memory hotplug always of the largest size. Kernel: zone_wait_table_init(), to 4.8. */
static void alloc_wait_tables(struct boot *b, const struct pgdat *node)
{
	for (size_t i = 0; i < b->nr_zones && boot_trait(b, TRAIT_WAIT_TABLES); i++)
		if (node->zone[b->zone_order[i]].spanned)
			boot_alloc_bytes(b, OWNER_WAIT_TABLE, wait_table_bytes(b, &node->zone[b->zone_order[i]]), 64, node->nid);
}

/* Kernel: free_area_init_node(). */
static void init_node(struct boot *b, struct pgdat *node, uint64_t dma_reserve)
{
	bool totals = boot_trait(b, TRAIT_TOTALPAGES_LINES);

	if (boot_trait(b, TRAIT_SETUP_TEXT) >= SETUP_ZONES_8)
		say_node_setup(b, node);
	for (size_t i = 0; i < b->nr_zones; i++)
		size_zone(b, node, b->zone_order[i], dma_reserve);
	if (totals)
		SAY(b, NODE_TOTALPAGES, 0, (uint64_t)node->nid, node->present);
	for (size_t i = 0; totals && i < b->nr_zones; i++)
		if (node->zone[b->zone_order[i]].spanned)
			say_zone_sizes(b, &node->zone[b->zone_order[i]]);
	alloc_wait_tables(b, node);
}

/*
 * Nodes without memory that exist all the same because CPUs belong to them. Kernel: init_cpu_to_node(), init_memory_less_node()
 * (arch/x86/mm/numa.c), to 5.17.
 */
void zones_memoryless(struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes && boot_trait(b, TRAIT_MEMORYLESS_NODE) == MEMORYLESS_X86; n++) {
		struct pgdat *node = &b->node[n];

		if (node->has_memory || node->online || !node->cpus)
			continue;
		node->online = true;
		b->nr_online++;
		numa_alloc_node_data(b, node->nid);
		init_node(b, node, 0);
	}
}

static void hash_basis(struct boot *b)
{
	b->nr_kernel_pages = 0;
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			b->physpages += zone->present;
			if (zone->type != ZONE_HIGHMEM)
				b->nr_kernel_pages += zone->freesize;
			b->nr_all_pages += zone->freesize;
		}
	if (boot_trait(b, TRAIT_HASH_RULE) == HASH_RULE_FREE) {
		struct phys_range r;
		size_t i = 0, j = 0;
		int nid;

		b->nr_kernel_pages = b->nr_all_pages = 0;
		while (memblock_next_free(&b->memblock, &i, &j, &r, &nid))
			b->nr_kernel_pages += pfn_len(pfn_inside(r));
		b->nr_all_pages = b->nr_kernel_pages;
	}
}

/* Nodes that the affinity tables name are possible, with memory or without. */
static bool node_named(const struct boot *b, int nid)
{
	const struct machine *m = b->machine;

	if (b->numa_dummy || b->numa_fake)
		return false;
	for (size_t i = 0; i < m->srat.nr; i++)
		if (m->srat.v[i].node == nid)
			return true;
	for (size_t i = 0; i < m->apic_node.nr; i++)
		if (m->apic_node.v[i] == nid)
			return true;
	return false;
}

void zones_run(struct boot *b)
{
	uint64_t dma_reserve;

	tell_zones(b);
	dma_reserve = dma_reserve_pages(b);
	b->dma_reserve_unknown = hidden_dma_reserve(b);
	configure_zones(b);
	zone_limits(b);
	node_spans(b);
	zones_movable_starts(b);
	say_ranges(b);
	unavailable_before_nodes(b);
	for (size_t n = 0; n < b->nr_nodes; n++) {
		struct pgdat *node = &b->node[n];

		if (node->has_memory)
			node->online = true;
		if (node->has_memory || (boot_trait(b, TRAIT_MEMORYLESS_NODE) == MEMORYLESS_GENERIC && (node->cpus || node_named(b, (int)n)))) {
			node->online = true;
			if (!node->has_memory)
				boot_alloc_bytes(b, OWNER_NODE_DATA, b->kernel->pglist_data.v, 64, NUMA_NO_NODE);
			init_node(b, node, dma_reserve);
		}
	}
	flat_memmap_run(b);
	unavailable_after_nodes(b);
	for (size_t n = 0; n < b->nr_nodes; n++)
		b->nr_online += b->node[n].online;
	hash_basis(b);
}

struct zone *boot_zone(const struct boot *b, int nid, enum zone_type type)
{
	return (size_t)nid < b->nr_nodes && b->node[nid].zone[type].configured ? &b->node[nid].zone[type] : NULL;
}

/* With kernelcore=mirror two zones share a range: from where Movable starts, mirrored memory is still Normal's. */
struct pfn_range zones_part(const struct boot *b, const struct zone *zone, const struct memblock_region *region, struct pfn_range r)
{
	uint64_t movable = b->node[region->nid].movable_pfn;
	bool mirrored = region->flags & MEMBLOCK_MIRROR;

	r = pfn_clip(r, zone->span);
	if (!movable || !zones_by_mirror(b))
		return r;
	if (zone->type == ZONE_MOVABLE)
		return mirrored ? (struct pfn_range){ 0, 0 } : r;
	return mirrored ? r : pfn_clip(r, (struct pfn_range){ 0, movable });
}

struct zone *boot_zone_of(const struct boot *b, uint64_t pfn, int *nid)
{
	size_t i = memblock_search(&b->memblock.memory, PFN_PHYS(pfn));
	int owner;

	if (i >= b->memblock.memory.nr || PFN_DOWN(b->memblock.memory.v[i].base) > pfn)
		return NULL;
	owner = b->memblock.memory.v[i].nid;
	if (owner < 0 || (size_t)owner >= b->nr_nodes)
		return NULL;
	if (nid)
		*nid = owner;
	for (size_t z = b->nr_zones; z-- > 0;) {
		struct zone *zone = &b->node[owner].zone[b->zone_order[z]];

		if (pfn_len(zones_part(b, zone, &b->memblock.memory.v[i], (struct pfn_range){ pfn, pfn + 1 })))
			return zone;
	}
	return NULL;
}
