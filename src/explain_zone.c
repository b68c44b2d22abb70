/*
 * explain_zone.c - every number of a zone with its formula and what went into it; and a node.
 */
#include "explain_private.h"

#include <inttypes.h>

#include "mia/owned.h"

#define SCALE_FACTOR 10

struct zone_view {
	const struct pgdat *node;
	const struct zone *zone;
	const struct zoneinfo_zone *file; /* NULL if the input has none */
};

/* The line of zoneinfo, or of a report in the log, that states a number. */
static void at(const struct explainer *e, struct answer_row *r, struct said said)
{
	if (!said.line)
		return;
	r->source = record_zones_source(e->record);
	row_line(r, said.line);
}

static const struct zone *find_zone(const struct boot *b, int nid, struct str name)
{
	if (nid < 0 || (size_t)nid >= b->nr_nodes)
		return NULL;
	for (size_t z = 0; z < b->nr_zones; z++)
		if (str_is(name, zone_type_name(b->zone_order[z])))
			return &b->node[nid].zone[b->zone_order[z]];
	return NULL;
}

static const struct zoneinfo_zone *find_file(const struct boot_record *record, int nid, const char *name)
{
	const struct zoneinfo *zones = record ? record_zones(record) : NULL;

	for (size_t i = 0; zones && i < zones->nr; i++)
		if (zones->v[i].nid == nid && str_is(str_of(zones->v[i].name), name))
			return &zones->v[i];
	return NULL;
}

/* --- geometry --- */

static void say_geometry(struct explainer *e, const struct zone_view *z)
{
	const struct zone *zone = z->zone;
	struct answer_row *r = row_range(e, "span", "Spans", PFN_PHYS(zone->span.start), PFN_PHYS(zone->span.end));

	row_why(e, r, "What node %d's memory and the zone's limits (%.*s) have in common.", z->node->nid,
		STR_ARG(range_text(e, PFN_PHYS(e->b->zone_lo[zone->type]), max_u64(PFN_PHYS(e->b->zone_hi[zone->type]), 1))));
	row_stage(r, STAGE_ZONES);
	r = row_address(e, "start_pfn", "start_pfn", zone->span.start);
	if (z->file)
		at(e, r, z->file->start_pfn);
	r = row_pages(e, "spanned", "spanned", zone->spanned);
	row_why(e, r, "0x%" PRIx64 " - 0x%" PRIx64 ": from its first page to its last.", zone->span.end, zone->span.start);
	row_stage(r, STAGE_ZONES);
	if (z->file)
		at(e, r, z->file->spanned);
	r = row_pages(e, "present", "present", zone->present_shown);
	if (zone->present_shown != zone->present)
		row_why(e, r, "%" PRIu64 " pages of memory, less %" PRIu64 " for their struct pages and %" PRIu64 " reserved below 16 MiB: so this kernel counts.", zone->present, zone->memmap_pages, zone->dma_reserve);
	else
		row_why(e, r, "Pages of memory among them.");
	row_stage(r, STAGE_ZONES);
	if (z->file)
		at(e, r, z->file->present);
	r = row_pages(e, "absent", "absent", zone->spanned - zone->present);
	row_why(e, r, "spanned - present: holes.");
	if (!zone->unavailable)
		return;
	r = row_pages(e, "unavailable", "unavailable", zone->unavailable);
	row_why(e, r, "Pages of holes that have a struct page, set up with this zone.");
}

/* --- managed --- */

/* Bytes of each owner inside the zone. */
static void say_holders(struct explainer *e, const struct zone *zone, int nid)
{
	struct owned_ranges claims = owned_by_address(e->arena, e->b);
	struct phys_range span = { PFN_PHYS(zone->span.start), PFN_PHYS(zone->span.end) };
	uint64_t bytes[NR_OWNERS] = { 0 };

	for (size_t i = 0; i < claims.nr; i++) {
		const struct owned_range *c = &claims.v[i];
		struct phys_range in = phys_clip(c->range, span);
		int owner_nid = NUMA_NO_NODE;

		/* Spans of nodes may overlap: the page's own node counts. */
		if (phys_len(in) && boot_zone_of(e->b, PFN_DOWN(in.start), &owner_nid) && owner_nid == nid)
			bytes[c->owner] += phys_len(in);
	}
	for (int largest = 0; largest >= 0;) {
		uint64_t most = 0;

		largest = -1;
		for (int o = 0; o < NR_OWNERS; o++)
			if (bytes[o] > most) {
				most = bytes[o];
				largest = o;
			}
		if (largest < 0)
			return;
		row_bytes(e, "holder", owner_label((enum owner)largest), most);
		bytes[largest] = 0;
	}
}

