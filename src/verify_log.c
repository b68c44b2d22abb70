/*
 * verify_log.c - the model against the log's own lines: facts that stages said against facts that the kernel printed.
 *
 * The words are compared by replay.c; here it is the numbers, each with a name. A line that only the log has is held against
 * nothing: the model may not know of it, and a count that does not exist cannot differ.
 */
#include "verify.h"

/* What tells the lines of one kind apart. */
enum line_key { BY_ORDER, BY_FIRST, BY_TEXT, BY_TAG };

struct line_check {
	enum fact_kind kind;
	const char *id, *what;
	enum line_key key;
	unsigned from, nr;   /* of the fact's numbers */
	bool is_range;       /* they are a range */
	bool is_placed;      /* an address that depends on everything reserved before */
	bool is_weighed;     /* a sum that pages of unknown zone may move */
};

static const struct line_check line_checks[] = {
	{ FACT_ZONE_RANGE, "log.zone_range", "zone", BY_TEXT, 0, 2, .is_range = true },
	{ FACT_ZONE_RANGE_PFN, "log.zone_range", "zone", BY_TEXT, 0, 2, .is_range = true },
	{ FACT_MOVABLE_START, "log.movable_start", "node", BY_FIRST, 1, 1 },
	{ FACT_MOVABLE_START_PFN, "log.movable_start", "node", BY_FIRST, 1, 1 },
	{ FACT_NODE_RANGE, "log.node_range", "range", BY_ORDER, 1, 2, .is_range = true },
	{ FACT_NODE_RANGE_PFN, "log.node_range", "range", BY_ORDER, 1, 2, .is_range = true },
	{ FACT_NODE_SETUP, "log.node_setup", "node", BY_FIRST, 1, 2, .is_range = true },
	{ FACT_NODE_TOTALPAGES, "log.totalpages", "node", BY_FIRST, 1, 1 },
	{ FACT_UNAVAILABLE, "log.unavailable", "hole", BY_ORDER, 1, 1 },
	{ FACT_UNAVAILABLE_ZONE, "log.unavailable", "hole", BY_ORDER, 0, 1 },
	{ FACT_UNAVAILABLE_ZEROED, "log.unavailable", "machine", BY_ORDER, 0, 1 },
	{ FACT_UNAVAILABLE_RESERVED, "log.unavailable", "machine", BY_ORDER, 0, 1 },
	{ FACT_ZONE_MEMMAP, "log.zone_memmap", "zone", BY_ORDER, 0, 1 },
	{ FACT_ZONE_RESERVED, "log.dma_reserve", "zone", BY_ORDER, 0, 1, .is_placed = true },
	{ FACT_ZONELISTS, "log.zonelists_pages", "machine", BY_ORDER, 1, 1, .is_weighed = true },
	{ FACT_ZONELISTS_ORDER, "log.zonelists_pages", "machine", BY_ORDER, 1, 1, .is_weighed = true },
	{ FACT_NODE_DATA, "log.node_data", "node", BY_FIRST, 1, 2, .is_range = true, .is_placed = true },
	{ FACT_PERCPU, "log.percpu_pages", "machine", BY_ORDER, 0, 1 },
	{ FACT_HASH, "log.hash", "table", BY_TAG, 0, 1 },
	{ FACT_CRASHKERNEL, "log.crashkernel_mib", "range", BY_ORDER, 0, 1 },
	{ FACT_CRASHKERNEL, "log.crashkernel_base_mib", "range", BY_ORDER, 1, 1, .is_placed = true },
	{ FACT_CRASHKERNEL_LOW, "log.crashkernel_low_mib", "range", BY_ORDER, 0, 1 },
	{ FACT_CRASHKERNEL_HEX, "log.crashkernel", "range", BY_ORDER, 0, 2, .is_range = true, .is_placed = true },
	{ FACT_CRASHKERNEL_LOW_HEX, "log.crashkernel_low", "range", BY_ORDER, 0, 2, .is_range = true, .is_placed = true },
	{ FACT_CMA_RESERVED, "log.cma_mib", "area", BY_ORDER, 0, 1 },
	{ FACT_CMA_RESERVED, "log.cma_base", "area", BY_ORDER, 1, 1, .is_placed = true },
	{ FACT_CMA_RESERVED_NODE, "log.cma_mib", "area", BY_ORDER, 0, 1 },
	{ FACT_CMA_RESERVED_NODE, "log.cma_base", "area", BY_ORDER, 1, 1, .is_placed = true },
	{ FACT_MEMORY_BLOCK_SIZE, "log.memory_block_mib", "machine", BY_ORDER, 0, 1 },
	{ FACT_PCI_GAP, "log.pci_gap", "machine", BY_ORDER, 0, 2, .is_range = true },
	{ FACT_PCI_GAP_OLD, "log.pci_gap", "machine", BY_ORDER, 0, 1 },
	{ FACT_RAM_BUFFER, "log.ram_buffer", "range", BY_ORDER, 0, 2, .is_range = true },
	{ FACT_INIT_MAPPING, "log.direct_map", "range", BY_ORDER, 0, 2, .is_range = true },
	{ FACT_MAP_PAGE, "log.direct_map_piece", "piece", BY_ORDER, 0, 2, .is_range = true },
	{ FACT_MTRR_LOSING, "log.mtrr_mib", "machine", BY_ORDER, 0, 1 },
	{ FACT_NUMA_FAKE, "log.numa_fake", "node", BY_FIRST, 1, 2, .is_range = true },
};

