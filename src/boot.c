/*
 * boot.c - the pipeline: one boot from the firmware map to the hand-over to the page allocator, in the order of its era.
 */
#include "mia/boot.h"

#include <inttypes.h>
#include <string.h>

#include "memblock_replay.h"
#include "mia/layout.h"

const char *stage_name(enum stage_id id)
{
	static const char *const names[] = {
#define STAGE(id, name, fn, kernel, doc) name,
#include "mia/stages.def"
#undef STAGE
	};

	return id < NR_STAGES ? names[id] : "?";
}

const char *stage_kernel(enum stage_id id)
{
	static const char *const functions[] = {
#define STAGE(id, name, fn, kernel, doc) kernel,
#include "mia/stages.def"
#undef STAGE
	};

	return id < NR_STAGES ? functions[id] : "?";
}

const char *stage_doc(enum stage_id id)
{
	static const char *const docs[] = {
#define STAGE(id, name, fn, kernel, doc) doc,
#include "mia/stages.def"
#undef STAGE
	};

	return id < NR_STAGES ? docs[id] : "?";
}

static const struct {
	const char *id, *label;
} owners[] = {
#define OWNER(name, id, parent, label) { id, label },
#include "mia/owners.def"
#undef OWNER
};

const char *owner_id(enum owner owner) { return owners[owner].id; }
const char *owner_label(enum owner owner) { return owners[owner].label; }

/* --- verbs that stages share --- */

static bool follows_from_map(enum fact_kind kind)
{
	return kind == FACT_E820_BANNER || kind == FACT_E820_ENTRY || kind == FACT_E820_GAP || kind == FACT_PCI_GAP || kind == FACT_PCI_GAP_OLD ||
	       kind == FACT_PCI_GAP_NONE || kind == FACT_RAM_BUFFER || kind == FACT_NOSAVE || kind == FACT_NODE_RANGE || kind == FACT_NODE_RANGE_PFN;
}

void boot_say(struct boot *b, enum fact_kind kind, unsigned tag, size_t nr, const uint64_t *v, const char *s0, const char *s1)
{
	struct saying *s;

	/* Parts of the map that are not RAM are not known, nor what follows from them. */
	if (b->machine->map_from_nodes && follows_from_map(kind))
		return;
	s = vec_push(b->arena, &b->said);
	s->stage = b->stage;
	s->fact.kind = (uint16_t)kind;
	s->fact.tag = (uint16_t)tag;
	memcpy(s->fact.v, v, nr * sizeof(*v));
	s->fact.s[0] = str_of(s0);
	s->fact.s[1] = str_of(s1);
}

void boot_own(struct boot *b, enum owner owner, uint64_t base, uint64_t end)
{
	if (end > base)
		*vec_push(b->arena, &b->owned) = (struct owned_range){ { base, end }, owner, b->stage };
}

void boot_reserve(struct boot *b, enum owner owner, uint64_t base, uint64_t end)
{
	/* A log of memblock's own holds every reservation; the stages need not repeat them. */
	if (b->replay.on && !b->replay.stepping)
		return;
	memblock_reserve(&b->memblock, base, end);
	boot_own(b, owner, base, end);
}

void boot_disown(struct boot *b, uint64_t base, uint64_t end)
{
	uint64_t left = end - base;

	/* What is given back was taken lately. Ranges added by the cuts need not be looked at again. */
	for (size_t i = b->owned.nr; i-- > 0 && left;) {
		struct owned_range old = b->owned.v[i];

		if (old.range.start >= end || old.range.end <= base)
			continue;
		left = sub_sat(left, phys_len(phys_clip(old.range, (struct phys_range){ base, end })));
		b->owned.v[i].range = (struct phys_range){ old.range.start, max_u64(base, old.range.start) };
		if (old.range.end > end)
			*vec_push(b->arena, &b->owned) = (struct owned_range){ { end, old.range.end }, old.owner, old.stage };
	}
}

