/*
 * explain_phys.c - one physical address, layer by layer: firmware, map edits, resource, memblock, section, struct page, zone, free
 * lists, direct map.
 */
#include "explain_private.h"

#include <inttypes.h>

#include "mia/owned.h"
#include "mia/ranges.h"

#define SECTION_BYTES (128 * MIB)
#define BLOCK_ORDER_MAX 10

/* What was found on the way, for the sentence on top. */
struct findings_of {
	uint64_t addr, pfn;
	const struct e820_entry *firmware;
	bool is_memory;
	const struct owned_range *claim;
	const struct late_free *late;
	bool is_free;
	int nid;
	const struct zone *zone;
};

/* --- the map --- */

static const struct e820_entry *entry_at(const struct e820_table *table, uint64_t addr)
{
	for (size_t i = 0; i < table->nr; i++)
		if (table->v[i].start <= addr && addr < table->v[i].end)
			return &table->v[i];
	return NULL;
}

static const char *type_text(struct explainer *e, const struct e820_entry *entry)
{
	char *buf = arena_alloc(e->arena, 32);

	return entry ? e820_type_text(entry->type, buf) : "hole";
}

static void say_firmware(struct explainer *e, struct findings_of *f)
{
	const struct boot *b = e->b;
	struct answer_row *r;

	if (!b->e820_steps.nr)
		return;
	f->firmware = entry_at(&b->e820_steps.v[0].table, f->addr);
	r = row_text(e, "firmware", "Firmware's map", "%s", type_text(e, f->firmware));
	row_stage(r, STAGE_E820);
	if (f->firmware) {
		row_why(e, r, "The firmware lists %.*s as %s.", STR_ARG(range_text(e, f->firmware->start, f->firmware->end)), type_text(e, f->firmware));
		row_line(r, f->firmware->line);
	} else {
		row_why(e, r, "No entry of the firmware's map speaks of it: a device, or nothing, is there.");
	}
	for (size_t i = 1; i < b->e820_steps.nr; i++) {
		const struct e820_entry *before = entry_at(&b->e820_steps.v[i - 1].table, f->addr), *now = entry_at(&b->e820_steps.v[i].table, f->addr);

		if ((before ? before->type : 0) == (now ? now->type : 0))
			continue;
		r = row_text(e, "map_change", "Changed in the map", "%s -> %s", type_text(e, before), type_text(e, now));
		row_why(e, r, "The step \"%s\" changed it.", map_step_name(b->e820_steps.v[i].step));
		row_stage(r, b->e820_steps.v[i].step == STEP_MTRR ? STAGE_MTRR : STAGE_E820);
	}
}

static void say_resources(struct explainer *e, const struct findings_of *f)
{
	struct strbuf path = { .arena = e->arena };
	struct answer_row *r;

	for (size_t i = 0; i < e->b->iomem.nr; i++)
		if (e->b->iomem.v[i].range.start <= f->addr && f->addr < e->b->iomem.v[i].range.end)
			strbuf_printf(&path, "%s%s", path.n ? " > " : "", e->b->iomem.v[i].name);
	if (path.n) {
		r = row_str(e, "resource", "Resource", strbuf_str(&path));
		row_why(e, r, "What /proc/iomem calls it, as far as memory goes.");
		row_stage(r, STAGE_RESOURCES);
	}
	if (!e->record)
		return;
	for (size_t i = e->record->iomem.nr; i-- > 0;) {
		const struct iomem_entry *o = &e->record->iomem.v[i];

		if (o->start > f->addr || f->addr >= o->end)
			continue;
		r = row_str(e, "resource_observed", "In the iomem file", o->name);
		row_why(e, r, "The innermost entry of the file at hand that holds it: %.*s.", STR_ARG(range_text(e, o->start, o->end)));
		r->source = SOURCE_IOMEM;
		row_line(r, o->line);
		return;
	}
}

/* --- memblock --- */

static const struct memblock_region *region_at(const struct memblock_type *type, uint64_t addr)
{
	size_t i = memblock_search(type, addr);

	return i < type->nr && type->v[i].base <= addr ? &type->v[i] : NULL;
}

