/*
 * tools_causes.c - by how much two tools must differ, and because of what.
 *
 * On the way from the firmware's map to MemTotal there are steps whose size the model knows. Two tools that count at different
 * steps differ by the steps between them. What happened after the boot (a balloon, blocks that were taken offline) is named where
 * the input shows that it can happen, and then takes what the model cannot have.
 */
#include "tools.h"

#include <string.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "mia/takers.h"

/* Owners that are named one by one; the others are one cause. */
#define NAMED_OWNERS 5

#define LAZY_LABEL "Pages that are initialised when they are needed (deferred_init=lazy)"

static void because(struct tool_pair *pair, const char *id, const char *label, int64_t bytes, enum basis basis, uint32_t line)
{
	if (bytes && pair->nr_causes < TOOL_CAUSES)
		pair->cause[pair->nr_causes++] = (struct tool_cause){ id, label, bytes, basis, line };
}

static void because_row(struct tool_pair *pair, const struct ledger_row *row) { because(pair, row->id, row->label, row->bytes, row->basis, row->lines[0]); }

static int64_t named(const struct tool_pair *pair)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < pair->nr_causes; i++)
		bytes += pair->cause[i].bytes;
	return bytes;
}

static uint32_t line_of(const struct tools *t, enum fact_kind kind)
{
	const struct fact *f = facts_first(&t->record->log, kind);

	return f ? f->line : 0;
}

/* --- steps --- */

static void because_rows(const struct tools *t, const char *parent, struct tool_pair *pair)
{
	const struct ledger *ledger = &t->v->ledger;

	for (size_t i = 0; i < ledger->nr; i++)
		if (ledger->v[i].parent && !strcmp(ledger->v[i].parent, parent))
			because_row(pair, &ledger->v[i]);
}

static uint64_t model_iomem(const struct tools *t)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < t->boot->iomem.nr; i++)
		if (!t->boot->iomem.v[i].depth && !strcmp(t->boot->iomem.v[i].name, "System RAM"))
			bytes += phys_len(t->boot->iomem.v[i].range);
	return bytes;
}

/* What changed the map. Partial pages are lost behind it, and with them on a 32-bit kernel what has no address. */
static void step_map(const struct tools *t, uint64_t firmware, struct tool_pair *pair)
{
	const struct ledger *ledger = &t->v->ledger;

	for (size_t i = 0; i < ledger->nr; i++)
		if (ledger->v[i].parent && !strcmp(ledger->v[i].parent, "cut") && strcmp(ledger->v[i].id, "cut.partial_pages") && strcmp(ledger->v[i].id, "cut.zones"))
			because_row(pair, &ledger->v[i]);
	because(pair, "reach", "Beyond the addresses that this kernel has names for", (int64_t)(firmware - model_iomem(t)) - named(pair), AMOUNT_EXACT, 0);
}

static void step_pages(const struct tools *t, struct tool_pair *pair)
{
	because(pair, "partial_pages", "Pages of which only a part is RAM", (int64_t)(model_iomem(t) - PFN_PHYS(t->boot->physpages)), AMOUNT_EXACT, 0);
}

/* Pages that 2.6.32 does not count as present: those of the struct pages. */
static void step_shown(const struct tools *t, int sign, struct tool_pair *pair)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < t->boot->nr_nodes; n++)
		for (size_t z = 0; z < t->boot->nr_zones; z++) {
			const struct zone *zone = &t->boot->node[n].zone[t->boot->zone_order[z]];

			pages += sub_sat(zone->present, zone->present_shown);
		}
	because(pair, "memmap_not_counted", "Struct pages, which this kernel does not call present", sign * (int64_t)PFN_PHYS(pages), AMOUNT_EXACT, 0);
}

