/* html.c - see html.h. */
#include "html.h"

#include "safe_text.h"

void html_text(FILE *out, struct arena *arena, struct str s)
{
	s = safe_text(arena, s);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (strchr("&<>\"'`", c))
			fprintf(out, "&#%u;", c);
		else
			fputc(c, out);
	}
}
