/* sink_json.c - see sink_json.h. Computes nothing: every number is taken from the verdict as it stands. */
#include "sink_json.h"

#include "claims.h"
#include "json_text.h"

#include <string.h>

#include "mia/arena.h"

#define SCHEMA "meminit-analyze/verdict/1"

static struct json_object *number(uint64_t v) { return json_object_new_uint64(v); }
static struct json_object *text(const char *s) { return json_text(str_of(s)); }
static struct json_object *str(struct str s) { return json_text(s); }
static struct json_object *boolean(bool b) { return json_object_new_boolean(b); }

static void add(struct json_object *to, const char *key, struct json_object *value)
{
	json_object_object_add_ex(to, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT);
}

static void append(struct json_object *to, struct json_object *value) { json_object_array_add(to, value); }

static struct json_object *range_array(uint64_t start, uint64_t end)
{
	struct json_object *a = json_object_new_array_ext(2);

	append(a, number(start));
	append(a, number(end - 1));
	return a;
}

static struct json_object *input(const struct verdict *v)
{
	struct json_object *o = json_object_new_object(), *sources = json_object_new_array();

	add(o, "name", text(v->input_name));
	add(o, "sha256", text(v->sha256));
	add(o, "boot", number(v->boot_index));
	add(o, "boots", number(v->nr_boots));
	for (int s = 0; s < NR_SOURCES; s++)
		if (v->record->has_source[s])
			append(sources, text(source_name((enum source_kind)s)));
	add(o, "sources", sources);
	add(o, "truncated", boolean(v->truncated || v->record->head_missing || v->record->tail_missing));
	return o;
}

static struct json_object *kernel(const struct verdict *v)
{
	struct json_object *o = json_object_new_object(), *traits = json_object_new_object();

	add(o, "release", str(v->kernel->release.text));
	add(o, "arch", text(arch_name(v->kernel->arch)));
	add(o, "command_line", str(v->boot->cmdline->text));
	for (int id = 1; id < NR_TRAITS; id++) {
		const struct trait *t = &v->kernel->traits.t[id];
		struct json_object *trait = json_object_new_object();

		add(trait, "value", json_object_new_int(t->value));
		add(trait, "basis", text(trait_basis_name(t->basis)));
		add(trait, "line", t->line ? number(t->line) : NULL);
		add(traits, trait_name((enum trait_id)id), trait);
	}
	add(o, "traits", traits);
	return o;
}

static struct json_object *e820(const struct e820_table *table)
{
	struct json_object *a = json_object_new_array();
	char buf[32];

	for (size_t i = 0; i < table->nr; i++) {
		struct json_object *e = json_object_new_object();

		add(e, "start", number(table->v[i].start));
		add(e, "end", number(table->v[i].end - 1));
		add(e, "type", text(e820_type_text(table->v[i].type, buf)));
		append(a, e);
	}
	return a;
}

static struct json_object *machine_nodes(const struct verdict *v)
{
	struct json_object *a = json_object_new_array();
	const struct boot *b = v->boot;
	bool known = b->numa_dummy || machine_distances_known(v->machine);

	for (size_t n = 0; n < b->nr_nodes; n++) {
		struct json_object *node = json_object_new_object(), *ranges = json_object_new_array();
		struct json_object *distance = known ? json_object_new_array() : NULL;

		add(node, "id", number(n));
		for (size_t i = 0; i < b->memblock.memory.nr; i++)
			if (b->memblock.memory.v[i].nid == (int)n)
				append(ranges, range_array(b->memblock.memory.v[i].base, b->memblock.memory.v[i].end));
		add(node, "ranges", ranges);
		for (size_t i = 0; known && i < b->nr_nodes; i++)
			append(distance, number(boot_distance(b, (int)n, (int)i)));
		add(node, "distance", distance);
		append(a, node);
	}
	return a;
}

static struct json_object *machine(const struct verdict *v)
{
	struct json_object *o = json_object_new_object();