struct phys_range boot_release(struct boot *b, uint64_t base, uint64_t end)
{
	if (b->bootmem.nr)
		return bootmem_free(&b->bootmem, &b->memblock, base, end);
	memblock_free(&b->memblock, base, end);
	return (struct phys_range){ base, end };
}

void boot_free(struct boot *b, uint64_t base, uint64_t end)
{
	struct phys_range back;

	if (end <= base || b->replay.on)
		return;
	back = boot_release(b, base, end);
	boot_disown(b, back.start, back.end);
}

uint64_t boot_find(const struct boot *b, const struct memblock_request *request)
{
	return b->bootmem.nr ? bootmem_find(&b->bootmem, &b->memblock, request) : memblock_find(&b->memblock, request);
}

uint64_t boot_alloc(struct boot *b, enum owner owner, const struct memblock_request *request)
{
	struct allocation *a;

	if (b->replay.on) {
		*vec_push(b->arena, &b->replay.wishes) = (struct wish){ owner, request->size, request->align, false };
		return 0;
	}
	a = vec_push(b->arena, &b->allocations);
	*a = (struct allocation){ .request = *request, .owner = owner, .stage = b->stage };
	a->base = b->bootmem.nr ? bootmem_alloc(&b->bootmem, &b->memblock, request) : memblock_alloc(&b->memblock, request);
	if (a->base)
		boot_own(b, owner, a->base, a->base + request->size);
	return a->base;
}

/* Below this many requests in a row each is recorded for itself, as a log of memblock's own has them. */
#define RUN_REQUESTS 16

/* Of @nr requests in a row, as many as come from one free range: then they are one block. */
static uint64_t alike(struct boot *b, const struct memblock_request *one, uint64_t nr)
{
	uint64_t first = boot_find(b, one), n = nr;
	struct phys_ranges *searched = memblock_search_run(&b->memblock, first, one->size, nr);

	for (; n > 1 && first; n /= 2) {
		struct memblock_request many = *one;
		uint64_t base;

		many.size = n * one->size;
		base = boot_find(b, &many);
		if (base && (b->memblock.bottom_up ? base == first : base + many.size == first + one->size))
			break;
	}
	b->memblock.searched = searched;
	return max_u64(n, 1);
}

void boot_alloc_run(struct boot *b, enum owner owner, const struct memblock_request *one, uint64_t nr)
{
	for (uint64_t i = 0; b->replay.on && nr < RUN_REQUESTS && i < nr; i++)
		boot_alloc(b, owner, one);
	while (nr && !b->replay.on) {
		uint64_t n = nr >= RUN_REQUESTS ? alike(b, one, nr) : 1;
		struct memblock_request many = *one;

		many.size = n * one->size;
		boot_alloc(b, owner, &many);
		nr -= n;
	}
}

uint64_t boot_alloc_bytes(struct boot *b, enum owner owner, uint64_t size, uint64_t align, int nid)
{
	struct memblock_request request = { .size = size, .align = align, .nid = nid };

	return size ? boot_alloc(b, owner, &request) : 0;
}

const char *boot_pointer(const struct boot *b, uint64_t address)
{
	struct strbuf text = { .arena = b->arena };
	struct layout layout;

	if (boot_trait(b, TRAIT_POINTERS_HASHED))
		return "(____ptrval____)";
	layout_of_boot(b->arena, b, &layout);
	if (layout.page_offset.basis == LAYOUT_UNKNOWN)
		return NULL;
	strbuf_printf(&text, b->machine->arch == ARCH_I386 ? "%08" PRIx64 : "%016" PRIx64, layout.page_offset.v + address);
	return strbuf_str(&text).p;
}

void boot_setup(struct boot *b)
{
	memblock_init(&b->memblock, b->arena);
	b->five_level = boot_trait(b, TRAIT_FIVE_LEVEL) && b->machine->five_level && !cmdline_has(b->cmdline, "no5lvl");
	boot_place_image(b);
}

/* --- the order of things --- */

