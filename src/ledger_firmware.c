/*
 * ledger_firmware.c - the top of the ledger: what is installed, and what the firmware keeps of it.
 *
 * The firmware's map does not say which of its reserved ranges are DRAM and which are devices. DMI does (the sizes of the
 * modules), where it is at hand; TOM2 does on AMD, SRAT often does. Without any of them a reserved range counts as DRAM when it
 * lies between ranges that are, or right behind one.
 */
#include "ledger.h"

#include "mia/arena.h"
#include "mia/ranges.h"

#define LEGACY_BEGIN UINT64_C(0xa0000)
#define LEGACY_END MIB

struct firmware_bytes {
	uint64_t usable, reserved, acpi, nvs, unusable, persistent, soft, legacy, stolen, other;
};

/* End of the last range below 4 GiB that certainly is DRAM. */
static uint64_t low_dram_end(const struct e820_table *map)
{
	uint64_t end = 0;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].start < 4 * GIB && map->v[i].type != E820_TYPE_RESERVED)
			end = max_u64(end, min_u64(map->v[i].end, 4 * GIB));
	return end;
}

/* Reserved ranges that are DRAM: below the end of it, or one behind the other from there. */
static bool is_dram(const struct e820_entry *e, uint64_t low_end, uint64_t chain_end)
{
	if (e->end <= LEGACY_END)
		return e->end <= LEGACY_BEGIN;
	return e->start < low_end || e->start == chain_end;
}

static void count_entry(struct firmware_bytes *f, const struct e820_entry *e, uint64_t low_end, uint64_t *chain_end)
{
	uint64_t bytes = e->end > e->start ? e->end - e->start : 0;

	switch (e->type) {
	case E820_TYPE_RAM:
		f->usable += bytes;
		break;
	case E820_TYPE_ACPI:
		f->acpi += bytes;
		break;
	case E820_TYPE_NVS:
		f->nvs += bytes;
		break;
	case E820_TYPE_UNUSABLE:
		f->unusable += bytes;
		break;
	case E820_TYPE_PMEM:
	case E820_TYPE_PRAM:
		f->persistent += bytes;
		break;
	case E820_TYPE_SOFT_RESERVED:
		f->soft += bytes;
		break;
	case E820_TYPE_RESERVED:
		if (!is_dram(e, low_end, *chain_end))
			return;
		f->reserved += bytes;
		break;
	default:
		f->other += bytes;
		break;
	}
	*chain_end = e->end;
}

static struct firmware_bytes count_map(const struct boot *b)
{
	const struct e820_table *map = &b->e820_steps.v[0].table;
	struct firmware_bytes f = { 0 };
	uint64_t low_end = low_dram_end(map), chain_end = 0, below = 0;

	for (size_t i = 0; i < map->nr; i++) {
		count_entry(&f, &map->v[i], low_end, &chain_end);
		/* What the map says of 640 KiB to 1 MiB belongs to the legacy row. */
		if (map->v[i].type == E820_TYPE_RAM)
			below = max_u64(below, map->v[i].start < LEGACY_BEGIN);
	}
	if (below && low_end > LEGACY_END)
		f.legacy = LEGACY_END - LEGACY_BEGIN;
	return f;
}

/* Graphics memory that a driver names lies in a range that the map calls reserved. */
static void split_stolen(const struct ledger_builder *l, struct firmware_bytes *f)
{
	const struct fact *stolen = l->record ? facts_first(&l->record->log, FACT_INTEL_STOLEN) : NULL;

	if (stolen && stolen->v[1] > stolen->v[0] && stolen->v[1] - stolen->v[0] <= f->reserved) {
		f->stolen = stolen->v[1] - stolen->v[0];
		f->reserved -= f->stolen;
	}
}

static uint64_t declared(const struct firmware_bytes *f)
{
	return f->usable + f->reserved + f->acpi + f->nvs + f->unusable + f->persistent + f->soft + f->legacy + f->stolen + f->other;
}

