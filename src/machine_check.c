/*
 * machine_check.c - what must hold of every finished boot, whatever the input was.
 *
 * A violation is an error of ours, not of the log: the command says so and ends with its internal error status. The cost is
 * nothing beside the boot itself, so it is never left out.
 */
#include <inttypes.h>
#include <stdio.h>

#include "mia/arena.h"
#include "mia/verdict.h"
#include "stages.h"

struct checker {
	const struct boot *boot;
	struct strbuf why; /* the first thing that does not hold */
};

#define MUST(c, condition, ...)                                                                                       \
	do {                                                                                                          \
		if (!(condition) && !(c)->why.n)                                                                      \
			strbuf_printf(&(c)->why, __VA_ARGS__);                                                        \
	} while (0)

/* --- maps --- */

static void check_map(struct checker *c)
{
	const struct e820_table *e820 = &c->boot->e820;

	/* The kernel leaves a table of one entry as it is. */
	for (size_t i = 0; i < e820->nr && e820->nr > 1; i++) {
		MUST(c, e820->v[i].start < e820->v[i].end, "e820 entry %zu is empty", i);
		MUST(c, !i || e820->v[i - 1].end <= e820->v[i].start, "e820 entry %zu is not behind the one before", i);
	}
}

static void check_regions(struct checker *c, const struct memblock_type *type, const char *name)
{
	for (size_t i = 0; i < type->nr; i++) {
		const struct memblock_region *r = &type->v[i], *before = i ? r - 1 : NULL;

		MUST(c, r->base < r->end, "memblock.%s region %zu is empty", name, i);
		if (!before)
			continue;
		MUST(c, before->end <= r->base, "memblock.%s region %zu is not behind the one before", name, i);
		MUST(c, before->end < r->base || before->nid != r->nid || before->flags != r->flags, "memblock.%s regions %zu and %zu are not merged", name, i - 1, i);
	}
}

static void check_resources(struct checker *c)
{
	const struct resources *iomem = &c->boot->iomem;

	for (size_t i = 0; i < iomem->nr; i++)
		MUST(c, iomem->v[i].range.start < iomem->v[i].range.end, "resource %s is empty", iomem->v[i].name);
}

/* --- zones --- */

static void check_counts(struct checker *c, const struct zone *z, const char *where)
{
	MUST(c, z->spanned == pfn_len(z->span), "%s: spanned is not what its range spans", where);
	MUST(c, z->present <= z->spanned, "%s: present %" PRIu64 " above spanned %" PRIu64, where, z->present, z->spanned);
	if (z->managed.basis == AMOUNT_UNKNOWN)
		return;
	MUST(c, z->managed.v <= z->present, "%s: managed %" PRIu64 " above present %" PRIu64, where, z->managed.v, z->present);
	MUST(c, z->managed.min <= z->managed.v && z->managed.v <= z->managed.max, "%s: managed %" PRIu64 " outside its bounds %" PRIu64 " to %" PRIu64, where, z->managed.v, z->managed.min, z->managed.max);
	MUST(c, z->managed_early <= z->managed_at_free || !z->managed_at_free, "%s: %" PRIu64 " pages at first, %" PRIu64 " in all", where, z->managed_early, z->managed_at_free);
	MUST(c, z->managed.max <= z->present, "%s: managed may be %" PRIu64 ", above present %" PRIu64, where, z->managed.max, z->present);
}

static void check_watermarks(struct checker *c, const struct zone *z, const char *where)
{
	MUST(c, z->min <= z->low && z->low <= z->high, "%s: watermarks %" PRIu64 ", %" PRIu64 ", %" PRIu64 " do not rise", where, z->min, z->low, z->high);
	MUST(c, !z->has_promo || z->high <= z->promo, "%s: promo %" PRIu64 " below high %" PRIu64, where, z->promo, z->high);
}

/* Free blocks cannot hold more pages than there are. */
static void check_buddy(struct checker *c, const struct zone *z, const char *where)
{
	uint64_t pages = 0;

	for (unsigned order = 0; order < NR_ORDERS; order++)
		pages += z->free_area[order] << order;
	MUST(c, pages <= z->present, "%s: %" PRIu64 " pages in free lists, %" PRIu64 " present", where, pages, z->present);
}

