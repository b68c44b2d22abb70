/*
 * stage_resources.c - what the map becomes for the rest of the system: resources, firmware map, nosave regions, the PCI gap,
 * RAM buffers; and the small allocations of start_kernel().
 *
 * Kernel: e820__reserve_resources(), e820__register_nosave_regions(), e820__setup_pci_gap(), e820__reserve_resources_late()
 *         (arch/x86/kernel/e820.c), firmware_map_add_early(), register_nosave_region(), setup_command_line(),
 *         setup_cpu_entry_area_ptes().
 */
#include "stages.h"

#define MIN_GAP UINT64_C(0x400000)
/* Names that are kept behind a descriptor: "HPET 0", "IOAPIC 0". */
#define HPET_NAME_BYTES 9
#define IOAPIC_NAME_BYTES 11
#define FIRMWARE_MAP_BYTES 104
#define NOSAVE_BYTES 32

static uint64_t scaled(const struct boot *b, uint64_t bytes_64, uint64_t bytes_32) { return b->machine->arch == ARCH_I386 ? bytes_32 : bytes_64; }

/* struct resource; with PAE its addresses stay 64 bits wide. */
static uint64_t resource_bytes(const struct boot *b)
{
	uint64_t bytes = (uint64_t)boot_trait(b, TRAIT_RESOURCE_BYTES);

	if (b->machine->arch != ARCH_I386)
		return bytes;
	return bytes / 2 + (boot_trait(b, TRAIT_PAE) ? 8 : 0);
}

static bool has_table(const struct machine *m, const char *signature)
{
	for (size_t i = 0; i < m->acpi.nr; i++)
		if (!strcmp(m->acpi.v[i].signature, signature))
			return true;
	return false;
}

static bool is_ram(uint32_t type) { return type == E820_TYPE_RAM || type == E820_TYPE_RESERVED_KERN; }

/* Entries that still have bytes. */
static uint64_t live_entries(const struct e820_table *table)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < table->nr; i++)
		nr += table->v[i].end > table->v[i].start;
	return nr;
}

static const char *iomem_name(const struct boot *b, uint32_t type)
{
	bool capital = boot_trait(b, TRAIT_IOMEM_NAMES);

	switch (type) {
	case E820_TYPE_RAM:
	case E820_TYPE_RESERVED_KERN:
		return "System RAM";
	case E820_TYPE_ACPI:
		return "ACPI Tables";
	case E820_TYPE_NVS:
		return "ACPI Non-volatile Storage";
	case E820_TYPE_UNUSABLE:
		return "Unusable memory";
	case E820_TYPE_PMEM:
		return "Persistent Memory";
	case E820_TYPE_PRAM:
		return "Persistent Memory (legacy)";
	case E820_TYPE_SOFT_RESERVED:
		return "Soft Reserved";
	case E820_TYPE_RESERVED:
		return capital ? "Reserved" : "reserved";
	default:
		return capital ? "Unknown E820 type" : "reserved";
	}
}

void boot_add_resource(struct boot *b, uint64_t start, uint64_t end, const char *name, unsigned depth)
{
	if (end > start)
		*vec_push(b->arena, &b->iomem) = (struct range_list_entry){ { start, end }, name, depth };
}

static void image_resources(struct boot *b)
{
	const struct image *i = &b->kernel->image;
	const struct {
		struct quantity from, to;
		const char *name;
	} parts[] = {
		{ { 0, KNOWN_SAID, 0 }, i->text_end, "Kernel code" },
		{ i->rodata_start, i->rodata_end, "Kernel rodata" },
		{ i->data_start, i->data_end, "Kernel data" },
		{ i->bss_start, i->bss_end, "Kernel bss" },
	};

	if (!b->kernel_base_known)
		return;
	for (size_t n = 0; n < ARRAY_SIZE(parts); n++)
		if (is_known(parts[n].from) && is_known(parts[n].to))
			boot_add_resource(b, b->kernel_base + parts[n].from.v, b->kernel_base + parts[n].to.v, parts[n].name, 1);
}

