/* e820.c - the firmware map and the edits made to it; see include/mia/e820.h. */
#include "mia/e820.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"

struct e820_table e820_copy(struct arena *arena, const struct e820_table *table)
{
	struct e820_table copy = { .nr = table->nr, .cap = table->nr, .limit = table->limit, .dropped_ram = table->dropped_ram };

	copy.v = arena_array(arena, struct e820_entry, table->nr ? table->nr : 1);
	if (table->nr)
		memcpy(copy.v, table->v, table->nr * sizeof(*copy.v));
	return copy;
}

void e820_range_add(struct arena *arena, struct e820_table *table, uint64_t start, uint64_t end, uint32_t type, uint32_t line)
{
	if (table->limit && table->nr >= table->limit) {
		table->dropped_ram += type == E820_TYPE_RAM ? end - start : 0;
		return;
	}
	*vec_push(arena, table) = (struct e820_entry){ start, end, type, line };
}

/* One border of one entry. */
struct change_point {
	uint64_t addr;
	uint32_t entry;
	bool start;
};

/* By address; where two meet, starts stand before ends, so that a range that ends where the next begins leaves no hole. */
static int by_address(const void *a, const void *b)
{
	const struct change_point *p = a, *q = b;

	if (p->addr != q->addr)
		return p->addr < q->addr ? -1 : 1;
	if (p->start != q->start)
		return p->start ? -1 : 1;
	return p->entry < q->entry ? -1 : p->entry > q->entry;
}

/* How many open entries there are of each type; few types are ever open at once. */
struct open_types {
	uint32_t type[64], count[64];
	size_t nr;
};

static void open_change(struct open_types *open, uint32_t type, int by)
{
	for (size_t i = 0; i < open->nr; i++) {
		if (open->type[i] == type) {
			open->count[i] = (uint32_t)((int64_t)open->count[i] + by);
			if (!open->count[i]) {
				open->nr--;
				open->type[i] = open->type[open->nr];
				open->count[i] = open->count[open->nr];
			}
			return;
		}
	}
	/* A table with more than 64 types open at one address is no firmware's; the highest are what counts. */
	if (by > 0 && open->nr < ARRAY_SIZE(open->type)) {
		open->type[open->nr] = type;
		open->count[open->nr++] = 1;
	}
}

static uint32_t highest_open(const struct open_types *open)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < open->nr; i++)
		if (open->type[i] > highest)
			highest = open->type[i];
	return highest;
}

static bool never_merges(uint32_t type, bool no_merge_soft)
{
	return type == E820_TYPE_PRAM || (no_merge_soft && type == E820_TYPE_SOFT_RESERVED);
}

/* The line of the entry of @type that starts where the i-th border lies, for reports. */
static uint32_t line_of_start(const struct change_point *points, size_t nr, size_t i, const struct e820_table *table, uint32_t type)
{
	uint64_t addr = points[i].addr;

	while (i && points[i - 1].addr == addr)
		i--;
	for (; i < nr && points[i].addr == addr && points[i].start; i++)
		if (table->v[points[i].entry].type == type && table->v[points[i].entry].line)
			return table->v[points[i].entry].line;
	return 0;
}

bool e820_update_table(struct arena *arena, struct e820_table *table, bool no_merge_soft)
{
	struct e820_table result = { .limit = table->limit, .dropped_ram = table->dropped_ram };
	struct open_types open = { 0 };
	struct change_point *points;
	uint32_t last_type = 0, last_line = 0;
	uint64_t last_addr = 0;
	size_t nr = 0;

	if (table->nr < 2)
		return false;
	points = arena_array(arena, struct change_point, table->nr * 2);
	for (size_t i = 0; i < table->nr; i++) {
		if (table->v[i].end <= table->v[i].start)
			continue;
		points[nr++] = (struct change_point){ table->v[i].start, (uint32_t)i, true };
		points[nr++] = (struct change_point){ table->v[i].end, (uint32_t)i, false };
	}
	qsort(points, nr, sizeof(*points), by_address);
	for (size_t i = 0; i < nr; i++) {
		const struct e820_entry *e = &table->v[points[i].entry];
		uint32_t type;

		open_change(&open, e->type, points[i].start ? 1 : -1);
		type = highest_open(&open);
		if (type == last_type && !never_merges(type, no_merge_soft))
			continue;
		if (last_type && points[i].addr > last_addr)
			e820_range_add(arena, &result, last_addr, points[i].addr, last_type, last_line);
		last_addr = points[i].addr;
		last_type = type;
		last_line = line_of_start(points, nr, i, table, type);
	}
	*table = result;
	return true;
}

