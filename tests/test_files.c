/*
 * test_files.c - the files beside a log, of every kernel.
 *
 * Literal pieces for what differs between kernels; and each bundle of the test data, read a second time by scanf() here.
 */
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "unit.h"

static struct zoneinfo zones(const char *text)
{
	struct zoneinfo zi = { 0 };

	zoneinfo_parse(arena, str_of(text), &zi);
	return zi;
}

#define SAYS(said, expected, where)                                                                                   \
	do {                                                                                                          \
		assert_int_equal((said).value, expected);                                                             \
		assert_int_equal((said).line, where);                                                                 \
	} while (0)

/* zoneinfo, literally */

static void a_watermark_is_not_a_list_limit(void **state)
{
	struct zoneinfo zi;

	GUARD();
	zi = zones("Node 0, zone      DMA\n"
		   "  per-node stats\n"
		   "      nr_inactive_anon 14\n"
		   "                   0\n"
		   "  pages free     3776\n"
		   "        boost    5\n"
		   "        min      86\n"
		   "        low      107\n"
		   "        high     128\n"
		   "        promo    149\n"
		   "        spanned  4095\n"
		   "        present  3998\n"
		   "        managed  3840\n"
		   "        cma      7\n"
		   "        protection: (0, 1952, 1952, 1952, 1953)\n"
		   "      nr_free_pages 3776\n"
		   "  pagesets\n"
		   "    cpu: 0\n"
		   "              count:    0\n"
		   "              high:     53\n"
		   "              batch:    1\n"
		   "              high_min: 52\n"
		   "              high_max: 240\n"
		   "  vm stats threshold: 4\n"
		   "    cpu: 1\n"
		   "              high:     99\n"
		   "              batch:    99\n"
		   "  vm stats threshold: 99\n"
		   "  node_unreclaimable:  0\n"
		   "  start_pfn:           1\n");
	assert_int_equal(zi.nr, 1);
	assert_string_equal(zi.v[0].name, "DMA");
	assert_int_equal(zi.v[0].line, 1);
	SAYS(zi.v[0].free, 3776, 5);
	SAYS(zi.v[0].boost, 5, 6);
	SAYS(zi.v[0].min, 86, 7);
	SAYS(zi.v[0].low, 107, 8);
	SAYS(zi.v[0].high, 128, 9);
	SAYS(zi.v[0].promo, 149, 10);
	SAYS(zi.v[0].spanned, 4095, 11);
	SAYS(zi.v[0].present, 3998, 12);
	SAYS(zi.v[0].managed, 3840, 13);
	SAYS(zi.v[0].cma, 7, 14);
	SAYS(zi.v[0].pcp_high, 53, 20);
	SAYS(zi.v[0].pcp_batch, 1, 21);
	SAYS(zi.v[0].pcp_high_min, 52, 22);
	SAYS(zi.v[0].pcp_high_max, 240, 23);
	SAYS(zi.v[0].stat_threshold, 4, 24);
	SAYS(zi.v[0].start_pfn, 1, 30);
	assert_int_equal(zi.v[0].nr_cpus, 2);
	assert_int_equal(zi.v[0].nr_protection, 5);
	assert_int_equal(zi.v[0].protection_line, 15);
	assert_int_equal(zi.v[0].protection[0], 0);
	assert_int_equal(zi.v[0].protection[4], 1953);
}

static void old_kernels_say_less(void **state)
{
	struct zoneinfo zi;

	GUARD();
	/* 2.6.22: two lists a CPU, protection behind the counters. */
	zi = zones("Node 0, zone   Normal\n  pages free     6383\n        min      936\n        low      1170\n        high     1404\n"
		   "        scanned  0 (a: 12 i: 0)\n        spanned  225280\n        present  223520\n    nr_free_pages 6383\n"
		   "        protection: (0, 0, 90424)\n  pagesets\n    cpu: 0 pcp: 0\n              count: 61\n              high:  186\n"
		   "              batch: 31\n    cpu: 0 pcp: 1\n              high:  62\n              batch: 15\n  vm stats threshold: 24\n"
		   "    cpu: 1 pcp: 0\n              high:  186\n    cpu: 1 pcp: 1\n  all_unreclaimable: 0\n  prev_priority:     12\n  start_pfn:         4096\n");
	assert_int_equal(zi.nr, 1);
	SAYS(zi.v[0].high, 1404, 5);
	SAYS(zi.v[0].pcp_high, 186, 14);
	SAYS(zi.v[0].pcp_batch, 31, 15);
	SAYS(zi.v[0].present, 223520, 8);
	assert_int_equal(zi.v[0].managed.line, 0);
	assert_int_equal(zi.v[0].nr_cpus, 2);
	assert_int_equal(zi.v[0].protection[2], 90424);
	SAYS(zi.v[0].start_pfn, 4096, 25);
}