/* When a stage runs at all, or runs here and not at its other place. */
enum condition {
	ALWAYS,
	CRASH_EARLY,     /* the crash kernel comes before NUMA */
	CRASH_LATE,
	GIGANTIC_EARLY,  /* gigantic pages come before the crash kernel */
	GIGANTIC_LATE,
	ZONES_EARLY,     /* zones are set up by setup_arch() */
	ZONES_LATER,     /* or after it */
	LISTS_EARLY,     /* zonelists before the hash tables */
	LISTS_LATER,
};

struct step {
	enum stage_id id;
	enum condition when;
};

static const struct step pipeline[] = {
	{ STAGE_SETUP, ALWAYS },
	/* setup_arch() */
	{ STAGE_E820, ALWAYS },
	{ STAGE_MTRR, ALWAYS },
	{ STAGE_RESERVE, ALWAYS },
	{ STAGE_DIRECT_MAP, ALWAYS },
	{ STAGE_LOG_BUF, ALWAYS },
	{ STAGE_INITRD, ALWAYS },
	{ STAGE_CRASH, CRASH_EARLY },
	{ STAGE_ACPI, ALWAYS },
	{ STAGE_NUMA, ALWAYS },
	{ STAGE_CMA, ALWAYS },
	{ STAGE_HUGETLB_CMA, ZONES_EARLY },
	{ STAGE_HUGETLB, GIGANTIC_EARLY },
	{ STAGE_CRASH, CRASH_LATE },
	{ STAGE_SPARSE, ZONES_EARLY },
	{ STAGE_ZONES, ZONES_EARLY },
	{ STAGE_XEN, ALWAYS },
	{ STAGE_KASAN, ALWAYS },
	{ STAGE_EFI, ALWAYS },
	{ STAGE_RESOURCES, ALWAYS },
	/* start_kernel() */
	{ STAGE_HUGETLB_CMA, ZONES_LATER },
	{ STAGE_SPARSE, ZONES_LATER },
	{ STAGE_ZONES, ZONES_LATER },
	{ STAGE_COMMAND_LINE, ALWAYS },
	{ STAGE_PERCPU, ALWAYS },
	{ STAGE_LOCK_HASH, ALWAYS },
	{ STAGE_ZONELISTS, LISTS_EARLY },
	{ STAGE_PARAMETERS, ALWAYS },
	{ STAGE_RESERVE_MEM, ALWAYS },
	{ STAGE_HUGETLB, GIGANTIC_LATE },
	{ STAGE_LOG_BUF_CPUS, ALWAYS },
	{ STAGE_HASHES, ALWAYS },
	{ STAGE_ENTRY_AREA, ALWAYS },
	{ STAGE_ZONELISTS, LISTS_LATER },
	/* mm_init(), mm_core_init() from 6.4 */
	{ STAGE_PAGE_DATA, ALWAYS },
	{ STAGE_STACK_DEPOT, ALWAYS },
	{ STAGE_SWIOTLB, ALWAYS },
	{ STAGE_FREE_ALL, ALWAYS },
	{ STAGE_BUDDY, ALWAYS },
	{ STAGE_BALANCE, ALWAYS },
	{ STAGE_VFS_HASHES, ALWAYS },
	/* initcalls and the end of kernel_init() */
	{ STAGE_LATE, ALWAYS },
	{ STAGE_WATERMARKS, ALWAYS },
	{ STAGE_PCP, ALWAYS },
	{ STAGE_BLOCKS, ALWAYS },
	{ STAGE_BUFFERS, ALWAYS },
	{ STAGE_NET_HASHES, ALWAYS },
	{ STAGE_RETURNS, ALWAYS },
};

/* MIPS: the map comes from the board's code, and what lies behind the zones is common. */
static const struct step mips_pipeline[] = {
	{ STAGE_MIPS, ALWAYS },
	{ STAGE_ZONES, ALWAYS },
	{ STAGE_ZONELISTS, ALWAYS },
	{ STAGE_HASHES, ALWAYS },
	{ STAGE_FREE_ALL, ALWAYS },
	{ STAGE_BALANCE, ALWAYS },
	{ STAGE_LATE, ALWAYS },
	{ STAGE_WATERMARKS, ALWAYS },
	{ STAGE_PCP, ALWAYS },
};

