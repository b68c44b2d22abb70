/* cmdline.c - see include/mia/cmdline.h. */
#include "mia/cmdline.h"

#include <ctype.h>

#include "mia/arena.h"

/* One option off the front; quotes may open anywhere in it. */
static bool next_option(struct str *rest, struct str *ret)
{
	bool quoted = false;
	size_t n = 0;

	*rest = str_trim(*rest);
	while (n < rest->n && (quoted || !isspace((unsigned char)rest->p[n]))) {
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
