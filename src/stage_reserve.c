/*
 * stage_reserve.c - what is taken before anything is handed out, and memblock filled from the map.
 *
 *   in:   boot.e820, the image, the RAM disk, setup_data
 *   out:  memblock.memory, the first reservations
 *
 * Kernel: early_reserve_memory(), e820__memblock_setup(), reserve_brk(), reserve_real_mode(), trim_low_memory_range()
 *         (arch/x86/kernel/setup.c, e820.c, realmode/init.c, ebda.c).
 */
#include "stages.h"

#define FIRST_MIB UINT64_C(0x100000)
#define OLD_TRAMPOLINE UINT64_C(0x6000)
#define OLD_TRAMPOLINE_END UINT64_C(0x8000)
#define CONVENTIONAL_END UINT64_C(0xa0000)
#define LOWMEM_CAP UINT64_C(0x9f000)
#define RESERVE_LOW_DEFAULT (64 * KIB)

#define LOWMEM_MIN UINT64_C(0x20000)

/*
 * 2.6: the end of conventional memory is not cut at 0x9f000 where the BIOS names an EBDA. The log does not show that name, but
 * firmware that has an EBDA ends the first range of its map there.
 */
static uint64_t old_low_end(const struct boot *b)
{
	const struct e820_table *map = &b->machine->e820;
	uint64_t end = b->machine->ebda_base ? b->machine->ebda_base : map->nr ? map->v[0].end : 0;

	return end < LOWMEM_MIN || end >= CONVENTIONAL_END ? LOWMEM_CAP : end;
}

/*
 * Later kernels take the lowest of what the BIOS data area says, which is not in a log, and a cap. A BIOS that keeps more for
 * itself than the cap leaves says the same by the end of the first range of its map.
 */
static uint64_t low_end(const struct boot *b)
{
	const struct e820_table *map = &b->machine->e820;

	if (b->machine->ebda_base)
		return min_u64(b->machine->ebda_base, LOWMEM_CAP);
	if (b->machine->firmware != FIRMWARE_BIOS || !map->nr || map->v[0].start || map->v[0].type != E820_TYPE_RAM || map->v[0].end < LOWMEM_MIN)
		return LOWMEM_CAP;
	return min_u64(align_down(map->v[0].end, KIB), LOWMEM_CAP);
}

static void reserve_bios_region(struct boot *b)
{
	uint64_t low = low_end(b);

	if (b->machine->firmware == FIRMWARE_XEN)
		return;
	if (boot_trait(b, TRAIT_BIOS_REGION) == BIOS_EBDA_OLD)
		low = old_low_end(b);
	boot_reserve(b, OWNER_LOW_MEMORY, low, FIRST_MIB);
}

/* reservelow=N: bytes at the bottom of memory, 4 KiB to 640 KiB; without a suffix it is always less than that. */
static uint64_t reserve_low_bytes(const struct boot *b)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "reservelow");
	uint64_t bytes = o && o->value.p ? str_memparse(o->value, NULL) : RESERVE_LOW_DEFAULT;

	return align_up(max_u64(4 * KIB, min_u64(bytes, 640 * KIB)), PAGE_SIZE);
}

static void reserve_image(struct boot *b)
{
	if (!phys_len(b->image))
		return;
	boot_reserve(b, OWNER_IMAGE, b->image.start, b->image.end);
	if (phys_len(b->brk))
		boot_reserve(b, OWNER_BRK, b->brk.start, b->brk.end);
}

static void reserve_initrd(struct boot *b)
{
	struct phys_range r = b->machine->ramdisk;

	if (phys_len(r))
		boot_reserve(b, OWNER_INITRD, r.start, boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_RAM ? align_up(r.end, PAGE_SIZE) : r.end);
}

static void reserve_setup_data(struct boot *b)
{
	for (size_t i = 0; i < b->machine->setup_data.nr; i++)
		boot_reserve(b, OWNER_SETUP_DATA, b->machine->setup_data.v[i].start, b->machine->setup_data.v[i].end);
	if (phys_len(b->machine->efi_memmap))
		boot_reserve(b, OWNER_EFI_MEMMAP, b->machine->efi_memmap.start, b->machine->efi_memmap.end);
}

static void reserve_low(struct boot *b)
{
	if (boot_trait(b, TRAIT_PAGE0_RESERVED))
		boot_reserve(b, OWNER_LOW_MEMORY, 0, PAGE_SIZE);
	if (boot_trait(b, TRAIT_LOW_64K) == LOW_64K_FIXED)
		boot_reserve(b, OWNER_LOW_MEMORY, 0, 64 * KIB);
	reserve_bios_region(b);
}

/* 4.18: all that is no RAM up to the end of the map is reserved, gaps too. It is nobody's memory, so nobody owns it. */
static void reserve_gaps(struct boot *b)
{
	uint64_t last = 0;

	for (size_t i = 0; i < b->e820.nr && boot_trait(b, TRAIT_GAPS_RESERVED); i++) {
		const struct e820_entry *e = &b->e820.v[i];

		memblock_reserve(&b->memblock, last, max_u64(last, e->start));
		if (e->type != E820_TYPE_RAM && e->type != E820_TYPE_RESERVED_KERN)
			memblock_reserve(&b->memblock, e->start, e->end);
		last = e->end;
	}
}

