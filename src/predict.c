/* predict.c - see predict.h. */
#include "predict.h"

#include "kaslr.h"
#include "mia/arena.h"
#include "mia/learn.h"
#include "stages.h"

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

/* --- the kernel of a boot at hand --- */

/* Lines of a log that was another boot's prove nothing here. */
static void forget_lines(struct kernel *k)
{
#define QUANTITY(member, shared, group, key, doc)                                                                     \
	k->member.line = 0;                                                                                           \
	if (k->member.known == KNOWN_SAID)                                                                            \
		k->member.known = KNOWN_PROFILE;
#include "mia/quantities.def"
#undef QUANTITY
	for (size_t i = 1; i < NR_TRAITS; i++)
		k->traits.t[i].line = 0;
}

/* The size of low memory was said for the vmalloc= of that boot. */
static void without_vmalloc_option(const struct cmdline *cmdline, struct kernel *k)
{
	const struct cmdline_option *vmalloc = cmdline_last(cmdline, "vmalloc");

	if (vmalloc && vmalloc->value.p && k->low_ram_limit.known == KNOWN_SAID)
		k->low_ram_limit.v += vmalloc_reserve(vmalloc->value) - 128 * MIB;
}

/* What the Memory: line tells about an image of estimated size, and about small reservations that no stage knows. */
static void learn_from_balance(const struct verdict *v, struct kernel *k)
{
	const struct boot *b = v->boot;

	if (k->image.span.known < KNOWN_PROFILE && phys_len(b->image))
		k->image.span.v = phys_len(b->image) + PFN_PHYS((uint64_t)b->balance.image_pages);
}

void kernel_of_boot(struct arena *arena, const struct verdict *v, struct kernel *ret)
{
	struct kernel learnt = { 0 };

	*ret = *v->kernel;
	if (!ret->has_profile) {
		learn_boot(arena, v->record, v->boot, &learnt);
		learnt.image_in_2m = ret->image_in_2m;
		learnt.cma_denied = ret->cma_denied;
		*ret = learnt;
		learn_from_balance(v, ret);
	}
	without_vmalloc_option(v->boot->cmdline, ret);
	forget_lines(ret);
}

/* --- boots that may be --- */

struct boots {
	struct boot **v;
	size_t nr, cap;
};

struct predictor {
	struct arena *arena;
	const struct prediction_inputs *in;
	struct machine *machine;
	struct kernel *kernel;
	struct cmdline *cmdline;
	struct boots boots;
};

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

/* Is the image's place left to chance? */
static bool image_is_random(const struct predictor *p)
{
	return trait(&p->kernel->traits, TRAIT_KASLR_IMAGE) != KASLR_FIXED && !cmdline_has(p->cmdline, "nokaslr");
}

static struct boot *run_at(struct predictor *p, uint64_t base, bool guessed)
{
	struct machine *machine = arena_new(p->arena, struct machine);
	struct boot *boot = arena_new(p->arena, struct boot);

	*machine = *p->machine;
	machine->kernel_base = base;
	machine->kernel_base_guessed = guessed;
	boot_run(p->arena, machine, p->kernel, p->cmdline, NULL, boot);
	*vec_push(p->arena, &p->boots) = boot;
	return boot;
}

#define PLACE_ALIGN (2 * MIB)

/* The lowest, the middle and the highest base of each place; the middle of the largest one stands for all of them. */
static struct boot *try_places(struct predictor *p, const struct phys_ranges *places)
{
	struct boot *ret = NULL;
	uint64_t largest = 0;

	for (size_t i = 0; i < places->nr; i++) {
		struct phys_range r = places->v[i];
		uint64_t middle = align_down(r.start + phys_len(r) / 2, PLACE_ALIGN), last = align_down(r.end - 1, PLACE_ALIGN);
		struct boot *boot = run_at(p, middle, true);

		if (r.start != middle)
			run_at(p, r.start, true);
		if (last != middle && last != r.start)
			run_at(p, last, true);
		if (phys_len(r) > largest) {
			largest = phys_len(r);
			ret = boot;
		}
	}
	return ret;
}

static struct boot *run_all(struct predictor *p, struct prediction *prediction)
{
	struct boot *first = run_at(p, image_is_random(p) ? p->in->kernel_base : p->machine->kernel_base, false), *chosen;

	if (first->kernel_base_known || !image_is_random(p) || p->machine->arch == ARCH_MIPS)
		return first;
	kaslr_places(p->arena, first, &prediction->places);
	p->boots.nr = 0;
	chosen = try_places(p, &prediction->places);
	return chosen ? chosen : run_at(p, 0, false);
}

/* --- how far they agree --- */

static void widen(struct amount *a, const struct amount *other)
{
	a->min = min_u64(a->min, other->v);
	a->max = max_u64(a->max, other->v);
}

static void settle(struct amount *a, const struct group_basis *doubt)
{
	for (size_t i = 0; i < NR_UNKNOWNS; i++)
		if (doubt->because[i] && i != UNKNOWN_IMAGE_PLACE) {
			a->basis = AMOUNT_ESTIMATED;
			return;
		}
	a->basis = a->min == a->max ? AMOUNT_EXACT : AMOUNT_BOUNDED;
}

static void compare_amounts(struct predictor *p, struct boot *boot)
{
	boot->totalram.min = boot->totalram.max = boot->totalram.v;
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++) {
			struct amount *m = &boot->node[n].zone[z].managed;

			m->min = m->max = m->v;
			for (size_t i = 0; i < p->boots.nr; i++)
				widen(m, &p->boots.v[i]->node[n].zone[z].managed);
		}
	for (size_t i = 0; i < p->boots.nr; i++)
		widen(&boot->totalram, &p->boots.v[i]->totalram);
}

static void declare(struct predictor *p, struct prediction *prediction, struct boot *boot)
{
	struct group_basis *group = prediction->group;

	memcpy(prediction->unknown, p->in->unknown, sizeof(prediction->unknown));
	prediction->unknown[UNKNOWN_IMAGE_PLACE] = prediction->places.nr > 0;
	prediction->unknown[UNKNOWN_KERNEL_SIZES] |= !p->kernel->has_profile;
	compare_amounts(p, boot);
	for (size_t i = 0; i < NR_UNKNOWNS; i++)
		group[GROUP_MANAGED].because[i] = prediction->unknown[i];
	settle(&boot->totalram, &group[GROUP_MEM_TOTAL]);
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			settle(&boot->node[n].zone[z].managed, &group[GROUP_MANAGED]);
}

void predict_run(struct arena *arena, const struct prediction_inputs *inputs, struct verdict *ret)
{
	struct predictor p = {
		.arena = arena, .in = inputs, .machine = arena_new(arena, struct machine), .kernel = arena_new(arena, struct kernel), .cmdline = arena_new(arena, struct cmdline),
	};
	struct prediction *prediction = arena_new(arena, struct prediction);
	struct boot *boot;

	*p.machine = inputs->machine->machine;
	*p.kernel = *inputs->kernel;
	cmdline_parse(arena, inputs->command_line, p.cmdline);
	limit_cpus(p.machine, p.cmdline);
	boot = run_all(&p, prediction);
	prediction->nr_boots = p.boots.nr;
	declare(&p, prediction, boot);
	*ret = (struct verdict){ .record = arena_new(arena, struct boot_record), .machine = boot->machine, .kernel = p.kernel, .boot = boot, .prediction = prediction, .nr_boots = 1 };
	ledger_build(arena, ret);
	gaps_collect(arena, ret);
}