	add(o, "firmware", text(firmware_name(v->machine->firmware)));
	add(o, "dmi", str(v->machine->dmi));
	add(o, "cpus", v->machine->online_cpus ? number(v->machine->online_cpus) : NULL);
	add(o, "e820", e820(&v->machine->e820));
	add(o, "nodes", machine_nodes(v));
	return o;
}

/* --- predicted --- */

static struct json_object *if_claimed(bool claimed, uint64_t v) { return claimed ? number(v) : NULL; }

static struct json_object *predicted_protection(const struct boot *b, const struct zone *z)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < b->nr_zones; i++)
		append(a, number(z->protection[b->zone_order[i]]));
	return a;
}

static struct json_object *predicted_zone(const struct boot *b, const struct zone *z)
{
	struct json_object *o = json_object_new_object();
	struct zone_claims claim = zone_claims(b, z);

	add(o, "name", text(zone_type_name(z->type)));
	add(o, "start_pfn", if_claimed(claim.extents, z->span.start));
	add(o, "spanned", if_claimed(claim.extents, z->spanned));
	add(o, "present", if_claimed(claim.extents, z->present_shown));
	add(o, "managed", if_claimed(claim.managed, z->managed.v));
	add(o, "managed_basis", text(basis_name(z->managed.basis)));
	add(o, "managed_min", if_claimed(claim.managed, z->managed.min));
	add(o, "managed_max", if_claimed(claim.managed, z->managed.max));
	add(o, "min", if_claimed(claim.marks, z->min));
	add(o, "low", if_claimed(claim.marks, z->low));
	add(o, "high", if_claimed(claim.marks, z->high));
	add(o, "promo", if_claimed(claim.promo, z->promo));
	add(o, "protection", claim.marks ? predicted_protection(b, z) : NULL);
	add(o, "pcp_high", if_claimed(claim.pcp_high, z->pcp_high));
	add(o, "pcp_high_min", if_claimed(claim.pcp_range, z->pcp_high_min));
	add(o, "pcp_high_max", if_claimed(claim.pcp_range, z->pcp_high_max));
	add(o, "pcp_batch", if_claimed(claim.marks, z->pcp_batch));
	add(o, "stat_threshold", if_claimed(claim.marks, z->stat_threshold));
	return o;
}

static struct json_object *predicted_nodes(const struct boot *b)
{
	struct json_object *a = json_object_new_array();

	for (size_t n = 0; n < b->nr_nodes; n++) {
		const struct pgdat *node = &b->node[n];
		struct json_object *o = json_object_new_object(), *zones = json_object_new_array();

		if (!node->online)
			continue;
		add(o, "id", number(n));
		add(o, "start_pfn", number(node->span.start));
		add(o, "spanned", number(node->spanned));
		add(o, "present", number(node->present));
		for (size_t z = 0; z < b->nr_zones; z++)
			append(zones, predicted_zone(b, &node->zone[b->zone_order[z]]));
		add(o, "zones", zones);
		append(a, o);
	}
	return a;
}

static struct json_object *predicted_fallback(const struct boot *b)
{
	struct json_object *a = json_object_new_array();
	bool any = false;

	for (size_t n = 0; n < b->nr_nodes; n++) {
		struct json_object *order = json_object_new_array();

		if (!b->node[n].nr_fallback) {
			json_object_put(order);
			continue;
		}
		for (size_t i = 0; i < b->node[n].nr_fallback; i++)
			append(order, json_object_new_int(b->node[n].fallback[i]));
		append(a, order);
		any = true;
	}
	if (any)
		return a;
	json_object_put(a);
	return NULL;
}

static struct json_object *resource(uint64_t start, uint64_t end, struct str name)
{
	struct json_object *o = json_object_new_object();

	add(o, "start", number(start));
	add(o, "end", number(end - 1));
	add(o, "name", str(name));
	return o;
}

