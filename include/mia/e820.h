/*
 * e820.h - the firmware's map of physical memory and the edits that the kernel makes to it.
 *
 * Kernel: arch/x86/kernel/e820.c. A table is sorted and free of overlaps only after e820_update_table().
 */
#ifndef MIA_E820_H
#define MIA_E820_H

#include "mia/base.h"
#include "mia/str.h"

struct arena;

/* Numbers as the firmware and the kernel give them; the table may hold others. */
#define E820_TYPE_RAM 1u
#define E820_TYPE_RESERVED 2u
#define E820_TYPE_ACPI 3u
#define E820_TYPE_NVS 4u
#define E820_TYPE_UNUSABLE 5u
#define E820_TYPE_PMEM 7u
#define E820_TYPE_PRAM 12u
#define E820_TYPE_RESERVED_KERN 128u
#define E820_TYPE_SOFT_RESERVED 0xefffffffu
/* Ours, never in a table: any type (for a removal), and a name that no kernel is known to print. */
#define E820_TYPE_ANY 0xfffffffeu
#define E820_TYPE_UNKNOWN 0xfffffffdu

/* What the boot protocol carries, and what the kernel's own table takes of an EFI map that is longer. */
#define E820_ZEROPAGE_ENTRIES 128
#define E820_TABLE_ENTRIES(nodes) (E820_ZEROPAGE_ENTRIES + 3 * (nodes))

struct e820_entry {
	uint64_t start, end;
	uint32_t type;
	uint32_t line; /* of the input, 0 if the model made it */
};

struct e820_table {
	struct e820_entry *v;
	size_t nr, cap;
	size_t limit;         /* entries that it has room for; 0: no limit that matters */
	uint64_t dropped_ram; /* bytes of RAM for which there was none */
};

struct e820_table e820_copy(struct arena *arena, const struct e820_table *table);
void e820_range_add(struct arena *arena, struct e820_table *table, uint64_t start, uint64_t end, uint32_t type,
		    uint32_t line);

/*
 * Sort, split and merge: where entries overlap the highest type number wins. @no_merge_soft: adjacent soft-reserved
 * entries stay apart (5.9 and later).
 * Returns false, and leaves the table as it is, where the kernel refuses: fewer than two entries.
 * Kernel: e820__update_table() (sanitize_e820_map() before 4.12).
 */
bool e820_update_table(struct arena *arena, struct e820_table *table, bool no_merge_soft);

/* Change @old_type into @new_type inside [start, end). Returns the bytes changed. Kernel: e820__range_update(). */
uint64_t e820_range_update(struct arena *arena, struct e820_table *table, uint64_t start, uint64_t end,
			   uint32_t old_type, uint32_t new_type);

/* Take [start, end) out; E820_TYPE_ANY for every type. Kernel: e820__range_remove(). */
uint64_t e820_range_remove(struct arena *arena, struct e820_table *table, uint64_t start, uint64_t end, uint32_t type);

/* Is all of [start, end) of @type? Kernel: e820__mapped_all(). */
bool e820_mapped_all(const struct e820_table *table, uint64_t start, uint64_t end, uint32_t type);

/* Last page frame of RAM (and of ACPI data where @acpi_too) below @limit_pfn. Kernel: e820_end_pfn(). */
uint64_t e820_end_pfn(const struct e820_table *table, uint64_t limit_pfn, bool acpi_too);

/* Bytes of @type, without counting overlaps twice only if the table was updated. */
uint64_t e820_bytes(const struct e820_table *table, uint32_t type);

/* A type's name in our own documents; @buf is used for numbers without a name. */
const char *e820_type_text(uint32_t type, char buf[32]);
/* The type of such a name; false if there is none. */
bool e820_type_from_text(struct str text, uint32_t *ret);

#endif
