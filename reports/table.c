/* table.c - see term.h: columns that are as wide as what stands in them. */
#include <stdarg.h>

#include "mia/arena.h"
#include "mia/base.h"
#include "safe_text.h"
#include "term.h"

#define MAX_COLUMNS 16
#define GAP 2
#define LEAST_YIELD 16

void table_cell(struct table *table, enum paint paint, struct str s) { *vec_push(table->term->arena, table) = (struct cell){ s, text_columns(s), paint }; }

void table_join(struct table *table, enum paint paint, struct str a, struct str b)
{
	char *p = arena_alloc(table->term->arena, a.n + b.n + 1);

	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	table_cell(table, paint, (struct str){ p, a.n + b.n });
}

void table_number(struct table *table, enum paint paint, uint64_t v)
{
	struct strbuf buf = { .arena = table->term->arena };

	strbuf_decimal(&buf, v, 1);
	table_cell(table, paint, strbuf_str(&buf));
}

void table_printf(struct table *table, enum paint paint, const char *format, ...)
{
	struct strbuf buf = { .arena = table->term->arena };
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&buf, format, args);
	va_end(args);
	table_cell(table, paint, strbuf_str(&buf));
}

/* Fills @width; returns the sum. */
static size_t natural_width(const struct table *table, size_t width[MAX_COLUMNS])
{
	size_t total = table->indent;

	for (size_t c = 0; c < table->nr_columns; c++)
		width[c] = strlen(table->column[c].head);
	for (size_t i = 0; i < table->nr; i++)
		width[i % table->nr_columns] = max_u64(width[i % table->nr_columns], table->v[i].columns);
	for (size_t c = 0; c < table->nr_columns; c++)
		total += width[c] + (c ? GAP : 0);
	return total;
}

size_t table_columns(const struct table *table)
{
	size_t width[MAX_COLUMNS];

	return natural_width(table, width);
}

static void measure(const struct table *table, size_t width[MAX_COLUMNS])
{
	size_t total = natural_width(table, width);

	for (size_t c = 0; c < table->nr_columns; c++)
		if (table->column[c].yields && total > table->term->columns)
			width[c] = max_u64(sub_sat(width[c], total - table->term->columns), LEAST_YIELD);
}

static size_t leading_blanks(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

/* Cut what one line of @width columns takes off the front of @rest, at a blank where there is one. */
static struct str cut_line(struct str *rest, size_t width, size_t indent)
{
	struct str line = text_within(*rest, width);
	size_t end;

	if (line.n == rest->n || !line.n) {
		line = *rest;
		*rest = str_skip(*rest, rest->n);
		return line;
	}
	for (end = line.n; end > indent && rest->p[end] != ' ';)
		end--;
	if (end > indent)
		line.n = end;
	*rest = str_skip(*rest, line.n);
	while (rest->n && *rest->p == ' ')
		*rest = str_skip(*rest, 1);
	return line;
}

struct row_state {
	size_t width[MAX_COLUMNS];
	size_t pending; /* blanks owed before the next text, so that no line ends in blanks */
};

static void put_cell(const struct table *table, struct row_state *r, size_t c, const struct cell *cell)
{
	size_t room = sub_sat(r->width[c], cell->columns);
	bool right = table->column[c].align == ALIGN_RIGHT;

	r->pending += (c ? GAP : table->indent) + (right ? room : 0);
	if (cell->text.n) {
		term_blanks(table->term, r->pending);
		term_put(table->term, cell->paint, cell->text);
		r->pending = right ? 0 : room;
	} else {
		r->pending += right ? cell->columns : room;
	}
}

/* Further lines of the cell that yields, below its first one. */
static void put_rest(const struct table *table, const struct row_state *r, size_t c, enum paint paint, struct str rest, size_t indent)
{
	size_t left = table->indent;

	for (size_t i = 0; i < c; i++)
		left += r->width[i] + GAP;
	while (rest.n) {
		struct str line = cut_line(&rest, r->width[c] - min_u64(indent, r->width[c] - 1), 0);

		term_blanks(table->term, left + indent);
		term_put(table->term, paint, line);
		term_newline(table->term);
	}
}

static void put_row(const struct table *table, struct row_state *r, const struct cell *cells)
{
	size_t yielding = table->nr_columns, indent = 0;
	struct str rest = { NULL, 0 };

	r->pending = 0;
	for (size_t c = 0; c < table->nr_columns; c++) {
		struct cell cell = cells[c];

		if (table->column[c].yields && cell.columns > r->width[c]) {
			yielding = c;
			rest = cell.text;
			indent = leading_blanks(rest) + 2;
			cell.text = cut_line(&rest, r->width[c], indent);
			cell.columns = text_columns(cell.text);
		}
		put_cell(table, r, c, &cell);
	}
	term_newline(table->term);
	if (rest.n)
		put_rest(table, r, yielding, cells[yielding].paint, rest, indent);
}

static void put_header(const struct table *table, struct row_state *r)
{
	for (size_t c = 0; c < table->nr_columns; c++)
		put_cell(table, r, c, &(struct cell){ str_of(table->column[c].head), strlen(table->column[c].head), PAINT_DIM });
	term_newline(table->term);
}

void table_write(const struct table *table)
{
	struct row_state r = { .pending = 0 };

	measure(table, r.width);
	put_header(table, &r);
	for (size_t i = 0; i + table->nr_columns <= table->nr; i += table->nr_columns)
		put_row(table, &r, &table->v[i]);
}