static struct json_object *predicted_iomem(const struct boot *b)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < b->iomem.nr; i++)
		append(a, resource(b->iomem.v[i].range.start, b->iomem.v[i].range.end, str_of(b->iomem.v[i].name)));
	return a;
}

static struct json_object *predicted_blocks(const struct boot *b)
{
	struct json_object *o = json_object_new_object(), *present = b->block_size ? json_object_new_array() : NULL;

	add(o, "size", b->block_size ? number(b->block_size) : NULL);
	for (size_t i = 0; i < b->blocks.nr; i++)
		append(present, range_array(b->blocks.v[i].start, b->blocks.v[i].end));
	add(o, "present", present);
	return o;
}

static struct json_object *direct_map(const struct boot *b)
{
	struct json_object *o = json_object_new_object();

	add(o, "4k", number(b->direct_4k * 4));
	add(o, "2m", number(b->direct_2m * 2048));
	add(o, "1g", number(b->direct_1g * 1048576));
	return o;
}

static struct json_object *allocations(const struct boot *b)
{
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();

	for (size_t i = 0; i < b->allocations.nr; i++) {
		const struct allocation *x = &b->allocations.v[i];
		struct json_object *row;

		if (!x->base)
			continue;
		row = json_object_new_object();
		add(row, "line", x->line ? number(x->line) : NULL);
		add(row, "caller", x->caller.n ? str(x->caller) : text(owner_id(x->owner)));
		add(row, "size", number(x->request.size));
		add(row, "align", number(x->request.align));
		add(row, "nid", x->request.nid == NUMA_NO_NODE ? NULL : json_object_new_int(x->request.nid));
		add(row, "base", x->base ? number(x->base) : NULL);
		append(a, row);
	}
	add(o, "allocations", a);
	return o;
}

static struct json_object *predicted(const struct boot *b)
{
	struct json_object *o = json_object_new_object();
	bool map = b->physpages; /* without one there was nothing to run on */

	add(o, "max_pfn", map ? number(b->announced_max_pfn) : NULL);
	add(o, "end_pfn", map ? number(b->max_pfn) : NULL);
	add(o, "max_arch_pfn", map ? number(b->max_arch_pfn) : NULL);
	add(o, "physpages", map ? number(b->physpages) : NULL);
	add(o, "mem_total_kib", b->totalram.basis == AMOUNT_UNKNOWN ? NULL : number(pages_to_kib(b->totalram.v)));
	add(o, "mem_total_basis", text(basis_name(b->totalram.basis)));
	add(o, "mem_total_min_kib", b->totalram.basis == AMOUNT_UNKNOWN ? NULL : number(pages_to_kib(b->totalram.min)));
	add(o, "mem_total_max_kib", b->totalram.basis == AMOUNT_UNKNOWN ? NULL : number(pages_to_kib(b->totalram.max)));
	if (!map)
		return o;
	add(o, "min_free_kbytes", b->onlined_later ? NULL : number(b->min_free_kbytes));
	add(o, "fallback", predicted_fallback(b));
	add(o, "nodes", predicted_nodes(b));
	add(o, "iomem", predicted_iomem(b));
	add(o, "memory_blocks", predicted_blocks(b));
	add(o, "direct_map_kib", direct_map(b));
	add(o, "memblock", allocations(b));
	return o;
}

/* --- observed --- */

static struct json_object *said(struct said s) { return s.line ? number(s.value) : NULL; }

static void add_said(struct json_object *o, const char *key, struct said s)
{
	if (s.line)
		add(o, key, said(s));
}

static struct json_object *observed_zone(const struct zoneinfo_zone *z)
{
	struct json_object *o = json_object_new_object();

