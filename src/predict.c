/* predict.c - see predict.h. */
#include "predict.h"

#include <string.h>

#include "agreement.h"
#include "kaslr_slots.h"
#include "machine_change.h"
#include "mia/arena.h"
#include "mia/ranges.h"
#include "mia/triage.h"
#include "stages.h"

/* --- boots that may be --- */

/* Number of CPUs that an option names; 0 if it does not. */
static uint64_t cpus_option(const struct predictor *p, const char *name)
{
	const struct cmdline_option *o = cmdline_last(p->cmdline, name);
	uint64_t n;

	return o && str_to_u64(o->value, 10, &n) ? min_u64(n, MAX_CPUS) : 0;
}

/* nr_cpus=, possible_cpus= and maxcpus= are the kernel's to obey; the log that a machine comes from shows what they left. */
static void limit_cpus(struct predictor *p)
{
	struct machine *m = p->machine;
	uint64_t possible = cpus_option(p, "possible_cpus"), limit = cpus_option(p, "nr_cpus"), max = cpus_option(p, "maxcpus");

	if (possible > m->possible_cpus && trait(&p->kernel->traits, TRAIT_POSSIBLE_CPUS_SET))
		machine_add_cpus(p->arena, m, is_known(p->kernel->nr_cpus) ? min_u64(possible, p->kernel->nr_cpus.v) : possible);
	if (possible && possible < m->possible_cpus)
		m->possible_cpus = (uint32_t)possible;
	if (limit && limit < m->possible_cpus)
		m->possible_cpus = (uint32_t)limit;
	if (cmdline_has(p->cmdline, "nosmp"))
		m->possible_cpus = 1;
	if (cmdline_has(p->cmdline, "maxcpus") && max < m->online_cpus)
		m->online_cpus = (uint32_t)max_u64(max, 1);
	m->online_cpus = (uint32_t)min_u64(m->online_cpus, m->possible_cpus);
}

/*
 * A BIOS's map is read until the boot protocol's list is full. EFI's stub hands over what is longer in a second list, of which
 * the kernel's own table takes as much as fits ("too many entries; ignoring").
 */
static void limit_map(struct predictor *p)
{
	struct e820_table *map = &p->machine->e820;
	size_t nodes = p->kernel->has_numa ? MAX_NUMNODES : 1, limit = p->machine->firmware == FIRMWARE_EFI ? E820_TABLE_ENTRIES(nodes) : E820_ZEROPAGE_ENTRIES;

	for (size_t i = limit; i < map->nr; i++) {
		p->out->map_ignored++;
		p->out->map_ignored_bytes = add_sat(p->out->map_ignored_bytes, map->v[i].type == E820_TYPE_RAM ? sub_sat(map->v[i].end, map->v[i].start) : 0);
	}
	map->nr = min_u64(map->nr, limit);
}

/* COMMAND_LINE_SIZE of x86, less the end. */
#define COMMAND_LINE_BYTES 2047

static struct str limited_line(const struct predictor *p)
{
	struct str line = p->in->command_line;

	if (p->kernel->arch != ARCH_MIPS)
		line.n = min_u64(line.n, COMMAND_LINE_BYTES);
	return line;
}

bool predict_entry_areas_random(const struct predictor *p)
{
	return trait(&p->kernel->traits, TRAIT_ENTRY_RANDOM) && trait(&p->kernel->traits, TRAIT_ENTRY_AREA_PAGES) && !cmdline_has(p->cmdline, "nokaslr");
}

struct boot *predict_boot_at(const struct predictor *p, uint64_t base, uint64_t tables)
{
	struct machine *machine = arena_new(p->scratch, struct machine);
	struct boot *boot = arena_new(p->scratch, struct boot);
	struct kernel *kernel = p->kernel;

	*machine = *p->machine;
	machine->kernel_base = base;
	machine->kernel_base_guessed = false;
	if (tables && predict_entry_areas_random(p)) {
		kernel = arena_new(p->scratch, struct kernel);
		*kernel = *p->kernel;
		kernel->traits.t[TRAIT_ENTRY_AREA_PAGES].value = 0;
		kernel->entry_area_pages = (struct quantity){ tables, KNOWN_PROFILE, 0 };
	}
	boot_run_part(p->scratch, machine, kernel, p->cmdline, NULL, BOOT_NUMBERS, boot);
	return boot;
}

