/* store_regress.c - see store_regress.h. */
#include "store_regress.h"

#include <stdlib.h>

#include "utf8.h"
#include "store_private.h"

/* How a kernel is named. */
enum match { MATCH_ID, MATCH_RELEASE, MATCH_START, MATCH_BUILD, NR_MATCHES };

/* ?n is the text or number, ?m the kind of match. A release that goes on with a digit is another one: 6.1 does not mean 6.12. */
#define KERNELS(n, m)                                                                                                                          \
	"SELECT id FROM kernels WHERE (" m " = 0 AND id = " n ") OR (" m " = 1 AND release = " n ")"                                           \
	" OR (" m " = 2 AND substr(release, 1, length(" n ")) = " n " AND substr(release, length(" n ") + 1, 1) NOT GLOB '[0-9]')"             \
	" OR (" m " = 3 AND instr(build, " n ") > 0)"

/*
 * Boots of both sides, and those that have a like boot on the other: window functions, since a join of pairs with boots would take the
 * square of their number. ?5: any options; @machine narrows it to the machine ?6.
 */
#define COMPARED(machine)                                                                                                                           \
	"WITH sides AS MATERIALIZED (SELECT b.id AS boot, b.machine, k.arch, b.cpus, CASE WHEN ?5 THEN NULL ELSE c.options END AS options, s.side, b.mem_total_bytes" \
	" FROM (SELECT 0 AS side, id AS kernel FROM (" KERNELS("?1", "?2") ") UNION ALL SELECT 1, id FROM (" KERNELS("?3", "?4") ")) AS s"     \
	" JOIN kernels AS k ON k.id = s.kernel JOIN boots AS b ON b.kernel = k.id LEFT JOIN command_lines AS c ON c.id = b.command_line"       \
	" WHERE b.machine IS NOT NULL AND b.mem_total_bytes IS NOT NULL" machine "),"                                  \
	" compared AS MATERIALIZED (SELECT * FROM (SELECT boot, machine, side, mem_total_bytes, dense_rank() OVER (ORDER BY machine, arch, cpus, options) AS pair,"    \
	" sum(side = 0) OVER w AS nr_a, sum(side = 1) OVER w AS nr_b FROM sides WINDOW w AS (PARTITION BY machine, arch, cpus, options))"      \
	" WHERE nr_a > 0 AND nr_b > 0)"

#define PAIRS(machine)                                                                                                                         \
	COMPARED(machine)                                                                                                                      \
	" SELECT pair, machine, nr_a, nr_b, (SELECT count(*) FROM sides), CAST(avg(CASE side WHEN 0 THEN mem_total_bytes END) AS INTEGER)," \
	" CAST(avg(CASE side WHEN 1 THEN mem_total_bytes END) AS INTEGER) FROM compared GROUP BY pair ORDER BY pair"
enum pair_column { PAIR_NUMBER, PAIR_MACHINE, PAIR_NR_A, PAIR_NR_B, PAIR_ALL, PAIR_TOTAL_A, PAIR_TOTAL_B };

/* Names are joined after the sums: there are far fewer of them. One owner may have had several labels. */
#define AMOUNTS(machine)                                                                                                                       \
	COMPARED(machine)                                                                                                                      \
	" SELECT x.pair, o.owner, o.parent, min(o.label), sum(x.a), sum(x.b) FROM"                                                              \
	" (SELECT c.pair, l.owner, sum(CASE c.side WHEN 0 THEN l.bytes END) AS a, sum(CASE c.side WHEN 1 THEN l.bytes END) AS b" \
	" FROM compared AS c JOIN ledger AS l ON l.boot = c.boot GROUP BY c.pair, l.owner) AS x JOIN owners AS o ON o.id = x.owner" \
	" GROUP BY x.pair, o.owner, o.parent ORDER BY x.pair, o.owner, o.parent"
enum amount_column { AMOUNT_PAIR, AMOUNT_OWNER, AMOUNT_PARENT, AMOUNT_LABEL, AMOUNT_A, AMOUNT_B };

/* Of all machines, and of one: an index serves only a plain condition. */
static const char *const pairs_sql[] = { PAIRS(""), PAIRS(" AND b.machine = ?6") };
static const char *const amounts_sql[] = { AMOUNTS(""), AMOUNTS(" AND b.machine = ?6") };

static const char match_sql[] = KERNELS("?1", "?2");