static bool applies(const struct boot *b, enum condition when)
{
	switch (when) {
	case ALWAYS:
		return true;
	case CRASH_EARLY:
	case CRASH_LATE:
		return boot_trait(b, TRAIT_CRASH_ORDER) == (when == CRASH_LATE);
	case GIGANTIC_EARLY:
	case GIGANTIC_LATE:
		return boot_trait(b, TRAIT_HUGETLB_EARLY) == (when == GIGANTIC_EARLY);
	case ZONES_EARLY:
	case ZONES_LATER:
		return boot_trait(b, TRAIT_ZONES_LATE) == (when == ZONES_LATER);
	case LISTS_EARLY:
	case LISTS_LATER:
		return boot_trait(b, TRAIT_ZONELISTS_LATE) == (when == LISTS_LATER);
	}
	return false;
}

/* The line behind which memblock's free memory has been handed over. */
static enum fact_kind end_of_memblock(const struct boot *b)
{
	static const enum fact_kind lines[] = { FACT_MEMORY, FACT_MEMORY_X86, FACT_MEMORY_I386 };

	if (boot_trait(b, TRAIT_MEMORY_LATE))
		return NR_FACTS;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (facts_first(&b->record->log, lines[i]))
			return lines[i];
	return NR_FACTS;
}

/* Allocations of this build that no stage knows, behind the stage they follow. */
static void run_extras(struct boot *b, enum stage_id id)
{
	for (size_t i = 0; i < b->kernel->extra.nr; i++) {
		const struct extra_alloc *e = &b->kernel->extra.v[i];
		size_t nodes = e->per_node ? b->nr_nodes : 1;

		if (strcmp(e->after, stage_name(id)))
			continue;
		for (size_t n = 0; n < nodes; n++)
			for (uint64_t k = 0; k < e->count && (!e->per_node || b->node[n].online); k++)
				boot_alloc_bytes(b, OWNER_EXTRA, e->bytes, e->align, e->per_node ? (int)n : NUMA_NO_NODE);
	}
}

static void run_stage(struct boot *b, enum stage_id id)
{
	static void (*const run[])(struct boot *) = {
#define STAGE(id, name, fn, kernel, doc) fn,
#include "mia/stages.def"
#undef STAGE
	};

	b->stage = id;
	if (b->replay.on && id == STAGE_ZONES)
		memblock_replay_until(b, FACT_ZONE_HEADER);
	if (b->replay.on && id == STAGE_PERCPU)
		memblock_replay_until(b, FACT_PERCPU);
	if (b->replay.on && id == STAGE_FREE_ALL)
		memblock_replay_end(b, end_of_memblock(b));
	run[id](b);
	run_extras(b, id);
	if (id == STAGE_RESERVE && memblock_replay_possible(b))
		memblock_replay_start(b);
}

/* It takes no memory that memblock has, and nothing that shows where memory was taken comes of it. */
static bool places_nothing(enum stage_id id)
{
	return id == STAGE_ZONELISTS || id == STAGE_BUDDY || (id > STAGE_BALANCE && id != STAGE_RETURNS);
}

/* Free lists are no numbers that boots are compared by. */
static bool leaves_out(const struct boot *b, enum stage_id id) { return (b->extent == BOOT_PLACES && places_nothing(id)) || (b->extent == BOOT_NUMBERS && id == STAGE_BUDDY); }

/* From the step that it has come to, up to the first of stage @until; NR_STAGES: to the end. */
static void advance(struct boot *b, enum stage_id until)
{
	const struct step *steps = b->machine->arch == ARCH_MIPS ? mips_pipeline : pipeline;
	size_t nr = b->machine->arch == ARCH_MIPS ? ARRAY_SIZE(mips_pipeline) : ARRAY_SIZE(pipeline);

	for (; b->next_step < nr && steps[b->next_step].id != until; b->next_step++)
		if (applies(b, steps[b->next_step].when) && !leaves_out(b, steps[b->next_step].id))
			run_stage(b, steps[b->next_step].id);
}