uint64_t tools_offline_present(const struct boot *boot, const struct boot_record *record)
{
	uint64_t size = record->blocks.size_bytes.value, bytes = 0;

	for (size_t i = 0; i < record->blocks.nr && size && size == boot->block_size; i++) {
		struct phys_range block = { record->blocks.v[i].index * size, (record->blocks.v[i].index + 1) * size };

		for (size_t m = 0; m < boot->memblock.memory.nr && !record->blocks.v[i].online; m++)
			bytes += PFN_PHYS(pfn_len(pfn_clip(boot_memory_pfns(boot, m), (struct pfn_range){ PFN_DOWN(block.start), PFN_DOWN(block.end) })));
	}
	return bytes;
}

/* Blocks that came after the boot, all of them or those that are online. */
static uint64_t blocks_after_boot(const struct tools *t, bool online_only)
{
	const struct memory_blocks *blocks = &t->record->blocks;
	uint64_t nr = 0;

	if (!t->boot->blocks.nr || blocks->size_bytes.value != t->boot->block_size)
		return 0;
	for (size_t i = 0; i < blocks->nr; i++) {
		size_t k = 0;

		while (k < t->boot->blocks.nr && (blocks->v[i].index < t->boot->blocks.v[k].start || blocks->v[i].index >= t->boot->blocks.v[k].end))
			k++;
		nr += (blocks->v[i].online || !online_only) && k == t->boot->blocks.nr;
	}
	return nr * t->boot->block_size;
}

static uint64_t plugged_bytes(const struct tools *t) { return blocks_after_boot(t, false); }
static uint64_t added_bytes(const struct tools *t) { return blocks_after_boot(t, true); }

/* From what was present at the boot to what is now. */
static void step_blocks_change(const struct tools *t, struct tool_pair *pair)
{
	because(pair, "offline", "Memory blocks that are offline", (int64_t)tools_offline_present(t->boot, t->record), AMOUNT_EXACT, 0);
	because(pair, "onlined", "Memory that was plugged in and onlined after the boot", -(int64_t)added_bytes(t), AMOUNT_EXACT, 0);
}

/* From pages that are present to those that the page allocator had after the boot. */
static void step_kernel(const struct tools *t, int sign, struct tool_pair *pair)
{
	const struct ledger_row *reserved = ledger_find(&t->v->ledger, "reserved"), *returned = ledger_find(&t->v->ledger, "returned");
	int64_t rest = (reserved ? reserved->bytes : 0) + (returned ? returned->bytes : 0);
	struct takers takers = { 0 };

	takers_rank(t->arena, &t->v->ledger, &takers);
	for (size_t i = 0, shown = 0; i < takers.nr && shown < NAMED_OWNERS; i++) {
		const struct ledger_row *row = takers.v[i].row;

		if (!row->parent || strcmp(row->parent, "reserved"))
			continue;
		because(pair, row->id, row->label, sign * takers.v[i].bytes, row->basis, row->lines[0]);
		rest -= takers.v[i].bytes;
		shown++;
	}
	because(pair, "other_owners", "Other owners in the kernel", sign * rest, reserved ? reserved->basis : AMOUNT_UNKNOWN, 0);
}

/* What the hypervisor or the kernel changed since: named where the input shows that there is such a thing. */
static void step_later(const struct tools *t, int64_t difference, struct tool_pair *pair)
{
	const struct facts *log = &t->record->log;
	const struct fact *virtio = facts_first(log, FACT_VIRTIO_MEM);
	const struct key_value *inflated = key_values_find(&t->record->vmstat, "balloon_inflate");
	const struct amount *total = &t->boot->totalram;
	int64_t rest = difference - named(pair);

	if (total->basis == AMOUNT_BOUNDED && rest >= -(int64_t)PFN_PHYS(total->max - total->v) && rest <= (int64_t)PFN_PHYS(total->v - total->min))
		because(pair, "bounds", "What the log does not say exactly, within its bounds", rest, AMOUNT_BOUNDED, 0);
	else if (line_of(t, FACT_BALLOON) || line_of(t, FACT_BALLOON_MAX) || (inflated && inflated->value))
		because(pair, "balloon", rest > 0 ? "Taken by the balloon" : "Given by the balloon", rest, AMOUNT_ESTIMATED, line_of(t, FACT_BALLOON) ? line_of(t, FACT_BALLOON) : line_of(t, FACT_BALLOON_MAX));
	else if (virtio)
		because(pair, "virtio_mem", rest > 0 ? "Taken back through virtio-mem" : "Plugged in through virtio-mem", rest, AMOUNT_ESTIMATED, virtio->line);
	else if (t->boot->onlined_later && rest < 0)
		because(pair, "onlined", "Memory that was plugged in and onlined after the boot", rest, AMOUNT_ESTIMATED, 0);
}

