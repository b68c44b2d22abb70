/* json_text.c - see json_text.h. */
#include "json_text.h"

#include <stdlib.h>

#include "utf8.h"

static bool is_utf8(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_sequence(s.p + i, s.n - i, NULL);

		if (!n)
			return false;
		i += n;
	}
	return true;
}

static struct json_object *repaired(struct str s)
{
	/* A replacement is three bytes long. */
	char *copy = malloc(s.n * 3 + 1);
	size_t out = 0;
	struct json_object *ret;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_sequence(s.p + i, s.n - i, NULL);

		if (n) {
			memcpy(copy + out, s.p + i, n);
		} else {
			memcpy(copy + out, "\xef\xbf\xbd", 3);
		}
		out += n ? n : 3;
		i += n ? n : 1;
	}
	ret = json_object_new_string_len(copy, (int)out);
	free(copy);
	return ret;
}

struct json_object *json_text(struct str s)
{
	if (!s.p)
		return NULL;
	return is_utf8(s) ? json_object_new_string_len(s.p, (int)s.n) : repaired(s);
}

void json_write_line(struct json_object *doc, FILE *out)
{
	size_t length;
	const char *s = json_object_to_json_string_length(doc, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	fwrite(s, 1, length, out);
	fputc('\n', out);
}
