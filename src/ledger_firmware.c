/*
 * ledger_firmware.c - the top of the ledger: what is installed, and what the firmware keeps of it.
 *
 * What is DRAM and what are devices' addresses is decided in dram.c.
 */
#include "ledger.h"

#include "mia/arena.h"
#include "mia/ranges.h"

#define LEGACY_BEGIN UINT64_C(0xa0000)
#define LEGACY_END MIB

struct firmware_bytes {
	uint64_t usable, reserved, graphics, acpi, nvs, unusable, persistent, soft, legacy, other;
};

static uint64_t *bytes_of_type(struct firmware_bytes *f, uint32_t type)
{
	switch (type) {
	case E820_TYPE_RAM:
		return &f->usable;
	case E820_TYPE_RESERVED:
		return &f->reserved;
	case E820_TYPE_ACPI:
		return &f->acpi;
	case E820_TYPE_NVS:
		return &f->nvs;
	case E820_TYPE_UNUSABLE:
		return &f->unusable;
	case E820_TYPE_PMEM:
	case E820_TYPE_PRAM:
		return &f->persistent;
	case E820_TYPE_SOFT_RESERVED:
		return &f->soft;
	default:
		return &f->other;
	}
}

/* 640 KiB to 1 MiB, where the machine has DRAM on both sides and the map does not call it RAM. */
static uint64_t legacy_bytes(const struct e820_table *map, const struct dram *dram)
{
	uint64_t bytes = LEGACY_END - LEGACY_BEGIN;
	bool below = false;

	for (size_t i = 0; i < map->nr; i++) {
		struct phys_range r = { map->v[i].start, map->v[i].end };

		if (map->v[i].type != E820_TYPE_RAM)
			continue;
		below |= r.start < LEGACY_BEGIN;
		bytes = sub_sat(bytes, phys_len(phys_clip(r, (struct phys_range){ LEGACY_BEGIN, LEGACY_END })));
	}
	return below && dram->low_top > LEGACY_END ? bytes : 0;
}

/* Graphics memory lies in ranges that the map calls reserved, or in none. */
static void split_graphics(struct firmware_bytes *f, const struct e820_table *map, const struct dram *dram)
{
	uint64_t listed = dram->graphics_bytes;

	if (phys_len(dram->graphics)) {
		listed = 0;
		for (size_t i = 0; i < map->nr; i++)
			if (map->v[i].type == E820_TYPE_RESERVED)
				listed += ranges_overlap(&dram->kept, phys_clip((struct phys_range){ map->v[i].start, map->v[i].end }, dram->graphics));
	}
	f->graphics = dram->graphics_bytes;
	f->reserved -= min_u64(f->reserved, min_u64(listed, f->graphics));
}

static struct firmware_bytes count_map(const struct e820_table *map, const struct dram *dram)
{
	struct firmware_bytes f = { 0 };

	for (size_t i = 0; i < map->nr; i++) {
		struct phys_range r = { map->v[i].start, map->v[i].end };

		*bytes_of_type(&f, map->v[i].type) += map->v[i].type == E820_TYPE_RAM ? phys_len(r) : ranges_overlap(&dram->kept, r);
	}
	f.legacy = legacy_bytes(map, dram);
	split_graphics(&f, map, dram);
	return f;
}

static void add_kept(struct ledger_builder *l, const struct firmware_bytes *f, const struct dram *dram)
{
	const struct {
		const char *id, *label;
		uint64_t bytes;
		enum basis basis;
		uint32_t line;
	} rows[] = {
		{ "firmware.reserved", "Reserved ranges", f->reserved, AMOUNT_EXACT, 0 },
		{ "firmware.graphics", "Graphics memory", f->graphics, dram->graphics_basis, dram->graphics_line },
		{ "firmware.acpi", "ACPI tables", f->acpi, AMOUNT_EXACT, 0 },
		{ "firmware.nvs", "ACPI non-volatile storage", f->nvs, AMOUNT_EXACT, 0 },
		{ "firmware.unusable", "Called unusable", f->unusable, AMOUNT_EXACT, 0 },
		{ "firmware.persistent", "Persistent memory", f->persistent, AMOUNT_EXACT, 0 },
		{ "firmware.soft_reserved", "Reserved for a special purpose", f->soft, AMOUNT_EXACT, 0 },
		{ "firmware.legacy", "640 KiB to 1 MiB", f->legacy, AMOUNT_EXACT, 0 },
		{ "firmware.other", "Of types without a name", f->other, AMOUNT_EXACT, 0 },
	};
	int64_t kept = (int64_t)dram->installed_bytes - (int64_t)f->usable, rest = kept;

	if (!kept)
		return;
	ledger_trunk(l, "firmware", "installed", "Kept by the firmware", kept, dram->basis, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ledger_add(l, rows[i].id, "firmware", rows[i].label, (int64_t)rows[i].bytes, rows[i].basis, rows[i].line);
		rest -= (int64_t)rows[i].bytes;
	}
	ledger_add(l, "firmware.unlisted", "firmware", rest > 0 ? "In no range of the firmware's map" : "Counted in its ranges, and not installed", rest, dram->basis, 0);
}

uint64_t ledger_firmware(struct ledger_builder *l, const struct dram *dram)
{
	struct firmware_bytes f = count_map(&l->boot->e820_steps.v[0].table, dram);
	const struct fact *first = l->record ? facts_first(&l->record->log, FACT_E820_ENTRY) : NULL;

	ledger_trunk(l, "installed", NULL, dram->witness, (int64_t)dram->installed_bytes, dram->basis, dram->line);
	add_kept(l, &f, dram);
	ledger_trunk(l, "usable", "installed", "Usable for the firmware", (int64_t)f.usable, AMOUNT_EXACT, first ? first->line : 0);
	return f.usable;
}
