/*
 * verify_blocks.c - memory blocks: which are there, in which zone, and which came after the boot.
 */
#include "verify.h"

#include <string.h>

#include "mia/pages.h"

static bool in_model(const struct boot *b, uint64_t index)
{
	for (size_t i = 0; i < b->blocks.nr; i++)
		if (index >= b->blocks.v[i].start && index < b->blocks.v[i].end)
			return true;
	return false;
}

uint64_t verify_added_bytes(const struct verifier *v)
{
	const struct memory_blocks *blocks = &v->record->blocks;
	uint64_t nr = 0;

	if (!v->boot->blocks.nr || blocks->size_bytes.value != v->boot->block_size)
		return 0;
	for (size_t i = 0; i < blocks->nr; i++)
		nr += !in_model(v->boot, blocks->v[i].index);
	return nr * v->boot->block_size;
}

static uint64_t present_within(const struct memory_blocks *blocks, struct number_range r)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < blocks->nr; i++)
		nr += blocks->v[i].index >= r.start && blocks->v[i].index < r.end;
	return nr;
}

static void verify_present(struct verifier *v)
{
	const struct boot *b = v->boot;
	uint64_t added = verify_added_bytes(v) / b->block_size;

	for (size_t i = 0; i < b->blocks.nr; i++) {
		struct number_range r = b->blocks.v[i];
		struct check_of of = { "memory_blocks.present", verify_name(v, "blocks %llu to %llu", (unsigned long long)r.start, (unsigned long long)r.end - 1), SOURCE_MEMORY_BLOCKS, 0, STAGE_BLOCKS };

		verify_add(v, &of, value_number(r.end - r.start), value_number(present_within(&v->record->blocks, r)));
	}
	if (added) {
		struct check_of of = { "memory_blocks.added", "machine", SOURCE_MEMORY_BLOCKS, 0, STAGE_BLOCKS };

		verify_add(v, &of, value_unknown, value_number(added))->slack_why = "plugged in after the boot";
	}
}

/* From 5.18 on a block belongs to the only zone that spans some of it. */
static enum zone_type only_zone(const struct boot *b, struct pfn_range block)
{
	enum zone_type ret = NR_ZONE_TYPES;
	int nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (!zone->spanned || !pfn_len(pfn_clip(zone->span, block)))
				continue;
			ret = zone->type;
			nr++;
		}
	return nr == 1 ? ret : NR_ZONE_TYPES;
}

#define STEP_PAGES UINT64_C(1024)

/* Before, to the zone of its first page, if every 4 MiB of it begin with a page of that zone. Kernel: test_pages_in_a_zone(). */
static enum zone_type zone_of_pages(const struct boot *b, const struct page_spans *pages, struct pfn_range block)
{
	/* 4.19 does not mind pages behind the zone's end. */
	bool within = boot_trait(b, TRAIT_UNAVAILABLE_RULE) != UNAVAILABLE_RESERVED_LINE;
	const struct page_span *first = NULL;

	for (size_t i = 0; i < pages->nr; i++) {
		const struct page_span *p = &pages->v[i];
		struct pfn_range in = pfn_clip(p->pfn, block);
		uint64_t last = in.end ? (in.end - 1) / STEP_PAGES * STEP_PAGES : 0;

		if (!pfn_len(in) || round_up_to(in.start, STEP_PAGES) >= in.end)
			continue;
		if (first && (p->nid != first->nid || p->zone != first->zone || (within && last >= b->node[first->nid].zone[first->zone].span.end)))
			return NR_ZONE_TYPES;
		first = first ? first : p;
	}
	return first ? first->zone : NR_ZONE_TYPES;
}

static enum zone_type zone_of_block(const struct boot *b, const struct page_spans *pages, uint64_t index)
{
	struct pfn_range block = { PFN_DOWN(index * b->block_size), PFN_DOWN((index + 1) * b->block_size) };

	return boot_trait(b, TRAIT_BLOCK_ZONE) ? only_zone(b, block) : zone_of_pages(b, pages, block);
}

/* Blocks that are online and in one zone, by zone; the kernel says "none" of a block that two zones share. */
static void verify_zone_counts(struct verifier *v)
{
	const struct memory_blocks *blocks = &v->record->blocks;
	uint64_t model[NR_ZONE_TYPES + 1] = { 0 }, file[NR_ZONE_TYPES + 1] = { 0 };
	struct page_spans pages = { 0 };
	bool named = false;

	pages_describe(v->arena, v->boot, &pages);
	for (size_t i = 0; i < blocks->nr; i++) {
		if (!blocks->v[i].online || !in_model(v->boot, blocks->v[i].index))
			continue;
		model[zone_of_block(v->boot, &pages, blocks->v[i].index)]++;
		for (int z = 0; z < NR_ZONE_TYPES; z++)
			if (!strcmp(blocks->v[i].zone, zone_type_name((enum zone_type)z)))
				file[z]++;
		file[NR_ZONE_TYPES] += !strcmp(blocks->v[i].zone, "none");
		named = named || blocks->v[i].zone[0];
	}
	for (int z = 0; named && z <= NR_ZONE_TYPES; z++) {
		struct check_of of = { "memory_blocks.zone", z < NR_ZONE_TYPES ? zone_type_name((enum zone_type)z) : "none", SOURCE_MEMORY_BLOCKS, 0, STAGE_BLOCKS };

		if (model[z] || file[z])
			verify_add(v, &of, value_number(model[z]), value_number(file[z]));
	}
}

void verify_blocks(struct verifier *v)
{
	const struct memory_blocks *blocks = &v->record->blocks;
	struct check_of of = { "memory_block_size", "machine", SOURCE_MEMORY_BLOCKS, blocks->size_bytes.line, STAGE_BLOCKS };

	if (!v->boot->block_size)
		return;
	if (blocks->size_bytes.line)
		verify_add(v, &of, value_number(v->boot->block_size), value_said(blocks->size_bytes));
	if (!blocks->nr || blocks->size_bytes.value != v->boot->block_size)
		return;
	verify_present(v);
	verify_zone_counts(v);
}