static void say_memory(struct explainer *e, struct findings_of *f)
{
	const struct memblock_region *m = region_at(&e->b->memblock.memory, f->addr);
	struct answer_row *r = row_bool(e, "memory", "Memory for the kernel", m != NULL);

	f->is_memory = m != NULL;
	row_stage(r, STAGE_RESERVE);
	if (m)
		row_why(e, r, "memblock.memory holds %.*s.", STR_ARG(range_text(e, m->base, m->end)));
	else
		row_why(e, r, "memblock.memory does not hold it: memblock is filled from the RAM of the map, in whole pages.");
}

/* The request that memblock answered with this place. */
static const struct allocation *allocation_at(const struct boot *b, uint64_t addr)
{
	for (size_t i = b->allocations.nr; i-- > 0;) {
		const struct allocation *a = &b->allocations.v[i];

		if (a->base && a->base <= addr && addr - a->base < a->request.size)
			return a;
	}
	return NULL;
}

static void say_allocation(struct explainer *e, const struct findings_of *f)
{
	const struct allocation *a = allocation_at(e->b, f->addr);
	struct answer_row *r;

	if (!a)
		return;
	r = row_range(e, "allocation", "Allocated as", a->base, a->base + a->request.size);
	row_why(e, r, "memblock chose the place for a request of %" PRIu64 " bytes, aligned to %" PRIu64 "%s%.*s.", a->request.size, a->request.align ? a->request.align : 64,
		a->caller.n ? ", by " : "", STR_ARG(a->caller));
	row_stage(r, a->stage);
	row_line(r, a->line);
}

static void say_owner(struct explainer *e, struct findings_of *f)
{
	struct owned_ranges claims;
	const struct ledger_row *ledger;
	struct answer_row *r;

	claims = owned_by_address(e->arena, e->b);
	for (size_t i = 0; i < claims.nr; i++)
		if (claims.v[i].range.start <= f->addr && f->addr < claims.v[i].range.end)
			f->claim = &claims.v[i];
	/* The page of which a part is taken is gone as a whole. */
	for (size_t i = 0; !f->claim && i < claims.nr; i++)
		if (align_down(claims.v[i].range.start, PAGE_SIZE) <= f->addr && f->addr < align_up(claims.v[i].range.end, PAGE_SIZE))
			f->claim = &claims.v[i];
	if (!f->claim || !f->is_memory)
		return;
	r = row_text(e, "owner", "Reserved for", "%s", owner_label(f->claim->owner));
	row_why(e, r, "%.*s is taken for \"%s\" before memory goes to the page allocator.", STR_ARG(range_text(e, f->claim->range.start, f->claim->range.end)), owner_id(f->claim->owner));
	row_stage(r, f->claim->stage);
	ledger = ledger_find(&e->verdict->ledger, owner_id(f->claim->owner));
	for (size_t i = 0; ledger && i < ARRAY_SIZE(ledger->lines); i++)
		row_line(r, ledger->lines[i]);
	say_allocation(e, f);
}

/* --- the struct page --- */

static void say_section(struct explainer *e, const struct findings_of *f)
{
	uint64_t n = f->addr / SECTION_BYTES;
	bool present = pages_in_section(e->b, f->pfn);
	struct answer_row *r;

	if (boot_trait(e->b, TRAIT_MEM_MODEL) == MODEL_FLAT) {
		r = row_bool(e, "pfn_valid", "pfn_valid()", present);
		row_why(e, r, "In the flat model every frame below the end of memory (0x%" PRIx64 ") has a struct page, memory or not.", e->b->max_pfn);
		return;
	}
	r = row_number(e, "section", "Section", n);
	row_why(e, r, "Sections are 128 MiB: this one is %.*s.", STR_ARG(range_text(e, n * SECTION_BYTES, (n + 1) * SECTION_BYTES)));
	r = row_bool(e, "section_present", "Section present", present);
	row_stage(r, STAGE_SPARSE);
	row_why(e, r, present ? "Some of it is memory, so all of it has struct pages." : "None of it is memory, so it has no struct pages.");
	r = row_bool(e, "pfn_valid", "pfn_valid()", present);
	if (!present)
		row_why(e, r, "There is no section.");
	else if (f->is_memory)
		row_why(e, r, "Its section is present, and there is memory.");
	else if (boot_trait(e->b, TRAIT_SUBSECTIONS))
		row_why(e, r, "Valid is not memory: sections that are there at boot are valid as a whole, whatever their map of 2 MiB subsections says.");
	else
		row_why(e, r, "Valid is not memory: a section is valid as a whole.");
}