/* --- pairs --- */

void causes_dmi(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)a, (void)b;
	because_rows(t, "firmware", pair);
}

static bool is_there(const struct srat_memory *m) { return !(m->flags & (SRAT_HOT_PLUGGABLE | SRAT_NON_VOLATILE)); }

static struct phys_ranges srat_ranges(const struct tools *t, int nid)
{
	const struct srat *srat = &t->boot->machine->srat;
	struct phys_ranges set = { 0 };

	for (size_t i = 0; i < srat->nr; i++)
		if (is_there(&srat->v[i]) && (nid < 0 || srat->v[i].node == nid))
			ranges_add(t->arena, &set, srat->v[i].range);
	return set;
}

uint64_t tools_srat_bytes(const struct tools *t, int nid)
{
	struct phys_ranges set = srat_ranges(t, nid);

	return ranges_bytes(&set);
}

/* RAM of the firmware's map that lies in the set. */
static uint64_t ram_within(const struct tools *t, const struct phys_ranges *set)
{
	const struct e820_table *map = &t->boot->e820_steps.v[0].table;
	uint64_t bytes = 0;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type == E820_TYPE_RAM)
			bytes += ranges_overlap(set, (struct phys_range){ map->v[i].start, map->v[i].end });
	return bytes;
}

void causes_srat(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	struct phys_ranges set = srat_ranges(t, -1);
	uint64_t within = ram_within(t, &set);

	because(pair, "srat.no_ram", "Reserved ranges and gaps that the SRAT's ranges span", (int64_t)within - (int64_t)b->bytes, AMOUNT_EXACT, b->line);
	because(pair, "srat.gap", "RAM that lies in no range of the SRAT", (int64_t)a->bytes - (int64_t)within, AMOUNT_EXACT, b->line);
}

void causes_memmap(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)a, (void)b;
	because(pair, "onlined", "Memory that was plugged in after the boot", -(int64_t)plugged_bytes(t), AMOUNT_EXACT, 0);
}

void causes_iomem(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)b;
	step_map(t, a->bytes, pair);
	because(pair, "onlined", "Memory that was plugged in after the boot", -(int64_t)plugged_bytes(t), AMOUNT_EXACT, 0);
}

void causes_line(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)b;
	if (a->tool == TOOL_FIRMWARE)
		step_map(t, a->bytes, pair);
	else
		because(pair, "onlined", "Memory that was plugged in after the boot", (int64_t)plugged_bytes(t), AMOUNT_EXACT, 0);
	step_pages(t, pair);
}

void causes_present(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)b;
	if (a->tool == TOOL_IOMEM) {
		because(pair, "offline", "Memory blocks that are offline", (int64_t)(tools_offline_present(t->boot, t->record) + plugged_bytes(t) - added_bytes(t)), AMOUNT_EXACT, 0);
		step_pages(t, pair);
	} else {
		step_blocks_change(t, pair);
	}
	step_shown(t, 1, pair);
}

void causes_offline(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)t;
	because(pair, "offline", "Memory blocks that are offline: plugged in, and not in use", (int64_t)a->bytes - (int64_t)b->bytes, AMOUNT_EXACT, 0);
}