/* --- which kernels --- */

static struct mia_error *choose_match(struct store *store, struct arena *arena, const char *name, int64_t id, struct datum *value, struct datum *kind)
{
	*value = name ? datum_text(utf8_clean(arena, str_of(name))) : datum_integer(id);
	for (int64_t m = name ? MATCH_RELEASE : MATCH_ID; m < NR_MATCHES; m++) {
		struct store_args args = { .v = { *value, datum_integer(m) }, .nr = 2 };
		struct mia_error *error;
		struct grid grid;

		*kind = datum_integer(m);
		error = store_select(store, arena, match_sql, &args, &grid);
		if (error || grid_rows(&grid))
			return error;
	}
	return mia_error_new(store->arena, MIA_ERROR_INPUT, "%s: no boot of kernel '%s' in it", store->path, name ? name : "?");
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

static void compare_pair(struct arena *arena, const struct grid *amounts, size_t first, size_t last, int64_t nr_a, int64_t nr_b, struct changes *ret)
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
	walk(arena, &p, NULL, 0, ret);
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

static struct mia_error *compare(struct store *store, struct arena *arena, const struct store_args *args, bool one_machine, struct regression *ret)
{
	struct grid pairs, amounts;
	struct mia_error *error = store_select(store, arena, pairs_sql[one_machine], args, &pairs);
	size_t first = 0, last = 0;

	if (!error && grid_rows(&pairs))
		error = store_select(store, arena, amounts_sql[one_machine], args, &amounts);
	if (error || !grid_rows(&pairs))
		return error;
	for (size_t r = 0; r < grid_rows(&pairs); r++) {
		int64_t number = grid_cell(&pairs, r, PAIR_NUMBER)->integer;

		count_pair(&pairs, r, ret);
		for (first = last; last < grid_rows(&amounts) && grid_cell(&amounts, last, AMOUNT_PAIR)->integer == number;)
			last++;
		compare_pair(arena, &amounts, first, last, grid_cell(&pairs, r, PAIR_NR_A)->integer, grid_cell(&pairs, r, PAIR_NR_B)->integer, &ret->changes);
	}
	ret->left_out = grid_cell(&pairs, 0, PAIR_ALL)->integer - ret->boots_a - ret->boots_b;
	finish(ret);
	return NULL;
}

static struct mia_error *release_of(struct store *store, struct arena *arena, int64_t id, struct str *ret)
{
	struct store_args args = { .v = { datum_integer(id) }, .nr = 1 };
	struct grid grid;
	struct mia_error *error = store_select(store, arena, "SELECT release FROM kernels WHERE id = ?", &args, &grid);

	if (!error)
		*ret = grid_rows(&grid) ? grid_cell(&grid, 0, 0)->text : STR("");
	return error;
}

static struct mia_error *name_kernels(struct store *store, struct arena *arena, const struct regress_query *q, struct regression *ret)
{
	struct mia_error *error = NULL;

	ret->kernel_a = str_of(q->kernel_a);
	ret->kernel_b = str_of(q->kernel_b);
	if (!q->kernel_a)
		error = release_of(store, arena, q->kernel_a_id, &ret->kernel_a);
	if (!q->kernel_b && !error)
		error = release_of(store, arena, q->kernel_b_id, &ret->kernel_b);
	return error;
}

/* Where no two boots have like options, those of one machine are compared whatever their options: they may be what changed. */
struct mia_error *store_regress(struct store *store, struct arena *arena, const struct regress_query *q, struct regression *ret)
{
	struct store_args args = { .nr = 6 };
	struct mia_error *error = choose_match(store, arena, q->kernel_a, q->kernel_a_id, &args.v[0], &args.v[1]);

	*ret = (struct regression){ .any_options = q->any_options };
	if (!error)
		error = choose_match(store, arena, q->kernel_b, q->kernel_b_id, &args.v[2], &args.v[3]);
	if (!error)
		error = name_kernels(store, arena, q, ret);
	args.v[4] = datum_integer(q->any_options);
	args.v[5] = q->one_machine ? datum_integer(q->machine) : datum_null();
	if (!error)
		error = compare(store, arena, &args, q->one_machine, ret);
	if (error || ret->nr_groups || q->any_options)
		return error;
	args.v[4] = datum_integer(1);
	ret->any_options = true;
	return compare(store, arena, &args, q->one_machine, ret);
}
