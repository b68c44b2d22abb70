/* svg_filter.h - a drawing of gnuplot's, made fit to stand inside a page. */
#ifndef MIA_SVG_FILTER_H
#define MIA_SVG_FILTER_H

#include "mia/str.h"

/*
 * Only plain shapes and texts with plain attributes pass: no identifiers that could clash, no references, styles, scripts. Ink
 * becomes the page's own, so that it follows a dark page. Empty where anything is met that is not known. @label says what is shown,
 * and is our own text.
 */
struct str svg_filter(struct arena *arena, struct str svg, const char *label);

/* The colours that the scripts use for ink and for the grid. */
#define CHART_INK "#1b2128"
#define CHART_GRID "#dfe3e8"

#endif
