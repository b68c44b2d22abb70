/*
 * test_report.c - what the reports are put together from: sizes, harmless text, tables, drawings, cells of the map.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "map_grid.h"
#include "map_scale.h"
#include "mia/owned.h"
#include "mia/takers.h"
#include "safe_text.h"
#include "size_text.h"
#include "svg_filter.h"
#include "swatch.h"
#include "term.h"
#include "unit.h"

#define assert_text(s, wanted) assert_string_equal(str_dup(arena, s), wanted)

/* --- sizes --- */

static void sizes_are_rounded_to_the_nearest_hundredth(void **state)
{
	(void)state;
	assert_string_equal(size_column(52 << 20, false).s, "52.00 MiB");
	assert_string_equal(size_column(660, false).s, "0.64 KiB");
	assert_string_equal(size_column(-(36 << 10), false).s, "-36.00 KiB");
	assert_string_equal(size_column((int64_t)64 << 40, false).s, "67108864.00 MiB");
	assert_string_equal(size_column(-9269248, true).s, "-9269248");
	assert_string_equal(size_column(0, false).s, "0.00 KiB");
	assert_string_equal(size_prose(1, false).s, "1 B");
	assert_string_equal(size_prose(((int64_t)1 << 30) + ((int64_t)1 << 29), false).s, "1.50 GiB");
	assert_string_equal(size_prose((int64_t)64 << 40, false).s, "64.00 TiB");
	assert_string_equal(size_prose(INT64_MAX, false).s, "8388608.00 TiB");
	assert_string_equal(size_prose(INT64_MIN, false).s, "-8388608.00 TiB");
	assert_string_equal(size_prose(4096, true).s, "4096 bytes");
}

static void shares_never_look_like_nothing(void **state)
{
	(void)state;
	assert_string_equal(percent_text(1, 2).s, "50.00%");
	assert_string_equal(percent_text(1, 1000000).s, "<0.01%");
	assert_string_equal(percent_text(-1, 1000000).s, ">-0.01%");
	assert_string_equal(percent_text(0, 5).s, "0.00%");
	assert_string_equal(percent_text(5, 0).s, "");
}

/* --- text --- */

static void harmless_text_is_left_alone(void **state)
{
	struct str s = STR("pc-i440fx \xc3\xa9\xe4\xb8\xad \xf0\x9f\x90\xa7 (1996)");

	GUARD();
	assert_ptr_equal(safe_text(arena, s).p, s.p);
}

static void what_moves_the_cursor_is_shown(void **state)
{
	GUARD();
	assert_text(safe_text(arena, STR("a\033[31mb\r\n\tc\x7f")), "a\\x1b[31mb\\x0d\\x0a c\\x7f");
	assert_text(safe_text(arena, STR("x\xc2\x9b" "2J")), "x\\u{9b}2J");
	assert_text(safe_text(arena, STR("\xe2\x80\xae" "gpj.exe")), "\\u{202e}gpj.exe");
	assert_text(safe_text(arena, STR("\xef\xbb\xbfz")), "\\u{feff}z");
	/* no UTF-8: a byte alone, an overlong form, half a surrogate, a character cut short */
	assert_text(safe_text(arena, STR("\xff|\xc0\xaf|\xed\xa0\x80|\xe4\xb8")), "\\xff|\\xc0\\xaf|\\xed\\xa0\\x80|\\xe4\\xb8");
	assert_text(safe_text(arena, (struct str){ "a\0b", 3 }), "a\\x00b");
}

static void columns_are_those_of_a_terminal(void **state)
{
	GUARD();
	assert_int_equal(text_columns(STR("abc")), 3);
	assert_int_equal(text_columns(STR("\xe4\xb8\xad\xe6\x96\x87")), 4);
	assert_int_equal(text_columns(STR("e\xcc\x81")), 1);
	assert_text(text_fit(arena, STR("firmware"), 8), "firmware");
	assert_text(text_fit(arena, STR("firmware"), 7), "firm...");
	assert_text(text_fit(arena, STR("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97"), 5), "\xe4\xb8\xad...");
	assert_text(text_fit(arena, STR("firmware"), 2), "..");
}