static void say_subsection(struct explainer *e, const struct findings_of *f, const struct page_span *span)
{
	struct answer_row *r;

	if (!boot_trait(e->b, TRAIT_SUBSECTIONS) || !span)
		return;
	r = row_bool(e, "subsection", "Subsection marked", span->subsection);
	row_why(e, r, "%.*s holds %s; %s.", STR_ARG(range_text(e, align_down(f->addr, 2 * MIB), align_down(f->addr, 2 * MIB) + 2 * MIB)), span->subsection ? "memory" : "no memory",
		boot_trait(e->b, TRAIT_ONLINE_SUBSECTION) ? "pfn_to_online_page() goes by that" : "nothing goes by that on this kernel");
}

/* To 3.16 the kernel tells where it put them. A line whose two sides differ in length leaves out a hole. */
static bool struct_page_line(const struct explainer *e, uint64_t pfn, uint64_t *ret, uint32_t *line)
{
	uint64_t virt;

	if (!e->record || !layout_struct_page(&e->layout, pfn, &virt) || e->layout.page_offset.basis == LAYOUT_UNKNOWN)
		return false;
	for (each_fact(l, &e->record->log, FACT_VMEMMAP_PMD)) {
		if (virt < l->v[0] || virt >= l->v[1] || l->v[1] - l->v[0] != l->v[3] - l->v[2])
			continue;
		*ret = l->v[2] + (virt - l->v[0]) - e->layout.page_offset.v;
		*line = l->line;
		return true;
	}
	return false;
}

/* As the model placed the blocks. */
static bool struct_page_model(const struct explainer *e, uint64_t pfn, uint64_t *ret)
{
	uint64_t offset = pfn * e->layout.page_bytes, block = 2 * MIB;

	for (size_t i = 0; i < e->b->memmap_pieces.nr; i++) {
		const struct memmap_piece *p = &e->b->memmap_pieces.v[i];
		uint64_t into = offset - p->offset;

		if (offset < p->offset || into >= p->bytes)
			continue;
		*ret = p->downward ? p->phys + p->bytes - (into / block + 1) * block + into % block : p->phys + into;
		return true;
	}
	return false;
}

static void say_struct_page_phys(struct explainer *e, uint64_t pfn)
{
	struct answer_row *r;
	uint32_t line = 0;
	uint64_t phys;

	if (struct_page_line(e, pfn, &phys, &line)) {
		r = row_address(e, "struct_page_phys", "which lies at", phys);
		row_why(e, r, "The kernel says where it put these struct pages.");
	} else if (struct_page_model(e, pfn, &phys)) {
		r = row_address(e, "struct_page_phys", "which lies at", phys);
		row_why(e, r, "As the model placed the blocks of 2 MiB; %s.", e->b->reserved_complete && e->b->kernel_base_known ? "every reservation is known" : "some reservations are not known, so it may be elsewhere");
	} else {
		return;
	}
	row_stage(r, STAGE_SPARSE);
	row_line(r, line);
}

static void say_struct_page(struct explainer *e, const struct findings_of *f, const struct page_span *span)
{
	struct answer_row *r;
	uint64_t virt;

	if (!span)
		return;
	if (layout_struct_page(&e->layout, f->pfn, &virt)) {
		r = row_address(e, "struct_page", "struct page at", virt);
		row_why(e, r, "vmemmap starts at 0x%" PRIx64 ", and each of its struct pages takes %" PRIu64 " bytes.", e->layout.vmemmap.v, e->layout.page_bytes);
	} else if (e->layout.arch == ARCH_X86_64) {
		r = row_unknown(e, "struct_page", "struct page at");
		row_why(e, r, "vmemmap + 0x%" PRIx64 ": where vmemmap starts is random (CONFIG_RANDOMIZE_MEMORY), and nothing in the input shows it.", f->pfn * e->layout.page_bytes);
	}
	say_struct_page_phys(e, f->pfn);
	r = row_text(e, "struct_page_zone", "struct page says", "node %d, zone %s", span->nid, zone_type_name(span->zone));
	row_stage(r, STAGE_ZONES);
	if (span->memory)
		row_why(e, r, "It was set up as memory of that zone.");
	else if (span->blank)
		row_why(e, r, "It was never set up: all zero reads as node 0 and the lowest zone.");
	else
		row_why(e, r, "There is no memory, but the page was set up, as reserved, with the zone next to it.");
}

/* --- the zone and its free lists --- */

