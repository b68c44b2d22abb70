/*
 * kaslr.c - see kaslr.h.
 *
 * Kernel: find_random_phys_addr(), process_mem_region(), mem_avoid_init() (arch/x86/boot/compressed/kaslr.c).
 */
#include "kaslr.h"

#include <limits.h>
#include <string.h>

#include "kaslr_doubt.h"
#include "kaslr_likely.h"
#include "kaslr_slots.h"
#include "mia/arena.h"
#include "mia/ranges.h"
#include "stages.h"

#define LOW_LIMIT (512 * MIB)
#define PLACE_ALIGN (2 * MIB)
#define LOW_STEP (16 * MIB)
#define MAX_TRIALS 64

/* --- where it may lie --- */

/* The lowest address tried, and where the packed kernel itself stands while it unpacks. */
static uint64_t lowest(const struct boot *b)
{
	return boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_FIXED ? 2 * MIB : LOAD_ADDRESS;
}

static void add_place(struct arena *arena, struct phys_ranges *ret, uint64_t start, uint64_t end, uint64_t bytes)
{
	start = align_up(start, PLACE_ALIGN);
	if (end < start + bytes)
		return;
	/* Bases, so the last one leaves room for the image. */
	*vec_push(arena, ret) = (struct phys_range){ start, align_down(end - bytes, PLACE_ALIGN) + PLACE_ALIGN };
}

/* Cut [start, end) around the RAM disk. */
static void add_around_initrd(struct arena *arena, const struct boot *b, struct phys_ranges *ret, uint64_t start, uint64_t end, uint64_t bytes)
{
	struct phys_range r = b->machine->ramdisk;

	if (!phys_len(r) || r.start >= end || r.end <= start) {
		add_place(arena, ret, start, end, bytes);
		return;
	}
	add_place(arena, ret, start, r.start, bytes);
	add_place(arena, ret, r.end, end, bytes);
}

static uint64_t image_bytes(const struct boot *b)
{
	return is_known(b->kernel->image.span) ? b->kernel->image.span.v + b->kernel->image.brk.v : 32 * MIB;
}

/* The line that fewer pages of 1 GiB could be had than were asked for: an image in the way of one may be why. */
static const struct fact *gigantic_short(const struct boot *b)
{
	if (!b->record)
		return NULL;
	for (each_fact(f, &b->record->log, FACT_HUGETLB_SHORT))
		if (str_is(f->s[0], "1.00 GiB"))
			return f;
	return NULL;
}

/* The border that a region crosses: the end of the zone that its start lies in, and the end of initialised struct pages. */
static uint64_t next_zone_border(const struct boot *b, uint64_t start)
{
	int nid = 0;
	const struct zone *zone = boot_zone_of(b, PFN_DOWN(start), &nid);
	uint64_t end = zone ? PFN_PHYS(zone->span.end) : UINT64_MAX, deferred = UINT64_MAX;

	if (zone && b->node[nid].first_deferred_pfn != UINT64_MAX)
		deferred = PFN_PHYS(b->node[nid].first_deferred_pfn);
	return start < deferred ? min_u64(end, deferred) : end;
}

/* And of a gigantic page, where those matter, as long as there are few. */
static uint64_t next_border(const struct boot *b, uint64_t start)
{
	uint64_t border = next_zone_border(b, start);

	return gigantic_short(b) && PFN_PHYS(b->max_pfn) / GIB < MAX_TRIALS / 2 ? min_u64(border, align_down(start, GIB) + GIB) : border;
}

/* RAM of the firmware's map that options took out of the kernel's: the loader does not know them. */
static void places_outside(struct arena *arena, const struct boot *b, struct phys_ranges *ret)
{
	uint64_t bytes = image_bytes(b);
	struct phys_ranges ram = { 0 };

	for (size_t i = 0; i < b->machine->e820.nr; i++)
		if (b->machine->e820.v[i].type == E820_TYPE_RAM)
			ranges_add(arena, &ram, (struct phys_range){ b->machine->e820.v[i].start, b->machine->e820.v[i].end });
	for (size_t i = 0; i < b->memblock.memory.nr; i++)
		ranges_remove(arena, &ram, (struct phys_range){ b->memblock.memory.v[i].base, b->memblock.memory.v[i].end });
	for (size_t i = 0; i < ram.nr; i++)
		add_around_initrd(arena, b, ret, max_u64(ram.v[i].start, lowest(b)), ram.v[i].end, bytes);
}