/* The tree of /proc/iomem as far as memory goes. */
static void iomem(struct boot *b)
{
	for (size_t i = 0; i < b->e820.nr; i++)
		/* Without PAE an address above 4 GiB has no name. */
		if (b->machine->arch != ARCH_I386 || boot_trait(b, TRAIT_PAE) || b->e820.v[i].end <= 4 * GIB)
			boot_add_resource(b, b->e820.v[i].start, b->e820.v[i].end, iomem_name(b, b->e820.v[i].type), 0);
	image_resources(b);
	if (!efi_in_the_way(b, b->crashkernel_low))
		boot_add_resource(b, b->crashkernel_low.start, b->crashkernel_low.end, "Crash kernel", 1);
	if (!efi_in_the_way(b, b->crashkernel))
		boot_add_resource(b, b->crashkernel.start, b->crashkernel.end, "Crash kernel", 1);
}

static void say_nosave(struct boot *b, uint64_t from_pfn, uint64_t to_pfn, uint64_t *last_end)
{
	if (from_pfn >= to_pfn)
		return;
	/* A region that continues the one before costs nothing. */
	if (*last_end != from_pfn || !from_pfn)
		boot_alloc_bytes(b, OWNER_NOSAVE, scaled(b, NOSAVE_BYTES, 16), 64, NUMA_NO_NODE);
	*last_end = to_pfn;
	SAY(b, NOSAVE, 0, PFN_PHYS(from_pfn), PFN_PHYS(to_pfn));
}

/* To 6.14: holes and reserved entries each on their own. */
static void nosave_by_entry(struct boot *b, uint64_t limit)
{
	bool skip_first = boot_trait(b, TRAIT_NOSAVE_RULE) == NOSAVE_FROM_SECOND;
	uint64_t pfn = skip_first && b->e820.nr ? PFN_DOWN(b->e820.v[0].end) : 0, last_end = UINT64_MAX;

	for (size_t i = skip_first; i < b->e820.nr; i++) {
		const struct e820_entry *e = &b->e820.v[i];

		if (pfn < PFN_UP(e->start))
			say_nosave(b, pfn, PFN_UP(e->start), &last_end);
		pfn = PFN_DOWN(e->end);
		if (!is_ram(e->type))
			say_nosave(b, PFN_UP(e->start), pfn, &last_end);
		if (pfn >= limit)
			return;
	}
}

/* Later: everything between two pieces of RAM at once. */
static void nosave_between_ram(struct boot *b, uint64_t limit)
{
	uint64_t last = 0, last_end = UINT64_MAX;

	for (size_t i = 0; i < b->e820.nr; i++) {
		const struct e820_entry *e = &b->e820.v[i];

		if (!is_ram(e->type))
			continue;
		if (last < e->start)
			say_nosave(b, PFN_DOWN(last), PFN_UP(e->start), &last_end);
		last = e->end;
	}
	say_nosave(b, PFN_DOWN(last), limit, &last_end);
}

static void nosave(struct boot *b)
{
	/* 64 bits: once all of it is mapped, the end of low memory is the end of memory. */
	bool whole = boot_trait(b, TRAIT_NOSAVE_MAX_PFN) || b->machine->arch == ARCH_X86_64;
	uint64_t limit = whole ? b->max_pfn : b->max_low_pfn;

	if (!b->kernel->has_hibernation)
		return;
	if (boot_trait(b, TRAIT_NOSAVE_RULE) == NOSAVE_PER_HOLE)
		nosave_between_ram(b, limit);
	else
		nosave_by_entry(b, limit);
}

/* The first address for devices: behind the start of the gap by up to a sixteenth of it. */
static uint64_t pci_start(const struct boot *b, uint64_t start, uint64_t size)
{
	uint64_t round = MIB;

	if (!boot_trait(b, TRAIT_PCI_GAP_ROUNDED))
		return start;
	while (size >> 4 > round)
		round += round;
	return align_down(start + round, round);
}

/* The largest hole below 4 GiB is where PCI devices without an address go. Kernel: e820_search_gap(). */
static void pci_gap(struct boot *b)
{
	uint64_t last = LIMIT_4G, best = MIN_GAP, start = 0;

	for (size_t i = b->e820.nr; i-- > 0;) {
		const struct e820_entry *e = &b->e820.v[i];

		if (last > e->end && last - e->end >= best) {
			best = last - e->end;
			start = e->end;
		}
		last = min_u64(last, e->start);
	}
	if (!start) {
		start = PFN_PHYS(b->max_pfn) + MIB;
		SAY(b, PCI_GAP_NONE, 0, 0);
	}
	b->pci_gap = (struct phys_range){ start, start + best };
	if (boot_trait(b, TRAIT_RANGE_TEXT) == RANGE_OLD)
		SAY(b, PCI_GAP_OLD, 0, pci_start(b, start, best), start, best);
	else
		SAY(b, PCI_GAP, 0, start, start + best);
}

