/*
 * diff.c - see diff.h: the join of two ledgers.
 */
#include "diff_private.h"

#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/owned.h"
#include "mia/takers.h"
#include "mia/triage.h"

const char *diff_factor_name(enum diff_factor factor)
{
	static const char *const names[] = { "command_line", "initrd", "cpus", "machine", "kernel", "place" };

	return names[factor];
}

const char *diff_factor_title(enum diff_factor factor)
{
	static const char *const titles[] = { "command line", "RAM disk", "CPUs", "machine", "kernel", "image's place" };

	return titles[factor];
}

const char *diff_kind_name(enum diff_kind kind)
{
	static const char *const names[] = { "same", "appeared", "vanished", "grew", "shrank", "moved" };

	return names[kind];
}

/* --- net rows --- */

int diff_sign(const char *id) { return strcmp(id, "installed") ? -1 : 1; }

/* Rows whose bytes are between what is installed and MemTotal, each counted once. */
static bool is_counted(const struct ledger_row *row)
{
	static const char *const parents[] = { "firmware", "cut", "reserved", "returned" };

	for (size_t i = 0; row->parent && i < ARRAY_SIZE(parents); i++)
		if (!strcmp(row->parent, parents[i]))
			return true;
	return !row->parent;
}

const struct net_row *diff_net_find(const struct net_rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->nr; i++)
		if (!strcmp(rows->v[i].id, id))
			return &rows->v[i];
	return NULL;
}

static void add_lines(uint32_t to[4], const uint32_t from[4])
{
	size_t n = 0;

	while (n < 4 && to[n])
		n++;
	for (size_t i = 0; i < 4 && from[i] && n < 4; i++)
		to[n++] = from[i];
}

static void add_row(struct arena *arena, struct net_rows *rows, const char *id, const struct ledger_row *row)
{
	struct net_row *net = (struct net_row *)diff_net_find(rows, id);

	if (!net) {
		net = vec_push(arena, rows);
		*net = (struct net_row){ .id = id, .label = row->label, .parent = row->parent, .basis = row->basis };
	}
	net->bytes += row->bytes;
	if (row->basis < net->basis)
		net->basis = row->basis;
	add_lines(net->lines, row->lines);
}

void diff_net(struct arena *arena, const struct ledger *ledger, struct net_rows *ret)
{
	for (size_t i = 0; i < ledger->nr; i++) {
		const struct ledger_row *row = &ledger->v[i];
		const char *owner = is_counted(row) ? taker_of_returned(row->id) : NULL;

		if (!is_counted(row))
			continue;
		/* What came back counts with what was taken, where that has a row. */
		add_row(arena, ret, owner && ledger_find(ledger, owner) ? owner : row->id, row);
	}
}

/* --- the join --- */

static enum diff_kind kind_of(const struct diff_row *r, bool in_a, bool in_b)
{
	if (!in_a)
		return DIFF_APPEARED;
	if (!in_b)
		return DIFF_VANISHED;
	if (r->a != r->b)
		return r->b > r->a ? DIFF_GREW : DIFF_SHRANK;
	return r->a_start && r->b_start && r->a_start != r->b_start ? DIFF_MOVED : DIFF_SAME;
}

/* Where the largest range of an owner starts. */
static uint64_t place_of(struct arena *arena, const struct verdict *v, const char *id)
{
	struct owned_ranges ranges;
	uint64_t most = 0, start = 0;

	if (!v)
		return 0;
	ranges = owned_by_address(arena, v->boot);
	for (size_t i = 0; i < ranges.nr; i++)
		if (!strcmp(owner_id(ranges.v[i].owner), id) && phys_len(ranges.v[i].range) > most) {
			most = phys_len(ranges.v[i].range);
			start = ranges.v[i].range.start;
		}
	return start;
}

static void join_row(struct arena *arena, struct diff *d, const struct net_row *a, const struct net_row *b)
{
	const struct net_row *any = a ? a : b;
	struct diff_row *r = vec_push(arena, d);

	*r = (struct diff_row){ .id = any->id, .label = any->label, .parent = any->parent, .a = a ? a->bytes : 0, .b = b ? b->bytes : 0 };
	r->basis = a && b && b->basis < a->basis ? b->basis : any->basis;
	r->effect = diff_sign(r->id) * (r->b - r->a);
	if (a)
		add_lines(r->a_lines, a->lines);
	if (b)
		add_lines(r->b_lines, b->lines);
	/* Places are worth a look where they are large, or alone. */
	if (r->parent && !strcmp(r->parent, "reserved")) {
		r->a_start = a ? place_of(arena, d->a.verdict, r->id) : 0;
		r->b_start = b ? place_of(arena, d->b.verdict, r->id) : 0;
	}
	r->kind = kind_of(r, a != NULL, b != NULL);
}