void kaslr_places(struct arena *arena, const struct boot *b, struct phys_ranges *ret)
{
	uint64_t bytes = image_bytes(b), limit = boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_LOW ? LOW_LIMIT : UINT64_MAX;

	if (b->machine->image_not_ram) {
		places_outside(arena, b, ret);
		return;
	}
	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		uint64_t start = max_u64(b->memblock.memory.v[i].base, lowest(b)), end = min_u64(b->memblock.memory.v[i].end, limit);

		while (start < end) {
			uint64_t border = min_u64(end, next_border(b, start));

			/* An image over a border belongs to both sides; its start decides here. */
			add_around_initrd(arena, b, ret, start, border, bytes);
			if (border <= start)
				break;
			start = border;
		}
	}
}

/* --- which place fits --- */

/* Facts that hold an address memblock chose: where in their values it stands. */
static const struct placed_fact {
	enum fact_kind kind;
	uint8_t start, end; /* index of v[]; end 0: start and size in MiB, in v[0] and the other way round */
	bool mib;
	bool upward;        /* searched from the bottom, where there is memory above 4 GiB */
} placed_facts[] = {
	{ FACT_NODE_DATA, 1, 2, false, false },      { FACT_NODE_DATA_OLD, 0, 1, false, false },   { FACT_RAMDISK_NEW, 0, 1, false, false },
	{ FACT_CRASHKERNEL, 1, 0, true, false },     { FACT_CRASHKERNEL_LOW, 1, 0, true, false },  { FACT_CRASHKERNEL_HEX, 0, 1, false, false },
	{ FACT_CRASHKERNEL_LOW_HEX, 0, 1, false, false }, { FACT_SWIOTLB, 0, 1, false, false },    { FACT_CMA_RESERVED, 1, 0, false, true },
	{ FACT_CMA_RESERVED_NODE, 1, 0, false, true },
};

static struct phys_range placed_range(const struct placed_fact *p, const struct fact *f)
{
	uint64_t unit = p->mib ? MIB : 1;

	if (p->end > p->start)
		return (struct phys_range){ f->v[p->start], f->v[p->end] };
	return (struct phys_range){ f->v[p->start] * unit, f->v[p->start] * unit + f->v[0] * MIB };
}

static const struct fact *nth_said(const struct boot *b, enum fact_kind kind, size_t nth)
{
	for (size_t i = 0; i < b->said.nr; i++)
		if (b->said.v[i].fact.kind == kind && !nth--)
			return &b->said.v[i].fact;
	return NULL;
}

/* Addresses of the log that the model does not find, and a number of gigantic pages. */
static unsigned misplaced(const struct boot *b)
{
	const struct fact *few = gigantic_short(b);
	unsigned nr = few && few->v[1] != ranges_bytes(&b->gigantic) / GIB;

	for (size_t k = 0; k < ARRAY_SIZE(placed_facts); k++) {
		const struct placed_fact *p = &placed_facts[k];
		size_t nth = 0;

		for (each_fact(f, &b->record->log, p->kind)) {
			const struct fact *mine = nth_said(b, p->kind, nth++);
			struct phys_range theirs = placed_range(p, f);

			nr += !mine || placed_range(p, mine).start != theirs.start || placed_range(p, mine).end != theirs.end;
		}
	}
	return nr;
}

struct fit {
	unsigned misplaced;
	uint64_t pages;   /* that do not add up */
	uint64_t counted; /* of them, what speaks against the place */
};

static uint64_t magnitude(int64_t v) { return v < 0 ? (uint64_t)-v : (uint64_t)v; }

/* The image lies among the pages that are initialised before the other CPUs run. */
static bool image_is_early(const struct boot *b)
{
	int nid = 0;

	return boot_zone_of(b, PFN_DOWN(b->kernel_base), &nid) && PFN_DOWN(b->kernel_base) < b->node[nid].first_deferred_pfn;
}

#define SECTION_PAGES (128 * MIB >> PAGE_SHIFT)

/*
 * "node 0 initialised, 212283 pages": free pages whose struct pages waited. Sections that were needed before are not among
 * them, so only what is less than a section off can be the image's doing.
 */