static void empty_zones_end_early(void **state)
{
	struct zoneinfo zi;

	GUARD();
	zi = zones("Node 0, zone   Normal\n  pages free     0\n        min      0\n        spanned  0\n        present  0\n        managed  0\n"
		   "        protection: (0, 0)\nNode 0, zone  Movable\n  pages free     0\n        min      32\nNode 1, zone   Normal\n        min      7\n");
	assert_int_equal(zi.nr, 3);
	SAYS(zi.v[0].spanned, 0, 4);
	assert_int_equal(zi.v[0].start_pfn.line, 0);
	SAYS(zi.v[1].min, 32, 10);
	assert_int_equal(zi.v[2].nid, 1);
	SAYS(zi.v[2].min, 7, 12);
}

static void the_first_reading_counts(void **state)
{
	struct zoneinfo zi;

	GUARD();
	zi = zones("Here is what I see:\n> Node 0, zone      DMA\n>   pages free     1\n>         min      2\n\nand later\n"
		   "> Node 0, zone      DMA\n>   pages free     9\n>         min      9\n");
	assert_int_equal(zi.nr, 1);
	SAYS(zi.v[0].free, 1, 3);
	SAYS(zi.v[0].min, 2, 4);
}

static void numbers_that_do_not_fit_are_not_taken(void **state)
{
	struct zoneinfo zi;

	GUARD();
	zi = zones("Node 0, zone      DMA\n        min      18446744073709551616\n        low      18446744073709533486\n"
		   "        high     -1\n        spanned  12x\n        present  \n        protection: (1, -2, 3)\n        cma      3\n"
		   "Node 99999999999999999999, zone DMA\nNode x, zone DMA\nNode 0, zone\nNode 0, zone averyveryverylongname\nNode 0, zone  DMA32 1 2 3\n");
	assert_int_equal(zi.nr, 1);
	assert_int_equal(zi.v[0].min.line, 0);
	assert_int_equal(zi.v[0].low.line, 0);
	assert_int_equal(zi.v[0].high.line, 0);
	assert_int_equal(zi.v[0].spanned.line, 0);
	assert_int_equal(zi.v[0].present.line, 0);
	assert_int_equal(zi.v[0].nr_protection, 1);
	SAYS(zi.v[0].cma, 3, 8);
}

/* the other files, literally */

static void key_values_are_read(void **state)
{
	struct key_values kv = { 0 };

	GUARD();
	key_values_parse(arena, str_of("MemTotal:        2012132 kB\nActive(anon):          4 kB\nHugePages_Total:       0\nbad\nbad: x kB\nnr_free_pages 12\n"), &kv);
	assert_int_equal(kv.nr, 4);
	assert_int_equal(key_values_find(&kv, "MemTotal")->value, 2012132);
	assert_int_equal(key_values_find(&kv, "Active(anon)")->line, 2);
	assert_int_equal(key_values_find(&kv, "HugePages_Total")->value, 0);
	assert_int_equal(key_values_find(&kv, "nr_free_pages")->value, 12);
	assert_null(key_values_find(&kv, "bad"));
}

static void iomem_ends_are_exclusive(void **state)
{
	struct iomem iomem = { 0 };

	GUARD();
	iomem_parse(arena, str_of("00000000-00000fff : Reserved\n  77600000-78401d31 : Kernel code\n    fee00000-fee003ff : a : b\n"
				  "00000000-00000000 : System RAM\nffffffffffffff00-ffffffffffffffff : end\n2-1 : wrong\nnonsense\n"), &iomem);
	assert_int_equal(iomem.nr, 4);
	assert_int_equal(iomem.v[0].end, 0x1000);
	assert_int_equal(iomem.v[0].depth, 0);
	assert_int_equal(iomem.v[1].start, 0x77600000);
	assert_int_equal(iomem.v[1].end, 0x78401d32);
	assert_int_equal(iomem.v[1].depth, 1);
	assert_int_equal(iomem.v[1].line, 2);
	assert_true(str_is(iomem.v[1].name, "Kernel code"));
	assert_int_equal(iomem.v[2].depth, 2);
	assert_true(str_is(iomem.v[2].name, "a : b"));
	assert_true(iomem.v[3].end == UINT64_MAX);
}