static void html_text_is_dead(void **state)
{
	char *page;
	size_t n;
	FILE *out = open_memstream(&page, &n);

	GUARD();
	html_text(out, arena, STR("<b a=\"x\" b='y'>&`\033]]>"));
	fclose(out);
	assert_string_equal(page, "&#60;b a=&#34;x&#34; b=&#39;y&#39;&#62;&#38;&#96;\\x1b]]&#62;");
	free(page);
}

/* --- paragraphs and tables --- */

struct paper {
	struct term term;
	char *text;
	size_t n;
};

static void paper_open(struct paper *p, unsigned columns)
{
	*p = (struct paper){ .text = NULL };
	p->term = (struct term){ .arena = arena, .out = open_memstream(&p->text, &p->n), .columns = columns };
}

static const char *paper_close(struct paper *p)
{
	fclose(p->term.out);
	p->text[p->n] = '\0';
	return p->text;
}

static void paragraphs_break_between_words(void **state)
{
	struct paper p;

	GUARD();
	paper_open(&p, 12);
	term_paragraph(&p.term, PAINT_PLAIN, 0, 2, STR("one two three four"));
	term_paragraph(&p.term, PAINT_PLAIN, 0, 2, STR("a /a/very/long/path b"));
	term_paragraph(&p.term, PAINT_PLAIN, 0, 2, STR(""));
	assert_string_equal(paper_close(&p), "one two\n  three four\na\n  /a/very/lo\n  ng/path b\n\n");
	free(p.text);
}

static void a_table_that_is_too_wide_gives_way(void **state)
{
	static const struct column columns[] = { { "what", ALIGN_LEFT, true }, { "n", ALIGN_RIGHT, false }, { "", ALIGN_LEFT, false } };
	struct paper p;
	struct table t = { .term = &p.term, .column = columns, .nr_columns = 3 };

	GUARD();
	paper_open(&p, 26);
	table_cell(&t, PAINT_PLAIN, STR("  rest of pages that are partly taken"));
	table_cell(&t, PAINT_PLAIN, STR("12345"));
	table_cell(&t, PAINT_PLAIN, STR(""));
	table_cell(&t, PAINT_PLAIN, STR("b"));
	table_cell(&t, PAINT_PLAIN, STR("6"));
	table_cell(&t, PAINT_PLAIN, STR("x"));
	table_write(&t);
	assert_string_equal(paper_close(&p), "what                  n\n"
					     "  rest of pages   12345\n"
					     "    that are\n"
					     "    partly taken\n"
					     "b                     6  x\n");
	free(p.text);
}

/* --- drawings --- */

static void a_drawing_passes_without_names_and_references(void **state)
{
	GUARD();
	assert_text(svg_filter(arena, STR("<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 9 9\" xmlns=\"http://www.w3.org/2000/svg\"><title>t</title><defs><circle id='a'/></defs>"
					  "<g fill=\"none\" color=\"red\" stroke=\"rgb( 27,  33,  40)\" id=\"g1\"><path stroke='rgb(223, 227, 232)' d='M0,0 L1,1'/><text><tspan font-family=\"x\">12 &lt; 13</tspan></text></g></svg>\n"),
			       "a chart"),
		    "<svg role=\"img\" aria-label=\"a chart\" viewBox=\"0 0 9 9\"><g fill=\"none\" stroke=\"currentColor\"><path stroke=\"currentColor\" stroke-opacity=\"0.15\" d=\"M0,0 L1,1\"/>"
		    "<text><tspan>12 &lt; 13</tspan></text></g></svg>");
}

static void a_strange_drawing_does_not_pass(void **state)
{
	static const char *const strange[] = {
		"", "no drawing", "<svg>", "<svg></svg", "<svg><script>alert(1)</script></svg>", "<svg><image href='x'/></svg>", "<svg><foreignObject/></svg>", "<svg x></svg>", "<svg x=1></svg>", "<svg x='1></svg>",
		"</svg>", "<svg><g></svg>", "<svg/><", "<html></html>", "<svg><!-- ", "<svg><title>x", "<svg><style>*{}</style></svg>", "<svg><use xlink:href='#a'/></svg>", "<svg><a>x</a></svg>",
	};

	GUARD();
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++)
		if (svg_filter(arena, str_of(strange[i]), "x").n)
			fail_msg("passed: %s", strange[i]);
	assert_text(svg_filter(arena, STR("<svg onload='x()' fill='url(http://x)' stroke='javascript:x' style='a' x='1'></svg>"), "n"), "<svg role=\"img\" aria-label=\"n\" x=\"1\"></svg>");
}

