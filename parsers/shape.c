/*
 * shape.c - read a line by a pattern, and print it by the same pattern.
 *
 * The matcher knows nothing of memory; see rules.h for the pattern language.
 */
#include <inttypes.h>
#include <stdio.h>

#include "rules.h"

/* One conversion of a pattern, e.g. "%!#018x". */
struct conversion {
	char kind;
	bool hash, zero, left, exact;
	unsigned width;
	const char *next; /* pattern behind it */
};

static struct conversion conversion_read(const char *p)
{
	struct conversion c = { 0 };

	for (p++;; p++) {
		if (*p == '!')
			c.exact = true;
		else if (*p == '#')
			c.hash = true;
		else if (*p == '0' && !c.width)
			c.zero = true;
		else if (*p == '-')
			c.left = true;
		else if (*p >= '0' && *p <= '9')
			c.width = c.width * 10 + (unsigned)(*p - '0');
		else
			break;
	}
	c.kind = *p;
	c.next = p + 1;
	return c;
}

/* 255: none. */
static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 255;
}

static bool take_number(const struct conversion *c, struct str *in, uint64_t *ret)
{
	unsigned base = c->kind == 'x' || c->kind == 'X' ? 16 : 10;
	bool negative = c->kind == 'd' && in->n && *in->p == '-';
	size_t prefix = c->hash ? 2 : 0, n = prefix;
	bool fits = true;
	uint64_t v = 0;

	if (negative)
		*in = str_skip(*in, 1);
	if (c->hash && (in->n < 3 || in->p[0] != '0' || in->p[1] != 'x'))
		return false;
	for (unsigned digit; n < in->n && (digit = digit_of(in->p[n])) < base; n++) {
		fits &= !__builtin_mul_overflow(v, (uint64_t)base, &v);
		fits &= !__builtin_add_overflow(v, (uint64_t)digit, &v);
	}
	if (n == prefix || !fits || (c->exact && (n < c->width || (n > c->width && in->p[prefix] == '0'))))
		return false;
	*ret = negative ? (uint64_t)(-(int64_t)v) : v;
	*in = str_skip(*in, n);
	return true;
}

static bool take_word(const struct conversion *c, struct str *in, struct str *ret)
{
	size_t n = 0;

	while (n < in->n && !char_is_blank(in->p[n]) && (*c->next == '\0' || *c->next == ' ' || in->p[n] != *c->next))
		n++;
	*ret = (struct str){ in->p, n };
	*in = str_skip(*in, n);
	return n > 0;
}

/* Text up to the literal that follows in the pattern. */
static bool take_text(const struct conversion *c, struct str *in, struct str *ret)
{
	size_t literal = strcspn(c->next, "%");
	ptrdiff_t at = (ptrdiff_t)in->n;

	if (literal)
		at = str_find(*in, (struct str){ c->next, literal });
	if (at < 0)
		return false;
	*ret = (struct str){ in->p, (size_t)at };
	*in = str_skip(*in, (size_t)at);
	return true;
}

static bool is_zone_name(struct str s)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable", "Device" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_is(s, names[i]))
			return true;
	return false;
}

static bool take_conversion(const struct conversion *c, struct str *in, struct fact *f, size_t *nv, size_t *ns)
{
	struct str s;
	uint32_t type;

	switch (c->kind) {
	case 'x':
	case 'X':
	case 'u':
	case 'd':
		while (c->width && in->n && *in->p == ' ')
			*in = str_skip(*in, 1);
		return *nv < FACT_VALUES && take_number(c, in, &f->v[(*nv)++]);
	case 'w':
	case 'z':
		return *ns < FACT_TEXTS && take_word(c, in, &s) && (c->kind == 'w' || is_zone_name(s)) &&
		       (f->s[(*ns)++] = s, true);
	case 's':
		return *ns < FACT_TEXTS && take_text(c, in, &f->s[(*ns)++]);
	case 't':
	case 'T':
		if (!take_text(c, in, &s))
			return false;
		s = str_trim(s);
		if (!e820_type_parse(s, c->kind == 'T', &type)) {
			if (c->kind == 'T' || e820_type_parse(s, true, &type))
				return false;
			type = E820_TYPE_UNKNOWN;
		}
		if (*ns < FACT_TEXTS)
			f->s[(*ns)++] = s;
		return *nv < FACT_VALUES && s.n && (f->v[(*nv)++] = type, true);
	default:
		return c->kind == '%' && in->n && *in->p == '%' && (*in = str_skip(*in, 1), true);
	}
}

