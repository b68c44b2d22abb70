/*
 * stage_sparse.c - sections of physical memory, and the struct pages that describe them.
 *
 *   in:   memblock.memory, the sizes of struct page, mem_section and the usage map
 *   out:  present sections; section roots, usage maps, struct pages and their page tables reserved in memblock
 *
 * A section is 128 MiB and has struct pages for all of itself however little of it is memory. Without sections (32 bits) one
 * array per node covers all from its first to its last page.
 *
 * Kernel: sparse_init(), sparse_init_nid(), vmemmap_populate() (mm/sparse.c, mm/sparse-vmemmap.c, arch/x86/mm/init_64.c),
 *         alloc_node_mem_map(), setup_usemap() (mm/page_alloc.c, mm/mm_init.c from 6.4).
 */
#include "mia/ranges.h"
#include "stages.h"

#define SECTION_BITS 27
#define SECTION_BYTES (UINT64_C(1) << SECTION_BITS)
#define PAGES_PER_SECTION (SECTION_BYTES >> PAGE_SHIFT)
#define PMD_BYTES (2 * MIB)
#define DMA_END (16 * MIB)
#define PAGEBLOCK_BITS 4

/* Present sections [from, to) of one node; a section that two nodes share belongs to the lower memory's. */
struct section_range {
	uint64_t from, to;
	int nid;
};

struct sparse {
	struct boot *b;
	uint64_t page_bytes, usemap_bytes, section_bytes;
	struct section_range *v; /* in order */
	size_t nr, cap;
	bool top_table;
	struct phys_ranges puds, pmds, ptes; /* of vmemmap: 512 GiB and 1 GiB slots that have a table */
	uint64_t buffer, buffer_end;   /* memory for the struct pages of the node at hand */
};

static uint64_t quantity_or(struct quantity q, int fallback) { return is_known(q) ? q.v : (uint64_t)fallback; }

/* --- sections and roots --- */

static void find_sections(struct sparse *s)
{
	const struct memblock_type *memory = &s->b->memblock.memory;
	uint64_t done = 0;

	for (size_t i = 0; i < memory->nr; i++) {
		uint64_t from = max_u64(memory->v[i].base >> SECTION_BITS, done), to = div_up(memory->v[i].end, SECTION_BYTES);

		if (from >= to)
			continue;
		if (s->nr && s->v[s->nr - 1].to == from && s->v[s->nr - 1].nid == memory->v[i].nid)
			s->v[s->nr - 1].to = to;
		else
			*vec_push(s->b->arena, s) = (struct section_range){ from, to, memory->v[i].nid };
		ranges_add(s->b->arena, &s->b->sections, (struct phys_range){ from << SECTION_BITS, to << SECTION_BITS });
		done = to;
	}
}

/*
 * Pointers to root pages are static to 4.14, then one array sized for all that could ever be addressed; a root page for every
 * 128 or 256 sections that hold memory. Kernel: memory_present(), sparse_index_init().
 */
static void alloc_roots(struct sparse *s)
{
	uint64_t bits = s->b->five_level ? 52 : 46, per, done = 0;

	/* A release that nothing is known of, or a profile that cannot be. */
	if (!s->section_bytes || s->section_bytes > PAGE_SIZE)
		return;
	per = PAGE_SIZE / s->section_bytes;
	if (boot_trait(s->b, TRAIT_MEM_SECTION_ROOTS))
		boot_alloc_bytes(s->b, OWNER_MEM_SECTION, (UINT64_C(1) << (bits - SECTION_BITS)) / per * 8, 64, NUMA_NO_NODE);
	for (size_t i = 0; i < s->nr; i++) {
		struct memblock_request one = { .size = PAGE_SIZE, .align = 64, .nid = s->v[i].nid };
		uint64_t root = max_u64(s->v[i].from / per, done);

		done = (s->v[i].to - 1) / per + 1;
		boot_alloc_run(s->b, OWNER_MEM_SECTION, &one, sub_sat(done, root));
	}
}

/* Runs of one node: [i, end) of the ranges; returns end. */
static size_t run_end(const struct sparse *s, size_t i, uint64_t *sections)
{
	size_t end = i;

	*sections = 0;
	for (; end < s->nr && s->v[end].nid == s->v[i].nid; end++)
		*sections += s->v[end].to - s->v[end].from;
	return end;
}

