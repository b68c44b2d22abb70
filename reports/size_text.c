/* size_text.c - see size_text.h. */
#include "size_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mia/base.h"

static uint64_t magnitude(int64_t v) { return v < 0 ? -(uint64_t)v : (uint64_t)v; }

/* @v / @unit in hundredths, rounded to the nearest. */
static uint64_t hundredths(uint64_t v, uint64_t unit) { return v / unit * 100 + (v % unit * 100 + unit / 2) / unit; }

/* "-12.34 MiB" of 1234 hundredths: a ledger has a hundred of them, and printf() takes its time. */
static void put_fixed(struct short_text *ret, bool negative, uint64_t h, const char *unit)
{
	char digits[24], *p = digits + sizeof(digits), *end = p;
	size_t n = 0;

	for (unsigned place = 0; place < 3 || h; place++, h /= 10) {
		*--p = (char)('0' + h % 10);
		if (place == 1)
			*--p = '.';
	}
	if (negative)
		ret->s[n++] = '-';
	memcpy(ret->s + n, p, (size_t)(end - p));
	n += (size_t)(end - p);
	memcpy(ret->s + n, unit, strlen(unit) + 1);
}

static struct short_text scaled(int64_t bytes, unsigned smallest, unsigned largest)
{
	static const char *const names[] = { " B", " KiB", " MiB", " GiB", " TiB" };
	uint64_t v = magnitude(bytes), h;
	struct short_text ret;
	unsigned scale = smallest;

	while (scale < largest && v >> 10 * (scale + 1))
		scale++;
	h = hundredths(v, UINT64_C(1) << 10 * scale);
	/* What is not 0 does not read like it. */
	if (scale && (h || !v))
		put_fixed(&ret, bytes < 0, h, names[scale]);
	else
		snprintf(ret.s, sizeof(ret.s), "%s%" PRIu64 " B", bytes < 0 ? "-" : "", v);
	return ret;
}

struct short_text size_column(int64_t bytes, bool plain)
{
	struct short_text ret;

	if (!plain)
		return scaled(bytes, 1, 2);
	snprintf(ret.s, sizeof(ret.s), "%" PRId64, bytes);
	return ret;
}

struct short_text size_prose(int64_t bytes, bool plain)
{
	struct short_text ret;

	if (!plain)
		return scaled(bytes, 0, 4);
	snprintf(ret.s, sizeof(ret.s), "%" PRId64 " bytes", bytes);
	return ret;
}

struct short_text percent_text(int64_t part, int64_t whole)
{
	struct short_text ret = { "" };
	uint64_t h;

	if (!whole)
		return ret;
	/* In hundredths of a percent, rounded to the nearest. */
	h = (uint64_t)(((unsigned __int128)magnitude(part) * 10000 + magnitude(whole) / 2) / magnitude(whole));
	if (part && !h)
		strcpy(ret.s, part < 0 ? ">-0.01%" : "<0.01%");
	else
		put_fixed(&ret, (part < 0) != (whole < 0), h, "%");
	return ret;
}
