/*
 * verify.c - hold every count of the model against what the real kernel said.
 *
 * One table says which number of a zone stands where in zoneinfo. A pair of numbers is compared as it is; where one side is
 * missing that is said too. No tolerance, except where a row gives one with its reason.
 */
#include <inttypes.h>

#include "mia/arena.h"
#include "mia/verdict.h"

const char *check_verdict_name(enum check_verdict verdict)
{
	static const char *const names[] = { "match", "mismatch", "not-observed", "not-predicted" };

	return names[verdict];
}

/* vm.lowmem_reserve_ratio of the lowest zones. */
#define PROTECTION_RATIO 256

struct verifier {
	struct arena *arena;
	const struct boot_record *record;
	const struct boot *boot;
	struct checks *checks;
};

static bool same(const struct value *a, const struct value *b, uint64_t slack)
{
	size_t nr = a->nr ? a->nr : 1;

	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < nr; i++)
		if (a->v[i] > b->v[i] ? a->v[i] - b->v[i] > slack : b->v[i] - a->v[i] > slack)
			return false;
	return true;
}

static struct check *add_check(struct verifier *v, const char *id, const char *where, struct value predicted, struct value observed, enum source_kind source, uint32_t line, enum stage_id stage)
{
	struct check *c = vec_push(v->arena, v->checks);

	*c = (struct check){ .id = id, .where = where, .predicted = predicted, .observed = observed, .source = source, .line = line, .stage = stage_name(stage) };
	if (!observed.known)
		c->verdict = CHECK_NOT_OBSERVED;
	else if (!predicted.known)
		c->verdict = CHECK_NOT_PREDICTED;
	else
		c->verdict = same(&predicted, &observed, 0) ? CHECK_MATCH : CHECK_MISMATCH;
	return c;
}

/*
 * Watermarks and reserves follow from the sizes of zones. Where pages were attributed and not seen, they may be off by as much
 * as those pages weigh.
 */
static uint64_t doubtful_pages(const struct boot *b)
{
	uint64_t pages = b->balance.unplaced_pages;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			pages = max_u64(pages, max_u64(zone->doubt_up, zone->doubt_down));
		}
	return pages;
}

static void allow_for_doubt(struct check *c, const struct boot *b)
{
	uint64_t pages = doubtful_pages(b);

	if (c->verdict != CHECK_MISMATCH || !pages || !b->physpages)
		return;
	for (size_t i = 0; i < (c->predicted.nr ? c->predicted.nr : 1); i++)
		c->slack = max_u64(c->slack, 1 + (uint64_t)((double)c->predicted.v[i] * (double)pages / (double)b->physpages));
	if (c->predicted.nr)
		c->slack = max_u64(c->slack, div_up(pages, PROTECTION_RATIO));
	c->slack_why = "the zone of some pages does not follow from the input";
	if (same(&c->predicted, &c->observed, c->slack))
		c->verdict = CHECK_MATCH;
}

static struct value number(uint64_t n) { return (struct value){ .known = true, .v = { n } }; }

static const struct value unknown;

static struct value said_value(struct said s) { return s.line ? number(s.value) : unknown; }

/* --- zones --- */

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

static const char *place(struct verifier *v, int nid, const char *zone)
{
	struct strbuf s = { .arena = v->arena };

	strbuf_printf(&s, "node %d zone %s", nid, zone);
	return strbuf_str(&s).p;
}

static bool needs_marks(const struct zone_field *f) { return f->stage == STAGE_WATERMARKS || f->stage == STAGE_PCP; }

static const struct zone *model_zone(const struct boot *b, const struct zoneinfo_zone *z)
{
	for (size_t i = 0; i < b->nr_zones; i++)
		if (str_is(str_of(z->name), zone_type_name(b->zone_order[i])))
			return boot_zone(b, z->nid, b->zone_order[i]);
	return NULL;
}

static void verify_managed(struct verifier *v, const struct zone *model, const struct zoneinfo_zone *file, const char *where)
{
	struct value predicted = number(model->managed.v), observed = said_value(file->managed);
	struct check *c;

	if (model->managed.basis == AMOUNT_UNKNOWN)
		predicted = unknown;
	c = add_check(v, "zone.managed", where, predicted, observed, SOURCE_ZONEINFO, file->managed.line, STAGE_LATE);
	/* A range that holds the truth is right; an exact claim must be exact. */
	if (c->verdict == CHECK_MISMATCH && model->managed.basis != AMOUNT_EXACT && observed.v[0] >= model->managed.min && observed.v[0] <= model->managed.max) {
		c->verdict = CHECK_MATCH;
		c->slack_why = "bounded: where the image lies is not known";
	}
}

static void verify_protection(struct verifier *v, const struct zone *model, const struct zoneinfo_zone *file, const char *where)
{
	const struct boot *b = v->boot;
	struct value predicted = { .known = true, .nr = b->nr_zones }, observed = { .known = file->nr_protection > 0, .nr = file->nr_protection };

	for (size_t i = 0; i < b->nr_zones; i++)
		predicted.v[i] = model->protection[b->zone_order[i]];
	for (size_t i = 0; i < file->nr_protection; i++)
		observed.v[i] = file->protection[i];
	allow_for_doubt(add_check(v, "zone.protection", where, predicted, observed, SOURCE_ZONEINFO, file->protection_line, STAGE_WATERMARKS), v->boot);
}

