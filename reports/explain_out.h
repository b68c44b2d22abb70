/* explain_out.h - answers as JSON (meminit-analyze/explain/1) and as text. */
#ifndef MIA_EXPLAIN_OUT_H
#define MIA_EXPLAIN_OUT_H

#include <stdio.h>

#include "mia/explain.h"

struct explain_style {
	bool color, bytes;
	unsigned columns;
};

void explain_write_json(const struct verdict *verdict, const struct answers *answers, FILE *out);
void explain_write_text(struct arena *arena, const struct verdict *verdict, const struct answers *answers, const struct explain_style *style, FILE *out);

#endif
