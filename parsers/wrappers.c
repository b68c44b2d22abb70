/* wrappers.c - whole documents that hold a log, unfolded into messages. */
#include "log_line.h"

void log_read(struct arena *arena, struct str bytes, log_line_fn *fn, void *context)
{
	struct log_line line = { 0 };
	struct str raw;

	(void)arena;
	while (str_cut_line(&bytes, &raw)) {
		line.nr++;
		log_line_strip(raw, &line);
		fn(context, &line);
	}
}