static void buddyinfo_has_a_number_an_order(void **state)
{
	struct buddyinfo buddy = { 0 };

	GUARD();
	buddyinfo_parse(arena, str_of("Node 0, zone      DMA      0      1      2      3      4      5      6      7      8      9     10 \n"
				      "Node 1, zone   Normal      5\nNode 2, zone   Normal      5 x\nNode 3, zone   Normal\n"), &buddy);
	assert_int_equal(buddy.nr, 2);
	for (size_t i = 0; i < NR_ORDERS; i++)
		assert_int_equal(buddy.v[0].free[i], i);
	assert_int_equal(buddy.v[1].nid, 1);
	assert_int_equal(buddy.v[1].free[0], 5);
	assert_int_equal(buddy.v[1].free[1], 0);
}

static void firmware_memmap_is_sorted(void **state)
{
	struct e820_table table = { 0 };

	GUARD();
	firmware_memmap_parse(arena, str_of("1 0x100000 0x7ffdffff System RAM\n0 0x0 0x9fbff System RAM\n2 0xf0000 0xfffff reserved\n"
					    "3 0xfd00000000 0xffffffffff ACPI Non-volatile Storage\n4 0x5 0x4 System RAM\nx\n5 0x200000000 0x2ffffffff Odd\n"), &table);
	assert_int_equal(table.nr, 5);
	assert_int_equal(table.v[0].start, 0);
	assert_int_equal(table.v[0].end, 0x9fc00);
	assert_int_equal(table.v[0].type, E820_TYPE_RAM);
	assert_int_equal(table.v[0].line, 2);
	assert_int_equal(table.v[1].type, E820_TYPE_RESERVED);
	assert_int_equal(table.v[2].end, 0x7ffe0000);
	assert_int_equal(table.v[3].start, 0x200000000);
	assert_int_equal(table.v[3].type, E820_TYPE_UNKNOWN);
	assert_int_equal(table.v[4].type, E820_TYPE_NVS);
}

static void memory_blocks_are_sorted_by_number(void **state)
{
	struct memory_blocks blocks = { 0 };

	GUARD();
	memory_blocks_parse(arena, str_of("block_size 8000000\nmemory0 online none\nmemory10 offline Normal Movable\nmemory2 online DMA32\nmemoryx online\n"), &blocks);
	SAYS(blocks.size_bytes, 0x8000000, 1);
	assert_int_equal(blocks.nr, 3);
	assert_int_equal(blocks.v[1].index, 2);
	assert_int_equal(blocks.v[2].index, 10);
	assert_false(blocks.v[2].online);
	assert_true(blocks.v[1].online);
	assert_string_equal(blocks.v[0].zone, "none");
	assert_string_equal(blocks.v[2].zone, "Normal");
}

static void lsmem_gives_the_same_blocks(void **state)
{
	struct memory_blocks blocks = { 0 };

	GUARD();
	lsmem_parse(arena, str_of("RANGE                                  SIZE   STATE REMOVABLE BLOCK\n"
				  "0x0000000100000000-0x000000010fffffff  256M  online       yes 32-33\n"
				  "0x0000000000000000-0x0000000007ffffff  128M offline       yes     0\n"
				  "\nMemory block size:       128M\nTotal online memory:       1G\n"), &blocks);
	SAYS(blocks.size_bytes, (uint64_t)128 << 20, 5);
	assert_int_equal(blocks.nr, 3);
	assert_int_equal(blocks.v[0].index, 0);
	assert_false(blocks.v[0].online);
	assert_int_equal(blocks.v[2].index, 33);
	assert_true(blocks.v[2].online);
}

static void nodes_have_cpus_distances_and_sizes(void **state)
{
	struct node_files nodes = { 0 };

	GUARD();
	nodes_parse(arena, str_of("node0 cpus=0-1,4 distance=10 20\nNode 0 MemTotal:        2017400 kB\nNode 0 MemFree:         1 kB\n"
				  "node1 cpus= distance=20 10\nNode 2 MemTotal:        7 kB\nnode99999 cpus=1\nnodes\n"), &nodes);
	assert_int_equal(nodes.nr, 3);
	assert_true(str_is(nodes.v[0].cpus, "0-1,4"));
	assert_int_equal(nodes.v[0].nr_distance, 2);
	assert_int_equal(nodes.v[0].distance[1], 20);
	SAYS(nodes.v[0].mem_total_kib, 2017400, 2);
	assert_int_equal(nodes.v[1].cpus.n, 0);
	assert_int_equal(nodes.v[1].distance[0], 20);
	assert_int_equal(nodes.v[1].line, 4);
	assert_int_equal(nodes.v[2].id, 2);
}