/* A hole is in the zone that spans it. */
static const struct zone *spanning_zone(const struct boot *b, uint64_t pfn, int *nid)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			const struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (!zone->spanned || pfn < zone->span.start || pfn >= zone->span.end)
				continue;
			*nid = (int)n;
			return zone;
		}
	return NULL;
}

static void say_zone(struct explainer *e, struct findings_of *f)
{
	struct answer_row *r;

	f->zone = boot_zone_of(e->b, f->pfn, &f->nid);
	if (!f->zone)
		f->zone = spanning_zone(e->b, f->pfn, &f->nid);
	if (!f->zone)
		return;
	r = row_number(e, "node", "Node", (uint64_t)f->nid);
	row_why(e, r, e->b->numa_dummy ? "No table of the firmware tells of nodes: all memory is node 0." : "The firmware's tables put it there.");
	row_stage(r, STAGE_NUMA);
	r = row_text(e, "zone", "Zone", "%s", zone_type_name(f->zone->type));
	row_why(e, r, "The zone spans %.*s.", STR_ARG(range_text(e, PFN_PHYS(f->zone->span.start), PFN_PHYS(f->zone->span.end))));
	row_stage(r, STAGE_ZONES);
}

/* The block of the free lists that holds the frame: the largest aligned one inside the free range. */
static unsigned order_in(struct pfn_range free, uint64_t pfn)
{
	unsigned order = 0;

	while (order < BLOCK_ORDER_MAX) {
		uint64_t pages = UINT64_C(2) << order, start = align_down(pfn, pages);

		if (start < free.start || start + pages > free.end)
			break;
		order++;
	}
	return order;
}

static void say_free(struct explainer *e, struct findings_of *f)
{
	const struct boot *b = e->b;
	struct phys_range range;
	struct answer_row *r;
	size_t i = 0, j = 0;
	int nid;

	if (!f->is_memory || !f->zone)
		return;
	while (memblock_next_free(&b->memblock, &i, &j, &range, &nid)) {
		struct pfn_range free = pfn_clip(pfn_inside(range), f->zone->span);
		unsigned order;

		if (f->pfn < free.start || f->pfn >= free.end)
			continue;
		f->is_free = true;
		order = order_in(free, f->pfn);
		r = row_number(e, "buddy_order", "Free at hand-over, order", order);
		row_why(e, r, "Free in memblock, it went to the page allocator in the block of %" PRIu64 " pages from pfn 0x%" PRIx64 ".", UINT64_C(1) << order, align_down(f->pfn, UINT64_C(1) << order));
		row_stage(r, STAGE_BUDDY);
		if (f->pfn >= b->node[f->nid].first_deferred_pfn)
			row_why(e, r, "Its struct page is set up only when %s (deferred from pfn 0x%" PRIx64 "); then it is part of the block of %" PRIu64 " pages from pfn 0x%" PRIx64 ".",
				b->zones_grow ? "the zone runs short" : "the other CPUs run", b->node[f->nid].first_deferred_pfn, UINT64_C(1) << order, align_down(f->pfn, UINT64_C(1) << order));
		return;
	}
	r = row_bool(e, "free", "Free at hand-over", false);
	row_why(e, r, f->claim ? "Reserved memory is not handed over." : "A page of which a part is reserved is not handed over.");
	row_stage(r, STAGE_FREE_ALL);
}

static const char *late_name(enum late_kind kind)
{
	static const char *const names[NR_LATE_KINDS] = {
		[LATE_ALTERNATIVES] = "SMP alternatives", [LATE_INITRD] = "the RAM disk", [LATE_INITMEM] = "the init sections", [LATE_TEXT_GAP] = "the gap behind the code",
		[LATE_RODATA_GAP] = "the gap behind the read-only data", [LATE_DECRYPTED] = "decrypted bss", [LATE_EFI] = "EFI boot services", [LATE_CMA] = "the contiguous memory area",
		[LATE_GIGANTIC] = "gigantic pages", [LATE_SWIOTLB] = "the bounce buffer", [LATE_ONLINED] = "memory that was onlined", [LATE_OTHER] = "a late free",
	};

	return names[kind];
}