static const char *why_range(const struct boot *b, const struct zone *zone)
{
	if (zone->managed.basis == AMOUNT_EXACT)
		return "";
	if (b->zones_grow && zone->managed_early < zone->managed_at_free)
		return " when all are set up; a range, as the zone gets them a section at a time, when it runs short";
	return "; a range, as the place of some pages is not known";
}

static void say_managed(struct explainer *e, const struct zone_view *z)
{
	const struct zone *zone = z->zone;
	struct answer_row *r;

	if (zone->managed.basis == AMOUNT_UNKNOWN) {
		r = row_unknown(e, "managed", "managed");
		row_why(e, r, "Memory came into the zone after the boot, and the input does not say how much.");
	} else {
		r = row_pages(e, "managed", "managed", zone->managed.v);
		row_why(e, r, "present %" PRIu64 " - reserved %" PRIu64 " at the hand-over = %" PRIu64 ", + %" PRIu64 " that came later%s.", zone->present, sub_sat(zone->present, zone->managed_at_free),
			zone->managed_at_free, zone->managed.v - min_u64(zone->managed_at_free, zone->managed.v), why_range(e->b, zone));
	}
	row_stage(r, STAGE_FREE_ALL);
	if (z->file)
		at(e, r, z->file->managed);
	if (zone->managed.basis == AMOUNT_BOUNDED || zone->managed.basis == AMOUNT_ESTIMATED) {
		row_pages(e, "managed_min", "managed, at least", zone->managed.min);
		row_pages(e, "managed_max", "managed, at most", zone->managed.max);
	}
	say_holders(e, zone, z->node->nid);
}

/* --- watermarks --- */

static uint64_t wmark_size(const struct boot *b, const struct zone *zone)
{
	return boot_trait(b, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT ? zone->present_shown : zone->managed_wmark;
}

static bool shares_min(const struct boot *b, const struct zone *zone)
{
	return zone->type != ZONE_HIGHMEM && (zone->type != ZONE_MOVABLE || !boot_trait(b, TRAIT_MIN_MOVABLE));
}

static uint64_t sharing_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones; i++)
			if (shares_min(b, &b->node[n].zone[b->zone_order[i]]))
				pages += wmark_size(b, &b->node[n].zone[b->zone_order[i]]);
	return pages;
}

static void say_min(struct explainer *e, const struct zone_view *z)
{
	struct answer_row *r = row_pages(e, "min", "min", z->zone->min);

	if (shares_min(e->b, z->zone))
		row_why(e, r, "min_free_kbytes %" PRIu64 " KiB = %" PRIu64 " pages, shared by size: * %" PRIu64 " / %" PRIu64 " pages of all zones that take part.", e->b->min_free_kbytes,
			kib_to_pages(e->b->min_free_kbytes), wmark_size(e->b, z->zone), sharing_pages(e->b));
	else
		row_why(e, r, "A zone that the kernel itself cannot use keeps a 1024th of it, 32 to 128 pages.");
	row_stage(r, STAGE_WATERMARKS);
	if (z->file)
		at(e, r, z->file->min);
}

static void say_marks(struct explainer *e, const struct zone_view *z)
{
	const struct zone *zone = z->zone;
	uint64_t step = zone->low - zone->min, factor = e->b->scale_factor ? e->b->scale_factor : SCALE_FACTOR;
	struct answer_row *r = row_pages(e, "low", "low", zone->low);

	if (boot_trait(e->b, TRAIT_WATERMARK_STEP))
		row_why(e, r, "min + %" PRIu64 ": the larger of a quarter of min's share and %" PRIu64 " / 10000 of the zone's %" PRIu64 " pages (watermark_scale_factor).", step, factor, wmark_size(e->b, zone));
	else
		row_why(e, r, "min + %" PRIu64 ": a quarter of min's share.", step);
	row_stage(r, STAGE_WATERMARKS);
	if (z->file)
		at(e, r, z->file->low);
	r = row_pages(e, "high", "high", zone->high);
	row_why(e, r, "min + %" PRIu64 ": twice that%s.", zone->high - zone->min, boot_trait(e->b, TRAIT_WATERMARK_STEP) ? "" : ", half of min's share");
	row_stage(r, STAGE_WATERMARKS);
	if (z->file)
		at(e, r, z->file->high);
	if (!zone->has_promo)
		return;
	r = row_pages(e, "promo", "promo", zone->promo);
	row_why(e, r, "min + %" PRIu64 ": three times that.", zone->promo - zone->min);
	row_stage(r, STAGE_WATERMARKS);
	if (z->file)
		at(e, r, z->file->promo);
}