/* What SRAT lists, without room for memory that is not plugged in. */
static uint64_t srat_bytes(struct arena *arena, const struct machine *m)
{
	struct phys_ranges all = { 0 };

	for (size_t i = 0; i < m->srat.nr; i++)
		if (!(m->srat.v[i].flags & (SRAT_HOT_PLUGGABLE | SRAT_NON_VOLATILE)))
			ranges_add(arena, &all, m->srat.v[i].range);
	return ranges_bytes(&all);
}

struct installed {
	uint64_t bytes;
	const char *label;
	enum basis basis;
	uint32_t line;
};

/* The best witness of what is installed; each must at least cover what the firmware's map shows. */
static struct installed find_installed(struct ledger_builder *l, const struct firmware_bytes *f)
{
	const struct machine *m = l->boot->machine;
	uint64_t least = declared(f), srat = srat_bytes(l->arena, m);

	if (m->installed_bytes >= f->usable && m->installed_bytes)
		return (struct installed){ m->installed_bytes, "Installed memory (DMI)", AMOUNT_EXACT, 0 };
	if (m->tom2 > 4 * GIB) {
		uint64_t low = low_dram_end(&l->boot->e820_steps.v[0].table), tom = align_up(low, 16 * MIB), bytes = tom + m->tom2 - 4 * GIB;

		if (bytes >= least)
			return (struct installed){ bytes, "Installed memory (top of memory registers)", AMOUNT_ESTIMATED, ledger_line_of(l, FACT_MTRR_TOM2) };
	}
	if (srat >= least)
		return (struct installed){ srat, "Installed memory (SRAT)", AMOUNT_ESTIMATED, ledger_line_of(l, FACT_SRAT_MEM) };
	return (struct installed){ least, "Memory that the firmware declares", AMOUNT_ESTIMATED, 0 };
}

static void add_kept(struct ledger_builder *l, const struct firmware_bytes *f, const struct installed *all)
{
	int64_t kept = (int64_t)all->bytes - (int64_t)f->usable, rest = (int64_t)all->bytes - (int64_t)declared(f);

	if (!kept)
		return;
	ledger_trunk(l, "firmware", "installed", "Kept by the firmware", kept, all->basis, 0);
	ledger_add(l, "firmware.reserved", "firmware", "Reserved ranges", (int64_t)f->reserved, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.graphics", "firmware", "Graphics memory", (int64_t)f->stolen, AMOUNT_EXACT, ledger_line_of(l, FACT_INTEL_STOLEN));
	ledger_add(l, "firmware.acpi", "firmware", "ACPI tables", (int64_t)f->acpi, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.nvs", "firmware", "ACPI non-volatile storage", (int64_t)f->nvs, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.unusable", "firmware", "Called unusable", (int64_t)f->unusable, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.persistent", "firmware", "Persistent memory", (int64_t)f->persistent, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.soft_reserved", "firmware", "Reserved for a special purpose", (int64_t)f->soft, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.legacy", "firmware", "640 KiB to 1 MiB", (int64_t)f->legacy, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.other", "firmware", "Of types without a name", (int64_t)f->other, AMOUNT_EXACT, 0);
	ledger_add(l, "firmware.unlisted", "firmware", rest > 0 ? "In no range of the firmware's map" : "Reserved ranges that are no memory", rest, all->basis, 0);
}

uint64_t ledger_firmware(struct ledger_builder *l)
{
	struct firmware_bytes f = count_map(l->boot);
	struct installed all;
	const struct fact *first = l->record ? facts_first(&l->record->log, FACT_E820_ENTRY) : NULL;

	split_stolen(l, &f);
	all = find_installed(l, &f);
	ledger_trunk(l, "installed", NULL, all.label, (int64_t)all.bytes, all.basis, all.line);
	add_kept(l, &f, &all);
	ledger_trunk(l, "usable", "installed", "Usable for the firmware", (int64_t)f.usable, AMOUNT_EXACT, first ? first->line : 0);
	return f.usable;
}
