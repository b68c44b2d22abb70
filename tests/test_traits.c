/*
 * test_traits.c - what a release is known to do without a log: mainline, stable branches, distributions.
 *
 * Stable rows are held against the patches from one stable release to the next: the release before is without the change.
 */
#include "traits_table.h"
#include "unit.h"

static int value_of(const char *release_text, enum trait_id id)
{
	struct release release;
	struct traits traits;

	release_parse(str_of(release_text), &release);
	traits_of_version(&release, ARCH_X86_64, &traits);
	return traits.t[id].value;
}

struct change {
	enum trait_id trait;
	const char *before, *after; /* releases */
	int old, now;
};

static void assert_changes(const struct change *c, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (value_of(c[i].before, c[i].trait) != c[i].old || value_of(c[i].after, c[i].trait) != c[i].now)
			print_error("%s: %s to %s\n", trait_name(c[i].trait), c[i].before, c[i].after);
		assert_int_equal(c[i].old, value_of(c[i].before, c[i].trait));
		assert_int_equal(c[i].now, value_of(c[i].after, c[i].trait));
	}
}

static void stable_branches_change_where_their_patches_do(void **state)
{
	static const struct change changes[] = {
		{ TRAIT_PAGE0_RESERVED, "4.4.147", "4.4.148", 0, 1 },
		{ TRAIT_PAGE0_RESERVED, "4.9.119", "4.9.120", 0, 1 },
		{ TRAIT_PAGE0_RESERVED, "4.14.62", "4.14.63", 0, 1 },
		{ TRAIT_PAGE0_RESERVED, "4.18.0", "4.18.1", 0, 1 },
		{ TRAIT_MEM_SECTION_ROOTS, "4.14.8", "4.14.9", 0, 1 },
		{ TRAIT_CPU_ENTRY_AREA, "4.14.9", "4.14.10", 0, 1 },
		{ TRAIT_VSYSCALL_TABLE, "4.14.73", "4.14.74", 1, 0 },
		{ TRAIT_VSYSCALL_TABLE, "4.9.132", "4.9.133", 1, 0 },
		{ TRAIT_VSYSCALL_TABLE, "4.9.135", "4.9.136", 0, 1 },
		{ TRAIT_NOSAVE_MAX_PFN, "4.14.79", "4.14.80", 0, 1 },
		{ TRAIT_NOSAVE_MAX_PFN, "4.19.72", "4.19.73", 0, 1 },
		{ TRAIT_GAPS_RESERVED, "4.19.8", "4.19.9", 1, 0 },
		{ TRAIT_UNAVAILABLE_RULE, "4.19.102", "4.19.103", UNAVAILABLE_RESERVED_LINE, UNAVAILABLE_ZEROED_LINE },
		{ TRAIT_UNAVAILABLE_RULE, "5.10.52", "5.10.53", UNAVAILABLE_ZONE_LINE, UNAVAILABLE_NODE_LINE },
		{ TRAIT_CRASH_LOW_1M, "5.4.68", "5.4.69", 0, 1 },
		{ TRAIT_BOTTOM_UP_IMAGE, "5.4.96", "5.4.97", 1, 0 },
		{ TRAIT_WATERMARK_CALL, "4.4.9", "4.4.10", WMARK_DEVICE, WMARK_CORE },
		{ TRAIT_WATERMARK_CALL, "5.4.60", "5.4.61", WMARK_CORE, WMARK_POSTCORE },
		{ TRAIT_THP_HOTPLUG, "5.4.70", "5.4.71", 0, 1 },
		{ TRAIT_NODE_MIN_SIZE, "5.10.201", "5.10.202", 1, 0 },
		{ TRAIT_MOVABLE_TAIL, "5.10.109", "5.10.110", 0, 1 },
		{ TRAIT_USEMAP, "6.1.75", "6.1.76", 40, 56 },
		{ TRAIT_USEMAP, "5.10.209", "5.10.210", 40, 56 },
		{ TRAIT_EFI_FREE, "6.18.16", "6.18.17", EFI_FREE_KEEP_LOW, EFI_FREE_LINE },
		{ TRAIT_MAP_BLOCK, "6.12.30", "6.12.31", MAP_BLOCK_ZERO, MAP_BLOCK_ROUND },
	};

	(void)state;
	assert_changes(changes, ARRAY_SIZE(changes));
}

