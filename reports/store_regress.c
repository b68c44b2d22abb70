/* store_regress.c - see store_regress.h. */
#include "store_regress.h"

#include <stdlib.h>

#include "utf8.h"
#include "store_private.h"

/* --- which boots --- */

/* How a kernel is named. */
enum match { MATCH_ID, MATCH_RELEASE, MATCH_START, MATCH_BUILD, NR_MATCHES };

/* ?n is the text or number, ?m the kind of match. A release that goes on with a digit is another one: 6.1 does not mean 6.12. */
#define KERNELS(n, m)                                                                                                                          \
	"SELECT id FROM kernels WHERE (" m " = 0 AND id = " n ") OR (" m " = 1 AND release = " n ")"                                           \
	" OR (" m " = 2 AND substr(release, 1, length(" n ")) = " n " AND substr(release, length(" n ") + 1, 1) NOT GLOB '[0-9]')"             \
	" OR (" m " = 3 AND instr(build, " n ") > 0)"
#define FIRMWARES(n) "b.bios IS NOT NULL AND instr(b.bios, " n ") > 0"
#define MACHINES(n) "SELECT id FROM machines WHERE substr(key, 1, length(" n ")) = " n " OR substr(dmi, 1, length(" n ")) = " n

/* Parameters of the statements below. */
enum parameter { KERNEL_A, MATCH_A, KERNEL_B, MATCH_B, FIRMWARE_A, FIRMWARE_B, MACHINE_A, MACHINE_B, THE_MACHINE, NR_PARAMETERS };
static const char *const kernel_conditions[] = { " AND b.kernel IN (" KERNELS("?1", "?2") ")", " AND b.kernel IN (" KERNELS("?3", "?4") ")" };
static const char *const firmware_conditions[] = { " AND " FIRMWARES("?5"), " AND " FIRMWARES("?6") };
static const char *const machine_conditions[] = { " AND b.machine IN (" MACHINES("?7") ")", " AND b.machine IN (" MACHINES("?8") ")" };

static bool by_kernel(const struct regress_query *q) { return q->side[0].kernel || q->side[0].kernel_id; }
static bool by_firmware(const struct regress_query *q) { return q->side[0].firmware; }
static bool by_machine(const struct regress_query *q) { return q->side[0].machine; }

/* The boots of one side, with all that a like boot must share. A machine with another firmware is known by its name alone. */
static void select_side(struct strbuf *sql, const struct regress_query *q, int side, bool any_options)
{
	strbuf_printf(sql, "SELECT b.id AS boot, %d AS side, b.machine, b.mem_total_bytes, %s AS like_kernel, %s AS like_machine, %s AS like_cpus, %s AS like_options", side,
		      by_kernel(q) ? "k.arch" : "b.kernel", by_machine(q) ? "0" : by_firmware(q) ? "m.dmi" : "b.machine", by_machine(q) ? "0" : "b.cpus", any_options ? "''" : "c.options");
	strbuf_printf(sql, " FROM boots AS b JOIN kernels AS k ON k.id = b.kernel JOIN machines AS m ON m.id = b.machine LEFT JOIN command_lines AS c ON c.id = b.command_line"
			   " WHERE b.mem_total_bytes IS NOT NULL%s%s%s%s%s",
		      by_kernel(q) ? kernel_conditions[side] : "", by_firmware(q) ? firmware_conditions[side] : "", by_machine(q) ? machine_conditions[side] : "",
		      by_firmware(q) && !by_machine(q) ? " AND m.dmi IS NOT NULL" : "", q->one_machine ? " AND b.machine = ?9" : "");
}

/*
 * Boots of both sides, and those that have a like boot on the other. Window functions: a join of groups with boots would take the square
 * of their number.
 */
static void select_compared(struct strbuf *sql, const struct regress_query *q, bool any_options)
{
	strbuf_printf(sql, "WITH sides AS MATERIALIZED (");
	select_side(sql, q, 0, any_options);
	strbuf_printf(sql, " UNION ALL ");
	select_side(sql, q, 1, any_options);
	strbuf_printf(sql, "), compared AS MATERIALIZED (SELECT * FROM (SELECT boot, machine, side, mem_total_bytes,"
			   " dense_rank() OVER (ORDER BY like_machine, like_kernel, like_cpus, like_options) AS pair, sum(side = 0) OVER w AS nr_a, sum(side = 1) OVER w AS nr_b"
			   " FROM sides WINDOW w AS (PARTITION BY like_machine, like_kernel, like_cpus, like_options)) WHERE nr_a > 0 AND nr_b > 0)");
}

