/*
 * verify_buddy.c - free lists: buddyinfo and pagetypeinfo against the pages that zones manage.
 *
 * What is free now is at most what the page allocator ever got. In a zone that nothing has allocated from yet, the lists are as
 * memblock's free ranges made them, order by order.
 */
#include "verify.h"

#include <string.h>

#include "mia/pages.h"

/* As the file says; 2 MiB on every kernel with huge pages. */
#define PAGEBLOCK_ORDER 9

static uint64_t free_pages(const uint64_t free[NR_ORDERS])
{
	uint64_t pages = 0;

	for (unsigned order = 0; order < NR_ORDERS; order++)
		pages += free[order] << order;
	return pages;
}

static struct value order_list(const uint64_t free[NR_ORDERS])
{
	struct value ret = { .known = true, .nr = NR_ORDERS };

	memcpy(ret.v, free, NR_ORDERS * sizeof(*free));
	return ret;
}

/* Nothing was taken from it, and nothing came later that would have merged with its blocks. */
static bool is_untouched(const struct zone *zone, uint64_t free)
{
	return zone->managed.basis == AMOUNT_EXACT && free == zone->managed.v && zone->managed_at_free == zone->managed.v && !zone->late_frees;
}

static void verify_row(struct verifier *v, const struct buddy_row *row)
{
	const struct zone *zone = verify_model_zone(v->boot, row->nid, row->zone);
	struct check_of of = { "buddy.free_pages", verify_zone_name(v, row->nid, row->zone), SOURCE_BUDDYINFO, row->line, STAGE_BUDDY };
	uint64_t free = free_pages(row->free);
	struct check *c;

	if (!zone || zone->managed.basis == AMOUNT_UNKNOWN || v->boot->onlined_later || boot_trait(v->boot, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT)
		return;
	c = verify_add(v, &of, value_number(zone->managed.max), value_number(free));
	if (free < zone->managed.max)
		verify_allow(c, UINT64_MAX, "the rest is in use");
	of.id = "buddy.orders";
	if (is_untouched(zone, free))
		verify_add(v, &of, order_list(zone->free_area), order_list(row->free));
}

/* --- pageblocks --- */

/* How many of @start, @start + @step, ... lie in [@r.start, @r.end). */
static uint64_t first_pages_in(uint64_t start, uint64_t step, struct pfn_range r)
{
	return r.start >= r.end ? 0 : div_up(r.end - start, step) - div_up(sub_sat(r.start, start), step);
}

static uint64_t pageblock_pages(const struct boot_record *r)
{
	return UINT64_C(1) << (r->pagetypes.block_order.line ? r->pagetypes.block_order.value : PAGEBLOCK_ORDER);
}

/* Blocks whose first page is online and says it is in this zone, counted from the zone's first page as the kernel does. */
static uint64_t pageblocks(struct verifier *v, const struct page_spans *pages, const struct zone *zone, int nid, uint64_t end_pfn)
{
	const struct pfn_range in = pfn_clip(zone->span, (struct pfn_range){ 0, end_pfn });
	const struct boot *b = v->boot;
	uint64_t nr = 0, step = pageblock_pages(v->record);

	for (size_t i = 0; i < pages->nr; i++) {
		const struct page_span *p = &pages->v[i];

		if (p->nid == nid && p->zone == zone->type && (p->subsection || !boot_trait(b, TRAIT_ONLINE_SUBSECTION)))
			nr += first_pages_in(zone->span.start, step, pfn_clip(p->pfn, in));
	}
	return nr;
}

/* The rows of one zone stand together. */
static void verify_blocks_of(struct verifier *v, const struct page_spans *pages, const struct pagetype_row *row, size_t nr)
{
	const struct boot *b = v->boot;
	const struct zone *zone = verify_model_zone(b, row->nid, row->zone);
	struct check_of of = { "pageblocks", verify_zone_name(v, row->nid, row->zone), SOURCE_PAGETYPEINFO, row->line, STAGE_ZONES };
	uint64_t sum = 0, all;
	struct check *c;

	for (size_t i = 0; i < nr; i++)
		sum += row[i].blocks;
	if (!zone || !zone->spanned || !b->sections.nr || b->onlined_later)
		return;
	all = pageblocks(v, pages, zone, row->nid, UINT64_MAX);
	c = verify_add(v, &of, value_number(all), value_number(sum));
	if (b->zones_grow && sum < all)
		verify_allow(c, all - pageblocks(v, pages, zone, row->nid, b->node[row->nid].first_deferred_pfn), "bounded: pages are initialised when the zone runs short");
}

static bool same_zone(const struct pagetype_row *a, const struct pagetype_row *b) { return a->nid == b->nid && !strcmp(a->zone, b->zone); }

static void verify_pageblocks(struct verifier *v)
{
	const struct pagetypes *all = &v->record->pagetypes;
	struct check_of of = { "pageblocks.cma", "machine", SOURCE_PAGETYPEINFO, 0, STAGE_CMA };
	struct page_spans pages = { 0 };
	uint64_t cma = 0;

	if (all->nr)
		pages_describe(v->arena, v->boot, &pages);
	for (size_t i = 0, end; i < all->nr; i = end) {
		for (end = i + 1; end < all->nr && all->v[end].is_blocks == all->v[i].is_blocks && same_zone(&all->v[i], &all->v[end]);)
			end++;
		if (all->v[i].is_blocks)
			verify_blocks_of(v, &pages, &all->v[i], end - i);
		for (size_t k = i; all->v[i].is_blocks && k < end; k++)
			if (!strcmp(all->v[k].kind, "CMA")) {
				cma += all->v[k].blocks;
				of.line = all->v[k].line;
			}
	}
	if (of.line)
		verify_add(v, &of, value_number(v->boot->cma_pages / pageblock_pages(v->record)), value_number(cma));
}

void verify_buddy(struct verifier *v)
{
	for (size_t i = 0; i < v->record->buddyinfo.nr; i++)
		verify_row(v, &v->record->buddyinfo.v[i]);
	verify_pageblocks(v);
}