/*
 * The boot allocator is asked for each by itself. One goes on in the page of the last if the page behind that is free; as long as
 * they do they are taken at once.
 */
static void alloc_each_usemap(struct boot *b, const struct memblock_request *one, uint64_t nr)
{
	uint64_t stride = align_up(one->size, one->align);

	while (nr) {
		struct memblock_request many = *one;
		uint64_t first = boot_find(b, one), n = nr;

		for (; n > 1; n /= 2) {
			many.size = n * stride + PAGE_SIZE;
			if (boot_find(b, &many) == first)
				break;
		}
		many.size = (n - 1) * stride + one->size;
		if (!boot_alloc(b, OWNER_USEMAP, &many))
			return;
		nr -= n;
	}
}

/* Usage maps, if it can be in the section that holds the node's descriptor. Kernel: sparse_early_usemaps_alloc_pgdat_section(). */
static void alloc_usemap(struct sparse *s, int nid, uint64_t sections)
{
	struct boot *b = s->b;
	uint64_t goal = align_down(b->node[nid].node_data.start, SECTION_BYTES);
	struct memblock_request request = { .size = sections * s->usemap_bytes, .align = 64, .nid = nid };

	if (b->bootmem.nr)
		request.size = s->usemap_bytes;
	if (boot_trait(b, TRAIT_SPARSE_ALLOC) != SPARSE_SECTION && b->node[nid].node_data.end) {
		request.min = goal;
		request.max = goal + SECTION_BYTES;
		/* A full section is no reason to fail: anywhere will do then. */
		if (!boot_find(b, &request))
			request.min = request.max = 0;
	}
	if (b->bootmem.nr)
		alloc_each_usemap(b, &request, sections);
	else
		boot_alloc(b, OWNER_USEMAP, &request);
}

/* --- struct pages --- */

/* Tables of one size that vmemmap offsets [start, end) want and do not have; they have them now. */
static uint64_t missing(struct sparse *s, struct phys_ranges *have, uint64_t size, uint64_t start, uint64_t end)
{
	uint64_t nr = 0;

	for (uint64_t slot = align_down(start, size); slot < end; slot += size)
		nr += !ranges_contain(have, slot);
	ranges_add(s->b->arena, have, (struct phys_range){ align_down(start, size), align_up(end, size) });
	return nr;
}

/* Page tables for vmemmap offsets [start, end). */
static void need_tables(struct sparse *s, uint64_t start, uint64_t end, int nid)
{
	struct memblock_request one = { .size = PAGE_SIZE, .align = PAGE_SIZE, .min = DMA_END, .nid = nid };
	uint64_t nr = s->b->five_level && !s->top_table;

	s->top_table = true;
	nr += missing(s, &s->puds, 512 * GIB, start, end);
	nr += missing(s, &s->pmds, GIB, start, end);
	if (boot_is_xen_pv(s->b))
		nr += missing(s, &s->ptes, PMD_BYTES, start, end);
	boot_alloc_run(s->b, OWNER_MEMMAP_TABLES, &one, nr);
}

/*
 * 2 MiB blocks one by one, highest first; by the boot allocator of 2.6.32 lowest first. As long as they come from one free range
 * they are one block, taken at once. Kernel: vmemmap_alloc_block().
 */
static void alloc_blocks(struct sparse *s, int nid, uint64_t pos, uint64_t nr)
{
	bool upward = s->b->bootmem.nr != 0;

	while (nr) {
		struct memblock_request one = { .size = PMD_BYTES, .align = PMD_BYTES, .min = DMA_END, .nid = nid }, many = one;
		uint64_t first = boot_find(s->b, &one), n = nr;

		for (; n > 1 && first; n /= 2) {
			many.size = n * PMD_BYTES;
			if (boot_find(s->b, &many) + (upward ? 0 : many.size) == first + (upward ? 0 : PMD_BYTES))
				break;
		}
		many.size = max_u64(n, 1) * PMD_BYTES;
		first = boot_alloc(s->b, OWNER_MEMMAP, &many);
		if (!first)
			return;
		*vec_push(s->b->arena, &s->b->memmap_pieces) = (struct memmap_piece){ pos, many.size, first, !upward };
		nr -= max_u64(n, 1);
		pos += many.size;
	}
}