static const char pairs_sql[] =
	" SELECT pair, min(machine), nr_a, nr_b, (SELECT count(*) FROM sides), CAST(avg(CASE side WHEN 0 THEN mem_total_bytes END) AS INTEGER),"
	" CAST(avg(CASE side WHEN 1 THEN mem_total_bytes END) AS INTEGER) FROM compared GROUP BY pair ORDER BY pair";
enum pair_column { PAIR_NUMBER, PAIR_MACHINE, PAIR_NR_A, PAIR_NR_B, PAIR_ALL, PAIR_TOTAL_A, PAIR_TOTAL_B };

/* Names are joined after the sums: there are far fewer of them. One owner may have had several labels. */
static const char amounts_sql[] =
	" SELECT x.pair, o.owner, o.parent, min(o.label), sum(x.a), sum(x.b) FROM"
	" (SELECT c.pair, l.owner, sum(CASE c.side WHEN 0 THEN l.bytes END) AS a, sum(CASE c.side WHEN 1 THEN l.bytes END) AS b"
	" FROM compared AS c JOIN ledger AS l ON l.boot = c.boot GROUP BY c.pair, l.owner) AS x JOIN owners AS o ON o.id = x.owner"
	" GROUP BY x.pair, o.owner, o.parent ORDER BY x.pair, o.owner, o.parent";
enum amount_column { AMOUNT_PAIR, AMOUNT_OWNER, AMOUNT_PARENT, AMOUNT_LABEL, AMOUNT_A, AMOUNT_B };

static struct mia_error *any_row(struct store *store, struct arena *arena, const char *sql, struct store_args args, bool *ret)
{
	struct grid grid;
	struct mia_error *error = store_select(store, arena, sql, &args, &grid);

	if (!error)
		*ret = grid_rows(&grid) > 0;
	return error;
}

static struct mia_error *not_there(struct store *store, const char *what, const char *name)
{
	return mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: no boot of %s '%s' in it", store->path, what, name);
}

/* The narrowest kind of match that finds something. */
static struct mia_error *choose_kernel(struct store *store, struct arena *arena, const struct regress_side *side, struct datum *value, struct datum *kind)
{
	*value = side->kernel ? datum_text(utf8_clean(arena, str_of(side->kernel))) : datum_integer(side->kernel_id);
	for (int64_t m = side->kernel ? MATCH_RELEASE : MATCH_ID; m < NR_MATCHES; m++) {
		struct mia_error *error;
		bool found;

		*kind = datum_integer(m);
		error = any_row(store, arena, KERNELS("?1", "?2"), (struct store_args){ .v = { *value, *kind }, .nr = 2 }, &found);
		if (error || found)
			return error;
	}
	return not_there(store, "kernel", side->kernel ? side->kernel : "?");
}

static struct mia_error *choose_name(struct store *store, struct arena *arena, const char *name, const char *sql, const char *what, struct datum *value)
{
	struct mia_error *error;
	bool found;

	*value = datum_text(utf8_clean(arena, str_of(name)));
	error = any_row(store, arena, sql, (struct store_args){ .v = { *value }, .nr = 1 }, &found);
	return error || found ? error : not_there(store, what, name);
}

static struct mia_error *choose_side(struct store *store, struct arena *arena, const struct regress_query *q, int i, struct store_args *args)
{
	const struct regress_side *side = &q->side[i];
	struct mia_error *error = NULL;

	if (by_kernel(q))
		error = choose_kernel(store, arena, side, &args->v[KERNEL_A + 2 * i], &args->v[MATCH_A + 2 * i]);
	if (!error && by_firmware(q))
		error = choose_name(store, arena, side->firmware, "SELECT 1 FROM boots AS b WHERE " FIRMWARES("?1") " LIMIT 1", "firmware", &args->v[FIRMWARE_A + i]);
	if (!error && by_machine(q))
		error = choose_name(store, arena, side->machine, MACHINES("?1"), "machine", &args->v[MACHINE_A + i]);
	return error;
}

/* --- one pair: two ledgers --- */

struct amount_node {
	struct str owner, parent, label;
	bool has_a, has_b;
	int64_t a, b; /* averages */
	bool open;    /* its children say more, on both sides */
};

struct pair {
	struct amount_node *v;
	size_t nr;
};

