/*
 * stage_watermarks.c - how much memory each zone keeps for emergencies, and for whom.
 *
 *   in:   managed pages of each zone at the moments when the kernel looks
 *   out:  min_free_kbytes; min, low, high, promo and protection of each zone
 *
 * Kernel: init_per_zone_wmark_min(), __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve() (mm/page_alloc.c),
 *         set_recommended_min_free_kbytes() (mm/khugepaged.c).
 */
#include "stages.h"

#define MIN_FREE_FLOOR_KIB 128
#define PAGEBLOCK_PAGES_64 512
#define THP_MIN_PAGES (UINT64_C(512) << (20 - PAGE_SHIFT))
#define SCALE_FACTOR 10

/* What the watermark code multiplies: managed, or to 3.7 present less the struct pages. */
static uint64_t zone_size(const struct boot *b, const struct zone *zone, bool first)
{
	if (boot_trait(b, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT)
		return zone->present_shown;
	return first ? zone->managed_first_wmark : zone->managed_wmark;
}

static bool is_low(const struct boot *b, enum zone_type type)
{
	if (type == ZONE_HIGHMEM)
		return false;
	return type != ZONE_MOVABLE || !boot_trait(b, TRAIT_MIN_MOVABLE);
}

/* Pages above the high watermark in zones up to Normal, on all nodes. Kernel: nr_free_zone_pages(gfp_zone(GFP_USER)). */
static uint64_t free_buffer_pages(const struct boot *b, bool first)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (zone->type <= ZONE_NORMAL)
				pages += sub_sat(zone_size(b, zone, first), zone->high);
		}
	return pages;
}

static uint64_t isqrt(uint64_t x)
{
	uint64_t root = 0, bit = UINT64_C(1) << 62;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

/* sqrt(low memory in KiB * 16), within bounds. Kernel: calculate_min_free_kbytes(). */
static uint64_t calculate_min_free(const struct boot *b, bool first)
{
	uint64_t kib = isqrt(pages_to_kib(free_buffer_pages(b, first)) * 16);

	return max_u64(MIN_FREE_FLOOR_KIB, min_u64(kib, (uint64_t)boot_trait(b, TRAIT_MIN_FREE_CAP)));
}

/* --- watermarks --- */

static uint64_t scale_step(const struct boot *b, uint64_t size, uint64_t share)
{
	uint64_t factor = b->scale_factor ? b->scale_factor : SCALE_FACTOR;
	uint64_t scaled = size / 10000 * factor + size % 10000 * factor / 10000;

	return boot_trait(b, TRAIT_WATERMARK_STEP) ? max_u64(share >> 2, scaled) : share >> 2;
}

static void set_zone_watermarks(struct boot *b, struct zone *zone, uint64_t size, uint64_t lowmem)
{
	uint64_t pages_min = kib_to_pages(b->min_free_kbytes), share = lowmem ? pages_min * size / lowmem : 0, step = scale_step(b, size, share);

	zone->min = share;
	if (!is_low(b, zone->type))
		zone->min = max_u64(32, min_u64(size / 1024, 128));
	zone->low = zone->min + step;
	zone->high = zone->min + (boot_trait(b, TRAIT_WATERMARK_STEP) ? 2 * step : share >> 1);
	zone->promo = zone->min + 3 * step;
	zone->has_promo = boot_trait(b, TRAIT_WATERMARK_PROMO);
}

/* Kernel: __setup_per_zone_wmarks(). */
static void set_watermarks(struct boot *b, bool first)
{
	uint64_t lowmem = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (is_low(b, zone->type))
				lowmem += zone_size(b, zone, first);
		}
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (zone->present)
				set_zone_watermarks(b, zone, zone_size(b, zone, first), lowmem);
		}
}

/* --- lowmem_reserve --- */

static uint64_t reserve_ratio(const struct boot *b, enum zone_type type)
{
	switch (type) {
	case ZONE_DMA:
	case ZONE_DMA32:
		return 256;
	case ZONE_NORMAL:
		return 32;
	case ZONE_HIGHMEM:
		/* Until 4.16 the slot of HighMem held 32; later nothing is kept there. */
		return boot_trait(b, TRAIT_THP_MOVABLE) ? 0 : 32;
	default:
		return boot_trait(b, TRAIT_THP_MOVABLE) ? 0 : 1;
	}
}

static uint64_t reserve_size(const struct boot *b, const struct zone *zone, bool anew)
{
	if (anew || boot_trait(b, TRAIT_RESERVE_LIVE))
		return zone->managed.v;
	return zone_size(b, zone, true);
}

void watermarks_protection(const struct boot *b, int nid, enum zone_type type, bool anew, uint64_t ret[NR_ZONE_TYPES])
{
	const struct zone *zone = &b->node[nid].zone[type];
	uint64_t above = 0, ratio = reserve_ratio(b, type);
	bool none = !ratio || (!reserve_size(b, zone, anew) && boot_trait(b, TRAIT_RESERVE_EMPTY)), higher = false;

	for (size_t i = 0; i < b->nr_zones; i++) {
		enum zone_type other = b->zone_order[i];
		uint64_t size = higher ? reserve_size(b, &b->node[nid].zone[other], anew) : 0;
		bool nobody = !size && boot_trait(b, TRAIT_RESERVE_FROM_EMPTY);

		above += size;
		ret[other] = none || nobody || !higher ? 0 : above / ratio;
		higher |= other == type;
	}
}