/* One buffer for all struct pages of a node. Kernel: sparse_buffer_init(); before 4.19 sparse_mem_maps_populate_node(). */
static void open_buffer(struct sparse *s, int nid, uint64_t sections)
{
	int method = boot_trait(s->b, TRAIT_SPARSE_ALLOC);
	uint64_t align = method == SPARSE_BUFFER_PAGE ? PAGE_SIZE : PMD_BYTES;
	struct memblock_request request = {
		.size = sections * align_up(PAGES_PER_SECTION * s->page_bytes, PMD_BYTES), .align = align, .min = DMA_END, .nid = nid,
		.exact_nid = method == SPARSE_BUFFER_PMD,
	};

	s->buffer = method == SPARSE_SECTION || s->b->bootmem.nr ? 0 : boot_alloc(s->b, OWNER_MEMMAP, &request);
	s->buffer_end = s->buffer ? s->buffer + request.size : 0;
}

/* Blocks from the buffer as far as it goes; how many it gave. Kernel: sparse_buffer_alloc(). */
static uint64_t take_from_buffer(struct sparse *s, uint64_t pos, uint64_t nr)
{
	uint64_t start = align_up(s->buffer, PMD_BYTES), n;

	if (!s->buffer)
		return 0;
	n = start < s->buffer_end ? min_u64(nr, (s->buffer_end - start) / PMD_BYTES) : 0;
	if (!n)
		return 0;
	/* From 5.4 on the head that alignment skips is given back. */
	if (start > s->buffer && boot_trait(s->b, TRAIT_SPARSE_HEAD_FREED))
		boot_free(s->b, s->buffer, start);
	s->buffer = start + n * PMD_BYTES;
	*vec_push(s->b->arena, &s->b->memmap_pieces) = (struct memmap_piece){ pos, n * PMD_BYTES, start, false };
	return n;
}

static void close_buffer(struct sparse *s)
{
	if (s->buffer < s->buffer_end)
		boot_free(s->b, s->buffer, s->buffer_end);
	s->buffer = s->buffer_end = 0;
}

/* Where the next step ends: at the border of its page table, or, when nothing but tables is asked for on the way, at the end. */
static uint64_t step_end(const struct sparse *s, uint64_t start, uint64_t pos, uint64_t end)
{
	bool buffered = s->buffer && align_up(s->buffer, PMD_BYTES) + (end - pos) <= s->buffer_end;

	/* The first step may give back the head of the buffer, which the tables of the next can take. */
	return buffered && pos > start ? end : min_u64(end, align_down(pos, GIB) + GIB);
}

/* Struct pages of sections [from, to). */
static void populate(struct sparse *s, uint64_t from, uint64_t to, int nid)
{
	uint64_t per_section = PAGES_PER_SECTION * s->page_bytes, start = align_down(from * per_section, PMD_BYTES), end = align_up(to * per_section, PMD_BYTES), pos = start;

	while (pos < end) {
		uint64_t stop = step_end(s, start, pos, end), nr = (stop - pos) / PMD_BYTES, taken;

		need_tables(s, pos, stop, nid);
		taken = take_from_buffer(s, pos, nr);
		alloc_blocks(s, nid, pos + taken * PMD_BYTES, nr - taken);
		pos = stop;
	}
}

static void populate_run(struct sparse *s, size_t i, size_t end, uint64_t sections)
{
	open_buffer(s, s->v[i].nid, sections);
	for (size_t j = i; j < end; j++)
		populate(s, s->v[j].from, s->v[j].to, s->v[j].nid);
	close_buffer(s);
}

/* To 4.18 two tables with an entry for every possible section exist while the maps are made. */
static uint64_t alloc_temporary_map(struct sparse *s)
{
	uint64_t bits = s->b->five_level ? 52 : 46;

	return boot_alloc_bytes(s->b, OWNER_USEMAP, (UINT64_C(1) << (bits - SECTION_BITS)) * 8, 64, NUMA_NO_NODE);
}