static uint64_t deferred_misfit(const struct boot *b)
{
	uint64_t pages = 0;

	for (each_fact(f, &b->record->log, FACT_DEFERRED)) {
		uint64_t off = f->v[0] < b->nr_nodes ? magnitude((int64_t)(b->node[f->v[0]].deferred_pages - f->v[1])) : 0;

		pages += off < SECTION_PAGES / 2 ? off : 0;
	}
	return pages;
}

static struct fit fit_of(const struct boot *b)
{
	struct fit fit = { .misplaced = misplaced(b) };
	int64_t share;

	fit.pages = deferred_misfit(b);
	if (!b->balance.known)
		return fit;
	/* What an estimated image is too small by says nothing about its place. */
	share = balance_image_share(b, balance_unexplained(b));
	fit.pages += magnitude(balance_unexplained(b) - share);
	if (b->balance.counts_early)
		fit.pages += magnitude(b->balance.early_residue - (image_is_early(b) ? share : 0));
	return fit;
}

static int fit_compare(const struct fit *a, const struct fit *b)
{
	if (a->misplaced != b->misplaced)
		return a->misplaced < b->misplaced ? -1 : 1;
	return a->counted < b->counted ? -1 : a->counted > b->counted;
}

struct trial {
	struct phys_range place;
	uint64_t base;
	uint64_t weight;   /* how likely it is to be there: as long as the place is */
	struct fit fit;
	int nid;           /* zone that the base lies in */
	enum zone_type zone;
	bool crash_failed; /* the crash kernel finds no room beside it */
	uint64_t total;    /* MemTotal, pages */
	struct zone_numbers *zone_numbers; /* as it left the zones, where the likeliest numbers are to be found */
};

struct trials {
	struct trial *v;
	size_t nr, cap;
};

struct search {
	struct arena *arena;
	const struct machine *machine;
	const struct kernel *kernel;
	const struct cmdline *cmdline;
	const struct boot_record *record;
	const struct boot *begun;  /* what is the same wherever the image lies */
	const struct boot *taken;  /* a trial whose image may be moved, before free memory is counted */
	unsigned nr_taken;
	struct phys_ranges slots;
	size_t nr_nodes;
	bool balance_known; /* the log states the total */
	bool by_total;      /* places are told apart by MemTotal, not by the zone of the image */
	struct trials trials;
};

static void put_at(const struct search *s, uint64_t base, struct machine *ret)
{
	*ret = *s->machine;
	ret->kernel_base = base;
	ret->kernel_base_guessed = true;
}

/* Slots of the decompressor's in a place, in bytes; where it has none at all, its length. */
static uint64_t slots_in(const struct search *s, struct phys_range place)
{
	return s->slots.nr ? ranges_overlap(&s->slots, place) : phys_len(place);
}

#define MAX_TAKEN 4

/* Up to where free memory is counted: run, or taken over from another trial that would have run alike. */
static void take_memory(struct search *s, const struct machine *machine, enum boot_extent extent, struct boot *boot)
{
	if (s->taken && boot_may_move_to(s->taken, machine->kernel_base)) {
		boot_copy_taken(s->taken, boot);
		boot_move(boot, machine);
		return;
	}
	boot_take(s->begun, machine, extent, boot);
	if (s->nr_taken < MAX_TAKEN && boot_may_move(boot)) {
		struct boot *copy = arena_new(s->arena, struct boot);

		boot_copy_taken(boot, copy);
		s->taken = copy;
		s->nr_taken++;
	}
}

