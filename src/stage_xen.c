/*
 * stage_xen.c - what a paravirtual guest of Xen has that no other machine has: it sees pseudo-physical pages, and keeps the
 * table of the machine's frames behind them.
 *
 *   in:   the map ("Xen:" in the log), the image, the RAM disk, whether ACPI tables are there (the first domain has them)
 *   out:  boot.xen; reservations in memblock before it is filled, and those that come with the table's second, sparse form
 *
 * Pages of holes were taken from Xen all the same: they are moved behind the end of memory, which the map already counts, and
 * which stays reserved until they are there.
 *
 * Kernel: xen_memory_setup(), xen_reserve_xen_mfnlist(), xen_add_extra_mem(), xen_remap_memory() (arch/x86/xen/setup.c);
 *         xen_setup_kernel_pagetable(), xen_reserve_special_pages(), xen_pagetable_p2m_setup() (arch/x86/xen/mmu_pv.c);
 *         xen_rebuild_p2m_list(), xen_inv_extra_mem(), xen_build_mfn_list_list() (arch/x86/xen/p2m.c).
 */
#include "mia/ranges.h"
#include "stages.h"

#define SIZE_2M (2 * MIB)
#define SIZE_4M (4 * MIB)
#define ISA_PAGES 96                                /* 640 KiB to 1 MiB */
#define FRAME_BYTES 8                               /* an entry of the table of frames */
#define FRAMES_PER_PAGE (PAGE_SIZE / FRAME_BYTES)   /* so many pages have their entries in one page */
#define FRAMES_PER_TABLE (FRAMES_PER_PAGE * (PAGE_SIZE / 8)) /* and so many in what one page table maps */
#define UPPER_TABLES 3                              /* of four levels of page tables, from the one that comes first */
#define FIRST_TABLES 2                              /* that Xen maps the first table with, a large page below them */
#define SPECIAL_PAGES 4                             /* an empty and an identity page of the table, and a page table full of each */
#define LIST_PAGES 3                                /* the list of lists that tools read, without its middle pages */
/* Encryption works on a copy of its own code in a scratch area behind the image. */
#define SME_WORKAREA_BYTES (4 * MIB)

/* Paravirtual; guests of the other kinds see a map of the BIOS's form. */
bool boot_is_xen_pv(const struct boot *b) { return b->machine->firmware == FIRMWARE_XEN && b->machine->arch == ARCH_X86_64; }

bool boot_is_xen_first(const struct boot *b) { return boot_is_xen_pv(b) && machine_is_xen_first(b->machine); }

/* All pages that the domain starts with: RAM in the map is as much, wherever holes moved it to, unless it may get more later. */
static uint64_t pages_of_domain(const struct boot *b)
{
	uint64_t pages = 0;

	if (b->machine->xen_pages)
		return b->machine->xen_pages;
	for (size_t i = 0; i < b->machine->e820.nr; i++) {
		const struct e820_entry *e = &b->machine->e820.v[i];

		if (e->type == E820_TYPE_RAM && PFN_DOWN(e->end) > PFN_UP(e->start))
			pages += PFN_DOWN(e->end) - PFN_UP(e->start);
	}
	/* For other domains than the first it is RAM like any other, and only kept from use. */
	return machine_is_xen_first(b->machine) ? pages : pages + ISA_PAGES;
}

/* The start page, and page tables for all up to the boot stack behind them, in whole 4 MiB from the bottom. */
static struct phys_range place_tables(const struct boot *b)
{
	uint64_t end = align_up(max_u64(b->brk.end, b->image_limit), PAGE_SIZE), tables = 0;

	if (boot_trait(b, TRAIT_SME_WORKAREA))
		end = align_up(end, SIZE_2M) + SME_WORKAREA_BYTES;
	/* They map themselves, too. */
	for (int i = 0; i < 2; i++)
		tables = UPPER_TABLES + align_up(end + (1 + tables + 1) * PAGE_SIZE, SIZE_4M) / SIZE_2M;
	return (struct phys_range){ end, end + (1 + tables) * PAGE_SIZE };
}

/* Behind the number of pages that there are: first those that holes moved there, then those that may come. */
static void reserve_behind(struct boot *b)
{
	struct xen_domain *x = &b->xen;
	uint64_t below = 0, moved;

	for (size_t i = 0; i < b->machine->e820.nr; i++) {
		const struct e820_entry *e = &b->machine->e820.v[i];

		if (e->type == E820_TYPE_RAM)
			below += phys_len(phys_clip((struct phys_range){ e->start, e->end }, (struct phys_range){ 0, PFN_PHYS(x->nr_pages) }));
	}
	moved = PFN_PHYS(x->nr_pages) - below;
	for (size_t i = 0; i < b->machine->e820.nr; i++) {
		const struct e820_entry *e = &b->machine->e820.v[i];
		uint64_t start = max_u64(e->start, PFN_PHYS(x->nr_pages)), taken;

		if (e->type != E820_TYPE_RAM || start >= e->end)
			continue;
		taken = min_u64(moved, e->end - start);
		memblock_reserve(&b->memblock, start, start + taken);
		boot_reserve(b, OWNER_XEN_EXTRA, start + taken, e->end);
		moved -= taken;
		x->extra_start = taken ? start + taken : x->extra_start;
	}
}

