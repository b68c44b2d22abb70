/*
 * wrap_json.c - logs in JSON.
 *
 * dmesg -J is one object with an array, journalctl -o json a line an object, json-pretty many lines an object, and other
 * collectors have their own frames. All are read as a stream of objects, each parsed alone, so that a log of any size
 * needs the memory of one message, and a broken object costs itself only.
 */
#include <ctype.h>
#include <json-c/json.h>

#include "guard.h"
#include "mia/base.h"
#include "wrappers.h"

#define MAX_DEPTH 16
/* The kernel's messages are below 1 KiB, the journal's frame around one some KiB. */
#define MAX_OBJECT ((size_t)1 << 20)

struct json_reader {
	struct log_reader *reader;
	struct str rest;
	const char *line_end; /* of the line that rest begins in; it may be the whole document, and is looked for once */
	uint32_t nr;          /* line of the first byte of rest */
	bool one_line;        /* the whole document: messages are numbered */
	uint32_t nr_messages;
	bool line_each;       /* an object a line so far: one that does not end there is broken */
	struct json_tokener *tokener;
	struct json_object *object;
};

static struct str skip_space(struct str s)
{
	while (s.n && (isspace((unsigned char)*s.p) || *s.p == 0x1e))
		s = str_skip(s, 1);
	return s;
}

bool json_log_detect(struct str bytes)
{
	struct str s = skip_space((struct str){ bytes.p, bytes.n < 4096 ? bytes.n : 4096 });

	/* journalctl -o json-sse; a list item of YAML. */
	if (str_starts(s, STR("data: ")))
		s = str_skip(s, 6);
	else if (str_starts(s, STR("- ")))
		s = str_skip(s, 2);
	if (s.n && *s.p == '[')
		s = skip_space(str_skip(s, 1));
	if (!s.n || *s.p != '{')
		return false;
	s = skip_space(str_skip(s, 1));
	return s.n && *s.p == '"';
}

/* Bytes of the object at the front of @s; 0 if it does not end there. */
static size_t object_extent(struct str s)
{
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{') {
			depth++;
		} else if (c == '}' && --depth == 0) {
			return i + 1;
		}
	}
	return 0;
}

static void advance(struct json_reader *r, size_t n)
{
	struct str gone = { r->rest.p, n < r->rest.n ? n : r->rest.n };
	ptrdiff_t at;

	while ((at = str_find_char(gone, '\n')) >= 0) {
		r->nr++;
		gone = str_skip(gone, (size_t)at + 1);
	}
	r->rest = str_skip(r->rest, n);
}

/* The frame of dmesg -J: the objects stand inside. */
static void skip_frame(struct json_reader *r)
{
	struct str head = { r->rest.p, r->rest.n < 256 ? r->rest.n : 256 };
	ptrdiff_t key = str_find(head, STR("\"dmesg\"")), open;

	if (key < 0)
		return;
	open = str_find_char(str_skip(head, (size_t)key), '[');
	if (open > 0)
		advance(r, (size_t)(key + open) + 1);
}

static struct str rest_of_line(struct json_reader *r)
{
	if (!r->line_end || r->line_end < r->rest.p) {
		ptrdiff_t newline = str_find_char(r->rest, '\n');

		r->line_end = r->rest.p + (newline < 0 ? (ptrdiff_t)r->rest.n : newline);
	}
	return (struct str){ r->rest.p, (size_t)(r->line_end - r->rest.p) };
}

static size_t extent_at_most(struct str s) { return object_extent((struct str){ s.p, min_u64(s.n, MAX_OBJECT) }); }

/* Go to the next object; false if there is none. */
static bool next_object(struct json_reader *r, struct str *ret)
{
	for (;;) {
		ptrdiff_t at = str_find_char(r->rest, '{');
		struct str line;
		size_t n;

		if (at < 0)
			return false;
		advance(r, (size_t)at);
		line = rest_of_line(r);
		n = extent_at_most(line);
		r->line_each |= n && line.n - n <= 1;
		if (!n && (r->line_each || str_ends(str_trim(line), STR("}")))) {
			advance(r, line.n);
			continue;
		}
		if (!n)
			n = extent_at_most(r->rest);
		if (!n) {
			advance(r, min_u64(r->rest.n, MAX_OBJECT));
			continue;
		}
		*ret = (struct str){ r->rest.p, n };
		return true;
	}
}

static struct str string_of(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return (struct str){ 0 };
	return (struct str){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
}

static struct str member(const struct json_reader *r, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(r->object, key, &value) ? string_of(value) : (struct str){ 0 };
}

/* A message that is no UTF-8 is an array of its bytes; a field that was given twice an array of both. */
static struct str bytes_of(struct arena *arena, struct json_object *array)
{
	size_t n = json_object_array_length(array);
	struct json_object *first = n ? json_object_array_get_idx(array, 0) : NULL;
	char *p;

	if (!json_object_is_type(first, json_type_int))
		return string_of(first);
	p = arena_alloc(arena, n);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)json_object_get_int(json_object_array_get_idx(array, i));
	return (struct str){ p, n };
}

