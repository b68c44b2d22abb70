/* sink_json.c - see sink_json.h. Computes nothing: every number is taken from the verdict as it stands. */
#include "sink_json.h"

#include "claims.h"
#include "json_out.h"
#include "json_parts.h"
#include "tools_text.h"

#include <string.h>

#define SCHEMA "meminit-analyze/verdict/1"

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
			json_range(w, b->memblock.memory.v[i].base, b->memblock.memory.v[i].end);
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
	json_out_maybe(w, "start_pfn", claim.start, z->span.start);
	json_out_maybe(w, "spanned", claim.spanned, z->spanned);
	json_out_maybe(w, "present", claim.present, z->present_shown);
	json_out_maybe(w, "managed", claim.managed, z->managed.v);
	json_out_text(w, "managed_basis", basis_name(z->managed.basis));
	json_out_maybe(w, "managed_min", claim.managed_range, z->managed.min);
	json_out_maybe(w, "managed_max", claim.managed_range, z->managed.max);
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
	json_out_maybe(w, "pcp_batch", claim.lists, z->pcp_batch);
	json_out_maybe(w, "stat_threshold", claim.lists, z->stat_threshold);
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

static void predicted_iomem(struct json_out *w, const struct boot *b)
{
	if (b->map_open) {
		json_out_null(w, "iomem");
		return;
	}
	json_out_list(w, "iomem");
	for (size_t i = 0; i < b->iomem.nr; i++)
		json_resource(w, b->iomem.v[i].range.start, b->iomem.v[i].range.end, str_of(b->iomem.v[i].name));
	json_out_end_list(w);
}

static void predicted_blocks(struct json_out *w, const struct boot *b)
{
	json_out_object(w, "memory_blocks");
	json_out_maybe(w, "size", b->block_size, b->block_size);
	if (b->block_size) {
		json_out_list(w, "present");
		for (size_t i = 0; i < b->blocks.nr; i++)
			json_range(w, b->blocks.v[i].start, b->blocks.v[i].end);
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
	json_out_maybe(w, "max_pfn", map && !b->announced_open, b->announced_max_pfn);
	json_out_maybe(w, "end_pfn", map && !b->max_pfn_open, b->max_pfn);
	json_out_maybe(w, "max_arch_pfn", map, b->max_arch_pfn);
	json_out_maybe(w, "physpages", map && !b->physpages_open, b->physpages);
	json_out_maybe(w, "mem_total_kib", total, pages_to_kib(b->totalram.v));
	json_out_text(w, "mem_total_basis", basis_name(b->totalram.basis));
	json_out_maybe(w, "mem_total_min_kib", total, pages_to_kib(b->totalram.min));
	json_out_maybe(w, "mem_total_max_kib", total, pages_to_kib(b->totalram.max));
	if (map) {
		json_out_maybe(w, "min_free_kbytes", b->min_free_known, b->min_free_kbytes);
		predicted_fallback(w, b);
		predicted_nodes(w, b);
		predicted_iomem(w, b);
		predicted_blocks(w, b);
		direct_map(w, b);
		allocations(w, b);
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
	json_prediction(w, v);
	json_observed(w, v->record);
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
