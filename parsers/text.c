/* text.c - bytes of a document to lines of plain text: encodings, pages, terminal escapes. */
#include <ctype.h>
#include <strings.h>

#include "mia/arena.h"
#include "mia/base.h"
#include "wrappers.h"

static size_t utf8_put(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	p[0] = (char)(0xe0 | c >> 12);
	p[1] = (char)(0x80 | (c >> 6 & 0x3f));
	p[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* Surrogate pairs become two odd characters: no kernel word has one. */
static struct str from_utf16(struct arena *arena, struct str bytes, bool big_endian)
{
	char *out = arena_alloc(arena, bytes.n / 2 * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; i + 1 < bytes.n; i += 2) {
		unsigned char a = (unsigned char)bytes.p[i], b = (unsigned char)bytes.p[i + 1];

		n += utf8_put(out + n, big_endian ? (uint32_t)a << 8 | b : (uint32_t)b << 8 | a);
	}
	return (struct str){ out, n };
}

/* Mailers write U+00A0 for blanks where a line must not be folded. */
static struct str plain_blanks(struct arena *arena, struct str bytes)
{
	const char *end = bytes.p + bytes.n, *from = bytes.p, *p = bytes.p;
	struct strbuf out = { .arena = arena };

	/* memchr() is many times faster than a search for two bytes. */
	while (p < end && (p = memchr(p, 0xc2, (size_t)(end - p))) && p + 1 < end) {
		if (p[1] == (char)0xa0) {
			strbuf_add(&out, (struct str){ from, (size_t)(p - from) });
			strbuf_char(&out, ' ');
			from = p + 2;
		}
		p++;
	}
	if (from == bytes.p)
		return bytes;
	strbuf_add(&out, (struct str){ from, (size_t)(end - from) });
	return (struct str){ out.p, out.n };
}

static struct str to_utf8(struct arena *arena, struct str bytes)
{
	const char *p = bytes.p;

	if (str_starts(bytes, STR("\xef\xbb\xbf")))
		return str_skip(bytes, 3);
	if (str_starts(bytes, STR("\xff\xfe")))
		return from_utf16(arena, str_skip(bytes, 2), false);
	if (str_starts(bytes, STR("\xfe\xff")))
		return from_utf16(arena, str_skip(bytes, 2), true);
	/* Without a mark: every other byte of a log in ASCII is 0. */
	if (bytes.n >= 8 && p[0] && !p[1] && p[2] && !p[3] && p[4] && !p[5])
		return from_utf16(arena, bytes, false);
	if (bytes.n >= 8 && !p[0] && p[1] && !p[2] && p[3] && !p[4] && p[5])
		return from_utf16(arena, bytes, true);
	return bytes;
}

struct str text_decode(struct arena *arena, struct str bytes) { return plain_blanks(arena, to_utf8(arena, bytes)); }

static bool text_is_html(struct str bytes)
{
	static const char *const tags[] = { "<!doctype html", "<html", "<head", "<body", "<pre", "<div" };
	struct str head = str_trim((struct str){ bytes.p, bytes.n < 4096 ? bytes.n : 4096 });

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (head.n >= strlen(tags[i]) && !strncasecmp(head.p, tags[i], strlen(tags[i])))
			return true;
	return false;
}

/* "&lt;" at the front of @s: its length, 0 for anything else. */
static size_t entity(struct str s, uint32_t *ret)
{
	static const struct {
		struct str name;
		char c;
	} names[] = {
		{ STR("&lt;"), '<' },    { STR("&gt;"), '>' },    { STR("&amp;"), '&' },
		{ STR("&quot;"), '"' },  { STR("&apos;"), '\'' }, { STR("&nbsp;"), ' ' },
	};
	bool hex = s.n > 3 && (s.p[2] | 32) == 'x';
	ptrdiff_t end;
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_starts(s, names[i].name)) {
			*ret = (uint32_t)names[i].c;
			return names[i].name.n;
		}
	}
	if (!str_starts(s, STR("&#")))
		return 0;
	end = str_find_char((struct str){ s.p, s.n < 12 ? s.n : 12 }, ';');
	if (end < 0 || !str_to_u64((struct str){ s.p + 2 + hex, (size_t)end - 2 - hex }, hex ? 16 : 10, &value) ||
	    value > 0xffff || !value)
		return 0;
	*ret = value == 0xa0 ? ' ' : (uint32_t)value;
	return (size_t)end + 1;
}