static int64_t average(const struct datum *sum, int64_t nr) { return sum->kind == DATUM_INTEGER ? sum->integer / nr : 0; }

/* Children of @parent with bytes on both sides; a side that has no row of the parent itself needs none. */
static bool can_open(const struct pair *p, const struct amount_node *parent)
{
	bool a = false, b = false;

	for (size_t i = 0; i < p->nr; i++) {
		if (!str_eq(p->v[i].parent, parent->owner))
			continue;
		a |= p->v[i].has_a;
		b |= p->v[i].has_b;
	}
	return (a || b) && (a || !parent->has_a) && (b || !parent->has_b);
}

static struct change *change_of(struct arena *arena, struct changes *changes, const struct amount_node *node)
{
	struct change *c;

	for (size_t i = 0; i < changes->nr; i++)
		if (str_eq(changes->v[i].owner, node->owner))
			return &changes->v[i];
	c = vec_push(arena, changes);
	*c = (struct change){ .owner = node->owner, .label = node->label, .least_delta = INT64_MAX, .most_delta = INT64_MIN };
	return c;
}

static void add_change(struct arena *arena, struct changes *changes, const struct amount_node *node)
{
	struct change *c = change_of(arena, changes, node);
	int64_t delta = node->b - node->a;

	c->a_bytes += node->a;
	c->b_bytes += node->b;
	c->least_delta = delta < c->least_delta ? delta : c->least_delta;
	c->most_delta = delta > c->most_delta ? delta : c->most_delta;
	c->nr_groups += delta != 0;
}

static void walk(struct arena *arena, const struct pair *p, const struct amount_node *parent, unsigned depth, struct changes *ret)
{
	for (size_t i = 0; i < p->nr && depth < 16; i++) {
		const struct amount_node *node = &p->v[i];

		if (parent ? !str_eq(node->parent, parent->owner) : node->parent.p != NULL)
			continue;
		if (can_open(p, node))
			walk(arena, p, node, depth + 1, ret);
		else if (!str_is(node->owner, "mem_total"))
			add_change(arena, ret, node);
	}
}

static void compare_pair(struct arena *arena, const struct grid *amounts, size_t first, size_t last, int64_t nr_a, int64_t nr_b, struct regression *ret)
{
	struct pair p = { .v = arena_array(arena, struct amount_node, last - first), .nr = last - first };

	for (size_t r = first; r < last; r++)
		p.v[r - first] = (struct amount_node){
			.owner = grid_cell(amounts, r, AMOUNT_OWNER)->text,
			.parent = grid_cell(amounts, r, AMOUNT_PARENT)->text,
			.label = grid_cell(amounts, r, AMOUNT_LABEL)->text,
			.has_a = grid_cell(amounts, r, AMOUNT_A)->kind != DATUM_NULL,
			.has_b = grid_cell(amounts, r, AMOUNT_B)->kind != DATUM_NULL,
			.a = average(grid_cell(amounts, r, AMOUNT_A), nr_a),
			.b = average(grid_cell(amounts, r, AMOUNT_B), nr_b),
		};
	for (size_t i = 0; i < p.nr; i++) {
		ret->root_a += p.v[i].parent.p ? 0 : p.v[i].a;
		ret->root_b += p.v[i].parent.p ? 0 : p.v[i].b;
	}
	walk(arena, &p, NULL, 0, &ret->changes);
}

/* --- all pairs --- */

static int by_size(const void *x, const void *y)
{
	const struct change *a = x, *b = y;
	int64_t da = llabs(a->b_bytes - a->a_bytes), db = llabs(b->b_bytes - b->a_bytes);
	size_t n = min_u64(a->owner.n, b->owner.n);
	int order;

	if (da != db)
		return da < db ? 1 : -1;
	order = memcmp(a->owner.p, b->owner.p, n);
	return order ? order : (a->owner.n > b->owner.n) - (a->owner.n < b->owner.n);
}

static void finish(struct regression *ret)
{
	int64_t nr = (int64_t)ret->nr_groups;
	size_t kept = 0;

	ret->root_a /= nr;
	ret->root_b /= nr;
	ret->mem_total_a /= nr;
	ret->mem_total_b /= nr;
	for (size_t i = 0; i < ret->changes.nr; i++) {
		struct change *c = &ret->changes.v[i];

		if (!c->nr_groups)
			continue;
		c->a_bytes /= nr;
		c->b_bytes /= nr;
		ret->changes.v[kept++] = *c;
	}
	ret->changes.nr = kept;
	if (kept)
		qsort(ret->changes.v, kept, sizeof(*ret->changes.v), by_size);
}

