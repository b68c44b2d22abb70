/*
 * stage_balance.c - the model's reservations held against the total that the kernel states.
 *
 *   in:   free pages of each zone as the model has them; "reserved" of the Memory: line, which is input here
 *   out:  free pages of each zone with the difference attributed; how far each can be trusted
 *
 * A log without memblock's own lines does not say what every small reservation took, nor where the image lies; but it says
 * what all of them took together. The difference belongs to what is not placed yet: boot services memory whose map the log
 * does not hold, the image, and last whatever is left, which lies where memblock hands out memory, at the top.
 *
 * Kernel: mem_init_print_info() (mm/page_alloc.c, mm/mm_init.c), mem_init() of arch/x86 before 3.11.
 */
#include "stages.h"

/* --- what the line says --- */

/* Pages that the kernel counted as free when it printed its line. */
static bool line_totalram(const struct boot *b, uint64_t *pages, uint32_t *line)
{
	const struct facts *log = &b->record->log;
	const struct fact *f = facts_last(log, FACT_MEMORY);

	if (f) {
		*pages = sub_sat(b->physpages, kib_to_pages(f->v[7] + f->v[8]));
		*line = f->line;
		return f->v[1] != 0;
	}
	f = facts_last(log, FACT_MEMORY_X86);
	if (f) {
		*pages = sub_sat(kib_to_pages(f->v[1]), kib_to_pages(f->v[3] + f->v[4]));
		*line = f->line;
		return true;
	}
	f = facts_last(log, FACT_MEMORY_I386);
	if (f) {
		*pages = kib_to_pages(f->v[0]);
		*line = f->line;
		return true;
	}
	return false;
}

/* Pages that came back before the line was printed, so that it does not count them as reserved. */
static uint64_t freed_before(const struct boot *b, uint32_t line)
{
	const struct quantity *q = &b->kernel->alternatives_kib;
	uint64_t pages = q->line && q->line < line ? kib_to_pages(q->v) : 0;

	for (size_t i = 0; boot_trait(b, TRAIT_GIGANTIC_PAGES) == GIGANTIC_BEFORE_LINE && i < b->gigantic.nr; i++)
		pages += pfn_len(pfn_inside(b->gigantic.v[i]));
	return pages;
}

/*
 * Free pages at that moment, where struct pages that wait for the other CPUs are not counted: tells on which side of the
 * border the image lies.
 */
static int64_t early_residue(struct boot *b)
{
	const struct fact *f = facts_last(&b->record->log, FACT_MEMORY);
	int64_t early = 0;

	if (!f || boot_trait(b, TRAIT_MEMORY_LATE) || boot_trait(b, TRAIT_DEFERRED_INIT) == DEFERRED_NO)
		return 0;
	b->balance.counts_early = true;
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			early += (int64_t)b->node[n].zone[b->zone_order[z]].managed_early;
	return early - (int64_t)kib_to_pages(f->v[0]);
}

/* --- who gets the difference --- */

/* Pages of small structures that a similar kernel may have otherwise. */
#define SMALL_DOUBT_PAGES 64

static struct zone *top_zone(const struct boot *b, uint64_t below_pfn, int *nid)
{
	struct zone *top = NULL;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (zone->managed_at_free && zone->span.start < below_pfn && (!top || zone->span.start > top->span.start)) {
				top = zone;
				*nid = (int)n;
			}
		}
	return top;
}

/*
 * Take pages from a zone, or give it more where the model took too many. Returns what it could not take or hold.
 */
static int64_t take(struct zone *zone, int64_t pages)
{
	uint64_t before = zone->managed_at_free;

	if (pages >= 0)
		zone->managed_at_free = sub_sat(before, (uint64_t)pages);
	else
		zone->managed_at_free = min_u64(max_u64(zone->present, before), before + (uint64_t)-pages);
	if (zone->managed_early == before || zone->managed_early > zone->managed_at_free)
		zone->managed_early = zone->managed_at_free;
	return pages - ((int64_t)before - (int64_t)zone->managed_at_free);
}

/* What one zone could not take goes to the others, so that the total stays as stated. */
static void take_anywhere(struct boot *b, int64_t pages)
{
	for (size_t n = b->nr_nodes; n-- > 0 && pages;)
		for (size_t z = b->nr_zones; z-- > 0 && pages;)
			if (b->node[n].zone[b->zone_order[z]].present)
				pages = take(&b->node[n].zone[b->zone_order[z]], pages);
}

/*
 * Memory that may have been taken from @where may as well have been taken from any other zone above the lowest; what was given
 * to it (below 0), given to another.
 */
static void doubt(struct boot *b, const struct zone *where, int64_t taken)
{
	uint64_t pages = (uint64_t)(taken < 0 ? -taken : taken);

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			if (!zone->present)
				continue;
			if (zone == where)
				*(taken < 0 ? &zone->doubt_down : &zone->doubt_up) += pages;
			else if (zone->span.end > PFN_DOWN(16 * MIB))
				*(taken < 0 ? &zone->doubt_up : &zone->doubt_down) += pages;
		}
}

