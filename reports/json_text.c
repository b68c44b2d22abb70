/* json_text.c - see json_text.h. */
#include "json_text.h"

#include <stdlib.h>

/* Length of the UTF-8 sequence at @p, 0 if it is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t extra = 0; extra < sizeof(forms) / sizeof(forms[0]); extra++) {
		uint32_t code;

		if ((*p & forms[extra].mask) != forms[extra].lead || extra >= n)
			continue;
		code = *p & (unsigned char)~forms[extra].mask;
		for (size_t i = 1; i <= extra; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3f);
		}
		if (code < forms[extra].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		return extra + 1;
	}
	return 0;
}

static bool is_utf8(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = sequence((const unsigned char *)s.p + i, s.n - i);

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
		size_t n = sequence((const unsigned char *)s.p + i, s.n - i);

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
