/*
 * test_layout.c - where early_ioremap()'s slots and the large areas lie.
 *
 * Known places: kernel_page_tables of a 2.6.32 shows the slots' page table page at ffffffffff400000, of a 4.4 and of 3.10 el7 at
 * ffffffffff200000; 32-bit kernels print the end of the permanent entries.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bundle.h"
#include "input.h"
#include "mia/analysis.h"
#include "mia/layout.h"
#include "mia/shipped.h"
#include "unit.h"

static uint64_t slot(const struct layout *l, unsigned i)
{
	uint64_t virt = 0;

	assert_true(layout_slot(l, i, &virt));
	return virt;
}

/*
 *   entries of 2.6.32:  0 .. 2047 vsyscall | 2048 .. 2183 permanent |  ...  | 2304 .. 2559 slots 3 2 1 0
 */
static void four_slots_are_rounded_to_their_size(void **state)
{
	struct layout l = { .arch = ARCH_X86_64, .slots = 4, .fixaddr_top = UINT64_C(0xffffffffffdff000) };

	(void)state;
	layout_place_slots(&l, 2184, true, 512);
	assert_int_equal(UINT64_C(0xffffffffff400000), slot(&l, 0));
	assert_int_equal(UINT64_C(0xffffffffff4c0000), slot(&l, 3));
}

static void eight_slots_fill_one_page_table_page(void **state)
{
	struct layout old = { .arch = ARCH_X86_64, .slots = 8, .fixaddr_top = UINT64_C(0xffffffffffdff000) };
	struct layout new = { .arch = ARCH_X86_64, .slots = 8, .fixaddr_top = UINT64_C(0xffffffffff7ff000) };

	(void)state;
	layout_place_slots(&old, 2263, false, 512);
	layout_place_slots(&new, 650, false, 512);
	assert_int_equal(UINT64_C(0xffffffffff200000), slot(&old, 0));
	assert_int_equal(UINT64_C(0xffffffffff200000), slot(&new, 0));
	assert_int_equal(UINT64_C(0xffffffffff3c0000), slot(&new, 7));
}

/* Entries that share a page table page stay where they are, from 2.6.35 on. */
static void slots_that_cross_no_border_are_not_moved(void **state)
{
	struct layout l = { .arch = ARCH_I386, .slots = 4, .fixaddr_top = 0xfffff000 };

	(void)state;
	layout_place_slots(&l, 233, false, 1024);
	/* 233 .. 488: slot 3 starts at entry 296, slot 0 at 488. */
	assert_int_equal(0xfffff000 - 488 * 4096, slot(&l, 0));
	assert_int_equal(0xfffff000 - 296 * 4096, slot(&l, 3));
	l.slots = 8;
	layout_place_slots(&l, 233, false, 512);
	assert_int_equal(0xfffff000 - 1023 * 4096, slot(&l, 0));
}

static void there_is_no_slot_behind_the_last(void **state)
{
	struct layout l = { .arch = ARCH_X86_64, .slots = 4, .fixaddr_top = UINT64_C(0xffffffffffdff000) };
	uint64_t virt;

	(void)state;
	layout_place_slots(&l, 2184, true, 512);
	assert_false(layout_slot(&l, 4, &virt));
}

/* --- whole boots --- */

/* Everything but the list of areas outlives the visit. */
static bool take(void *context, struct arena *a, const struct input *input, const struct mia_error *error)
{
	struct analysis_options options = { .shipped = NULL };
	struct boot_records records = { 0 };
	struct verdict verdict;

	assert_null(error);
	assert_null(bundle_parse(a, input, &records));
	analysis_run(a, &records.v[records.nr - 1], &options, &verdict);
	layout_of_boot(a, verdict.boot, context);
	return true;
}

static struct layout layout_of(const char *boot)
{
	struct layout ret = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "%s/boots/%s", getenv("MIA_TEST_DATA"), boot);
	assert_null(input_walk(arena, path, take, &ret));
	assert_true(ret.bits);
	return ret;
}

/* Nothing is random there: the constants of the era. */
static void bases_are_those_of_the_era(void **state)
{
	struct layout l;

	GUARD();
	l = layout_of("built-2.6.32-pc-2g");
	assert_int_equal(LAYOUT_FIXED, l.vmemmap.basis);
	assert_int_equal(UINT64_C(0xffff880000000000), l.page_offset.v);
	assert_int_equal(UINT64_C(0xffffc90000000000), l.vmalloc.v);
	assert_int_equal(UINT64_C(0xffffea0000000000), l.vmemmap.v);
	assert_int_equal(UINT64_C(0xffffffffff400000), slot(&l, 0));
	l = layout_of("built-4.4-pc-2g");
	assert_int_equal(UINT64_C(0xffff880000000000), l.page_offset.v);
	assert_int_equal(UINT64_C(0xffffffffff200000), slot(&l, 0));
	/* nokaslr; this machine's kernel could use 5 levels from 4.14 on, and this one's was built without */
	l = layout_of("debian-5.10-pc-8g-nokaslr");
	assert_int_equal(LAYOUT_FIXED, l.page_offset.basis);
	assert_int_equal(4, l.levels);
	assert_int_equal(UINT64_C(0xffff888000000000), l.page_offset.v);
}

/* "Base memory trampoline at [ffff94...099000] 99000": the log tells the random base. */
static void a_line_with_both_addresses_tells_the_base(void **state)
{
	struct layout l;
	uint64_t virt;

	GUARD();
	l = layout_of("built-3.10-el7-pc-2g");
	assert_int_equal(LAYOUT_SHOWN, l.page_offset.basis);
	assert_int_equal(0, l.page_offset.v % GIB);
	assert_int_equal(LAYOUT_UNKNOWN, l.vmemmap.basis);
	assert_true(layout_direct(&l, 0x99000, &virt));
	assert_false(layout_struct_page(&l, 0, &virt));
}

static void random_bases_are_not_known(void **state)
{
	struct layout l;
	uint64_t virt;

	GUARD();
	l = layout_of("debian-6.12-pc-2g");
	assert_int_equal(5, l.levels);
	assert_int_equal(LAYOUT_UNKNOWN, l.page_offset.basis);
	assert_int_equal(UINT64_C(0xff11000000000000), l.page_offset.v);
	assert_int_equal(UINT64_C(0xffd4000000000000), l.vmemmap.v);
	assert_false(layout_direct(&l, 0, &virt));
}

static void low_memory_of_32_bits_is_at_3_gib(void **state)
{
	struct layout l;
	uint64_t virt;

	GUARD();
	l = layout_of("debian-6.1-i386-pae-pc-4g");
	assert_int_equal(3, l.levels);
	assert_true(layout_direct(&l, 0x100000, &virt));
	assert_int_equal(0xc0100000, virt);
	assert_false(layout_slot(&l, 0, &virt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_slots_are_rounded_to_their_size), cmocka_unit_test(eight_slots_fill_one_page_table_page),
		cmocka_unit_test(slots_that_cross_no_border_are_not_moved), cmocka_unit_test(there_is_no_slot_behind_the_last),
		TEST(bases_are_those_of_the_era),
		TEST(a_line_with_both_addresses_tells_the_base),
		TEST(random_bases_are_not_known),
		TEST(low_memory_of_32_bits_is_at_3_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
