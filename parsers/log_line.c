/* log_line.c - see log_line.h. */
#include "log_line.h"

#include <ctype.h>

#include "mia/base.h"

/* How far into a line a time or a "kernel:" may stand before it is part of somebody's message. */
#define PREFIX_LIMIT 160
#define HOST_LIMIT 64
#define DATE_LIMIT 64

static bool digit(struct str s, size_t i) { return i < s.n && isdigit((unsigned char)s.p[i]); }

static size_t skip_digits(struct str s, size_t i)
{
	while (digit(s, i))
		i++;
	return i;
}

static size_t skip_blanks(struct str s, size_t i)
{
	while (i < s.n && s.p[i] == ' ')
		i++;
	return i;
}

/* "0.000000" at @i, at least milliseconds; returns the offset behind it, 0 if it is not there. */
static size_t seconds_at(struct str s, size_t i, uint64_t *usec)
{
	uint64_t seconds = 0, fraction = 0;
	size_t digits = 0;

	if (!digit(s, i))
		return 0;
	for (; digit(s, i) && seconds < UINT64_MAX / 10000000; i++)
		seconds = seconds * 10 + (uint64_t)(s.p[i] - '0');
	if (i >= s.n || s.p[i] != '.')
		return 0;
	for (i++; digit(s, i); i++, digits++)
		if (digits < 6)
			fraction = fraction * 10 + (uint64_t)(s.p[i] - '0');
	if (digits < 3)
		return 0;
	for (; digits < 6; digits++)
		fraction *= 10;
	*usec = seconds * 1000000 + fraction;
	return i;
}

/*
 * "[    0.000000]", also "[    0.000000@0]" and the "[    0.000000 <    0.000000>]" of dmesg -d; returns its length, 0 if
 * it is not there.
 */