static void numactl_says_the_same(void **state)
{
	struct node_files nodes = { 0 };

	GUARD();
	numactl_parse(arena, str_of("available: 2 nodes (0,2)\nnode 0 cpus: 0 1 2\nnode 0 size: 1970 MB\nnode 0 free: 1 MB\nnode 2 cpus:\n"
				    "node 2 size: 0 MB\nnode distances:\nnode   0   2 \n  0:  10  21 \n  2:  21  10 \n"), &nodes);
	assert_int_equal(nodes.nr, 2);
	assert_true(str_is(nodes.v[0].cpus, "0 1 2"));
	assert_int_equal(nodes.v[0].distance[1], 21);
	assert_int_equal(nodes.v[1].id, 2);
	assert_int_equal(nodes.v[1].nr_distance, 2);
	assert_int_equal(nodes.v[0].mem_total_kib.line, 0);
	SAYS(nodes.v[0].numactl_mib, 1970, 3);
	SAYS(nodes.v[1].numactl_mib, 0, 6);
	/* What /sys said stays. */
	numactl_parse(arena, str_of("available: 2 nodes (0,2)\nnode 0 cpus: 9\nnode 0 size: 12 GB\nnode 2 size: 7 MB\nnode distances:\n  0:  99 99\n"), &nodes);
	assert_true(str_is(nodes.v[0].cpus, "0 1 2"));
	assert_int_equal(nodes.v[0].distance[0], 10);
	SAYS(nodes.v[0].numactl_mib, 1970, 3);
	SAYS(nodes.v[1].numactl_mib, 7, 4);
}

static void free_tells_its_total(void **state)
{
	static const struct {
		const char *text;
		uint64_t value, unit;
	} rows[] = {
		{ "              total        used        free\nMem:        4007132       80000     3900000\n", 4007132, 0 },
		{ "total used free\nMem:           3.8Gi       120Mi       3.5Gi\n", (uint64_t)(3.8 * GIB), GIB / 10 },
		{ "total used free\nMem:            15G  1G 2G\n", 15 * GIB, GIB },
		{ "total used free\nMem:  512Ki 1 2\n", 512 * KIB, KIB },
	};

	GUARD();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct boot_record boot = { 0 };

		assert_true(free_parse(str_of(rows[i].text), &boot));
		SAYS(boot.free_total, rows[i].value, 2);
		assert_int_equal(boot.free_unit, rows[i].unit);
	}
	for (const char *const *s = (const char *const[]){ "", "Mem:", "Mem: x", "Mem: 99999999999999999999999Ti", "Swap: 1", NULL }; *s; s++) {
		struct boot_record boot = { 0 };

		if (free_parse(str_of(*s), &boot))
			assert_true(boot.free_total.value <= PHYS_LIMIT);
		else
			assert_int_equal(boot.free_total.line, 0);
	}
}

static void cpuinfo_tells_of_pages_and_addresses(void **state)
{
	struct boot_record boot = { 0 };

	GUARD();
	cpuinfo_parse(str_of("processor\t: 0\nflags\t\t: fpu pdpe1gb_not la57\naddress sizes\t: 46 bits physical, 48 bits virtual\n"
			     "processor\t: 1\nflags\t\t: pdpe1gb\naddress sizes\t: 40 bits physical\n"), &boot);
	SAYS(boot.cpus_online, 2, 1);
	SAYS(boot.cpu_phys_bits, 46, 3);
	assert_true(boot.cpuinfo_has_flags);
	assert_true(boot.cpu_la57);
	assert_false(boot.cpu_gbpages);
}