/* Its fixed address lies in another 2 MiB than the rest of the fixmap. Kernel: map_vsyscall(), spp_getpage(). */
static void vsyscall_table(struct boot *b)
{
	if (b->machine->arch == ARCH_X86_64 && boot_trait(b, TRAIT_VSYSCALL_TABLE))
		boot_alloc_bytes(b, OWNER_FIXMAP, PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE);
}

/* Memory that the graphics took for itself is marked in the map, whether RAM was there or not. Kernel: intel_graphics_stolen(). */
static void stolen(struct boot *b)
{
	const struct fact *f = b->record ? facts_first(&b->record->log, FACT_INTEL_STOLEN) : NULL;

	if (!f || f->v[0] >= f->v[1])
		return;
	e820_range_add(b->arena, &b->e820, f->v[0], f->v[1], E820_TYPE_RESERVED, f->line);
	e820_update_table(b->arena, &b->e820, boot_trait(b, TRAIT_SOFT_RESERVED_APART));
}

void resources_run(struct boot *b)
{
	stolen(b);
	vsyscall_table(b);
	if (has_table(b->machine, "HPET"))
		boot_alloc_bytes(b, OWNER_RESOURCES, resource_bytes(b) + HPET_NAME_BYTES, 64, NUMA_NO_NODE);
	zones_memoryless(b);
	if (b->machine->ioapics)
		boot_alloc_bytes(b, OWNER_RESOURCES, b->machine->ioapics * (resource_bytes(b) + IOAPIC_NAME_BYTES), 64, NUMA_NO_NODE);
	boot_alloc_bytes(b, OWNER_RESOURCES, live_entries(&b->e820) * resource_bytes(b), 64, NUMA_NO_NODE);
	for (uint64_t i = 0, nr = live_entries(&b->e820_kexec); i < nr; i++)
		boot_alloc_bytes(b, OWNER_FIRMWARE_MAP, scaled(b, FIRMWARE_MAP_BYTES, 64), 64, NUMA_NO_NODE);
	iomem(b);
	nosave(b);
	pci_gap(b);
}

/* Late in the boot: the end of each piece of RAM is padded, so that no device is put right behind it. */
void buffers_run(struct boot *b)
{
	for (size_t i = 0; i < b->e820.nr; i++) {
		const struct e820_entry *e = &b->e820.v[i];
		uint64_t align = e->end >> 20 ? e->end >> 20 < 16 ? MIB : 64 * MIB : 64 * KIB;
		uint64_t end = round_up_to(e->end, align);

		if (e->type == E820_TYPE_RAM && e->end > e->start && e->end < end)
			SAY(b, RAM_BUFFER, 0, e->end, end);
	}
}

void command_line_run(struct boot *b)
{
	uint64_t copies = is_known(b->kernel->cmdline_copies) ? b->kernel->cmdline_copies.v : (uint64_t)boot_trait(b, TRAIT_CMDLINE_COPIES);

	for (uint64_t i = 0; i < copies; i++)
		boot_alloc_bytes(b, OWNER_COMMAND_LINE, b->cmdline->text.n + 1, 64, NUMA_NO_NODE);
}

#define TABLE_ENTRIES UINT64_C(512)

/* So many CPUs at random places of 512 GiB touch so many GiB of it, on the average: some share one. */
static uint64_t entry_area_gib(uint64_t cpus)
{
	uint64_t untouched = TABLE_ENTRIES << 20; /* in 2^-20 of a GiB */

	for (uint64_t i = 0; i < cpus && untouched > TABLE_ENTRIES; i++)
		untouched -= untouched / TABLE_ENTRIES;
	return TABLE_ENTRIES - (untouched >> 20);
}

/*
 * Page tables of the CPU entry areas. Where each CPU's area has a random place, it needs tables of its own, and one more where
 * it crosses a border of 2 MiB, which happens to one in so many. Otherwise the areas lie side by side behind one page.
 */
