/*
 * explain_early.c - the fixmap, early_ioremap()'s slots, and whether an early map fits.
 *
 * Before ioremap() works, a physical range is mapped into one of a few slots of 64 pages. Maps that this boot is known to have
 * made are listed with what they took.
 */
#include "explain_private.h"

#include <inttypes.h>
#include <stdio.h>

#define SLOT_BYTES (EARLY_SLOT_PAGES * PAGE_SIZE)

/* Pages that a range touches. */
static uint64_t pages_of(uint64_t phys, uint64_t size) { return size ? PFN_UP(phys + size) - PFN_DOWN(phys) : 0; }

static void say_slot(struct explainer *e, unsigned i)
{
	char *id = arena_alloc(e->arena, 16), *label = arena_alloc(e->arena, 16);
	struct answer_row *r;
	uint64_t virt;

	snprintf(id, 16, "slot_%u", i);
	snprintf(label, 16, "Slot %u", i);
	if (layout_slot(&e->layout, i, &virt)) {
		r = row_range(e, id, label, virt, virt + SLOT_BYTES);
		row_why(e, r, "Fixmap entries %" PRIu64 " down to %" PRIu64 ".", (e->layout.fixaddr_top - virt) / PAGE_SIZE, (e->layout.fixaddr_top - virt) / PAGE_SIZE - EARLY_SLOT_PAGES + 1);
		return;
	}
	r = row_unknown(e, id, label);
	row_why(e, r, "Not knowable: %s. It lies in %.*s.", e->layout.slot_doubt, STR_ARG(range_text(e, e->layout.slot_window_start, e->layout.slot_window_end)));
}

/* --- what this boot mapped early --- */

struct early_map {
	const char *what;
	uint64_t phys, size;
	uint32_t line;
};

static size_t largest_table(const struct machine *m)
{
	size_t best = 0;

	for (size_t i = 1; i < m->acpi.nr; i++)
		if (m->acpi.v[i].length > m->acpi.v[best].length)
			best = i;
	return best;
}

static void say_map(struct explainer *e, const struct early_map *map)
{
	uint64_t pages = pages_of(map->phys, map->size);
	struct answer_row *r = row_pages(e, "early_map", map->what, pages);

	row_why(e, r, "%" PRIu64 " bytes at 0x%" PRIx64 ": %s.", map->size, map->phys, pages <= EARLY_SLOT_PAGES ? "it fits into a slot" : "it does not fit into a slot, and must be mapped in parts");
	row_line(r, map->line);
}

/* The largest of each kind that the input shows. */
static void say_known_maps(struct explainer *e)
{
	const struct machine *m = e->verdict->machine;

	if (m->acpi.nr) {
		const struct acpi_table *t = &m->acpi.v[largest_table(m)];

		say_map(e, &(struct early_map){ "Largest ACPI table", t->address, t->length, t->line });
	}
	if (phys_len(m->efi_memmap))
		say_map(e, &(struct early_map){ "EFI memory map", m->efi_memmap.start, phys_len(m->efi_memmap), 0 });
	if (phys_len(m->mptable))
		say_map(e, &(struct early_map){ "MP table", m->mptable.start, phys_len(m->mptable), 0 });
	for (size_t i = 0; i < m->setup_data.nr; i++)
		say_map(e, &(struct early_map){ "Loader's setup data", m->setup_data.v[i].start, phys_len(m->setup_data.v[i]), 0 });
}

/* --- answers --- */

static bool no_layout(struct explainer *e)
{
	if (e->layout.bits)
		return false;
	explain_answer(e)->found = false;
	explain_sentence(e, "The virtual layout of this architecture is not known here.");
	return true;
}

