/*
 * stage_efi.c - memory that the firmware still uses while the kernel starts.
 *
 *   in:   machine.efi (the firmware's memory map, where it is known), tables that drivers keep
 *   out:  reservations of boot services memory and of tables
 *
 * Kernel: efi_reserve_boot_services(), efi_mem_reserve() (arch/x86/platform/efi/quirks.c, drivers/firmware/efi/efi.c).
 */
#include "memblock_replay.h"
#include "mia/ranges.h"
#include "stages.h"

static bool is_boot_services(const struct efi_region *r) { return r->type == EFI_BOOT_CODE || r->type == EFI_BOOT_DATA; }

/* To 4.7 a region that anything overlaps, or that is not all RAM, is left alone. */
static bool may_reserve(const struct boot *b, struct phys_range r)
{
	if (boot_trait(b, TRAIT_EFI_FREE) >= EFI_FREE_SILENT)
		return true;
	return !phys_overlaps(r, (struct phys_range){ b->image.start, max_u64(b->image.end, b->brk.end) }) &&
	       e820_mapped_all(&b->e820, r.start, r.end, E820_TYPE_RAM) && !memblock_overlaps(&b->memblock.reserved, r.start, r.end);
}

/*
 * Only a region that nobody else reserved, that is all RAM and that does not touch the image comes back later.
 * Kernel: can_free_region().
 */
void efi_reserved(struct boot *b, struct phys_range r)
{
	if (e820_mapped_all(&b->e820, r.start, r.end, E820_TYPE_RAM) && !phys_overlaps(r, (struct phys_range){ b->image.start, max_u64(b->image.end, b->brk.end) }))
		ranges_add(b->arena, &b->efi_returns, r);
}

bool efi_keeps_boot_services(const struct boot *b) { return boot_trait(b, TRAIT_EFI_FREE) >= EFI_FREE_KEEP_DEBUG && cmdline_is(b->cmdline, "efi", "debug"); }

/* Not every kernel that names a table keeps it: a log of memblock's own shows whether it does. */
static bool keeps_table(const struct boot *b, struct phys_range table)
{
	if (!memblock_replay_possible(b))
		return true;
	for (each_fact(f, &b->record->log, FACT_MB_RESERVE))
		if (f->v[0] == table.start)
			return true;
	return false;
}

/*
 * What is partly taken is left to who took it: the rest of it is free. But a table that is kept cuts the map's entry, so that what
 * lies before and behind it are entries of their own. Kernel: efi_arch_mem_reserve().
 */
static void reserve_boot_services(struct boot *b, struct phys_range region)
{
	struct phys_ranges pieces = { 0 };

	ranges_add(b->arena, &pieces, region);
	for (size_t i = 0; i < b->machine->efi_reserved.nr; i++) {
		struct phys_range table = b->machine->efi_reserved.v[i];

		if (phys_overlaps(table, region) && keeps_table(b, table))
			ranges_remove(b->arena, &pieces, (struct phys_range){ align_down(table.start, PAGE_SIZE), align_up(table.end, PAGE_SIZE) });
	}
	for (size_t i = 0; i < pieces.nr; i++) {
		if (memblock_overlaps(&b->memblock.reserved, pieces.v[i].start, pieces.v[i].end))
			continue;
		efi_reserved(b, pieces.v[i]);
		boot_reserve(b, OWNER_EFI_BOOT, pieces.v[i].start, pieces.v[i].end);
	}
}

void efi_run_early(struct boot *b)
{
	if (phys_len(b->machine->efi_memattr) && boot_trait(b, TRAIT_EFI_MEMATTR))
		boot_reserve(b, OWNER_FIRMWARE_TABLES, b->machine->efi_memattr.start, b->machine->efi_memattr.end);
	for (size_t i = 0; i < b->machine->efi_reserved.nr; i++)
		if (keeps_table(b, b->machine->efi_reserved.v[i]))
			boot_reserve(b, OWNER_FIRMWARE_TABLES, b->machine->efi_reserved.v[i].start, b->machine->efi_reserved.v[i].end);
	if (boot_trait(b, TRAIT_EFI_FREE) == EFI_FREE_NONE)
		return;
	for (size_t i = 0; i < b->machine->efi.nr; i++) {
		const struct efi_region *r = &b->machine->efi.v[i];

		if (is_boot_services(r) && may_reserve(b, r->range))
			reserve_boot_services(b, r->range);
	}
}