static struct late_free *give_later(struct boot *b, enum late_kind kind, uint64_t pages, const struct zone *zone, int nid)
{
	struct late_free *l = vec_push(b->arena, &b->late);

	*l = (struct late_free){ .kind = kind, .pages = pages, .nid = nid, .zone = zone->type };
	return l;
}

/* Pages of the loader's copy of a map that is not known: how large it is, is a guess. */
static uint64_t guessed_map_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->owned.nr; i++)
		if (b->owned.v[i].owner == OWNER_EFI_MEMMAP)
			pages += PFN_UP(phys_len(b->owned.v[i].range));
	return pages;
}

/* Of an image whose size is an estimate, what no section counts. */
static uint64_t unsaid_image_bytes(const struct boot *b)
{
	const struct kernel *k = b->kernel;
	uint64_t said = (k->code_kib.v + k->rwdata_kib.v + k->rodata_kib.v + k->init_kib.v + k->bss_kib.v + k->text_gap_kib.v + k->rodata_gap_kib.v) * KIB;

	return is_known(k->code_kib) ? sub_sat(phys_len(b->image), said) : 0;
}

/* Pages that are thought to have come back, but no line says so. */
static void doubt_silent(struct boot *b, uint64_t pages)
{
	b->balance.silent_pages = pages;
	b->balance.silent_more = b->image_measured && b->kernel->image.span.known >= KNOWN_PROFILE ? 0 : PFN_DOWN(max_u64(2 * MIB, unsaid_image_bytes(b)));
	b->balance.silent_more += guessed_map_pages(b);
	/* What small structures did not take is part of what came back. */
	b->balance.silent_more += b->kernel->has_profile ? entry_area_spare(b) : SMALL_DOUBT_PAGES;
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			zone->doubt_down += pages;
			zone->doubt_up += b->balance.silent_more;
		}
}

static bool efi_unmapped(const struct boot *b)
{
	return b->machine->firmware == FIRMWARE_EFI && !b->machine->efi.nr && boot_trait(b, TRAIT_EFI_FREE) != EFI_FREE_NONE;
}

/* The residue less what boot services are said to have held. */
int64_t balance_unexplained(const struct boot *b)
{
	const struct fact *said = b->record && efi_unmapped(b) ? facts_first(&b->record->log, FACT_FREE_EFI) : NULL;

	return b->balance.residue - (said ? (int64_t)kib_to_pages(said->v[0]) : 0);
}

/*
 * Boot services memory of a machine whose EFI map the log does not hold. It lies below 4 GiB, and all of it comes back: to
 * the zones it is as if it had never been taken. How much it was is printed since 2026; before, it is what nothing else explains.
 */
static int64_t balance_efi(struct boot *b, int64_t residue)
{
	const struct fact *said = facts_first(&b->record->log, FACT_FREE_EFI);
	int64_t pages = said ? (int64_t)kib_to_pages(said->v[0]) : residue;
	struct zone *zone;
	int nid = 0;

	if (!efi_unmapped(b) || residue <= 0)
		return residue;
	b->balance.silent = !said;
	zone = top_zone(b, PFN_DOWN(4 * GIB), &nid);
	/* More than lies there is something else's. */
	if (zone && pages > (int64_t)zone->managed_at_free)
		pages = (int64_t)zone->managed_at_free;
	if (!zone || pages <= 0)
		return residue;
	take(zone, pages);
	b->balance.unplaced_pages = (uint64_t)pages;
	give_later(b, LATE_EFI, (uint64_t)pages, zone, nid)->line = said ? said->line : 0;
	if (b->balance.silent)
		doubt_silent(b, (uint64_t)pages);
	return residue - pages;
}

/* The same of a boot that has not happened, as much as another boot of the machine showed. */
static void predicted_efi(struct boot *b)
{
	uint64_t pages = PFN_DOWN(b->machine->efi_boot_bytes);
	struct zone *zone;
	int nid = 0;

	zone = efi_unmapped(b) ? top_zone(b, PFN_DOWN(4 * GIB), &nid) : NULL;
	if (!zone || !pages || pages > zone->managed_at_free)
		return;
	take(zone, (int64_t)pages);
	b->balance.residue = (int64_t)pages;
	b->balance.unplaced_pages = pages;
	if (!efi_keeps_boot_services(b))
		give_later(b, LATE_EFI, pages, zone, nid);
}

/* What one zone does not have, another one must: with a single one above the lowest there is no doubt. */
static bool zones_trade(const struct boot *b)
{
	const struct zone *lowest = boot_zone_of(b, 1, NULL);
	size_t nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			nr += b->node[n].zone[b->zone_order[z]].managed_at_free && &b->node[n].zone[b->zone_order[z]] != lowest;
	return nr > 1;
}

/* Any zone but the lowest may have as many more or less. */
static void doubt_trade(struct boot *b, uint64_t pages)
{
	const struct zone *lowest = boot_zone_of(b, 1, NULL);

	for (size_t n = 0; zones_trade(b) && n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			zone->doubt_up += zone == lowest ? 0 : pages;
			zone->doubt_down += zone == lowest ? 0 : pages;
		}
}

