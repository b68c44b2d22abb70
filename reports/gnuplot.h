/* gnuplot.h - gnuplot, started without a shell and for a bounded time. */
#ifndef MIA_GNUPLOT_H
#define MIA_GNUPLOT_H

#include <stddef.h>

enum gnuplot_result { GNUPLOT_DRAWN, GNUPLOT_MISSING, GNUPLOT_FAILED };

/* Runs the scripts, files in the folder @dir, one after the other. */
enum gnuplot_result gnuplot_run(const char *dir, const char *const *scripts, size_t nr);

#endif
