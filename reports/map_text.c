/* map_text.c - see map_out.h: rows of cells, their meaning, and the list of ranges. */
#include "map_out.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "map_grid.h"
#include "mia/arena.h"
#include "report_text.h"
#include "size_text.h"
#include "swatch.h"
#include "term.h"

#define LEAST_COLUMNS 40

struct map_view {
	struct term term;
	const struct verdict *v;
	const struct map_style *style;
	struct physmap map;
	struct map_grid grid;
	unsigned digits; /* of an address */
};

/* --- cells --- */

/* A letter; of lower case where it fills only part of the cell. */
static void put_mark(const struct map_view *m, struct map_cell cell)
{
	const struct swatch *s = &swatches[cell.swatch];
	char letter = cell.partly ? (char)tolower((unsigned char)s->letter) : s->letter;

	if (cell.swatch == SWATCH_FREE && m->style->utf8)
		fputs("\u2591", m->term.out);
	else
		fputc(letter, m->term.out);
}

static bool same_cell(struct map_cell a, struct map_cell b) { return a.swatch == b.swatch && a.partly == b.partly; }

/* Whether black letters are hard to read on this of the terminal's 256 colours: a cube of six steps, then greys. */
static bool is_dark(unsigned ansi)
{
	unsigned cube = ansi - 16;

	return ansi >= 232 ? ansi < 244 : cube / 36 * 3 + cube / 6 % 6 * 6 + cube % 6 < 22;
}

static void paint_cell(const struct map_view *m, struct map_cell cell, struct map_cell before)
{
	if (!m->term.color || same_cell(cell, before))
		return;
	if (cell.swatch == SWATCH_HOLE)
		fputs("\033[0m", m->term.out);
	else if (cell.partly || cell.swatch == SWATCH_FREE)
		fprintf(m->term.out, "\033[0;38;5;%um", swatches[cell.swatch].ansi);
	else
		fprintf(m->term.out, "\033[0;38;5;%d;48;5;%um", is_dark(swatches[cell.swatch].ansi) ? 231 : 16, swatches[cell.swatch].ansi);
}

static const struct map_cell no_cell = { NR_SWATCHES, false };

static void put_row(const struct map_view *m, uint64_t start, uint64_t end, size_t *segment)
{
	struct map_cell before = no_cell;

	for (uint64_t at = start; at < end; at = add_sat(at, m->grid.cell_bytes)) {
		struct map_cell cell = map_grid_cell(&m->grid, at, min_u64(add_sat(at, m->grid.cell_bytes), end), segment);

		paint_cell(m, cell, before);
		put_mark(m, cell);
		before = cell;
	}
	if (m->term.color)
		fputs("\033[0m", m->term.out);
}

static void put_address(const struct map_view *m, uint64_t addr) { term_printf(&m->term, PAINT_DIM, "%0*" PRIx64 " ", (int)m->digits, addr); }

/* --- strips --- */

static void put_strip(const struct map_view *m, const struct strip *s, size_t *segment)
{
	uint64_t row = m->grid.columns * m->grid.cell_bytes;

	/* Rows start at round addresses, whatever the strip does. */
	for (uint64_t at = s->range.start, end; at < s->range.end; at = end) {
		end = min_u64(align_down(at, m->grid.cell_bytes) + row, s->range.end);
		put_address(m, at);
		put_row(m, at, end, segment);
		term_newline(&m->term);
	}
}

static void put_folded(const struct map_view *m, uint64_t bytes, const char *what)
{
	term_printf(&m->term, PAINT_DIM, "%*s %s %s\n", (int)m->digits, m->style->utf8 ? "\u22ee" : ":", size_prose((int64_t)bytes, m->style->bytes).s, what);
}

static bool same_zone(const struct strip *a, const struct strip *b) { return a->nid == b->nid && a->zone == b->zone; }

static void put_zones(const struct map_view *m)
{
	const struct strip *last = NULL;
	size_t segment = 0;

	for (size_t i = 0; i < m->grid.nr; i++) {
		const struct strip *s = &m->grid.v[i];

		if (s->nid == NUMA_NO_NODE)
			continue;
		if (last && s->range.start > last->range.end)
			put_folded(m, s->range.start - last->range.end, same_zone(last, s) ? "hole" : "outside of zones");
		if (!last || !same_zone(last, s))
			term_printf(&m->term, PAINT_BOLD, "node %d %s\n", s->nid, zone_type_name(s->zone));
		put_strip(m, s, &segment);
		last = s;
	}
}

