/* cmdline.c - see include/mia/cmdline.h. */
#include "mia/cmdline.h"


#include "mia/arena.h"

/* One option off the front; quotes may open anywhere in it. */
static bool next_option(struct str *rest, struct str *ret)
{
	bool quoted = false;
	size_t n = 0;

	*rest = str_trim(*rest);
	while (n < rest->n && (quoted || !char_is_blank(rest->p[n]))) {
		if (rest->p[n] == '"')
			quoted = !quoted;
		n++;
	}
	*ret = (struct str){ rest->p, n };
	*rest = str_skip(*rest, n);
	return n > 0;
}

static struct str unquote(struct str s)
{
	if (s.n && s.p[0] == '"') {
		s = str_skip(s, 1);
		if (s.n && s.p[s.n - 1] == '"')
			s.n--;
	}
	return s;
}

void cmdline_parse(struct arena *arena, struct str text, struct cmdline *ret)
{
	struct str rest = text, word;

	ret->text = text;
	while (next_option(&rest, &word)) {
		struct cmdline_option *o;
		ptrdiff_t eq;

		if (str_is(word, "--"))
			break;
		o = vec_push(arena, ret);
		word = unquote(word);
		eq = str_find_char(word, '=');
		o->name = eq < 0 ? word : (struct str){ word.p, (size_t)eq };
		if (eq >= 0)
			o->value = unquote(str_skip(word, (size_t)eq + 1));
	}
}

bool cmdline_same(struct str a, const char *b)
{
	size_t i = 0;

	for (; i < a.n && b[i]; i++) {
		char x = a.p[i] == '-' ? '_' : a.p[i], y = b[i] == '-' ? '_' : b[i];

		if (x != y)
			return false;
	}
	return i == a.n && !b[i];
}

const struct cmdline_option *cmdline_last(const struct cmdline *cmdline, const char *name)
{
	for (size_t i = cmdline->nr; i-- > 0;)
		if (cmdline_same(cmdline->v[i].name, name))
			return &cmdline->v[i];
	return NULL;
}

const struct cmdline_option *cmdline_first(const struct cmdline *cmdline, const char *name)
{
	for (size_t i = 0; i < cmdline->nr; i++)
		if (cmdline_same(cmdline->v[i].name, name))
			return &cmdline->v[i];
	return NULL;
}

bool cmdline_has(const struct cmdline *cmdline, const char *name) { return cmdline_first(cmdline, name) != NULL; }

bool cmdline_is(const struct cmdline *cmdline, const char *name, const char *value)
{
	const struct cmdline_option *o = cmdline_last(cmdline, name);

	return o && o->value.p && str_is(o->value, value);
}

/* Looked up in the text of the command line, by code that runs before there is a table of options. */
static bool looked_up(struct str name)
{
	static const char *const names[] = { "nokaslr", "no5lvl", "nopti", "pti", "mem_encrypt" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (cmdline_same(name, names[i]))
			return true;
	return false;
}

static bool lists(const struct cmdline *list, const struct cmdline_option *o)
{
	for (size_t i = 0; i < list->nr; i++)
		if (str_eq(list->v[i].name, o->name))
			return true;
	return false;
}

void cmdline_forget(struct arena *arena, struct cmdline *cmdline, struct str unknown)
{
	struct cmdline list = { 0 };
	size_t kept = 0;

	cmdline_parse(arena, unknown, &list);
	for (size_t i = 0; i < cmdline->nr; i++)
		if (looked_up(cmdline->v[i].name) || !lists(&list, &cmdline->v[i]))
			cmdline->v[kept++] = cmdline->v[i];
	cmdline->nr = kept;
}
