/*
 * page_tables.c - /sys/kernel/debug/kernel_page_tables: where its parts begin.
 *
 * "---[ Vmemmap ]---" heads a part; the line below it starts with the first address of it. The parts themselves are long, and
 * what they hold changes with every mapping.
 */
#include "files.h"
#include "mia/arena.h"

#define MAX_MARKS 64

static bool mark_parse(struct str text, struct str *ret)
{
	static const struct str open = STR("---["), close = STR("]---");

	text = str_trim(text);
	if (!str_starts(text, open) || !str_ends(text, close) || text.n < open.n + close.n)
		return false;
	*ret = str_trim((struct str){ text.p + open.n, text.n - open.n - close.n });
	return ret->n > 0;
}

/* "0xffffea0000000000-0xffffea0002a00000 ..." */
static bool address_parse(struct str text, uint64_t *ret)
{
	ptrdiff_t hyphen = str_find_char(text, '-');

	return hyphen > 2 && str_starts(text, STR("0x")) && str_to_u64((struct str){ text.p + 2, (size_t)hyphen - 2 }, 16, ret);
}

void page_tables_parse(struct arena *arena, struct str bytes, struct layout_marks *ret)
{
	struct str raw, name = { 0 };

	for (uint32_t line = 1; str_cut_line(&bytes, &raw) && ret->nr < MAX_MARKS; line++) {
		uint64_t start;

		if (name.n && address_parse(raw, &start))
			*vec_push(arena, ret) = (struct layout_mark){ name, start, line };
		name = (struct str){ 0 };
		mark_parse(raw, &name);
	}
}
