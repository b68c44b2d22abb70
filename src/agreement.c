/* agreement.c - see agreement.h. */
#include "agreement.h"

#include "predict.h"

/* An image that stands outside of what memmap= leaves becomes memory again. */
static bool same_extents(const struct zone *a, const struct zone *b)
{
	return a->span.start == b->span.start && a->spanned == b->spanned && a->present == b->present;
}

static bool same_marks(const struct zone *a, const struct zone *b)
{
	if (a->min != b->min || a->low != b->low || a->high != b->high || a->promo != b->promo)
		return false;
	for (size_t z = 0; z < NR_ZONE_TYPES; z++)
		if (a->protection[z] != b->protection[z])
			return false;
	return true;
}

static bool same_lists(const struct zone *a, const struct zone *b)
{
	return a->pcp_high == b->pcp_high && a->pcp_high_min == b->pcp_high_min && a->pcp_high_max == b->pcp_high_max && a->pcp_batch == b->pcp_batch && a->stat_threshold == b->stat_threshold;
}

static bool same_zones(const struct boot *a, const struct boot *b, bool (*same)(const struct zone *, const struct zone *))
{
	for (size_t n = 0; n < a->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			if (n >= b->nr_nodes || !same(&a->node[n].zone[z], &b->node[n].zone[z]))
				return false;
	return true;
}

static bool same_range(struct phys_range a, struct phys_range b) { return a.start == b.start && a.end == b.end; }

static bool same_places(const struct boot *a, const struct boot *b)
{
	if (!same_range(a->crashkernel, b->crashkernel) || !same_range(a->cma, b->cma) || !same_range(a->swiotlb, b->swiotlb) || a->gigantic.nr != b->gigantic.nr || a->hugetlb_cma.nr != b->hugetlb_cma.nr)
		return false;
	for (size_t i = 0; i < a->gigantic.nr; i++)
		if (!same_range(a->gigantic.v[i], b->gigantic.v[i]))
			return false;
	return true;
}

/* RAM of the resource tree, after all edits of the map. */
static bool same_ram(const struct boot *a, const struct boot *b)
{
	if (a->e820.nr != b->e820.nr)
		return false;
	for (size_t i = 0; i < a->e820.nr; i++)
		if (a->e820.v[i].start != b->e820.v[i].start || a->e820.v[i].end != b->e820.v[i].end || a->e820.v[i].type != b->e820.v[i].type)
			return false;
	return true;
}

static void widen(struct amount *a, uint64_t other)
{
	a->min = min_u64(a->min, other);
	a->max = max_u64(a->max, other);
}

static void count(struct prediction *out, const struct boot *b)
{
	uint64_t hole = phys_len(b->crash_hole_low), bounce = phys_len(b->swiotlb_hole);

	out->crash_hole_min = min_u64(out->nr_boots ? out->crash_hole_min : UINT64_MAX, hole);
	out->crash_hole_max = max_u64(out->crash_hole_max, hole);
	out->swiotlb_hole_min = min_u64(out->nr_boots ? out->swiotlb_hole_min : UINT64_MAX, bounce);
	out->swiotlb_hole_max = max_u64(out->swiotlb_hole_max, bounce);
	out->swiotlb_failed += phys_len(b->swiotlb) < b->swiotlb_asked_bytes;
	out->nr_boots++;
	out->crash_failed += b->crash_failed_bytes > 0;
	out->gigantic_short += b->gigantic.nr < b->gigantic_asked;
	out->image_hit += predict_image_hit(b);
}

void agreement_begin(struct agreement *a, struct boot *boot, struct prediction *out)
{
	*a = (struct agreement){ .boot = boot, .out = out, .extents = true, .marks = true, .lists = true, .places = true, .map = true };
	boot->totalram.min = boot->totalram.max = boot->totalram.v;
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++) {
			struct amount *m = &boot->node[n].zone[z].managed;

			m->min = m->max = m->v;
		}
	count(out, boot);
}

void agreement_add(struct agreement *a, const struct boot *other)
{
	struct boot *boot = a->boot;

	a->extents = a->extents && same_zones(boot, other, same_extents);
	a->marks = a->marks && same_zones(boot, other, same_marks) && boot->min_free_kbytes == other->min_free_kbytes;
	a->lists = a->lists && same_zones(boot, other, same_lists);
	a->places = a->places && same_places(boot, other);
	a->map = a->map && same_ram(boot, other);
	widen(&boot->totalram, other->totalram.v);
	for (size_t n = 0; n < boot->nr_nodes && n < other->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			widen(&boot->node[n].zone[z].managed, other->node[n].zone[z].managed.v);
	count(a->out, other);
}
