/* json_out.c - see json_out.h. */
#include "json_out.h"

#include <string.h>

#include "json_text.h"
#include "safe_text.h"
#include "utf8.h"

void json_out_init(struct json_out *w, FILE *out)
{
	w->out = out;
	w->comma = false;
	w->n = 0;
}

static void flush(struct json_out *w)
{
	fwrite(w->buf, 1, w->n, w->out);
	w->n = 0;
}

/* Where the next @n bytes go, which are no more than the buffer holds. */
static char *room(struct json_out *w, size_t n)
{
	char *p;

	if (n > sizeof(w->buf) - w->n)
		flush(w);
	p = w->buf + w->n;
	w->n += n;
	return p;
}

static void put_bytes(struct json_out *w, const char *p, size_t n)
{
	if (n <= sizeof(w->buf)) {
		memcpy(room(w, n), p, n);
		return;
	}
	flush(w);
	fwrite(p, 1, n, w->out);
}

static void put_char(struct json_out *w, char c) { *room(w, 1) = c; }

void json_out_end_line(struct json_out *w)
{
	put_char(w, '\n');
	flush(w);
}

/* --- texts --- */

/* What stands for a character that a JSON text cannot hold as it is, or that a terminal would obey; NULL for all others. */
static const char *escape_of(uint32_t c, char buf[16])
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '\f':
		return "\\f";
	default:
		if (!text_is_alive(c))
			return NULL;
		json_escape(c, buf);
		return buf;
	}
}

/* Where the printable ASCII at the front of s[i..] ends: nearly all there is. */
static size_t plain_end(struct str s, size_t i)
{
	while (i < s.n && s.p[i] >= ' ' && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\')
		i++;
	return i;
}

static void put_text(struct json_out *w, struct str s)
{
	uint32_t c = 0;
	char buf[16];

	put_char(w, '"');
	for (size_t i = plain_end(s, 0), plain = 0; i <= s.n; i = plain_end(s, i)) {
		size_t n = i < s.n ? utf8_sequence(s.p + i, s.n - i, &c) : 0;
		const char *instead = n ? escape_of(c, buf) : i < s.n ? "\xef\xbf\xbd" : NULL;

		if (instead || i == s.n) {
			put_bytes(w, s.p + plain, i - plain);
			plain = i + (n ? n : 1);
		}
		if (instead)
			put_bytes(w, instead, strlen(instead));
		i += n ? n : 1;
	}
	put_char(w, '"');
}

/* --- values --- */

static void put_key(struct json_out *w, const char *key)
{
	size_t n = key ? strlen(key) : 0;
	char *p;

	if (w->comma)
		put_char(w, ',');
	w->comma = true;
	if (!key)
		return;
	/* Keys are ours: they are short, and there is nothing to escape in them. */
	p = room(w, n + 3);
	*p++ = '"';
	memcpy(p, key, n);
	memcpy(p + n, "\":", 2);
}

static void open_with(struct json_out *w, const char *key, char bracket)
{
	put_key(w, key);
	put_char(w, bracket);
	w->comma = false;
}

static void close_with(struct json_out *w, char bracket)
{
	put_char(w, bracket);
	w->comma = true;
}

void json_out_object(struct json_out *w, const char *key) { open_with(w, key, '{'); }
void json_out_end_object(struct json_out *w) { close_with(w, '}'); }
void json_out_list(struct json_out *w, const char *key) { open_with(w, key, '['); }
void json_out_end_list(struct json_out *w) { close_with(w, ']'); }

static void put_digits(struct json_out *w, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put_bytes(w, digits + n, sizeof(digits) - n);
}

void json_out_u64(struct json_out *w, const char *key, uint64_t v)
{
	put_key(w, key);
	put_digits(w, v);
}

void json_out_i64(struct json_out *w, const char *key, int64_t v)
{
	put_key(w, key);
	if (v < 0)
		put_char(w, '-');
	put_digits(w, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_out_bool(struct json_out *w, const char *key, bool v)
{
	put_key(w, key);
	put_bytes(w, v ? "true" : "false", v ? 4 : 5);
}

void json_out_null(struct json_out *w, const char *key)
{
	put_key(w, key);
	put_bytes(w, "null", 4);
}

void json_out_str(struct json_out *w, const char *key, struct str s)
{
	if (!s.p) {
		json_out_null(w, key);
		return;
	}
	put_key(w, key);
	put_text(w, s);
}

void json_out_text(struct json_out *w, const char *key, const char *s) { json_out_str(w, key, str_of(s)); }
