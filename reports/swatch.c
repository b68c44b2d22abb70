/* swatch.c - see swatch.h. */
#include "swatch.h"

#include <string.h>

const struct swatch swatches[NR_SWATCHES] = {
#define SWATCH(name, id, letter, ansi, light, dark, label) { id, letter, ansi, light, dark, label },
#include "swatches.def"
#undef SWATCH
};

static enum swatch_id of_owner(enum owner owner)
{
	switch (owner) {
	case OWNER_NONE:
		return SWATCH_UNKNOWN;
	case OWNER_IMAGE: case OWNER_BRK:
		return SWATCH_KERNEL;
	case OWNER_INITRD:
		return SWATCH_INITRD;
	case OWNER_MEM_SECTION: case OWNER_USEMAP: case OWNER_MEMMAP: case OWNER_MEMMAP_TABLES:
		return SWATCH_MEMMAP;
	case OWNER_PAGE_TABLES: case OWNER_ENTRY_AREA:
		return SWATCH_PAGE_TABLES;
	case OWNER_PERCPU: case OWNER_PERCPU_META: case OWNER_CPUMASK:
		return SWATCH_PERCPU;
	case OWNER_HASH_DENTRY: case OWNER_HASH_INODE: case OWNER_HASH_OTHER:
		return SWATCH_HASH;
	case OWNER_CRASHKERNEL: case OWNER_CRASHKERNEL_LOW:
		return SWATCH_CRASH;
	case OWNER_CMA:
		return SWATCH_CMA;
	case OWNER_GIGANTIC:
		return SWATCH_GIGANTIC;
	case OWNER_SWIOTLB: case OWNER_SWIOTLB_META:
		return SWATCH_SWIOTLB;
	case OWNER_EFI_BOOT:
		return SWATCH_EFI;
	case OWNER_LOW_MEMORY: case OWNER_REAL_MODE: case OWNER_SETUP_DATA: case OWNER_FIRMWARE_TABLES: case OWNER_EFI_MEMMAP:
		return SWATCH_LOW;
	default:
		return SWATCH_OTHER;
	}
}

/* The firmware's types, and the rows of the ledger that count them. */
static const struct {
	uint32_t type;
	enum swatch_id swatch;
	const char *ledger;
} types[] = {
	{ E820_TYPE_RESERVED, SWATCH_RESERVED, "firmware.reserved" },
	{ E820_TYPE_ACPI, SWATCH_ACPI, "firmware.acpi" },
	{ E820_TYPE_NVS, SWATCH_NVS, "firmware.nvs" },
	{ E820_TYPE_UNUSABLE, SWATCH_UNUSABLE, "firmware.unusable" },
	{ E820_TYPE_PMEM, SWATCH_PERSISTENT, "firmware.persistent" },
	{ E820_TYPE_PRAM, SWATCH_PERSISTENT, "firmware.persistent" },
	{ E820_TYPE_SOFT_RESERVED, SWATCH_SOFT, "firmware.soft_reserved" },
};

enum swatch_id swatch_of(const struct phys_segment *s)
{
	switch (s->kind) {
	case PHYS_HOLE:
		return SWATCH_HOLE;
	case PHYS_FREE:
		return SWATCH_FREE;
	case PHYS_CUT:
		return SWATCH_CUT;
	case PHYS_OWNED:
		return of_owner(s->owner);
	case PHYS_FIRMWARE:
		break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == s->type)
			return types[i].swatch;
	return SWATCH_ODD;
}

const char *segment_ledger_id(const struct phys_segment *s)
{
	if (s->kind == PHYS_OWNED)
		return owner_id(s->owner);
	if (s->kind == PHYS_CUT)
		return "cut";
	for (size_t i = 0; s->kind == PHYS_FIRMWARE && i < ARRAY_SIZE(types); i++)
		if (types[i].type == s->type)
			return types[i].ledger;
	if (s->kind == PHYS_FREE)
		return "mem_total";
	return s->kind == PHYS_FIRMWARE ? "firmware.other" : NULL;
}

const struct swatch *swatch_of_ledger(const char *id)
{
	for (int o = OWNER_NONE; o < NR_OWNERS; o++)
		if (!strcmp(owner_id((enum owner)o), id))
			return &swatches[of_owner((enum owner)o)];
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].ledger, id))
			return &swatches[types[i].swatch];
	return NULL;
}

const char *segment_label(const struct phys_segment *s) { return s->kind == PHYS_OWNED ? owner_label(s->owner) : swatches[swatch_of(s)].label; }
