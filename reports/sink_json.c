/* sink_json.c - see sink_json.h. Computes nothing: every number is taken from the verdict as it stands. */
#include "sink_json.h"

#include "claims.h"
#include "json_out.h"
#include "tools_text.h"

#include <string.h>

#define SCHEMA "meminit-analyze/verdict/1"

static void range_list(struct json_out *w, uint64_t start, uint64_t end)
{
	json_out_list(w, NULL);
	json_out_u64(w, NULL, start);
	json_out_u64(w, NULL, end - 1);
	json_out_end_list(w);
}

static void input(struct json_out *w, const struct verdict *v)
{
	const struct boot_record *r = v->record;

	json_out_object(w, "input");
	json_out_text(w, "name", v->input_name);
	json_out_text(w, "sha256", v->sha256);
	json_out_u64(w, "boot", v->boot_index);
	json_out_u64(w, "boots", v->nr_boots);
	json_out_list(w, "sources");
	for (int s = 0; r && s < NR_SOURCES; s++)
		if (r->has_source[s])
			json_out_text(w, NULL, source_name((enum source_kind)s));
	json_out_end_list(w);
	json_out_bool(w, "truncated", v->truncated || (r && (r->head_missing || r->tail_missing)));
	json_out_end_object(w);
}

static void kernel(struct json_out *w, const struct verdict *v)
{
	json_out_object(w, "kernel");
	json_out_str(w, "release", v->kernel->release.text);
	json_out_text(w, "arch", arch_name(v->kernel->arch));
	json_out_str(w, "command_line", v->boot->cmdline->text);
	json_out_object(w, "traits");
	for (int id = 1; id < NR_TRAITS; id++) {
		const struct trait *t = &v->kernel->traits.t[id];

		json_out_object(w, trait_name((enum trait_id)id));
		json_out_i64(w, "value", t->value);
		json_out_text(w, "basis", trait_basis_name(t->basis));
		json_out_maybe(w, "line", t->line, t->line);
		json_out_end_object(w);
	}
	json_out_end_object(w);
	json_out_end_object(w);
}