static bool text_has_entities(struct str bytes)
{
	ptrdiff_t at;
	uint32_t c;

	while ((at = str_find_char(bytes, '&')) >= 0) {
		bytes = str_skip(bytes, (size_t)at);
		if (entity(bytes, &c))
			return true;
		bytes = str_skip(bytes, 1);
	}
	return false;
}

/* "<br>", "</span>" at the front of @s: its length. @breaks: the page begins a new line there. */
static size_t tag(struct str s, bool *breaks)
{
	static const char *const blocks[] = { "br", "p", "div", "li", "tr", "pre", "h1", "h2", "h3" };
	struct str head = { s.p, s.n < 512 ? s.n : 512 };
	ptrdiff_t end;
	size_t name = s.n > 1 && s.p[1] == '/' ? 2 : 1, n = 0;

	if (s.n < 3 || (!isalpha((unsigned char)s.p[name]) && s.p[1] != '!'))
		return 0;
	end = str_find_char(head, '>');
	if (end < 0)
		return 0;
	while (isalnum((unsigned char)s.p[name + n]))
		n++;
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (strlen(blocks[i]) == n && !strncasecmp(s.p + name, blocks[i], n))
			*breaks = true;
	return (size_t)end + 1;
}

/* "ESC [ ... letter", and ESC with one character. */
static size_t escape(struct str s)
{
	size_t i = 2;

	if (s.n < 2 || s.p[1] != '[')
		return s.n < 2 ? s.n : 2;
	while (i < s.n && i < 32 && !isalpha((unsigned char)s.p[i]))
		i++;
	return i < s.n ? i + 1 : i;
}

/* What stands for the special text at the front of @s; returns the length of that text. */
static size_t replace(struct str s, bool html, struct strbuf *out)
{
	bool breaks = false;
	uint32_t c = 0;
	char utf8[4];
	size_t n;

	if (*s.p == TEXT_BREAK) {
		/* The log's own breaks nothing. */
		strbuf_char(out, ' ');
		return 1;
	}
	if (*s.p == 27) {
		n = escape(s);
	} else if (*s.p == '<') {
		n = html ? tag(s, &breaks) : 0;
	} else {
		n = entity(s, &c);
	}
	if (!n) {
		strbuf_char(out, *s.p);
		return 1;
	}
	if (c)
		strbuf_add(out, (struct str){ utf8, utf8_put(utf8, c) });
	if (breaks)
		strbuf_char(out, TEXT_BREAK);
	/* Lines keep their numbers. */
	for (size_t i = 0; i < n; i++)
		if (s.p[i] == '\n')
			strbuf_char(out, '\n');
	return n;
}

bool text_clean(struct arena *arena, struct str *bytes)
{
	bool html = text_is_html(*bytes), escapes = str_find_char(*bytes, 27) >= 0, entities = text_has_entities(*bytes);
	struct strbuf out = { .arena = arena };
	struct str rest = *bytes;

	if (!html && !escapes && !entities)
		return false;
	while (rest.n) {
		size_t plain = 0;

		while (plain < rest.n && rest.p[plain] != 27 && rest.p[plain] != '&' && rest.p[plain] != TEXT_BREAK && (!html || rest.p[plain] != '<'))
			plain++;
		strbuf_add(&out, (struct str){ rest.p, plain });
		rest = str_skip(rest, plain);
		if (rest.n)
			rest = str_skip(rest, replace(rest, html, &out));
	}
	*bytes = (struct str){ out.p, out.n };
	return true;
}
