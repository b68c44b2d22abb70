/* map_out.h - the physical map for the terminal, and as JSON. */
#ifndef MIA_MAP_OUT_H
#define MIA_MAP_OUT_H

#include <stdio.h>

#include "mia/verdict.h"

struct map_style {
	bool color, utf8, bytes;
	unsigned columns; /* of the terminal */
};

void map_write_text(const struct verdict *v, const struct map_style *style, FILE *out);
/* "meminit-analyze/map/1" */
void map_write_json(const struct verdict *v, FILE *out);

#endif
