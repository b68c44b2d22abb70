/*
 * stage_memory_line.c - the line that tells how much memory there is, once the page allocator has it.
 *
 *   in:   free pages of each zone as the model has them; sizes of the image's sections
 *   says: the Memory: line, to 6.10: later it comes after the other CPUs and their allocations
 *
 * Kernel: mem_init_print_info() (mm/page_alloc.c), mem_init() (arch/x86/mm/init_64.c) before 3.11.
 */
#include "stages.h"

/* Pages given to the page allocator; @early: of those, whose struct pages did not wait. */
static uint64_t free_pages(const struct boot *b, bool early, bool high_only)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (!high_only || zone->type == ZONE_HIGHMEM)
				pages += early ? zone->managed_early : zone->managed_at_free;
		}
	return pages;
}

static bool sections_known(const struct kernel *k, bool generic)
{
	return is_known(k->code_kib) && is_known(k->rwdata_kib) && is_known(k->init_kib) && (!generic || (is_known(k->rodata_kib) && is_known(k->bss_kib)));
}

/* Which of the line's endings: with CMA, with high memory. */
static unsigned ending(const struct boot *b)
{
	bool high = b->machine->arch == ARCH_I386 && boot_trait(b, TRAIT_ZONE_HIGHMEM);

	return boot_trait(b, TRAIT_MEMORY_CMA) ? high : 2 + high;
}

#define VMALLOC_SLOTS_4_LEVEL 64
#define VMALLOC_SLOTS_5_LEVEL 50

/*
 * Tables for the whole vmalloc area are taken first thing: one for each slot of the top level, and one more where the area's
 * start is random. Kernel: preallocate_vmalloc_pages() (arch/x86/mm/init_64.c), from 5.9.
 */
uint64_t vmalloc_table_pages(const struct boot *b)
{
	bool random = boot_trait(b, TRAIT_KASLR_MEMORY) && !cmdline_has(b->cmdline, "nokaslr");

	if (!boot_trait(b, TRAIT_VMALLOC_PREALLOC) || b->machine->arch != ARCH_X86_64)
		return 0;
	/* Xen's table of machine frames is mapped there, and has the table of its slot. */
	return (b->five_level ? VMALLOC_SLOTS_5_LEVEL : VMALLOC_SLOTS_4_LEVEL) + random - (phys_len(b->xen.p2m) != 0);
}

/*
 * At random places the end of the vmalloc area may share its slot with what lies behind it, for which the table is there already:
 * whether it does, only the line itself can tell.
 */
static uint64_t shares_slot(const struct boot *b, uint64_t early, uint64_t tables)
{
	const struct fact *f = b->record ? facts_last(&b->record->log, FACT_MEMORY) : NULL;
	bool random = boot_trait(b, TRAIT_KASLR_MEMORY) && !cmdline_has(b->cmdline, "nokaslr");

	return f && tables && random && kib_to_pages(f->v[0]) + tables == early + 1;
}

static void say_generic(struct boot *b)
{
	const struct kernel *k = b->kernel;
	uint64_t all = free_pages(b, false, false), early = free_pages(b, true, false), tables = vmalloc_table_pages(b);

	tables -= shares_slot(b, early, tables);
	SAY(b, MEMORY, ending(b), pages_to_kib(sub_sat(early, tables)), pages_to_kib(b->physpages), k->code_kib.v, k->rwdata_kib.v, k->rodata_kib.v, k->init_kib.v, k->bss_kib.v,
	    pages_to_kib(b->physpages - all - b->cma_pages), pages_to_kib(b->cma_pages), pages_to_kib(free_pages(b, false, true)));
}

static void say_x86(struct boot *b)
{
	const struct kernel *k = b->kernel;
	uint64_t absent = b->max_pfn - b->physpages, all = free_pages(b, false, false), early = free_pages(b, true, false);

	SAY(b, MEMORY_X86, 0, pages_to_kib(early), pages_to_kib(b->max_pfn), k->code_kib.v, pages_to_kib(absent), pages_to_kib(b->max_pfn - absent - all),
	    k->rwdata_kib.v, k->init_kib.v);
}

void memory_line_say(struct boot *b)
{
	bool generic = boot_trait(b, TRAIT_MEMORY_LINE) == MEMORY_GENERIC;

	if (boot_trait(b, TRAIT_MEMORY_LATE) || !sections_known(b->kernel, generic))
		return;
	/* What the line itself had to teach is not said again. */
	if (b->balance.known && b->balance.residue)
		return;
	if (generic)
		say_generic(b);
	else if (b->machine->arch == ARCH_X86_64)
		say_x86(b);
}