static void sparse_init_with_maps(struct sparse *s)
{
	uint64_t usemap_map = alloc_temporary_map(s), map_map, sections, bytes;

	bytes = (UINT64_C(1) << ((s->b->five_level ? 52 : 46) - SECTION_BITS)) * 8;
	for (size_t i = 0, end; i < s->nr; i = end) {
		end = run_end(s, i, &sections);
		alloc_usemap(s, s->v[i].nid, sections);
	}
	map_map = s->b->bootmem.nr ? 0 : alloc_temporary_map(s);
	for (size_t i = 0, end; i < s->nr; i = end) {
		end = run_end(s, i, &sections);
		populate_run(s, i, end, sections);
	}
	if (map_map)
		boot_free(s->b, map_map, map_map + bytes);
	if (usemap_map)
		boot_free(s->b, usemap_map, usemap_map + bytes);
}

static void sparse_init_by_node(struct sparse *s)
{
	uint64_t sections;

	for (size_t i = 0, end; i < s->nr; i = end) {
		end = run_end(s, i, &sections);
		alloc_usemap(s, s->v[i].nid, sections);
		populate_run(s, i, end, sections);
	}
}

void sparse_run(struct boot *b)
{
	struct sparse s = {
		.b = b,
		.page_bytes = quantity_or(b->kernel->struct_page, boot_trait(b, TRAIT_STRUCT_PAGE)),
		.usemap_bytes = quantity_or(b->kernel->usemap, boot_trait(b, TRAIT_USEMAP)),
		.section_bytes = quantity_or(b->kernel->mem_section, boot_trait(b, TRAIT_MEM_SECTION_BYTES)),
	};

	if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_FLAT)
		return;
	bootmem_keep_below_4g(b);
	find_sections(&s);
	alloc_roots(&s);
	if (boot_trait(b, TRAIT_SPARSE_ALLOC) <= SPARSE_MAPS)
		sparse_init_with_maps(&s);
	else
		sparse_init_by_node(&s);
}

/* --- without sections --- */

/* Bits that tell each pageblock's kind. Kernel: usemap_size(). */
static uint64_t pageblock_map_bytes(const struct zone *zone, unsigned block_order)
{
	uint64_t block = UINT64_C(1) << block_order, pages = zone->spanned + (zone->span.start & (block - 1));
	uint64_t bits = round_up_to(pages, block) / block * PAGEBLOCK_BITS;

	return round_up_to(bits, 32) / 8;
}

void flat_memmap_run(struct boot *b)
{
	unsigned block_order = boot_trait(b, TRAIT_PAE) ? 9 : 10;
	uint64_t page_bytes = quantity_or(b->kernel->struct_page, boot_trait(b, TRAIT_STRUCT_PAGE));

	if (boot_trait(b, TRAIT_MEM_MODEL) != MODEL_FLAT)
		return;
	for (size_t n = 0; n < b->nr_nodes; n++) {
		const struct pgdat *node = &b->node[n];
		uint64_t pages = round_up_to(node->span.end, MAX_ORDER_PAGES) - align_down(node->span.start, MAX_ORDER_PAGES);

		if (!node->has_memory)
			continue;
		boot_alloc_bytes(b, OWNER_MEMMAP, pages * page_bytes, 64, (int)n);
		for (size_t z = 0; z < b->nr_zones; z++)
			if (node->zone[b->zone_order[z]].spanned)
				boot_alloc_bytes(b, OWNER_USEMAP, pageblock_map_bytes(&node->zone[b->zone_order[z]], block_order), 64, (int)n);
	}
}

/* Is this so much for each page that the nodes span, or for those of the large blocks that they touch? */
static bool is_for_each_page(const struct boot *b, uint64_t bytes)
{
	uint64_t spanned = 0, nodes = 0;

	for (size_t n = 0; n < b->nr_nodes; n++) {
		spanned += b->node[n].spanned;
		nodes += b->node[n].has_memory;
	}
	return spanned && (bytes % spanned == 0 || bytes % (spanned + nodes * MAX_ORDER_PAGES) == 0);
}

/* With sections it comes after the hand-over, from the page allocator. Whether a build has it, its log says. */
void page_data_run(struct boot *b)
{
	static const enum fact_kind lines[] = { FACT_PAGE_CGROUP, FACT_PAGE_EXT };

	if (boot_trait(b, TRAIT_MEM_MODEL) != MODEL_FLAT || !b->record)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct fact *f = facts_first(&b->record->log, lines[i]);

		if (f && is_for_each_page(b, f->v[0]))
			boot_alloc_bytes(b, OWNER_PAGE_DATA, f->v[0], PAGE_SIZE, NUMA_NO_NODE);
	}
}
