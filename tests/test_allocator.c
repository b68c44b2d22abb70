/*
 * test_allocator.c - what the page allocator makes of its zones: watermarks, reserves, per-CPU lists, fallback orders.
 *
 * Zones are given their managed pages by hand; the numbers wanted are those of real boots, named at each test.
 */
#include "stage_boot.h"

/*
 * A zone that manages so many pages at the end of boot; @late of them came when the watermarks were set already, and @between
 * after the first time and before the last.
 */
static void managed(int nid, enum zone_type type, uint64_t present, uint64_t pages, uint64_t late, uint64_t between)
{
	struct zone *z = &boot.node[nid].zone[type];

	*z = (struct zone){ .type = type, .configured = true, .spanned = present, .present = present, .present_shown = present,
			    .managed = { pages, pages, pages, AMOUNT_EXACT }, .managed_at_free = pages - late - between,
			    .managed_early = pages - late - between, .managed_first_wmark = pages - late - between, .managed_wmark = pages - late };
	boot.node[nid].cpus = 2;
	boot.node[nid].online = boot.node[nid].has_memory = true;
	boot.totalram.v += pages;
}

/* KiB of "Freeing ..." lines. */
#define INITRD (1008 / 4)

static void zones_of(const char *release, const char *options, size_t nr, const enum zone_type *order)
{
	boot_of(release, ARCH_X86_64, options);
	boot.node = arena_array(arena, struct pgdat, 8);
	boot.nr_nodes = boot.nr_online = 1;
	boot.nr_zones = nr;
	memcpy(boot.zone_order, order, nr * sizeof(*order));
	for (size_t i = 0; i < nr; i++)
		boot.node[0].zone[order[i]] = (struct zone){ .type = order[i], .configured = true };
}

static const enum zone_type order_6[] = { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE, ZONE_DEVICE };

#define WATERMARKS(zone, a, b, c)                                                                                     \
	do {                                                                                                          \
		assert_int_equal((zone)->min, a);                                                                     \
		assert_int_equal((zone)->low, b);                                                                     \
		assert_int_equal((zone)->high, c);                                                                    \
	} while (0)

/*
 *   managed  DMA 3840 | DMA32 499193
 *   khugepaged asks for 2 zones x 11 pageblocks of 512 pages = 11264 pages; shares by size (debian-6.1-pc-2g)
 */
static void huge_pages_raise_the_watermarks(void **state)
{
	GUARD();
	zones_of("6.1.0-56-amd64", "", 5, order_6);
	managed(0, ZONE_DMA, 3998, 3840, 0, 0);
	managed(0, ZONE_DMA32, 520160, 499193, (2036 + 2824 + 2040 + 1108) / 4, INITRD);
	watermarks_run(&boot);
	pcp_run(&boot);
	assert_int_equal(boot.min_free_kbytes, 45056);
	WATERMARKS(ZONE(0, DMA), 86, 107, 128);
	WATERMARKS(ZONE(0, DMA32), 11177, 13971, 16765);
	assert_int_equal(ZONE(0, DMA)->protection[ZONE_DMA32], 1941);
	assert_int_equal(ZONE(0, DMA)->pcp_high, 53);
	assert_int_equal(ZONE(0, DMA)->pcp_batch, 1);
	assert_int_equal(ZONE(0, DMA32)->pcp_high, 6985);
	assert_int_equal(ZONE(0, DMA32)->pcp_batch, 63);
	assert_int_equal(ZONE(0, DMA)->stat_threshold, 4);
	assert_int_equal(ZONE(0, DMA32)->stat_threshold, 20);
}

/*
 * Without huge pages the square root of sixteen times the free KiB decides. It is taken twice: of all pages, and when khugepaged is
 * switched off again of those above the high watermarks that came of the first time (debian-7.2-thp-never).
 *
 *   managed  DMA 3840 | DMA32 755250 | Normal 243336
 */
