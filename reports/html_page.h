/*
 * html_page.h - what the parts of the HTML report share.
 *
 * Each part writes one section of the page. A part formats and computes nothing but positions.
 */
#ifndef MIA_HTML_PAGE_H
#define MIA_HTML_PAGE_H

#include <stdio.h>

#include "html.h"
#include "map_scale.h"
#include "mia/verdict.h"
#include "swatch.h"

struct page {
	FILE *out;
	struct arena *arena;
	const struct verdict *v;
	struct physmap map;
	uint64_t least_piece; /* smaller ones are part of others; 0: all are there */
	struct map_scale scale;
	struct str figure_order, figure_zones; /* drawn by gnuplot and filtered; empty where it is not there */
};

/* Our own markup. */
static inline void put(const struct page *p, const char *markup) { fputs(markup, p->out); }
static inline void text(const struct page *p, const char *s) { html_text(p->out, p->arena, str_of(s)); }
static inline void text_str(const struct page *p, struct str s) { html_text(p->out, p->arena, s); }
/* "<td class="n" data-v="4096">4.00 KiB</td>": a size that sorts by its bytes. */
void html_size_cell(const struct page *p, int64_t bytes);
/* A cell with a number; "?" where it is not known. */
void html_number_cell(const struct page *p, bool known, uint64_t n);
/* The colour of a swatch, as a small square. */
void html_swatch(const struct page *p, enum swatch_id id);

void html_map(const struct page *p);
void html_ledger(const struct page *p);
void html_zones(const struct page *p);
void html_nodes(const struct page *p);
void html_order(const struct page *p);
void html_checks(const struct page *p);
void html_gaps(const struct page *p);
void html_findings(const struct page *p);
void html_kernel(const struct page *p);

/* The whole page; figures may be empty. */
void html_report(const struct verdict *v, struct str figure_order, struct str figure_zones, FILE *out);

#endif