static void fill_memblock(struct boot *b)
{
	struct memblock *mb = &b->memblock;

	mb->current_limit = FIRST_MIB;
	mb->can_resize = true;
	for (size_t i = 0; i < b->e820.nr; i++) {
		const struct e820_entry *e = &b->e820.v[i];

		if (e->type == E820_TYPE_SOFT_RESERVED)
			memblock_reserve(mb, e->start, e->end);
		if (e->type != E820_TYPE_RAM && e->type != E820_TYPE_RESERVED_KERN)
			continue;
		/* 32 bits without PAE cannot name what lies above 4 GiB. */
		if (b->machine->arch == ARCH_I386 && !boot_trait(b, TRAIT_PAE) && e->end > 4 * GIB)
			continue;
		/* An address has no more bits, whatever a map says. */
		memblock_add(mb, e->start, min_u64(e->end, PHYS_LIMIT), NUMA_NO_NODE, 0);
	}
	if (b->machine->arch == ARCH_I386 && boot_trait(b, TRAIT_HIGH_REMOVED))
		memblock_remove(mb, PFN_PHYS(b->max_pfn), UINT64_MAX);
	/* What page tables do not reach stays there on no node, and nothing comes of it. */
	memblock_remove(mb, PFN_PHYS(b->max_arch_pfn), UINT64_MAX);
	memblock_trim_memory(mb, PAGE_SIZE);
}

#define POOL_HEADER_BYTES 24
#define DMA_END (16 * MIB)

/* The loader's own memory, where the map tells which that is; else a place where it is in no one's way. */
static uint64_t place_of_efi_map(const struct boot *b, uint64_t bytes)
{
	struct memblock_request request = { .size = bytes, .align = PAGE_SIZE, .min = DMA_END, .max = 4 * GIB, .nid = NUMA_NO_NODE, .ranged = true };
	struct memblock up = b->memblock;

	for (size_t i = b->machine->efi.nr; i-- > 0;) {
		const struct efi_region *r = &b->machine->efi.v[i];

		if (r->type == EFI_LOADER_DATA && phys_len(r->range) >= bytes && !memblock_overlaps(&b->memblock.reserved, r->range.start, r->range.start + bytes))
			return r->range.start;
	}
	up.bottom_up = true;
	return b->machine->efi.nr ? 0 : memblock_find(&up, &request);
}

/*
 * Where the loader left the EFI map is in no log; a map of the usual length stands for it. From 6.1 on it lies with the ACPI
 * tables, outside of RAM.
 */
static void reserve_efi_map(struct boot *b)
{
	const struct machine *m = b->machine;
	uint64_t bytes = align_up(POOL_HEADER_BYTES + efi_map_entries(m) * EFI_DESCRIPTOR_BYTES, PAGE_SIZE), base;

	if (m->firmware != FIRMWARE_EFI || phys_len(m->efi_memmap) || !boot_trait(b, TRAIT_EFI_MAP_IN_RAM))
		return;
	base = place_of_efi_map(b, bytes);
	if (base)
		boot_reserve(b, OWNER_EFI_MEMMAP, base, base + bytes);
}

static void alloc_real_mode(struct boot *b, uint64_t bytes)
{
	struct memblock_request request = { .size = bytes, .align = PAGE_SIZE, .max = FIRST_MIB, .nid = NUMA_NO_NODE, .ranged = true };

	boot_alloc(b, OWNER_REAL_MODE, &request);
}

/*
 * The trampoline that starts other CPUs, somewhere below 1 MiB; before memblock it had a fixed place. Until it took over what
 * wakes the machine up from sleep, that had an area of its own. Kernel: reserve_trampoline_memory(), acpi_reserve_wakeup_memory().
 */
static void reserve_real_mode(struct boot *b)
{
	if (boot_trait(b, TRAIT_EARLY_ALLOC) == EARLY_RES_BOOTMEM) {
		boot_reserve(b, OWNER_REAL_MODE, OLD_TRAMPOLINE, OLD_TRAMPOLINE_END);
	} else if (is_known(b->kernel->real_mode)) {
		alloc_real_mode(b, b->kernel->real_mode.v);
	} else if (boot_trait(b, TRAIT_WAKEUP_APART)) {
		alloc_real_mode(b, OLD_TRAMPOLINE_END - OLD_TRAMPOLINE);
		alloc_real_mode(b, WAKEUP_BYTES);
	}
}

/* movable_node: near the image nothing can be unplugged, so search from there, or from the bottom. Kernel: setup_arch(). */
static void search_upward(struct boot *b)
{
	b->memblock.movable_node = b->memblock.bottom_up = cmdline_has(b->cmdline, "movable_node");
	if (boot_trait(b, TRAIT_BOTTOM_UP_IMAGE))
		b->memblock.bottom_up_from = b->brk.end;
}

void reserve_run(struct boot *b)
{
	bool real_mode = !boot_is_xen_pv(b) || boot_trait(b, TRAIT_XEN_REAL_MODE);

	reserve_image(b);
	xen_reserve(b);
	reserve_low(b);
	search_upward(b);
	reserve_initrd(b);
	reserve_setup_data(b);
	fill_memblock(b);
	reserve_efi_map(b);
	reserve_gaps(b);
	efi_run_early(b);
	if (real_mode)
		reserve_real_mode(b);
	if (boot_trait(b, TRAIT_FIRST_MIB_RESERVED) && real_mode)
		boot_reserve(b, OWNER_LOW_MEMORY, 0, FIRST_MIB);
	else if (boot_trait(b, TRAIT_LOW_64K) == LOW_64K_OPTION || !real_mode)
		boot_reserve(b, OWNER_LOW_MEMORY, 0, reserve_low_bytes(b));
	/* Before memblock the first fit from the bottom was taken. */
	b->memblock.bottom_up |= boot_trait(b, TRAIT_EARLY_ALLOC) != EARLY_MEMBLOCK;
}
