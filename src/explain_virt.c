/*
 * explain_virt.c - one virtual address of the kernel, and the whole layout.
 */
#include "explain_private.h"

#include <inttypes.h>

static const char *basis_text(const struct layout_base *base)
{
	switch (base->basis) {
	case LAYOUT_SHOWN:
		return "as the input shows";
	case LAYOUT_FIXED:
		return "fixed on this kernel";
	case LAYOUT_ASSUMED:
		return "in the usual configuration";
	default:
		return "random";
	}
}

static void follow(struct explainer *e, const struct what *what, uint64_t phys)
{
	struct what next = *what;

	next.kind = WHAT_PHYS;
	next.n = phys;
	explain_phys(e, &next);
}

/* --- areas --- */

static void virt_direct(struct explainer *e, const struct what *what)
{
	uint64_t phys = what->n - e->layout.page_offset.v;
	struct answer_row *r = row_address(e, "phys", "Physical address", phys);

	row_why(e, r, "PAGE_OFFSET is 0x%" PRIx64 ", %s.", e->layout.page_offset.v, basis_text(&e->layout.page_offset));
	r->source = e->layout.page_offset.source;
	row_line(r, e->layout.page_offset.line);
	explain_sentence(e, "The direct map's address of physical 0x%" PRIx64 ".", phys);
	follow(e, what, phys);
}

static void virt_vmemmap(struct explainer *e, const struct what *what)
{
	uint64_t offset = what->n - e->layout.vmemmap.v, pfn = offset / e->layout.page_bytes;
	struct answer_row *r = row_address(e, "pfn", "Struct page of frame", pfn);

	row_why(e, r, "vmemmap starts at 0x%" PRIx64 ", %s; a struct page takes %" PRIu64 " bytes.", e->layout.vmemmap.v, basis_text(&e->layout.vmemmap), e->layout.page_bytes);
	row_bytes(e, "offset", "Offset in it", offset % e->layout.page_bytes);
	explain_sentence(e, "In the struct page of frame 0x%" PRIx64 " (physical 0x%" PRIx64 ").", pfn, PFN_PHYS(pfn));
	follow(e, what, PFN_PHYS(pfn));
}

static void virt_text(struct explainer *e, const struct what *what)
{
	struct answer_row *r;
	uint64_t phys;

	if (layout_text_phys(&e->layout, e->b, what->n, &phys)) {
		r = row_address(e, "phys", "Physical address", phys);
		row_why(e, r, "_text is at 0x%" PRIx64 ", %s, and at physical 0x%" PRIx64 ".", e->layout.text.v, basis_text(&e->layout.text), e->b->kernel_base);
		explain_sentence(e, "0x%" PRIx64 " bytes behind _text of the kernel image.", what->n - e->layout.text.v);
		follow(e, what, phys);
		return;
	}
	r = row_unknown(e, "phys", "Physical address");
	if (e->layout.text.basis == LAYOUT_UNKNOWN)
		row_why(e, r, "Not knowable: the image's virtual place is random (KASLR). Linked for 0x%" PRIx64 "; only an oops (\"Kernel Offset:\") tells the offset.", e->layout.link_address);
	else if (!e->b->kernel_base_known)
		row_why(e, r, "_text is at 0x%" PRIx64 ", but its physical place is not known: no line of the input shows it.", e->layout.text.v);
	else
		row_why(e, r, "It lies before _text (0x%" PRIx64 "): nothing is mapped there.", e->layout.text.v);
	explain_sentence(e, "In the area of the kernel image.");
}

static void virt_fixmap(struct explainer *e, const struct what *what)
{
	uint64_t index = (e->layout.fixaddr_top - align_down(what->n, PAGE_SIZE)) / PAGE_SIZE, slot;
	struct answer_row *r = row_number(e, "fixmap_index", "Fixmap index", index);

	row_why(e, r, "The fixmap counts pages downward from 0x%" PRIx64 ".", e->layout.fixaddr_top);
	explain_sentence(e, "Entry %" PRIu64 " of the fixmap.", index);
	for (unsigned i = 0; i < e->layout.slots; i++) {
		if (!layout_slot(&e->layout, i, &slot) || what->n < slot || what->n >= slot + EARLY_SLOT_PAGES * PAGE_SIZE)
			continue;
		r = row_number(e, "slot", "early_ioremap() slot", i);
		row_why(e, r, "Page %" PRIu64 " of its %d.", (what->n - slot) / PAGE_SIZE, EARLY_SLOT_PAGES);
		explain_sentence(e, "In slot %u of early_ioremap(), entry %" PRIu64 " of the fixmap.", i, index);
	}
	if (!e->record)
		return;
	for (each_fact(f, &e->record->log, FACT_FIXMAP)) {
		if (align_down(f->v[0], PAGE_SIZE) != align_down(what->n, PAGE_SIZE))
			continue;
		r = row_address(e, "phys", "Maps physical", f->v[1]);
		row_why(e, r, "The registers of %s.", f->tag ? "an IO APIC" : "the local APIC");
		row_line(r, f->line);
	}
}

