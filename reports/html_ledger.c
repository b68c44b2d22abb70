/* html_ledger.c - see html_page.h: the ledger as a table whose rows are also the bars of a waterfall. */
#include "html_page.h"

#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "report_text.h"
#include "size_text.h"

#define BAR_WIDTH 1000.0
#define LEAST_BAR 1.5
#define MAX_DEPTH 8

/*
 * Where the waterfall stands: a row starts where its elder sibling ended, its children start where it does. Most of a machine's
 * memory is free: the axis begins shortly below MemTotal, so that what is taken can be seen.
 */
struct waterfall {
	const struct ledger *ledger;
	int64_t axis, top;
	int64_t at[MAX_DEPTH + 2];
};

static void begin_waterfall(struct waterfall *w, const struct ledger *ledger)
{
	const struct ledger_row *total = ledger_find(ledger, "mem_total");
	int64_t lost;

	*w = (struct waterfall){ .ledger = ledger, .top = ledger->v[0].bytes };
	for (size_t i = 0; i < ledger->nr; i++)
		if (is_trunk(&ledger->v[i]) && ledger->v[i].bytes > w->top)
			w->top = ledger->v[i].bytes;
	lost = total ? w->top - total->bytes : 0;
	if (total && lost > 0 && lost < w->top / 3)
		w->axis = total->bytes - lost / 6;
}

static double place(const struct waterfall *w, int64_t v)
{
	double x = (double)(v - w->axis) / (double)(w->top - w->axis) * BAR_WIDTH;

	return x < 0 ? 0 : x > BAR_WIDTH ? BAR_WIDTH : x;
}

static const char *class_of(const struct ledger_row *row)
{
	if (is_trunk(row))
		return "base";
	return row->bytes < 0 ? "give" : "take";
}

static void put_bar(const struct page *p, const struct ledger_row *row, const struct waterfall *w, int64_t from, int64_t to)
{
	double a = place(w, from < to ? from : to), b = place(w, from < to ? to : from);
	const struct swatch *own = swatch_of_ledger(row->id), *swatch = own || !row->parent ? own : swatch_of_ledger(row->parent);

	if (b - a < LEAST_BAR)
		a = b > LEAST_BAR ? b - LEAST_BAR : 0;
	fprintf(p->out, "<td class=\"b\"><svg class=\"bar\" viewBox=\"0 0 %.0f 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"%s%s\" x=\"%.2f\" y=\"1\" width=\"%.2f\" height=\"12\"/>", BAR_WIDTH, swatch ? "s-" : "",
		swatch ? swatch->id : class_of(row), a, b - a < LEAST_BAR ? LEAST_BAR : b - a);
	/* The cut in a bar that does not begin where it seems to. */
	if (is_trunk(row) && w->axis > 0)
		put(p, "<path class=\"cut\" d=\"M16,0 l6,5 l-6,4 l6,5 h6 l-6,-5 l6,-4 l-6,-5 z\"/>");
	put(p, "</svg></td>");
}

static void put_lines(const struct page *p, const struct ledger_row *row)
{
	put(p, "<td class=\"l\">");
	for (size_t i = 0; i < ARRAY_SIZE(row->lines) && row->lines[i]; i++)
		fprintf(p->out, "%s%" PRIu32, i ? ", " : "", row->lines[i]);
	put(p, "</td></tr>\n");
}

static void put_row(const struct page *p, struct waterfall *w, const struct ledger_row *row)
{
	unsigned depth = depth_below_trunk(w->ledger, row);
	int64_t from, to;

	if (depth > MAX_DEPTH)
		depth = MAX_DEPTH;
	from = depth ? w->at[depth] : 0;
	to = depth ? from - row->bytes : row->bytes;
	w->at[depth] = to;
	w->at[depth + 1] = depth ? from : row->bytes;
	fprintf(p->out, "<tr class=\"%s%u\" data-o=\"%s\" data-p=\"%s\"><td>", depth ? "d" : "trunk d", depth, row->id, row->parent && depth ? row->parent : "");
	text(p, row->label);
	put(p, "</td>");
	put_bar(p, row, w, from, to);
	html_size_cell(p, row->bytes);
	fprintf(p->out, "<td class=\"n\">");
	text(p, percent_text(row->bytes, w->ledger->v[0].bytes).s);
	fprintf(p->out, "</td><td>%s</td>", row->basis == AMOUNT_EXACT ? "" : basis_name(row->basis));
	put_lines(p, row);
}

void html_ledger(const struct page *p)
{
	const struct ledger *ledger = &p->v->ledger;
	const struct ledger_row **rows = ledger_in_order(p->arena, ledger);
	struct waterfall w;

	begin_waterfall(&w, ledger);
	put(p, "<section id=\"ledger\"><h2>Ledger</h2>\n<p>Where every byte went. Children add up to their parent; what came back later is negative. ");
	put(p, w.axis > 0 ? "Bars begin shortly below MemTotal, so that what is taken can be seen. " : "");
	put(p, "Lines are those of the log.</p>\n<div class=\"scroll\"><table><thead><tr><th>owner</th><th class=\"b\"></th><th class=\"n\">size</th><th class=\"n\">share</th><th>basis</th><th>line</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < ledger->nr && rows[i]; i++)
		put_row(p, &w, rows[i]);
	put(p, "</tbody></table></div></section>\n");
}
