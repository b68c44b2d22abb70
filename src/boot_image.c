/*
 * boot_image.c - where the image lies, and how large it is with what brk has grown by.
 */
#include <string.h>

#include "stages.h"

/*
 * What brk could have grown by: 64 KiB that keep linkers from overlapping it, and 64 KiB for firmware strings of which one page
 * is in use. _end stands behind all of it.
 */
#define BRK_SPARE_PAGES 31

/* Firecracker knows no packed kernels: it puts the sections where the ELF file says, and nothing moves them. */
static bool loaded_as_elf(const struct machine *m)
{
	for (size_t i = 0; i < m->acpi.nr; i++)
		if (!strcmp(m->acpi.v[i].oem, "FIRECK"))
			return true;
	return false;
}

/* Without randomisation the image lies where it was linked for, unless EFI had other things there. */
static bool loads_at_preferred(const struct boot *b)
{
	/* Xen loads the image itself, not through the loader that draws a place. */
	if (loaded_as_elf(b->machine) || boot_is_xen_pv(b))
		return true;
	return (cmdline_has(b->cmdline, "nokaslr") || boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_FIXED) && b->machine->firmware != FIRMWARE_EFI;
}

/* Firmware strings take brk's first page, unless a profile knows better. */
static uint64_t brk_before_tables(const struct boot *b)
{
	if (b->machine->no_dmi)
		return 0;
	return is_known(b->kernel->dmi_brk) ? b->kernel->dmi_brk.v : PAGE_SIZE;
}

/*
 * The image ends where brk starts, and that shows in the first page table taken from brk. Its start is a border of 2 MiB, the
 * nearest one that its size, perhaps estimated, leads to.
 */
static uint64_t base_of_brk_table(struct boot *b)
{
	uint64_t end = sub_sat(b->machine->brk_table, brk_before_tables(b)), base = sub_sat(end, b->kernel->image.span.v);

	if (!is_known(b->kernel->image.span) || !base)
		return 0;
	/* An image that would have to be far larger than its sections does not lie where it was linked for. */
	base = loads_at_preferred(b) && base < LOAD_ADDRESS + 16 * MIB ? LOAD_ADDRESS : max_u64(align_down(base + MIB, 2 * MIB), LOAD_ADDRESS);
	/* Where the input tells, there is nothing to find. */
	if (b->machine->kernel_base && !b->machine->kernel_base_guessed && b->machine->kernel_base < end)
		base = b->machine->kernel_base;
	/* 32 bits: brk begins with the tables of the first mapping, so that its later ones do not show where the image ends. */
	if (b->machine->arch != ARCH_I386 && b->kernel->image.span.known < KNOWN_PROFILE && end > base)
		b->image = (struct phys_range){ base, end };
	return base;
}

/* 32 bits: largest image, lowest GiB of memory. */
#define IMAGE_MAX_32 (512 * MIB)
#define LOWMEM_32 GIB
/* Of brk's section, beside the tables of the first mapping: firmware strings and spare pages, and tables of the direct map. */
#define BRK_FIXED_PAGES_32 (32 + 6)
/* Tables of the direct map taken from brk later, and a page of firmware strings. */
#define BRK_OTHER_PAGES_32 7

/* 32 bits: what a page table maps, and the tables for all of low memory. */
static uint64_t table_bytes_32(const struct traits *t) { return trait(t, TRAIT_PAE) ? 2 * MIB : 4 * MIB; }
static uint64_t lowmem_tables_32(const struct traits *t) { return LOWMEM_32 / table_bytes_32(t) * PAGE_SIZE; }

uint64_t boot_brk_section_32(const struct traits *t)
{
	return (IMAGE_MAX_32 + lowmem_tables_32(t)) / table_bytes_32(t) * PAGE_SIZE + PFN_PHYS(BRK_FIXED_PAGES_32);
}

/*
 * 32 bits: brk holds the first page tables, which map everything from 0 to behind the image: the higher it lies, the more of
 * them. Kernel: head_32.S, INIT_MAP_SIZE and MAPPING_BEYOND_END (arch/x86/include/asm/setup.h and pgtable_32.h).
 */
static uint64_t initial_tables_32(const struct boot *b, uint64_t image_end)
{
	return div_up(image_end + boot_brk_section_32(b->traits) + lowmem_tables_32(b->traits), table_bytes_32(b->traits));
}

/* 32 bits: one page of the others is that of firmware strings. */
static uint64_t brk_pool_bytes(const struct boot *b)
{
	return PFN_PHYS(b->machine->arch == ARCH_I386 ? BRK_OTHER_PAGES_32 - 1 : (uint64_t)boot_trait(b, TRAIT_BRK_POOL));
}

/* One page of firmware strings, if there are any, and, from 3.9 on, the pool of early page tables, unless a profile knows better. */
static uint64_t brk_bytes(const struct boot *b, uint64_t image_end)
{
	if (b->machine->arch == ARCH_I386)
		return PFN_PHYS(initial_tables_32(b, image_end) + BRK_OTHER_PAGES_32);
	if (is_known(b->kernel->image.brk))
		return b->kernel->image.brk.v;
	return PFN_PHYS(!b->machine->no_dmi + (uint64_t)boot_trait(b, TRAIT_BRK_POOL));
}

/* Where the log leaves no doubt; 0 if it does. */
static uint64_t certain_base(struct boot *b)
{
	uint64_t base = b->machine->brk_table ? base_of_brk_table(b) : 0;

	if (base)
		return base;
	if (b->machine->kernel_base && !b->machine->kernel_base_guessed)
		return b->machine->kernel_base;
	return loads_at_preferred(b) ? LOAD_ADDRESS : 0;
}

/* An image without a known place is in no one's way: it is accounted for, but reserved nowhere. */
void boot_place_image(struct boot *b)
{
	uint64_t base = certain_base(b);

	b->kernel_base_known = base != 0;
	b->kernel_base = base ? base : b->machine->kernel_base;
	if (!b->kernel_base || !is_known(b->kernel->image.span))
		return;
	b->image_measured = phys_len(b->image) || b->kernel->image.span.known >= KNOWN_PROFILE;
	if (!phys_len(b->image))
		b->image = (struct phys_range){ b->kernel_base, b->kernel_base + b->kernel->image.span.v };
	b->brk = (struct phys_range){ align_up(b->image.end, PAGE_SIZE), align_up(b->image.end, PAGE_SIZE) + brk_bytes(b, b->image.end) };
	if (b->machine->arch == ARCH_I386)
		b->initial_mapped = initial_tables_32(b, b->image.end) * table_bytes_32(b->traits);
	b->image_limit = b->brk.end + PFN_PHYS(BRK_SPARE_PAGES);
	b->brk_pool_end = b->brk.end;
	b->brk_pool_next = b->brk.end - min_u64(phys_len(b->brk), brk_pool_bytes(b));
}
