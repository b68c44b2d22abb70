/*
 * pages.c - see pages.h.
 *
 * Kernel: memmap_init_range() and init_unavailable_range() (mm/mm_init.c from 6.4, mm/page_alloc.c before),
 *         subsection_map_init() (mm/sparse.c).
 */
#include "mia/pages.h"

#include "mia/arena.h"
#include "mia/ranges.h"

#define SUBSECTION_PAGES UINT64_C(512)

struct describer {
	struct arena *arena;
	const struct boot *b;
	struct page_spans *out;
};

static void emit(struct describer *d, struct page_span span)
{
	struct page_span *last = d->out->nr ? &d->out->v[d->out->nr - 1] : NULL;

	if (span.pfn.start >= span.pfn.end)
		return;
	if (last && last->pfn.end == span.pfn.start && last->memory == span.memory && last->subsection == span.subsection && last->nid == span.nid && last->zone == span.zone && last->blank == span.blank)
		last->pfn.end = span.pfn.end;
	else
		*vec_push(d->arena, d->out) = span;
}

/* The piece of @r that lies in one zone of node @nid from its start on, with that zone; NR_ZONE_TYPES if none spans it. */
static uint64_t zone_piece(const struct boot *b, int nid, struct pfn_range r, enum zone_type *ret)
{
	uint64_t stop = r.end;

	*ret = NR_ZONE_TYPES;
	for (size_t z = 0; nid >= 0 && (size_t)nid < b->nr_nodes && z < b->nr_zones; z++) {
		const struct zone *zone = &b->node[nid].zone[b->zone_order[z]];

		if (zone->spanned && zone->span.start > r.start)
			stop = min_u64(stop, zone->span.start);
		if (zone->spanned && zone->span.start <= r.start && r.start < zone->span.end) {
			*ret = zone->type;
			return min_u64(r.end, zone->span.end);
		}
	}
	return stop;
}

static void emit_memory(struct describer *d, struct pfn_range r, int nid)
{
	while (r.start < r.end) {
		struct page_span span = { .memory = true, .subsection = true, .nid = nid };

		span.pfn = (struct pfn_range){ r.start, zone_piece(d->b, nid, r, &span.zone) };
		emit(d, span);
		r.start = span.pfn.end;
	}
}

/* --- holes --- */

/* A hole of 2 MiB or more has parts without any memory near. */
static void emit_hole(struct describer *d, struct page_span span)
{
	uint64_t first = round_up_to(span.pfn.start, SUBSECTION_PAGES), last = span.pfn.end / SUBSECTION_PAGES * SUBSECTION_PAGES;
	struct page_span part = span;

	part.subsection = true;
	if (first >= last) {
		/* It may still reach over a border between two that have memory on one side only. */
		emit(d, part);
		return;
	}
	part.pfn.end = first;
	emit(d, part);
	part.pfn.start = last;
	part.pfn.end = span.pfn.end;
	span.pfn = (struct pfn_range){ first, last };
	emit(d, span);
	emit(d, part);
}

/* The zone that ends at @pfn, as a span that nothing else claims; blank if none does. */
static struct page_span zone_before(const struct boot *b, uint64_t pfn)
{
	struct page_span ret = { .blank = true, .zone = b->zone_order[0] };

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (zone->spanned && zone->span.end == pfn)
				ret = (struct page_span){ .nid = (int)n, .zone = zone->type };
		}
	return ret;
}

