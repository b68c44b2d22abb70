/* size_text.c - see size_text.h. */
#include "size_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "mia/base.h"

static uint64_t magnitude(int64_t v) { return v < 0 ? -(uint64_t)v : (uint64_t)v; }

/* @v / @unit in hundredths, rounded to the nearest. */
static uint64_t hundredths(uint64_t v, uint64_t unit) { return v / unit * 100 + (v % unit * 100 + unit / 2) / unit; }

static struct short_text scaled(int64_t bytes, unsigned smallest, unsigned largest)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	uint64_t v = magnitude(bytes), h;
	struct short_text ret;
	unsigned scale = smallest;

	while (scale < largest && v >> 10 * (scale + 1))
		scale++;
	h = hundredths(v, UINT64_C(1) << 10 * scale);
	/* What is not 0 does not read like it. */
	if (scale && (h || !v))
		snprintf(ret.s, sizeof(ret.s), "%s%" PRIu64 ".%02" PRIu64 " %s", bytes < 0 ? "-" : "", h / 100, h % 100, names[scale]);
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
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;

	if (!whole)
		return ret;
	if (part && percent > -0.005 && percent < 0.005)
		snprintf(ret.s, sizeof(ret.s), "%s", part < 0 ? ">-0.01%" : "<0.01%");
	else
		snprintf(ret.s, sizeof(ret.s), "%.2f%%", percent);
	return ret;
}
