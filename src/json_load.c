/* json_load.c - a JSON document from a file, with errors that say where; see json_map.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_map.h"
#include "mia/arena.h"
#include "mia/base.h"

#define MAX_BYTES ((size_t)64 << 20)
#define MAX_DEPTH 32

static unsigned line_at(struct str text, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static const char *why(enum json_tokener_error error)
{
	switch (error) {
	case json_tokener_success:
		return "text behind the document";
	case json_tokener_continue:
		return "the document ends too early";
	case json_tokener_error_depth:
		return "nested too deeply";
	default:
		return json_tokener_error_desc(error);
	}
}

static bool is_blank(struct str s) { return !str_trim(s).n; }

struct mia_error *json_parse(struct arena *arena, const char *name, struct str text, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *doc;
	struct mia_error *error = NULL;
	enum json_tokener_error code;
	size_t end;

	if (!tokener)
		return &mia_enomem;
	doc = json_tokener_parse_ex(tokener, text.p, (int)text.n);
	code = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (code != json_tokener_success || !is_blank(str_skip(text, end))) {
		json_object_put(doc);
		error = mia_error_new(arena, MIA_ERROR_INPUT, "%s: line %u: not a JSON document: %s", name, line_at(text, end), why(code));
	} else {
		*ret = doc;
	}
	return error;
}

/* All of @in; false where it is too long. */
static bool read_all(struct arena *arena, FILE *in, struct str *ret)
{
	struct strbuf buf = { .arena = arena };
	static char chunk[65536];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0) {
		strbuf_add(&buf, (struct str){ chunk, n });
		if (buf.n > MAX_BYTES)
			return false;
	}
	*ret = strbuf_str(&buf);
	return true;
}

struct mia_error *json_load(struct arena *arena, const char *path, struct json_object **ret)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *in = is_stdin ? stdin : fopen(path, "r");
	struct str text = { 0 };
	int read_error;
	bool fits;

	if (!in)
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: %s", path, strerror(errno));
	errno = 0;
	fits = read_all(arena, in, &text);
	read_error = ferror(in) ? errno : 0;
	if (!is_stdin)
		fclose(in);
	if (read_error)
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: %s", path, strerror(read_error));
	if (!fits)
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: larger than 64 MiB, which no description of a machine or kernel is", path);
	return json_parse(arena, path, text, ret);
}