static void e820(struct json_out *w, const struct e820_table *table)
{
	char buf[32];

	json_out_list(w, "e820");
	for (size_t i = 0; i < table->nr; i++) {
		json_out_object(w, NULL);
		json_out_u64(w, "start", table->v[i].start);
		json_out_u64(w, "end", table->v[i].end - 1);
		json_out_text(w, "type", e820_type_text(table->v[i].type, buf));
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void machine_node(struct json_out *w, const struct boot *b, size_t n, bool distances_known)
{
	json_out_object(w, NULL);
	json_out_u64(w, "id", n);
	json_out_list(w, "ranges");
	for (size_t i = 0; i < b->memblock.memory.nr; i++)
		if (b->memblock.memory.v[i].nid == (int)n)
			range_list(w, b->memblock.memory.v[i].base, b->memblock.memory.v[i].end);
	json_out_end_list(w);
	if (distances_known) {
		json_out_list(w, "distance");
		for (size_t i = 0; i < b->nr_nodes; i++)
			json_out_u64(w, NULL, boot_distance(b, (int)n, (int)i));
		json_out_end_list(w);
	} else {
		json_out_null(w, "distance");
	}
	json_out_end_object(w);
}

static void machine(struct json_out *w, const struct verdict *v)
{
	bool distances_known = v->boot->numa_dummy || machine_distances_known(v->machine);

	json_out_object(w, "machine");
	json_out_text(w, "firmware", firmware_name(v->machine->firmware));
	json_out_str(w, "dmi", v->machine->dmi);
	json_out_maybe(w, "cpus", v->machine->online_cpus, v->machine->online_cpus);
	e820(w, &v->machine->e820);
	json_out_list(w, "nodes");
	for (size_t n = 0; n < v->boot->nr_nodes; n++)
		machine_node(w, v->boot, n, distances_known);
	json_out_end_list(w);
	json_out_end_object(w);
}

/* --- predicted --- */

static void predicted_protection(struct json_out *w, const struct boot *b, const struct zone *z)
{
	json_out_list(w, "protection");
	for (size_t i = 0; i < b->nr_zones; i++)
		json_out_u64(w, NULL, z->protection[b->zone_order[i]]);
	json_out_end_list(w);
}

static void predicted_zone(struct json_out *w, const struct boot *b, const struct zone *z)
{
	struct zone_claims claim = zone_claims(b, z);

	json_out_object(w, NULL);
	json_out_text(w, "name", zone_type_name(z->type));
	json_out_maybe(w, "start_pfn", claim.extents, z->span.start);
	json_out_maybe(w, "spanned", claim.extents, z->spanned);
	json_out_maybe(w, "present", claim.extents, z->present_shown);
	json_out_maybe(w, "managed", claim.managed, z->managed.v);
	json_out_text(w, "managed_basis", basis_name(z->managed.basis));
	json_out_maybe(w, "managed_min", claim.managed, z->managed.min);
	json_out_maybe(w, "managed_max", claim.managed, z->managed.max);
	json_out_maybe(w, "min", claim.marks, z->min);
	json_out_maybe(w, "low", claim.marks, z->low);
	json_out_maybe(w, "high", claim.marks, z->high);
	json_out_maybe(w, "promo", claim.promo, z->promo);
	if (claim.marks)
		predicted_protection(w, b, z);
	else
		json_out_null(w, "protection");
	json_out_maybe(w, "pcp_high", claim.pcp_high, z->pcp_high);
	json_out_maybe(w, "pcp_high_min", claim.pcp_range, z->pcp_high_min);
	json_out_maybe(w, "pcp_high_max", claim.pcp_range, z->pcp_high_max);
	json_out_maybe(w, "pcp_batch", claim.marks, z->pcp_batch);
	json_out_maybe(w, "stat_threshold", claim.marks, z->stat_threshold);
	json_out_end_object(w);
}

static void predicted_nodes(struct json_out *w, const struct boot *b)
{
	json_out_list(w, "nodes");
	for (size_t n = 0; n < b->nr_nodes; n++) {
		const struct pgdat *node = &b->node[n];

		if (!node->online)
			continue;
		json_out_object(w, NULL);
		json_out_u64(w, "id", n);
		json_out_u64(w, "start_pfn", node->span.start);
		json_out_u64(w, "spanned", node->spanned);
		json_out_u64(w, "present", node->present);
		json_out_list(w, "zones");
		for (size_t z = 0; z < b->nr_zones; z++)
			predicted_zone(w, b, &node->zone[b->zone_order[z]]);
		json_out_end_list(w);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void predicted_fallback(struct json_out *w, const struct boot *b)
{
	bool any = false;

	for (size_t n = 0; n < b->nr_nodes; n++)
		any |= b->node[n].nr_fallback > 0;
	if (!any) {
		json_out_null(w, "fallback");
		return;
	}
	json_out_list(w, "fallback");
	for (size_t n = 0; n < b->nr_nodes; n++) {
		if (!b->node[n].nr_fallback)
			continue;
		json_out_list(w, NULL);
		for (size_t i = 0; i < b->node[n].nr_fallback; i++)
			json_out_i64(w, NULL, b->node[n].fallback[i]);
		json_out_end_list(w);
	}
	json_out_end_list(w);
}

static void resource(struct json_out *w, uint64_t start, uint64_t end, struct str name)
{
	json_out_object(w, NULL);
	json_out_u64(w, "start", start);
	json_out_u64(w, "end", end - 1);
	json_out_str(w, "name", name);
	json_out_end_object(w);
}

static void predicted_iomem(struct json_out *w, const struct boot *b)
{
	json_out_list(w, "iomem");
	for (size_t i = 0; i < b->iomem.nr; i++)
		resource(w, b->iomem.v[i].range.start, b->iomem.v[i].range.end, str_of(b->iomem.v[i].name));
	json_out_end_list(w);
}

static void predicted_blocks(struct json_out *w, const struct boot *b)
{
	json_out_object(w, "memory_blocks");
	json_out_maybe(w, "size", b->block_size, b->block_size);
	if (b->block_size) {
		json_out_list(w, "present");
		for (size_t i = 0; i < b->blocks.nr; i++)
			range_list(w, b->blocks.v[i].start, b->blocks.v[i].end);
		json_out_end_list(w);
	} else {
		json_out_null(w, "present");
	}
	json_out_end_object(w);
}

static void direct_map(struct json_out *w, const struct boot *b)
{
	json_out_object(w, "direct_map_kib");
	json_out_u64(w, "4k", b->direct_4k * 4);
	json_out_u64(w, "2m", b->direct_2m * 2048);
	json_out_u64(w, "1g", b->direct_1g * 1048576);
	json_out_end_object(w);
}

static void allocation(struct json_out *w, const struct allocation *x)
{
	json_out_object(w, NULL);
	json_out_maybe(w, "line", x->line, x->line);
	json_out_str(w, "caller", x->caller.n ? x->caller : str_of(owner_id(x->owner)));
	json_out_u64(w, "size", x->request.size);
	json_out_u64(w, "align", x->request.align);
	if (x->request.nid == NUMA_NO_NODE)
		json_out_null(w, "nid");
	else
		json_out_i64(w, "nid", x->request.nid);
	json_out_u64(w, "base", x->base);
	json_out_end_object(w);
}

static void allocations(struct json_out *w, const struct boot *b)
{
	json_out_object(w, "memblock");
	json_out_list(w, "allocations");
	for (size_t i = 0; i < b->allocations.nr; i++)
		if (b->allocations.v[i].base)
			allocation(w, &b->allocations.v[i]);
	json_out_end_list(w);
	json_out_end_object(w);
}

static void predicted(struct json_out *w, const struct boot *b)
{
	bool map = b->physpages; /* without one there was nothing to run on */
	bool total = b->totalram.basis != AMOUNT_UNKNOWN;

	json_out_object(w, "predicted");
	json_out_maybe(w, "max_pfn", map, b->announced_max_pfn);
	json_out_maybe(w, "end_pfn", map, b->max_pfn);
	json_out_maybe(w, "max_arch_pfn", map, b->max_arch_pfn);
	json_out_maybe(w, "physpages", map, b->physpages);
	json_out_maybe(w, "mem_total_kib", total, pages_to_kib(b->totalram.v));
	json_out_text(w, "mem_total_basis", basis_name(b->totalram.basis));
	json_out_maybe(w, "mem_total_min_kib", total, pages_to_kib(b->totalram.min));
	json_out_maybe(w, "mem_total_max_kib", total, pages_to_kib(b->totalram.max));
	if (map) {
		json_out_maybe(w, "min_free_kbytes", !b->onlined_later, b->min_free_kbytes);
		predicted_fallback(w, b);
		predicted_nodes(w, b);
		predicted_iomem(w, b);
		predicted_blocks(w, b);
		direct_map(w, b);
		allocations(w, b);
	}
	json_out_end_object(w);
}

/* --- a boot that has not happened --- */

static void prediction_groups(struct json_out *w, const struct prediction *p)
{
	json_out_object(w, "basis");
	for (int g = 0; g < NR_VALUE_GROUPS; g++) {
		json_out_object(w, value_group_name((enum value_group)g));
		json_out_text(w, "basis", basis_name(p->group[g].basis));
		json_out_list(w, "because");
		for (int u = 0; u < NR_UNKNOWNS; u++)
			if (p->group[g].because[u])
				json_out_text(w, NULL, unknown_name((enum unknown_id)u));
		json_out_end_list(w);
		json_out_end_object(w);
	}
	json_out_end_object(w);
}

static void prediction_unknowns(struct json_out *w, const struct prediction *p)
{
	json_out_list(w, "unknowns");
	for (int u = 0; u < NR_UNKNOWNS; u++) {
		if (!p->unknown[u])
			continue;
		json_out_object(w, NULL);
		json_out_text(w, "id", unknown_name((enum unknown_id)u));
		json_out_text(w, "title", unknown_title((enum unknown_id)u));
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void prediction_answers(struct json_out *w, const struct outcomes *answers)
{
	json_out_list(w, "answers");
	for (size_t i = 0; i < answers->nr; i++) {
		json_out_object(w, NULL);
		json_out_text(w, "id", answers->v[i].id);
		json_out_bool(w, "ok", !answers->v[i].bad);
		json_out_text(w, "text", answers->v[i].text);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

/* null for a range that is not there */
static void hole(struct json_out *w, const char *key, struct phys_range r)
{
	if (phys_len(r)) {
		json_out_object(w, key);
		json_out_u64(w, "start", r.start);
		json_out_u64(w, "end", r.end - 1);
		json_out_end_object(w);
	} else {
		json_out_null(w, key);
	}
}

static void prediction_room(struct json_out *w, const struct prediction *p, const struct boot *b)
{
	json_out_object(w, "room");
	json_out_u64(w, "crashkernel_low_min_bytes", p->crash_hole_min);
	json_out_u64(w, "crashkernel_low_max_bytes", p->crash_hole_max);
	hole(w, "crashkernel_low", b->crash_hole_low);
	hole(w, "crashkernel_high", b->crash_hole_high);
	hole(w, "swiotlb", b->swiotlb_hole);
	json_out_list(w, "gigantic_pages");
	for (size_t n = 0; n < b->nr_nodes; n++) {
		if (!b->node[n].online)
			continue;
		json_out_object(w, NULL);
		json_out_u64(w, "node", n);
		json_out_u64(w, "pages", b->node[n].gigantic_room);
		json_out_end_object(w);
	}
	json_out_end_list(w);
	json_out_end_object(w);
}

static void prediction_requests(struct json_out *w, const struct boot *b)
{
	json_out_object(w, "requests");
	json_out_u64(w, "crashkernel_bytes", b->crash_asked_bytes);
	hole(w, "crashkernel", b->crashkernel);
	json_out_u64(w, "crashkernel_low_bytes", b->crash_low_bytes);
	json_out_u64(w, "gigantic_pages", b->gigantic_asked);
	json_out_u64(w, "gigantic_pages_got", b->gigantic.nr);
	hole(w, "swiotlb", b->swiotlb);
	hole(w, "cma", b->cma);
	json_out_end_object(w);
}

static void spread(struct json_out *w, const char *key, const struct spread *s, uint64_t unit)
{
	json_out_object(w, key);
	json_out_u64(w, "min", s->min * unit);
	json_out_u64(w, "p05", s->p05 * unit);
	json_out_u64(w, "median", s->median * unit);
	json_out_u64(w, "p95", s->p95 * unit);
	json_out_u64(w, "max", s->max * unit);
	json_out_end_object(w);
}

static void prediction_trials(struct json_out *w, const struct kaslr_trials *t)
{
	json_out_object(w, "kaslr");
	json_out_u64(w, "trials", t->nr);
	json_out_u64(w, "seed", t->seed);
	json_out_u64(w, "slots", t->slots);
	spread(w, "mem_total_kib", &t->mem_total, PAGE_SIZE / KIB);
	spread(w, "crashkernel_low_room_bytes", &t->crash_hole, 1);
	json_out_list(w, "zones");
	for (size_t i = 0; i < t->nr_zones; i++) {
		json_out_object(w, NULL);
		json_out_i64(w, "node", t->zone[i].nid);
		json_out_text(w, "name", zone_type_name(t->zone[i].zone));
		spread(w, "managed", &t->zone[i].managed, 1);
		json_out_end_object(w);
	}
	json_out_end_list(w);
	json_out_u64(w, "crashkernel_failed", t->crash_failed);
	json_out_u64(w, "gigantic_pages_short", t->gigantic_short);
	json_out_u64(w, "gigantic_pages_least", t->least_gigantic);
	json_out_u64(w, "swiotlb_failed", t->swiotlb_failed);
	json_out_u64(w, "image_hit", t->image_hit);
	json_out_end_object(w);
}

static void prediction_places(struct json_out *w, const struct prediction *p)
{
	json_out_list(w, "image_places");
	for (size_t i = 0; i < p->places.nr; i++)
		range_list(w, p->places.v[i].start, p->places.v[i].end);
	json_out_end_list(w);
	json_out_u64(w, "image_slots", p->nr_places);
	json_out_u64(w, "boots_tried", p->nr_boots);
}

static void prediction(struct json_out *w, const struct verdict *v)
{
	const struct prediction *p = v->prediction;

	if (!p)
		return;
	json_out_object(w, "prediction");
	prediction_answers(w, &p->outcomes);
	prediction_unknowns(w, p);
	prediction_groups(w, p);
	prediction_places(w, p);
	prediction_requests(w, v->boot);
	prediction_room(w, p, v->boot);
	json_out_maybe(w, "mem_total_before_kib", p->has_before, p->before_kib);
	json_out_u64(w, "memory_regions", p->memory_regions);
	json_out_u64(w, "partial_sections", p->straddled_sections);
	json_out_u64(w, "memmap_of_holes_bytes", p->hole_memmap_bytes);
	if (p->trials)
		prediction_trials(w, p->trials);
	if (p->hotplug) {
		json_out_object(w, "hotplug");
		json_out_u64(w, "bytes", p->hotplug->bytes);
		json_out_u64(w, "memmap_bytes", p->hotplug->memmap_bytes);
		json_out_u64(w, "most_bytes", p->hotplug->most_bytes);
		json_out_end_object(w);
	}
	json_out_end_object(w);
}

/* --- observed --- */

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
				range_list(w, blocks->v[i].index, blocks->v[end - 1].index + 1);
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
			resource(w, r->iomem.v[i].start, r->iomem.v[i].end, r->iomem.v[i].name);
		json_out_end_list(w);
	}
	if (r->blocks.size_bytes.line)
		observed_blocks(w, &r->blocks);
}

/* Of a boot that has not happened there is nothing. */
static void observed(struct json_out *w, const struct boot_record *r)
{
	json_out_object(w, "observed");
	if (r) {
		observed_log(w, &r->log);
		observed_files(w, r);
	}
	json_out_end_object(w);
}

/* --- checks, ledger, findings --- */

static void value(struct json_out *w, const char *key, const struct value *v)
{
	if (!v->known || !v->nr) {
		json_out_maybe(w, key, v->known, v->v[0]);
		return;
	}
	json_out_list(w, key);
	for (size_t i = 0; i < v->nr; i++)
		json_out_u64(w, NULL, v->v[i]);
	json_out_end_list(w);
}

static void source(struct json_out *w, const char *key, enum source_kind kind, uint32_t line)
{
	char s[64];

	snprintf(s, sizeof(s), "%s:%u", source_name(kind), line);
	json_out_text(w, key, s);
}

static void checks(struct json_out *w, const struct checks *checks)
{
	json_out_list(w, "checks");
	for (size_t i = 0; i < checks->nr; i++) {
		const struct check *c = &checks->v[i];

		json_out_object(w, NULL);
		json_out_text(w, "id", c->id);
		json_out_text(w, "where", c->where);
		value(w, "predicted", &c->predicted);
		value(w, "observed", &c->observed);
		source(w, "source", c->source, c->line);
		json_out_text(w, "stage", c->stage);
		json_out_text(w, "verdict", check_verdict_name(c->verdict));
		json_out_text(w, "reason", c->slack_why);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void ledger(struct json_out *w, const struct ledger *ledger)
{
	json_out_list(w, "ledger");
	for (size_t i = 0; i < ledger->nr; i++) {
		const struct ledger_row *r = &ledger->v[i];

		json_out_object(w, NULL);
		json_out_text(w, "owner", r->id);
		json_out_text(w, "label", r->label);
		json_out_i64(w, "bytes", r->bytes);
		json_out_text(w, "basis", basis_name(r->basis));
		json_out_text(w, "parent", r->parent);
		json_out_list(w, "source");
		for (size_t l = 0; l < ARRAY_SIZE(r->lines) && r->lines[l]; l++)
			source(w, NULL, SOURCE_DMESG, r->lines[l]);
		json_out_end_list(w);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void findings(struct json_out *w, const struct findings *findings)
{
	json_out_list(w, "findings");
	for (size_t i = 0; i < findings->nr; i++) {
		const struct finding *f = &findings->v[i];

		json_out_object(w, NULL);
		json_out_text(w, "id", f->id);
		json_out_text(w, "name", f->name);
		json_out_text(w, "severity", severity_name(f->severity));
		json_out_text(w, "title", f->title);
		json_out_text(w, "detail", f->detail);
		json_out_maybe(w, "bytes", f->bytes_known, f->bytes);
		json_out_text(w, "advice", f->advice);
		json_out_list(w, "lines");
		for (size_t l = 0; l < f->nr_lines; l++)
			json_out_u64(w, NULL, f->lines[l]);
		json_out_end_list(w);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void gaps(struct json_out *w, const struct gaps *gaps)
{
	json_out_list(w, "gaps");
	for (size_t i = 0; i < gaps->nr; i++) {
		const struct gap *g = &gaps->v[i];

		json_out_object(w, NULL);
		json_out_text(w, "id", g->id);
		json_out_text(w, "what", g->what);
		json_out_text(w, "why", g->why);
		json_out_maybe(w, "line", g->line, g->line);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void generator(struct json_out *w)
{
	json_out_object(w, "generator");
	json_out_text(w, "name", "meminit-analyze");
	json_out_text(w, "version", PACKAGE_VERSION);
	json_out_end_object(w);
}

void verdict_write_json(struct json_out *w, const struct verdict *v)
{
	json_out_object(w, NULL);
	json_out_text(w, "schema", SCHEMA);
	generator(w);
	input(w, v);
	kernel(w, v);
	machine(w, v);
	predicted(w, v->boot);
	prediction(w, v);
	observed(w, v->record);
	checks(w, &v->checks);
	ledger(w, &v->ledger);
	tools_write_json(w, &v->tools);
	findings(w, &v->findings);
	gaps(w, &v->gaps);
	json_out_maybe(w, "unexplained_bytes", v->unexplained_known, v->unexplained_bytes);
	json_out_end_object(w);
}

/* --- the sink --- */

static void write_verdict(struct sink *sink, const struct verdict *verdict)
{
	struct json_out w;

	json_out_init(&w, sink->out);
	verdict_write_json(&w, verdict);
	json_out_end_line(&w);
}

const struct sink_ops sink_json = { .name = "json", .verdict = write_verdict };
