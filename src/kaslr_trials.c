/*
 * kaslr_trials.c - the same boot with the image at many random places: how its numbers spread, and how often something does
 * not fit.
 *
 * Every slot of the decompressor's is as likely as any other; the CPU entry areas of kernels that randomise them are dealt out
 * likewise. The generator is ours and takes a seed, so that a run can be repeated on any machine.
 */
#include <stdlib.h>

#include "kaslr_slots.h"
#include "mia/arena.h"
#include "mia/ranges.h"
#include "predict.h"

/* Kernel: init_cea_offsets() (arch/x86/mm/cpu_entry_area.c). */
#define ENTRY_SPACE_PAGES (UINT64_C(512) << (30 - PAGE_SHIFT))
#define PAGES_2M 512
#define PAGES_1G (512 * 512)

/* SplitMix64: every seed gives another sequence of full period. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The same as a number below @n, by the high half of the product. */
static uint64_t random_below(uint64_t *state, uint64_t n)
{
	return (uint64_t)((unsigned __int128)next_random(state) * n >> 64);
}

static uint64_t random_slot(const struct predictor *p, uint64_t *state)
{
	uint64_t left = random_below(state, p->out->nr_places) * KASLR_ALIGN;

	for (size_t i = 0; i < p->slots.nr; i++) {
		if (left < phys_len(p->slots.v[i]))
			return p->slots.v[i].start + left;
		left -= phys_len(p->slots.v[i]);
	}
	/* There is but one place. */
	return p->in->kernel_base ? p->in->kernel_base : p->machine->kernel_base;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Tables for the areas of all CPUs: one for the top, one for each GiB and one for each 2 MiB that any of them touches. */
static uint64_t random_entry_tables(struct arena *arena, uint64_t cpus, uint64_t area_pages, uint64_t *state)
{
	uint64_t *at = arena_array(arena, uint64_t, cpus), tables = 1, last_2m = UINT64_MAX, last_1g = UINT64_MAX;

	for (uint64_t i = 0; i < cpus; i++)
		at[i] = random_below(state, ENTRY_SPACE_PAGES / area_pages) * area_pages;
	qsort(at, cpus, sizeof(*at), by_number);
	for (uint64_t i = 0; i < cpus; i++)
		for (uint64_t page = at[i]; page < at[i] + area_pages; page++) {
			tables += page / PAGES_2M != last_2m;
			tables += page / PAGES_1G != last_1g;
			last_2m = page / PAGES_2M;
			last_1g = page / PAGES_1G;
		}
	return tables;
}

/* --- numbers of all trials --- */

struct samples {
	uint64_t *total, *crash_hole;
	uint64_t **managed; /* of each zone */
};

static struct spread spread_of(uint64_t *v, uint64_t nr)
{
	qsort(v, nr, sizeof(*v), by_number);
	return (struct spread){ v[0], v[nr / 20], v[nr / 2], v[nr - 1 - nr / 20], v[nr - 1] };
}

static void list_zones(struct arena *arena, const struct boot *b, struct kaslr_trials *t)
{
	t->zone = arena_array(arena, struct zone_spread, b->nr_nodes * NR_ZONE_TYPES + 1);
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			if (b->node[n].zone[b->zone_order[z]].present)
				t->zone[t->nr_zones++] = (struct zone_spread){ .nid = (int)n, .zone = b->zone_order[z] };
}

static void keep(const struct boot *b, uint64_t trial, const struct samples *s, struct kaslr_trials *t)
{
	s->total[trial] = b->totalram.v;
	s->crash_hole[trial] = phys_len(b->crash_hole_low);
	for (size_t z = 0; z < t->nr_zones; z++)
		s->managed[z][trial] = b->node[t->zone[z].nid].zone[t->zone[z].zone].managed.v;
	t->crash_failed += b->crash_failed_bytes > 0;
	t->gigantic_short += b->gigantic.nr < b->gigantic_asked;
	t->least_gigantic = min_u64(t->least_gigantic, b->gigantic.nr);
	t->swiotlb_failed += phys_len(b->swiotlb) < b->swiotlb_asked_bytes;
	t->image_hit += predict_image_hit(b);
}

static void run_trials(struct predictor *p, struct kaslr_trials *t)
{
	uint64_t state = t->seed, cpus = max_u64(p->machine->possible_cpus, 1), area_pages = max_u64((uint64_t)trait(&p->kernel->traits, TRAIT_ENTRY_AREA_PAGES), 1);
	struct samples samples = { .total = arena_array(p->arena, uint64_t, t->nr), .crash_hole = arena_array(p->arena, uint64_t, t->nr) };

	for (uint64_t i = 0; i < t->nr; i++) {
		uint64_t base = random_slot(p, &state);
		struct boot *boot;

		arena_reset(p->scratch);
		boot = predict_boot_at(p, base, random_entry_tables(p->scratch, cpus, area_pages, &state));
		if (!i) {
			list_zones(p->arena, boot, t);
			samples.managed = arena_array(p->arena, uint64_t *, t->nr_zones + 1);
			for (size_t z = 0; z < t->nr_zones; z++)
				samples.managed[z] = arena_array(p->arena, uint64_t, t->nr);
		}
		keep(boot, i, &samples, t);
	}
	t->mem_total = spread_of(samples.total, t->nr);
	t->crash_hole = spread_of(samples.crash_hole, t->nr);
	for (size_t z = 0; z < t->nr_zones; z++)
		t->zone[z].managed = spread_of(samples.managed[z], t->nr);
}

void kaslr_try(struct predictor *p)
{
	struct kaslr_trials *t = arena_new(p->arena, struct kaslr_trials);

	*t = (struct kaslr_trials){ .nr = p->in->trials, .seed = p->in->seed, .slots = p->out->nr_places, .least_gigantic = UINT64_MAX };
	run_trials(p, t);
	p->out->trials = t;
}
