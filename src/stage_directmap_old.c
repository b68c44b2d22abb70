/*
 * stage_directmap_old.c - the direct map to 3.8: everything below the end of low memory, holes too, then what lies above 4 GiB.
 *
 * The tables of each call come from one block whose size is estimated before; what the walk does not use is given back. The
 * first GiB's tables came with the image and are not counted.
 *
 * Kernel: init_memory_mapping(), find_early_table_space() (arch/x86/mm/init.c, 2.6.32 to 3.8).
 */
#include "mia/ranges.h"
#include "stages.h"

#define SIZE_2M (2 * MIB)
#define SIZE_1G GIB

struct old_piece {
	struct phys_range range;
	const char *size;
};

/* 4K to the next 2M, 2M to the next 1G, 1G, 2M, 4K; neighbours of one size are joined. */
static size_t old_split(struct phys_range r, bool gb, struct old_piece pieces[5])
{
	uint64_t end_2m = align_down(r.end, SIZE_2M), end_1g = align_down(r.end, SIZE_1G), pos = r.start;
	const struct { uint64_t end; const char *size; } cuts[] = {
		{ min_u64(align_up(pos, SIZE_2M), r.end), "4k" },
		{ min_u64(align_up(pos, SIZE_1G), end_2m), "2M" },
		{ end_1g, gb ? "1G" : "2M" },
		{ end_2m, "2M" },
		{ r.end, "4k" },
	};
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		if (cuts[i].end <= pos)
			continue;
		if (nr && pieces[nr - 1].size == cuts[i].size)
			pieces[nr - 1].range.end = cuts[i].end;
		else
			pieces[nr++] = (struct old_piece){ { pos, cuts[i].end }, cuts[i].size };
		pos = cuts[i].end;
	}
	return nr;
}

/* Bytes set aside for tables, from the end address of the call. */
static uint64_t estimate(uint64_t end, bool gb)
{
	uint64_t puds = div_up(end, SIZE_1G) * 8, pmds = (gb ? div_up(end % SIZE_1G, SIZE_2M) : div_up(end, SIZE_2M)) * 8;
	uint64_t ptes = div_up(end % SIZE_2M, PAGE_SIZE) * 8;

	return align_up(puds, PAGE_SIZE) + align_up(pmds, PAGE_SIZE) + align_up(ptes, PAGE_SIZE);
}

/* Tables that the walk really takes: a PMD table for each GiB behind the first that is not one page, a PTE table for 4K pieces. */
static uint64_t tables_used(struct boot *b, const struct old_piece *pieces, size_t nr)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < nr; i++) {
		struct phys_range r = pieces[i].range;

		if (pieces[i].size[1] == 'G') {
			/* The first GiB has its table of 2M pages already. */
			uint64_t first = r.start < SIZE_1G;

			b->direct_1g += phys_len(r) / SIZE_1G - first;
			b->direct_2m += first * 512;
			continue;
		}
		if (r.end > SIZE_1G && (i == 0 || align_down(r.start, SIZE_1G) == r.start))
			pages += div_up(r.end, SIZE_1G) - max_u64(r.start / SIZE_1G, 1);
		if (pieces[i].size[1] == 'M') {
			b->direct_2m += phys_len(r) / SIZE_2M;
		} else {
			pages += div_up(r.end, SIZE_2M) - r.start / SIZE_2M;
			b->direct_4k += phys_len(r) / PAGE_SIZE;
		}
	}
	return pages;
}

/* 32 bits: the first large page is always mapped in small ones; the label is that of 64 bits. */
static size_t old_split_32(const struct boot *b, struct phys_range r, struct old_piece pieces[5])
{
	uint64_t unit = boot_trait(b, TRAIT_PAE) ? SIZE_2M : 2 * SIZE_2M, large = max_u64(align_down(r.end, unit), unit);
	size_t nr = 0;

	pieces[nr++] = (struct old_piece){ { r.start, min_u64(unit, r.end) }, "4k" };
	if (large > unit)
		pieces[nr++] = (struct old_piece){ { unit, large }, "2M" };
	if (r.end > large)
		pieces[nr++] = (struct old_piece){ { large, r.end }, "4k" };
	return nr;
}