/* --- the map --- */

static struct phys_segment piece(uint64_t start, uint64_t end, enum phys_kind kind, enum owner owner, int nid)
{
	return (struct phys_segment){ .range = { start, end }, .kind = kind, .owner = owner, .nid = nid, .zone = ZONE_NORMAL, .type = kind == PHYS_HOLE ? 0 : E820_TYPE_RAM };
}

/*
 *  MiB  0            64       65     1024 .............. 2^24   2^24+64
 *       |    free    |kernel|  free  |       hole        | free |
 */
static struct physmap a_map(struct phys_segment v[5])
{
	const uint64_t far = (uint64_t)1 << 44;

	v[0] = piece(0, 64 * MIB, PHYS_FREE, OWNER_NONE, 0);
	v[1] = piece(64 * MIB, 65 * MIB, PHYS_OWNED, OWNER_IMAGE, 0);
	v[2] = piece(65 * MIB, GIB, PHYS_FREE, OWNER_NONE, 0);
	v[3] = piece(GIB, far, PHYS_HOLE, OWNER_NONE, 0);
	v[4] = piece(far, far + 64 * MIB, PHYS_FREE, OWNER_NONE, 0);
	return (struct physmap){ .v = v, .nr = 5, .cap = 5 };
}

static void small_things_show_and_holes_are_folded(void **state)
{
	struct phys_segment v[5];
	struct physmap map = a_map(v);
	struct map_grid grid;
	struct map_cell cell;
	size_t segment = 0;

	GUARD();
	map_grid_build(arena, &map, 64, &grid);
	assert_int_equal(grid.cell_bytes, 2 * MIB);
	assert_int_equal(grid.nr, 2);
	assert_int_equal(grid.v[0].range.end, GIB);
	assert_int_equal(grid.v[1].range.start, (uint64_t)1 << 44);
	cell = map_grid_cell(&grid, 62 * MIB, 64 * MIB, &segment);
	assert_true(cell.swatch == SWATCH_FREE && !cell.partly);
	cell = map_grid_cell(&grid, 64 * MIB, 66 * MIB, &segment);
	assert_true(cell.swatch == SWATCH_KERNEL && cell.partly);
	cell = map_grid_cell(&grid, 64 * MIB, 65 * MIB, &segment);
	assert_true(cell.swatch == SWATCH_KERNEL && !cell.partly);
}

static void a_picture_keeps_memory_to_scale(void **state)
{
	struct phys_segment v[5];
	struct physmap map = a_map(v);
	struct map_scale scale;

	GUARD();
	map_scale_build(arena, &map, 1000, &scale);
	assert_true(scale.x[0] == 0 && scale.x[5] == 1000);
	/* 960 MiB take fifteen times the room of 64 MiB, and a hole of 16 TiB next to none. */
	assert_true((scale.x[3] - scale.x[1]) / (scale.x[5] - scale.x[4]) > 14.9);
	assert_true((scale.x[3] - scale.x[1]) / (scale.x[5] - scale.x[4]) < 15.1);
	assert_true(scale.x[4] - scale.x[3] < 15);
}

static void thousands_of_pieces_become_fewer(void **state)
{
	static struct phys_segment v[10000];
	struct physmap map = { .v = v, .nr = ARRAY_SIZE(v), .cap = ARRAY_SIZE(v) };

	(void)state;
	for (size_t i = 0; i < map.nr; i++)
		v[i] = piece(i * PAGE_SIZE, (i + 1) * PAGE_SIZE, i % 2 ? PHYS_FREE : PHYS_OWNED, OWNER_MEMMAP, 0);
	assert_true(physmap_coarsen(&map, 1000) > PAGE_SIZE);
	assert_true(map.nr <= 1000 && map.nr >= 100);
	assert_int_equal(map.v[0].range.start, 0);
	for (size_t i = 1; i < map.nr; i++)
		assert_int_equal(map.v[i].range.start, map.v[i - 1].range.end);
	assert_int_equal(map.v[map.nr - 1].range.end, ARRAY_SIZE(v) * PAGE_SIZE);
}

