/* diff_out.h - two boots compared: as text, Markdown, and JSON (meminit-analyze/diff/1). */
#ifndef MIA_DIFF_OUT_H
#define MIA_DIFF_OUT_H

#include <stdio.h>

#include "mia/diff.h"

struct diff_style {
	bool color, bytes;
	unsigned columns;
};

void diff_write_text(struct arena *arena, const struct diff *diff, const struct diff_style *style, FILE *out);
void diff_write_markdown(struct arena *arena, const struct diff *diff, const struct diff_style *style, FILE *out);
void diff_write_json(const struct diff *diff, FILE *out);

#endif