static struct boot start(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record)
{
	return (struct boot){ .arena = arena, .machine = machine, .kernel = kernel, .cmdline = cmdline, .record = record, .traits = &kernel->traits };
}

void boot_run(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline,
	      const struct boot_record *record, struct boot *ret)
{
	*ret = start(arena, machine, kernel, cmdline, record);
	advance(ret, NR_STAGES);
}

void boot_run_part(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record,
		   enum boot_extent extent, struct boot *ret)
{
	*ret = start(arena, machine, kernel, cmdline, record);
	ret->extent = extent;
	advance(ret, NR_STAGES);
}

/* An image whose place is certain, or which the loader puts where the map has no RAM, changes the map. */
static bool map_hangs_on_image(const struct boot *b) { return b->kernel_base_known || b->machine->image_not_ram || !b->record; }

void boot_begin(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record,
		struct boot *ret)
{
	*ret = start(arena, machine, kernel, cmdline, record);
	if (machine->arch == ARCH_MIPS)
		return;
	advance(ret, STAGE_E820);
	if (map_hangs_on_image(ret))
		*ret = start(arena, machine, kernel, cmdline, record);
	else
		advance(ret, STAGE_RESERVE);
}

/* What is added to a list from here on is not added to that of another boot. */
#define OWN_LIST(list) ((list)->cap = (list)->nr)

static void branch(const struct boot *begun, const struct machine *machine, enum boot_extent extent, struct boot *ret)
{
	*ret = *begun;
	ret->machine = machine;
	ret->extent = extent;
	if (ret->next_step) {
		ret->e820 = e820_copy(ret->arena, &begun->e820);
		OWN_LIST(&ret->e820_steps);
		OWN_LIST(&ret->input_edits);
		OWN_LIST(&ret->said);
		ret->image = ret->brk = (struct phys_range){ 0, 0 };
		boot_place_image(ret);
	}
}

void boot_go_on(const struct boot *begun, const struct machine *machine, enum boot_extent extent, struct boot *ret)
{
	branch(begun, machine, extent, ret);
	advance(ret, NR_STAGES);
}

void boot_take(const struct boot *begun, const struct machine *machine, enum boot_extent extent, struct boot *ret)
{
	branch(begun, machine, extent, ret);
	ret->reach.kept = ret->next_step > 0;
	ret->memblock.searched = &ret->reach.searched;
	advance(ret, STAGE_FREE_ALL);
	ret->memblock.searched = NULL;
}

void boot_finish(struct boot *b) { advance(b, NR_STAGES); }

void boot_copy_taken(const struct boot *taken, struct boot *ret)
{
	*ret = *taken;
	ret->memblock = memblock_copy(&taken->memblock, ret->arena);
	ret->node = arena_array(ret->arena, struct pgdat, ret->nr_nodes);
	if (ret->nr_nodes)
		memcpy(ret->node, taken->node, ret->nr_nodes * sizeof(*ret->node));
	OWN_LIST(&ret->said);
	OWN_LIST(&ret->owned);
	OWN_LIST(&ret->allocations);
	OWN_LIST(&ret->e820_steps);
}

uint64_t boot_nodes_with_memory(const struct boot *b)
{
	uint64_t nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		nr += b->node[n].has_memory;
	return nr;
}

bool boot_room_for_modules(const struct boot *b)
{
	for (size_t i = 0; i < b->machine->srat.nr; i++)
		if ((b->machine->srat.v[i].flags & SRAT_HOT_PLUGGABLE) && PFN_UP(b->machine->srat.v[i].range.end) > b->max_pfn)
			return true;
	return false;
}

uint64_t boot_waiting_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			pages += sub_sat(zone->managed_at_free, zone->managed_early);
		}
	return pages;
}