static size_t bracket_time(struct str s, uint64_t *usec)
{
	uint64_t delta;
	size_t i;

	if (!s.n || s.p[0] != '[')
		return 0;
	i = seconds_at(s, skip_blanks(s, 1), usec);
	if (!i)
		return 0;
	if (i < s.n && s.p[i] == '@')
		i = skip_digits(s, i + 1);
	if (i + 1 < s.n && s.p[i] == ' ' && s.p[i + 1] == '<') {
		i = seconds_at(s, skip_blanks(s, i + 2), &delta);
		if (!i || i >= s.n || s.p[i++] != '>')
			return 0;
	}
	return i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

/*
 * "[  +0.000005]" of dmesg -e and -H, "[<    0.000005>]" of -d without times: how long after the line before; it says nothing of
 * the time since boot.
 */
static size_t bracket_delta(struct str s)
{
	size_t i = skip_blanks(s, 1);
	bool angle = i < s.n && s.p[i] == '<';
	uint64_t usec;

	if (i >= s.n || (s.p[i] != '+' && !angle))
		return 0;
	i = seconds_at(s, skip_blanks(s, i + 1), &usec);
	if (!i || (angle && (i >= s.n || s.p[i++] != '>')))
		return 0;
	return i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

/* "[    T0]" or "[   C1]" behind the time: which task or CPU printed it. */
static size_t caller_id(struct str s)
{
	size_t i;

	if (!s.n || s.p[0] != '[')
		return 0;
	i = skip_blanks(s, 1);
	if (i >= s.n || (s.p[i] != 'T' && s.p[i] != 'C') || !digit(s, i + 1))
		return 0;
	i = skip_digits(s, i + 1);
	return i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

/* "[Mon Jan  1 00:00:00 2024]" of dmesg -T, "[Nov20 23:02]" of dmesg -H, "[2024-01-01 00:00:00]" of a terminal server. */
static size_t bracket_date(struct str s)
{
	ptrdiff_t end, colon;

	if (s.n < 12 || s.p[0] != '[' || (!isalnum((unsigned char)s.p[1]) && !(s.p[1] & 0x80)))
		return 0;
	end = str_find_char((struct str){ s.p, s.n < DATE_LIMIT ? s.n : DATE_LIMIT }, ']');
	if (end < 11)
		return 0;
	colon = str_find_char((struct str){ s.p, (size_t)end }, ':');
	if (colon < 8 || !digit(s, (size_t)colon - 1) || !digit(s, (size_t)colon + 1))
		return 0;
	return (size_t)end + 1;
}

/* "2024-01-01T00:00:00,000000+00:00 " and its like. */
static size_t iso_date(struct str s)
{
	static const char shape[] = "0000-00-00T00:00:00";
	size_t i;

	if (s.n < sizeof(shape))
		return 0;
	for (i = 0; i < sizeof(shape) - 1; i++) {
		if (shape[i] == '0' ? !digit(s, i) : shape[i] == 'T' ? s.p[i] != 'T' && s.p[i] != ' ' : s.p[i] != shape[i])
			return 0;
	}
	while (i < s.n && i < DATE_LIMIT && s.p[i] != ' ')
		i++;
	return i < s.n && s.p[i] == ' ' ? i + 1 : 0;
}

/* "<6>", "<30>": level in the low three bits. */
static size_t level_prefix(struct str s, int *level)
{
	size_t i = 1;
	int value = 0;

	if (s.n < 3 || s.p[0] != '<')
		return 0;
	for (; digit(s, i) && i < 5; i++)
		value = value * 10 + (s.p[i] - '0');
	if (i == 1 || i >= s.n || s.p[i] != '>')
		return 0;
	*level = value & 7;
	return i + 1;
}

/* "kern  :info  : " of dmesg -x. */
static size_t facility_prefix(struct str s, int *level)
{
	static const char *const names[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" };
	ptrdiff_t second;
	struct str name;

	if (!str_starts(s, STR("kern")) || s.n < 16 || s.p[6] != ':')
		return 0;
	name = str_skip(s, 7);
	second = str_find_char(name, ':');
	if (second < 0 || second > 8)
		return 0;
	name = str_trim((struct str){ name.p, (size_t)second });
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_is(name, names[i]))
			*level = (int)i;
	second += 7 + 1;
	return (size_t)second + ((size_t)second < s.n && s.p[second] == ' ');
}

/* "6.1.0-13-amd64," in front of that, as netconsole has it where it shall name the kernel. */
static size_t release_prefix(struct str s)
{
	ptrdiff_t comma = str_find_char((struct str){ s.p, min_u64(s.n, HOST_LIMIT) }, ',');
	ptrdiff_t dot = str_find_char((struct str){ s.p, comma > 0 ? (size_t)comma : 0 }, '.');

	return dot > 0 && digit(s, (size_t)dot + 1) ? (size_t)comma + 1 : 0;
}

/* "6,339,5140900,-,caller=T1;" of /dev/kmsg: facility and level, sequence number, microseconds, flags. */
static size_t kmsg_prefix(struct str s, struct log_line *ret)
{
	uint64_t value[3] = { 0 };
	size_t i = release_prefix(s);

	for (size_t field = 0; field < 3; field++) {
		size_t start = i;

		i = skip_digits(s, i);
		if (i >= s.n || s.p[i] != ',' || !str_to_u64((struct str){ s.p + start, i - start }, 10, &value[field]))
			return 0;
		i++;
	}
	while (i < s.n && i < PREFIX_LIMIT && s.p[i] != ';')
		i++;
	if (i >= s.n || s.p[i] != ';')
		return 0;
	ret->level = (int)(value[0] & 7);
	ret->usec = value[2];
	ret->has_time = true;
	return i + 1;
}

/* Colours and cursor movements of a terminal. */
static struct str skip_escapes(struct str s)
{
	while (s.n > 1 && s.p[0] == 27 && s.p[1] == '[') {
		size_t i = 2;

		while (i < s.n && !isalpha((unsigned char)s.p[i]))
			i++;
		s = str_skip(s, i + 1);
	}
	return s;
}

struct str log_line_unquote(struct str s)
{
	for (;;) {
		size_t i = 0;

		while (i < s.n && s.p[i] == ' ' && i < 4)
			i++;
		if (i >= s.n || (s.p[i] != '>' && s.p[i] != '|'))
			return s;
		s = str_skip(s, i + 1);
		if (s.n && s.p[0] == ' ')
			s = str_skip(s, 1);
	}
}

/* The first "kernel:" that ends a syslog tag; what follows it is the message. */
static bool syslog_tag(struct str s, size_t *after)
{
	struct str head = { s.p, s.n < PREFIX_LIMIT ? s.n : PREFIX_LIMIT };
	size_t base = 0;

	for (;;) {
		ptrdiff_t at = str_find(head, STR("kernel"));
		size_t end;

		if (at < 0)
			return false;
		end = (size_t)at + 6;
		/* "kernel[123]:" */
		if (end < head.n && head.p[end] == '[') {
			size_t i = skip_digits(head, end + 1);

			if (i > end + 1 && i < head.n && head.p[i] == ']')
				end = i + 1;
		}
		if (end < head.n && head.p[end] == ':' && (at == 0 || head.p[at - 1] == ' ') && (at || base || end + 1 < head.n)) {
			*after = base + end + 1;
			return true;
		}
		base += end;
		head = str_skip(head, end);
	}
}

/* "kernel: " or "host kernel: " behind the time, as some syslogs and journalctl -o short-monotonic have it. */
static struct str skip_tag_behind_time(struct str s)
{
	size_t i = 0;

	while (i < s.n && i < HOST_LIMIT && s.p[i] != ' ')
		i++;
	if (i && i < s.n && s.p[i - 1] != ':' && str_starts(str_skip(s, i + 1), STR("kernel: ")))
		return str_skip(s, i + 1 + 8);
	return str_starts(s, STR("kernel: ")) ? str_skip(s, 8) : s;
}

/* A log inside somebody's string literal is told again, not said: "'message': '[    1.400214] ...\r\n[    1.401214] ...'". */
static bool in_literal(struct str s, size_t at)
{
	if (at && (s.p[at - 1] == '\'' || s.p[at - 1] == '"'))
		return true;
	return at > 1 && s.p[at - 1] == 'n' && s.p[at - 2] == '\\';
}

/* A time somewhere behind a prefix that nobody described: "2024-01-01T00:00:00 [    0.000000] ...", "LKP: ttyS1: 12: [...". */
static bool embedded_time(struct str s, size_t *at)
{
	uint64_t usec;

	for (size_t i = 0; i < s.n && i < PREFIX_LIMIT; i++) {
		if (s.p[i] == '[' && bracket_time(str_skip(s, i), &usec) && !in_literal(s, i)) {
			*at = i;
			return true;
		}
	}
	return false;
}

static struct str take_time(struct str s, struct log_line *ret)
{
	size_t n = bracket_time(s, &ret->usec);

	if (n)
		ret->has_time = true;
	else
		n = bracket_delta(s);
	if (!n)
		n = bracket_date(s);
	if (!n)
		return s;
	ret->has_prefix = true;
	s = str_skip(s, n);
	/* util-linux writes "[ time] [ T0] text", printk "[ time][ T0] text". */
	n = caller_id(s);
	if (!n && s.n > 1 && s.p[0] == ' ' && caller_id(str_skip(s, 1)))
		n = 1 + caller_id(str_skip(s, 1));
	s = str_skip(s, n);
	if (s.n && s.p[0] == ' ')
		s = str_skip(s, 1);
	/* "log -m" of crash: the level stands behind the time. */
	return ret->level < 0 ? str_skip(s, level_prefix(s, &ret->level)) : s;
}

/* What stands in front of the message where the line does not begin with a time. */
static struct str take_prefix(struct str s, struct log_line *ret)
{
	size_t n = s.n && isdigit((unsigned char)s.p[0]) ? kmsg_prefix(s, ret) : 0;

	if (n) {
		ret->has_prefix = true;
		return str_skip(s, n);
	}
	if (syslog_tag(s, &n)) {
		ret->has_prefix = true;
		s = str_skip(s, n);
		if (s.n && s.p[0] == ' ')
			s = str_skip(s, 1);
		s = str_skip(s, level_prefix(s, &ret->level));
		return take_time(s, ret);
	}
	if (embedded_time(s, &n))
		return take_time(str_skip(s, n), ret);
	n = iso_date(s);
	if (n)
		ret->has_prefix = true;
	else if (str_starts(s, STR("    MESSAGE=")))
		n = 12; /* journalctl -o verbose */
	return str_skip(s, n);
}

void log_line_strip(struct str raw, struct log_line *ret)
{
	struct str s = raw, rest;

	ret->level = -1;
	ret->has_time = false;
	while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\0'))
		s.n--;
	while (s.n && (s.p[0] == '\0' || s.p[0] == '\r'))
		s = str_skip(s, 1);
	if (s.n && (s.p[0] == ' ' || s.p[0] == '>' || s.p[0] == '|'))
		s = log_line_unquote(s);
	s = skip_escapes(s);
	rest = str_skip(s, level_prefix(s, &ret->level));
	rest = str_skip(rest, facility_prefix(rest, &ret->level));
	ret->has_prefix = rest.p != s.p;
	s = rest;
	if (s.n && s.p[0] == '[') {
		rest = take_time(s, ret);
		if (rest.p != s.p) {
			/* A terminal server's date may stand before the kernel's time. */
			if (!ret->has_time && rest.n && rest.p[0] == '[')
				rest = take_time(rest, ret);
			ret->text = skip_escapes(skip_tag_behind_time(rest));
			return;
		}
	}
	ret->text = take_prefix(s, ret);
}

bool log_line_second_time(struct str text, size_t *ret)
{
	struct str s = text;
	ptrdiff_t at;
	uint64_t usec;
	size_t n;

	while ((at = str_find_char(s, '[')) >= 0) {
		s = str_skip(s, (size_t)at);
		n = s.n > 1 && (s.p[1] == ' ' || isdigit((unsigned char)s.p[1])) ? bracket_time(s, &usec) : 0;
		/* "[%5lu.%06lu]": anything shorter is somebody's number. */
		if (n >= sizeof("[    0.000000]") - 1 && !in_literal(text, (size_t)(s.p - text.p))) {
			n = (size_t)(s.p - text.p);
			*ret = n >= 3 && text.p[n - 1] == '>' && text.p[n - 3] == '<' && isdigit((unsigned char)text.p[n - 2]) ? n - 3 : n;
			return true;
		}
		s = str_skip(s, 1);
	}
	return false;
}
