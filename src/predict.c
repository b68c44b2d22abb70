/* predict.c - see predict.h. */
#include "predict.h"

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

static bool entry_areas_random(const struct predictor *p)
{
	return trait(&p->kernel->traits, TRAIT_ENTRY_RANDOM) && trait(&p->kernel->traits, TRAIT_ENTRY_AREA_PAGES) && !cmdline_has(p->cmdline, "nokaslr");
}

void predict_boot_at(const struct predictor *p, struct arena *arena, uint64_t base, uint64_t tables, struct boot *ret)
{
	struct machine *machine = arena_new(arena, struct machine);
	struct kernel *kernel = p->kernel;

	*machine = *p->machine;
	machine->kernel_base = base;
	machine->kernel_base_guessed = false;
	if (tables && entry_areas_random(p)) {
		kernel = arena_new(arena, struct kernel);
		*kernel = *p->kernel;
		kernel->traits.t[TRAIT_ENTRY_AREA_PAGES].value = 0;
		kernel->entry_area_pages = (struct quantity){ tables, KNOWN_PROFILE, 0 };
	}
	boot_run(arena, machine, kernel, p->cmdline, NULL, ret);
}

bool predict_image_hit(const struct boot *b)
{
	for (size_t i = 0; i < b->said.nr; i++)
		if (b->said.v[i].fact.kind == FACT_KERNEL_NOT_RAM)
			return true;
	return false;
}

struct boots {
	struct boot **v;
	size_t nr, cap;
};

static struct boot *run_at(const struct predictor *p, struct boots *boots, uint64_t base)
{
	struct boot *boot = arena_new(p->arena, struct boot);

