/* bootmem.c - see include/mia/bootmem.h. */
#include "mia/bootmem.h"

#include <string.h>

#include "mia/arena.h"

#define DEFAULT_GOAL (16 * MIB)

void bootmem_link(struct bootmem *bm, struct arena *arena, const struct bootmem_node *node)
{
	size_t at = bm->nr;

	vec_push(arena, bm);
	for (; at > 0 && bm->v[at - 1].start > node->start; at--)
		bm->v[at] = bm->v[at - 1];
	bm->v[at] = *node;
}

/* Where a request would go, and whose bitmap it is marked in. */
struct answer {
	size_t node;
	uint64_t base; /* 0: nowhere */
};

static uint64_t first_fit(const struct bootmem_node *n, const struct memblock *mb, const struct memblock_request *q, uint64_t from, uint64_t to)
{
	struct memblock_request pages = {
		.size = align_up(q->size, PAGE_SIZE), .align = max_u64(q->align, PAGE_SIZE), .min = from, .max = to, .nid = n->nid, .ranged = true,
	};

	return from < to ? memblock_find(mb, &pages) : 0;
}

/* Kernel: alloc_bootmem_core(). */
static uint64_t place(const struct bootmem_node *n, const struct memblock *mb, const struct memblock_request *q, uint64_t goal)
{
	uint64_t step = max_u64(q->align, PAGE_SIZE), end = q->max ? min_u64(n->end, align_down(q->max, PAGE_SIZE)) : n->end;
	uint64_t start = align_up(goal > n->start && goal < end ? goal : n->start, step);
	uint64_t from = n->hint > start ? align_up(n->hint, step) : start;
	uint64_t base = first_fit(n, mb, q, from, end);

	if (!base && from > start)
		base = first_fit(n, mb, q, start, end);
	if (base && n->last_end & (PAGE_SIZE - 1) && align_up(n->last_end, PAGE_SIZE) == base)
		base = align_up(n->last_end, q->align ? q->align : 1);
	return base;
}

static size_t node_index(const struct bootmem *bm, int nid)
{
	size_t i = 0;

	while (i < bm->nr && bm->v[i].nid != nid)
		i++;
	return i;
}

/* Nodes in the order of their starts; if none can, once more without the goal. Kernel: ___alloc_bootmem_nopanic(). */
static struct answer any_node(const struct bootmem *bm, const struct memblock *mb, const struct memblock_request *q, uint64_t goal)
{
	for (;;) {
		for (size_t i = 0; i < bm->nr && !(q->max && bm->v[i].start >= align_down(q->max, PAGE_SIZE)); i++) {
			uint64_t base = goal && bm->v[i].end <= goal ? 0 : place(&bm->v[i], mb, q, goal);

			if (base)
				return (struct answer){ i, base };
		}
		if (!goal)
			return (struct answer){ 0, 0 };
		goal = 0;
	}
}

static struct answer answer_to(const struct bootmem *bm, const struct memblock *mb, const struct memblock_request *q)
{
	uint64_t goal = q->max || q->min ? q->min : DEFAULT_GOAL, base;
	size_t node = node_index(bm, q->nid);

	if (!q->size)
		return (struct answer){ 0, 0 };
	base = node < bm->nr ? place(&bm->v[node], mb, q, goal) : 0;
	return base ? (struct answer){ node, base } : any_node(bm, mb, q, goal);
}

uint64_t bootmem_find(const struct bootmem *bm, const struct memblock *mb, const struct memblock_request *request)
{
	return answer_to(bm, mb, request).base;
}

uint64_t bootmem_alloc(struct bootmem *bm, struct memblock *mb, const struct memblock_request *request)
{
	struct answer a = answer_to(bm, mb, request);

	if (!a.base)
		return 0;
	bm->v[a.node].last_end = a.base + request->size;
	bm->v[a.node].hint = align_up(a.base + request->size, PAGE_SIZE);
	memblock_reserve(mb, a.base, a.base + request->size);
	return a.base;
}

struct phys_range bootmem_free(struct bootmem *bm, struct memblock *mb, uint64_t base, uint64_t end)
{
	struct phys_range pages = { align_up(base, PAGE_SIZE), align_down(end, PAGE_SIZE) };

	for (size_t i = 0; i < bm->nr; i++)
		if (pages.start >= bm->v[i].start && pages.start < bm->v[i].end)
			bm->v[i].hint = min_u64(bm->v[i].hint, pages.start);
	if (pages.end <= pages.start)
		return (struct phys_range){ base, base };
	memblock_free(mb, pages.start, pages.end);
	return pages;
}
