/* predict.c - see predict.h. */
#include "predict.h"

#include "agreement.h"
#include "kaslr_slots.h"
#include "mia/arena.h"
#include "mia/ranges.h"
#include "mia/triage.h"
#include "stages.h"

/* --- names --- */

const char *unknown_name(enum unknown_id id)
{
	static const char *const names[] = {
#define UNKNOWN(id, name, title) name,
#include "mia/unknowns.def"
#undef UNKNOWN
	};

	return names[id];
}

const char *unknown_title(enum unknown_id id)
{
	static const char *const titles[] = {
#define UNKNOWN(id, name, title) title,
#include "mia/unknowns.def"
#undef UNKNOWN
	};

	return titles[id];
}

const char *value_group_name(enum value_group group)
{
	static const char *const names[] = {
#define VALUE_GROUP(id, name, title) name,
#include "mia/value_groups.def"
#undef VALUE_GROUP
	};

	return names[group];
}

const char *value_group_title(enum value_group group)
{
	static const char *const titles[] = {
#define VALUE_GROUP(id, name, title) title,
#include "mia/value_groups.def"
#undef VALUE_GROUP
	};

	return titles[group];
}

/* --- boots that may be --- */

/* nr_cpus=, possible_cpus= and maxcpus= are the kernel's to obey; the log that a machine comes from shows what they left. */
static void limit_cpus(struct machine *m, const struct cmdline *cmdline)
{
	static const char *const possible[] = { "nr_cpus", "possible_cpus" };
	const struct cmdline_option *max = cmdline_last(cmdline, "maxcpus");
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(possible); i++) {
		const struct cmdline_option *o = cmdline_last(cmdline, possible[i]);

		if (o && str_to_u64(o->value, 10, &n) && n && n < m->possible_cpus)
			m->possible_cpus = (uint32_t)n;
	}
	if (cmdline_has(cmdline, "nosmp"))
		m->possible_cpus = 1;
	if (max && str_to_u64(max->value, 10, &n) && n < m->online_cpus)
		m->online_cpus = (uint32_t)max_u64(n, 1);
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

static bool entry_areas_random(const struct predictor *p)
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
	if (tables && entry_areas_random(p)) {
		kernel = arena_new(p->scratch, struct kernel);
		*kernel = *p->kernel;
		kernel->traits.t[TRAIT_ENTRY_AREA_PAGES].value = 0;
		kernel->entry_area_pages = (struct quantity){ tables, KNOWN_PROFILE, 0 };
	}
	boot_run_one_of_many(p->scratch, machine, kernel, p->cmdline, NULL, boot);
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

/* More places than this are not tried one by one. */
#define MAX_PLACES 16

static uint64_t middle_of(struct phys_range r) { return align_down(r.start + (phys_len(r) - KASLR_ALIGN) / 2, KASLR_ALIGN); }
static uint64_t last_of(struct phys_range r) { return r.end - KASLR_ALIGN; }

static void try_at(struct predictor *p, struct agreement *a, uint64_t base)
{
	arena_reset(p->scratch);
	agreement_add(a, predict_boot_at(p, base, 0));
}