/* --- what lies outside of zones: one piece behind the other --- */

/* As many cells as it fills, one at least, a row at most. */
static unsigned cells_outside(const struct map_view *m, const struct strip *s)
{
	return (unsigned)min_u64(div_up(phys_len(s->range), m->grid.cell_bytes), m->grid.columns);
}

static void put_outside(const struct map_view *m)
{
	unsigned used = 0;
	size_t segment = 0;
	bool any = false;

	for (size_t i = 0; i < m->grid.nr; i++) {
		const struct strip *s = &m->grid.v[i];
		unsigned cells = cells_outside(m, s), width = m->digits + 1 + cells;

		if (s->nid != NUMA_NO_NODE)
			continue;
		if (!any)
			term_put(&m->term, PAINT_BOLD, STR("outside of zones\n"));
		any = true;
		if (used && used + 2 + width > m->term.columns) {
			term_newline(&m->term);
			used = 0;
		}
		if (used)
			fputs("  ", m->term.out);
		put_address(m, s->range.start);
		put_row(m, s->range.start, s->range.start + min_u64(phys_len(s->range), cells * m->grid.cell_bytes), &segment);
		used += width + (used ? 2 : 0);
	}
	if (used)
		term_newline(&m->term);
}

/* --- legend --- */

static uint64_t sum(const uint64_t bytes[NR_SWATCHES])
{
	uint64_t all = 0;

	for (size_t i = SWATCH_FREE; i < NR_SWATCHES; i++)
		all += bytes[i];
	return all;
}

static void put_swatch(const struct map_view *m, size_t i, uint64_t bytes, const char *share)
{
	struct map_cell cell = { (unsigned char)i, false };

	paint_cell(m, cell, no_cell);
	put_mark(m, cell);
	if (m->term.color)
		fputs("\033[0m", m->term.out);
	term_printf(&m->term, PAINT_PLAIN, " %-32s %14s%*s\n", swatches[i].label, size_column((int64_t)bytes, m->style->bytes).s, *share ? 9 : 0, share);
}

/* Largest first; what has been shown is set to 0. */
static void put_swatches(const struct map_view *m, uint64_t bytes[NR_SWATCHES], uint64_t whole)
{
	for (;;) {
		size_t largest = SWATCH_FREE;

		for (size_t i = SWATCH_FREE; i < NR_SWATCHES; i++)
			if (bytes[i] > bytes[largest])
				largest = i;
		if (!bytes[largest])
			return;
		put_swatch(m, largest, bytes[largest], percent_text((int64_t)bytes[largest], (int64_t)whole).s);
		bytes[largest] = 0;
	}
}

static void put_legend(const struct map_view *m)
{
	uint64_t bytes[NR_SWATCHES];

	physmap_totals(&m->map, true, bytes);
	put_swatches(m, bytes, sum(bytes));
	physmap_totals(&m->map, false, bytes);
	if (!sum(bytes))
		return;
	term_put(&m->term, PAINT_BOLD, STR("outside of zones\n"));
	put_swatches(m, bytes, 0);
}

/* --- list --- */

/* Pieces below this size, or this part of a cell, are told one by one only where they stand alone. */
#define SMALL_BYTES (64 * KIB)
#define SMALL_PART 256

static bool is_small(const struct map_view *m, const struct phys_segment *s)
{
	return s->kind != PHYS_HOLE && phys_len(s->range) < max_u64(SMALL_BYTES, m->grid.cell_bytes / SMALL_PART);
}

static bool touch(const struct phys_segment *a, const struct phys_segment *b) { return b->range.start == a->range.end && b->nid == a->nid && b->zone == a->zone; }

/* The end of the run of small pieces that starts at @i; @i + 1 where there is none. */
static size_t run_of_small(const struct map_view *m, size_t i)
{
	const struct phys_segment *v = m->map.v;
	size_t end = i + 1;

	if (!is_small(m, &v[i]))
		return end;
	while (end < m->map.nr && touch(&v[end - 1], &v[end]) && is_small(m, &v[end]))
		end++;
	return end - i > 2 ? end : i + 1;
}

