/* artifact.c - see artifact.h. */
#include "artifact.h"

#include <ctype.h>
#include <string.h>

#include "mia/arena.h"

/* Unreserved characters of a URI, and the slash between the parts of a path. */
static bool stays(char c) { return isalnum((unsigned char)c) || strchr("-._~/", c); }

static void add_encoded(struct strbuf *uri, const char *path)
{
	for (; *path; path++) {
		if (stays(*path))
			strbuf_char(uri, *path);
		else
			strbuf_printf(uri, "%%%02X", (unsigned char)*path);
	}
}

static const char *name_of(const struct verdict *v)
{
	if (!v->input_name || !*v->input_name)
		return "running-machine";
	return strcmp(v->input_name, "-") ? v->input_name : "standard-input";
}

const char *artifact_uri(struct arena *arena, const struct verdict *v, enum source_kind kind)
{
	struct strbuf uri = { .arena = arena };
	const char *name = name_of(v);
	size_t sources = 0;

	for (int s = 0; v->record && s < NR_SOURCES; s++)
		sources += v->record->has_source[s];
	if (*name == '/')
		strbuf_add(&uri, STR("file://"));
	add_encoded(&uri, name);
	/* A bundle: the document inside it. */
	if (sources > 1) {
		while (uri.n > 1 && uri.p[uri.n - 1] == '/')
			uri.n--;
		strbuf_char(&uri, '/');
		add_encoded(&uri, kind == SOURCE_DMESG && v->log_name ? v->log_name : source_name(kind));
	}
	return strbuf_str(&uri).p;
}

const char *boot_label(struct arena *arena, const struct verdict *v)
{
	struct strbuf s = { .arena = arena };

	strbuf_add(&s, str_of(name_of(v)));
	if (v->nr_boots > 1)
		strbuf_printf(&s, " boot %zu", v->boot_index);
	return strbuf_str(&s).p;
}