	predict_boot_at(p, p->arena, base, 0, boot);
	*vec_push(p->arena, boots) = boot;
	return boot;
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

/* The lowest, the middle and the highest base of each place; of many places, of the first, the last and the largest. */
static void try_places(const struct predictor *p, const struct phys_ranges *places, size_t largest, struct boots *boots)
{
	for (size_t i = 0; i < places->nr; i++) {
		struct phys_range r = places->v[i];

		if (places->nr > MAX_PLACES && i && i != largest && i != places->nr - 1)
			continue;
		run_at(p, boots, r.start);
		if (last_of(r) != r.start)
			run_at(p, boots, last_of(r));
		if (i != largest && middle_of(r) != r.start && middle_of(r) != last_of(r))
			run_at(p, boots, middle_of(r));
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

/* The boot that stands for all others: the image in the middle of the place that has most room. */
static struct boot *run_guessed(const struct predictor *p, struct boots *boots, uint64_t base, const struct phys_ranges *elsewhere)
{
	struct machine *machine = arena_new(p->arena, struct machine);
	struct boot *boot = arena_new(p->arena, struct boot);

	*machine = *p->machine;
	machine->kernel_base = base;
	machine->kernel_base_guessed = true;
	machine->kernel_elsewhere = *elsewhere;
	boot_run(p->arena, machine, p->kernel, p->cmdline, NULL, boot);
	*vec_push(p->arena, boots) = boot;
	return boot;
}

/* Where nothing random fits, the image stays where it was linked for. */
#define LOAD_ADDRESS (16 * MIB)

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

static struct boot *run_all(struct predictor *p, struct boots *boots)
{
	bool random = kaslr_is_random(p->machine, p->kernel, p->cmdline);
	struct boot *first = run_at(p, boots, certain_place(p, random));
	struct phys_ranges places = { 0 };
	size_t largest;

	if (first->kernel_base_known || !random)
		return first;
	kaslr_slots(p->arena, p->machine, p->kernel, p->cmdline, &p->slots);
	split_at_borders(p->arena, first, &p->slots, &places);
	add_default_place(p, &places);
	if (!places.nr)
		return first;
	boots->nr = 0;
	p->out->places = places;
	p->out->nr_places = ranges_bytes(&p->slots) / KASLR_ALIGN;
	largest = largest_of(&places);
	try_places(p, &places, largest, boots);
	return run_guessed(p, boots, middle_of(places.v[largest]), &places);
}

/* --- how far they agree --- */

static void widen(struct amount *a, const struct amount *other)
{
	a->min = min_u64(a->min, other->v);
	a->max = max_u64(a->max, other->v);
}

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

/* One on each level. */
#define LEAST_ENTRY_TABLES 3

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
	less = sub_sat(usual, LEAST_ENTRY_TABLES);
	more = sub_sat(1 + 4 * cpus, usual);
	zone->managed.min = sub_sat(zone->managed.min, more);
	zone->managed.max = min_u64(zone->present, zone->managed.max + less);
	boot->totalram.min = sub_sat(boot->totalram.min, more);
	boot->totalram.max += less;
}

static void compare_amounts(struct predictor *p, const struct boots *boots, struct boot *boot)
{
	boot->totalram.min = boot->totalram.max = boot->totalram.v;
	for (size_t i = 0; i < boots->nr; i++)
		widen(&boot->totalram, &boots->v[i]->totalram);
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++) {
			struct amount *m = &boot->node[n].zone[z].managed;

			m->min = m->max = m->v;
			for (size_t i = 0; i < boots->nr; i++)
				widen(m, &boots->v[i]->node[n].zone[z].managed);
		}
	doubt_untried(p, boot);
	if (p->out->unknown[UNKNOWN_ENTRY_AREAS])
		doubt_entry_areas(p, boot);
}

/* An image that stands outside of what memmap= leaves becomes memory again. */
static bool same_extents(const struct zone *a, const struct zone *b)
{
	return a->span.start == b->span.start && a->spanned == b->spanned && a->present == b->present;
}

static bool same_marks(const struct zone *a, const struct zone *b)
{
	if (a->min != b->min || a->low != b->low || a->high != b->high || a->promo != b->promo)
		return false;
	for (size_t z = 0; z < NR_ZONE_TYPES; z++)
		if (a->protection[z] != b->protection[z])
			return false;
	return true;
}

static bool same_lists(const struct zone *a, const struct zone *b)
{
	return a->pcp_high == b->pcp_high && a->pcp_high_min == b->pcp_high_min && a->pcp_high_max == b->pcp_high_max && a->pcp_batch == b->pcp_batch && a->stat_threshold == b->stat_threshold;
}

static bool same_zones(const struct boot *a, const struct boot *b, bool (*same)(const struct zone *, const struct zone *))
{
	for (size_t n = 0; n < a->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			if (!same(&a->node[n].zone[z], &b->node[n].zone[z]))
				return false;
	return true;
}

static bool same_range(struct phys_range a, struct phys_range b) { return a.start == b.start && a.end == b.end; }

static bool same_places(const struct boot *a, const struct boot *b)
{
	if (!same_range(a->crashkernel, b->crashkernel) || !same_range(a->cma, b->cma) || !same_range(a->swiotlb, b->swiotlb) || a->gigantic.nr != b->gigantic.nr)
		return false;
	for (size_t i = 0; i < a->gigantic.nr; i++)
		if (!same_range(a->gigantic.v[i], b->gigantic.v[i]))
			return false;
	return true;
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

static void settle_groups(struct prediction *p, const struct boots *boots, const struct boot *b)
{
	bool extents = true, marks = true, lists = true, places = true;

	for (size_t i = 0; i < boots->nr; i++) {
		extents &= same_zones(b, boots->v[i], same_extents);
		marks &= same_zones(b, boots->v[i], same_marks) && b->min_free_kbytes == boots->v[i]->min_free_kbytes;
		lists &= same_zones(b, boots->v[i], same_lists);
		places &= same_places(b, boots->v[i]);
	}
	SETTLE(p, GEOMETRY, extents, UNKNOWN_IMAGE_PLACE, UNKNOWN_FIRMWARE_MAP);
	SETTLE(p, MANAGED, managed_is_one(b), UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES);
	SETTLE(p, MEM_TOTAL, b->totalram.min == b->totalram.max, UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES);
	SETTLE(p, WATERMARKS, marks, UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_INITRD);
	SETTLE(p, PCP, lists, UNKNOWN_IMAGE_PLACE, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_INITRD);
	SETTLE(p, PLACES, places, UNKNOWN_IMAGE_PLACE, UNKNOWN_KERNEL_SIZES, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_INITRD);
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

static void find_unknowns(struct predictor *p, const struct boot *boot)
{
	bool *unknown = p->out->unknown;

	for (size_t i = 0; i < NR_UNKNOWNS; i++)
		unknown[i] = p->in->unknown[i];
	unknown[UNKNOWN_IMAGE_PLACE] |= p->out->places.nr > 0;
	unknown[UNKNOWN_ENTRY_AREAS] |= entry_areas_random(p);
	unknown[UNKNOWN_KERNEL_SIZES] |= !p->kernel->has_profile || frees_unknown(p, boot);
	unknown[UNKNOWN_FIRMWARE_TABLES] |= p->machine->firmware == FIRMWARE_EFI && !p->machine->efi.nr;
}

static void declare(struct predictor *p, const struct boots *boots, struct boot *boot)
{
	struct prediction *out = p->out;

	out->nr_boots = boots->nr;
	find_unknowns(p, boot);
	compare_amounts(p, boots, boot);
	settle_groups(out, boots, boot);
	settle_amount(&out->group[GROUP_MEM_TOTAL], &boot->totalram);
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			settle_amount(&out->group[GROUP_MANAGED], &boot->node[n].zone[z].managed);
	for (size_t i = 0; i < boots->nr; i++) {
		out->crash_failed += boots->v[i]->crash_failed_bytes > 0;
		out->gigantic_short += boots->v[i]->gigantic.nr < boots->v[i]->gigantic_asked;
		out->image_hit += predict_image_hit(boots->v[i]);
		out->crash_hole_min = min_u64(i ? out->crash_hole_min : UINT64_MAX, phys_len(boots->v[i]->crash_hole_low));
		out->crash_hole_max = max_u64(out->crash_hole_max, phys_len(boots->v[i]->crash_hole_low));
	}
}

struct mia_error *predict_run(struct arena *arena, const struct prediction_inputs *inputs, struct verdict *ret)
{
	struct predictor p = {
		.arena = arena, .in = inputs, .machine = arena_new(arena, struct machine), .kernel = arena_new(arena, struct kernel), .cmdline = arena_new(arena, struct cmdline),
		.out = arena_new(arena, struct prediction),
	};
	struct boots boots = { 0 };
	struct mia_error *error;
	struct boot *boot;

	*p.machine = inputs->machine->machine;
	*p.kernel = *inputs->kernel;
	cmdline_parse(arena, inputs->command_line, p.cmdline);
	limit_cpus(p.machine, p.cmdline);
	boot = run_all(&p, &boots);
	declare(&p, &boots, boot);
	error = inputs->trials ? kaslr_try(&p) : NULL;
	if (error)
		return error;
	*ret = (struct verdict){ .machine = boot->machine, .kernel = p.kernel, .boot = boot, .prediction = p.out, .nr_boots = 1 };
	ledger_build(arena, ret);
	gaps_collect(arena, ret);
	ret->broken = machine_check(arena, ret);
	triage_run(arena, NULL, ret);
	predict_answer(&p, ret);
	return NULL;
}