/* 4.14 and 4.9 went to their ends without it. */
static void a_change_is_not_in_every_branch(void **state)
{
	(void)state;
	assert_int_equal(PCP_REFRESH_NEVER, value_of("4.14.237", TRAIT_PCP_REFRESH));
	assert_int_equal(PCP_REFRESH_NEVER, value_of("4.9.273", TRAIT_PCP_REFRESH));
	assert_int_equal(PCP_REFRESH_DEFERRED, value_of("4.19.84", TRAIT_PCP_REFRESH));
}

/* One branch's patch says nothing of the next release, whose number is higher. */
static void a_stable_row_ends_with_its_branch(void **state)
{
	(void)state;
	assert_int_equal(1, value_of("4.14.80", TRAIT_NOSAVE_MAX_PFN));
	assert_int_equal(0, value_of("4.15.1", TRAIT_NOSAVE_MAX_PFN));
}

static void a_distribution_row_may_be_one_series_alone(void **state)
{
	(void)state;
	assert_int_equal(0, value_of("4.15.0-20-generic", TRAIT_NOSAVE_MAX_PFN));
	assert_int_equal(1, value_of("4.15.0-213-generic", TRAIT_NOSAVE_MAX_PFN));
	assert_int_equal(0, value_of("4.18.0-213-generic", TRAIT_NOSAVE_MAX_PFN));
	assert_int_equal(SWIOTLB_TEXT_POINTERS, value_of("4.18.0-15-generic", TRAIT_SWIOTLB_TEXT));
}

/* What an enterprise kernel does goes by its build, which takes over whole subsystems of later releases. */
static void enterprise_kernels_change_with_their_builds(void **state)
{
	static const struct change changes[] = {
		{ TRAIT_PCP_BATCH, "4.18.0-240.22.1.el8_3.x86_64", "4.18.0-305.25.1.el8_4.x86_64", PCP_BATCH_128, PCP_BATCH_256 },
		{ TRAIT_FIRST_MIB_RESERVED, "4.18.0-305.25.1.el8_4.x86_64", "4.18.0-348.23.1.el8_5.x86_64", 0, 1 },
		{ TRAIT_DEFERRED_INIT, "4.18.0-305.25.1.el8_4.x86_64", "4.18.0-348.23.1.el8_5.x86_64", DEFERRED_SECTION_MIN, DEFERRED_SECTION },
		{ TRAIT_WATERMARK_CALL, "4.18.0-305.25.1.el8_4.x86_64", "4.18.0-348.23.1.el8_5.x86_64", WMARK_CORE, WMARK_POSTCORE },
		{ TRAIT_SWIOTLB, "4.18.0-348.23.1.el8_5.x86_64", "4.18.0-372.32.1.el8_6.x86_64", SWIOTLB_TABLES, SWIOTLB_SLOTS },
		{ TRAIT_LOG_BUF, "4.18.0-348.23.1.el8_5.x86_64", "4.18.0-372.32.1.el8_6.x86_64", 0, 88 },
		{ TRAIT_USEMAP, "4.18.0-513.24.1.el8_9.x86_64", "4.18.0-553.66.1.el8_10.x86_64", 40, 56 },
		{ TRAIT_FALLBACK_LINES, "5.14.0-162.23.1.el9_1.x86_64", "5.14.0-284.30.1.el9_2.x86_64", 0, 1 },
		{ TRAIT_WATERMARK_PROMO, "5.14.0-162.23.1.el9_1.x86_64", "5.14.0-284.30.1.el9_2.x86_64", 0, 1 },
		{ TRAIT_NODE_LOAD, "5.14.0-284.30.1.el9_2.x86_64", "5.14.0-362.24.1.el9_3.x86_64", NODE_LOAD_ADD, NODE_LOAD_ONE },
		{ TRAIT_PCP_HIGH, "5.14.0-427.42.1.el9_4.x86_64", "5.14.0-503.40.1.el9_5.x86_64", PCP_HIGH_LOW, PCP_HIGH_AUTO },
		{ TRAIT_CRASH_TEXT, "5.14.0-503.40.1.el9_5.x86_64", "5.14.0-570.32.1.el9_6.x86_64", CRASH_LOW_LIMIT, CRASH_HEX },
	};

	(void)state;
	assert_changes(changes, ARRAY_SIZE(changes));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stable_branches_change_where_their_patches_do),
		cmocka_unit_test(a_change_is_not_in_every_branch),
		cmocka_unit_test(a_stable_row_ends_with_its_branch),
		cmocka_unit_test(enterprise_kernels_change_with_their_builds),
		cmocka_unit_test(a_distribution_row_may_be_one_series_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