	add(o, "name", text(z->name));
	add_said(o, "start_pfn", z->start_pfn);
	add_said(o, "spanned", z->spanned);
	add_said(o, "present", z->present);
	add_said(o, "managed", z->managed);
	add_said(o, "min", z->min);
	add_said(o, "low", z->low);
	add_said(o, "high", z->high);
	add_said(o, "promo", z->promo);
	if (z->nr_protection) {
		struct json_object *protection = json_object_new_array();

		for (size_t i = 0; i < z->nr_protection; i++)
			append(protection, number(z->protection[i]));
		add(o, "protection", protection);
	}
	add_said(o, "pcp_high", z->pcp_high);
	add_said(o, "pcp_high_min", z->pcp_high_min);
	add_said(o, "pcp_high_max", z->pcp_high_max);
	add_said(o, "pcp_batch", z->pcp_batch);
	add_said(o, "stat_threshold", z->stat_threshold);
	return o;
}

static struct json_object *observed_nodes(const struct zoneinfo *zi)
{
	struct json_object *a = json_object_new_array(), *zones = NULL;
	int last = -1;

	for (size_t i = 0; i < zi->nr; i++) {
		if (zi->v[i].nid != last) {
			struct json_object *o = json_object_new_object();

			zones = json_object_new_array();
			last = zi->v[i].nid;
			add(o, "id", json_object_new_int(last));
			add(o, "zones", zones);
			append(a, o);
		}
		append(zones, observed_zone(&zi->v[i]));
	}
	return a;
}

static struct json_object *observed_fallback(const struct facts *log)
{
	struct json_object *a = json_object_new_array();

	for (each_fact(f, log, FACT_FALLBACK)) {
		struct json_object *order = json_object_new_array();
		struct str list = f->s[0], word;
		uint64_t n;

		while (str_cut_word(&list, &word))
			if (str_to_u64(word, 10, &n))
				append(order, number(n));
		append(a, order);
	}
	return a;
}

static void observed_log(struct json_object *o, const struct facts *log)
{
	const struct fact *memory = facts_last(log, FACT_MEMORY), *last = facts_first(log, FACT_LAST_PFN);
	uint64_t max_pfn = 0;

	for (each_fact(f, log, FACT_LAST_PFN))
		max_pfn = max_u64(max_pfn, f->v[0]);
	if (last) {
		add(o, "max_pfn", number(max_pfn));
		add(o, "max_arch_pfn", number(last->v[1]));
	}
	if (memory)
		add(o, "physpages", number(kib_to_pages(memory->v[1])));
	if (facts_first(log, FACT_FALLBACK))
		add(o, "fallback", observed_fallback(log));
}

static struct json_object *observed_direct_map(const struct key_values *meminfo)
{
	static const struct { const char *key, *name; } rows[] = { { "DirectMap4k", "4k" }, { "DirectMap2M", "2m" }, { "DirectMap4M", "4m" }, { "DirectMap1G", "1g" } };
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct key_value *kv = key_values_find(meminfo, rows[i].key);

		if (kv)
			add(o, rows[i].name, number(kv->value));
	}
	return o;
}

static struct json_object *observed(const struct boot_record *r)
{
	const struct key_value *total = key_values_find(&r->meminfo, "MemTotal");
	struct json_object *o = json_object_new_object();

	observed_log(o, &r->log);
	if (total) {
		add(o, "mem_total_kib", number(total->value));
		add(o, "direct_map_kib", observed_direct_map(&r->meminfo));
	}
	add_said(o, "min_free_kbytes", r->min_free_kbytes);
	if (r->zoneinfo.nr)
		add(o, "nodes", observed_nodes(&r->zoneinfo));
	if (r->iomem.nr) {
		struct json_object *a = json_object_new_array();

		for (size_t i = 0; i < r->iomem.nr; i++)
			append(a, resource(r->iomem.v[i].start, r->iomem.v[i].end, r->iomem.v[i].name));
		add(o, "iomem", a);
	}
	if (r->blocks.size_bytes.line) {
		struct json_object *blocks = json_object_new_object();

		add(blocks, "size", number(r->blocks.size_bytes.value));
		add(o, "memory_blocks", blocks);
	}
	return o;
}

