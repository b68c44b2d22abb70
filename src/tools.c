/*
 * tools.c - see mia/tools.h: what each tool says, and which two are held against each other.
 */
#include "tools.h"

#include <string.h>

#include "mia/arena.h"

const char *tool_id_name(enum tool_id id)
{
	static const char *const names[] = {
#define TOOL(id, name, tool, counts) name,
#include "mia/tools.def"
#undef TOOL
	};

	return names[id];
}

const char *tool_title(enum tool_id id)
{
	static const char *const titles[] = {
#define TOOL(id, name, tool, counts) tool,
#include "mia/tools.def"
#undef TOOL
	};

	return titles[id];
}

const char *tool_counts(enum tool_id id)
{
	static const char *const counted[] = {
#define TOOL(id, name, tool, counts) counts,
#include "mia/tools.def"
#undef TOOL
	};

	return counted[id];
}

/* --- readings --- */

static void add(struct tools *t, enum tool_id tool, int nid, uint64_t bytes, uint64_t unit, enum source_kind source, uint32_t line)
{
	*vec_push(t->arena, t->views) = (struct tool_reading){ .tool = tool, .nid = nid, .bytes = bytes, .unit = unit, .source = source, .line = line };
}

static void read_firmware(struct tools *t)
{
	const struct e820_table *map = t->boot->e820_steps.nr ? &t->boot->e820_steps.v[0].table : NULL;
	const struct fact *f = facts_first(&t->record->log, FACT_E820_ENTRY);

	if (t->record->dimm_bytes)
		add(t, TOOL_DMI, -1, t->record->dimm_bytes, 1, SOURCE_DMIDECODE, 0);
	if (map && f)
		add(t, TOOL_FIRMWARE, -1, e820_bytes(map, E820_TYPE_RAM), 1, SOURCE_DMESG, f->line);
	if (t->record->firmware_memmap.nr)
		add(t, TOOL_FIRMWARE_SYSFS, -1, e820_bytes(&t->record->firmware_memmap, E820_TYPE_RAM), 1, SOURCE_FIRMWARE_MEMMAP, 0);
	f = facts_first(&t->record->log, FACT_SRAT_MEM);
	if (f)
		add(t, TOOL_SRAT, -1, tools_srat_bytes(t, -1), 1, SOURCE_DMESG, f->line);
}

static void read_iomem(struct tools *t)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < t->record->iomem.nr; i++)
		if (!t->record->iomem.v[i].depth && str_is(t->record->iomem.v[i].name, "System RAM"))
			bytes += t->record->iomem.v[i].end - t->record->iomem.v[i].start;
	if (bytes)
		add(t, TOOL_IOMEM, -1, bytes, 1, SOURCE_IOMEM, 0);
}

static void read_blocks(struct tools *t)
{
	const struct memory_blocks *blocks = &t->record->blocks;
	enum source_kind source = t->record->has_source[SOURCE_MEMORY_BLOCKS] ? SOURCE_MEMORY_BLOCKS : SOURCE_LSMEM;
	uint64_t online = 0;

	for (size_t i = 0; i < blocks->nr; i++)
		online += blocks->v[i].online;
	if (!blocks->nr || !blocks->size_bytes.value)
		return;
	if (online < blocks->nr)
		add(t, TOOL_BLOCKS, -1, blocks->nr * blocks->size_bytes.value, 1, source, blocks->size_bytes.line);
	add(t, TOOL_BLOCKS_ONLINE, -1, online * blocks->size_bytes.value, 1, source, blocks->size_bytes.line);
}

static void read_zones(struct tools *t)
{
	const struct zoneinfo *zones = &t->record->zoneinfo;
	uint64_t present = 0, managed = 0, free = 0, unaccepted = 0;
	bool has_managed = false;

	for (size_t i = 0; i < zones->nr; i++) {
		present += zones->v[i].present.value;
		managed += zones->v[i].managed.value;
		free += zones->v[i].free.value;
		unaccepted += zones->v[i].unaccepted.value;
		has_managed |= zones->v[i].managed.line != 0;
	}
	if (present)
		add(t, TOOL_PRESENT, -1, PFN_PHYS(present), PAGE_SIZE, SOURCE_ZONEINFO, 0);
	if (has_managed)
		add(t, TOOL_MANAGED, -1, PFN_PHYS(managed), PAGE_SIZE, SOURCE_ZONEINFO, 0);
	/* Free pages come and go: how many there are is worth a row only where a part cannot be in the lists. */
	if (unaccepted && t->record->buddyinfo.nr)
		add(t, TOOL_ZONE_FREE, -1, PFN_PHYS(free), PAGE_SIZE, SOURCE_ZONEINFO, 0);
}