static void try_at(struct search *s, struct phys_range place, uint64_t base)
{
	struct trial *t = vec_push(s->arena, &s->trials);
	const struct boot *taken = s->taken;
	struct arena_mark mark;
	struct machine *machine;
	struct boot *boot;
	const struct zone *zone;

	*t = (struct trial){ .place = place, .base = base, .weight = slots_in(s, place) };
	if (!s->balance_known)
		t->zone_numbers = zone_numbers_new(s->arena, s->nr_nodes);
	mark = arena_mark(s->arena);
	machine = arena_new(s->arena, struct machine);
	boot = arena_new(s->arena, struct boot);
	put_at(s, base, machine);
	/* Without a total of the log the zones of each trial count, to their marks. */
	take_memory(s, machine, t->zone_numbers ? BOOT_NUMBERS : BOOT_PLACES, boot);
	if (s->taken != taken)
		mark = arena_mark(s->arena);
	boot_finish(boot);
	t->fit = fit_of(boot);
	zone = boot_zone_of(boot, PFN_DOWN(base), &t->nid);
	t->zone = zone ? zone->type : NR_ZONE_TYPES;
	t->crash_failed = boot->crash_failed_bytes != 0;
	t->total = boot->totalram.v;
	if (t->zone_numbers && boot->nr_nodes == s->nr_nodes)
		zone_numbers_keep(boot, t->zone_numbers);
	else
		t->zone_numbers = NULL;
	arena_rewind(s->arena, mark);
}

/*
 * What does not add up even at the best place is something else's doing. A place where it is no more than twice as much may be
 * as good.
 */
static void count_against(struct search *s)
{
	struct trial *end = s->trials.v + s->trials.nr;
	const struct fit *best = &s->trials.v->fit;

	for (struct trial *t = s->trials.v; t < end; t++)
		if (t->fit.misplaced < best->misplaced || (t->fit.misplaced == best->misplaced && t->fit.pages < best->pages))
			best = &t->fit;
	for (struct trial *t = s->trials.v; t < end; t++)
		t->fit.counted = t->fit.pages > 2 * best->pages ? t->fit.pages : best->pages;
}

/*
 * Trials that fit as well and end alike: with the same total where that is what is asked for, since each zone then gets its own
 * likeliest numbers anyway.
 */
static bool equally_good(const struct search *s, const struct trial *a, const struct trial *b)
{
	if (fit_compare(&a->fit, &b->fit) || a->crash_failed != b->crash_failed)
		return false;
	return s->by_total ? a->total == b->total : a->nid == b->nid && a->zone == b->zone;
}

/* Their places together: an image is the likelier to be in some of them, the longer they are. */
static uint64_t places_alike(const struct search *s, const struct trial *t, const struct trial *end)
{
	uint64_t weight = 0;

	for (const struct trial *other = s->trials.v; other < end; other++)
		weight += equally_good(s, other, t) ? other->weight : 0;
	return weight;
}

/* Of the trials that fit best, those in the zone that the image is most likely in; of those, the one in the middle. */
static const struct trial *best_trial(struct search *s)
{
	const struct trial *best = NULL, *end = s->trials.v + s->trials.nr;

	count_against(s);
	for (const struct trial *t = s->trials.v; t < end; t++) {
		int c = best ? fit_compare(&t->fit, &best->fit) : -1;

		if (c < 0 || (c == 0 && places_alike(s, t, end) > places_alike(s, best, end)))
			best = t;
	}
	for (const struct trial *t = s->trials.v; best && t < end; t++)
		if (equally_good(s, t, best) && places_alike(s, t, t + 1) >= places_alike(s, best, end) / 2)
			return t;
	return best;
}

static void try_exactly(struct search *s, const struct phys_ranges *places, uint64_t base)
{
	if (s->trials.nr < MAX_TRIALS && ranges_contain(places, base))
		try_at(s, (struct phys_range){ base, base + PLACE_ALIGN }, base);
}

/* CMA lies on borders of 4 MiB. */
#define CMA_ALIGN (4 * MIB)

/*
 * An address that no trial finds was pushed from its place by the image: which then lies right above it, since memblock
 * searches from the top; right below what is searched for from the bottom.
 */
static void try_beside(struct search *s, const struct phys_ranges *places)
{
	uint64_t bytes = s->kernel->image.span.v + s->kernel->image.brk.v;

	for (size_t k = 0; k < ARRAY_SIZE(placed_facts); k++)
		for (each_fact(f, &s->record->log, placed_facts[k].kind)) {
			struct phys_range r = placed_range(&placed_facts[k], f);
			uint64_t below = align_down(sub_sat(r.start, bytes), PLACE_ALIGN);

			try_exactly(s, places, align_up(r.end, PLACE_ALIGN));
			for (uint64_t gap = 0; placed_facts[k].upward && gap < CMA_ALIGN; gap += PLACE_ALIGN)
				try_exactly(s, places, sub_sat(below, gap));
		}
}