/* --- checks, ledger, findings --- */

static struct json_object *value(const struct value *v)
{
	struct json_object *a;

	if (!v->known)
		return NULL;
	if (!v->nr)
		return number(v->v[0]);
	a = json_object_new_array();
	for (size_t i = 0; i < v->nr; i++)
		append(a, number(v->v[i]));
	return a;
}

static struct json_object *source(enum source_kind kind, uint32_t line)
{
	char s[64];

	snprintf(s, sizeof(s), "%s:%u", source_name(kind), line);
	return text(s);
}

static struct json_object *checks(const struct checks *checks)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < checks->nr; i++) {
		const struct check *c = &checks->v[i];
		struct json_object *o = json_object_new_object();

		add(o, "id", text(c->id));
		add(o, "where", text(c->where));
		add(o, "predicted", value(&c->predicted));
		add(o, "observed", value(&c->observed));
		add(o, "source", source(c->source, c->line));
		add(o, "stage", text(c->stage));
		add(o, "verdict", text(check_verdict_name(c->verdict)));
		append(a, o);
	}
	return a;
}

static struct json_object *ledger(const struct ledger *ledger)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < ledger->nr; i++) {
		const struct ledger_row *r = &ledger->v[i];
		struct json_object *o = json_object_new_object(), *lines = json_object_new_array();

		add(o, "owner", text(r->id));
		add(o, "label", text(r->label));
		add(o, "bytes", json_object_new_int64(r->bytes));
		add(o, "basis", text(basis_name(r->basis)));
		add(o, "parent", text(r->parent));
		for (size_t l = 0; l < ARRAY_SIZE(r->lines) && r->lines[l]; l++)
			append(lines, source(SOURCE_DMESG, r->lines[l]));
		add(o, "source", lines);
		append(a, o);
	}
	return a;
}

static struct json_object *findings(const struct findings *findings)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < findings->nr; i++) {
		const struct finding *f = &findings->v[i];
		struct json_object *o = json_object_new_object(), *lines = json_object_new_array();

		add(o, "id", text(f->id));
		add(o, "name", text(f->name));
		add(o, "severity", text(severity_name(f->severity)));
		add(o, "title", text(f->title));
		add(o, "detail", text(f->detail));
		add(o, "bytes", f->bytes_known ? number(f->bytes) : NULL);
		add(o, "advice", text(f->advice));
		for (size_t l = 0; l < f->nr_lines; l++)
			append(lines, number(f->lines[l]));
		add(o, "lines", lines);
		append(a, o);
	}
	return a;
}

static struct json_object *generator(void)
{
	struct json_object *o = json_object_new_object();

	add(o, "name", text("meminit-analyze"));
	add(o, "version", text(PACKAGE_VERSION));
	return o;
}

struct json_object *verdict_to_json(const struct verdict *v)
{
	struct json_object *doc = json_object_new_object();

	add(doc, "schema", text(SCHEMA));
	add(doc, "generator", generator());
	add(doc, "input", input(v));
	add(doc, "kernel", kernel(v));
	add(doc, "machine", machine(v));
	add(doc, "predicted", predicted(v->boot));
	add(doc, "observed", observed(v->record));
	add(doc, "checks", checks(&v->checks));
	add(doc, "ledger", ledger(&v->ledger));
	add(doc, "findings", findings(&v->findings));
	add(doc, "unexplained_bytes", v->unexplained_known ? number(v->unexplained_bytes) : NULL);
	return doc;
}

/* --- the sink --- */

static void write_verdict(struct sink *sink, const struct verdict *verdict)
{
	struct json_object *doc = verdict_to_json(verdict);

	json_write_line(doc, sink->out);
	json_object_put(doc);
}

const struct sink_ops sink_json = { .name = "json", .verdict = write_verdict };