/* Every reservation and the image's place are known. */
static bool places_are_certain(const struct boot *b) { return b->replay.on || (b->reserved_complete && b->kernel_base_known); }

static bool same_key(const struct line_check *c, const struct fact *a, const struct fact *b)
{
	if (a->kind != b->kind)
		return false;
	switch (c->key) {
	case BY_FIRST:
		return a->v[0] == b->v[0];
	case BY_TEXT:
		return str_eq(a->s[0], b->s[0]);
	case BY_TAG:
		return a->tag == b->tag;
	case BY_ORDER:
		break;
	}
	return true;
}

/* The @nth saying of the kind, or the one with the key. */
static const struct saying *find_said(const struct boot *b, const struct line_check *c, const struct fact *heard, size_t nth)
{
	for (size_t i = 0; i < b->said.nr; i++)
		if (same_key(c, &b->said.v[i].fact, heard) && (c->key != BY_ORDER || !nth--))
			return &b->said.v[i];
	return NULL;
}

static struct value value_of(const struct line_check *c, const struct fact *f)
{
	struct value ret = { .known = true, .nr = c->nr > 1 ? c->nr : 0 };

	if (c->is_range)
		return value_range(f->v[c->from], f->v[c->from + 1]);
	for (unsigned i = 0; i < c->nr; i++)
		ret.v[i] = f->v[c->from + i];
	return ret;
}

static const char *hash_name(unsigned tag)
{
	static const char *const names[NR_HASH_TABLES] = { "other", "dentry", "inode", "pid", "mount", "mountpoint", "tcp established", "tcp bind", "udp", "udp-lite", "futex", "stack depot" };

	return tag < NR_HASH_TABLES ? names[tag] : names[0];
}

static const char *where(struct verifier *v, const struct line_check *c, const struct fact *f, size_t nth)
{
	switch (c->key) {
	case BY_FIRST:
		return verify_name(v, "%s %u", c->what, (unsigned)f->v[0]);
	case BY_TEXT:
		return verify_name(v, "%s %.*s", c->what, STR_ARG(f->s[0]));
	case BY_TAG:
		return hash_name(f->tag);
	case BY_ORDER:
		break;
	}
	return str_is(str_of(c->what), "machine") ? c->what : verify_name(v, "%s %zu", c->what, nth);
}

static void check_line(struct verifier *v, const struct line_check *c, const struct fact *heard, size_t nth)
{
	const struct saying *said = find_said(v->boot, c, heard, nth);
	struct check_of of = { c->id, where(v, c, heard, nth), SOURCE_DMESG, heard->line, said ? said->stage : STAGE_SETUP };
	struct check *check;

	/* An empty range is printed with an end below its start. */
	if (!said || heard->v[c->from] == UINT64_MAX || (c->is_range && heard->v[c->from + 1] - 1 >= UINT64_MAX - 1))
		return;
	check = verify_add(v, &of, value_of(c, &said->fact), value_of(c, heard));
	if (c->is_placed && !places_are_certain(v->boot))
		verify_excuse(check, "the place depends on reservations that the log does not show");
	if (c->is_weighed)
		verify_allow_for_doubt(v, check);
}

/* The end of RAM before anything cut it. */
static void verify_max_pfn(struct verifier *v)
{
	struct check_of of = { "max_pfn", "machine", SOURCE_DMESG, 0, STAGE_E820 };
	uint64_t max_pfn = 0;

	for (each_fact(f, &v->record->log, FACT_LAST_PFN)) {
		max_pfn = max_u64(max_pfn, f->v[0]);
		of.line = f->line;
	}
	/* Of two lines the first may be lost with the head of the log. */
	if (of.line && v->record->head_missing && max_pfn == v->boot->max_low_pfn)
		return;
	if (of.line)
		verify_add(v, &of, v->boot->announced_open ? value_unknown : value_number(v->boot->announced_max_pfn), value_number(max_pfn));
}

static void verify_memory_line(struct verifier *v)
{
	const struct fact *memory = facts_last(&v->record->log, FACT_MEMORY);
	struct check_of pages = { "physpages", "machine", SOURCE_DMESG, memory ? memory->line : 0, STAGE_ZONES };
	struct check_of reserved = { "log.reserved_pages", "machine", SOURCE_DMESG, v->boot->balance.line, STAGE_FREE_ALL };
	const struct boot *b = v->boot;

	if (memory)
		verify_add(v, &pages, value_number(b->physpages), value_number(kib_to_pages(memory->v[1])));
	/* Only a log of memblock's own tells every reservation; else the line's total is an input. */
	if (b->balance.known && b->replay.on)
		verify_add(v, &reserved, value_number(b->model_reserved), value_number((uint64_t)((int64_t)b->model_reserved + b->balance.residue)));
}

void verify_log(struct verifier *v)
{
	verify_max_pfn(v);
	verify_memory_line(v);
	for (size_t i = 0; i < ARRAY_SIZE(line_checks); i++) {
		size_t nth = 0;

		for (each_fact(f, &v->record->log, line_checks[i].kind))
			check_line(v, &line_checks[i], f, nth++);
	}
}
