/*
 * diff_cause.c - which input of the boot moved which owner.
 *
 * A boot is a machine, a kernel and a command line. Where only one of them differs, it moved everything. Else the boot of A is
 * run again with B's inputs, one more at a time, until it is B's boot; what a row changes in a step is that input's share. What
 * is left between the last step and the boot that happened (small sizes that only the log tells) stays without a share.
 */
#include "diff_private.h"

#include <string.h>

#include "machine_json.h"
#include "mia/arena.h"
#include "predict.h"

/* The inputs of one run. */
struct run {
	struct machine_doc doc;
	const struct kernel *kernel;
	struct str command_line;
	uint64_t kernel_base;
};

struct separator {
	struct arena *arena;
	struct diff *diff;
	struct run a, b;
};

static void run_of(struct arena *arena, const struct verdict *v, struct run *ret)
{
	struct kernel *kernel = arena_new(arena, struct kernel);

	machine_of_boot(v->boot, &ret->doc);
	kernel_of_boot(arena, v, kernel);
	ret->kernel = kernel;
	ret->command_line = v->boot->cmdline->text;
	ret->kernel_base = v->boot->kernel_base;
}

/* What one boot of a build shows that it does not know, the other does not know either. */
static void share_unknown_options(struct arena *arena, struct run *a, struct run *b)
{
	struct kernel *k[] = { arena_new(arena, struct kernel), arena_new(arena, struct kernel) };

	if (!str_eq(a->kernel->release.text, b->kernel->release.text))
		return;
	*k[0] = *a->kernel;
	*k[1] = *b->kernel;
	k[0]->unknown_options = k[1]->unknown_options = str_printf(arena, "%.*s %.*s", STR_ARG(a->kernel->unknown_options), STR_ARG(b->kernel->unknown_options));
	a->kernel = k[0];
	b->kernel = k[1];
}

/* Exchange one input. */
static void exchange(struct run *run, const struct run *from, enum diff_factor factor)
{
	struct machine *m = &run->doc.machine;
	const struct machine *other = &from->doc.machine;

	switch (factor) {
	case FACTOR_COMMAND_LINE:
		run->command_line = from->command_line;
		break;
	case FACTOR_RAMDISK:
		m->ramdisk = other->ramdisk;
		break;
	case FACTOR_CPUS:
		m->possible_cpus = other->possible_cpus;
		m->online_cpus = other->online_cpus;
		m->cpu_node = other->cpu_node;
		break;
	case FACTOR_MACHINE:
		/* RAM disk and CPUs are the other's by now, or as large; where they are is the machine's. */
		run->doc = from->doc;
		break;
	case FACTOR_KERNEL:
		run->kernel = from->kernel;
		break;
	case FACTOR_PLACE:
		run->kernel_base = from->kernel_base;
		run->doc.machine.kernel_base = from->doc.machine.kernel_base;
		break;
	case NR_FACTORS:
		break;
	}
}

static void execute(struct separator *s, const struct run *run, struct net_rows *ret)
{
	struct prediction_inputs in = { .machine = &run->doc, .kernel = run->kernel, .command_line = run->command_line, .kernel_base = run->kernel_base };
	struct verdict *v = arena_new(s->arena, struct verdict);

	predict_run(s->arena, &in, v);
	*ret = (struct net_rows){ 0 };
	diff_net(s->arena, &v->ledger, ret);
}

/* Whether an input differs at all: if not, its step is left out. */
static bool differs(const struct diff *d, enum diff_factor factor)
{
	switch (factor) {
	case FACTOR_COMMAND_LINE:
		return !d->same_command_line;
	case FACTOR_RAMDISK:
		return !d->same_ramdisk;
	case FACTOR_CPUS:
		return !d->same_cpus;
	case FACTOR_MACHINE:
		return !d->same_map || !d->same_machine || !d->same_tables;
	case FACTOR_KERNEL:
		return !d->same_kernel;
	default:
		return true;
	}
}

static int64_t bytes_of(const struct net_rows *rows, const char *id)
{
	const struct net_row *row = diff_net_find(rows, id);

	return row ? row->bytes : 0;
}

static void add_shares(struct diff *d, enum diff_factor factor, const struct net_rows *before, const struct net_rows *after)
{
	for (size_t i = 0; i < d->nr; i++) {
		struct diff_row *r = &d->v[i];

		r->share[factor] = diff_sign(r->id) * (bytes_of(after, r->id) - bytes_of(before, r->id));
	}
}