/* The message, in memory that stays. @framed: a collector's own name, whose text may still have the kernel's prefix. */
static bool message_of(const struct json_reader *r, struct str *ret, const char **key, bool *framed)
{
	/* The last two hold a whole console, of machines that clouds rent out. */
	static const char *const keys[] = { "MESSAGE", "msg", "message", "log", "Output", "contents" };
	struct arena *arena = r->reader->arena;
	struct json_object *value;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!json_object_object_get_ex(r->object, keys[i], &value))
			continue;
		*key = keys[i];
		*framed = i > 0 && !json_object_object_get_ex(r->object, "pri", NULL);
		if (json_object_is_type(value, json_type_array)) {
			*ret = bytes_of(arena, value);
		} else {
			*ret = string_of(value);
			if (ret->p)
				ret->p = arena_strndup(arena, ret->p, ret->n);
		}
		return ret->p != NULL;
	}
	return false;
}

static bool from_kernel(const struct json_reader *r)
{
	struct str transport = member(r, "_TRANSPORT"), identifier = member(r, "SYSLOG_IDENTIFIER");

	return str_is(transport, "kernel") || str_is(identifier, "kernel") || (!transport.p && !identifier.p);
}

static void take_level_and_time(const struct json_reader *r, struct log_line *line)
{
	struct str priority = member(r, "PRIORITY");
	struct json_object *value;
	uint64_t level;

	if (str_to_u64(priority, 10, &level))
		line->level = (int)(level & 7);
	else if (json_object_object_get_ex(r->object, "pri", &value) && json_object_is_type(value, json_type_int))
		line->level = json_object_get_int(value) & 7;
	line->has_time = str_to_u64(member(r, "_SOURCE_MONOTONIC_TIMESTAMP"), 10, &line->usec);
	if (!line->has_time && json_object_object_get_ex(r->object, "time", &value) &&
	    json_object_is_type(value, json_type_double)) {
		double seconds = json_object_get_double(value);

		line->has_time = seconds >= 0 && seconds < 1e12;
		line->usec = line->has_time ? (uint64_t)(seconds * 1e6 + 0.5) : 0;
	}
}

/* Which line of the file is the message on? Objects may have one for each member. */
static uint32_t line_of(const struct json_reader *r, struct str text, const char *key)
{
	uint32_t nr = r->nr;
	ptrdiff_t at = str_find(text, str_of(key)), newline;

	text.n = at < 0 ? 0 : (size_t)at;
	while ((newline = str_find_char(text, '\n')) >= 0) {
		nr++;
		text = str_skip(text, (size_t)newline + 1);
	}
	return nr;
}

static void emit_object(struct json_reader *r, struct str text)
{
	struct log_line line = { .level = -1 };
	const char *key = "";
	struct str message;
	bool framed = false;

	if (!json_object_is_type(r->object, json_type_object) || !from_kernel(r) || !message_of(r, &message, &key, &framed))
		return;
	r->nr_messages++;
	line.nr = r->one_line ? r->nr_messages : line_of(r, text, key);
	take_level_and_time(r, &line);
	if (framed && str_find_char(str_trim(message), '\n') >= 0) {
		text_emit(r->reader, message);
	} else if (framed) {
		message = str_trim(message);
		log_line_strip(message, &line);
		log_emit(r->reader, &line);
	} else {
		message_emit(r->reader, &line, message);
	}
}

static void read_objects(struct json_reader *r)
{
	struct str text;

	while (next_object(r, &text)) {
		json_tokener_reset(r->tokener);
		r->object = json_tokener_parse_ex(r->tokener, text.p, (int)text.n);
		emit_object(r, text);
		json_object_put(r->object);
		r->object = NULL;
		advance(r, text.n);
	}
}

static void json_reader_deinit(struct json_reader *r)
{
	json_object_put(r->object);
	json_tokener_free(r->tokener);
}

static void read_guarded(struct json_reader *r)
{
	struct guard guard;

	guard_enter(&guard, r->reader->arena);
	if (guard_caught(&guard)) {
		json_reader_deinit(r);
		guard_pass_on(&guard);
	}
	read_objects(r);
	guard_leave(&guard);
}

void json_log_read(struct log_reader *reader, struct str bytes)
{
	struct json_reader r = { .reader = reader, .rest = bytes, .nr = 1, .tokener = json_tokener_new_ex(MAX_DEPTH) };
	struct str content = str_trim(bytes);

	if (!r.tokener)
		return;
	r.one_line = str_find_char(content, '\n') < 0;
	skip_frame(&r);
	read_guarded(&r);
	json_reader_deinit(&r);
}