/* To 5.7 a zone sets up all that it spans, holes too, as far as that is not deferred; what no zone spans stays blank. */
static void hole_of_spans(struct describer *d, struct pfn_range r)
{
	const struct boot *b = d->b;

	while (r.start < r.end) {
		struct page_span span = { .blank = true, .zone = b->zone_order[0] };
		uint64_t stop = r.end;

		/* 4.19 sets up the rest of a zone's last section, too. */
		if (boot_trait(b, TRAIT_UNAVAILABLE_RULE) == UNAVAILABLE_RESERVED_LINE)
			span = zone_before(b, r.start);
		for (size_t n = 0; n < b->nr_nodes; n++) {
			uint64_t limit = b->node[n].first_deferred_pfn;
			enum zone_type type;
			uint64_t end = zone_piece(b, (int)n, r, &type);

			if (type != NR_ZONE_TYPES && r.start < limit) {
				/* Of nodes that overlap the last one wins. */
				span.blank = false;
				span.nid = (int)n;
				span.zone = type;
				end = min_u64(end, limit);
			}
			stop = min_u64(stop, end);
		}
		span.pfn = (struct pfn_range){ r.start, stop };
		emit_hole(d, span);
		r.start = stop;
	}
}

static void describe_hole(struct describer *d, struct pfn_range r, const struct page_span *above)
{
	const struct boot *b = d->b;
	struct page_span span = { .pfn = r, .blank = true, .zone = b->zone_order[0] };

	switch (boot_trait(b, TRAIT_UNAVAILABLE_RULE)) {
	case UNAVAILABLE_ZONE_LINE:
	case UNAVAILABLE_NODE_LINE:
		/* Each hole belongs to what follows it, the last one to what it follows. */
		span.blank = false;
		span.nid = above->nid;
		span.zone = above->zone;
		emit_hole(d, span);
		break;
	default:
		if (boot_trait(b, TRAIT_HOLES_SET_UP))
			hole_of_spans(d, r);
		else
			emit_hole(d, span);
	}
}

/* --- section by section --- */

/* Zone of a frame of memory. */
static struct page_span memory_at(const struct boot *b, uint64_t pfn, int nid)
{
	struct page_span ret = { .nid = nid };

	zone_piece(b, nid, (struct pfn_range){ pfn, pfn + 1 }, &ret.zone);
	return ret;
}

static void describe_range(struct describer *d, struct pfn_range section, size_t *i, struct page_span *below)
{
	const struct memblock_type *memory = &d->b->memblock.memory;
	uint64_t pos = section.start;

	while (*i < memory->nr && PFN_UP(memory->v[*i].base) < section.end) {
		const struct memblock_region *r = &memory->v[*i];
		struct pfn_range pfn = pfn_clip((struct pfn_range){ PFN_UP(r->base), PFN_DOWN(r->end) }, section);

		if (pfn_len(pfn)) {
			struct page_span above = memory_at(d->b, pfn.start, r->nid);

			describe_hole(d, (struct pfn_range){ pos, max_u64(pos, pfn.start) }, &above);
			emit_memory(d, pfn, r->nid);
			*below = memory_at(d->b, pfn.end - 1, r->nid);
			pos = pfn.end;
		}
		if (PFN_DOWN(r->end) > section.end)
			break;
		++*i;
	}
	if (pos < section.end) {
		struct page_span next = *i < memory->nr ? memory_at(d->b, PFN_UP(memory->v[*i].base), memory->v[*i].nid) : *below;

		describe_hole(d, (struct pfn_range){ pos, section.end }, &next);
	}
}

void pages_describe(struct arena *arena, const struct boot *b, struct page_spans *ret)
{
	struct describer d = { arena, b, ret };
	struct page_span below = { .zone = ZONE_NORMAL };
	size_t i = 0;

	for (size_t s = 0; b->nr_zones && s < b->sections.nr; s++)
		describe_range(&d, (struct pfn_range){ PFN_DOWN(b->sections.v[s].start), PFN_DOWN(b->sections.v[s].end) }, &i, &below);
}

const struct page_span *pages_find(const struct page_spans *pages, uint64_t pfn)
{
	size_t lo = 0, hi = pages->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (pages->v[mid].pfn.end > pfn)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < pages->nr && pages->v[lo].pfn.start <= pfn ? &pages->v[lo] : NULL;
}

bool pages_in_section(const struct boot *b, uint64_t pfn)
{
	if (boot_trait(b, TRAIT_MEM_MODEL) == MODEL_FLAT)
		return pfn < b->max_pfn;
	return ranges_contain(&b->sections, PFN_PHYS(pfn));
}
