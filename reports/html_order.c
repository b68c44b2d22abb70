/* html_order.c - see html_page.h: what was taken in the order of the boot, and what came back. */
#include "html_page.h"

#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/owned.h"
#include "report_text.h"
#include "size_text.h"

#define BAR_WIDTH 1000.0
#define LEAST_BAR 1.5

static void put_bar(const struct page *p, const char *class, int64_t from, int64_t to, int64_t top)
{
	double a = (double)(from < to ? from : to) / (double)top * BAR_WIDTH, w = (double)(from < to ? to - from : from - to) / (double)top * BAR_WIDTH;

	fprintf(p->out, "<td><svg class=\"bar\" viewBox=\"0 0 %.0f 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"%s\" x=\"%.2f\" y=\"1\" width=\"%.2f\" height=\"12\"/></svg></td>", BAR_WIDTH, class, a, w < LEAST_BAR ? LEAST_BAR : w);
}

static void put_step(const struct page *p, const char *stage, const char *label, const char *class, int64_t *sum, int64_t bytes, int64_t top)
{
	put(p, "<tr><td>");
	text(p, stage);
	put(p, "</td><td>");
	text(p, label);
	put(p, "</td>");
	put_bar(p, class, *sum, *sum + bytes, top);
	*sum += bytes;
	html_size_cell(p, bytes);
	html_size_cell(p, *sum);
	put(p, "</tr>\n");
}

static void put_takings(const struct page *p, const struct takings *takings, int64_t *sum, int64_t top)
{
	const char *stage = "";

	for (size_t i = 0; i < takings->nr; i++) {
		const struct taking *t = &takings->v[i];
		char class[40];

		snprintf(class, sizeof(class), "s-%s", swatch_of_ledger(owner_id(t->owner))->id);
		put_step(p, strcmp(stage, stage_name(t->stage)) ? stage_name(t->stage) : "", owner_label(t->owner), class, sum, (int64_t)t->bytes, top);
		stage = stage_name(t->stage);
	}
}

static void put_returns(const struct page *p, int64_t *sum, int64_t top)
{
	const struct ledger *ledger = &p->v->ledger;

	for (size_t i = 0; i < ledger->nr; i++)
		if (ledger->v[i].parent && !strcmp(ledger->v[i].parent, "returned"))
			put_step(p, "given back", ledger->v[i].label, "give", sum, ledger->v[i].bytes, top);
}

void html_order(const struct page *p)
{
	struct takings takings = owned_in_order(p->arena, p->v->boot);
	int64_t top = 0, sum = 0;

	for (size_t i = 0; i < takings.nr; i++)
		top += (int64_t)takings.v[i].bytes;
	if (!top)
		return;
	put(p, "<section id=\"order\"><h2>In the order of the boot</h2>\n<p>What each stage of the model reserved and still held when memory went to the page allocator, and what came back after that.</p>\n");
	if (p->figure_order.n) {
		put(p, "<figure>");
		fwrite(p->figure_order.p, 1, p->figure_order.n, p->out);
		put(p, "<figcaption>Reserved memory, reservation by reservation. The table below says the same.</figcaption></figure>\n");
	}
	put(p, "<div class=\"scroll\"><table class=\"bars\"><thead><tr><th>stage</th><th>what</th><th>from &#8230; to</th><th class=\"n\">size</th><th class=\"n\">sum</th></tr></thead>\n<tbody>\n");
	put_takings(p, &takings, &sum, top);
	put_returns(p, &sum, top);
	put(p, "</tbody></table></div></section>\n");
}
