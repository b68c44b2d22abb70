/*
 * show_mem.c - the zones of the kernel's own report of its memory: out of memory, a failed allocation, SysRq-m.
 *
 *	Node 0 DMA free:14336kB boost:0kB min:132kB low:164kB high:196kB ... present:15912kB managed:15360kB ...
 *	lowmem_reserve[]: 0 2950 7653 7653 7653
 *
 * A kernel without NUMA names no node. Sizes are in KiB, what is kept from other zones in pages. Only populated zones are shown.
 * The first report of a boot is taken: nothing that matters here changes from one to the next.
 */
#include <stddef.h>

#include "files.h"
#include "mia/arena.h"

#define KIB_PER_PAGE 4
#define MAX_NODES 1024

struct size_key {
	struct str name;
	size_t offset; /* of a struct said in struct zoneinfo_zone */
};

#define KEY(text, member) { STR(text), offsetof(struct zoneinfo_zone, member) }

static const struct size_key size_keys[] = {
	KEY("free", free), KEY("boost", boost), KEY("min", min),         KEY("low", low),
	KEY("high", high), KEY("promo", promo), KEY("present", present), KEY("managed", managed),
};

static bool is_zone(struct str name)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable", "Device" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

/* "Node 0 DMA free:..." or "DMA free:..."; @rest begins at "free:". */
static bool header_parse(struct str text, struct zoneinfo_zone *ret, struct str *rest)
{
	struct str word;
	uint64_t nid = 0;

	if (!str_cut_word(&text, &word))
		return false;
	if (str_is(word, "Node") && (!str_cut_word(&text, &word) || !str_to_u64(word, 10, &nid) || nid >= MAX_NODES || !str_cut_word(&text, &word)))
		return false;
	*rest = str_trim(text);
	if (!is_zone(word) || !str_starts(*rest, STR("free:")))
		return false;
	*ret = (struct zoneinfo_zone){ .nid = (int)nid };
	memcpy(ret->name, word.p, word.n);
	return true;
}

/* "present:15912kB" */
static void size_parse(struct zoneinfo_zone *zone, struct str word, uint32_t line)
{
	struct str key;
	uint64_t kib;

	if (!str_cut(&word, ':', &key) || !str_ends(word, STR("kB")))
		return;
	word.n -= 2;
	if (!str_to_u64(word, 10, &kib) || kib % KIB_PER_PAGE || kib / KIB_PER_PAGE >= PFN_LIMIT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(size_keys); i++) {
		struct said *said = (struct said *)((char *)zone + size_keys[i].offset);

		if (str_eq(key, size_keys[i].name) && !said->line)
			*said = (struct said){ kib / KIB_PER_PAGE, line };
	}
}

static void reserve_parse(struct zoneinfo_zone *zone, struct str list, uint32_t line)
{
	struct str word;
	uint64_t pages;

	while (zone->nr_protection < MAX_ZONES && str_cut_word(&list, &word) && str_to_u64(word, 10, &pages))
		zone->protection[zone->nr_protection++] = pages;
	zone->protection_line = line;
}

static bool said_before(const struct zoneinfo *zones, const struct zoneinfo_zone *zone)
{
	for (size_t i = 0; i < zones->nr; i++)
		if (zones->v[i].nid == zone->nid && !strcmp(zones->v[i].name, zone->name))
			return true;
	return false;
}

static void zone_line(struct arena *arena, struct show_mem *report, struct str text, uint32_t line)
{
	struct zoneinfo_zone zone;
	struct str rest, word;

	if (!header_parse(text, &zone, &rest))
		return;
	report->open = false;
	if (said_before(&report->zones, &zone)) {
		report->over = true;
		return;
	}
	zone.line = line;
	while (str_cut_word(&rest, &word))
		size_parse(&zone, word, line);
	/* Cut in mid-line, or not this kind of line after all. */
	if (!zone.present.line || !zone.min.line)
		return;
	*vec_push(arena, &report->zones) = zone;
	report->open = true;
}

void show_mem_line(struct arena *arena, struct show_mem *report, struct str text, uint32_t line)
{
	const struct str reserve = STR("lowmem_reserve[]:");

	if (report->over || !text.n)
		return;
	if (report->open && str_starts(text, reserve)) {
		reserve_parse(&report->zones.v[report->zones.nr - 1], str_skip(text, reserve.n), line);
		report->open = false;
	} else if (strchr("NDHM", *text.p)) {
		zone_line(arena, report, text, line);
	}
}
