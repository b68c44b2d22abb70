/* json_observed.c - see json_parts.h: the part of the verdict document that repeats what the inputs say. */
#include "json_parts.h"

void json_range(struct json_out *w, uint64_t start, uint64_t end)
{
	json_out_list(w, NULL);
	json_out_u64(w, NULL, start);
	json_out_u64(w, NULL, end - 1);
	json_out_end_list(w);
}

void json_resource(struct json_out *w, uint64_t start, uint64_t end, struct str name)
{
	json_out_object(w, NULL);
	json_out_u64(w, "start", start);
	json_out_u64(w, "end", end - 1);
	json_out_str(w, "name", name);
	json_out_end_object(w);
}

static void said(struct json_out *w, const char *key, struct said s)
{
	if (s.line)
		json_out_u64(w, key, s.value);
}

static void observed_zone(struct json_out *w, const struct zoneinfo_zone *z)
{
	json_out_object(w, NULL);
	json_out_text(w, "name", z->name);
	said(w, "start_pfn", z->start_pfn);
	said(w, "spanned", z->spanned);
	said(w, "present", z->present);
	said(w, "managed", z->managed);
	said(w, "min", z->min);
	said(w, "low", z->low);
	said(w, "high", z->high);
	said(w, "promo", z->promo);
	if (z->nr_protection) {
		json_out_list(w, "protection");
		for (size_t i = 0; i < z->nr_protection; i++)
			json_out_u64(w, NULL, z->protection[i]);
		json_out_end_list(w);
	}
	said(w, "pcp_high", z->pcp_high);
	said(w, "pcp_high_min", z->pcp_high_min);
	said(w, "pcp_high_max", z->pcp_high_max);
	said(w, "pcp_batch", z->pcp_batch);
	said(w, "stat_threshold", z->stat_threshold);
	json_out_end_object(w);
}

/* Zones of a node follow each other. */
static void observed_nodes(struct json_out *w, const struct zoneinfo *zi)
{
	json_out_list(w, "nodes");
	for (size_t i = 0; i < zi->nr; i++) {
		if (!i || zi->v[i].nid != zi->v[i - 1].nid) {
			json_out_object(w, NULL);
			json_out_i64(w, "id", zi->v[i].nid);
			json_out_list(w, "zones");
		}
		observed_zone(w, &zi->v[i]);
		if (i + 1 == zi->nr || zi->v[i + 1].nid != zi->v[i].nid) {
			json_out_end_list(w);
			json_out_end_object(w);
		}
	}
	json_out_end_list(w);
}

static void observed_fallback(struct json_out *w, const struct facts *log)
{
	json_out_list(w, "fallback");
	for (each_fact(f, log, FACT_FALLBACK)) {
		struct str list = f->s[0], word;
		uint64_t n;

		json_out_list(w, NULL);
		while (str_cut_word(&list, &word))
			if (str_to_u64(word, 10, &n))
				json_out_u64(w, NULL, n);
		json_out_end_list(w);
	}
	json_out_end_list(w);
}

static void observed_log(struct json_out *w, const struct facts *log)
{
	const struct fact *memory = facts_last(log, FACT_MEMORY), *last = facts_first(log, FACT_LAST_PFN);
	uint64_t max_pfn = 0;

	for (each_fact(f, log, FACT_LAST_PFN))
		max_pfn = max_u64(max_pfn, f->v[0]);
	if (last) {
		json_out_u64(w, "max_pfn", max_pfn);
		json_out_u64(w, "max_arch_pfn", last->v[1]);
	}
	if (memory)
		json_out_u64(w, "physpages", kib_to_pages(memory->v[1]));
	if (facts_first(log, FACT_FALLBACK))
		observed_fallback(w, log);
}

static void observed_direct_map(struct json_out *w, const struct key_values *meminfo)
{
	static const struct { const char *key, *name; } rows[] = { { "DirectMap4k", "4k" }, { "DirectMap2M", "2m" }, { "DirectMap4M", "4m" }, { "DirectMap1G", "1g" } };

	json_out_object(w, "direct_map_kib");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct key_value *kv = key_values_find(meminfo, rows[i].key);

		if (kv)
			json_out_u64(w, rows[i].name, kv->value);
	}
	json_out_end_object(w);
}

/* Runs of blocks that follow each other and are in the same state. */
static void observed_blocks(struct json_out *w, const struct memory_blocks *blocks)
{
	json_out_object(w, "memory_blocks");
	json_out_u64(w, "size", blocks->size_bytes.value);
	for (int online = 1; online >= 0; online--) {
		json_out_list(w, online ? "online" : "offline");
		for (size_t i = 0, end; i < blocks->nr; i = end) {
			for (end = i + 1; end < blocks->nr && blocks->v[end].index == blocks->v[end - 1].index + 1 && blocks->v[end].online == blocks->v[i].online;)
				end++;
			if (blocks->v[i].online == (online != 0))
				json_range(w, blocks->v[i].index, blocks->v[end - 1].index + 1);
		}
		json_out_end_list(w);
	}
	json_out_end_object(w);
}

/* What the modules, the CPUs and the crash kernel's loader say. */
static void observed_numbers(struct json_out *w, const struct boot_record *r)
{
	static const struct { const char *key, *name; } rows[] = {
		{ "MemTotal", "mem_total_kib" }, { "HardwareCorrupted", "hardware_corrupted_kib" }, { "Unaccepted", "unaccepted_kib" },
	};

	if (r->dimm_bytes)
		json_out_u64(w, "installed_bytes", r->dimm_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct key_value *kv = key_values_find(&r->meminfo, rows[i].key);

		if (kv)
			json_out_u64(w, rows[i].name, kv->value);
	}
	said(w, "cpus_online", r->cpus_online);
	said(w, "kexec_crash_loaded", r->crash_loaded);
	said(w, "min_free_kbytes", r->min_free_kbytes);
}

static void observed_files(struct json_out *w, const struct boot_record *r)
{
	observed_numbers(w, r);
	if (key_values_find(&r->meminfo, "MemTotal"))
		observed_direct_map(w, &r->meminfo);
	if (record_zones(r)->nr)
		observed_nodes(w, record_zones(r));
	if (r->iomem.nr) {
		json_out_list(w, "iomem");
		for (size_t i = 0; i < r->iomem.nr; i++)
			json_resource(w, r->iomem.v[i].start, r->iomem.v[i].end, r->iomem.v[i].name);
		json_out_end_list(w);
	}
	if (r->blocks.size_bytes.line)
		observed_blocks(w, &r->blocks);
}

/* Of a boot that has not happened there is nothing. */
void json_observed(struct json_out *w, const struct boot_record *r)
{
	json_out_object(w, "observed");
	if (r) {
		observed_log(w, &r->log);
		observed_files(w, r);
	}
	json_out_end_object(w);
}
