/*
 * stage_pcp.c - lists of free pages that each CPU keeps, and how inexact its counters may be.
 *
 *   in:   managed pages, watermarks, CPUs of each node
 *   out:  batch, high (or high_min and high_max), stat_threshold of each zone
 *
 * Kernel: zone_batchsize(), zone_highsize(), zone_set_pageset_high_and_batch() (mm/page_alloc.c),
 *         calculate_normal_threshold() (mm/vmstat.c).
 */
#include "stages.h"

#define THRESHOLD_MAX 125
#define BLOCK_SHIFT (27 - PAGE_SHIFT)

/* The zone's size when the lists were set up last. */
static uint64_t pcp_size(const struct boot *b, const struct zone *zone)
{
	if (boot_trait(b, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT)
		return zone->present_shown;
	switch (boot_trait(b, TRAIT_PCP_REFRESH)) {
	case PCP_REFRESH_WATERMARK:
		return zone->managed_wmark;
	case PCP_REFRESH_DEFERRED:
		return zone->managed_at_free;
	default:
		return zone->managed_early;
	}
}

/* A thousandth of the zone, half a MiB or one at most, as one less than a power of two. */
static uint64_t raw_batch(const struct boot *b, uint64_t size)
{
	uint64_t batch;

	if (boot_trait(b, TRAIT_PCP_BATCH) == PCP_BATCH_MANAGED) {
		batch = min_u64(size >> 12, 64);
		return batch <= 1 ? 1 : rounddown_pow_of_two(batch + batch / 2) - 1;
	}
	batch = min_u64(size / 1024, boot_trait(b, TRAIT_PCP_BATCH) == PCP_BATCH_128 ? 128 : 256) / 4;
	if (!batch)
		batch = 1;
	return rounddown_pow_of_two(batch + batch / 2) - 1;
}

static void set_lists(struct boot *b, const struct pgdat *node, struct zone *zone)
{
	uint64_t cpus = node->cpus ? node->cpus : max_u64(b->machine->online_cpus, 1);
	uint64_t size = pcp_size(b, zone), raw = raw_batch(b, size);

	zone->pcp_batch = max_u64(raw, 1);
	if (boot_trait(b, TRAIT_PCP_HIGH) == PCP_HIGH_BATCH) {
		zone->pcp_high = 6 * raw;
		zone->pcp_high_known = true;
		return;
	}
	zone->pcp_high = max_u64(zone->low / cpus, 4 * zone->pcp_batch);
	zone->pcp_high_min = zone->pcp_high;
	zone->pcp_high_known = boot_trait(b, TRAIT_PCP_HIGH) != PCP_HIGH_AUTO;
	/* The mark floats with use from 0 on; nothing uses the zone of last resort. */
	if (!zone->pcp_high_known && zone->type == ZONE_DMA) {
		zone->pcp_high = 0;
		zone->pcp_high_known = true;
	}
	zone->pcp_high_max = max_u64(size / 8 / cpus, 4 * zone->pcp_batch);
}

/* Kernel: calculate_normal_threshold(). */
static uint64_t threshold_of(const struct boot *b, uint64_t size)
{
	uint64_t blocks = size >> BLOCK_SHIFT;

	return min_u64(THRESHOLD_MAX, 2 * (uint64_t)fls_u64(max_u64(b->machine->online_cpus, 1)) * (1 + fls_u64(blocks)));
}

static uint64_t threshold(const struct boot *b, const struct zone *zone)
{
	if (boot_trait(b, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT)
		return threshold_of(b, zone->present_shown);
	return threshold_of(b, boot_trait(b, TRAIT_STAT_THRESHOLD) == THRESHOLD_LATER ? zone->managed_wmark : zone->managed_first_wmark);
}

/* Where other zones grow later, a zone that does not is set up again with the size it has then: perhaps with the same outcome. */
static bool stays(const struct boot *b, const struct zone *zone)
{
	uint64_t size = zone->managed.v;

	if (boot_marks_known(b))
		return true;
	if (zone->managed.basis == AMOUNT_UNKNOWN || (b->zones_grow && zone->managed_early < zone->managed_at_free))
		return false;
	return max_u64(raw_batch(b, size), 1) == zone->pcp_batch && threshold_of(b, size) == zone->stat_threshold;
}

void pcp_run(struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (!zone->present)
				continue;
			set_lists(b, &b->node[n], zone);
			zone->stat_threshold = threshold(b, zone);
			zone->lists_known = stays(b, zone);
		}
}