static void check_node(struct checker *c, const struct pgdat *node)
{
	const struct boot *b = c->boot;
	uint64_t present = 0, end = node->span.start;

	for (size_t i = 0; i < b->nr_zones; i++) {
		const struct zone *z = &node->zone[b->zone_order[i]];
		char where[48];

		snprintf(where, sizeof(where), "node %d zone %s", node->nid, zone_type_name(z->type));
		check_counts(c, z, where);
		check_watermarks(c, z, where);
		check_buddy(c, z, where);
		present += z->present;
		if (!z->spanned)
			continue;
		MUST(c, z->span.start >= end || zones_by_mirror(b), "%s: begins inside the zone below", where);
		MUST(c, z->span.end <= node->span.end, "%s: reaches beyond its node", where);
		end = z->span.end;
	}
	MUST(c, present == node->present, "node %d: its zones have %" PRIu64 " pages, it has %" PRIu64, node->nid, present, node->present);
}

/* What memblock had left is what the free lists began with. */
static void check_hand_over(struct checker *c)
{
	const struct boot *b = c->boot;
	uint64_t pages = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones; i++)
			for (unsigned order = 0; order < NR_ORDERS; order++)
				pages += b->node[n].zone[b->zone_order[i]].free_area[order] << order;
	if (pages)
		MUST(c, pages == b->physpages - b->model_reserved, "free lists begin with %" PRIu64 " pages, %" PRIu64 " present less %" PRIu64 " reserved", pages, b->physpages,
		     b->model_reserved);
}

/* Memory has struct pages: it lies in sections, which are sorted like memory itself. */
static void check_sections(struct checker *c)
{
	const struct memblock_type *memory = &c->boot->memblock.memory;
	const struct phys_ranges *sections = &c->boot->sections;
	size_t at = 0;

	for (size_t i = 0; sections->nr && i < memory->nr; i++) {
		while (at < sections->nr && sections->v[at].end <= memory->v[i].base)
			at++;
		MUST(c, at < sections->nr && sections->v[at].start <= memory->v[i].base && memory->v[i].end <= sections->v[at].end, "memory region %zu lies outside of all sections", i);
	}
}

static void check_nodes(struct checker *c)
{
	const struct boot *b = c->boot;
	uint64_t present = 0;

	for (size_t n = 0; n < b->nr_nodes; n++) {
		check_node(c, &b->node[n]);
		present += b->node[n].present;
	}
	MUST(c, present == b->physpages, "nodes have %" PRIu64 " pages, the machine has %" PRIu64, present, b->physpages);
	if (b->totalram.basis != AMOUNT_UNKNOWN)
		MUST(c, b->totalram.min <= b->totalram.v && b->totalram.v <= b->totalram.max, "MemTotal is outside its bounds");
}

/* --- the ledger --- */

static void check_ledger(struct checker *c, const struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->nr; i++) {
		const struct ledger_row *row = &ledger->v[i];
		int64_t sum = 0;
		bool leaf = true;

		for (size_t j = i + 1; j < ledger->nr && ledger->v[j].depth > row->depth; j++) {
			if (ledger->v[j].depth != row->depth + 1)
				continue;
			sum += ledger->v[j].bytes;
			leaf = false;
		}
		MUST(c, leaf || sum == row->bytes, "ledger row %s has %" PRId64 " bytes, its children %" PRId64, row->id, row->bytes, sum);
	}
}

const char *machine_check(struct arena *arena, const struct verdict *verdict)
{
	struct checker c = { .boot = verdict->boot, .why = { .arena = arena } };

	check_map(&c);
	check_regions(&c, &c.boot->memblock.memory, "memory");
	check_regions(&c, &c.boot->memblock.reserved, "reserved");
	check_resources(&c);
	check_nodes(&c);
	check_hand_over(&c);
	check_sections(&c);
	check_ledger(&c, &verdict->ledger);
	return c.why.n ? strbuf_str(&c.why).p : NULL;
}
