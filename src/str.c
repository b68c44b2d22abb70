/* str.c - see include/mia/str.h. */
#include "mia/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "mia/arena.h"

ptrdiff_t str_find(struct str s, struct str needle)
{
	const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

	return hit ? hit - s.p : -1;
}

ptrdiff_t str_find_char(struct str s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

	return hit ? hit - s.p : -1;
}

bool str_cut(struct str *rest, char sep, struct str *ret)
{
	ptrdiff_t at;

	if (!rest->n)
		return false;
	at = str_find_char(*rest, sep);
	*ret = (struct str){ rest->p, at < 0 ? rest->n : (size_t)at };
	*rest = str_skip(*rest, at < 0 ? rest->n : (size_t)at + 1);
	return true;
}

bool str_cut_line(struct str *rest, struct str *ret)
{
	if (!str_cut(rest, '\n', ret))
		return false;
	while (ret->n && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

bool str_cut_word(struct str *rest, struct str *ret)
{
	size_t n = 0;

	*rest = str_trim(*rest);
	while (n < rest->n && !char_is_blank(rest->p[n]))
		n++;
	*ret = (struct str){ rest->p, n };
	*rest = str_skip(*rest, n);
	return n > 0;
}

char *str_dup(struct arena *arena, struct str s) { return arena_strndup(arena, s.p, s.n); }

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Digits at the front of @s; false on overflow, when the value has wrapped as the kernel's does. */
static bool digits(struct str s, unsigned base, uint64_t *value, size_t *used)
{
	bool fits = true;
	size_t i = 0;

	*value = 0;
	for (; i < s.n && digit_value(s.p[i]) < (int)base; i++) {
		fits &= !__builtin_mul_overflow(*value, base, value);
		fits &= !__builtin_add_overflow(*value, (uint64_t)digit_value(s.p[i]), value);
	}
	*used = i;
	return fits;
}

bool str_to_u64(struct str s, unsigned base, uint64_t *ret)
{
	uint64_t value;
	size_t used;

	if (!digits(s, base, &value, &used) || !used || used != s.n)
		return false;
	*ret = value;
	return true;
}

uint64_t str_memparse(struct str s, struct str *rest)
{
	static const char suffix[] = "KMGTPE";
	unsigned base = 10;
	const char *hit;
	uint64_t value;
	size_t used;

	if (s.n > 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x' && digit_value(s.p[2]) < 16) {
		base = 16;
		s = str_skip(s, 2);
	} else if (s.n > 1 && s.p[0] == '0') {
		base = 8;
	}
	digits(s, base, &value, &used);
	s = str_skip(s, used);
	hit = s.n && *s.p ? strchr(suffix, toupper((unsigned char)*s.p)) : NULL;
	if (hit) {
		value <<= 10 * (hit - suffix + 1);
		s = str_skip(s, 1);
	}
	if (rest)
		*rest = s;
	return value;
}

bool str_to_size(struct str s, uint64_t *ret)
{
	static const char suffix[] = "KMGTPE";
	bool hex = s.n > 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x';
	const char *hit = s.n && !hex ? strchr(suffix, toupper((unsigned char)s.p[s.n - 1])) : NULL;
	unsigned shift = hit && *hit ? 10 * (unsigned)(hit - suffix + 1) : 0;
	uint64_t value;

	if (hex)
		s = str_skip(s, 2);
	s.n -= shift != 0;
	if (!str_to_u64(s, hex ? 16 : 10, &value) || value << shift >> shift != value)
		return false;
	*ret = value << shift;
	return true;
}

static char *strbuf_room(struct strbuf *buf, size_t more)
{
	if (buf->n + more + 1 > buf->cap) {
		size_t cap = buf->cap ? buf->cap * 2 : 256;
		char *p;

		while (cap < buf->n + more + 1)
			cap *= 2;
		p = arena_alloc(buf->arena, cap);
		if (buf->n)
			memcpy(p, buf->p, buf->n);
		buf->p = p;
		buf->cap = cap;
	}
	return buf->p + buf->n;
}

void strbuf_add(struct strbuf *buf, struct str s)
{
	if (s.n)
		memcpy(strbuf_room(buf, s.n), s.p, s.n);
	buf->n += s.n;
}

void strbuf_char(struct strbuf *buf, char c) { strbuf_add(buf, (struct str){ &c, 1 }); }

void strbuf_decimal(struct strbuf *buf, uint64_t v, unsigned width)
{
	char text[64];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (at && (v || sizeof(text) - at < width));
	strbuf_add(buf, (struct str){ text + at, sizeof(text) - at });
}

/* Most texts fit into what room there is; only one that does not is written twice. */
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
{
	char *room = strbuf_room(buf, 0);
	size_t size = buf->cap - buf->n;
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(room, size, format, args);
	if (n > 0 && (size_t)n >= size)
		vsnprintf(strbuf_room(buf, (size_t)n), (size_t)n + 1, format, again);
	buf->n += n > 0 ? (size_t)n : 0;
	va_end(again);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strbuf_vprintf(buf, format, args);
	va_end(args);
}

struct str str_printf(struct arena *arena, const char *format, ...)
{
	struct strbuf buf = { .arena = arena };
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&buf, format, args);
	va_end(args);
	return strbuf_str(&buf);
}

struct str strbuf_str(struct strbuf *buf)
{
	*strbuf_room(buf, 0) = '\0';
	return (struct str){ buf->p, buf->n };
}
