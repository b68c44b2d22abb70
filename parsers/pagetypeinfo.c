/*
 * pagetypeinfo.c - /proc/pagetypeinfo: free blocks by kind, and pageblocks by kind.
 *
 * From 5.4 on a long free list is counted to 100000 only and shown as ">100000".
 */
#include "files.h"
#include "log_line.h"
#include "mia/arena.h"

#define MAX_KINDS 16

/* "Node    0, zone      DMA, " cut off the front of *@rest. */
static bool zone_parse(struct str *rest, int *nid, char zone[16])
{
	struct str word;
	uint64_t n;

	if (!str_cut_word(rest, &word) || !str_is(word, "Node") || !str_cut_word(rest, &word) || !str_ends(word, STR(",")))
		return false;
	word.n--;
	if (!str_to_u64(word, 10, &n) || n > INT16_MAX || !str_cut_word(rest, &word) || !str_is(word, "zone") || !str_cut_word(rest, &word))
		return false;
	if (str_ends(word, STR(",")))
		word.n--;
	if (!word.n || word.n >= 16)
		return false;
	*nid = (int)n;
	memcpy(zone, word.p, word.n);
	zone[word.n] = '\0';
	return true;
}

/* "type  Movable   0  1 ..." */
static bool free_row_parse(struct str rest, struct pagetype_row *ret)
{
	struct str word;
	size_t order = 0;

	if (!str_cut_word(&rest, &word) || !str_is(word, "type") || !str_cut_word(&rest, &word) || word.n >= sizeof(ret->kind))
		return false;
	memcpy(ret->kind, word.p, word.n);
	for (; order < NR_ORDERS && str_cut_word(&rest, &word); order++) {
		bool more = str_starts(word, STR(">"));

		ret->cut = ret->cut || more;
		if (!str_to_u64(str_skip(word, more), 10, &ret->free[order]))
			return false;
	}
	return order > 0;
}

/* The kinds of "Number of blocks type  Unmovable  Movable ...". */
static size_t kinds_parse(struct str header, struct str kinds[MAX_KINDS])
{
	size_t nr = 0;

	while (nr < MAX_KINDS && str_cut_word(&header, &kinds[nr]))
		nr++;
	return nr;
}

static void block_row_parse(struct arena *arena, struct str rest, const struct pagetype_row *zone, const struct str *kinds, size_t nr, struct pagetypes *ret)
{
	struct str word;

	for (size_t i = 0; i < nr && str_cut_word(&rest, &word); i++) {
		struct pagetype_row *row;
		uint64_t blocks;

		if (!str_to_u64(word, 10, &blocks) || kinds[i].n >= sizeof(row->kind))
			return;
		row = vec_push(arena, ret);
		*row = *zone;
		row->is_blocks = true;
		row->blocks = blocks;
		memcpy(row->kind, kinds[i].p, kinds[i].n);
	}
}

/* "Page block order: 9" */
static void block_order_parse(struct str text, uint32_t line, struct said *ret)
{
	uint64_t order;

	if (!ret->line && str_to_u64(str_trim(text), 10, &order) && order < NR_ORDERS)
		*ret = (struct said){ order, line };
}

void pagetypeinfo_parse(struct arena *arena, struct str bytes, struct pagetypes *ret)
{
	static const struct str header = STR("Number of blocks type"), block = STR("Page block order:");
	struct str raw, kinds[MAX_KINDS];
	size_t nr_kinds = 0;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct pagetype_row row = { .line = line };
		struct str text = log_line_unquote(raw), rest = text;

		if (str_starts(text, header))
			nr_kinds = kinds_parse(str_skip(text, header.n), kinds);
		else if (str_starts(text, block))
			block_order_parse(str_skip(text, block.n), line, &ret->block_order);
		else if (!zone_parse(&rest, &row.nid, row.zone))
			continue;
		else if (nr_kinds)
			block_row_parse(arena, rest, &row, kinds, nr_kinds, ret);
		else if (free_row_parse(rest, &row))
			*vec_push(arena, ret) = row;
	}
}
