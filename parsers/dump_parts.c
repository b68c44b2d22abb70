/*
 * dump_parts.c - what pstore kept of a log: pieces, the last one first.
 *
 *     Panic#1 Part1
 *     <6>[   12.345678] the end of the log
 *     Panic#1 Part2
 *     <6>[    3.141592] what was before
 *
 * A file has one piece; who joins the files, in whatever order, gets the log cut up. Lines are numbered as they are
 * read, as in the log that was: what came before what is told by numbers of lines.
 */
#include <stdlib.h>

#include "mia/arena.h"
#include "wrappers.h"

#define NAME_LIMIT 16

/* "Oops#1 Part2", "Panic#2 Part1", "Emergency#3 Part1". */
static bool part_head(struct str line, uint64_t *dump, uint64_t *part)
{
	struct str name, rest = str_trim(line);
	ptrdiff_t at = str_find_char(rest, '#');

	if (at < 2 || at > NAME_LIMIT || str_find_char((struct str){ rest.p, (size_t)at }, ' ') >= 0)
		return false;
	rest = str_skip(rest, (size_t)at + 1);
	return str_cut(&rest, ' ', &name) && str_to_u64(name, 10, dump) && str_starts(rest, STR("Part")) && str_to_u64(str_skip(rest, 4), 10, part);
}

/* Later dumps come later; of one dump, higher numbers are older. */
static int by_age(const void *a, const void *b)
{
	const struct text_part *x = a, *y = b;

	if (x->dump != y->dump)
		return x->dump < y->dump ? -1 : 1;
	if (x->part != y->part)
		return x->part > y->part ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

bool dump_parts_find(struct arena *arena, struct str bytes, struct text_parts *ret)
{
	struct str rest = bytes, line;
	uint32_t nr = 0;
	uint64_t dump, part;

	*ret = (struct text_parts){ 0 };
	/* One look tells for nearly every log. */
	if (str_find(bytes, STR(" Part1")) < 0)
		return false;
	for (const char *start = rest.p; str_cut_line(&rest, &line); start = rest.p) {
		nr++;
		if (line.n <= 2 * NAME_LIMIT && part_head(line, &dump, &part)) {
			/* What stands in front of the first piece is read first. */
			if (!ret->nr && start != bytes.p)
				*vec_push(arena, ret) = (struct text_part){ .text = { bytes.p, 0 }, .line = 1, .part = UINT64_MAX };
			*vec_push(arena, ret) = (struct text_part){ .text = { rest.p, 0 }, .dump = dump, .part = part, .line = nr + 1 };
		}
		if (ret->nr)
			ret->v[ret->nr - 1].text.n = (size_t)((rest.n ? rest.p : bytes.p + bytes.n) - ret->v[ret->nr - 1].text.p);
	}
	if (ret->nr < 2)
		return false;
	qsort(ret->v, ret->nr, sizeof(*ret->v), by_age);
	return true;
}