/* What the zone keeps from requests that a higher zone could serve. */
static void say_protection(struct explainer *e, const struct zone_view *z)
{
	const struct boot *b = e->b;
	uint64_t above = 0;
	bool higher = false;

	for (size_t i = 0; i < b->nr_zones; i++) {
		const struct zone *other = &z->node->zone[b->zone_order[i]];
		uint64_t keeps = z->zone->protection[b->zone_order[i]];
		struct answer_row *r;

		if (!higher) {
			higher = b->zone_order[i] == z->zone->type;
			continue;
		}
		above += boot_trait(b, TRAIT_RESERVE_LIVE) ? other->managed.v : boot_trait(b, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT ? other->present_shown : other->managed_first_wmark;
		r = row_pages(e, "protection", explain_printf(e, "protection from %s", zone_type_name(other->type)).p, keeps);
		if (keeps && above)
			row_why(e, r, "A request that %s could serve leaves %" PRIu64 " pages here: %" PRIu64 " pages from above this zone up to there / %" PRIu64 " (lowmem_reserve_ratio).", zone_type_name(other->type), keeps, above,
				above / keeps);
		else
			row_why(e, r, above ? "Nothing is kept." : "There is no memory above.");
		row_stage(r, STAGE_WATERMARKS);
		if (z->file && z->file->nr_protection)
			at(e, r, (struct said){ 1, z->file->protection_line });
	}
}

/* --- per-CPU lists --- */

static void say_pcp(struct explainer *e, const struct zone_view *z)
{
	const struct zone *zone = z->zone;
	uint64_t cpus = z->node->cpus ? z->node->cpus : max_u64(e->b->machine->online_cpus, 1);
	struct answer_row *r = row_pages(e, "pcp_batch", "pcp batch", zone->pcp_batch);

	row_why(e, r, "A thousandth of the zone, bounded, as one less than a power of two; moved between the zone and a CPU's list at once.");
	row_stage(r, STAGE_PCP);
	if (z->file)
		at(e, r, z->file->pcp_batch);
	if (boot_trait(e->b, TRAIT_PCP_HIGH) == PCP_HIGH_AUTO) {
		r = row_pages(e, "pcp_high_min", "pcp high_min", zone->pcp_high_min);
		row_why(e, r, "low / %" PRIu64 " CPUs, at least four batches; high floats between the two with use.", cpus);
		row_stage(r, STAGE_PCP);
		r = row_pages(e, "pcp_high_max", "pcp high_max", zone->pcp_high_max);
		row_why(e, r, "An eighth of the zone / %" PRIu64 " CPUs.", cpus);
	} else {
		r = row_pages(e, "pcp_high", "pcp high", zone->pcp_high);
		if (boot_trait(e->b, TRAIT_PCP_HIGH) == PCP_HIGH_BATCH)
			row_why(e, r, "Six batches.");
		else
			row_why(e, r, "low / %" PRIu64 " CPUs, at least four batches.", cpus);
		if (z->file)
			at(e, r, z->file->pcp_high);
	}
	row_stage(r, STAGE_PCP);
	r = row_number(e, "stat_threshold", "stat_threshold", zone->stat_threshold);
	row_why(e, r, "2 * fls(%" PRIu32 " CPUs) * (1 + fls(pages / 32768)), 125 at most: how far a CPU's own counter may run off.", e->b->machine->online_cpus);
	row_stage(r, STAGE_PCP);
	if (z->file)
		at(e, r, z->file->stat_threshold);
}

/* Where the input says otherwise. */
static void say_mismatches(struct explainer *e, const char *where)
{
	const struct checks *checks = &e->verdict->checks;

	for (size_t i = 0; i < checks->nr; i++) {
		const struct check *c = &checks->v[i];
		struct answer_row *r;

		if (c->verdict != CHECK_MISMATCH || !str_is(str_of(c->where), where))
			continue;
		r = row_text(e, "mismatch", "The input says otherwise", "%s: %" PRIu64 ", not %" PRIu64, c->id, c->observed.v[0], c->predicted.v[0]);
		r->source = c->source;
		row_line(r, c->line);
	}
}

void explain_zone(struct explainer *e, const struct what *what)
{
	struct zone_view z = { .zone = find_zone(e->b, what->nid, what->name) };

	explain_begin(e, what, "zone");
	if (!z.zone || !z.zone->spanned) {
		explain_answer(e)->found = false;
		explain_sentence(e, z.zone ? "The zone is empty on this node." : "There is no such zone: nodes and zones are named as in zone:0/DMA32.");
		return;
	}
	z.node = &e->b->node[what->nid];
	z.file = find_file(e->record, what->nid, zone_type_name(z.zone->type));
	say_geometry(e, &z);
	say_managed(e, &z);
	if (z.zone->present && z.zone->managed.basis != AMOUNT_UNKNOWN && boot_marks_known(e->b)) {
		say_min(e, &z);
		say_marks(e, &z);
		say_protection(e, &z);
		say_pcp(e, &z);
	}
	say_mismatches(e, explain_printf(e, "node %d zone %s", what->nid, zone_type_name(z.zone->type)).p);
	explain_sentence(e, "Zone %s of node %d: %" PRIu64 " pages present, %" PRIu64 " managed.", zone_type_name(z.zone->type), what->nid, z.zone->present, z.zone->managed.v);
}

/* --- a node --- */

static void say_node_memory(struct explainer *e, const struct pgdat *node)
{
	const struct memblock_type *memory = &e->b->memblock.memory;

	for (size_t i = 0; i < memory->nr; i++)
		if (memory->v[i].nid == node->nid)
			row_range(e, "memory", "Memory", memory->v[i].base, memory->v[i].end);
}

static void say_node_tables(struct explainer *e, const struct pgdat *node)
{
	const struct machine *m = e->verdict->machine;
	struct strbuf s = { .arena = e->arena };
	struct answer_row *r;

	for (size_t i = 0; i < m->srat.nr; i++) {
		if (m->srat.v[i].node != node->nid)
			continue;
		r = row_range(e, "srat", "In the SRAT", m->srat.v[i].range.start, m->srat.v[i].range.end);
		row_why(e, r, "Proximity domain %d%s.", m->srat.v[i].pxm, m->srat.v[i].flags & SRAT_HOT_PLUGGABLE ? ", room for memory to be plugged in" : "");
		row_line(r, m->srat.v[i].line);
	}
	if (phys_len(node->node_data)) {
		r = row_range(e, "node_data", "NODE_DATA", node->node_data.start, node->node_data.end);
		row_stage(r, STAGE_NUMA);
	}
	for (size_t i = 0; i < e->b->nr_nodes; i++)
		if (e->b->node[i].online)
			strbuf_printf(&s, "%s%u", s.n ? " " : "", boot_distance(e->b, node->nid, (int)i));
	r = row_str(e, "distance", "Distances", strbuf_str(&s));
	row_why(e, r, machine_distances_known(m) ? "To each node that is online, in order." : "As without a SLIT: what the firmware's says is not known.");
	s = (struct strbuf){ .arena = e->arena };
	for (size_t i = 0; i < node->nr_fallback; i++)
		strbuf_printf(&s, "%s%d", i ? " " : "", node->fallback[i]);
	if (s.n) {
		r = row_str(e, "fallback", "Fallback order", strbuf_str(&s));
		row_why(e, r, "Where an allocation for this node is tried, in order.");
		row_stage(r, STAGE_ZONELISTS);
	}
}

void explain_node(struct explainer *e, const struct what *what)
{
	const struct pgdat *node = what->n < e->b->nr_nodes ? &e->b->node[what->n] : NULL;
	struct answer_row *r;

	explain_begin(e, what, "node");
	if (!node || !node->online) {
		explain_answer(e)->found = false;
		explain_sentence(e, "There is no such node.");
		return;
	}
	row_range(e, "span", "Spans", PFN_PHYS(node->span.start), PFN_PHYS(node->span.end));
	row_pages(e, "spanned", "spanned", node->spanned);
	row_pages(e, "present", "present", node->present);
	if (node->first_deferred_pfn && node->first_deferred_pfn < node->span.end) {
		r = row_address(e, "first_deferred_pfn", "Deferred from page", node->first_deferred_pfn);
		row_why(e, r, e->b->zones_grow ? "Struct pages from there on are set up a section at a time, when the zone runs short." :
						 "Struct pages from there on are set up when the other CPUs run.");
		row_stage(r, STAGE_FREE_ALL);
	}
	if (node->movable_pfn)
		row_address(e, "movable_pfn", "Movable from page", node->movable_pfn);
	row_number(e, "cpus", "CPUs", node->cpus);
	say_node_memory(e, node);
	say_node_tables(e, node);
	for (size_t z = 0; z < e->b->nr_zones; z++)
		if (node->zone[e->b->zone_order[z]].present)
			row_pages(e, "managed", explain_printf(e, "managed, %s", zone_type_name(e->b->zone_order[z])).p, node->zone[e->b->zone_order[z]].managed.v);
	explain_sentence(e, "Node %d: %.*s of memory, %" PRIu32 " CPUs.", node->nid, STR_ARG(bytes_text(e, PFN_PHYS(node->present))), node->cpus);
}
