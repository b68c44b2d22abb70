/*
 * chart_data.h - the single charts: what stands in their data file and in their script.
 *
 * Data files are columns between tabs, with a line of names on top.
 */
#ifndef MIA_CHART_DATA_H
#define MIA_CHART_DATA_H

#include <stdio.h>

#include "mia/physmap.h"
#include "mia/verdict.h"

struct chart_input {
	struct arena *arena;
	const struct verdict *v;
	struct physmap map;
};

struct chart {
	const char *name, *title;
	unsigned width, height;            /* of the picture; height 0: rows decide */
	unsigned left, right, top, bottom; /* what stands around the plot */
	/* Returns the rows written; 0: there is nothing to draw. */
	size_t (*data)(const struct chart_input *in, FILE *out);
	/* The plot command and what it needs, without terminal and output. @rows is what data() returned. */
	void (*script)(const struct chart_input *in, size_t rows, FILE *out);
};

extern const struct chart charts[];
extern const size_t nr_charts;

#endif