/* A run of blanks in the pattern: at least as many in the text (tabs count). */
static bool take_blanks(const char **p, struct str *in)
{
	size_t want = 0, have = 0;

	while ((*p)[want] == ' ' || (*p)[want] == '\t')
		want++;
	while (have < in->n && char_is_blank(in->p[have]))
		have++;
	*p += want;
	*in = str_skip(*in, have);
	return have >= (want > 2 ? 2 : want) || **p == '\0';
}

/* Letters of the pattern that the text must have too. */
static bool take_literal(const char **p, struct str *in)
{
	size_t n = 0;

	for (; (*p)[n] && (*p)[n] != '%' && (*p)[n] != ' ' && (*p)[n] != '\t'; n++)
		if (n == in->n || in->p[n] != (*p)[n])
			return false;
	*p += n;
	*in = str_skip(*in, n);
	return true;
}

bool shape_match(const struct line_rule *rule, struct str text, struct fact *ret)
{
	const char *p = rule->pattern;
	size_t nv = 0, ns = 0;

	while (*p == ' ')
		p++;
	text = str_trim(text);
	while (*p) {
		if (*p == '%') {
			struct conversion c = conversion_read(p);

			if (!take_conversion(&c, &text, ret, &nv, &ns))
				return false;
			p = c.next;
		} else if (*p == ' ' || *p == '\t') {
			if (!take_blanks(&p, &text))
				return false;
		} else if (!take_literal(&p, &text)) {
			return false;
		}
	}
	if (text.n)
		return false;
	for (size_t i = 0; i < nv; i++)
		if (rule->inclusive >> i & 1)
			ret->v[i] = add_sat(ret->v[i], 1);
	ret->kind = (uint16_t)rule->fact;
	ret->tag = rule->tag;
	return true;
}

static void print_number(char *out, size_t size, const struct conversion *c, uint64_t v)
{
	int width = (int)c->width;

	if (c->kind == 'x')
		snprintf(out, size, c->zero ? "%0*" PRIx64 : "%*" PRIx64, width, v);
	else if (c->kind == 'X')
		snprintf(out, size, c->zero ? "%0*" PRIX64 : "%*" PRIX64, width, v);
	else if (c->kind == 'u')
		snprintf(out, size, c->zero ? "%0*" PRIu64 : "%*" PRIu64, width, v);
	else
		snprintf(out, size, c->zero ? "%0*" PRId64 : "%*" PRId64, width, (int64_t)v);
}

static void print_conversion(const struct conversion *c, uint64_t v, struct str s, struct strbuf *out)
{
	char digits[72], name[32];

	switch (c->kind) {
	case 'x':
	case 'X':
	case 'u':
	case 'd':
		/* The kernel's "%#x" says 0x0 for 0, where C says 0. */
		if (c->hash) {
			int width = c->zero && c->width > 2 ? (int)c->width - 2 : 1;

			snprintf(digits, sizeof(digits), "0x%0*" PRIx64, width, v);
		} else {
			print_number(digits, sizeof(digits), c, v);
		}
		strbuf_add(out, str_of(digits));
		return;
	case 't':
	case 'T':
		strbuf_add(out, str_of(e820_type_name((uint32_t)v, c->kind == 'T', name)));
		return;
	default:
		strbuf_printf(out, c->left ? "%-*.*s" : "%*.*s", (int)c->width, STR_ARG(s));
	}
}

void shape_print(const struct line_rule *rule, const struct fact *fact, struct strbuf *out)
{
	size_t nv = 0, ns = 0;

	for (const char *p = rule->pattern; *p;) {
		if (*p == '%' && p[1] != '%') {
			struct conversion c = conversion_read(p);
			bool number = strchr("xXudtT", c.kind) != NULL;
			uint64_t v = number && nv < FACT_VALUES ? fact->v[nv] - (rule->inclusive >> nv & 1) : 0;
			struct str s = !number && ns < FACT_TEXTS ? fact->s[ns] : STR("");

			/* A type name was read as a number and a text; it is printed from the number. */
			print_conversion(&c, v, s, out);
			nv += number;
			ns += !number || c.kind == 't' || c.kind == 'T';
			p = c.next;
		} else {
			p += *p == '%';
			strbuf_char(out, *p++);
		}
	}
}