static void without_huge_pages_the_root_counts(void **state)
{
	GUARD();
	zones_of("7.2.13+deb14-amd64", "transparent_hugepage=never", 5, order_6);
	managed(0, ZONE_DMA, 3998, 3840, 0, 0);
	managed(0, ZONE_DMA32, 782304, 755250, (2028 + 4648 + 1236 + 628) / 4 + INITRD, 0);
	managed(0, ZONE_NORMAL, 262144, 243336, 0, 0);
	watermarks_run(&boot);
	assert_int_equal(boot.min_free_kbytes, 7984);
	WATERMARKS(ZONE(0, DMA), 7, 10, 13);
	WATERMARKS(ZONE(0, DMA32), 1502, 2254, 3006);
	WATERMARKS(ZONE(0, NORMAL), 485, 728, 971);
	/* Reserves of this kernel follow every change of managed. */
	assert_int_equal(ZONE(0, DMA)->protection[ZONE_DMA32], 2950);
}

/*
 *   managed  DMA 3977 | DMA32 764865 | Normal 1024 | Movable 1276661
 *
 * Each zone keeps a share of what lies above it: a 256th, a 32nd for Normal. To 4.16 an empty slot is no zone
 * (built-4.4-kernelcore).
 */
static void zones_keep_back_for_higher_ones(void **state)
{
	static const enum zone_type order[] = { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE };

	GUARD();
	zones_of("4.4.155", "kernelcore=3G", 4, order);
	managed(0, ZONE_DMA, 3998, 3977, 0, 0);
	managed(0, ZONE_DMA32, 782304, 764865, (776 + 1640 + 1312) / 4 + INITRD, 0);
	managed(0, ZONE_NORMAL, 1024, 1024, 0, 0);
	managed(0, ZONE_MOVABLE, 1309696, 1276661, 0, 0);
	watermarks_run(&boot);
	pcp_run(&boot);
	assert_int_equal(boot.min_free_kbytes, 90112);
	WATERMARKS(ZONE(0, DMA), 43, 53, 64);
	WATERMARKS(ZONE(0, DMA32), 8411, 10513, 12616);
	WATERMARKS(ZONE(0, NORMAL), 11, 13, 16);
	WATERMARKS(ZONE(0, MOVABLE), 14061, 17576, 21091);
	assert_int_equal(ZONE(0, DMA)->protection[ZONE_DMA32], 2983);
	assert_int_equal(ZONE(0, DMA)->protection[ZONE_NORMAL], 2987);
	assert_int_equal(ZONE(0, DMA)->protection[ZONE_MOVABLE], 7974);
	assert_int_equal(ZONE(0, NORMAL)->protection[ZONE_MOVABLE], 39895);
	assert_int_equal(ZONE(0, DMA32)->protection[ZONE_MOVABLE], 4990);
	assert_int_equal(ZONE(0, DMA32)->pcp_high, 186);
	assert_int_equal(ZONE(0, DMA32)->pcp_batch, 31);
	assert_int_equal(ZONE(0, MOVABLE)->stat_threshold, 28);
}

/* 7.x: another batch rule, a range for the lists, a fourth watermark (debian-7.2-pc-2g). */
static void seven_has_ranges_and_a_promotion_mark(void **state)
{
	GUARD();
	zones_of("7.2.13+deb14-amd64", "", 5, order_6);
	managed(0, ZONE_DMA, 3998, 3840, 0, 0);
	managed(0, ZONE_DMA32, 520160, 499837, (2028 + 4648 + 1236 + 628) / 4, INITRD);
	watermarks_run(&boot);
	pcp_run(&boot);
	WATERMARKS(ZONE(0, DMA), 86, 107, 128);
	WATERMARKS(ZONE(0, DMA32), 11177, 13971, 16765);
	assert_int_equal(ZONE(0, DMA32)->promo, 19559);
	assert_int_equal(ZONE(0, DMA)->pcp_high_min, 53);
	assert_int_equal(ZONE(0, DMA)->pcp_high_max, 240);
	assert_false(ZONE(0, DMA32)->pcp_high_known);
}

/* --- fallback orders --- */

static void nodes(const char *release, size_t nr, const uint8_t *distance)
{
	zones_of(release, "", 5, order_6);
	boot.nr_nodes = boot.nr_online = nr;
	for (size_t n = 0; n < nr; n++)
		boot.node[n] = (struct pgdat){ .nid = (int)n, .online = true, .has_memory = true, .cpus = 1 };
	machine.distance = arena_array(arena, uint8_t, nr * nr);
	memcpy(machine.distance, distance, nr * nr);
	machine.nr_distance = nr;
	zonelists_run(&boot);
}

