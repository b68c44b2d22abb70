/*
 * verify_zones.c - zone by zone: the model against zoneinfo, or what a report in the log repeats of it.
 *
 * One table says which number of a zone stands where in the file.
 */
#include "stages.h"
#include "verify.h"

struct zone_field {
	const char *id;
	size_t model, file; /* offsets in struct zone and struct zoneinfo_zone */
	enum stage_id stage;
	bool populated_only;
};

#define FIELD(id, model, file, stage, populated) { "zone." id, offsetof(struct zone, model), offsetof(struct zoneinfo_zone, file), STAGE_##stage, populated }

static const struct zone_field zone_fields[] = {
	FIELD("start_pfn", span.start, start_pfn, ZONES, true),
	FIELD("spanned", spanned, spanned, ZONES, false),
	FIELD("present", present_shown, present, ZONES, false),
	FIELD("min", min, min, WATERMARKS, true),
	FIELD("low", low, low, WATERMARKS, true),
	FIELD("high", high, high, WATERMARKS, true),
	FIELD("promo", promo, promo, WATERMARKS, true),
	FIELD("pcp_batch", pcp_batch, pcp_batch, PCP, true),
	FIELD("stat_threshold", stat_threshold, stat_threshold, PCP, true),
};

static uint64_t member(const void *p, size_t offset) { return *(const uint64_t *)((const char *)p + offset); }
static struct said said_member(const void *p, size_t offset) { return *(const struct said *)((const char *)p + offset); }

static bool needs_marks(const struct zone_field *f) { return f->stage == STAGE_WATERMARKS || f->stage == STAGE_PCP; }

/* One zone: the two sides of it. */
struct pair {
	const struct zone *model, *marks; /* as the boot left it; as watermarks see it, NULL if they are not known */
	const struct zoneinfo_zone *file;
	const char *where;
};

static void add(struct verifier *v, const struct pair *p, const char *id, struct value predicted, struct said file, enum stage_id stage)
{
	struct check_of of = { id, p->where, v->zones_source, file.line, stage };

	struct check *c = verify_add(v, &of, predicted, value_said(file));

	verify_allow_for_doubt(v, c);
	if (verify_blocks_offline(v))
		verify_excuse(c, verify_changed_since(v));
	if (p->model && p->model->type == ZONE_DEVICE)
		verify_excuse(c, "drivers of persistent memory set this zone up, after the boot");
}

static void verify_managed(struct verifier *v, const struct pair *p)
{
	struct check_of of = { "zone.managed", p->where, v->zones_source, p->file->managed.line, STAGE_LATE };
	struct check *c = verify_add(v, &of, value_amount(p->model->managed), value_said(p->file->managed));

	verify_allow_amount(c, p->model->managed, p->file->managed.value,
			    v->boot->zones_grow ? "bounded: pages are initialised when the zone runs short" : "bounded: where the image lies is not known");
	verify_excuse(c, verify_changed_since(v));
}

/* Even to read vm.lowmem_reserve_ratio computes the reserves again. Kernel: lowmem_reserve_ratio_sysctl_handler(). */
static bool protected_anew(const struct boot *b, const struct pair *p)
{
	uint64_t anew[NR_ZONE_TYPES] = { 0 };

	if (p->file->nr_protection != b->nr_zones)
		return false;
	watermarks_protection(b, p->file->nid, p->model->type, true, anew);
	for (size_t i = 0; i < b->nr_zones; i++)
		if (p->file->protection[i] != anew[b->zone_order[i]])
			return false;
	return true;
}

static void verify_protection(struct verifier *v, const struct pair *p)
{
	const struct boot *b = v->boot;
	struct value predicted = { .known = true, .nr = b->nr_zones }, observed = { .known = p->file->nr_protection > 0, .nr = p->file->nr_protection };
	struct check_of of = { "zone.protection", p->where, v->zones_source, p->file->protection_line, STAGE_WATERMARKS };
	struct check *c;

	for (size_t i = 0; i < b->nr_zones; i++)
		predicted.v[i] = p->marks->protection[b->zone_order[i]];
	for (size_t i = 0; i < p->file->nr_protection; i++)
		observed.v[i] = p->file->protection[i];
	c = verify_add(v, &of, predicted, observed);
	verify_allow_for_doubt(v, c);
	verify_excuse(c, protected_anew(b, p) ? "computed anew since: vm.lowmem_reserve_ratio was read or set" : NULL);
	if (verify_blocks_offline(v))
		verify_excuse(c, verify_changed_since(v));
}

static void verify_pcp_high(struct verifier *v, const struct pair *p)
{
	if (p->file->pcp_high_min.line) {
		add(v, p, "zone.pcp_high_min", value_number(p->marks->pcp_high_min), p->file->pcp_high_min, STAGE_PCP);
		add(v, p, "zone.pcp_high_max", value_number(p->marks->pcp_high_max), p->file->pcp_high_max, STAGE_PCP);
	} else if (p->file->pcp_high.line && boot_trait(v->boot, TRAIT_PCP_HIGH) != PCP_HIGH_AUTO) {
		add(v, p, "zone.pcp_high", value_number(p->marks->pcp_high), p->file->pcp_high, STAGE_PCP);
	}
}

/* Extents that hang on where the image lies. */
static bool is_open(const struct pair *p, const struct zone_field *f)
{
	const struct zone *z = p->model;

	return (z->start_open && f->model == offsetof(struct zone, span.start)) || (z->spanned_open && f->model == offsetof(struct zone, spanned)) ||
	       (z->present_open && f->model == offsetof(struct zone, present_shown));
}

static void verify_fields(struct verifier *v, const struct pair *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(zone_fields); i++) {
		const struct zone_field *f = &zone_fields[i];
		struct said s = said_member(p->file, f->file);
		const struct zone *zone = needs_marks(f) ? p->marks : p->model;

		if (s.line && (!f->populated_only || p->file->present.value))
			add(v, p, f->id, zone && !is_open(p, f) ? value_number(member(zone, f->model)) : value_unknown, s, f->stage);
	}
}

static void verify_zone(struct verifier *v, const struct zoneinfo_zone *file)
{
	struct pair p = { .model = verify_model_zone(v->boot, file->nid, file->name), .file = file, .where = verify_zone_name(v, file->nid, file->name) };

	p.marks = v->now ? verify_model_zone(v->now, file->nid, file->name) : NULL;
	/* A zone that memory was onlined into later, or that the model does not have: nothing to compare with. */
	if (!p.model || (v->boot->onlined_later && p.model->managed.basis == AMOUNT_UNKNOWN)) {
		struct check_of of = { "zone.present", p.where, v->zones_source, file->line, STAGE_ZONES };

		verify_add(v, &of, value_unknown, value_said(file->present))->slack_why = p.model ? "memory was onlined after the boot" : NULL;
		return;
	}
	verify_fields(v, &p);
	if (file->managed.line)
		verify_managed(v, &p);
	if (!file->present.value || !p.marks)
		return;
	if (file->protection_line)
		verify_protection(v, &p);
	verify_pcp_high(v, &p);
}

void verify_zones(struct verifier *v)
{
	const struct zoneinfo *zones = record_zones(v->record);

	v->zones_source = record_zones_source(v->record);
	for (size_t i = 0; i < zones->nr; i++)
		verify_zone(v, &zones->v[i]);
}
