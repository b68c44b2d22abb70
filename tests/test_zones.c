/*
 * test_zones.c - nodes cut into zones, in pictures.
 *
 * The counts are those of real boots, as their /proc/zoneinfo has them; each test names its boot under test-data/boots.
 */
#include "stage_boot.h"

/*
 *  pfn  1       0x9f      0x100      0x1000             0x7ffe0
 *       |<--------- DMA -------------->|<---- DMA32 ----->|
 *  RAM  [########]         [###########|##################]
 *                 97 pages
 *
 * A hole is spanned and never present (debian-6.1-pc-2g).
 */
static void a_hole_is_spanned_not_present(void **state)
{
	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 1, 0x9f);
	ram(0, 0x100, 0x7ffe0);
	zones_run(&boot);
	assert_int_equal(ZONE(0, DMA)->spanned, 4095);
	assert_int_equal(ZONE(0, DMA)->present, 3998);
	assert_int_equal(ZONE(0, DMA32)->span.start, 0x1000);
	assert_int_equal(ZONE(0, DMA32)->spanned, 520160);
	assert_int_equal(ZONE(0, DMA32)->present, 520160);
	assert_int_equal(ZONE(0, NORMAL)->spanned, 0);
	assert_int_equal(boot.physpages, 524158);
	assert_int_equal(boot.node[0].spanned, 524255);
}

/*
 *  pfn            0x1000           0xbffe0     0x100000       0x140000
 *       |<- DMA ->|<--------- DMA32 ---------->|<-- Normal -->|
 *  RAM  [#########|################]           [##############]
 *
 * What lies above 4 GiB is Normal; the hole below it is spanned by DMA32 as far as the zone reaches (debian-6.1-pc-4g-mminit).
 */
static void memory_above_4g_is_normal(void **state)
{
	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 1, 0x9f);
	ram(0, 0x100, 0xbffe0);
	ram(0, 0x100000, 0x140000);
	zones_run(&boot);
	assert_int_equal(ZONE(0, DMA32)->spanned, 1044480);
	assert_int_equal(ZONE(0, DMA32)->present, 782304);
	assert_int_equal(ZONE(0, NORMAL)->span.start, 0x100000);
	assert_int_equal(ZONE(0, NORMAL)->spanned, 262144);
	assert_int_equal(ZONE(0, NORMAL)->present, 262144);
}

/*
 *  pfn       0x1000          0xbffe0    0x100000   0x100400        0x240000
 *       |DMA |<--- DMA32 --->|          |<-Normal->|<-- Movable -->|
 *  RAM  [####|###############]          [##########|###############]
 *
 * kernelcore=3G: the kernel keeps the lowest 786432 pages, rounded to a boundary of 1024 (built-4.4-kernelcore).
 */
static void kernelcore_leaves_the_rest_to_movable(void **state)
{
	uint64_t start = 0;

	GUARD();
	boot_of("4.4.155", ARCH_X86_64, "kernelcore=3G");
	ram(0, 1, 0x9f);
	ram(0, 0x100, 0xbffe0);
	ram(0, 0x100000, 0x240000);
	zones_run(&boot);
	assert_int_equal(boot.node[0].movable_pfn, 1049600);
	assert_int_equal(ZONE(0, NORMAL)->present, 1024);
	assert_int_equal(ZONE(0, MOVABLE)->span.start, 1049600);
	assert_int_equal(ZONE(0, MOVABLE)->present, 1309696);
	assert_int_equal(said(FACT_MOVABLE_START, &start), 1);
}

/*
 *  pfn   1        0x40000     0x80000     0xbffe0   0x100000     0x140000
 *        |  DMA, DMA32  |        DMA32      |         | Normal |
 *  node  0000000000000001111111111111111111111         1111111111
 *
 * Each node has the zones that its own memory reaches; a zone's start is cut to the node (debian-6.1-numa2-8g-debug has the same
 * shape at twice the size).
 */
static void each_node_has_its_own_zones(void **state)
{
	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 1, 0x9f);
	ram(0, 0x100, 0x80000);
	ram(1, 0x80000, 0xbffe0);
	ram(1, 0x100000, 0x140000);
	zones_run(&boot);
	assert_int_equal(ZONE(0, DMA)->present, 3998);
	assert_int_equal(ZONE(0, DMA32)->span.end, 0x80000);
	assert_int_equal(ZONE(0, NORMAL)->spanned, 0);
	assert_int_equal(ZONE(1, DMA)->spanned, 0);
	assert_int_equal(ZONE(1, DMA32)->span.start, 0x80000);
	assert_int_equal(ZONE(1, DMA32)->spanned, 0x80000);
	assert_int_equal(ZONE(1, DMA32)->present, 0x3ffe0);
	assert_int_equal(ZONE(1, NORMAL)->present, 0x40000);
	assert_int_equal(boot.nr_online, 2);
}