static int64_t magnitude(int64_t n) { return n < 0 ? -n : n; }

static int by_effect(const void *x, const void *y)
{
	const struct diff_row *a = x, *b = y;

	if (magnitude(a->effect) != magnitude(b->effect))
		return magnitude(a->effect) < magnitude(b->effect) ? 1 : -1;
	if ((a->kind == DIFF_SAME) != (b->kind == DIFF_SAME))
		return a->kind == DIFF_SAME ? 1 : -1;
	return strcmp(a->id, b->id);
}

static void join(struct arena *arena, struct diff *d)
{
	struct net_rows a = { 0 }, b = { 0 };

	diff_net(arena, &d->a.ledger, &a);
	diff_net(arena, &d->b.ledger, &b);
	for (size_t i = 0; i < a.nr; i++)
		join_row(arena, d, &a.v[i], diff_net_find(&b, a.v[i].id));
	for (size_t i = 0; i < b.nr; i++)
		if (!diff_net_find(&a, b.v[i].id))
			join_row(arena, d, NULL, &b.v[i]);
	if (d->nr)
		qsort(d->v, d->nr, sizeof(*d->v), by_effect);
}

/* --- sums --- */

/* What has an owner explains the change; what is left of it has none. */
static void add_up(struct diff *d)
{
	int64_t explained = 0;

	for (size_t i = 0; i < d->nr; i++)
		if (strcmp(d->v[i].id, owner_id(OWNER_NONE)))
			explained += d->v[i].effect;
	d->change_known = d->a.mem_total_known && d->b.mem_total_known;
	if (!d->change_known)
		return;
	d->change = d->b.mem_total_bytes - d->a.mem_total_bytes;
	d->residue = d->change - explained;
}

/* --- what the two have in common --- */

static bool same_table(const struct e820_table *a, const struct e820_table *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (a->v[i].start != b->v[i].start || a->v[i].end != b->v[i].end || a->v[i].type != b->v[i].type)
			return false;
	return true;
}

static bool same_srat(const struct srat *a, const struct srat *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (a->v[i].node != b->v[i].node || a->v[i].range.start != b->v[i].range.start || a->v[i].range.end != b->v[i].range.end || a->v[i].flags != b->v[i].flags)
			return false;
	return true;
}

static bool same_tables(const struct verdict *a, const struct verdict *b)
{
	const struct machine *x, *y;

	if (!a || !b)
		return true;
	x = a->machine;
	y = b->machine;
	return same_srat(&x->srat, &y->srat) && x->has_srat == y->has_srat && x->nr_distance == y->nr_distance &&
	       (!x->nr_distance || !memcmp(x->distance, y->distance, x->nr_distance * x->nr_distance));
}

static void compare_inputs(struct diff *d)
{
	const struct diff_side *a = &d->a, *b = &d->b;

	d->machine_known = a->dmi.n && b->dmi.n;
	d->same_machine = d->machine_known && str_eq(a->dmi, b->dmi);
	d->same_map = same_table(&a->e820, &b->e820);
	d->same_tables = same_tables(a->verdict, b->verdict);
	d->same_kernel = str_eq(a->release, b->release) && str_eq(a->arch, b->arch);
	d->same_command_line = str_eq(a->command_line, b->command_line);
	d->same_ramdisk = phys_len(a->ramdisk) == phys_len(b->ramdisk);
	d->same_cpus = a->cpus == b->cpus;
}

void diff_run(struct arena *arena, const struct diff_side *a, const struct diff_side *b, struct diff *ret)
{
	*ret = (struct diff){ .a = *a, .b = *b };
	compare_inputs(ret);
	join(arena, ret);
	add_up(ret);
	diff_separate(arena, ret);
	diff_put_into_words(arena, ret);
	if (a->verdict && b->verdict)
		triage_pair(arena, a->verdict, b->verdict, &ret->findings);
}
