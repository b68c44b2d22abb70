/*
 * verify.c - hold every count of the model against what the real kernel said.
 *
 * The parts are in verify_*.c, one a source or a kind of thing. A pair of numbers is compared as it is; where one side is
 * missing that is said too. No tolerance, except where a part gives one with its reason.
 */
#include "verify.h"

#include "tools.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *check_verdict_name(enum check_verdict verdict)
{
	static const char *const names[] = { "match", "mismatch", "not-observed", "not-predicted" };

	return names[verdict];
}

const struct value value_unknown;

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

struct check *verify_add(struct verifier *v, const struct check_of *of, struct value predicted, struct value observed)
{
	struct check *c = vec_push(v->arena, v->checks);

	/* Without a map there was nothing to run on, and the model knows of no pages at all. */
	if (!v->boot->physpages)
		predicted = value_unknown;
	*c = (struct check){
		.id = of->id, .where = of->where, .predicted = predicted, .observed = observed, .source = of->source, .line = of->line,
		.stage = stage_name(of->stage),
	};
	if (!observed.known)
		c->verdict = CHECK_NOT_OBSERVED;
	else if (!predicted.known)
		c->verdict = CHECK_NOT_PREDICTED;
	else
		c->verdict = same(&predicted, &observed, 0) ? CHECK_MATCH : CHECK_MISMATCH;
	return c;
}

void verify_allow(struct check *c, uint64_t slack, const char *why)
{
	if (c->verdict != CHECK_MISMATCH)
		return;
	c->slack = max_u64(c->slack, slack);
	c->slack_why = why;
	if (same(&c->predicted, &c->observed, c->slack))
		c->verdict = CHECK_MATCH;
}

void verify_excuse(struct check *c, const char *cause)
{
	if (c->verdict != CHECK_MISMATCH || !cause)
		return;
	c->verdict = CHECK_NOT_PREDICTED;
	c->slack_why = cause;
}

bool verify_blocks_offline(const struct verifier *v) { return tools_offline_present(v->boot, v->record) > 0; }

const char *verify_changed_since(const struct verifier *v)
{
	const struct key_value *inflated = key_values_find(&v->record->vmstat, "balloon_inflate");
	const struct facts *log = &v->record->log;

	if (verify_blocks_offline(v))
		return "memory blocks that were there at the boot are offline";
	if (facts_first(log, FACT_BALLOON) || facts_first(log, FACT_BALLOON_MAX) || (inflated && inflated->value))
		return "a balloon takes and gives memory";
	if (facts_first(log, FACT_VIRTIO_MEM))
		return "virtio-mem plugs and unplugs memory";
	return NULL;
}

/* A range that holds the truth is right; an exact claim must be exact. */
void verify_allow_amount(struct check *c, struct amount pages, uint64_t observed_pages, const char *why)
{
	if (c->verdict != CHECK_MISMATCH || pages.basis == AMOUNT_EXACT || !amount_may_be(pages, observed_pages))
		return;
	c->verdict = CHECK_MATCH;
	c->slack_why = why;
}

/* vm.lowmem_reserve_ratio of the lowest zones. */
#define PROTECTION_RATIO 256

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

/* Pages of the image that came back: when the watermarks were set first they were missing, too, and no one knows where. */
static uint64_t returned_image_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->late.nr; i++)
		if (b->late.v[i].kind >= LATE_INITMEM && b->late.v[i].kind <= LATE_DECRYPTED)
			pages += b->late.v[i].pages;
	return b->kernel_base_known ? 0 : pages;
}

/* Zones share min_free_kbytes by their sizes; the highest mark is twice that at most. */
static uint64_t shared_marks(const struct boot *b, const struct check *c)
{
	return !strcmp(c->stage, stage_name(STAGE_WATERMARKS)) || str_starts(str_of(c->id), STR("zone.pcp_high")) ? 2 * kib_to_pages(b->min_free_kbytes) : 0;
}

void verify_allow_for_doubt(struct verifier *v, struct check *c)
{
	const struct boot *b = v->boot;
	uint64_t pages = doubtful_pages(b), slack = 0;

	if (c->verdict != CHECK_MISMATCH || !pages || !b->physpages)
		return;
	pages += returned_image_pages(b);
	for (size_t i = 0; i < (c->predicted.nr ? c->predicted.nr : 1); i++)
		slack = max_u64(slack, 1 + (uint64_t)((double)max_u64(c->predicted.v[i], shared_marks(b, c)) * (double)pages / (double)b->physpages));
	if (c->predicted.nr)
		slack = max_u64(slack, div_up(pages, PROTECTION_RATIO));
	verify_allow(c, slack, "the zone of some pages does not follow from the input");
}

void amount_sum(struct amount *sum, struct amount part)
{
	sum->v += part.v;
	sum->min += part.min;
	sum->max += part.max;
	if (part.basis < sum->basis)
		sum->basis = part.basis;
}

const char *verify_name(struct verifier *v, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_strndup(v->arena, text, strlen(text));
}

const char *verify_zone_name(struct verifier *v, int nid, const char *zone) { return verify_name(v, "node %d zone %s", nid, zone); }

const struct zone *verify_model_zone(const struct boot *b, int nid, const char *name)
{
	for (size_t i = 0; i < b->nr_zones; i++)
		if (str_is(str_of(name), zone_type_name(b->zone_order[i])))
			return boot_zone(b, nid, b->zone_order[i]);
	return NULL;
}

void verify(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct checks *ret)
{
	struct verifier v = { .arena = arena, .record = record, .boot = boot, .checks = ret };

	v.now = boot_marks_known(boot) ? boot : verify_boot_now(&v);
	verify_zones(&v);
	verify_log(&v);
	verify_meminfo(&v);
	verify_files(&v);
	verify_ranges(&v);
	verify_blocks(&v);
	verify_nodes(&v);
	verify_buddy(&v);
}