/* Somewhere in the window of random bases. */
static void virt_random(struct explainer *e, const struct what *what)
{
	struct answer_row *r = row_unknown(e, "area", "Area");

	row_why(e, r, "Not knowable: KASLR memory randomisation puts the direct map, vmalloc and the struct pages, in this order, at multiples of 1 GiB between 0x%" PRIx64 " and 0x%" PRIx64
		", and nothing in the input shows where%s.", e->layout.random_start, e->layout.random_end, e->layout.page_offset.basis == LAYOUT_SHOWN ? " the last two are" : "");
	if (e->layout.page_offset.basis != LAYOUT_SHOWN) {
		r = row_address(e, "phys_modulo_1g", "Physical, modulo 1 GiB", what->n % GIB);
		row_why(e, r, "If it is an address of the direct map: page_offset_base is a multiple of 1 GiB.");
	}
	r = row_address(e, "nokaslr_phys", "Physical with nokaslr", what->n - e->layout.page_offset.v);
	row_why(e, r, "What it would be in a boot without randomisation, where PAGE_OFFSET is 0x%" PRIx64 ".", e->layout.page_offset.v);
	if (e->layout.page_offset.basis == LAYOUT_SHOWN || what->n < e->layout.page_offset.v)
		explain_answer(e)->nr--;
	explain_sentence(e, "In the part of the address space whose areas have random places.");
}

static bool is_canonical(const struct layout *l, uint64_t virt)
{
	uint64_t top = l->bits < 64 ? virt >> (l->bits - 1) : 0;

	return l->arch == ARCH_I386 ? virt < UINT64_C(1) << 32 : !top || top == UINT64_MAX >> (l->bits - 1);
}

static void virt_area(struct explainer *e, const struct what *what, const struct layout_range *area)
{
	struct answer_row *r = row_text(e, "area", "Area", "%s", layout_area_title(area->area));

	row_why(e, r, "%.*s.", STR_ARG(range_text(e, area->start, area->end)));
	switch (area->area) {
	case AREA_DIRECT_MAP:
		virt_direct(e, what);
		return;
	case AREA_VMEMMAP:
		virt_vmemmap(e, what);
		return;
	case AREA_TEXT:
		virt_text(e, what);
		return;
	case AREA_FIXMAP:
		virt_fixmap(e, what);
		return;
	case AREA_VMALLOC:
	case AREA_MODULES:
		r = row_unknown(e, "phys", "Physical address");
		row_why(e, r, "Page tables made while the system runs decide; a boot log does not show them.");
		break;
	default:
		break;
	}
	explain_sentence(e, "In the area of %s.", layout_area_title(area->area));
}

void explain_virt(struct explainer *e, const struct what *what)
{
	const struct layout_range *area = layout_find(&e->layout, what->n);

	explain_begin(e, what, "virtual address");
	row_address(e, "address", "Virtual address", what->n);
	if (!e->layout.bits) {
		explain_answer(e)->found = false;
		explain_sentence(e, "The virtual layout of this architecture is not known here.");
		return;
	}
	if (!is_canonical(&e->layout, what->n)) {
		explain_answer(e)->found = false;
		explain_sentence(e, "No address of this machine: with %u levels of page tables an address has %u bits, and those above repeat the highest of them.", e->layout.levels, e->layout.bits);
		return;
	}
	if (area && !(e->layout.memory_random && area->area == AREA_GUARD && what->n >= e->layout.random_start)) {
		virt_area(e, what, area);
		return;
	}
	if (e->layout.memory_random && what->n >= e->layout.random_start && what->n < e->layout.random_end) {
		virt_random(e, what);
		return;
	}
	row_text(e, "area", "Area", "%s", layout_area_title(AREA_HOLE));
	explain_sentence(e, "In no area: nothing is mapped there.");
}

/* --- the layout --- */

static void say_base(struct explainer *e, const char *id, const char *label, const struct layout_base *base, const char *what_it_is)
{
	struct answer_row *r = base->basis == LAYOUT_UNKNOWN ? row_unknown(e, id, label) : row_address(e, id, label, base->v);

	if (base->basis == LAYOUT_UNKNOWN)
		row_why(e, r, "%s. Not knowable: random; 0x%" PRIx64 " with nokaslr.", what_it_is, base->v);
	else
		row_why(e, r, "%s, %s.", what_it_is, basis_text(base));
	r->source = base->source;
	row_line(r, base->line);
}

void explain_layout(struct explainer *e, const struct what *what)
{
	const struct layout *l = &e->layout;
	struct answer_row *r;

	explain_begin(e, what, "virtual layout");
	if (!l->bits) {
		explain_answer(e)->found = false;
		explain_sentence(e, "The virtual layout of this architecture is not known here.");
		return;
	}
	r = row_number(e, "levels", "Levels of page tables", l->levels);
	row_why(e, r, "Virtual addresses have %u bits.", l->bits);
	row_stage(r, STAGE_SETUP);
	say_base(e, "page_offset", "PAGE_OFFSET", &l->page_offset, "Start of the direct map");
	if (l->arch == ARCH_X86_64) {
		say_base(e, "vmalloc_start", "VMALLOC_START", &l->vmalloc, "Start of vmalloc");
		say_base(e, "vmemmap_start", "VMEMMAP_START", &l->vmemmap, "Struct page of frame 0");
	}
	say_base(e, "text", "_text", &l->text, "Start of the kernel image");
	if (e->b->kernel_base_known)
		row_address(e, "text_phys", "_text, physical", e->b->kernel_base);
	for (size_t i = 0; i < l->nr; i++)
		row_range(e, layout_area_name(l->v[i].area), layout_area_title(l->v[i].area), l->v[i].start, l->v[i].end);
	explain_sentence(e, l->memory_random && l->page_offset.basis == LAYOUT_UNKNOWN ? "%u levels; the direct map, vmalloc and the struct pages have random places." : "%u levels of page tables.", l->levels);
}
