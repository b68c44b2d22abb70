/*
 * ledger.c - where every byte went: from what is installed to MemTotal, in a tree that sums.
 *
 *   installed                        (or "declared": what the firmware speaks of)
 *     firmware                       what it keeps, by kind
 *     usable                         what it gives
 *       cut                          given up before memory is counted: command line, MTRRs, BIOS range, partial pages
 *       present                      pages that zones call present
 *         reserved                   taken when memory goes to the page allocator, by owner
 *         returned                   given back after that; negative
 *         mem_total                  what /proc/meminfo says
 */
#include "ledger.h"

#include <string.h>

#include "mia/arena.h"

const struct ledger_row *ledger_find(const struct ledger *ledger, const char *id)
{
	/* Names are literals, and the linker keeps one of each: nearly always the pointers are equal. */
	for (size_t i = 0; i < ledger->nr; i++)
		if (ledger->v[i].id == id)
			return &ledger->v[i];
	for (size_t i = 0; i < ledger->nr; i++)
		if (!strcmp(ledger->v[i].id, id))
			return &ledger->v[i];
	return NULL;
}

void ledger_add_line(struct ledger_row *row, uint32_t line)
{
	for (size_t i = 0; line && i < ARRAY_SIZE(row->lines); i++) {
		if (row->lines[i] == line)
			return;
		if (!row->lines[i]) {
			row->lines[i] = line;
			return;
		}
	}
}

struct ledger_row *ledger_trunk(struct ledger_builder *l, const char *id, const char *parent, const char *label, int64_t bytes, enum basis basis, uint32_t line)
{
	const struct ledger_row *above = parent ? ledger_find(l->ledger, parent) : NULL;
	unsigned depth = above ? above->depth + 1 : 0;
	struct ledger_row *row = vec_push(l->arena, l->ledger);

	*row = (struct ledger_row){ .id = id, .parent = parent, .label = label, .bytes = bytes, .basis = basis, .depth = depth };
	ledger_add_line(row, line);
	return row;
}

struct ledger_row *ledger_add(struct ledger_builder *l, const char *id, const char *parent, const char *label, int64_t bytes, enum basis basis, uint32_t line)
{
	return bytes ? ledger_trunk(l, id, parent, label, bytes, basis, line) : NULL;
}

uint32_t ledger_line_of(const struct ledger_builder *l, enum fact_kind kind)
{
	const struct fact *f = l->record ? facts_last(&l->record->log, kind) : NULL;

	return f ? f->line : 0;
}

/* --- between the firmware's map and the kernel's pages --- */

static int64_t ram_bytes(const struct e820_table *table)
{
	return (int64_t)(e820_bytes(table, E820_TYPE_RAM) + e820_bytes(table, E820_TYPE_RESERVED_KERN));
}

static int64_t memblock_memory(const struct boot *b) { return (int64_t)memblock_bytes(&b->memblock.memory); }

/* What each change of the map cost. Tables that EFI drivers keep leave the map, but their pages still count. */
static void add_cuts_of_map(struct ledger_builder *l)
{
	static const struct {
		enum map_step step;
		const char *id, *label;
		enum fact_kind proof;
	} cuts[] = {
		{ STEP_COMMAND_LINE, "cut.command_line", "mem= and memmap= of the command line", FACT_COMMAND_LINE },
		{ STEP_EFI_MMIO, "cut.efi_mmio", "Firmware's memory mapped devices", FACT_EFI_REMOVE_MMIO },
		{ STEP_IMAGE, "cut.image", "Kernel image, put back into the map", FACT_KERNEL_NOT_RAM },
		{ STEP_BIOS_RANGE, "cut.bios_range", "First page, and 640 KiB to 1 MiB", NR_FACTS },
		{ STEP_QUIRK, "cut.quirk", "Ranges that the log says were given up", FACT_E820_UPDATE },
		{ STEP_MTRR, "cut.mtrr", "Memory that the MTRRs do not cover", FACT_MTRR_LOSING },
	};
	const struct boot *b = l->boot;

	for (size_t k = 0; k < ARRAY_SIZE(cuts); k++) {
		int64_t lost = 0;

		for (size_t i = 1; i < b->e820_steps.nr; i++)
			if (b->e820_steps.v[i].step == cuts[k].step || (b->e820_steps.v[i].step == STEP_SETUP_DATA && cuts[k].step == STEP_COMMAND_LINE))
				lost += ram_bytes(&b->e820_steps.v[i - 1].table) - ram_bytes(&b->e820_steps.v[i].table);
		ledger_add(l, cuts[k].id, "cut", cuts[k].label, lost, AMOUNT_EXACT, cuts[k].proof == NR_FACTS ? 0 : ledger_line_of(l, cuts[k].proof));
	}
}

/* RAM above what the page tables reach. */
static int64_t unreachable(const struct boot *b)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < b->e820.nr; i++)
		if (b->e820.v[i].type == E820_TYPE_RAM)
			bytes += sub_sat(b->e820.v[i].end, max_u64(b->e820.v[i].start, PFN_PHYS(b->max_arch_pfn)));
	return (int64_t)bytes;
}