static void read_buddy(struct tools *t)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < t->record->buddyinfo.nr; i++)
		for (size_t order = 0; order < NR_ORDERS; order++)
			pages += t->record->buddyinfo.v[i].free[order] << order;
	if (pages)
		add(t, TOOL_BUDDY, -1, PFN_PHYS(pages), PAGE_SIZE, SOURCE_BUDDYINFO, 0);
}

/* The unit of a plain number is the one that brings it nearest to MemTotal. */
static uint64_t unit_of_free(uint64_t number, uint64_t total)
{
	static const uint64_t units[] = { 1, KIB, MIB, GIB };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (number <= PHYS_LIMIT / units[i] && number * units[i] <= total && total - number * units[i] < units[i])
			return units[i];
	return 0;
}

static void read_meminfo(struct tools *t)
{
	const struct key_value *total = key_values_find(&t->record->meminfo, "MemTotal"), *bad = key_values_find(&t->record->meminfo, "HardwareCorrupted"),
			       *unaccepted = key_values_find(&t->record->meminfo, "Unaccepted");
	uint64_t bytes = total ? total->value * KIB : PFN_PHYS(t->boot->totalram.v), unit = t->record->free_unit;
	uint64_t no_use = (bad ? bad->value * KIB : 0) + (unaccepted ? unaccepted->value * KIB : 0);

	if (total)
		add(t, TOOL_MEM_TOTAL, -1, bytes, KIB, SOURCE_MEMINFO, total->line);
	if (total && no_use && no_use <= bytes)
		add(t, TOOL_USABLE, -1, bytes - no_use, KIB, SOURCE_MEMINFO, bad && bad->value ? bad->line : unaccepted->line);
	if (!t->record->free_total.line)
		return;
	if (unit)
		add(t, TOOL_FREE, -1, t->record->free_total.value, unit, SOURCE_FREE, t->record->free_total.line);
	else if ((unit = unit_of_free(t->record->free_total.value, bytes)))
		add(t, TOOL_FREE, -1, t->record->free_total.value * unit, unit, SOURCE_FREE, t->record->free_total.line);
}

static void read_nodes(struct tools *t)
{
	const struct node_files *nodes = &t->record->nodes;
	uint64_t kib = 0, mib = 0;
	size_t nr_kib = 0, nr_mib = 0;

	for (size_t i = 0; i < nodes->nr; i++) {
		kib += nodes->v[i].mem_total_kib.value;
		mib += nodes->v[i].numactl_mib.value;
		nr_kib += nodes->v[i].mem_total_kib.line != 0;
		nr_mib += nodes->v[i].numactl_mib.line != 0;
	}
	if (nr_kib)
		add(t, TOOL_NODES, -1, kib * KIB, KIB, SOURCE_NODES, 0);
	if (nr_mib)
		add(t, TOOL_NUMACTL, -1, mib * MIB, nr_mib * MIB, SOURCE_NUMACTL, 0);
	for (size_t i = 0; i < nodes->nr && nodes->nr > 1; i++) {
		const struct node_file *n = &nodes->v[i];

		if (tools_srat_bytes(t, n->id))
			add(t, TOOL_SRAT, n->id, tools_srat_bytes(t, n->id), 1, SOURCE_DMESG, 0);
		if (n->mem_total_kib.line)
			add(t, TOOL_NODES, n->id, n->mem_total_kib.value * KIB, KIB, SOURCE_NODES, n->mem_total_kib.line);
		if (n->numactl_mib.line)
			add(t, TOOL_NUMACTL, n->id, n->numactl_mib.value * MIB, MIB, SOURCE_NUMACTL, n->numactl_mib.line);
	}
}

static void read_memory_line(struct tools *t)
{
	const struct fact *f = facts_last(&t->record->log, FACT_MEMORY), *old = facts_last(&t->record->log, FACT_MEMORY_X86);

	if (f)
		add(t, TOOL_MEMORY_LINE, -1, f->v[1] * KIB, KIB, SOURCE_DMESG, f->line);
	if (f || old)
		add(t, TOOL_AVAILABLE, -1, (f ? f : old)->v[0] * KIB, KIB, SOURCE_DMESG, (f ? f : old)->line);
}

/* --- pairs --- */