static void order_is(size_t nid, const char *wanted)
{
	struct strbuf got = { .arena = arena };

	for (size_t i = 0; i < boot.node[nid].nr_fallback; i++)
		strbuf_printf(&got, "%s%d", i ? " " : "", boot.node[nid].fallback[i]);
	assert_string_equal(strbuf_str(&got).p, wanted);
}

/*
 *   0 --16-- 1
 *   |        |      pairs that are near, and 22 to the others
 *   22       22     (debian-7.2-numa4-8g-dist prints these orders)
 *   |        |
 *   2 --16-- 3
 */
static void the_nearest_node_comes_first(void **state)
{
	static const uint8_t distance[] = { 10, 16, 22, 22, 16, 10, 22, 22, 22, 22, 10, 16, 22, 22, 16, 10 };

	GUARD();
	nodes("7.2.13+deb14-amd64", 4, distance);
	order_is(0, "0 1 2 3");
	order_is(1, "1 0 3 2");
	order_is(2, "2 3 0 1");
	order_is(3, "3 2 1 0");
}

/* Nodes without memory are in nobody's list. */
static void a_node_without_memory_is_passed_over(void **state)
{
	static const uint8_t distance[] = { 10, 20, 20, 20, 10, 20, 20, 20, 10 };

	GUARD();
	nodes("6.1.0-56-amd64", 3, distance);
	order_is(0, "0 1 2");
	nodes("6.1.0-56-amd64", 3, distance);
	boot.node[1].has_memory = false;
	for (size_t n = 0; n < 3; n++)
		boot.node[n].nr_fallback = 0;
	zonelists_run(&boot);
	order_is(0, "0 2");
	order_is(2, "2 0");
}

/* --- free lists --- */

/*
 *   pfn   0x100                        0x400        0x800
 *         |---- 0x100 ----|--- 0x200 ---|--- 0x400 ---|-- 0x41 ...
 *   order        8               9             10        6 and 0
 *
 * A run of free pages is cut into the largest blocks that are aligned to their own size.
 */
static void free_runs_become_aligned_blocks(void **state)
{
	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 0x100, 0x841);
	zones_run(&boot);
	buddy_run(&boot);
	for (unsigned order = 0; order < NR_ORDERS; order++)
		assert_int_equal(ZONE(0, DMA)->free_area[order], order == 0 || order == 6 || order == 8 || order == 9 || order == 10);
}

/* The same with a hole in the middle: 3 pages are gone, and what is around them falls apart. */
static uint64_t pages_in_lists(const struct zone *z)
{
	uint64_t pages = 0;

	for (unsigned order = 0; order < NR_ORDERS; order++)
		pages += z->free_area[order] << order;
	return pages;
}

static void reserved_pages_break_blocks(void **state)
{
	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 0x400, 0x800);
	memblock_reserve(&boot.memblock, PFN_PHYS(0x510), PFN_PHYS(0x513));
	zones_run(&boot);
	buddy_run(&boot);
	assert_int_equal(pages_in_lists(ZONE(0, DMA)), 0x400 - 3);
	assert_int_equal(ZONE(0, DMA)->free_area[10], 0);
	/* 0x600-0x7ff; 0x400-0x4ff; 0x500-0x50f; and behind the hole 0x513, 0x514, 0x518, 0x520, 0x540, 0x580. */
	assert_int_equal(ZONE(0, DMA)->free_area[9], 1);
	assert_int_equal(ZONE(0, DMA)->free_area[8], 1);
	assert_int_equal(ZONE(0, DMA)->free_area[4], 1);
	assert_int_equal(ZONE(0, DMA)->free_area[0], 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(huge_pages_raise_the_watermarks),
		TEST(without_huge_pages_the_root_counts),
		TEST(zones_keep_back_for_higher_ones),
		TEST(seven_has_ranges_and_a_promotion_mark),
		TEST(the_nearest_node_comes_first),
		TEST(a_node_without_memory_is_passed_over),
		TEST(free_runs_become_aligned_blocks),
		TEST(reserved_pages_break_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
