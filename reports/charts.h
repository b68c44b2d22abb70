/*
 * charts.h - pictures for gnuplot: data in files, scripts that a person can run again.
 *
 * No text of a log is in any of these files: labels are our own, and the rest are numbers.
 */
#ifndef MIA_CHARTS_H
#define MIA_CHARTS_H

#include "mia/verdict.h"

struct charts {
	struct str order, zones; /* fit for a page; empty where they could not be drawn */
	const char *trouble;     /* why pictures are missing; NULL if none is */
};

/* Into a folder that stays: data, scripts, SVG, PNG. */
struct mia_error *charts_write(const struct verdict *v, const char *dir, struct charts *ret);
/* For the page alone; nothing stays. */
void charts_for_page(const struct verdict *v, struct charts *ret);

#endif