/* What a zone keeps from requests that could be served by higher zones of the node. */
static void set_protection(struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones; i++)
			watermarks_protection(b, (int)n, b->zone_order[i], false, b->node[n].zone[b->zone_order[i]].protection);
}

/* --- huge pages ask for more --- */

/* On small machines hugepage_init() leaves before khugepaged has a say. */
/* A paravirtual guest of Xen has no large pages. */
static bool thp_possible(const struct boot *b) { return boot_trait(b, TRAIT_THP) && b->totalram.v >= THP_MIN_PAGES && !boot_is_xen_pv(b); }

static uint64_t populated_zones(const struct boot *b)
{
	bool skip_movable = boot_trait(b, TRAIT_THP_MOVABLE);
	uint64_t nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			nr += zone->present && (zone->type <= ZONE_NORMAL || !skip_movable);
		}
	return nr;
}

/* Enough free pageblocks of each kind, two and three for each pair of kinds. */
static uint64_t khugepaged_pages(const struct boot *b)
{
	uint64_t usual = b->machine->arch == ARCH_I386 && !boot_trait(b, TRAIT_PAE) ? 1024 : PAGEBLOCK_PAGES_64;
	/* A kernel without huge pages has larger blocks. */
	uint64_t block = is_known(b->kernel->pageblock_order) ? UINT64_C(1) << min_u64(b->kernel->pageblock_order.v, 20) : usual;

	return block * populated_zones(b) * (2 + 3 * 3);
}

/* That many, but a twentieth of memory at most. Kernel: set_recommended_min_free_kbytes(). */
static void khugepaged(struct boot *b)
{
	uint64_t pages = min_u64(khugepaged_pages(b), free_buffer_pages(b, false) / 20);

	b->min_free_kbytes = max_u64(b->min_free_kbytes, pages_to_kib(pages));
}

/* The first time was the last. */
static void set_once(struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			b->node[n].zone[b->zone_order[z]].managed_wmark = b->node[n].zone[b->zone_order[z]].managed_first_wmark;
}

static bool thp_never(const struct boot *b) { return cmdline_is(b->cmdline, "transparent_hugepage", "never"); }

/* Zones that grow would change min_free_kbytes where it follows from their sizes; what khugepaged wants does not. */
static bool min_free_stays(const struct boot *b)
{
	uint64_t later = min_u64(isqrt(pages_to_kib(b->totalram.v) * 16), (uint64_t)boot_trait(b, TRAIT_MIN_FREE_CAP));

	return thp_possible(b) && !thp_never(b) && b->min_free_kbytes == pages_to_kib(khugepaged_pages(b)) && b->min_free_kbytes >= later;
}

/* The zone that has grown by a block at least; NULL if none has. */
static struct zone *grown_zone(struct boot *b, const struct boot *before)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (zone->managed_first_wmark >= before->node[n].zone[b->zone_order[z]].managed_first_wmark + PFN_DOWN(b->block_size))
				return zone;
		}
	return NULL;
}

/* What khugepaged wanted is forgotten by kernels that ask it only once. */
static void after_block(struct boot *b)
{
	b->min_free_kbytes = calculate_min_free(b, true);
	if (thp_possible(b) && !thp_never(b) && boot_trait(b, TRAIT_THP_HOTPLUG))
		khugepaged(b);
	set_watermarks(b, true);
}

/*
 * Onlining memory computes all anew, block by block, each with the marks that the one before it left. Of many blocks the last
 * two decide: the marks that khugepaged had raised are gone by then.
 */
void watermarks_again(struct boot *b, const struct boot *before)
{
	struct zone *grown = b->onlined_later && b->block_size ? grown_zone(b, before) : NULL;

	if (grown) {
		grown->managed_first_wmark -= PFN_DOWN(b->block_size);
		after_block(b);
		after_block(b);
		grown->managed_first_wmark += PFN_DOWN(b->block_size);
	}
	if (b->onlined_later)
		after_block(b);
	set_watermarks(b, true);
	set_protection(b);
}

static void set_all(struct boot *b)
{
	b->min_free_kbytes = calculate_min_free(b, true);
	set_watermarks(b, true);
	set_protection(b);
	if (!thp_possible(b)) {
		set_once(b);
		return;
	}
	if (!thp_never(b)) {
		khugepaged(b);
		set_watermarks(b, false);
	} else if (boot_trait(b, TRAIT_THP_OFF)) {
		b->min_free_kbytes = calculate_min_free(b, false);
		set_watermarks(b, false);
	}
}

void watermarks_run(struct boot *b)
{
	set_all(b);
	b->min_free_known = !b->onlined_later && (!b->zones_grow || min_free_stays(b));
}