/* Present pages of blocks that are online. */
static uint64_t present_online(const struct tools *t) { return PFN_PHYS(t->boot->physpages) - tools_offline_present(t->boot, t->record) + added_bytes(t); }

static void step_holes(const struct tools *t, uint64_t blocks_bytes, int sign, struct tool_pair *pair)
{
	because(pair, "holes", "Holes and reserved ranges inside of whole blocks", sign * (int64_t)(blocks_bytes - present_online(t)), AMOUNT_EXACT, 0);
}

void causes_blocks(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	if (a->tool == TOOL_MEMORY_LINE)
		step_blocks_change(t, pair);
	else
		step_shown(t, -1, pair);
	step_holes(t, b->bytes, -1, pair);
}

void causes_total(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)b;
	step_kernel(t, 1, pair);
	if (a->tool == TOOL_MEMORY_LINE)
		step_blocks_change(t, pair);
	else
		step_shown(t, -1, pair);
	step_later(t, pair->difference, pair);
}

void causes_online_to_total(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)b;
	step_holes(t, a->bytes, 1, pair);
	step_kernel(t, 1, pair);
	step_later(t, pair->difference, pair);
}

/*
 * Two files of one moment, nearly: a balloon may have moved between. MemTotal counts pages that wait until a zone runs short, and
 * zones do not.
 */
void causes_managed(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	const struct fact *lazy = facts_first(&t->record->log, FACT_DEFERRED_LAZY);

	(void)a, (void)b;
	if (lazy && pair->difference > 0 && pair->difference <= (int64_t)PFN_PHYS(boot_waiting_pages(t->boot)))
		because(pair, "deferred", LAZY_LABEL, pair->difference, AMOUNT_EXACT, lazy->line);
	else if (line_of(t, FACT_BALLOON) || line_of(t, FACT_BALLOON_MAX))
		because(pair, "balloon", "The balloon moved between the two readings", pair->difference, AMOUNT_ESTIMATED, line_of(t, FACT_BALLOON));
}

void causes_rounding(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)a;
	if (pair->difference < (int64_t)b->unit && pair->difference > -(int64_t)b->unit)
		because(pair, "rounding", "Rounded", pair->difference, AMOUNT_EXACT, 0);
	else
		causes_managed(t, a, b, pair);
}

