/* svg_filter.c - see svg_filter.h. */
#include "svg_filter.h"

#include "mia/base.h"

struct filter {
	struct strbuf out;
	struct str in;
	const char *label;
	unsigned open; /* elements that wait for their end */
	bool bad;
};

static bool is_one_of(struct str s, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (str_is(s, names[i]))
			return true;
	return false;
}

#define IS_ONE_OF(s, names) is_one_of(s, names, ARRAY_SIZE(names))

static const char *const elements[] = { "svg", "g", "path", "polygon", "polyline", "rect", "line", "circle", "text", "tspan" };
static const char *const dropped[] = { "title", "desc", "defs" };
static const char *const kept[] = { "viewBox", "x", "y", "width", "height", "d", "points", "transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "font-size", "font-weight", "text-anchor" };

static bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '_'; }

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void skip_blanks(struct filter *f)
{
	while (f->in.n && is_blank(*f->in.p))
		f->in = str_skip(f->in, 1);
}

static struct str cut_name(struct filter *f)
{
	struct str name = { f->in.p, 0 };

	while (f->in.n && is_name_char(*f->in.p)) {
		f->in = str_skip(f->in, 1);
		name.n++;
	}
	return name;
}

/* Behind the next @end; false if there is none. */
static bool skip_past(struct filter *f, const char *end)
{
	ptrdiff_t at = str_find(f->in, str_of(end));

	if (at < 0) {
		f->bad = true;
		return false;
	}
	f->in = str_skip(f->in, (size_t)at + strlen(end));
	return true;
}

/* "rgb( 27, 33, 40)" of gnuplot's is ink, whatever its blanks. */
static bool is_rgb(struct str value, unsigned r, unsigned g, unsigned b)
{
	unsigned wanted[] = { r, g, b };

	if (!str_starts(value, STR("rgb(")))
		return false;
	value = str_skip(value, 4);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct str part;
		uint64_t n;

		if (!str_cut(&value, i < 2 ? ',' : ')', &part) || !str_to_u64(str_trim(part), 10, &n) || n != wanted[i])
			return false;
	}
	return true;
}

static bool is_plain(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (strchr("<>&:;\\\"'`", value.p[i]))
			return false;
	return str_find(value, STR("url")) < 0;
}

static void put_attribute(struct filter *f, struct str name, struct str value)
{
	bool paint = str_is(name, "stroke") || str_is(name, "fill");

	if (!IS_ONE_OF(name, kept) || !is_plain(value))
		return;
	strbuf_char(&f->out, ' ');
	strbuf_add(&f->out, name);
	strbuf_add(&f->out, STR("=\""));
	if (paint && (is_rgb(value, 0x1b, 0x21, 0x28) || str_is(value, "black") || str_is(value, CHART_INK)))
		strbuf_add(&f->out, STR("currentColor"));
	else if (paint && is_rgb(value, 0xdf, 0xe3, 0xe8))
		strbuf_add(&f->out, STR("currentColor\" stroke-opacity=\"0.15"));
	else
		strbuf_add(&f->out, value);
	strbuf_char(&f->out, '"');
}

static bool take_attribute(struct filter *f)
{
	struct str name = cut_name(f), value;
	char quote;

	skip_blanks(f);
	if (!name.n || !f->in.n || *f->in.p != '=')
		return false;
	f->in = str_skip(f->in, 1);
	skip_blanks(f);
	if (!f->in.n || (*f->in.p != '"' && *f->in.p != '\''))
		return false;
	quote = *f->in.p;
	f->in = str_skip(f->in, 1);
	if (!str_cut(&f->in, quote, &value))
		return false;
	put_attribute(f, name, value);
	skip_blanks(f);
	return true;
}

static void take_start(struct filter *f, struct str name)
{
	strbuf_char(&f->out, '<');
	strbuf_add(&f->out, name);
	if (!f->open)
		strbuf_printf(&f->out, " role=\"img\" aria-label=\"%s\"", f->label);
	skip_blanks(f);
	while (!f->bad && f->in.n && *f->in.p != '>' && *f->in.p != '/')
		f->bad = !take_attribute(f);
	if (f->bad || !f->in.n) {
		f->bad = true;
		return;
	}
	if (*f->in.p == '/') {
		f->in = str_skip(f->in, 1);
		strbuf_char(&f->out, '/');
	} else {
		f->open++;
	}
	f->bad = !f->in.n || *f->in.p != '>';
	f->in = str_skip(f->in, 1);
	strbuf_char(&f->out, '>');
}

static void take_end(struct filter *f)
{
	struct str name;

	f->in = str_skip(f->in, 1);
	name = cut_name(f);
	f->bad = !IS_ONE_OF(name, elements) || !f->open;
	f->open -= f->open > 0;
	strbuf_add(&f->out, STR("</"));
	strbuf_add(&f->out, name);
	strbuf_char(&f->out, '>');
	skip_past(f, ">");
}

static void take_tag(struct filter *f)
{
	struct strbuf end = { .arena = f->out.arena };
	struct str name;

	f->in = str_skip(f->in, 1);
	if (f->in.n && (*f->in.p == '?' || *f->in.p == '!')) {
		skip_past(f, str_starts(f->in, STR("!--")) ? "-->" : ">");
		return;
	}
	if (f->in.n && *f->in.p == '/') {
		take_end(f);
		return;
	}
	name = cut_name(f);
	if (IS_ONE_OF(name, dropped)) {
		strbuf_add(&end, STR("</"));
		strbuf_add(&end, name);
		skip_past(f, strbuf_str(&end).p);
		skip_past(f, ">");
	} else if (IS_ONE_OF(name, elements)) {
		take_start(f, name);
	} else {
		f->bad = true;
	}
}

struct str svg_filter(struct arena *arena, struct str svg, const char *label)
{
	struct filter f = { .out = { .arena = arena }, .in = svg, .label = label };

	while (f.in.n && !f.bad) {
		ptrdiff_t at = str_find_char(f.in, '<');
		struct str plain = { f.in.p, at < 0 ? f.in.n : (size_t)at };

		/* Text stands inside elements only; gnuplot has escaped it. */
		if (f.open && str_find_char(plain, '>') < 0)
			strbuf_add(&f.out, plain);
		f.in = str_skip(f.in, plain.n);
		if (f.in.n)
			take_tag(&f);
	}
	return f.bad || f.open || !f.out.n ? (struct str){ "", 0 } : strbuf_str(&f.out);
}