static void count_pair(const struct grid *pairs, size_t r, struct regression *ret)
{
	ret->nr_groups++;
	ret->nr_machines += !r || grid_cell(pairs, r, PAIR_MACHINE)->integer != grid_cell(pairs, r - 1, PAIR_MACHINE)->integer;
	ret->boots_a += grid_cell(pairs, r, PAIR_NR_A)->integer;
	ret->boots_b += grid_cell(pairs, r, PAIR_NR_B)->integer;
	ret->mem_total_a += grid_cell(pairs, r, PAIR_TOTAL_A)->integer;
	ret->mem_total_b += grid_cell(pairs, r, PAIR_TOTAL_B)->integer;
}

static struct mia_error *select_from(struct store *store, struct arena *arena, const struct regress_query *q, bool any_options, const char *rest, const struct store_args *args, struct grid *ret)
{
	struct strbuf sql = { .arena = arena };

	select_compared(&sql, q, any_options);
	strbuf_add(&sql, str_of(rest));
	return store_select(store, arena, strbuf_str(&sql).p, args, ret);
}

static struct mia_error *compare(struct store *store, struct arena *arena, const struct regress_query *q, bool any_options, const struct store_args *args, struct regression *ret)
{
	struct grid pairs, amounts;
	struct mia_error *error = select_from(store, arena, q, any_options, pairs_sql, args, &pairs);
	size_t first = 0, last = 0;

	ret->any_options = any_options;
	if (!error && grid_rows(&pairs))
		error = select_from(store, arena, q, any_options, amounts_sql, args, &amounts);
	if (error || !grid_rows(&pairs))
		return error;
	for (size_t r = 0; r < grid_rows(&pairs); r++) {
		int64_t number = grid_cell(&pairs, r, PAIR_NUMBER)->integer;

		count_pair(&pairs, r, ret);
		for (first = last; last < grid_rows(&amounts) && grid_cell(&amounts, last, AMOUNT_PAIR)->integer == number;)
			last++;
		compare_pair(arena, &amounts, first, last, grid_cell(&pairs, r, PAIR_NR_A)->integer, grid_cell(&pairs, r, PAIR_NR_B)->integer, ret);
	}
	ret->left_out = grid_cell(&pairs, 0, PAIR_ALL)->integer - ret->boots_a - ret->boots_b;
	finish(ret);
	return NULL;
}

/* --- names of the sides --- */

static void add_name(struct strbuf *out, const char *name)
{
	if (!name)
		return;
	if (out->n)
		strbuf_add(out, STR(", "));
	strbuf_add(out, str_of(name));
}

static struct mia_error *name_side(struct store *store, struct arena *arena, const struct regress_side *side, struct str *ret)
{
	struct store_args args = { .v = { datum_integer(side->kernel_id) }, .nr = 1 };
	struct strbuf out = { .arena = arena };
	struct mia_error *error = NULL;
	struct grid grid;

	if (side->kernel_id) {
		error = store_select(store, arena, "SELECT release FROM kernels WHERE id = ?", &args, &grid);
		if (error)
			return error;
		strbuf_add(&out, grid_rows(&grid) ? grid_cell(&grid, 0, 0)->text : STR("?"));
	}
	add_name(&out, side->machine);
	add_name(&out, side->firmware);
	add_name(&out, side->kernel);
	*ret = utf8_clean(arena, strbuf_str(&out));
	return error;
}

/* Where no two boots have like options, others are compared whatever their options: they may be what changed. */
struct mia_error *store_regress(struct store *store, struct arena *arena, const struct regress_query *q, struct regression *ret)
{
	struct store_args args = { .nr = NR_PARAMETERS };
	struct mia_error *error = NULL;

	*ret = (struct regression){ .any_options = q->any_options };
	for (int i = 0; i < 2 && !error; i++) {
		error = choose_side(store, arena, q, i, &args);
		if (!error)
			error = name_side(store, arena, &q->side[i], &ret->name[i]);
	}
	args.v[THE_MACHINE] = datum_integer(q->machine);
	if (!error)
		error = compare(store, arena, q, q->any_options, &args, ret);
	if (error || ret->nr_groups || q->any_options)
		return error;
	return compare(store, arena, q, true, &args, ret);
}