static void say_late(struct explainer *e, struct findings_of *f)
{
	struct answer_row *r;

	for (size_t i = 0; i < e->b->late.nr; i++) {
		const struct late_free *late = &e->b->late.v[i];

		if (late->range.start > f->addr || f->addr >= late->range.end)
			continue;
		f->late = late;
		r = row_text(e, "returned", "Given back later", "with %s", late_name(late->kind));
		row_why(e, r, "%.*s comes back after the hand-over%s.", STR_ARG(range_text(e, late->range.start, late->range.end)),
			late->kind == LATE_CMA ? ", for movable pages only" : late->kind == LATE_GIGANTIC ? ": it counts as managed, and stays a gigantic page" : "");
		row_stage(r, STAGE_LATE);
		row_line(r, late->line);
		return;
	}
}

/* --- the direct map --- */

static unsigned mapped_shift(const struct boot *b, uint64_t addr)
{
	for (size_t i = b->direct_pieces.nr; i-- > 0;)
		if (b->direct_pieces.v[i].range.start <= addr && addr < b->direct_pieces.v[i].range.end)
			return b->direct_pieces.v[i].shift == 21 && b->machine->arch == ARCH_I386 && !boot_trait(b, TRAIT_PAE) ? 22 : b->direct_pieces.v[i].shift;
	return 0;
}

static void say_direct_map(struct explainer *e, const struct findings_of *f)
{
	unsigned shift = mapped_shift(e->b, f->addr);
	struct answer_row *r;
	uint64_t virt;

	if (e->layout.arch == ARCH_I386 && f->pfn >= e->b->max_low_pfn) {
		r = row_bool(e, "direct_map", "In the direct map", false);
		row_why(e, r, "High memory has no permanent address: it is mapped where and while it is used (kmap).");
		return;
	}
	if (!shift) {
		r = row_bool(e, "direct_map", "In the direct map", false);
		row_why(e, r, "Only memory is mapped%s.", boot_trait(e->b, TRAIT_DIRECT_MAP) == DIRECT_MAP_WHOLE ? ", and the holes below its end" : "");
		row_stage(r, STAGE_DIRECT_MAP);
		return;
	}
	r = row_bytes(e, "direct_map_page", "Direct map, page size", UINT64_C(1) << shift);
	row_why(e, r, "As mapped at boot; pages are split later where a piece gets other permissions.");
	row_stage(r, STAGE_DIRECT_MAP);
	if (layout_direct(&e->layout, f->addr, &virt)) {
		r = row_address(e, "direct_map_address", "Direct map, address", virt);
		row_why(e, r, "PAGE_OFFSET is 0x%" PRIx64 "%s.", e->layout.page_offset.v,
			e->layout.page_offset.basis == LAYOUT_SHOWN ? ", as the input shows" : e->layout.page_offset.basis == LAYOUT_ASSUMED ? " in the usual configuration" : " on this kernel");
		r->source = e->layout.page_offset.source;
		row_line(r, e->layout.page_offset.line);
		return;
	}
	r = row_unknown(e, "direct_map_address", "Direct map, address");
	row_why(e, r, "page_offset_base + 0x%" PRIx64 ". Not knowable: KASLR memory randomisation chose page_offset_base (a multiple of 1 GiB; 0x%" PRIx64 " with nokaslr), and nothing in the input shows it.", f->addr,
		e->layout.page_offset.v);
}

/* --- together --- */

static void say_sentence(struct explainer *e, const struct findings_of *f)
{
	struct str where = f->zone ? explain_printf(e, " of node %d, zone %s", f->nid, zone_type_name(f->zone->type)) : STR("");

	if (!e->b->e820_steps.nr)
		explain_sentence(e, "The input shows no memory map, so nothing is known of it.");
	else if (!f->is_memory && f->firmware && f->firmware->type == E820_TYPE_RAM)
		explain_sentence(e, "RAM that the kernel gave up before it counted pages.");
	else if (!f->is_memory)
		explain_sentence(e, "No memory for the kernel: %s in the firmware's map.", type_text(e, f->firmware));
	else if (f->is_free)
		explain_sentence(e, "Memory%.*s, free for use.", STR_ARG(where));
	else if (f->claim && f->late && f->late->kind != LATE_GIGANTIC && f->late->kind != LATE_CMA)
		explain_sentence(e, "Memory%.*s, taken at boot (%s) and given back later.", STR_ARG(where), owner_label(f->claim->owner));
	else if (f->claim)
		explain_sentence(e, "Memory%.*s, taken: %s.", STR_ARG(where), owner_label(f->claim->owner));
	else
		explain_sentence(e, "Memory%.*s, in a page that is taken in part.", STR_ARG(where));
}