/* Without randomisation EFI's stub takes the lowest address that is free. */
static bool loads_low(const struct boot *b) { return boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_FIXED || cmdline_has(b->cmdline, "nokaslr"); }

/* Places where brk lies in different steps of the direct map take different tables: told apart where the total is what counts. */
static void cut_places(struct search *s, struct phys_ranges *places)
{
	struct machine *machine = arena_new(s->arena, struct machine);
	struct boot *boot = arena_new(s->arena, struct boot);
	struct phys_ranges borders = { 0 }, parts = { 0 };

	if (!s->by_total || !places->nr)
		return;
	put_at(s, places->v[0].start, machine);
	boot_go_on(s->begun, machine, BOOT_PLACES, boot);
	kaslr_brk_borders(s->arena, boot, &borders);
	kaslr_cut(s->arena, places, &borders, &parts);
	*places = parts;
}

/* One base in the middle of each place; in the lowest 512 MiB, where the image is large against the rest, many. */
static void try_places(struct search *s, const struct boot *b, const struct phys_ranges *places)
{
	if (loads_low(b) && places->nr) {
		try_at(s, places->v[0], places->v[0].start);
		s->trials.v[0].weight = UINT64_MAX / 2;
	}
	for (size_t i = 0; i < places->nr && s->trials.nr < MAX_TRIALS; i++) {
		struct phys_range p = places->v[i];

		if (boot_trait(b, TRAIT_KASLR_IMAGE) != KASLR_LOW) {
			try_at(s, p, align_down(p.start + phys_len(p) / 2, PLACE_ALIGN));
			continue;
		}
		for (uint64_t base = align_up(p.start, LOW_STEP); base < p.end && s->trials.nr < MAX_TRIALS; base += LOW_STEP)
			try_at(s, (struct phys_range){ base, base + LOW_STEP }, base);
	}
}

/* How well the image fits at best in a place that was tried. */
static unsigned least_misplaced(const struct search *s, struct phys_range place)
{
	unsigned least = UINT_MAX;

	for (size_t i = 0; i < s->trials.nr; i++)
		if (phys_len(phys_clip(s->trials.v[i].place, place)) && s->trials.v[i].fit.misplaced < least)
			least = s->trials.v[i].fit.misplaced;
	return least;
}

/*
 * Bases between two places: an image there lies over the border, some of it among the pages that are initialised early and
 * some not, so that what is free early tells which base it is. Borders of places that fit best come first.
 */
static void try_across(struct search *s, const struct phys_ranges *places, unsigned misplaced)
{
	uint64_t bytes = s->kernel->image.span.v + s->kernel->image.brk.v;
	size_t before = s->trials.nr;

	for (size_t i = 0; i < 2 * places->nr; i++) {
		size_t p = i % places->nr;
		bool fits = p && (least_misplaced(s, places->v[p - 1]) <= misplaced || least_misplaced(s, places->v[p]) <= misplaced);
		uint64_t base, next = places->v[p].start;

		if (!p || fits != (i < places->nr))
			continue;
		for (base = places->v[p - 1].end; base < next && next - base < bytes && s->trials.nr < before + MAX_TRIALS; base += PLACE_ALIGN)
			try_at(s, (struct phys_range){ base, base + PLACE_ALIGN }, base);
	}
}

#define MEASURE_STEPS 4

/*
 * Where brk shows the end of an image of estimated size, its start is one of few borders of 2 MiB: the balance chooses.
 */
static void measure_image(struct search *s, struct boot *boot)
{
	for (int side = -1; side <= 1; side += 2)
		for (unsigned step = 1; step <= MEASURE_STEPS; step++) {
			struct kernel *other = arena_new(s->arena, struct kernel);
			struct boot *trial = arena_new(s->arena, struct boot);
			uint64_t span = s->kernel->image.span.v;

			*other = *s->kernel;
			other->image.span.v = side < 0 ? sub_sat(span, step * PLACE_ALIGN) : span + step * PLACE_ALIGN;
			boot_run(s->arena, s->machine, other, s->cmdline, s->record, trial);
			if (!trial->balance.known || magnitude(trial->balance.residue) >= magnitude(boot->balance.residue))
				break;
			*boot = *trial;
		}
}