static void dmidecode_adds_up_the_modules(void **state)
{
	GUARD();
	assert_int_equal(dmidecode_parse(str_of("Handle 0x1, DMI type 16, 23 bytes\nPhysical Memory Array\n\tMaximum Capacity: 64 GB\n\n"
						"Handle 0x2, DMI type 17, 92 bytes\nMemory Device\n\tSize: 8 GB\n\tType: DDR4\n\tVolatile Size: 8 GB\n\n"
						"Handle 0x3, DMI type 17, 92 bytes\nMemory Device\n\tSize: 512 MB\n\n"
						"Handle 0x4, DMI type 17, 92 bytes\nMemory Device\n\tSize: No Module Installed\n\n"
						"Handle 0x5, DMI type 17, 92 bytes\nMemory Device\n\tSize: 1024 kB\n\tType: Flash\n\n"
						"Handle 0x6, DMI type 17, 92 bytes\nMemory Device\n\tSize: 128 GB\n\tNon-Volatile Size: 126 GB\n\tVolatile Size: None\n\n"
						"Handle 0x7, DMI type 7, 27 bytes\nCache Information\n\tSize: 32 GB\n")),
			 ((uint64_t)8 << 30) + ((uint64_t)512 << 20));
	assert_int_equal(dmidecode_parse(str_of("nothing")), 0);
}

static void single_numbers_are_whole(void **state)
{
	struct said said = { 7, 7 };

	GUARD();
	assert_false(single_number_parse(str_of(""), &said));
	assert_false(single_number_parse(str_of("x1"), &said));
	assert_false(single_number_parse(str_of("99999999999999999999"), &said));
	assert_int_equal(said.value, 7);
	assert_true(single_number_parse(str_of("256\t32\n"), &said));
	SAYS(said, 256, 1);
}

/* the test data, read a second time */

struct bundle {
	char folder[4096];
	char *bytes;
	size_t n;
};

static bool load(struct bundle *b, const char *name)
{
	char path[4200];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", b->folder, name);
	free(b->bytes);
	b->bytes = NULL;
	file = fopen(path, "rb");
	if (!file)
		return false;
	b->bytes = calloc(1, 1 << 21);
	b->n = fread(b->bytes, 1, (1 << 21) - 1, file);
	fclose(file);
	return b->n > 0;
}