/* The first tool of a pair that was read stands for those that are missing. */
static const struct {
	enum tool_id a, instead, b;
	causes_fn *causes;
} pairs[] = {
	{ TOOL_DMI, TOOL_DMI, TOOL_FIRMWARE, causes_dmi },
	{ TOOL_FIRMWARE, TOOL_FIRMWARE, TOOL_FIRMWARE_SYSFS, causes_memmap },
	{ TOOL_FIRMWARE, TOOL_FIRMWARE_SYSFS, TOOL_SRAT, causes_srat },
	{ TOOL_FIRMWARE, TOOL_FIRMWARE_SYSFS, TOOL_IOMEM, causes_iomem },
	{ TOOL_IOMEM, TOOL_FIRMWARE, TOOL_MEMORY_LINE, causes_line },
	{ TOOL_MEMORY_LINE, TOOL_IOMEM, TOOL_PRESENT, causes_present },
	{ TOOL_BLOCKS, TOOL_BLOCKS, TOOL_BLOCKS_ONLINE, causes_offline },
	{ TOOL_PRESENT, TOOL_MEMORY_LINE, TOOL_BLOCKS_ONLINE, causes_blocks },
	{ TOOL_PRESENT, TOOL_MEMORY_LINE, TOOL_MEM_TOTAL, causes_total },
	{ TOOL_BLOCKS_ONLINE, TOOL_BLOCKS_ONLINE, TOOL_MEM_TOTAL, causes_online_to_total },
	{ TOOL_MEM_TOTAL, TOOL_MEM_TOTAL, TOOL_MANAGED, causes_managed },
	{ TOOL_MEM_TOTAL, TOOL_MEM_TOTAL, TOOL_FREE, causes_rounding },
	{ TOOL_MEM_TOTAL, TOOL_MEM_TOTAL, TOOL_NODES, causes_nodes },
	{ TOOL_NODES, TOOL_MEM_TOTAL, TOOL_NUMACTL, causes_rounding },
	{ TOOL_MEM_TOTAL, TOOL_MANAGED, TOOL_AVAILABLE, causes_available },
	{ TOOL_MEM_TOTAL, TOOL_MEM_TOTAL, TOOL_USABLE, causes_usable },
	{ TOOL_ZONE_FREE, TOOL_ZONE_FREE, TOOL_BUDDY, causes_buddy },
};

static const struct tool_reading *find(const struct tools *t, enum tool_id tool, int nid)
{
	for (size_t i = 0; i < t->views->nr; i++)
		if (t->views->v[i].tool == tool && t->views->v[i].nid == nid)
			return &t->views->v[i];
	return NULL;
}

static int64_t magnitude(int64_t n) { return n < 0 ? -n : n; }

static void sort_causes(struct tool_pair *pair)
{
	for (size_t i = 1; i < pair->nr_causes; i++) {
		struct tool_cause cause = pair->cause[i];
		size_t at = i;

		for (; at && magnitude(pair->cause[at - 1].bytes) < magnitude(cause.bytes); at--)
			pair->cause[at] = pair->cause[at - 1];
		pair->cause[at] = cause;
	}
}

static void hold_against(struct tools *t, const struct tool_reading *a, const struct tool_reading *b, causes_fn *causes)
{
	struct tool_pair pair = { .a = (size_t)(a - t->views->v), .b = (size_t)(b - t->views->v), .difference = (int64_t)a->bytes - (int64_t)b->bytes };

	causes(t, a, b, &pair);
	pair.rest = pair.difference;
	for (size_t i = 0; i < pair.nr_causes; i++)
		pair.rest -= pair.cause[i].bytes;
	sort_causes(&pair);
	*vec_push(t->arena, &t->views->pairs) = pair;
}

static void compare_nodes(struct tools *t)
{
	for (size_t i = 0; i < t->record->nodes.nr; i++) {
		int nid = t->record->nodes.v[i].id;
		const struct tool_reading *srat = find(t, TOOL_SRAT, nid), *sysfs = find(t, TOOL_NODES, nid), *numactl = find(t, TOOL_NUMACTL, nid);

		if (srat && (sysfs || numactl))
			hold_against(t, srat, sysfs ? sysfs : numactl, causes_node);
	}
}

void tools_compare(struct arena *arena, struct verdict *verdict)
{
	struct tools t = { .arena = arena, .v = verdict, .boot = verdict->boot, .record = verdict->record, .views = &verdict->tools };

	if (!t.record || !t.boot->physpages)
		return;
	read_firmware(&t);
	read_iomem(&t);
	read_memory_line(&t);
	read_zones(&t);
	read_blocks(&t);
	read_meminfo(&t);
	read_nodes(&t);
	read_buddy(&t);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct tool_reading *a = find(&t, pairs[i].a, -1), *b = find(&t, pairs[i].b, -1);

		a = a ? a : find(&t, pairs[i].instead, -1);
		if (a && b)
			hold_against(&t, a, b, pairs[i].causes);
	}
	compare_nodes(&t);
}
