/*
 * verify_now.c - zones that have changed since the boot: what the kernel computes again from the pages that they have now.
 *
 * Memory that was onlined later, or whose struct pages are set up when a zone runs short, changes managed, and no line says by
 * how much. So the model claims no watermark of such a boot. But the kernel computes them again each time, and zoneinfo shows
 * from what: its other numbers must follow from its managed counts.
 */
#include "stages.h"
#include "verify.h"

/* Memory that kernels online by themselves comes with the devices: before the RAM disk and the kernel's init sections are freed. */
static bool onlined_early(const struct boot *b)
{
	const struct fact *grew = facts_last(&b->record->log, FACT_ZONELISTS), *initrd = facts_first(&b->record->log, FACT_FREE_INITRD);

	return b->onlined_later && initrd && grew < initrd;
}

/* The pages that a zone had when its watermarks were computed last. */
static void take_sizes(const struct boot *b, const struct zoneinfo_zone *file, struct zone *zone)
{
	uint64_t later = onlined_early(b) ? zone->managed_at_free + zone->late_frees - zone->managed_wmark : 0, size = sub_sat(file->managed.value, later);

	zone->present = zone->present_shown = file->present.value;
	zone->managed_at_free = zone->managed_early = zone->managed_first_wmark = zone->managed_wmark = size;
	zone->managed = (struct amount){ file->managed.value, file->managed.value, file->managed.value, AMOUNT_EXACT };
}

/* False where a zone is not the model's, or the file lacks its size. */
static bool take_zones(struct verifier *v, const struct zoneinfo *zones, struct boot *now)
{
	bool has_managed = boot_trait(v->boot, TRAIT_MANAGED_MEANS) != MANAGED_ABSENT;

	for (size_t i = 0; i < zones->nr; i++) {
		const struct zoneinfo_zone *file = &zones->v[i];
		struct zone *zone = (struct zone *)verify_model_zone(now, file->nid, file->name);

		if (!file->present.line || (has_managed && !file->managed.line) || (!zone && file->present.value))
			return false;
		if (zone)
			take_sizes(v->boot, file, zone);
	}
	return zones->nr > 0;
}

/* Zones that grow a section at a time keep the minimum that was set before, as far as it is known. */
static bool settle_min_free(struct verifier *v, struct boot *now)
{
	if (v->boot->onlined_later || v->boot->min_free_known)
		return true;
	now->min_free_kbytes = v->record->min_free_kbytes.value;
	return v->record->min_free_kbytes.line != 0;
}

const struct boot *verify_boot_now(struct verifier *v)
{
	struct boot *now = arena_new(v->arena, struct boot);

	*now = *v->boot;
	now->node = arena_array(v->arena, struct pgdat, now->nr_nodes + 1);
	memcpy(now->node, v->boot->node, now->nr_nodes * sizeof(*now->node));
	if (!take_zones(v, record_zones(v->record), now) || !settle_min_free(v, now))
		return NULL;
	watermarks_again(now, v->boot);
	pcp_run(now);
	return now;
}
