/* markdown_text.c - see markdown_text.h. */
#include "markdown_text.h"

#include <ctype.h>
#include <string.h>

#include "safe_text.h"

/* Is there markup in @c? A colon and a point make links of "http://..." and "www.". */
static bool needs_escape(char c, char before, char after)
{
	if (c == ':')
		return after && !isspace((unsigned char)after);
	if (c == '.')
		return before == 'w' || before == 'W';
	return (unsigned char)c < 0x80 && ispunct((unsigned char)c) && !strchr(",()%'\"/=+-", c);
}

void markdown_text(FILE *out, struct arena *arena, struct str raw)
{
	struct str safe = safe_text(arena, raw);

	for (size_t i = 0; i < safe.n; i++) {
		char c = safe.p[i];

		if (c == '@' || c == '#')
			fprintf(out, "&#%d;<!-- -->", c);
		else if (c == '<' || c == '>' || c == '&')
			fprintf(out, "&#%d;", c);
		else if (needs_escape(c, i ? safe.p[i - 1] : ' ', i + 1 < safe.n ? safe.p[i + 1] : ' '))
			fprintf(out, "\\%c", c);
		else
			fputc(c, out);
	}
}

void markdown_code(FILE *out, struct arena *arena, struct str raw)
{
	struct str safe = safe_text(arena, raw);
	size_t run = 0, longest = 0;

	for (size_t i = 0; i < safe.n; i++) {
		run = safe.p[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		fputc('`', out);
	fprintf(out, longest ? " %.*s " : "%.*s", STR_ARG(safe));
	for (size_t i = 0; i <= longest; i++)
		fputc('`', out);
}
