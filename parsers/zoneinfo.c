/*
 * zoneinfo.c - /proc/zoneinfo of every kernel.
 *
 * A value follows its key, whatever the indentation. Watermarks stand as "high 128", the limits of the per-CPU lists as
 * "high: 53": the colon tells them apart. Where a number is given once a CPU, that of the first CPU is taken.
 */
#include <stddef.h>

#include "files.h"
#include "log_line.h"
#include "mia/arena.h"

#define MAX_NODES 1024

struct zoneinfo_key {
	struct str name;
	size_t offset; /* of a struct said in struct zoneinfo_zone */
};

#define KEY(text, member) { STR(text), offsetof(struct zoneinfo_zone, member) }

static const struct zoneinfo_key keys[] = {
	KEY("boost", boost),         KEY("min", min),
	KEY("low", low),             KEY("high", high),
	KEY("promo", promo),         KEY("spanned", spanned),
	KEY("present", present),     KEY("managed", managed),
	KEY("cma", cma),             KEY("start_pfn:", start_pfn),
	KEY("high:", pcp_high),      KEY("high_min:", pcp_high_min),
	KEY("high_max:", pcp_high_max), KEY("batch:", pcp_batch),
	KEY("nr_unaccepted", unaccepted),
};

static void say_once(struct said *said, struct str number, uint32_t line)
{
	uint64_t value;

	/* A kernel with a bug may show what is left of a count below 0. */
	if (!said->line && str_to_u64(number, 10, &value) && value < PFN_LIMIT)
		*said = (struct said){ value, line };
}

/* "Node 0, zone    DMA32", and nothing behind: buddyinfo has rows that begin like this. */
static bool header_parse(struct str text, struct zoneinfo_zone *ret)
{
	struct str word, name;
	uint64_t nid;

	if (!str_starts(text, STR("Node ")) || !str_cut_word(&text, &word) || !str_cut_word(&text, &word))
		return false;
	if (!str_ends(word, STR(",")))
		return false;
	word.n--;
	if (!str_to_u64(word, 10, &nid) || nid >= MAX_NODES || !str_cut_word(&text, &word) || !str_is(word, "zone"))
		return false;
	if (!str_cut_word(&text, &name) || str_trim(text).n || name.n >= sizeof(ret->name))
		return false;
	*ret = (struct zoneinfo_zone){ .nid = (int)nid };
	memcpy(ret->name, name.p, name.n);
	return true;
}

/* Nodes come in order and name each zone once; anything else is the next reading of the same file. */
static bool said_before(const struct zoneinfo *zones, const struct zoneinfo_zone *zone)
{
	for (size_t i = zones->nr; i-- > 0;) {
		if (zones->v[i].nid != zone->nid)
			return zones->v[i].nid > zone->nid;
		if (!strcmp(zones->v[i].name, zone->name) || zones->nr - i >= MAX_ZONES)
			return true;
	}
	return false;
}

/* "protection: (0, 1947, 1947)"; signed since 3.18. */
static void protection_parse(struct zoneinfo_zone *zone, struct str list, uint32_t line)
{
	struct str item;

	if (zone->protection_line)
		return;
	zone->protection_line = line;
	list = str_trim(list);
	if (str_starts(list, STR("(")))
		list = str_skip(list, 1);
	while (zone->nr_protection < MAX_ZONES && str_cut(&list, ',', &item)) {
		ptrdiff_t close = str_find_char(item, ')');
		uint64_t value;

		if (close >= 0)
			item.n = (size_t)close;
		if (!str_to_u64(str_trim(item), 10, &value))
			return;
		zone->protection[zone->nr_protection++] = value;
	}
}

static void line_parse(struct zoneinfo_zone *zone, struct str text, uint32_t line)
{
	struct str key, value;

	if (str_starts(text, STR("pages free")))
		text = str_skip(text, 6);
	else if (str_starts(text, STR("vm stats threshold:")))
		say_once(&zone->stat_threshold, str_trim(str_skip(text, 19)), line);
	if (!str_cut_word(&text, &key))
		return;
	if (str_is(key, "protection:")) {
		protection_parse(zone, text, line);
		return;
	}
	if (!str_cut_word(&text, &value))
		return;
	/* Old kernels show two lists a CPU: "cpu: 0 pcp: 1". */
	if (str_is(key, "cpu:"))
		zone->nr_cpus += !str_starts(str_trim(text), STR("pcp: 1"));
	else if (str_is(key, "free"))
		say_once(&zone->free, value, line);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_eq(key, keys[i].name))
			say_once((struct said *)((char *)zone + keys[i].offset), value, line);
}

void zoneinfo_parse(struct arena *arena, struct str bytes, struct zoneinfo *ret)
{
	struct zoneinfo_zone *zone = NULL, header;
	struct str raw;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct str text = str_trim(log_line_unquote(raw));

		if (!text.n)
			continue;
		if (*text.p == 'N' && header_parse(text, &header)) {
			if (said_before(ret, &header))
				return;
			zone = vec_push(arena, ret);
			*zone = header;
			zone->line = line;
		} else if (zone) {
			line_parse(zone, text, line);
		}
	}
}
