/* json_text.c - see json_text.h. */
#include "json_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "safe_text.h"
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

size_t json_escape(uint32_t c, char ret[16])
{
	if (c < 0x10000)
		return (size_t)snprintf(ret, 16, "\\u%04" PRIx32, c);
	/* Beyond 16 bits two halves stand for it. */
	c -= 0x10000;
	return (size_t)snprintf(ret, 16, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 | c >> 10, 0xdc00 | (c & 0x3ff));
}

void json_put(struct str json, FILE *out)
{
	size_t done = 0;

	for (size_t i = 0; i < json.n;) {
		uint32_t c;
		size_t n = utf8_plain(str_skip(json, i));
		char escape[16];

		i += n;
		n = utf8_sequence(json.p + i, json.n - i, &c);
		if (n && text_is_alive(c) && c != '\n') {
			fwrite(json.p + done, 1, i - done, out);
			fwrite(escape, 1, json_escape(c, escape), out);
			done = i + n;
		}
		i += n ? n : 1;
	}
	fwrite(json.p + done, 1, json.n - done, out);
}

static void put_as(struct json_object *doc, int style, FILE *out)
{
	size_t length;
	const char *s = json_object_to_json_string_length(doc, style | JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	json_put((struct str){ s, length }, out);
}

void json_write(struct json_object *doc, FILE *out) { put_as(doc, JSON_C_TO_STRING_PLAIN, out); }

void json_write_line(struct json_object *doc, FILE *out)
{
	json_write(doc, out);
	fputc('\n', out);
}

/* --- for people --- */

static bool is_container(struct json_object *o) { return json_object_is_type(o, json_type_object) || json_object_is_type(o, json_type_array); }

static bool has_containers(struct json_object *o)
{
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value)
		{
			(void)key;
			if (is_container(value))
				return true;
		}
		return false;
	}
	for (size_t i = 0; i < json_object_array_length(o); i++)
		if (is_container(json_object_array_get_idx(o, i)))
			return true;
	return false;
}

static void pretty(struct json_object *o, unsigned depth, FILE *out);

static void separate(bool first, unsigned depth, FILE *out) { fprintf(out, "%s\n%*s", first ? "" : ",", (int)(2 * depth), ""); }

static void pretty_members(struct json_object *o, unsigned depth, FILE *out)
{
	bool first = true;

	fputc('{', out);
	json_object_object_foreach(o, key, value)
	{
		struct json_object *name = json_object_new_string(key);

		separate(first, depth + 1, out);
		json_write(name, out);
		fputs(": ", out);
		json_object_put(name);
		pretty(value, depth + 1, out);
		first = false;
	}
	fprintf(out, "\n%*s}", (int)(2 * depth), "");
}

static void pretty_items(struct json_object *o, unsigned depth, FILE *out)
{
	fputc('[', out);
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		separate(!i, depth + 1, out);
		pretty(json_object_array_get_idx(o, i), depth + 1, out);
	}
	fprintf(out, "\n%*s]", (int)(2 * depth), "");
}

static void pretty(struct json_object *o, unsigned depth, FILE *out)
{
	if (!is_container(o) || !has_containers(o))
		put_as(o, JSON_C_TO_STRING_SPACED, out);
	else if (json_object_is_type(o, json_type_object))
		pretty_members(o, depth, out);
	else
		pretty_items(o, depth, out);
}

void json_write_pretty(struct json_object *doc, FILE *out)
{
	pretty(doc, 0, out);
	fputc('\n', out);
}
