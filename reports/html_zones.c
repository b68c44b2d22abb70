/* html_zones.c - see html_page.h: zones with what they are made of, nodes with their distances. */
#include "html_page.h"

#include <inttypes.h>

#include "claims.h"
#include "mia/arena.h"
#include "report_text.h"
#include "size_text.h"

#define BAR_WIDTH 1000.0
/* A table of more distances than this nobody reads. */
#define MOST_NODES 64
#define SHOWN_FALLBACKS 16

static void put_part(const struct page *p, const char *class, double *x, uint64_t part, uint64_t whole)
{
	double w = whole ? (double)part / (double)whole * BAR_WIDTH : 0;

	if (w > 0)
		fprintf(p->out, "<rect class=\"%s\" x=\"%.2f\" y=\"1\" width=\"%.2f\" height=\"12\"/>", class, *x, w);
	*x += w;
}

/* A zone from left to right: managed, kept by the kernel, absent. */
static void put_bar(const struct page *p, const struct zone *z)
{
	uint64_t managed = min_u64(z->managed.v, z->present);
	double x = 0;

	fprintf(p->out, "<td><svg class=\"bar\" viewBox=\"0 0 %.0f 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">", BAR_WIDTH);
	put_part(p, "managed", &x, managed, z->spanned);
	put_part(p, "kept", &x, z->present - managed, z->spanned);
	put_part(p, "absent", &x, z->spanned - z->present, z->spanned);
	put(p, "</svg></td>");
}

static void put_protection(const struct page *p, const struct zone *z, bool marks)
{
	const struct boot *b = p->v->boot;

	put(p, "<td class=\"n\">");
	for (size_t i = 0; i < b->nr_zones && marks; i++)
		fprintf(p->out, "%s%" PRIu64, i ? ", " : "", z->protection[b->zone_order[i]]);
	put(p, marks ? "</td></tr>\n" : "?</td></tr>\n");
}

static void put_zone(const struct page *p, const struct pgdat *node, const struct zone *z)
{
	const struct boot *b = p->v->boot;
	struct zone_claims claims = zone_claims(b, z);

	fprintf(p->out, "<tr><td class=\"n\">%d</td><td>%s</td>", node->nid, zone_type_name(z->type));
	put_bar(p, z);
	html_number_cell(p, claims.start, z->span.start);
	html_number_cell(p, claims.spanned, z->spanned);
	html_number_cell(p, claims.present, z->present_shown);
	fprintf(p->out, "<td class=\"n\" data-v=\"%" PRIu64 "\">", z->managed.v);
	text_str(p, amount_text(p->arena, &z->managed));
	put(p, "</td>");
	html_number_cell(p, claims.marks, z->min);
	html_number_cell(p, claims.marks, z->low);
	html_number_cell(p, claims.marks, z->high);
	put_protection(p, z, claims.marks);
}

void html_zones(const struct page *p)
{
	const struct boot *b = p->v->boot;

	put(p, "<section id=\"zones\"><h2>Zones</h2>\n<p>In pages of 4 KiB. A bar is one zone: <span class=\"sw managed\"></span>managed by the page allocator, <span class=\"sw kept\"></span>kept by the kernel, <span class=\"sw absent\"></span>absent.</p>\n"
	       "<div class=\"scroll\"><table class=\"sortable\"><thead><tr><th class=\"n\">node</th><th>zone</th><th>made of</th><th class=\"n\">start pfn</th><th class=\"n\">spanned</th><th class=\"n\">present</th>"
	       "<th class=\"n\">managed</th><th class=\"n\">min</th><th class=\"n\">low</th><th class=\"n\">high</th><th class=\"n\">protection</th></tr></thead>\n<tbody>\n");
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones && b->node[n].online; i++)
			if (b->node[n].zone[b->zone_order[i]].spanned)
				put_zone(p, &b->node[n], &b->node[n].zone[b->zone_order[i]]);
	put(p, "</tbody></table></div>\n");
	if (p->figure_zones.n) {
		put(p, "<figure>");
		fwrite(p->figure_zones.p, 1, p->figure_zones.n, p->out);
		put(p, "<figcaption>Each zone by what becomes of its pages. The table above says the same.</figcaption></figure>\n");
	}
	put(p, "</section>\n");
}

/* --- nodes --- */

/* Local, near, far, farther: a shade of the cell. */
static int shade_of(uint8_t distance) { return distance <= LOCAL_DISTANCE ? 0 : distance < 16 ? 1 : distance <= 21 ? 2 : 3; }

static bool shows_distances(const struct page *p) { return p->v->boot->nr_online <= MOST_NODES; }

static void put_distances(const struct page *p, size_t nid)
{
	const struct boot *b = p->v->boot;

	for (size_t to = 0; to < b->nr_nodes; to++) {
		uint8_t distance = machine_distance(p->v->machine, (int)nid, (int)to);

		if (b->node[to].online)
			fprintf(p->out, "<td class=\"h%d\">%u</td>", shade_of(distance), distance);
	}
}

static void put_node(const struct page *p, const struct pgdat *node)
{
	fprintf(p->out, "<tr><th class=\"n\">%d</th><td>%" PRIu32 "</td>", node->nid, node->cpus);
	html_size_cell(p, (int64_t)PFN_PHYS(node->present));
	if (shows_distances(p))
		put_distances(p, (size_t)node->nid);
	put(p, "<td class=\"n\">");
	for (size_t i = 0; i < node->nr_fallback && i < SHOWN_FALLBACKS; i++)
		fprintf(p->out, "%s%d", i ? ", " : "", node->fallback[i]);
	put(p, node->nr_fallback > SHOWN_FALLBACKS ? ", &#8230;</td></tr>\n" : "</td></tr>\n");
}

void html_nodes(const struct page *p)
{
	const struct boot *b = p->v->boot;

	put(p, "<section id=\"nodes\"><h2>Nodes</h2>\n<p>");
	put(p, shows_distances(p) ? "Distances as the kernel has them: 10 is local." : "Too many for a table of their distances.");
	put(p, "</p>\n<div class=\"scroll\"><table class=\"heat\"><thead><tr><th class=\"n\">node</th><th>CPUs</th><th class=\"n\">memory</th>");
	for (size_t n = 0; n < b->nr_nodes && shows_distances(p); n++)
		if (b->node[n].online)
			fprintf(p->out, "<th>to %zu</th>", n);
	put(p, "<th class=\"n\">falls back to</th></tr></thead>\n<tbody>\n");
	for (size_t n = 0; n < b->nr_nodes; n++)
		if (b->node[n].online)
			put_node(p, &b->node[n]);
	put(p, "</tbody></table></div></section>\n");
}