/* Sections of twice or half the size, where nothing says how large one is, take as much again. */
static uint64_t section_doubt(const struct boot *b)
{
	uint64_t bytes = 0;

	if (b->kernel->mem_section.known > KNOWN_NEIGHBOUR || !boot_trait(b, TRAIT_PAGE_EXTENSION) || b->machine->arch != ARCH_X86_64)
		return 0;
	for (size_t i = 0; i < b->allocations.nr; i++)
		if (b->allocations.v[i].owner == OWNER_MEM_SECTION)
			bytes += b->allocations.v[i].request.size;
	return PFN_UP(bytes);
}

static bool image_estimated(const struct boot *b) { return !b->image_measured; }

/* The nearest whole number of 2 MiB. */
static int64_t nearest_2m(int64_t pages)
{
	const int64_t unit = (int64_t)PFN_DOWN(2 * MIB);

	return (pages + (pages < 0 ? -unit / 2 : unit / 2)) / unit * unit;
}

/* Tables that no section counts come to a few MiB; what is more than this is not the image's. */
#define IMAGE_DOUBT (32 * MIB)

/* Pages that an estimated image is too small by, as far as the residue tells. */
int64_t balance_image_share(const struct boot *b, int64_t residue)
{
	int64_t most = (int64_t)PFN_UP(IMAGE_DOUBT + (phys_len(b->image) ? 0 : b->kernel->image.span.v));

	if (!image_estimated(b) || residue > most || residue < -most)
		return 0;
	return b->kernel->image_in_2m ? nearest_2m(residue) : residue;
}

/*
 * Below which page the rest was taken. 32 bits: only low memory can be handed out. What EFI's loader and firmware keep without
 * a word (setup data, pictures, tables) lies below 4 GiB.
 */
static uint64_t rest_below(const struct boot *b, int64_t rest)
{
	if (b->machine->arch == ARCH_I386)
		return b->max_low_pfn;
	return b->machine->firmware == FIRMWARE_EFI && !b->machine->efi.nr && rest > 0 ? PFN_DOWN(4 * GIB) : UINT64_MAX;
}

/* What is left belongs to an image whose size was estimated, else to the top of memory. */
static void balance_rest(struct boot *b, int64_t residue)
{
	int64_t share = balance_image_share(b, residue), rest = residue - share;
	struct zone *zone, *top;
	int nid = 0;

	zone = b->kernel_base ? boot_zone_of(b, PFN_DOWN(b->kernel_base), NULL) : NULL;
	if (zone && share) {
		take_anywhere(b, take(zone, share));
		b->balance.image_pages = share;
		/* A share that is not a whole number of anything is any structure's that this kernel has and similar ones have not. */
		if (!b->kernel->image_in_2m && zones_trade(b))
			doubt(b, zone, share);
	}
	if (!zone)
		rest = residue;
	/*
	 * Small structures of unknown size hide in a share that is not a whole number of anything. And where a rest shows that similar
	 * kernels' sizes are not this one's, more may hide in two zones that make up for each other.
	 */
	if ((image_estimated(b) && !b->kernel->image_in_2m) || (!b->kernel->has_profile && rest))
		doubt_trade(b, SMALL_DOUBT_PAGES + section_doubt(b));
	top = top_zone(b, rest_below(b, rest), &nid);
	if (top && rest) {
		take_anywhere(b, take(top, rest));
		doubt(b, top, rest);
	}
}

/* Pages of the trampoline below 1 MiB, where only a similar kernel says how large it is. */
#define TRAMPOLINE_DOUBT_PAGES 8

static void doubt_trampoline(struct boot *b)
{
	struct zone *zone = boot_zone_of(b, 1, NULL);

	if (!zone || boot_trait(b, TRAIT_FIRST_MIB_RESERVED) || b->kernel->real_mode.known >= KNOWN_PROFILE || boot_trait(b, TRAIT_EARLY_ALLOC) != EARLY_MEMBLOCK)
		return;
	zone->doubt_up += TRAMPOLINE_DOUBT_PAGES;
	zone->doubt_down += TRAMPOLINE_DOUBT_PAGES;
}

void balance_run(struct boot *b)
{
	uint64_t free = 0, target;
	uint32_t line;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			free += b->node[n].zone[b->zone_order[z]].managed_at_free;
	/* More than there is can only be a line that was garbled on its way. */
	if (!b->record || !line_totalram(b, &target, &line) || target > b->physpages) {
		memory_line_say(b);
		if (!b->record)
			predicted_efi(b);
		return;
	}
	target = sub_sat(target, freed_before(b, line));
	b->balance.known = true;
	b->balance.line = line;
	b->balance.residue = (int64_t)free - (int64_t)target;
	b->balance.early_residue = early_residue(b);
	memory_line_say(b);
	/* A log of memblock's own leaves nothing to guess, unless lines of it are lost or garbled. */
	if (b->replay.on) {
		balance_rest(b, b->balance.residue);
		return;
	}
	doubt_trampoline(b);
	balance_rest(b, balance_efi(b, b->balance.residue));
}