static void verify_pcp_high(struct verifier *v, const struct zone *model, const struct zoneinfo_zone *file, const char *where)
{
	if (file->pcp_high_min.line) {
		allow_for_doubt(add_check(v, "zone.pcp_high_min", where, number(model->pcp_high_min), said_value(file->pcp_high_min), SOURCE_ZONEINFO, file->pcp_high_min.line, STAGE_PCP), v->boot);
		allow_for_doubt(add_check(v, "zone.pcp_high_max", where, number(model->pcp_high_max), said_value(file->pcp_high_max), SOURCE_ZONEINFO, file->pcp_high_max.line, STAGE_PCP), v->boot);
	} else if (boot_trait(v->boot, TRAIT_PCP_HIGH) != PCP_HIGH_AUTO) {
		allow_for_doubt(add_check(v, "zone.pcp_high", where, number(model->pcp_high), said_value(file->pcp_high), SOURCE_ZONEINFO, file->pcp_high.line, STAGE_PCP), v->boot);
	}
}

static void verify_zone(struct verifier *v, const struct zoneinfo_zone *file)
{
	const struct zone *model = model_zone(v->boot, file);
	const char *where = place(v, file->nid, file->name);

	/* A zone that memory was onlined into later, or that the model does not have: nothing to compare with. */
	if (!model || (v->boot->onlined_later && model->managed.basis == AMOUNT_UNKNOWN)) {
		add_check(v, "zone.present", where, unknown, said_value(file->present), SOURCE_ZONEINFO, file->line, STAGE_ZONES);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(zone_fields); i++) {
		const struct zone_field *f = &zone_fields[i];
		struct said s = said_member(file, f->file);

		if (s.line && (!f->populated_only || file->present.value))
			allow_for_doubt(add_check(v, f->id, where, needs_marks(f) && v->boot->onlined_later ? unknown : number(member(model, f->model)), said_value(s), SOURCE_ZONEINFO, s.line, f->stage), v->boot);
	}
	if (file->managed.line)
		verify_managed(v, model, file, where);
	if (!file->present.value || v->boot->onlined_later)
		return;
	verify_protection(v, model, file, where);
	verify_pcp_high(v, model, file, where);
}

/* --- single numbers --- */

/* Without a map there was nothing to run on, and the model knows of no pages at all. */
static struct value if_run(const struct boot *b, uint64_t n) { return b->physpages ? number(n) : (struct value){ 0 }; }

static void verify_log(struct verifier *v)
{
	const struct facts *log = &v->record->log;
	const struct fact *memory = facts_last(log, FACT_MEMORY);
	uint64_t max_pfn = 0, line = 0;

	for (each_fact(f, log, FACT_LAST_PFN)) {
		max_pfn = max_u64(max_pfn, f->v[0]);
		line = f->line;
	}
	if (line)
		add_check(v, "max_pfn", "machine", if_run(v->boot, v->boot->announced_max_pfn), number(max_pfn), SOURCE_DMESG, (uint32_t)line, STAGE_E820);
	if (memory)
		add_check(v, "physpages", "machine", if_run(v->boot, v->boot->physpages), number(kib_to_pages(memory->v[1])), SOURCE_DMESG, memory->line, STAGE_ZONES);
}

static void verify_files(struct verifier *v)
{
	const struct boot_record *r = v->record;
	const struct key_value *total = key_values_find(&r->meminfo, "MemTotal");
	struct value predicted = v->boot->totalram.basis == AMOUNT_UNKNOWN ? unknown : number(pages_to_kib(v->boot->totalram.v));

	if (total) {
		struct check *c = add_check(v, "mem_total_kib", "machine", predicted, number(total->value), SOURCE_MEMINFO, total->line, STAGE_LATE);

		if (c->verdict == CHECK_MISMATCH && v->boot->totalram.basis != AMOUNT_EXACT && kib_to_pages(total->value) >= v->boot->totalram.min &&
		    kib_to_pages(total->value) <= v->boot->totalram.max)
			c->verdict = CHECK_MATCH;
	}
	if (r->min_free_kbytes.line)
		add_check(v, "min_free_kbytes", "machine", v->boot->onlined_later ? unknown : number(v->boot->min_free_kbytes), said_value(r->min_free_kbytes), SOURCE_SYSCTL_MIN_FREE, r->min_free_kbytes.line, STAGE_WATERMARKS);
	if (r->blocks.size_bytes.line && v->boot->block_size)
		add_check(v, "memory_block_size", "machine", number(v->boot->block_size), said_value(r->blocks.size_bytes), SOURCE_MEMORY_BLOCKS, r->blocks.size_bytes.line, STAGE_BLOCKS);
}

/* --- ranges --- */

static bool model_has_range(const struct boot *b, const struct iomem_entry *e)
{
	for (size_t i = 0; i < b->iomem.nr; i++)
		if (b->iomem.v[i].range.start == e->start && b->iomem.v[i].range.end == e->end && str_is(e->name, b->iomem.v[i].name))
			return true;
	return false;
}

static void verify_iomem(struct verifier *v)
{
	for (size_t i = 0; i < v->record->iomem.nr; i++) {
		const struct iomem_entry *e = &v->record->iomem.v[i];
		struct value observed = { .known = true, .nr = 2, .v = { e->start, e->end - 1 } };
		struct strbuf where = { .arena = v->arena };

		if (e->depth || !str_is(e->name, "System RAM"))
			continue;
		strbuf_printf(&where, "%.*s", STR_ARG(e->name));
		add_check(v, "iomem.range", strbuf_str(&where).p, model_has_range(v->boot, e) ? observed : unknown, observed, SOURCE_IOMEM, e->line, STAGE_RESOURCES);
	}
}

void verify(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct checks *ret)
{
	struct verifier v = { arena, record, boot, ret };

	for (size_t i = 0; i < record->zoneinfo.nr; i++)
		verify_zone(&v, &record->zoneinfo.v[i]);
	verify_log(&v);
	verify_files(&v);
	verify_iomem(&v);
}
