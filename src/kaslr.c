/*
 * kaslr.c - see kaslr.h.
 *
 * Kernel: find_random_phys_addr(), process_mem_region(), mem_avoid_init() (arch/x86/boot/compressed/kaslr.c).
 */
#include "kaslr.h"

#include <string.h>

#include "mia/arena.h"
#include "stages.h"

#define LOAD_ADDRESS (16 * MIB)
#define LOW_LIMIT (512 * MIB)
#define PLACE_ALIGN (2 * MIB)

/* --- where it may lie --- */

/* The lowest address tried, and where the packed kernel itself stands while it unpacks. */
static uint64_t lowest(const struct boot *b, uint64_t bytes)
{
	(void)bytes;
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

/* The border that a region crosses: the end of the zone that its start lies in, and the end of initialised struct pages. */
static uint64_t next_border(const struct boot *b, uint64_t start)
{
	int nid = 0;
	const struct zone *zone = boot_zone_of(b, PFN_DOWN(start), &nid);
	uint64_t end = zone ? PFN_PHYS(zone->span.end) : UINT64_MAX, deferred = UINT64_MAX;

	if (zone && b->node[nid].first_deferred_pfn != UINT64_MAX)
		deferred = PFN_PHYS(b->node[nid].first_deferred_pfn);
	return start < deferred ? min_u64(end, deferred) : end;
}

void kaslr_places(struct arena *arena, const struct boot *b, struct phys_ranges *ret)
{
	uint64_t bytes = image_bytes(b), limit = boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_LOW ? LOW_LIMIT : UINT64_MAX;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		uint64_t start = max_u64(b->memblock.memory.v[i].base, lowest(b, bytes)), end = min_u64(b->memblock.memory.v[i].end, limit);

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

/* Addresses that the model chose, against those that were said: how many differ. */
static unsigned misplaced(const struct boot *b)
{
	static const enum fact_kind kinds[] = { FACT_NODE_DATA, FACT_NODE_DATA_OLD, FACT_RAMDISK_NEW, FACT_CRASHKERNEL, FACT_CRASHKERNEL_HEX, FACT_CRASHKERNEL_LOW, FACT_CRASHKERNEL_LOW_HEX, FACT_CMA_RESERVED, FACT_CMA_RESERVED_NODE, FACT_SWIOTLB };
	unsigned nr = 0;

	for (size_t i = 0; i < b->said.nr; i++) {
		const struct fact *mine = &b->said.v[i].fact, *theirs = NULL;
		size_t before = 0;
		bool wanted = false;

		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			wanted |= mine->kind == kinds[k];
		if (!wanted)
			continue;
		for (size_t j = 0; j < i; j++)
			before += b->said.v[j].fact.kind == mine->kind;
		for (each_fact(f, &b->record->log, (enum fact_kind)mine->kind))
			if (!before--) {
				theirs = f;
				break;
			}
		nr += theirs && memcmp(mine->v, theirs->v, sizeof(mine->v));
	}
	return nr;
}

struct fit {
	unsigned misplaced;
	uint64_t pages; /* that do not add up */
};

static uint64_t magnitude(int64_t v) { return v < 0 ? (uint64_t)-v : (uint64_t)v; }

/* The image lies among the pages that are initialised before the other CPUs run. */
static bool image_is_early(const struct boot *b)
{
	int nid = 0;

	return boot_zone_of(b, PFN_DOWN(b->kernel_base), &nid) && PFN_DOWN(b->kernel_base) < b->node[nid].first_deferred_pfn;
}

static struct fit fit_of(const struct boot *b)
{
	struct fit fit = { .misplaced = misplaced(b) };
	int64_t share;

	if (!b->balance.known)
		return fit;
	/* What an estimated image is too small by says nothing about its place. */
	share = balance_image_share(b, b->balance.residue);
	fit.pages = magnitude(b->balance.residue - share);
	if (b->balance.counts_early)
		fit.pages += magnitude(b->balance.early_residue - (image_is_early(b) ? share : 0));
	return fit;
}

static int fit_compare(const struct fit *a, const struct fit *b)
{
	if (a->misplaced != b->misplaced)
		return a->misplaced < b->misplaced ? -1 : 1;
	return a->pages < b->pages ? -1 : a->pages > b->pages;
}

struct trial {
	struct phys_range place;
	struct fit fit;
	struct boot *boot;
};

static void run_at(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record, uint64_t base, struct boot *ret)
{
	struct machine *m = arena_new(arena, struct machine);

	*m = *machine;
	m->kernel_base = base;
	m->kernel_base_guessed = true;
	boot_run(arena, m, kernel, cmdline, record, ret);
}

/*
 * Where brk shows the end of an image of estimated size, its start is one of few borders of 2 MiB: the balance chooses.
 */
static void measure_image(struct arena *arena, struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record, struct boot *boot)
{
	for (int step = -1; step <= 1; step += 2) {
		struct kernel *other = arena_new(arena, struct kernel);
		struct boot *trial = arena_new(arena, struct boot);
		uint64_t span = kernel->image.span.v;

		*other = *kernel;
		other->image.span.v = step < 0 ? sub_sat(span, 2 * MIB) : span + 2 * MIB;
		boot_run(arena, machine, other, cmdline, record, trial);
		if (trial->balance.known && magnitude(trial->balance.residue) < magnitude(boot->balance.residue))
			*boot = *trial;
	}
}

void kaslr_search(struct arena *arena, struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record, struct boot *boot)
{
	struct phys_ranges places = { 0 };
	struct trial *trial;
	size_t best = 0;

	boot_run(arena, machine, kernel, cmdline, record, boot);
	if (boot->image_measured && kernel->image.span.known < KNOWN_PROFILE)
		measure_image(arena, machine, kernel, cmdline, record, boot);
	if (boot->kernel_base || boot->replay.on || machine->arch == ARCH_MIPS)
		return;
	kaslr_places(arena, boot, &places);
	if (!places.nr)
		return;
	trial = arena_array(arena, struct trial, places.nr);
	for (size_t i = 0; i < places.nr; i++) {
		trial[i].place = places.v[i];
		trial[i].boot = arena_new(arena, struct boot);
		run_at(arena, machine, kernel, cmdline, record, align_down(places.v[i].start + phys_len(places.v[i]) / 2, PLACE_ALIGN), trial[i].boot);
		trial[i].fit = fit_of(trial[i].boot);
	}
	for (size_t i = 1; i < places.nr; i++) {
		int c = fit_compare(&trial[i].fit, &trial[best].fit);

		if (c < 0 || (c == 0 && phys_len(trial[i].place) > phys_len(trial[best].place)))
			best = i;
	}
	machine->kernel_base = trial[best].boot->kernel_base;
	machine->kernel_base_guessed = true;
	for (size_t i = 0; i < places.nr; i++)
		if (i != best && !fit_compare(&trial[i].fit, &trial[best].fit))
			*vec_push(arena, &machine->kernel_elsewhere) = trial[i].place;
	boot_run(arena, machine, kernel, cmdline, record, boot);
}
