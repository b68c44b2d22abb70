/* log_line.c - see log_line.h. */
#include "log_line.h"

#include <ctype.h>

#include "mia/base.h"

/* How far into a line a time or a "kernel:" may stand before it is part of somebody's message. */
#define PREFIX_LIMIT 160

static bool digit(struct str s, size_t i) { return i < s.n && isdigit((unsigned char)s.p[i]); }

/* "[    0.000000]", also "[    0.000000@0]"; returns its length, 0 if it is not there. */
static size_t bracket_time(struct str s, uint64_t *usec)
{
	uint64_t seconds = 0, fraction = 0;
	size_t i = 1, digits = 0;

	if (!s.n || s.p[0] != '[')
		return 0;
	while (i < s.n && s.p[i] == ' ')
		i++;
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
	if (i < s.n && s.p[i] == '@')
		for (i++; digit(s, i);)
			i++;
	if (i >= s.n || s.p[i] != ']')
		return 0;
	*usec = seconds * 1000000 + fraction;
	return i + 1;
}

/* "[    T0]" or "[   C1]" behind the time: which task or CPU printed it. */
static size_t caller_id(struct str s)
{
	size_t i = 1;

	if (!s.n || s.p[0] != '[')
		return 0;
	while (i < s.n && s.p[i] == ' ')
		i++;
	if (i >= s.n || (s.p[i] != 'T' && s.p[i] != 'C') || !digit(s, i + 1))
		return 0;
	for (i++; digit(s, i);)
		i++;
	return i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

/* "[Mon Jan  1 00:00:00 2024]" of dmesg -T. */
static size_t bracket_date(struct str s)
{
	ptrdiff_t end = s.n > 20 && s.p[0] == '[' && isalpha((unsigned char)s.p[1]) ? str_find_char((struct str){ s.p, s.n < 40 ? s.n : 40 }, ']') : -1;

	return end > 20 && str_find_char((struct str){ s.p, (size_t)end }, ':') > 0 ? (size_t)end + 1 : 0;
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

/* Mail quotes: "> > [    0.000000] ...". */
static struct str skip_quotes(struct str s)
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
			size_t i = end + 1;

			while (digit(head, i))
				i++;
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

/* A time somewhere behind a prefix that nobody described: "2024-01-01T00:00:00 [    0.000000] ...", "LKP: ttyS1: 12: [...". */
static bool embedded_time(struct str s, size_t *at)
{
	uint64_t usec;

	for (size_t i = 0; i < s.n && i < PREFIX_LIMIT; i++) {
		if (s.p[i] == '[' && bracket_time(str_skip(s, i), &usec)) {
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
		n = bracket_date(s);
	if (!n)
		return s;
	s = str_skip(s, n);
	/* util-linux writes "[ time] [ T0] text", printk "[ time][ T0] text". */
	n = caller_id(s);
	if (!n && s.n > 1 && s.p[0] == ' ' && caller_id(str_skip(s, 1)))
		n = 1 + caller_id(str_skip(s, 1));
	s = str_skip(s, n);
	return s.n && s.p[0] == ' ' ? str_skip(s, 1) : s;
}

void log_line_strip(struct str raw, struct log_line *ret)
{
	struct str s = raw;
	size_t n;

	ret->level = -1;
	ret->has_time = false;
	while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\0'))
		s.n--;
	while (s.n && s.p[0] == '\0')
		s = str_skip(s, 1);
	if (s.n && (s.p[0] == ' ' || s.p[0] == '>' || s.p[0] == '|'))
		s = skip_quotes(s);
	s = skip_escapes(s);
	s = str_skip(s, level_prefix(s, &ret->level));
	s = str_skip(s, facility_prefix(s, &ret->level));
	if (s.n && s.p[0] == '[') {
		struct str rest = take_time(s, ret);

		if (rest.p != s.p) {
			/* Some syslogs put "kernel: " behind the time. */
			if (str_starts(rest, STR("kernel: ")))
				rest = str_skip(rest, 8);
			ret->text = skip_escapes(rest);
			return;
		}
	}
	if (syslog_tag(s, &n)) {
		s = str_skip(s, n);
		if (s.n && s.p[0] == ' ')
			s = str_skip(s, 1);
		s = str_skip(s, level_prefix(s, &ret->level));
		s = take_time(s, ret);
	} else if (embedded_time(s, &n)) {
		s = take_time(str_skip(s, n), ret);
	}
	ret->text = s;
}