static int64_t magnitude(int64_t n) { return n < 0 ? -n : n; }

/* The largest share names the cause, if the shares tell most of the change. */
static void choose_cause(struct diff_row *r)
{
	int64_t sum = 0, most = 0;

	for (int f = 0; f < NR_FACTORS; f++) {
		sum += r->share[f];
		if (magnitude(r->share[f]) > most) {
			most = magnitude(r->share[f]);
			r->cause = (enum diff_factor)f;
		}
	}
	r->separated = most && magnitude(r->effect - sum) * 2 <= magnitude(r->effect);
}

/* What is installed, and what the firmware keeps of it, is the machine's alone. */
static void give_to_machine(struct diff *d)
{
	for (size_t i = 0; i < d->nr; i++) {
		struct diff_row *r = &d->v[i];

		/* What was plugged in later is in no boot that is run again. */
		if (r->parent && strcmp(r->parent, "firmware") && strcmp(r->id, "returned.onlined"))
			continue;
		memset(r->share, 0, sizeof(r->share));
		r->share[FACTOR_MACHINE] = r->effect;
	}
}

/* A single input that differs needs no run: everything is its work. */
static bool only_one(const struct diff *d, enum diff_factor *ret)
{
	int nr = 0;

	for (int f = 0; f < FACTOR_PLACE; f++)
		if (differs(d, (enum diff_factor)f)) {
			*ret = (enum diff_factor)f;
			nr++;
		}
	return nr == 1;
}

static bool can_run(const struct diff_side *side) { return side->verdict && side->verdict->boot->physpages && side->verdict->machine->e820.nr; }

static void separate_by_runs(struct separator *s)
{
	struct diff *d = s->diff;
	struct net_rows before, after;
	struct run run;

	run_of(s->arena, d->a.verdict, &s->a);
	run_of(s->arena, d->b.verdict, &s->b);
	share_unknown_options(s->arena, &s->a, &s->b);
	run = s->a;
	execute(s, &run, &before);
	for (int f = 0; f < NR_FACTORS; f++) {
		if (!differs(d, (enum diff_factor)f))
			continue;
		exchange(&run, &s->b, (enum diff_factor)f);
		execute(s, &run, &after);
		add_shares(d, (enum diff_factor)f, &before, &after);
		before = after;
	}
	give_to_machine(d);
}

/*
 * A row's share of a single differing input, or of none that is known to differ: the whole. Rows that the place of a randomised
 * image moves by themselves keep that as their cause only where nothing else differs.
 */
static void give_all(struct diff *d, enum diff_factor factor)
{
	for (size_t i = 0; i < d->nr; i++)
		d->v[i].share[factor] = d->v[i].effect;
}

/*
 * Kernels of two architectures cannot be run in each other's place. What is installed and what the firmware keeps is the machine's,
 * the RAM disk is its own, what an option takes is the command line's, and all else follows from the kernel.
 */
static void give_by_kind(struct arena *arena, struct diff *d)
{
	for (size_t i = 0; i < d->nr; i++) {
		struct diff_row *r = &d->v[i];
		bool asked = !strcmp(r->id, "cut.command_line") || diff_asked_differently(arena, d, r->id);

		r->share[!r->parent || !strcmp(r->parent, "firmware") ? FACTOR_MACHINE : !strcmp(r->id, "initrd") ? FACTOR_RAMDISK : asked ? FACTOR_COMMAND_LINE : FACTOR_KERNEL] = r->effect;
	}
}

void diff_separate(struct arena *arena, struct diff *d)
{
	struct separator s = { .arena = arena, .diff = d };
	enum diff_factor factor = FACTOR_PLACE;
	bool kernels_alike = d->a.arch.n && str_eq(d->a.arch, d->b.arch);

	if (only_one(d, &factor))
		give_all(d, factor);
	else if (kernels_alike && can_run(&d->a) && can_run(&d->b))
		separate_by_runs(&s);
	else if (d->a.arch.n && d->b.arch.n && !kernels_alike)
		give_by_kind(arena, d);
	else
		return;
	d->separated = true;
	for (size_t i = 0; i < d->nr; i++) {
		choose_cause(&d->v[i]);
		d->unseparated += strcmp(d->v[i].id, owner_id(OWNER_NONE)) ? d->v[i].effect : 0;
		for (int f = 0; f < NR_FACTORS; f++) {
			d->by_factor[f] += d->v[i].share[f];
			d->unseparated -= d->v[i].share[f];
		}
	}
}