void explain_phys(struct explainer *e, const struct what *what)
{
	struct findings_of f = { .addr = what->n, .pfn = PFN_DOWN(what->n), .nid = NUMA_NO_NODE };
	struct page_spans pages = { 0 };
	const struct page_span *span;

	explain_begin(e, what, "physical address");
	row_address(e, "address", "Physical address", f.addr);
	row_address(e, "pfn", "Page frame", f.pfn);
	say_firmware(e, &f);
	say_resources(e, &f);
	say_memory(e, &f);
	say_owner(e, &f);
	pages_describe(e->arena, e->b, &pages);
	span = pages_find(&pages, f.pfn);
	say_section(e, &f);
	say_subsection(e, &f, span);
	say_struct_page(e, &f, span);
	say_zone(e, &f);
	say_free(e, &f);
	say_late(e, &f);
	say_direct_map(e, &f);
	say_sentence(e, &f);
}

/* --- larger units --- */

static void say_pieces(struct explainer *e, uint64_t start, uint64_t end)
{
	const struct memblock_type *memory = &e->b->memblock.memory;
	uint64_t bytes = 0;
	struct answer_row *r;

	for (size_t i = memblock_search(memory, start); i < memory->nr && memory->v[i].base < end; i++) {
		struct phys_range in = phys_clip((struct phys_range){ memory->v[i].base, memory->v[i].end }, (struct phys_range){ start, end });

		bytes += phys_len(in);
		r = row_range(e, "memory", "Memory in it", in.start, in.end);
		if (memory->v[i].nid != NUMA_NO_NODE)
			row_why(e, r, "Node %d.", memory->v[i].nid);
	}
	r = row_bytes(e, "memory_bytes", "Bytes of memory", bytes);
	row_why(e, r, "of %" PRIu64, end - start);
	row_bool(e, "present", "Present", bytes != 0);
}

void explain_section(struct explainer *e, const struct what *what)
{
	struct answer_row *r;

	explain_begin(e, what, "section");
	if (what->n >= PHYS_LIMIT / SECTION_BYTES || boot_trait(e->b, TRAIT_MEM_MODEL) == MODEL_FLAT) {
		explain_answer(e)->found = false;
		explain_sentence(e, boot_trait(e->b, TRAIT_MEM_MODEL) == MODEL_FLAT ? "This kernel has one flat array of struct pages, and no sections." : "There is no such section.");
		return;
	}
	r = row_range(e, "range", "Range", what->n * SECTION_BYTES, (what->n + 1) * SECTION_BYTES);
	row_why(e, r, "Section numbers count 128 MiB.");
	say_pieces(e, what->n * SECTION_BYTES, (what->n + 1) * SECTION_BYTES);
	r = row_bytes(e, "memmap_bytes", "Struct pages for it", (SECTION_BYTES >> PAGE_SHIFT) * e->layout.page_bytes);
	row_why(e, r, "Where a section is present it has them for all of its 32768 pages.");
	explain_sentence(e, "Section %" PRIu64 " is %s.", what->n, pages_in_section(e->b, PFN_DOWN(what->n * SECTION_BYTES)) ? "present" : "not present");
}

void explain_block(struct explainer *e, const struct what *what)
{
	uint64_t size = e->b->block_size;
	bool present = false;

	explain_begin(e, what, "memory block");
	if (!size || what->n >= PHYS_LIMIT / size) {
		explain_answer(e)->found = false;
		explain_sentence(e, size ? "There is no such block." : "The size of memory blocks is not known: this kernel has no memory hotplug, or the input does not show it.");
		return;
	}
	for (size_t i = 0; i < e->b->blocks.nr; i++)
		present = present || (what->n >= e->b->blocks.v[i].start && what->n < e->b->blocks.v[i].end);
	row_range(e, "range", "Range", what->n * size, (what->n + 1) * size);
	row_bytes(e, "size", "Block size", size);
	say_pieces(e, what->n * size, (what->n + 1) * size);
	explain_sentence(e, "Memory block %" PRIu64 " is %s at boot.", what->n, present ? "present" : "not present");
	for (size_t i = 0; e->record && i < e->record->blocks.nr; i++)
		if (e->record->blocks.v[i].index == what->n && e->record->blocks.size_bytes.value == size)
			row_text(e, "state", "State in the input", "%s%s%s", e->record->blocks.v[i].online ? "online" : "offline", *e->record->blocks.v[i].zone ? ", zone " : "", e->record->blocks.v[i].zone);
}