static void add_cut(struct ledger_builder *l, int64_t usable, int64_t present)
{
	const struct boot *b = l->boot;
	int64_t map = ram_bytes(&b->e820_steps.v[0].table);

	if (usable == present)
		return;
	ledger_trunk(l, "cut", "usable", "Given up before pages are counted", usable - present, AMOUNT_EXACT, 0);
	ledger_add(l, "cut.overlaps", "cut", "Firmware ranges that overlap", usable - map, AMOUNT_EXACT, 0);
	add_cuts_of_map(l);
	for (size_t i = 0; i < b->e820_steps.nr && b->e820_steps.v[i].step < STEP_ACPI_TABLES; i++)
		map = ram_bytes(&b->e820_steps.v[i].table);
	if (b->machine->arch == ARCH_X86_64) {
		ledger_add(l, "cut.unreachable", "cut", "Beyond the reach of the page tables", unreachable(b), AMOUNT_EXACT, 0);
		map -= unreachable(b);
	}
	ledger_add(l, "cut.partial_pages", "cut", b->machine->arch == ARCH_I386 ? "Beyond the reach of 32 bits, and partial pages" : "Partial pages", map - memblock_memory(b), AMOUNT_EXACT, 0);
	ledger_add(l, "cut.zones", "cut", memblock_memory(b) < present ? "Holes that the zones count as memory" : "In no zone", memblock_memory(b) - present, AMOUNT_EXACT, 0);
}

/* --- what came back --- */

static void add_returned(struct ledger_builder *l)
{
	static const struct {
		const char *id, *label;
		enum fact_kind proof;
	} kinds[NR_LATE_KINDS] = {
		[LATE_ALTERNATIVES] = { "returned.alternatives", "SMP alternatives", FACT_FREE_SMP_ALTERNATIVES },
		[LATE_INITRD] = { "returned.initrd", "RAM disk", FACT_FREE_INITRD },
		[LATE_INITMEM] = { "returned.initmem", "Kernel's init sections", FACT_FREE_INITMEM },
		[LATE_TEXT_GAP] = { "returned.text_gap", "Gap behind the kernel's code", FACT_FREE_TEXT_GAP },
		[LATE_RODATA_GAP] = { "returned.rodata_gap", "Gap behind the kernel's read-only data", FACT_FREE_RODATA_GAP },
		[LATE_DECRYPTED] = { "returned.decrypted", "Decrypted bss that is not needed", FACT_FREE_DECRYPTED },
		[LATE_EFI] = { "returned.efi_boot", "EFI boot services", FACT_FREE_EFI },
		[LATE_CMA] = { "returned.cma", "Contiguous memory area, usable by movable pages", FACT_CMA_RESERVED },
		[LATE_GIGANTIC] = { "returned.gigantic", "Gigantic pages, counted as memory though taken", FACT_HUGETLB },
		[LATE_SWIOTLB] = { "returned.swiotlb", "Bounce buffer", FACT_SWIOTLB_TEARDOWN },
		[LATE_ONLINED] = { "returned.onlined", "Memory plugged in later", NR_FACTS },
		[LATE_OTHER] = { "returned.other", "Other late frees", FACT_FREE_OTHER },
	};
	int64_t bytes[NR_LATE_KINDS] = { 0 }, total = 0;
	const struct late_frees *late = &l->boot->late;

	for (size_t i = 0; i < late->nr; i++) {
		bytes[late->v[i].kind] += (int64_t)PFN_PHYS(late->v[i].pages);
		total += (int64_t)PFN_PHYS(late->v[i].pages);
	}
	if (!total)
		return;
	ledger_trunk(l, "returned", "present", "Given back later", -total, l->boot->totalram.basis, 0);
	for (size_t k = 0; k < NR_LATE_KINDS; k++)
		ledger_add(l, kinds[k].id, "returned", kinds[k].label, -bytes[k], k == LATE_EFI && l->boot->balance.silent ? AMOUNT_BOUNDED : AMOUNT_EXACT,
			   kinds[k].proof == NR_FACTS ? 0 : ledger_line_of(l, kinds[k].proof));
}

/* Without a firmware map there is nothing to begin with. */
static bool has_model(const struct boot *b) { return b->machine->arch != ARCH_OTHER && b->e820_steps.nr && b->e820_steps.v[0].table.nr && b->physpages; }

void ledger_build(struct arena *arena, struct verdict *verdict)
{
	struct ledger_builder l = { arena, &verdict->ledger, verdict->boot, verdict->record };
	const struct boot *b = verdict->boot;
	int64_t present, usable, unknown;

	dram_find(arena, verdict->record, b, &verdict->dram);
	if (!has_model(b))
		return;
	present = (int64_t)PFN_PHYS(b->physpages);
	usable = (int64_t)ledger_firmware(&l, &verdict->dram);
	add_cut(&l, usable, present);
	ledger_trunk(&l, "present", "usable", "Pages present", present, AMOUNT_EXACT, ledger_line_of(&l, FACT_MEMORY));
	unknown = ledger_reserved(&l);
	add_returned(&l);
	ledger_trunk(&l, "mem_total", "present", "MemTotal", (int64_t)PFN_PHYS(b->totalram.v), b->totalram.basis, 0);
	verdict->unexplained_known = b->balance.known || b->replay.on;
	verdict->unexplained_bytes = (uint64_t)(unknown < 0 ? -unknown : unknown);
}