/* The lowest, the middle and the highest base of each place; of many places, of the first, the last and the largest. */
static void try_places(struct predictor *p, const struct phys_ranges *places, size_t largest, struct agreement *a)
{
	for (size_t i = 0; i < places->nr; i++) {
		struct phys_range r = places->v[i];

		if (places->nr > MAX_PLACES && i && i != largest && i != places->nr - 1)
			continue;
		try_at(p, a, r.start);
		if (last_of(r) != r.start)
			try_at(p, a, last_of(r));
		if (i != largest && middle_of(r) != r.start && middle_of(r) != last_of(r))
			try_at(p, a, middle_of(r));
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

/*
 * Where the image lies for certain, 0 if nowhere: EFI's loader found it a place before; all others leave it where it was linked
 * for, unless it is randomised.
 */
static uint64_t certain_place(const struct predictor *p, bool random)
{
	if (p->in->kernel_base)
		return p->in->kernel_base;
	return !random && p->machine->firmware == FIRMWARE_EFI ? p->machine->kernel_base : 0;
}

/* Where a randomised image may lie, as far as that makes a difference; none where it is known. */
static struct phys_ranges places_of(struct predictor *p)
{
	struct phys_ranges places = { 0 };
	struct boot *first;

	if (!kaslr_is_random(p->machine, p->kernel, p->cmdline))
		return places;
	first = predict_boot_at(p, certain_place(p, true), 0);
	if (first->kernel_base_known)
		return places;
	kaslr_slots(p->arena, p->machine, p->kernel, p->cmdline, &p->slots);
	split_at_borders(p->arena, first, &p->slots, &places);
	add_default_place(p, &places);
	return places;
}

/* In the middle of the place that has most room, and in many others. */
static struct boot *run_all(struct predictor *p, struct agreement *a)
{
	struct phys_ranges places = places_of(p);
	size_t largest = largest_of(&places);
	struct boot *boot;

	if (places.nr)
		boot = run_shown(p, middle_of(places.v[largest]), &places);
	else
		boot = run_shown(p, certain_place(p, kaslr_is_random(p->machine, p->kernel, p->cmdline)), &places);
	agreement_begin(a, boot, p->out);
	p->out->places = places;
	p->out->nr_places = places.nr ? ranges_bytes(&p->slots) / KASLR_ALIGN : 0;
	try_places(p, &places, largest, a);
	return boot;
}

/* --- what is not known however many boots are tried --- */

/* Pages of page tables that move between brk and memblock with the image. */
#define TABLE_DOUBT_PAGES 16

/* What the image keeps to the end. */
static uint64_t kept_pages(const struct boot *b)
{
	uint64_t kept = PFN_UP(phys_len(b->image)) + PFN_UP(phys_len(b->brk));

	for (size_t i = 0; i < b->late.nr; i++)
		if (b->late.v[i].kind == LATE_ALTERNATIVES || (b->late.v[i].kind >= LATE_INITMEM && b->late.v[i].kind <= LATE_DECRYPTED))
			kept = sub_sat(kept, b->late.v[i].pages);
	return kept;
}

/* A zone in which the image may lie, and in no boot that was tried did. */
static void doubt_untried(struct predictor *p, struct boot *boot)
{
	uint64_t kept = kept_pages(boot);

	for (size_t i = 0; p->out->places.nr > MAX_PLACES && i < p->out->places.nr; i++) {
		struct zone *zone = boot_zone_of(boot, PFN_DOWN(p->out->places.v[i].start), NULL);

		if (!zone)
			continue;
		zone->managed.min = min_u64(zone->managed.min, sub_sat(zone->managed.max, kept + TABLE_DOUBT_PAGES));
		zone->managed.max = min_u64(zone->present, zone->managed.max + TABLE_DOUBT_PAGES);
	}
}

/*
 * Each CPU's area has a table of two levels of its own, unless two of them come to lie close together, or one over a border.
 */
static void doubt_entry_areas(const struct predictor *p, struct boot *boot)
{
	uint64_t cpus = max_u64(p->machine->possible_cpus, 1), usual = 0, less, more;
	struct zone *zone = NULL;

	for (size_t i = 0; i < boot->allocations.nr; i++) {
		if (boot->allocations.v[i].owner != OWNER_ENTRY_AREA)
			continue;
		zone = zone ? zone : boot_zone_of(boot, PFN_DOWN(boot->allocations.v[i].base), NULL);
		usual++;
	}
	if (!zone)
		return;
	less = entry_area_spare(boot);
	more = sub_sat(1 + 4 * cpus, usual);
	zone->managed.min = sub_sat(zone->managed.min, more);
	zone->managed.max = min_u64(zone->present, zone->managed.max + less);
	boot->totalram.min = sub_sat(boot->totalram.min, more);
	boot->totalram.max += less;
}

static bool managed_is_one(const struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			if (b->node[n].zone[z].managed.min != b->node[n].zone[z].managed.max)
				return false;
	return true;
}

/* --- what each group of values depends on --- */

/* Unknowns that leave only a guess, and those that leave a range. */
static bool is_guess(enum unknown_id id) { return id != UNKNOWN_IMAGE_PLACE && id != UNKNOWN_ENTRY_AREAS; }

static void settle_group(const struct prediction *p, struct group_basis *g, const enum unknown_id *may, size_t nr, bool agree)
{
	g->basis = AMOUNT_EXACT;
	for (size_t i = 0; i < nr; i++) {
		bool counts = p->unknown[may[i]] && (may[i] != UNKNOWN_IMAGE_PLACE || !agree);

		g->because[may[i]] = counts;
		if (counts)
			g->basis = is_guess(may[i]) ? AMOUNT_ESTIMATED : g->basis == AMOUNT_EXACT ? AMOUNT_BOUNDED : g->basis;
	}
}

#define SETTLE(p, group_id, agree, ...)                                                                               \
	settle_group(p, &(p)->group[GROUP_##group_id], (const enum unknown_id[]){ __VA_ARGS__ }, sizeof((enum unknown_id[]){ __VA_ARGS__ }) / sizeof(enum unknown_id), agree)

static void settle_groups(struct prediction *p, const struct agreement *a, const struct boot *b)
{
	SETTLE(p, GEOMETRY, a->extents, UNKNOWN_IMAGE_PLACE, UNKNOWN_FIRMWARE_MAP);
	SETTLE(p, MANAGED, managed_is_one(b), UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES);
	SETTLE(p, MEM_TOTAL, b->totalram.min == b->totalram.max, UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES);
	SETTLE(p, WATERMARKS, a->marks, UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_INITRD);
	SETTLE(p, PCP, a->lists, UNKNOWN_IMAGE_PLACE, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_INITRD);
	SETTLE(p, PLACES, a->places, UNKNOWN_IMAGE_PLACE, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_INITRD);
}

/* A zone whose pages are the same in all boots is exact, even where others are not. */
static void settle_amount(const struct group_basis *g, struct amount *a)
{
	a->basis = g->basis == AMOUNT_ESTIMATED ? AMOUNT_ESTIMATED : a->min == a->max ? AMOUNT_EXACT : AMOUNT_BOUNDED;
}

/* Something of the image comes back whose size no boot of this build has shown. */
static bool frees_unknown(const struct predictor *p, const struct boot *boot)
{
	const struct kernel *k = p->kernel;

	return !is_known(k->initmem_kib) || (!is_known(k->alternatives_kib) && boot->machine->possible_cpus == 1 && alternatives_come_back(boot));
}

/* Every log with memblock's own lines shows it: where another kernel lent it, other sizes are not the build's own either. */
static bool sizes_lent(const struct kernel *k) { return k->real_mode.known == KNOWN_NEIGHBOUR; }

static void find_unknowns(struct predictor *p, const struct boot *boot)
{
	bool *unknown = p->out->unknown;

	for (size_t i = 0; i < NR_UNKNOWNS; i++)
		unknown[i] = p->in->unknown[i];
	unknown[UNKNOWN_IMAGE_PLACE] |= p->out->places.nr > 0;
	unknown[UNKNOWN_ENTRY_AREAS] |= entry_areas_random(p);
	unknown[UNKNOWN_KERNEL_SIZES] |= !p->kernel->has_profile || sizes_lent(p->kernel) || frees_unknown(p, boot);
	unknown[UNKNOWN_FIRMWARE_TABLES] |= p->machine->firmware == FIRMWARE_EFI && !p->machine->efi.nr;
}

static void declare(struct predictor *p, const struct agreement *a, struct boot *boot)
{
	struct prediction *out = p->out;

	find_unknowns(p, boot);
	doubt_untried(p, boot);
	if (out->unknown[UNKNOWN_ENTRY_AREAS])
		doubt_entry_areas(p, boot);
	settle_groups(out, a, boot);
	settle_amount(&out->group[GROUP_MEM_TOTAL], &boot->totalram);
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			settle_amount(&out->group[GROUP_MANAGED], &boot->node[n].zone[z].managed);
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
	limit_cpus(p.machine, p.cmdline);
	limit_map(&p);
	boot = run_all(&p, &agreement);
	declare(&p, &agreement, boot);
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