/*
 * Where the log states the total, zones have to add up to it, and stay those of one boot. So they do in small places, where every
 * base counts and not only the zone that it lies in: there the middle one stands for all.
 */
static void settle_numbers(const struct search *s, const struct trial *best, struct boot *boot)
{
	struct possible_boot *v = arena_array(s->arena, struct possible_boot, s->trials.nr);
	size_t nr = 0;

	if (!s->by_total || boot->nr_nodes != s->nr_nodes)
		return;
	for (size_t i = 0; i < s->trials.nr; i++)
		if (!fit_compare(&s->trials.v[i].fit, &best->fit) && s->trials.v[i].zone_numbers)
			v[nr++] = (struct possible_boot){ s->trials.v[i].zone_numbers, s->nr_nodes, s->trials.v[i].total, s->trials.v[i].weight, s->trials.v[i].base };
	kaslr_likely_values(boot, v, nr);
}

/*
 * Without a total, nothing but likelihood speaks for the place that is shown. An image outside of RAM makes another map of each
 * base: then both ends of a place speak as well as its middle.
 */
static void doubt(const struct search *s, const struct trial *best, struct boot *boot)
{
	struct other_bases others = { 0 };

	for (size_t i = 0; i < s->trials.nr; i++) {
		const struct trial *t = &s->trials.v[i];
		const uint64_t ends[] = { t->place.start, t->place.end - PLACE_ALIGN };

		if (fit_compare(&t->fit, &best->fit))
			continue;
		if (t != best)
			*vec_push(s->arena, &others) = (struct other_base){ t->base, t->weight };
		for (size_t k = 0; s->machine->image_not_ram && k < ARRAY_SIZE(ends); k++)
			if (ends[k] != t->base)
				*vec_push(s->arena, &others) = (struct other_base){ ends[k], t->weight };
	}
	if (others.nr)
		kaslr_doubt(s->begun, boot, best->weight, &others);
}

static void keep_best(struct search *s, struct machine *machine, struct boot *boot)
{
	const struct trial *best = best_trial(s);
	struct phys_ranges elsewhere = { 0 };

	for (size_t i = 0; i < s->trials.nr; i++)
		if (&s->trials.v[i] != best && !fit_compare(&s->trials.v[i].fit, &best->fit))
			*vec_push(s->arena, &elsewhere) = s->trials.v[i].place;
	put_at(s, best->base, machine);
	machine->kernel_elsewhere = elsewhere;
	boot_go_on(s->begun, machine, BOOT_WHOLE, boot);
	if (elsewhere.nr)
		settle_numbers(s, best, boot);
	if (!s->balance_known)
		doubt(s, best, boot);
}

void kaslr_search(struct arena *arena, struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record, struct boot *boot)
{
	struct machine *base = arena_new(arena, struct machine);
	struct boot *begun = arena_new(arena, struct boot);
	struct search s = { .arena = arena, .machine = base, .kernel = kernel, .cmdline = cmdline, .record = record, .begun = begun };
	struct phys_ranges places = { 0 };

	*base = *machine;
	boot_begin(arena, base, kernel, cmdline, record, begun);
	boot_go_on(begun, machine, BOOT_WHOLE, boot);
	if (boot->image_measured && kernel->image.span.known < KNOWN_PROFILE && !boot->balance.silent)
		measure_image(&s, boot);
	if (boot->kernel_base || boot->replay.on || machine->arch == ARCH_MIPS)
		return;
	kaslr_places(arena, boot, &places);
	kaslr_slots(arena, machine, kernel, cmdline, &s.slots);
	s.nr_nodes = boot->nr_nodes;
	s.balance_known = boot->balance.known;
	s.by_total = !boot->balance.known && boot_trait(boot, TRAIT_KASLR_IMAGE) != KASLR_LOW;
	cut_places(&s, &places);
	try_places(&s, boot, &places);
	if (s.trials.nr && best_trial(&s)->fit.misplaced)
		try_beside(&s, &places);
	if (s.trials.nr && best_trial(&s)->fit.pages >= PFN_DOWN(PLACE_ALIGN) / 2 && boot->balance.counts_early)
		try_across(&s, &places, best_trial(&s)->fit.misplaced);
	if (s.trials.nr)
		keep_best(&s, machine, boot);
}