static uint64_t entry_area_tables(const struct boot *b)
{
	uint64_t pages = (uint64_t)boot_trait(b, TRAIT_ENTRY_AREA_PAGES), cpus = max_u64(b->machine->possible_cpus, 1);

	if (!pages || b->machine->arch == ARCH_I386 || (is_known(b->kernel->entry_area_pages) && !b->kernel->entry_area_pages.v))
		return b->kernel->entry_area_pages.v;
	if (boot_trait(b, TRAIT_ENTRY_RANDOM) && !cmdline_has(b->cmdline, "nokaslr"))
		return 1 + cpus + entry_area_gib(cpus) + (cpus * (pages - 1) + TABLE_ENTRIES / 2) / TABLE_ENTRIES;
	return 2 + div_up(1 + cpus * pages, TABLE_ENTRIES);
}

/* One on each level. */
#define LEAST_ENTRY_TABLES 3

uint64_t entry_area_spare(const struct boot *b)
{
	return boot_trait(b, TRAIT_ENTRY_RANDOM) ? sub_sat(entry_area_tables(b), LEAST_ENTRY_TABLES) : 0;
}

/* The guarded pages of KFENCE: as the build has them, else as the line says that stands before the kernel's end of boot. */
static uint64_t kfence_bytes(const struct boot *b)
{
	const struct fact *f = b->record && !is_known(b->kernel->kfence) ? facts_first(&b->record->log, FACT_KFENCE) : NULL;
	const struct quantity *initmem = &b->kernel->initmem_kib;

	return f && !(initmem->line && f->line > initmem->line) ? f->v[0] : b->kernel->kfence.v;
}

void entry_area_run(struct boot *b)
{
	for (uint64_t i = 0, nr = entry_area_tables(b); i < nr; i++)
		boot_alloc_bytes(b, OWNER_ENTRY_AREA, PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE);
	if (kfence_bytes(b))
		boot_alloc_bytes(b, OWNER_KFENCE, kfence_bytes(b), PAGE_SIZE, NUMA_NO_NODE);
}

/* --- memory blocks --- */

#define BLOCK_MIN (128 * MIB)
#define BLOCK_MAX (2 * GIB)

static uint64_t largest_divisor(uint64_t end)
{
	uint64_t size = BLOCK_MAX;

	while (size > BLOCK_MIN && end & (size - 1))
		size >>= 1;
	return size;
}

/* Kernel: probe_memory_block_size() (arch/x86/mm/init_64.c). */
static uint64_t block_size(const struct boot *b)
{
	uint64_t end = PFN_PHYS(b->max_pfn);
	bool large = end >= 64 * GIB;

	switch (boot_trait(b, TRAIT_BLOCK_SIZE)) {
	case BLOCK_DIVISOR:
	case BLOCK_64G_DIVISOR:
		return large ? largest_divisor(end) : BLOCK_MIN;
	case BLOCK_64G_2G:
		return large ? BLOCK_MAX : BLOCK_MIN;
	case BLOCK_BARE_METAL:
		if (!large)
			return BLOCK_MIN;
		return b->machine->hypervisor ? largest_divisor(end) : BLOCK_MAX;
	default:
		return BLOCK_MIN;
	}
}

/* A block is there as soon as one of its sections is. Kernel: memory_dev_init() (drivers/base/memory.c). */
static void find_blocks(struct boot *b)
{
	for (size_t i = 0; i < b->sections.nr; i++) {
		struct number_range r = { b->sections.v[i].start / b->block_size, div_up(b->sections.v[i].end, b->block_size) };
		struct number_range *last = b->blocks.nr ? &b->blocks.v[b->blocks.nr - 1] : NULL;

		if (last && last->end >= r.start)
			last->end = r.end;
		else
			*vec_push(b->arena, &b->blocks) = r;
	}
}

void blocks_run(struct boot *b)
{
	if (b->machine->arch != ARCH_X86_64 || !b->kernel->has_hotplug)
		return;
	b->block_size = block_size(b);
	find_blocks(b);
	if (boot_trait(b, TRAIT_BLOCK_SIZE_TEXT) == BLOCK_SIZE_INFO || (boot_trait(b, TRAIT_BLOCK_SIZE_TEXT) == BLOCK_SIZE_DEBUG && PFN_PHYS(b->max_pfn) >= 64 * GIB))
		SAY(b, MEMORY_BLOCK_SIZE, 0, b->block_size >> 20);
}