/* The first GiB is mapped in pages of 2 MiB before anything else. */
static void keep_piece(struct boot *b, const struct old_piece *piece)
{
	struct phys_range r = piece->range, first = phys_clip(r, (struct phys_range){ 0, SIZE_1G });
	unsigned shift = piece->size[1] == 'G' ? 30 : piece->size[1] == 'M' ? 21 : PAGE_SHIFT;

	*vec_push(b->arena, &b->direct_pieces) = (struct direct_piece){ r, shift };
	if (shift == 30 && phys_len(first))
		*vec_push(b->arena, &b->direct_pieces) = (struct direct_piece){ first, 21 };
}

static void old_map_range(struct boot *b, struct phys_range r, bool gb)
{
	struct old_piece pieces[5];
	bool i386 = b->machine->arch == ARCH_I386;
	size_t nr = i386 ? old_split_32(b, r, pieces) : old_split(r, gb, pieces);
	uint64_t bytes = estimate(r.end, gb), base, used;
	struct memblock_request request = { .size = bytes, .align = PAGE_SIZE, .nid = NUMA_NO_NODE, .ranged = true, .max = b->max_mapped };

	if (boot_trait(b, TRAIT_MAPPING_LINES) != MAPPING_SILENT) {
		SAY(b, INIT_MAPPING, 0, r.start, r.end);
		for (size_t i = 0; i < nr; i++)
			SAY_TEXT(b, MAP_PAGE, 0, pieces[i].size, NULL, pieces[i].range.start, pieces[i].range.end);
	}
	if (boot_trait(b, TRAIT_EARLY_ALLOC) != EARLY_MEMBLOCK)
		request.min = 0x8000;
	base = memblock_find(&b->memblock, &request);
	if (!i386)
		SAY(b, MAP_TABLES, 0, r.end, base, base + bytes);
	used = tables_used(b, pieces, nr);
	for (size_t i = 0; i < nr; i++)
		keep_piece(b, &pieces[i]);
	if (base && used)
		boot_reserve(b, OWNER_PAGE_TABLES, base, base + used * PAGE_SIZE);
	b->max_mapped = max_u64(b->max_mapped, r.end);
	ranges_add(b->arena, &b->direct_ranges, r);
}

void old_direct_map(struct boot *b, bool gb_pages)
{
	/* Until the map exists only what head_64 mapped can be used. */
	b->max_mapped = 512 * MIB;
	if (gb_pages)
		SAY(b, GBPAGES, 0, 0);
	old_map_range(b, (struct phys_range){ 0, PFN_PHYS(b->max_low_pfn) }, gb_pages);
	if (b->max_pfn > b->max_low_pfn && b->machine->arch != ARCH_I386)
		old_map_range(b, (struct phys_range){ 4 * GIB, PFN_PHYS(b->max_pfn) }, gb_pages);
	b->max_mapped = PFN_PHYS(b->max_pfn);
}

/*
 * The firmware's runtime services are called at addresses of the direct map: what it does not cover yet is added, with tables
 * from the buddy allocator. Kernel: efi_enter_virtual_mode(), efi_ioremap() (arch/x86/kernel/efi.c, efi_64.c).
 */
void old_map_runtime(struct boot *b)
{
	bool says = boot_trait(b, TRAIT_MAPPING_LINES) != MAPPING_SILENT && boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_WHOLE && b->machine->arch != ARCH_I386;

	for (size_t i = 0; says && i < b->machine->efi.nr; i++) {
		const struct efi_region *r = &b->machine->efi.v[i];
		struct old_piece pieces[5];
		size_t nr;

		if (!r->runtime || r->type == EFI_MMIO || PFN_UP(r->range.end) <= b->max_low_pfn || (r->range.end > 4 * GIB && PFN_UP(r->range.end) <= b->max_pfn))
			continue;
		nr = old_split(r->range, false, pieces);
		SAY(b, INIT_MAPPING, 0, r->range.start, r->range.end);
		for (size_t k = 0; k < nr; k++)
			SAY_TEXT(b, MAP_PAGE, 0, pieces[k].size, NULL, pieces[k].range.start, pieces[k].range.end);
	}
}