bool predict_image_hit(const struct boot *b)
{
	for (size_t i = 0; i < b->said.nr; i++)
		if (b->said.v[i].fact.kind == FACT_KERNEL_NOT_RAM)
			return true;
	return false;
}

/* Slots of one zone, and on one side of what is initialised early: they lead to much the same boot. */
static void split_at_borders(struct arena *arena, const struct boot *b, const struct phys_ranges *slots, struct phys_ranges *ret)
{
	for (size_t i = 0; i < slots->nr; i++)
		for (uint64_t start = slots->v[i].start, end = slots->v[i].end; start < end;) {
			int nid = 0;
			const struct zone *zone = boot_zone_of(b, PFN_DOWN(start), &nid);
			uint64_t border = zone ? PFN_PHYS(zone->span.end) : end, early = zone ? PFN_PHYS(b->node[nid].first_deferred_pfn) : end;

			if (start < early)
				border = min_u64(border, early);
			border = max_u64(min_u64(align_up(border, KASLR_ALIGN), end), start + KASLR_ALIGN);
			*vec_push(arena, ret) = (struct phys_range){ start, border };
			start = border;
		}
}

static uint64_t middle_of(struct phys_range r) { return align_down(r.start + (phys_len(r) - KASLR_ALIGN) / 2, KASLR_ALIGN); }
static uint64_t last_of(struct phys_range r) { return r.end - KASLR_ALIGN; }

static void try_at(struct predictor *p, struct agreement *a, uint64_t base)
{
	arena_reset(p->scratch);
	agreement_add(a, predict_boot_at(p, base, 0));
}


/* The lowest and the highest base of each place; of many places, of the first, the last and the largest. */
static void try_places(struct predictor *p, const struct phys_ranges *places, size_t largest, struct agreement *a)
{
	for (size_t i = 0; i < places->nr; i++) {
		struct phys_range r = places->v[i];

		if (places->nr > PREDICT_MAX_PLACES && i && i != largest && i != places->nr - 1)
			continue;
		try_at(p, a, r.start);
		if (last_of(r) != r.start)
			try_at(p, a, last_of(r));
	}
}

static size_t largest_of(const struct phys_ranges *places)
{
	size_t best = 0;

	for (size_t i = 1; i < places->nr; i++)
		if (phys_len(places->v[i]) > phys_len(places->v[best]))
			best = i;
	return best;
}

/* The boot that stands for all others: the image at @base, or also in other places, which are bases too. */
static struct boot *run_shown(const struct predictor *p, uint64_t base, const struct phys_ranges *elsewhere)
{
	struct machine *machine = arena_new(p->arena, struct machine);
	struct boot *boot = arena_new(p->arena, struct boot);

	*machine = *p->machine;
	machine->kernel_base = base;
	machine->kernel_base_guessed = elsewhere->nr > 0;
	machine->kernel_elsewhere = *elsewhere;
	boot_run(p->arena, machine, p->kernel, p->cmdline, NULL, boot);
	return boot;
}

/* Where nothing random fits, the image stays where it was linked for. */
static void add_default_place(const struct predictor *p, struct phys_ranges *places)
{
	struct phys_range here = { LOAD_ADDRESS, LOAD_ADDRESS + KASLR_ALIGN };

	if (p->machine->firmware != FIRMWARE_EFI && !ranges_contain(&p->slots, LOAD_ADDRESS))
		*vec_push(p->arena, places) = here;
}

/* EFI's loader finds the image a place, the lowest that is free; where it found one before, it will again. */
static bool loader_chooses(const struct predictor *p) { return p->machine->firmware == FIRMWARE_EFI && !kaslr_is_random(p->machine, p->kernel, p->cmdline); }

/* Where the image lies for certain, 0 if nowhere: all but EFI's loaders leave it where it was linked for, unless it is randomised. */
static uint64_t certain_place(const struct predictor *p)
{
	if (p->in->kernel_base)
		return p->in->kernel_base;
	return loader_chooses(p) ? p->machine->kernel_base : 0;
}

/* Where a randomised image may lie, as far as that makes a difference; none where it is known. */
static struct phys_ranges places_of(struct predictor *p)
{
	struct phys_ranges places = { 0 };
	struct boot *first;