/* Entries that cutting [start, end) out of the EFI map adds. Kernel: efi_memmap_split_count(). */
static size_t efi_split_count(const struct machine *m, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < m->efi.nr; i++) {
		struct phys_range r = m->efi.v[i].range;

		if (start < r.end && end > r.start)
			return (start > r.start) + (end < r.end);
	}
	return 0;
}

bool efi_hides_memory(const struct boot *b)
{
	return b->machine->firmware == FIRMWARE_EFI && !b->machine->efi.nr && !b->replay.on && boot_trait(b, TRAIT_EFI_FREE) != EFI_FREE_NONE;
}

bool efi_in_the_way(const struct boot *b, struct phys_range r) { return phys_len(r) && r.start < LIMIT_4G && efi_hides_memory(b); }

/* What EDK II hands over under QEMU. The firmware alone decides: other machines have 40 to 250. */
#define EFI_MAP_USUAL_ENTRIES 128

uint64_t efi_map_entries(const struct machine *m)
{
	if (m->efi.nr || phys_len(m->efi_memmap))
		return m->efi.nr ? m->efi.nr : phys_len(m->efi_memmap) / EFI_DESCRIPTOR_BYTES;
	return m->efi_entries_seen ? m->efi_entries_seen : EFI_MAP_USUAL_ENTRIES;
}

uint64_t efi_memmap_bytes(const struct machine *m, uint64_t start, uint64_t end)
{
	/* In a map that is not known, the range lies inside of one of the entries. */
	if (m->firmware == FIRMWARE_EFI && !m->efi.nr)
		return (efi_map_entries(m) + 2) * EFI_DESCRIPTOR_BYTES;
	return m->efi.nr ? (m->efi.nr + efi_split_count(m, start, end)) * EFI_DESCRIPTOR_BYTES : 0;
}

/*
 * Edits of the map after memory was handed to memblock: a driver keeps a table that lies in boot services memory. They come
 * with a reservation of whole pages; the memory itself stays in memblock.
 */
static void keep_table(struct boot *b, struct map_edit edit)
{
	*vec_push(b->arena, &b->input_edits) = edit;
	e820_edit_update(b, edit.range.start, edit.range.end, edit.from, edit.to);
	e820_update_table(b->arena, &b->e820, boot_trait(b, TRAIT_SOFT_RESERVED_APART));
	boot_reserve(b, OWNER_FIRMWARE_TABLES, edit.range.start, edit.range.end);
	ranges_remove(b->arena, &b->efi_returns, edit.range);
	if (boot_trait(b, TRAIT_EFI_FREE) >= EFI_FREE_SILENT)
		boot_alloc_bytes(b, OWNER_EFI_MEMMAP, efi_memmap_bytes(b->machine, edit.range.start, edit.range.end), 64, NUMA_NO_NODE);
	e820_keep_step(b, STEP_EFI_TABLES);
}

void efi_run(struct boot *b)
{
	const struct fact *end = b->record ? record_map_end(b->record) : NULL;

	for (size_t i = 0; !b->record && i < b->machine->edits.nr; i++)
		if (b->machine->edits.v[i].late)
			keep_table(b, b->machine->edits.v[i]);
	if (!end)
		return;
	for (each_fact(f, &b->record->log, FACT_E820_UPDATE))
		if (f > end && f->v[2] == E820_TYPE_RAM && f->v[3] == E820_TYPE_RESERVED && !e820_already_said(b, f, STAGE_E820) && !e820_already_said(b, f, STAGE_MTRR))
			keep_table(b, (struct map_edit){ { f->v[0], f->v[1] }, E820_TYPE_RAM, E820_TYPE_RESERVED, true });
}
