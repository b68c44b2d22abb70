/* record.c - look-ups in a boot record; see include/mia/record.h. */
#include "mia/record.h"

#include "mia/arena.h"

const char *fact_name(enum fact_kind kind)
{
	static const char *const names[] = {
#define FACT(name, values, texts) #name,
#include "mia/facts.def"
#undef FACT
	};

	return kind < NR_FACTS ? names[kind] : "?";
}

bool fact_is_debug(enum fact_kind kind)
{
	static const enum fact_kind debug[] = {
		FACT_E820_UPDATE, FACT_E820_REMOVE, FACT_MTRR_DEFAULT, FACT_INITIAL_MAPPED, FACT_MAP_PAGE, FACT_MAP_TABLES, FACT_BRK_PGTABLE,
		FACT_TRAMPOLINE, FACT_TRAMPOLINE_HASHED, FACT_NUMA_DISTANCE, FACT_NUMA_MEMNODEMAP, FACT_NUMA_HASH_SHIFT, FACT_NODE_TOTALPAGES,
		FACT_ZONE_MEMMAP, FACT_ZONE_RESERVED, FACT_ZONE_PAGES, FACT_VMEMMAP_PMD, FACT_PCPU_ALLOC, FACT_PCPU_GROUPS, FACT_RAM_BUFFER,
	};

	for (size_t i = 0; i < sizeof(debug) / sizeof(*debug); i++)
		if (debug[i] == kind)
			return true;
	return false;
}

void facts_index(struct arena *arena, struct facts *facts)
{
	facts->first = arena_array(arena, uint32_t, NR_FACTS);
	facts->last = arena_array(arena, uint32_t, NR_FACTS);
	for (uint32_t i = 0; i < facts->nr; i++) {
		enum fact_kind kind = facts->v[i].kind;

		facts->v[i].next = 0;
		if (facts->last[kind])
			facts->v[facts->last[kind] - 1].next = i + 1;
		else
			facts->first[kind] = i + 1;
		facts->last[kind] = i + 1;
	}
}

static const struct fact *at_place(const struct facts *facts, uint32_t place) { return place ? &facts->v[place - 1] : NULL; }

const struct fact *facts_next(const struct facts *facts, enum fact_kind kind, const struct fact *after)
{
	const struct fact *end;

	if (!facts->nr)
		return NULL;
	end = facts->v + facts->nr;
	if (facts->first && !after)
		return at_place(facts, facts->first[kind]);
	if (facts->first && after->kind == kind)
		return at_place(facts, after->next);
	for (const struct fact *f = after ? after + 1 : facts->v; f < end; f++)
		if (f->kind == kind)
			return f;
	return NULL;
}

const struct fact *facts_first(const struct facts *facts, enum fact_kind kind) { return facts_next(facts, kind, NULL); }

const struct fact *facts_last(const struct facts *facts, enum fact_kind kind)
{
	if (facts->first)
		return at_place(facts, facts->last[kind]);
	for (size_t i = facts->nr; i-- > 0;)
		if (facts->v[i].kind == kind)
			return &facts->v[i];
	return NULL;
}

size_t facts_count(const struct facts *facts, enum fact_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->nr; i++)
		n += facts->v[i].kind == kind;
	return n;
}

/* The end of all RAM is above that of low RAM, so the other order is that of KVM's guests, which tell the low one on their own first. */
bool record_tells_low_end_first(const struct boot_record *record)
{
	const struct fact *first = facts_first(&record->log, FACT_LAST_PFN), *next = first ? facts_next(&record->log, FACT_LAST_PFN, first) : NULL;
	const struct fact *hypervisor = facts_first(&record->log, FACT_HYPERVISOR), *banner = first ? facts_next(&record->log, FACT_E820_BANNER, first) : NULL;

	/* memmap=exactmap, to 5.4, makes another map behind the first such line. */
	if (!next || !hypervisor || (banner && banner < next))
		return false;
	return str_is(hypervisor->s[0], "KVM") && next->v[0] >= first->v[0];
}

const struct fact *record_map_end(const struct boot_record *record)
{
	const struct fact *first = facts_first(&record->log, FACT_LAST_PFN);

	return record_tells_low_end_first(record) ? facts_next(&record->log, FACT_LAST_PFN, first) : first;
}

const char *source_name(enum source_kind kind)
{
	static const char *const names[NR_SOURCES] = {
		[SOURCE_DMESG] = "dmesg", [SOURCE_ZONEINFO] = "zoneinfo", [SOURCE_MEMINFO] = "meminfo", [SOURCE_IOMEM] = "iomem",
		[SOURCE_BUDDYINFO] = "buddyinfo", [SOURCE_PAGETYPEINFO] = "pagetypeinfo", [SOURCE_VMSTAT] = "vmstat",
		[SOURCE_CMDLINE] = "cmdline", [SOURCE_VERSION] = "version", [SOURCE_CPUINFO] = "cpuinfo",
		[SOURCE_FIRMWARE_MEMMAP] = "firmware_memmap", [SOURCE_MEMORY_BLOCKS] = "memory_blocks", [SOURCE_NODES] = "nodes",
		[SOURCE_CONFIG] = "config", [SOURCE_MTRR] = "mtrr", [SOURCE_SYSCTL_MIN_FREE] = "min_free_kbytes",
		[SOURCE_SYSCTL_RESERVE_RATIO] = "lowmem_reserve_ratio", [SOURCE_SYSCTL_PCP_FRACTION] = "percpu_pagelist_high_fraction",
		[SOURCE_SYSCTL_SCALE_FACTOR] = "watermark_scale_factor", [SOURCE_DMIDECODE] = "dmidecode",
		[SOURCE_NUMACTL] = "numactl", [SOURCE_LSMEM] = "lsmem", [SOURCE_DIRECT_MAP] = "kernel_page_tables",
		[SOURCE_CRASH_LOADED] = "kexec_crash_loaded", [SOURCE_FREE] = "free",
	};

	return kind < NR_SOURCES ? names[kind] : "?";
}

enum source_kind record_zones_source(const struct boot_record *record) { return record->zoneinfo.nr ? SOURCE_ZONEINFO : SOURCE_DMESG; }

const struct zoneinfo *record_zones(const struct boot_record *record)
{
	return record->zoneinfo.nr ? &record->zoneinfo : &record->show_mem.zones;
}

const struct key_value *key_values_find(const struct key_values *kv, const char *key)
{
	for (size_t i = 0; i < kv->nr; i++)
		if (str_is(kv->v[i].key, key))
			return &kv->v[i];
	return NULL;
}
