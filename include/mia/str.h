/*
 * str.h - views of text that somebody else owns, and text that grows.
 *
 * A struct str points into the input, which stays in place for the life of an analysis; it is not terminated by NUL.
 */
#ifndef MIA_STR_H
#define MIA_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *s) { return (struct str){ s, s ? strlen(s) : 0 }; }
static inline bool str_eq(struct str a, struct str b) { return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n)); }
static inline bool str_is(struct str a, const char *b) { return str_eq(a, str_of(b)); }
static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && !memcmp(s.p, prefix.p, prefix.n);
}
static inline bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && !memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n);
}
static inline struct str str_skip(struct str s, size_t n)
{
	/* A text that is not there has no address to add to. */
	return n < s.n ? (struct str){ s.p + n, s.n - n } : (struct str){ s.n ? s.p + s.n : s.p, 0 };
}

/* Blank, tab, newline, vertical tab, form feed, carriage return, whatever the locale. */
static inline bool char_is_blank(char c) { return c == ' ' || (unsigned char)(c - '\t') < 5; }

static inline struct str str_trim(struct str s)
{
	while (s.n && char_is_blank(*s.p))
		s.p++, s.n--;
	while (s.n && char_is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Offset of @needle in @s, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_find_char(struct str s, char c);
/* Cut the text up to the next @sep off the front of *@rest; false when nothing is left. */
bool str_cut(struct str *rest, char sep, struct str *ret);
/* Cut the next line, without its newline and carriage return. */
bool str_cut_line(struct str *rest, struct str *ret);
/* Cut the next word between blanks. */
bool str_cut_word(struct str *rest, struct str *ret);
char *str_dup(struct arena *arena, struct str s);

/* A whole decimal (or, with base 16, hexadecimal without 0x) number; false on anything else and on overflow. */
bool str_to_u64(struct str s, unsigned base, uint64_t *ret);

/*
 * The kernel's memparse(): a number with optional 0x or 0 prefix and K, M, G, T, P, E suffix. *@rest gets what follows.
 * Like the kernel's it reads 0 where there is no number.
 */
uint64_t str_memparse(struct str s, struct str *rest);

/* All of @s as a number, "0x1000", or a size, "4G"; false on anything else and on overflow. For what people write, not for logs. */
bool str_to_size(struct str s, uint64_t *ret);

/* Text that grows in an arena. */
struct strbuf {
	struct arena *arena;
	char *p;
	size_t n, cap;
};

void strbuf_add(struct strbuf *buf, struct str s);
void strbuf_char(struct strbuf *buf, char c);
/* "%0*u" without a format to read: for lists of thousands. */
void strbuf_decimal(struct strbuf *buf, uint64_t v, unsigned width);
__attribute__((format(printf, 2, 3))) void strbuf_printf(struct strbuf *buf, const char *format, ...);
__attribute__((format(printf, 2, 0))) void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args);
/* A text of its own. */
__attribute__((format(printf, 2, 3))) struct str str_printf(struct arena *arena, const char *format, ...);
/* The text so far; NUL terminated. */
struct str strbuf_str(struct strbuf *buf);

#endif
