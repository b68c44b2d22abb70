/* utf8.c - see utf8.h. */
#include "utf8.h"

#include "mia/base.h"

#define EACH_BYTE(b) (UINT64_MAX / 255 * (b))

/* Is one of eight bytes below a blank, DEL, or above? A borrow can only come from a byte that is. */
static bool any_odd(uint64_t eight)
{
	return ((eight | (eight - EACH_BYTE(' ')) | ((eight ^ EACH_BYTE(0x7f)) - EACH_BYTE(1))) & EACH_BYTE(0x80)) != 0;
}

size_t utf8_plain(struct str s)
{
	size_t i = 0;

	for (uint64_t eight; i + sizeof(eight) <= s.n; i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		if (any_odd(eight))
			break;
	}
	while (i < s.n && s.p[i] >= ' ' && s.p[i] < 0x7f)
		i++;
	return i;
}

size_t utf8_sequence(const char *p, size_t n, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
	const unsigned char *u = (const unsigned char *)p;

	for (size_t extra = 0; extra < ARRAY_SIZE(forms); extra++) {
		uint32_t c;

		if (extra >= n || (*u & forms[extra].mask) != forms[extra].lead)
			continue;
		c = *u & (unsigned char)~forms[extra].mask;
		for (size_t i = 1; i <= extra; i++) {
			if ((u[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (u[i] & 0x3f);
		}
		if (c < forms[extra].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return 0;
		if (code)
			*code = c;
		return extra + 1;
	}
	return 0;
}

/* Length of the text at the front of @s that is clean. */
static size_t clean_length(struct str s)
{
	size_t i = utf8_plain(s), n;
	uint32_t c;

	while (i < s.n) {
		n = utf8_sequence(s.p + i, s.n - i, &c);
		if (!n || !c)
			break;
		i += n;
	}
	return i;
}

struct str utf8_clean(struct arena *arena, struct str s)
{
	struct strbuf out = { .arena = arena };
	size_t n = clean_length(s);

	if (n == s.n)
		return s;
	while (s.n) {
		strbuf_add(&out, (struct str){ s.p, n });
		s = str_skip(s, n);
		if (s.n) {
			strbuf_add(&out, STR("\xef\xbf\xbd"));
			s = str_skip(s, 1);
		}
		n = clean_length(s);
	}
	return strbuf_str(&out);
}
