/* safe_text.c - see safe_text.h. */
#include "safe_text.h"

#include <inttypes.h>

#include "mia/arena.h"
#include "mia/base.h"
#include "utf8.h"

struct code_range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct code_range *ranges, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Controls, line separators, marks and overrides of direction, the byte order mark, tags. */
bool text_is_alive(uint32_t c)
{
	static const struct code_range controls[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};

	return c >= ' ' && c < 0x7f ? false : in_ranges(c, controls, ARRAY_SIZE(controls));
}

static bool is_wide(uint32_t c)
{
	static const struct code_range wide[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
	};

	return c >= 0x1100 && in_ranges(c, wide, ARRAY_SIZE(wide));
}

static bool is_combining(uint32_t c)
{
	static const struct code_range combining[] = { { 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f } };

	return c >= 0x300 && in_ranges(c, combining, ARRAY_SIZE(combining));
}

static bool is_safe(struct str s)
{
	for (size_t i = utf8_plain(s); i < s.n;) {
		uint32_t c;
		size_t n = utf8_sequence(s.p + i, s.n - i, &c);

		if (!n || text_is_alive(c))
			return false;
		i += n;
	}
	return true;
}

/* Where the text at the front of @s is harmless, its length; else 0, and @shown gets what stands for *@n bytes of it. */
static size_t harmless(struct str s, size_t *n, char shown[16])
{
	size_t plain = utf8_plain(s);
	uint32_t c = 0;

	if (plain)
		return plain;
	*n = utf8_sequence(s.p, s.n, &c);
	if (*n && !text_is_alive(c))
		return *n;
	if (!*n || c < 0x80)
		snprintf(shown, 16, "\\x%02x", (unsigned char)*s.p);
	else
		snprintf(shown, 16, "\\u{%" PRIx32 "}", c);
	*n += !*n;
	return 0;
}

struct str safe_text(struct arena *arena, struct str s)
{
	struct strbuf buf = { .arena = arena };
	char shown[16];

	if (is_safe(s))
		return s;
	for (size_t n; s.n; s = str_skip(s, n)) {
		size_t good = harmless(s, &n, shown);

		if (good)
			strbuf_add(&buf, (struct str){ s.p, n = good });
		else
			strbuf_add(&buf, *s.p == '\t' ? STR(" ") : str_of(shown));
	}
	return strbuf_str(&buf);
}

void safe_put(struct str s, FILE *out)
{
	char shown[16];

	for (size_t n; s.n; s = str_skip(s, n)) {
		size_t good = harmless(s, &n, shown);

		if (good)
			fwrite(s.p, 1, n = good, out);
		else
			fputs(*s.p == '\t' ? "\t" : shown, out);
	}
}

static size_t columns_of(uint32_t c)
{
	if (is_combining(c))
		return 0;
	return is_wide(c) ? 2 : 1;
}

/* Bytes of @s that fit into @columns. */
static size_t bytes_within(struct str s, size_t columns, size_t *used)
{
	size_t i = utf8_plain((struct str){ s.p, s.n < columns ? s.n : columns });

	*used = i;
	while (i < s.n) {
		uint32_t c = ' ';
		size_t n = utf8_sequence(s.p + i, s.n - i, &c);

		if (*used + columns_of(c) > columns)
			break;
		*used += columns_of(c);
		i += n ? n : 1;
	}
	return i;
}

size_t text_columns(struct str s)
{
	size_t used;

	bytes_within(s, SIZE_MAX - 2, &used);
	return used;
}

struct str text_within(struct str s, size_t columns)
{
	size_t used;

	return (struct str){ s.p, bytes_within(s, columns, &used) };
}

struct str text_fit(struct arena *arena, struct str s, size_t columns)
{
	struct strbuf buf = { .arena = arena };
	size_t used, n = bytes_within(s, columns, &used);

	if (n == s.n)
		return s;
	n = bytes_within(s, columns > 3 ? columns - 3 : 0, &used);
	strbuf_add(&buf, (struct str){ s.p, n });
	strbuf_add(&buf, columns > 3 ? STR("...") : (struct str){ "...", columns });
	return strbuf_str(&buf);
}