/*
 *  node  0  1  0        pages of a node between those of another
 *  RAM  [##][##][##]
 *
 * A node spans what lies between its first and last page, whoever's it is; present counts its own only.
 */
static void interleaved_nodes_span_each_other(void **state)
{
	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 0x100000, 0x110000);
	ram(1, 0x110000, 0x120000);
	ram(0, 0x120000, 0x130000);
	zones_run(&boot);
	assert_int_equal(ZONE(0, NORMAL)->spanned, 0x30000);
	assert_int_equal(ZONE(0, NORMAL)->present, 0x20000);
	assert_int_equal(ZONE(1, NORMAL)->spanned, 0x10000);
	assert_int_equal(ZONE(1, NORMAL)->present, 0x10000);
	assert_int_equal(boot.physpages, 0x30000);
}

/*
 *  section  |<--------------- 128 MiB: 0x8000 pages ---------------->|
 *  RAM      [####### 0x78000 .. 0x7ffe0 ########################]....
 *                                                               32 pages
 *
 * The last section has struct pages for its tail too, and so has page 0. What is there without memory is told at each hole: 1 and
 * 97 pages in DMA, 32 in DMA32 (debian-6.1-pc-2g).
 */
static void holes_with_struct_pages_are_counted(void **state)
{
	uint64_t pages = 0;

	GUARD();
	boot_of("6.1.0-56-amd64", ARCH_X86_64, "");
	ram(0, 1, 0x9f);
	ram(0, 0x100, 0x7ffe0);
	zones_run(&boot);
	assert_int_equal(ZONE(0, DMA)->unavailable, 98);
	assert_int_equal(ZONE(0, DMA32)->unavailable, 32);
	assert_int_equal(said(FACT_UNAVAILABLE, &pages), 3);
}

/*
 *  pfn   1      0x9f  0x100      0x1000        0x36bfe          0x7ffe0
 *        |<------- DMA -------->|<-- Normal -->|<-- HighMem --->|
 *
 * 32 bits: what the kernel cannot map for good is HighMem (debian-5.10-i386-pc-2g).
 */
static void thirty_two_bits_have_highmem(void **state)
{
	GUARD();
	boot_of("5.10.0-32-686", ARCH_I386, "");
	ram(0, 1, 0x9f);
	ram(0, 0x100, 0x7ffe0);
	boot.max_low_pfn = 0x36bfe;
	zones_run(&boot);
	assert_int_equal(ZONE(0, DMA)->present, 3998);
	assert_int_equal(ZONE(0, DMA32)->spanned, 0);
	assert_int_equal(ZONE(0, NORMAL)->span.end, 0x36bfe);
	assert_int_equal(ZONE(0, HIGHMEM)->span.start, 0x36bfe);
	assert_int_equal(ZONE(0, NORMAL)->present, 220158);
	assert_int_equal(ZONE(0, HIGHMEM)->present, 300002);
}

/*
 *  DMA32   [ memmap ][................ present ................]
 *          7112      513048
 *
 * 2.6.32 calls present what is left of a zone when its struct pages, of 56 bytes, are paid for (built-2.6.32-pc-2g).
 */
static void old_kernels_pay_for_struct_pages_first(void **state)
{
	GUARD();
	boot_of("2.6.32.69", ARCH_X86_64, "");
	ram(0, 0, 0x9f);
	ram(0, 0x100, 0x7ffe0);
	zones_run(&boot);
	assert_int_equal(ZONE(0, DMA)->present, 3999);
	assert_int_equal(ZONE(0, DMA)->memmap_pages, 56);
	assert_int_equal(ZONE(0, DMA32)->present, 520160);
	assert_int_equal(ZONE(0, DMA32)->memmap_pages, 7112);
	assert_int_equal(ZONE(0, DMA32)->present_shown, 513048);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_hole_is_spanned_not_present),
		TEST(memory_above_4g_is_normal),
		TEST(kernelcore_leaves_the_rest_to_movable),
		TEST(each_node_has_its_own_zones),
		TEST(interleaved_nodes_span_each_other),
		TEST(holes_with_struct_pages_are_counted),
		TEST(thirty_two_bits_have_highmem),
		TEST(old_kernels_pay_for_struct_pages_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
