/*
 * stage_cma.c - contiguous memory areas: that for devices, and those that gigantic pages are to come from.
 *
 *   in:   cma= and hugetlb_cma=, nodes, the end of mapped memory
 *   out:  boot.cma, boot.hugetlb_cma, boot.cma_pages; reservations
 *   says: where each area lies
 *
 * Kernel: dma_contiguous_reserve() (kernel/dma/contiguous.c), hugetlb_cma_reserve() (mm/hugetlb.c, mm/hugetlb_cma.c from 6.15),
 *         cma_declare_contiguous_nid() (mm/cma.c).
 */
#include "stages.h"

struct cma_request {
	uint64_t size, base, limit, align;
	bool fixed;
	int nid;
};

/*
 * Where the area comes to lie; 0 if it does not fit. Upward from 4 GiB, so that memory that devices can reach stays free; else
 * from the top. Kernel: cma_declare_contiguous_nid(), cma_alloc_mem() from 6.15.
 */
static uint64_t cma_declare(struct boot *b, const struct cma_request *q)
{
	uint64_t end = b->memblock.memory.nr ? b->memblock.memory.v[b->memblock.memory.nr - 1].end : 0;
	uint64_t base = align_up(q->base, q->align), limit = align_down(q->limit, q->align), found = 0;
	struct memblock_request request = { .size = round_up_to(q->size, q->align), .align = q->align, .nid = q->nid, .exact_nid = true, .ranged = true };

	if (!limit || limit > end)
		limit = end;
	if (base + request.size > limit || (q->fixed && base != q->base))
		return 0;
	if (boot_trait(b, TRAIT_CMA_SEARCH) == CMA_ABOVE_4G && !q->fixed && limit >= LIMIT_4G + request.size) {
		struct memblock up = b->memblock;

		up.bottom_up = true;
		request.min = LIMIT_4G;
		request.max = limit;
		found = memblock_find(&up, &request);
	}
	request.min = found ? found : base;
	request.max = found || q->fixed ? request.min + request.size : limit;
	return boot_alloc(b, OWNER_CMA, &request);
}

static void say_area(struct boot *b, uint64_t base, uint64_t size, int nid)
{
	if (efi_in_the_way(b, (struct phys_range){ base, base + size }))
		return;
	if (boot_trait(b, TRAIT_CMA_TEXT) == CMA_TEXT_NODE)
		SAY(b, CMA_RESERVED_NODE, 0, size >> 20, base, (uint64_t)(int64_t)nid);
	else
		SAY(b, CMA_RESERVED, 0, size >> 20, base);
}

static uint64_t least_align(const struct boot *b) { return UINT64_C(1) << boot_trait(b, TRAIT_CMA_ALIGN); }

/* cma=size[@base[-limit]]; a base alone is where it must lie. Without the option it is what the kernel was built with. */
void cma_run(struct boot *b)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "cma");
	struct cma_request q = { .size = b->kernel->cma_default.v, .limit = b->max_mapped, .align = least_align(b), .nid = NUMA_NO_NODE };
	struct str rest;
	uint64_t base;

	if (!b->kernel->has_cma)
		return;
	if (o && o->value.p) {
		q.size = str_memparse(o->value, &rest);
		if (rest.n && *rest.p == '@') {
			q.base = str_memparse(str_skip(rest, 1), &rest);
			q.limit = rest.n && *rest.p == '-' ? min_u64(max_u64(str_memparse(str_skip(rest, 1), NULL), 1), q.limit) : q.base + q.size;
			q.fixed = q.base && q.base + q.size == q.limit;
		}
	}
	q.size = round_up_to(q.size, q.align);
	if (!q.size)
		return;
	base = cma_declare(b, &q);
	if (!base) {
		SAY(b, CMA_FAILED, 0, q.size >> 20);
		return;
	}
	b->cma = (struct phys_range){ base, base + q.size };
	b->cma_pages = q.size >> PAGE_SHIFT;
	say_area(b, base, q.size, NUMA_NO_NODE);
}

/* --- for gigantic pages --- */

/* Which kernels have it, only a log or the configuration tells. */
static bool obeys_hugetlb_cma(const struct boot *b)
{
	if (b->machine->arch != ARCH_X86_64 || !b->machine->gbpages || !boot_trait(b, TRAIT_HUGETLB_CMA))
		return false;
	if (b->record)
		return facts_first(&b->record->log, FACT_HUGETLB_CMA) || facts_first(&b->record->log, FACT_HUGETLB_CMA_NODE);
	return b->kernel->has_cma;
}

/* "2G" in all, or "0:1G,2:1G". */
static void parse_hugetlb_cma(const struct boot *b, struct str value, struct hugetlb_cma *ret)
{
	struct str rest, one;

	ret->total = str_memparse(value, &rest);
	if (!rest.n || *rest.p != ':' || !boot_trait(b, TRAIT_HUGETLB_NODES))
		return;
	ret->total = 0;
	ret->of_node = arena_array(b->arena, uint64_t, b->nr_nodes + 1);
	while (str_cut(&value, ',', &one)) {
		uint64_t nid = str_memparse(one, &rest), size = rest.n > 1 && *rest.p == ':' ? str_memparse(str_skip(rest, 1), NULL) : 0;

		/* What is too small for one page, or of a node that is not there, does not count. */
		if (nid >= b->nr_nodes || !b->node[nid].online || size < GIGANTIC_BYTES)
			continue;
		ret->total += size - ret->of_node[nid];
		ret->of_node[nid] = size;
	}
}

bool hugetlb_cma_asked(const struct boot *b, struct hugetlb_cma *ret)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "hugetlb_cma");

	*ret = (struct hugetlb_cma){ 0 };
	if (o && o->value.p && obeys_hugetlb_cma(b))
		parse_hugetlb_cma(b, o->value, ret);
	return ret->total >= GIGANTIC_BYTES;
}

static bool declare_on_node(struct boot *b, int nid, uint64_t size)
{
	struct cma_request q = { .size = size, .align = GIGANTIC_BYTES, .nid = nid };
	uint64_t base = cma_declare(b, &q);

	if (!base)
		return false;
	*vec_push(b->arena, &b->hugetlb_cma) = (struct phys_range){ base, base + size };
	b->cma_pages += size >> PAGE_SHIFT;
	if (boot_trait(b, TRAIT_HUGETLB_CMA) == HUGETLB_CMA_RANGES)
		SAY(b, CMA_RANGES, 0, size >> 20);
	else
		say_area(b, base, size, nid);
	SAY(b, HUGETLB_CMA_NODE, 0, size >> 20, (uint64_t)nid);
	return true;
}

static uint64_t online_nodes(const struct boot *b)
{
	uint64_t nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		nr += b->node[n].online;
	return nr;
}

/* An equal share from each node, in whole GiB, until there is enough. */
void hugetlb_cma_run(struct boot *b)
{
	struct hugetlb_cma asked;
	uint64_t share, got = 0;

	if (!hugetlb_cma_asked(b, &asked))
		return;
	share = div_up(asked.total, max_u64(online_nodes(b), 1));
	if (!asked.of_node)
		SAY(b, HUGETLB_CMA, 0, asked.total >> 20, share >> 20);
	for (size_t n = 0; n < b->nr_nodes && got < asked.total; n++) {
		uint64_t size = round_up_to(asked.of_node ? asked.of_node[n] : min_u64(share, asked.total - got), GIGANTIC_BYTES);

		if (b->node[n].online && size && declare_on_node(b, b->node[n].nid, size))
			got += size;
	}
}