/* Rows of the text that scanf() reads as @format; the sum of their first number. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static uint64_t sum_of(const char *text, const char *format, size_t *rows)
{
	uint64_t sum = 0, value;

	*rows = 0;
	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL) {
		if (sscanf(p, format, &value) != 1)
			continue;
		sum += value;
		++*rows;
	}
	return sum;
}
#pragma GCC diagnostic pop

#define CHECK_SUM(bundle, zi, member, format)                                                                         \
	do {                                                                                                          \
		size_t rows_, said_ = 0;                                                                              \
		uint64_t want_ = sum_of((bundle)->bytes, format, &rows_), have_ = 0;                                  \
                                                                                                                      \
		for (size_t i_ = 0; i_ < (zi)->nr; i_++) {                                                            \
			have_ += (zi)->v[i_].member.value;                                                            \
			said_ += (zi)->v[i_].member.line > 0;                                                         \
		}                                                                                                     \
		if (want_ != have_ || rows_ != said_)                                                                 \
			fail_msg("%s: " #member " %" PRIu64 " in %zu zones instead of %" PRIu64 " in %zu",            \
				 (bundle)->folder, have_, said_, want_, rows_);                                       \
	} while (0)

static void check_zoneinfo(struct bundle *b)
{
	struct zoneinfo zi = zones(b->bytes);
	size_t rows, protections;

	sum_of(b->bytes, "Node %*d, zone %*s pages free %" SCNu64, &rows);
	assert_true(zi.nr > 0);
	CHECK_SUM(b, &zi, free, "  pages free %" SCNu64);
	CHECK_SUM(b, &zi, min, "        min %" SCNu64);
	CHECK_SUM(b, &zi, low, "        low %" SCNu64);
	CHECK_SUM(b, &zi, high, "        high %" SCNu64);
	CHECK_SUM(b, &zi, spanned, "        spanned %" SCNu64);
	CHECK_SUM(b, &zi, present, "        present %" SCNu64);
	CHECK_SUM(b, &zi, managed, "        managed %" SCNu64);
	CHECK_SUM(b, &zi, start_pfn, "  start_pfn: %" SCNu64);
	sum_of(b->bytes, "        protection: (%" SCNu64, &protections);
	for (size_t i = 0; i < zi.nr; i++)
		protections -= zi.v[i].protection_line > 0;
	assert_int_equal(protections, 0);
}

static void check_buddyinfo(struct bundle *b)
{
	struct buddyinfo buddy = { 0 };
	uint64_t single = 0, want;
	size_t rows;

	want = sum_of(b->bytes, "Node %*d, zone %*s %" SCNu64, &rows);
	buddyinfo_parse(arena, str_of(b->bytes), &buddy);
	for (size_t i = 0; i < buddy.nr; i++)
		single += buddy.v[i].free[0];
	assert_int_equal(buddy.nr, rows);
	assert_int_equal(single, want);
}

static void check_iomem(struct bundle *b)
{
	struct iomem iomem = { 0 };
	size_t rows;
	uint64_t starts = 0, want = sum_of(b->bytes, " %" SCNx64 "-%*x : ", &rows);

	iomem_parse(arena, str_of(b->bytes), &iomem);
	for (size_t i = 0; i < iomem.nr; i++)
		starts += iomem.v[i].start;
	assert_int_equal(iomem.nr, rows);
	assert_true(starts == want);
}

static void check_memory_blocks(struct bundle *b)
{
	struct memory_blocks blocks = { 0 };
	uint64_t indexes = 0, want;
	size_t rows;

	want = sum_of(b->bytes, "memory%" SCNu64 " ", &rows);
	memory_blocks_parse(arena, str_of(b->bytes), &blocks);
	for (size_t i = 0; i < blocks.nr; i++) {
		indexes += blocks.v[i].index;
		assert_true(!i || blocks.v[i - 1].index < blocks.v[i].index);
	}
	assert_int_equal(blocks.nr, rows);
	assert_int_equal(indexes, want);
	assert_true(blocks.size_bytes.value >= (uint64_t)64 << 20);
}

static void check_meminfo(struct bundle *b)
{
	struct key_values kv = { 0 };
	size_t rows;
	uint64_t want = sum_of(b->bytes, "MemTotal: %" SCNu64 " kB", &rows);

	key_values_parse(arena, str_of(b->bytes), &kv);
	assert_int_equal(rows, 1);
	assert_int_equal(key_values_find(&kv, "MemTotal")->value, want);
}

static void check_nodes(struct bundle *b)
{
	struct node_files nodes = { 0 };
	uint64_t want, have = 0;
	size_t rows;

	want = sum_of(b->bytes, "Node %*d MemTotal: %" SCNu64 " kB", &rows);
	nodes_parse(arena, str_of(b->bytes), &nodes);
	for (size_t i = 0; i < nodes.nr; i++)
		have += nodes.v[i].mem_total_kib.value;
	assert_int_equal(have, want);
	assert_true(nodes.nr >= rows);
}

/* Returns how many files there were. */
static size_t check_bundle(struct bundle *bundle)
{
	static const struct {
		const char *name;
		void (*check)(struct bundle *b);
	} checks[] = {
		{ "zoneinfo", check_zoneinfo },           { "buddyinfo", check_buddyinfo }, { "iomem", check_iomem },
		{ "memory_blocks", check_memory_blocks }, { "meminfo", check_meminfo },     { "nodes", check_nodes },
	};
	size_t done = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (!load(bundle, checks[i].name))
			continue;
		checks[i].check(bundle);
		done++;
	}
	arena_reset(arena);
	return done;
}

static size_t check_bundles(void)
{
	const char *data = getenv("MIA_TEST_DATA");
	struct bundle bundle = { 0 };
	char pattern[4096];
	glob_t found;
	size_t done = 0;

	snprintf(pattern, sizeof(pattern), "%s/boots/*/", data ? data : "test-data");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		snprintf(bundle.folder, sizeof(bundle.folder), "%s", found.gl_pathv[i]);
		done += check_bundle(&bundle);
	}
	free(bundle.bytes);
	globfree(&found);
	return done;
}

static void bundles_are_read_as_by_scanf(void **state)
{
	GUARD();
	assert_true(check_bundles() > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_watermark_is_not_a_list_limit),
		TEST(old_kernels_say_less),
		TEST(empty_zones_end_early),
		TEST(the_first_reading_counts),
		TEST(numbers_that_do_not_fit_are_not_taken),
		TEST(key_values_are_read),
		TEST(iomem_ends_are_exclusive),
		TEST(buddyinfo_has_a_number_an_order),
		TEST(firmware_memmap_is_sorted),
		TEST(memory_blocks_are_sorted_by_number),
		TEST(lsmem_gives_the_same_blocks),
		TEST(nodes_have_cpus_distances_and_sizes),
		TEST(numactl_says_the_same),
		TEST(free_tells_its_total),
		TEST(cpuinfo_tells_of_pages_and_addresses),
		TEST(dmidecode_adds_up_the_modules),
		TEST(single_numbers_are_whole),
		TEST(bundles_are_read_as_by_scanf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