/* What [start, end) leaves of an entry that it does not cover entirely, and which part it takes. */
static bool overlap(const struct e820_entry *e, uint64_t start, uint64_t end, struct phys_range *part)
{
	*part = phys_clip((struct phys_range){ e->start, e->end }, (struct phys_range){ start, end });
	return part->end > part->start;
}

uint64_t e820_range_update(struct arena *arena, struct e820_table *table, uint64_t start, uint64_t end, uint32_t old_type,
			   uint32_t new_type)
{
	uint64_t changed = 0;
	struct phys_range part;

	/* The bound is read again on purpose: pieces appended here are visited too. */
	for (size_t i = 0; i < table->nr; i++) {
		struct e820_entry e = table->v[i];

		if (e.type != old_type || !overlap(&e, start, end, &part))
			continue;
		changed += phys_len(part);
		if (part.start == e.start && part.end == e.end) {
			table->v[i].type = new_type;
			continue;
		}
		if (part.start > e.start && part.end < e.end) {
			e820_range_add(arena, table, part.start, part.end, new_type, 0);
			e820_range_add(arena, table, part.end, e.end, e.type, 0);
			table->v[i].end = part.start;
			continue;
		}
		e820_range_add(arena, table, part.start, part.end, new_type, 0);
		if (part.start > e.start)
			table->v[i].end = part.start;
		else
			table->v[i].start = part.end;
	}
	return changed;
}

uint64_t e820_range_remove(struct arena *arena, struct e820_table *table, uint64_t start, uint64_t end, uint32_t type)
{
	uint64_t removed = 0;
	struct phys_range part;

	for (size_t i = 0; i < table->nr; i++) {
		struct e820_entry e = table->v[i];

		if ((type != E820_TYPE_ANY && e.type != type) || !overlap(&e, start, end, &part))
			continue;
		removed += phys_len(part);
		if (part.start > e.start && part.end < e.end)
			e820_range_add(arena, table, part.end, e.end, e.type, 0);
		if (part.start > e.start)
			table->v[i].end = part.start;
		else
			table->v[i].start = part.end;
	}
	/* An entry that lost all its bytes is left behind empty until the next e820_update_table(), as in the kernel. */
	return removed;
}

bool e820_mapped_all(const struct e820_table *table, uint64_t start, uint64_t end, uint32_t type)
{
	for (size_t i = 0; i < table->nr && start < end; i++) {
		const struct e820_entry *e = &table->v[i];

		if (e->type == type && e->start <= start && e->end > start)
			start = e->end;
	}
	return start >= end;
}

uint64_t e820_end_pfn(const struct e820_table *table, uint64_t limit_pfn, bool acpi_too)
{
	uint64_t last_pfn = 0;

	for (size_t i = 0; i < table->nr; i++) {
		const struct e820_entry *e = &table->v[i];

		if (e->type != E820_TYPE_RAM && !(acpi_too && e->type == E820_TYPE_ACPI))
			continue;
		if (PFN_DOWN(e->start) >= limit_pfn)
			continue;
		if (PFN_DOWN(e->end) > limit_pfn)
			return limit_pfn;
		last_pfn = max_u64(last_pfn, PFN_DOWN(e->end));
	}
	return last_pfn;
}

uint64_t e820_bytes(const struct e820_table *table, uint32_t type)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < table->nr; i++)
		if (table->v[i].type == type && table->v[i].end > table->v[i].start)
			bytes = add_sat(bytes, table->v[i].end - table->v[i].start);
	return bytes;
}

static const struct {
	uint32_t type;
	const char *text;
} type_texts[] = {
	{ E820_TYPE_RAM, "usable" }, { E820_TYPE_RESERVED, "reserved" }, { E820_TYPE_ACPI, "ACPI data" }, { E820_TYPE_NVS, "ACPI NVS" },
	{ E820_TYPE_UNUSABLE, "unusable" }, { E820_TYPE_SOFT_RESERVED, "soft reserved" }, { E820_TYPE_UNKNOWN, "unknown" },
};

const char *e820_type_text(uint32_t type, char buf[32])
{
	for (size_t i = 0; i < ARRAY_SIZE(type_texts); i++)
		if (type_texts[i].type == type)
			return type_texts[i].text;
	snprintf(buf, 32, "type %u", type);
	return buf;
}

bool e820_type_from_text(struct str text, uint32_t *ret)
{
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(type_texts); i++) {
		if (str_is(text, type_texts[i].text)) {
			*ret = type_texts[i].type;
			return true;
		}
	}
	if (!str_starts(text, STR("type ")) || !str_to_u64(str_skip(text, 5), 10, &number) || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}