void xen_reserve(struct boot *b)
{
	struct xen_domain *x = &b->xen;

	if (!boot_is_xen_pv(b))
		return;
	x->nr_pages = pages_of_domain(b);
	x->tables = place_tables(b);
	b->initial_mapped = align_up(x->tables.end + PAGE_SIZE, SIZE_4M);
	/* The top one, between them, is no longer used. */
	boot_reserve(b, OWNER_XEN_TABLES, x->tables.start, x->tables.start + PAGE_SIZE);
	boot_reserve(b, OWNER_XEN_TABLES, x->tables.start + 2 * PAGE_SIZE, x->tables.end);
	if (!boot_trait(b, TRAIT_XEN_P2M_SPARSE))
		return;
	x->p2m.start = align_up(phys_len(b->machine->ramdisk) ? b->machine->ramdisk.end : x->tables.end, PAGE_SIZE);
	x->p2m.end = x->p2m.start + (FIRST_TABLES * PAGE_SIZE) + align_up(x->nr_pages * FRAME_BYTES, PAGE_SIZE);
	boot_reserve(b, OWNER_XEN_P2M, x->p2m.start, x->p2m.end);
	x->extra_start = PFN_PHYS(x->nr_pages);
	if (boot_is_xen_first(b))
		reserve_behind(b);
}

/* --- the table in its second form --- */

static void take(struct boot *b, uint64_t pages)
{
	struct memblock_request one = { .size = PAGE_SIZE, .align = PAGE_SIZE, .nid = NUMA_NO_NODE };

	boot_alloc_run(b, OWNER_XEN_P2M, &one, pages);
}

/* Blocks of @block pages with RAM in [from, to): those with nothing but a hole share one page of the table, or one page table. */
static uint64_t blocks_with_ram(const struct boot *b, uint64_t block, uint64_t from, uint64_t to)
{
	struct phys_ranges blocks = { 0 };
	uint64_t pages = 0;

	for (size_t i = 0; i < b->machine->e820.nr; i++) {
		const struct e820_entry *e = &b->machine->e820.v[i];
		uint64_t start = max_u64(PFN_UP(e->start), from), end = min_u64(PFN_DOWN(e->end), to);

		if (e->type == E820_TYPE_RAM && start < end)
			ranges_add(b->arena, &blocks, (struct phys_range){ align_down(start, block), align_up(end, block) });
	}
	for (size_t i = 0; i < blocks.nr; i++)
		pages += phys_len(blocks.v[i]);
	return pages / block;
}

/* Page tables for the part behind @end: the one that @end lies in may be there already. */
static uint64_t tables_behind(const struct boot *b, uint64_t end)
{
	uint64_t border = align_up(end, FRAMES_PER_TABLE), nr = blocks_with_ram(b, FRAMES_PER_TABLE, border, b->max_pfn);

	if (blocks_with_ram(b, FRAMES_PER_TABLE, align_down(end, FRAMES_PER_TABLE), end))
		return nr;
	return nr + blocks_with_ram(b, FRAMES_PER_TABLE, end, min_u64(border, b->max_pfn));
}

/* One request is like the other, so their order does not matter. */
void xen_run(struct boot *b)
{
	uint64_t end = align_up(b->xen.nr_pages, FRAMES_PER_PAGE), tables, behind;

	if (!boot_is_xen_pv(b) || !boot_trait(b, TRAIT_XEN_P2M_SPARSE) || b->replay.on)
		return;
	tables = blocks_with_ram(b, FRAMES_PER_TABLE, 0, end);
	behind = tables_behind(b, end);
	take(b, SPECIAL_PAGES + blocks_with_ram(b, FRAMES_PER_PAGE, 0, end) + tables + UPPER_TABLES - 1);
	take(b, blocks_with_ram(b, FRAMES_PER_PAGE, end, b->max_pfn) + behind);
	boot_free(b, b->xen.p2m.start, b->xen.p2m.end);
	take(b, LIST_PAGES + tables + behind);
	memblock_free(&b->memblock, PFN_PHYS(b->xen.nr_pages), b->xen.extra_start);
}