/* --- who owns what: the first that takes it, and whole pages --- */

static void own(struct boot *b, enum owner owner, uint64_t base, uint64_t end)
{
	memblock_reserve(&b->memblock, base, end);
	boot_own(b, owner, base, end);
}

/*
 *  KiB  0        4         8     8.5       12        16
 *       | image  |  image  | mask|         |  free   |      one owner each; the page of the mask is gone as a whole
 *                 [ memmap, too late ]
 */
static void a_byte_has_one_owner(void **state)
{
	struct boot b = { .arena = arena };
	struct e820_step step = { .step = STEP_FIRMWARE };
	struct owned_ranges owned;
	struct physmap map;

	GUARD();
	memblock_init(&b.memblock, arena);
	memblock_add(&b.memblock, 0, 16 * KIB, 0, 0);
	e820_range_add(arena, &step.table, 0, 16 * KIB, E820_TYPE_RAM, 1);
	b.e820_steps.v = &step;
	b.e820_steps.nr = 1;
	own(&b, OWNER_IMAGE, 0, 8 * KIB);
	own(&b, OWNER_MEMMAP, 4 * KIB, 8 * KIB);
	own(&b, OWNER_CPUMASK, 8 * KIB, 8 * KIB + 512);
	owned = owned_by_address(arena, &b);
	assert_int_equal(owned.nr, 2);
	assert_int_equal(owned.v[0].owner, OWNER_IMAGE);
	assert_int_equal(phys_len(owned.v[0].range), 8 * KIB);
	assert_int_equal(owned.v[1].owner, OWNER_CPUMASK);
	assert_int_equal(owned_in_order(arena, &b).nr, 2);
	physmap_build(arena, &b, &map);
	assert_int_equal(map.nr, 4);
	assert_int_equal(map.v[2].owner, OWNER_ROUNDING);
	assert_int_equal(map.v[2].range.end, 12 * KIB);
	assert_int_equal(map.v[3].kind, PHYS_FREE);
}

static void takers_are_told_less_what_they_gave_back(void **state)
{
	struct ledger_row rows[] = {
		{ .id = "installed", .label = "", .bytes = 100 }, { .id = "firmware.reserved", .parent = "firmware", .label = "", .bytes = 8 }, { .id = "initrd", .parent = "reserved", .label = "", .bytes = 30 },
		{ .id = "kernel.image", .parent = "reserved", .label = "", .bytes = 20 }, { .id = "kernel.text", .parent = "kernel.image", .label = "", .bytes = 15 },
		{ .id = "returned.initrd", .parent = "returned", .label = "", .bytes = -30 }, { .id = "returned.initmem", .parent = "returned", .label = "", .bytes = -5 },
	};
	struct ledger ledger = { .v = rows, .nr = ARRAY_SIZE(rows), .cap = ARRAY_SIZE(rows) };
	struct takers takers;

	GUARD();
	takers_rank(arena, &ledger, &takers);
	assert_int_equal(takers.nr, 2);
	assert_string_equal(takers.v[0].row->id, "kernel.image");
	assert_int_equal(takers.v[0].bytes, 15);
	assert_string_equal(takers.v[1].row->id, "firmware.reserved");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(sizes_are_rounded_to_the_nearest_hundredth),
		TEST(shares_never_look_like_nothing),
		TEST(harmless_text_is_left_alone),
		TEST(what_moves_the_cursor_is_shown),
		TEST(columns_are_those_of_a_terminal),
		TEST(html_text_is_dead),
		TEST(paragraphs_break_between_words),
		TEST(a_table_that_is_too_wide_gives_way),
		TEST(a_drawing_passes_without_names_and_references),
		TEST(a_strange_drawing_does_not_pass),
		TEST(small_things_show_and_holes_are_folded),
		TEST(a_picture_keeps_memory_to_scale),
		TEST(thousands_of_pieces_become_fewer),
		TEST(a_byte_has_one_owner),
		TEST(takers_are_told_less_what_they_gave_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
