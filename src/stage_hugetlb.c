/*
 * stage_hugetlb.c - gigantic pages that were asked for on the command line, taken before the buddy allocator has the memory.
 *
 * Kernel: hugepages_setup(), hugetlb_hstate_alloc_pages(), alloc_bootmem_huge_page() (mm/hugetlb.c).
 */
#include "stages.h"

/* What hugepages= asked for: so many in all, from each node in turn, or so many of each node named. */
struct hugepages {
	uint64_t total;
	uint64_t *of_node; /* NULL where no node is named */
};

static uint64_t page_size_option(struct str value) { return value.p ? str_memparse(value, NULL) : 0; }

/*
 * "4", or "0:1,1:3". A node that is not there, or one without a number, voids the whole option.
 * Linux 5.16: hugetlbfs: extend the definition of hugepages parameter to support node allocation.
 */
static void parse_hugepages(const struct boot *b, struct str value, struct hugepages *ret)
{
	struct str rest, one;
	struct hugepages asked = { str_memparse(value, &rest), NULL };

	*ret = (struct hugepages){ 0 };
	if (rest.n && *rest.p == ':' && boot_trait(b, TRAIT_HUGETLB_NODES)) {
		asked = (struct hugepages){ 0, arena_array(b->arena, uint64_t, b->nr_nodes) };
		while (str_cut(&value, ',', &one)) {
			uint64_t nid = str_memparse(one, &rest);

			if (nid >= b->nr_nodes || !b->node[nid].online || rest.n < 2 || *rest.p != ':')
				return;
			asked.of_node[nid] = str_memparse(str_skip(rest, 1), NULL);
			asked.total += asked.of_node[nid];
		}
	}
	*ret = asked;
}

/* hugepagesz= names the size that the next hugepages= counts; a second one for the same size is ignored. */
static void gigantic_pages_asked(const struct boot *b, struct hugepages *ret)
{
	uint64_t size = 2 * MIB;

	*ret = (struct hugepages){ 0 };
	for (size_t i = 0; i < b->cmdline->nr; i++) {
		const struct cmdline_option *o = &b->cmdline->v[i];

		if (cmdline_same(o->name, "default_hugepagesz") || cmdline_same(o->name, "hugepagesz"))
			size = page_size_option(o->value);
		else if (cmdline_same(o->name, "hugepages") && o->value.p && size == GIGANTIC_BYTES && !ret->total)
			parse_hugepages(b, o->value, ret);
	}
}

/* How many there could be, node by node. */
static void count_gigantic_room(struct boot *b)
{
	struct phys_range r;
	size_t i = 0, j = 0;
	int nid;

	while (memblock_next_free(&b->memblock, &i, &j, &r, &nid)) {
		uint64_t start = align_up(r.start, GIGANTIC_BYTES);

		if ((size_t)nid < b->nr_nodes && r.end > start)
			b->node[nid].gigantic_room += (r.end - start) / GIGANTIC_BYTES;
	}
}

/* A node that has no room sends the request to any other, but where it was named (TRAIT_HUGETLB_NODES). */
static bool alloc_gigantic(struct boot *b, int nid, bool exact)
{
	struct memblock_request request = { .size = GIGANTIC_BYTES, .align = GIGANTIC_BYTES, .nid = nid, .exact_nid = exact };
	uint64_t base = boot_alloc(b, OWNER_GIGANTIC, &request);

	if (!base)
		return false;
	*vec_push(b->arena, &b->gigantic) = (struct phys_range){ base, base + GIGANTIC_BYTES };
	b->gigantic_pages += GIGANTIC_BYTES >> PAGE_SHIFT;
	return true;
}

/* The next node with memory, round and round. */
static int next_node(const struct boot *b, size_t *next)
{
	for (size_t tried = 0; tried < b->nr_nodes; tried++) {
		const struct pgdat *node = &b->node[(*next)++ % b->nr_nodes];

		if (node->has_memory)
			return node->nid;
	}
	return NUMA_NO_NODE;
}

static void alloc_of_nodes(struct boot *b, const struct hugepages *asked)
{
	bool exact = boot_trait(b, TRAIT_HUGETLB_NODES) == HUGETLB_NODES_EXACT;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (uint64_t got = 0; got < asked->of_node[n] && alloc_gigantic(b, b->node[n].nid, exact); got++)
			;
}

void hugetlb_run(struct boot *b)
{
	struct hugepages asked = { 0 };
	struct hugetlb_cma cma;
	size_t next = 0;

	/* They are to come from contiguous areas, when the kernel runs. */
	if (b->machine->arch == ARCH_X86_64 && b->machine->gbpages && !hugetlb_cma_asked(b, &cma))
		gigantic_pages_asked(b, &asked);
	count_gigantic_room(b);
	b->gigantic_asked = asked.total;
	if (asked.of_node) {
		alloc_of_nodes(b, &asked);
		return;
	}
	for (uint64_t got = 0; got < asked.total && alloc_gigantic(b, next_node(b, &next), false); got++)
		;
}