static void say_limits(struct explainer *e)
{
	struct answer_row *r = row_number(e, "slots", "Slots", e->layout.slots);

	row_why(e, r, "As many maps can exist at once before ioremap() works; one more fails with \"not found slot\".");
	r = row_pages(e, "slot_pages", "Pages of a slot", EARLY_SLOT_PAGES);
	row_why(e, r, "One map is 256 KiB at most, counted in the pages that it touches.");
	r = row_pages(e, "all_pages", "Pages of all slots", (uint64_t)e->layout.slots * EARLY_SLOT_PAGES);
	row_why(e, r, "Their page table page is part of the image: they cost no memory.");
}

void explain_fixmap(struct explainer *e, const struct what *what)
{
	struct answer_row *r;

	explain_begin(e, what, "fixmap");
	if (no_layout(e))
		return;
	r = row_address(e, "top", "FIXADDR_TOP", e->layout.fixaddr_top);
	row_why(e, r, "Entry 0; higher entries lie lower.");
	say_limits(e);
	for (unsigned i = 0; i < e->layout.slots; i++)
		say_slot(e, i);
	if (e->record)
		for (each_fact(f, &e->record->log, FACT_FIXMAP)) {
			r = row_address(e, "entry", f->tag ? "IO APIC" : "Local APIC", f->v[0]);
			row_why(e, r, "Entry %" PRIu64 " maps physical 0x%" PRIx64 ".", (e->layout.fixaddr_top - f->v[0]) / PAGE_SIZE, f->v[1]);
			row_line(r, f->line);
		}
	say_known_maps(e);
	explain_sentence(e, "%u slots of %d pages for early_ioremap().", e->layout.slots, EARLY_SLOT_PAGES);
}

void explain_slot(struct explainer *e, const struct what *what)
{
	explain_begin(e, what, "early_ioremap() slot");
	if (no_layout(e))
		return;
	if (what->n >= e->layout.slots) {
		explain_answer(e)->found = false;
		explain_sentence(e, "There is no such slot: this kernel has %u, from 0 on.", e->layout.slots);
		return;
	}
	say_slot(e, (unsigned)what->n);
	say_limits(e);
	explain_sentence(e, "One of %u slots for maps that are needed before ioremap() works.", e->layout.slots);
}

void explain_ioremap(struct explainer *e, const struct what *what)
{
	uint64_t offset = what->has_at ? what->at & (PAGE_SIZE - 1) : 0, pages = pages_of(offset, what->n);
	bool wraps = what->has_at && what->n && what->at + what->n - 1 < what->at, fits = what->n && !wraps && pages <= EARLY_SLOT_PAGES;
	struct answer_row *r;

	explain_begin(e, what, "early map");
	if (no_layout(e))
		return;
	row_bytes(e, "size", "Size", what->n);
	r = row_pages(e, "pages", "Pages that it touches", pages);
	row_why(e, r, what->has_at ? "From the page of its first byte to that of its last." : "If it starts on a page border; one page more may be needed if it does not.");
	r = row_bool(e, "fits", "It fits", fits);
	if (!what->n)
		row_why(e, r, "A map of no bytes is refused.");
	else if (wraps)
		row_why(e, r, "A range that passes the end of the address space is refused.");
	else
		row_why(e, r, "A slot has %d pages.", EARLY_SLOT_PAGES);
	if (!fits && what->n && !wraps) {
		r = row_number(e, "parts", "Parts needed", div_up(pages, EARLY_SLOT_PAGES));
		row_why(e, r, "Mapped one after the other, as the kernel does when it moves a RAM disk; at once at most %u, which is %" PRIu64 " KiB.", e->layout.slots, e->layout.slots * SLOT_BYTES / KIB);
		r = row_bool(e, "fits_at_once", "All parts at once", div_up(pages, EARLY_SLOT_PAGES) <= e->layout.slots);
		row_why(e, r, "There are %u slots, if nothing else is mapped.", e->layout.slots);
	}
	say_limits(e);
	explain_sentence(e, fits ? "It fits into one slot: %" PRIu64 " of %d pages." : "early_ioremap() refuses it: %" PRIu64 " pages, and a slot has %d.", pages, EARLY_SLOT_PAGES);
}