/* Who holds most of a run; free memory only where nothing else is in it. */
static const struct phys_segment *largest_of(const struct map_view *m, size_t first, size_t end)
{
	uint64_t bytes[NR_SWATCHES] = { 0 };
	const struct phys_segment *ret = &m->map.v[first];

	for (size_t i = first; i < end; i++) {
		const struct phys_segment *s = &m->map.v[i];

		bytes[swatch_of(s)] += phys_len(s->range);
		if (swatch_of(ret) == SWATCH_FREE || (swatch_of(s) != SWATCH_FREE && bytes[swatch_of(s)] > bytes[swatch_of(ret)]))
			ret = s;
	}
	return ret;
}

static void add_run(const struct map_view *m, struct table *t, size_t first, size_t end)
{
	const struct phys_segment *s = &m->map.v[first];
	uint64_t last = m->map.v[end - 1].range.end;

	table_printf(t, PAINT_DIM, "%0*" PRIx64 "-%0*" PRIx64, (int)m->digits, s->range.start, (int)m->digits, last - 1);
	table_printf(t, PAINT_PLAIN, "%s", size_column((int64_t)(last - s->range.start), m->style->bytes).s);
	if (s->nid == NUMA_NO_NODE)
		table_cell(t, PAINT_DIM, STR(""));
	else
		table_printf(t, PAINT_DIM, "%d %s", s->nid, zone_type_name(s->zone));
	if (end - first > 1) {
		s = largest_of(m, first, end);
		table_printf(t, PAINT_PLAIN, "%c", swatches[swatch_of(s)].letter);
		table_printf(t, PAINT_DIM, "%zu small pieces, mostly %s", end - first, swatches[swatch_of(s)].label);
		return;
	}
	table_printf(t, PAINT_PLAIN, "%c", swatches[swatch_of(s)].letter);
	table_printf(t, s->kind == PHYS_FREE ? PAINT_DIM : PAINT_PLAIN, "%s%s", segment_label(s), s->returned ? " (given back)" : "");
}

static void put_list(const struct map_view *m)
{
	static const struct column columns[] = { { "range", ALIGN_LEFT, false }, { "size", ALIGN_RIGHT, false }, { "zone", ALIGN_LEFT, false }, { "", ALIGN_LEFT, false }, { "what", ALIGN_LEFT, true } };
	struct table t = { .term = &m->term, .column = columns, .nr_columns = ARRAY_SIZE(columns) };

	for (size_t i = 0, end; i < m->map.nr; i = end) {
		end = run_of_small(m, i);
		if (m->map.v[i].kind != PHYS_HOLE)
			add_run(m, &t, i, end);
	}
	term_newline(&m->term);
	table_write(&t);
}

/* --- all of it --- */

static unsigned hex_digits(uint64_t addr)
{
	unsigned digits = 8;

	while (digits < 16 && addr >> 4 * digits)
		digits++;
	return digits;
}

/* A multiple of 16 keeps addresses round. */
static unsigned cells_in_row(unsigned columns, unsigned digits)
{
	unsigned cells = (columns > digits + 1 ? columns - digits - 1 : 16) / 16 * 16;

	return cells ? cells : 16;
}

void map_write_text(const struct verdict *v, const struct map_style *style, FILE *out)
{
	struct map_view m = { .term = { .arena = v->boot->arena, .out = out, .color = style->color, .columns = style->columns < LEAST_COLUMNS ? LEAST_COLUMNS : style->columns }, .v = v, .style = style };

	physmap_build(m.term.arena, v->boot, &m.map);
	term_paragraph(&m.term, PAINT_BOLD, 0, 2, headline(m.term.arena, v));
	if (!m.map.nr) {
		term_put(&m.term, PAINT_WARNING, STR("The input shows no map of the machine's memory.\n"));
		return;
	}
	m.digits = hex_digits(m.map.v[m.map.nr - 1].range.end - 1);
	map_grid_build(m.term.arena, &m.map, cells_in_row(m.term.columns, m.digits), &m.grid);
	term_printf(&m.term, PAINT_DIM, "At the hand-over to the page allocator. A cell is %s; small letters\nfill part of theirs.\n", size_prose((int64_t)m.grid.cell_bytes, style->bytes).s);
	if (map_caveat(v).n)
		term_paragraph(&m.term, PAINT_WARNING, 0, 0, map_caveat(v));
	term_newline(&m.term);
	put_zones(&m);
	put_outside(&m);
	term_newline(&m.term);
	put_legend(&m);
	put_list(&m);
}
