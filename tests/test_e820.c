/*
 * test_e820.c - the firmware's map sorted, split and edited, in pictures.
 *
 * A map is written as it is drawn: a letter a MiB, from address 0.
 *
 *    .  nothing    R  RAM    x  reserved    A  ACPI tables    N  ACPI non-volatile    S  soft reserved
 */
#include <string.h>

#include "mia/e820.h"
#include "unit.h"

static const struct {
	char letter;
	uint32_t type;
} letters[] = {
	{ 'R', E820_TYPE_RAM }, { 'x', E820_TYPE_RESERVED }, { 'A', E820_TYPE_ACPI }, { 'N', E820_TYPE_NVS }, { 'S', E820_TYPE_SOFT_RESERVED },
};

static uint32_t type_of(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].letter == letter)
			return letters[i].type;
	return 0;
}

static char letter_of(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].type == type)
			return letters[i].letter;
	return '?';
}

/* Entries as the firmware lists them, each drawn on a line of its own. */
static void draw(struct e820_table *table, const char *picture)
{
	size_t start = strspn(picture, "."), n = strcspn(picture + start, ".");

	e820_range_add(arena, table, start * MIB, (start + n) * MIB, type_of(picture[start]), 0);
}

/* The table as a picture; entries of one type that touch are drawn apart by a lower case letter at the second one's start. */
static const char *drawn(const struct e820_table *table)
{
	static char picture[64];

	memset(picture, 0, sizeof(picture));
	for (size_t i = 0; i < table->nr; i++) {
		const struct e820_entry *e = &table->v[i];

		for (uint64_t at = 0; at < e->end / MIB; at++) {
			if (!picture[at])
				picture[at] = '.';
			if (at >= e->start / MIB)
				picture[at] = letter_of(e->type);
		}
		if (i && table->v[i - 1].end == e->start && table->v[i - 1].type == e->type)
			picture[e->start / MIB] = '|';
	}
	return picture;
}

static void entries_are_sorted(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "........xx");
	draw(&t, "..RRRR....");
	draw(&t, "R.........");
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "R.RRRR..xx");
	assert_int_equal(t.nr, 3);
}

/* Where two say different things, the one with the higher number is believed. */
static void the_higher_type_wins(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "RRRRRRRRRR");
	draw(&t, "..xxxx....");
	draw(&t, "....AAAA..");
	draw(&t, "........NN");
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "RRxxAAAANN");
}

static void overlapping_ram_is_one_entry(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "RRRRR.....");
	draw(&t, "...RRRR...");
	draw(&t, ".......RRR");
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "RRRRRRRRRR");
	assert_int_equal(t.nr, 1);
}

/* A table of one entry is refused and stays as it is, as the kernel leaves it. */
static void one_entry_is_left_alone(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "..RRRR....");
	assert_false(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "..RRRR");
}

/* Memory set aside for a driver keeps its borders since 5.9; it was joined before. */
static void soft_reserved_keeps_its_borders(void **state)
{
	struct e820_table joined = { 0 }, apart = { 0 };

	GUARD();
	for (int i = 0; i < 2; i++) {
		struct e820_table *t = i ? &apart : &joined;

		draw(t, "RR........");
		draw(t, "..SSSS....");
		draw(t, "......SSSS");
		assert_true(e820_update_table(arena, t, i));
	}
	assert_string_equal(drawn(&joined), "RRSSSSSSSS");
	assert_string_equal(drawn(&apart), "RRSSSS|SSS");
}

/*
 *   before  RRRRRRRRRRxx
 *   update     ======           RAM to reserved, from 3 to 9 MiB
 *   after   RRRxxxxxxRxx
 */
static void an_update_splits(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "RRRRRRRRRR..");
	draw(&t, "..........xx");
	assert_int_equal(e820_range_update(arena, &t, 3 * MIB, 9 * MIB, E820_TYPE_RAM, E820_TYPE_RESERVED), 6 * MIB);
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "RRRxxxxxxRxx");
}

/*
 *   before  RRRRRR..AARR
 *   update      ========        only what is RAM changes, and is counted
 *   after   RRRRxx..AAxx
 */
static void an_update_changes_its_old_type_only(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "RRRRRR......");
	draw(&t, "........AA..");
	draw(&t, "..........RR");
	assert_int_equal(e820_range_update(arena, &t, 4 * MIB, 12 * MIB, E820_TYPE_RAM, E820_TYPE_RESERVED), 4 * MIB);
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "RRRRxx..AAxx");
}

/*
 *   before  RRRRRRRRRRxx
 *   remove     ======
 *   after   RRR......Rxx
 */
static void a_removal_leaves_a_hole(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "RRRRRRRRRR..");
	draw(&t, "..........xx");
	assert_int_equal(e820_range_remove(arena, &t, 3 * MIB, 9 * MIB, E820_TYPE_RAM), 6 * MIB);
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "RRR......Rxx");
}

/*
 *   before  RRRRRRAAxx
 *   remove  ==========          mem=, as its end is: RAM only, from its size on
 */
static void a_removal_takes_its_type_only(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	draw(&t, "RRRRRR....");
	draw(&t, "......AA..");
	draw(&t, "........xx");
	assert_int_equal(e820_range_remove(arena, &t, 2 * MIB, UINT64_MAX, E820_TYPE_RAM), 4 * MIB);
	assert_true(e820_update_table(arena, &t, false));
	assert_string_equal(drawn(&t), "RR....AAxx");
	assert_int_equal(e820_range_remove(arena, &t, 0, UINT64_MAX, E820_TYPE_ANY), 6 * MIB);
}

/*
 *   pages  |....|....|....|
 *   RAM     [########]          the last whole page ends at 2, whatever is left of it
 */
static void the_end_counts_whole_pages(void **state)
{
	struct e820_table t = { 0 };

	GUARD();
	e820_range_add(arena, &t, 0, 2 * PAGE_SIZE + 100, E820_TYPE_RAM, 0);
	e820_range_add(arena, &t, 8 * PAGE_SIZE, 9 * PAGE_SIZE, E820_TYPE_ACPI, 0);
	assert_int_equal(e820_end_pfn(&t, UINT64_C(1) << 34, false), 2);
	assert_int_equal(e820_end_pfn(&t, UINT64_C(1) << 34, true), 9);
	assert_int_equal(e820_end_pfn(&t, 1, false), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(entries_are_sorted),
		TEST(the_higher_type_wins),
		TEST(overlapping_ram_is_one_entry),
		TEST(one_entry_is_left_alone),
		TEST(soft_reserved_keeps_its_borders),
		TEST(an_update_splits),
		TEST(an_update_changes_its_old_type_only),
		TEST(a_removal_leaves_a_hole),
		TEST(a_removal_takes_its_type_only),
		TEST(the_end_counts_whole_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