	if (!kaslr_is_random(p->machine, p->kernel, p->cmdline) && !loader_chooses(p))
		return places;
	first = predict_boot_at(p, certain_place(p), 0);
	if (first->kernel_base_known)
		return places;
	kaslr_slots(p->arena, p->machine, p->kernel, p->cmdline, &p->slots);
	split_at_borders(p->arena, first, &p->slots, &places);
	if (places.nr)
		kaslr_brk_borders(p->arena, predict_boot_at(p, places.v[0].start, 0), &p->brk_borders);
	add_default_place(p, &places);
	return places;
}

/* A boot of the middle of each place, or part of one where brk lies in another step, stands for all of it. */
static void add_likely(struct predictor *p, struct phys_range part)
{
	const struct boot *b;
	struct zone_numbers *numbers;

	arena_reset(p->scratch);
	b = predict_boot_at(p, middle_of(part), 0);
	numbers = zone_numbers_new(p->arena, b->nr_nodes);
	zone_numbers_keep(b, numbers);
	*vec_push(p->arena, &p->likely) = (struct possible_boot){ numbers, b->nr_nodes, b->totalram.v, phys_len(part), middle_of(part) };
}

static void find_likely(struct predictor *p, const struct phys_ranges *places)
{
	struct phys_ranges parts = { 0 };

	kaslr_cut(p->arena, places, &p->brk_borders, &parts);
	for (size_t i = 0; i < parts.nr; i++)
		add_likely(p, parts.v[i]);
}

static void try_parts(struct predictor *p, struct agreement *a)
{
	for (size_t i = 0; i < p->likely.nr; i++)
		try_at(p, a, p->likely.v[i].base);
	/* Of too many places, one base behind each border. */
	for (size_t i = 0; i < p->brk_borders.nr && !p->likely.nr; i++) {
		if (ranges_contain(&p->slots, p->brk_borders.v[i].start))
			try_at(p, a, p->brk_borders.v[i].start);
	}
}

/* In the middle of the likeliest place, and in many others; of too many places, of the one that has most room. */
static struct boot *run_all(struct predictor *p, struct agreement *a)
{
	struct phys_ranges places = places_of(p);
	size_t largest = largest_of(&places);
	struct boot *boot;

	if (places.nr && places.nr <= PREDICT_MAX_PLACES)
		find_likely(p, &places);
	if (places.nr && loader_chooses(p))
		boot = run_shown(p, places.v[0].start, &places);
	else if (p->likely.nr)
		boot = run_shown(p, p->likely.v[kaslr_likeliest(p->likely.v, p->likely.nr)].base, &places);
	else if (places.nr)
		boot = run_shown(p, middle_of(places.v[largest]), &places);
	else
		boot = run_shown(p, certain_place(p), &places);
	agreement_begin(a, boot, p->out);
	p->out->places = places;
	p->out->nr_places = places.nr ? ranges_bytes(&p->slots) / KASLR_ALIGN : 0;
	try_places(p, &places, largest, a);
	try_parts(p, a);
	if (!loader_chooses(p))
		kaslr_likely_values(boot, p->likely.v, p->likely.nr);
	return boot;
}

void predict_run(struct arena *arena, const struct prediction_inputs *inputs, struct verdict *ret)
{
	struct predictor p = {
		.arena = arena, .scratch = arena_child(arena), .in = inputs, .machine = arena_new(arena, struct machine), .kernel = arena_new(arena, struct kernel),
		.cmdline = arena_new(arena, struct cmdline), .out = arena_new(arena, struct prediction),
	};
	struct agreement agreement;
	struct boot *boot;

	*p.machine = inputs->machine->machine;
	*p.kernel = *inputs->kernel;
	cmdline_parse(arena, limited_line(&p), p.cmdline);
	cmdline_forget(arena, p.cmdline, p.kernel->unknown_options);
	limit_cpus(&p);
	limit_map(&p);
	boot = run_all(&p, &agreement);
	predict_declare(&p, &agreement, boot);
	if (inputs->trials)
		kaslr_try(&p);
	arena_destroy(p.scratch);
	*ret = (struct verdict){ .machine = boot->machine, .kernel = p.kernel, .boot = boot, .prediction = p.out, .nr_boots = 1 };
	ledger_build(arena, ret);
	gaps_collect(arena, ret);
	ret->broken = machine_check(arena, ret);
	triage_run(arena, NULL, ret);
	predict_answer(&p, ret);
}