/* 2.6.32 counts every page of a node. */
void causes_nodes(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	if (boot_trait(t->boot, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT)
		step_kernel(t, -1, pair);
	else
		causes_managed(t, a, b, pair);
}

/* --- at one moment --- */

/* Pages that the log says were initialised after the line. */
static uint64_t deferred_bytes(const struct tools *t)
{
	const struct fact *lazy = facts_first(&t->record->log, FACT_DEFERRED_LAZY);

	if (lazy)
		return PFN_PHYS(lazy->v[0]);
	if (boot_trait(t->boot, TRAIT_MEMORY_LATE) || !(line_of(t, FACT_DEFERRED) + line_of(t, FACT_DEFERRED_SILENT)))
		return 0;
	return PFN_PHYS(boot_waiting_pages(t->boot));
}

void causes_available(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	bool late = boot_trait(t->boot, TRAIT_MEMORY_LATE);
	int64_t later = 0, rest;

	(void)a, (void)b;
	for (size_t i = 0; i < t->boot->late.nr; i++)
		if (!t->boot->late.v[i].before_line)
			later += (int64_t)PFN_PHYS(t->boot->late.v[i].pages);
	because(pair, "returned", "Given back after that line", later, AMOUNT_EXACT, 0);
	because(pair, "onlined", "Memory that was plugged in and onlined after the boot", (int64_t)added_bytes(t), AMOUNT_EXACT, 0);
	because(pair, "deferred", "Pages that were not initialised by then", (int64_t)deferred_bytes(t), AMOUNT_EXACT,
		line_of(t, FACT_DEFERRED) ? line_of(t, FACT_DEFERRED) : line_of(t, FACT_DEFERRED_LAZY));
	rest = pair->difference - named(pair);
	if (rest > 0 && (late || boot_trait(t->boot, TRAIT_VMALLOC_PREALLOC)))
		because(pair, "in_use", "Taken from the free lists by then", rest, AMOUNT_ESTIMATED, 0);
}

static int64_t meminfo_bytes(const struct tools *t, const char *key)
{
	const struct key_value *kv = key_values_find(&t->record->meminfo, key);

	return kv && kv->value < PHYS_LIMIT / KIB ? (int64_t)(kv->value * KIB) : 0;
}

void causes_usable(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	(void)a, (void)b;
	because(pair, "hardware_corrupted", "Broken pages that were taken out of use (HardwareCorrupted)", meminfo_bytes(t, "HardwareCorrupted"), AMOUNT_EXACT, 0);
	because(pair, "unaccepted", "Pages that the guest has not accepted yet (Unaccepted): free, and not lost", meminfo_bytes(t, "Unaccepted"), AMOUNT_EXACT, 0);
}

void causes_buddy(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	uint64_t pages = 0;

	(void)a, (void)b;
	for (size_t i = 0; i < t->record->zoneinfo.nr; i++)
		pages += t->record->zoneinfo.v[i].unaccepted.value;
	because(pair, "unaccepted", "Pages that are not accepted yet: free, and in no list", (int64_t)PFN_PHYS(pages), AMOUNT_EXACT, 0);
	because(pair, "moment", "Taken or freed between the two readings", pair->difference - named(pair), AMOUNT_ESTIMATED, 0);
}

/* --- one node --- */

static const struct pgdat *node_of(const struct boot *b, int nid) { return nid >= 0 && (size_t)nid < b->nr_nodes ? &b->node[nid] : NULL; }

void causes_node(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair)
{
	const struct pgdat *node = node_of(t->boot, a->nid);
	struct phys_ranges set = srat_ranges(t, a->nid);
	struct amount managed = { .basis = AMOUNT_EXACT };
	bool all = boot_trait(t->boot, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT;
	uint64_t ram = ram_within(t, &set), present = 0;
	int64_t rest;

	for (size_t z = 0; node && z < t->boot->nr_zones; z++) {
		const struct zone *zone = &node->zone[t->boot->zone_order[z]];

		present += PFN_PHYS(zone->present);
		managed.v += PFN_PHYS(zone->managed.v);
		managed.min += PFN_PHYS(zone->managed.min);
		managed.max += PFN_PHYS(zone->managed.max);
		managed.basis = zone->managed.basis < managed.basis && zone->present ? zone->managed.basis : managed.basis;
	}
	because(pair, "no_ram", "Reserved ranges and gaps that the SRAT's ranges span", (int64_t)a->bytes - (int64_t)ram, AMOUNT_EXACT, 0);
	because(pair, "not_present", "RAM that the kernel gave up, or put into another node", (int64_t)ram - (int64_t)present, AMOUNT_EXACT, 0);
	if (managed.basis == AMOUNT_UNKNOWN)
		return;
	if (!all)
		because(pair, "reserved", "Kept by the kernel on this node", (int64_t)present - (int64_t)managed.v, managed.basis, 0);
	rest = pair->difference - named(pair);
	if (b->tool == TOOL_NUMACTL && rest > 0 && rest < (int64_t)MIB)
		because(pair, "rounding", "Rounded", rest, AMOUNT_EXACT, 0);
	else if (managed.basis == AMOUNT_BOUNDED && rest >= (int64_t)managed.v - (int64_t)managed.max && rest <= (int64_t)managed.v - (int64_t)managed.min)
		because(pair, "bounds", "What the log does not say exactly, within its bounds", rest, AMOUNT_BOUNDED, 0);
	else
		step_later(t, pair->difference, pair);
}
