/* verb_db_regress.c - what changed: between two kernels, along one machine's kernels, over time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_text.h"
#include "safe_text.h"
#include "size_text.h"
#include "store_regress.h"
#include "verb_db.h"

/* --- regress --- */

/* --max-loss */
struct loss_limit {
	bool given, percent;
	uint64_t bytes;
	double fraction;
};

/* One comparison or several, and what they come to. */
struct regress_run {
	const struct db_run *run;
	struct store *store;
	const struct grid_format *format;
	struct regress_query query;
	struct loss_limit limit;
	size_t nr_written;
	int status;
};

static int parse_limit(const struct db_run *run, struct loss_limit *ret)
{
	const char *s = run->cli->value[OPTION_MAX_LOSS];
	struct str rest;
	char *end;
	double percent;

	if (!s)
		return STATUS_OK;
	percent = strtod(s, &end);
	*ret = (struct loss_limit){ .given = true, .percent = end != s && !strcmp(end, "%"), .bytes = str_memparse(str_of(s), &rest), .fraction = percent / 100 };
	if (*s < '0' || *s > '9' || (ret->percent ? percent > 100 : rest.n > 0))
		return cli_usage_error(run->cli, "--max-loss wants a size or a percentage, not '%s'", s);
	return STATUS_OK;
}

static bool lost_too_much(const struct loss_limit *limit, const struct regression *r)
{
	int64_t lost = r->mem_total_a - r->mem_total_b;

	if (!limit->given || lost <= 0)
		return false;
	return limit->percent ? (double)lost > limit->fraction * (double)r->mem_total_a : (uint64_t)lost > limit->bytes;
}

static struct short_text size_of(const struct db_run *run, int64_t bytes) { return size_column(bytes, cli_has(run->cli, OPTION_BYTES)); }

static void print_change(const struct db_run *run, int64_t before, int64_t after)
{
	int64_t delta = after - before;
	char sign[64];

	snprintf(sign, sizeof(sign), "%s%s", delta > 0 ? "+" : "", size_of(run, delta).s);
	printf("%14s %14s %14s  ", sign, size_of(run, before).s, size_of(run, after).s);
}

static void print_head(const struct db_run *run, const struct regression *r)
{
	struct str a = safe_text(run->arena, r->name[0]), b = safe_text(run->arena, r->name[1]);

	printf("%.*s -> %.*s\n", STR_ARG(a), STR_ARG(b));
	if (!r->nr_groups) {
		puts("no like boots on both sides");
		return;
	}
	printf("%zu machine%s, %zu group%s of like boots, %" PRId64 " and %" PRId64 " boots", r->nr_machines, r->nr_machines == 1 ? "" : "s", r->nr_groups, r->nr_groups == 1 ? "" : "s", r->boots_a, r->boots_b);
	if (r->left_out)
		printf("; %" PRId64 " left out", r->left_out);
	printf("\n%s\n", r->any_options ? "options on the command line may differ" : "same options on the command line");
}

static void print_changes(const struct db_run *run, const struct regression *r)
{
	printf("\n%14s %14s %14s  %s\n", "CHANGE", "BEFORE", "AFTER", "OF");
	print_change(run, r->mem_total_a, r->mem_total_b);
	puts("MemTotal");
	if (r->root_a != r->root_b) {
		print_change(run, r->root_a, r->root_b);
		puts("memory of the machine");
	}
	if (r->changes.nr)
		printf("\ntaken by\n");
	for (size_t i = 0; i < r->changes.nr; i++) {
		const struct change *c = &r->changes.v[i];
		struct str label = safe_text(run->arena, c->label), owner = safe_text(run->arena, c->owner);

		print_change(run, c->a_bytes, c->b_bytes);
		printf("%.*s (%.*s)", STR_ARG(label), STR_ARG(owner));
		if (c->nr_groups != r->nr_groups)
			printf(", in %zu of %zu", c->nr_groups, r->nr_groups);
		putchar('\n');
	}
}

static struct json_object *change_to_json(const struct change *c)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "owner", json_text(c->owner));
	json_object_object_add(o, "label", json_text(c->label));
	json_object_object_add(o, "delta_bytes", json_object_new_int64(c->b_bytes - c->a_bytes));
	json_object_object_add(o, "before_bytes", json_object_new_int64(c->a_bytes));
	json_object_object_add(o, "after_bytes", json_object_new_int64(c->b_bytes));
	json_object_object_add(o, "least_delta_bytes", json_object_new_int64(c->least_delta));
	json_object_object_add(o, "most_delta_bytes", json_object_new_int64(c->most_delta));
	json_object_object_add(o, "groups", json_object_new_uint64(c->nr_groups));
	return o;
}

static void print_json(const struct regression *r)
{
	struct json_object *o = json_object_new_object(), *changes = json_object_new_array();

	json_object_object_add(o, "schema", json_object_new_string("meminit-analyze/regress/1"));
	json_object_object_add(o, "a", json_text(r->name[0]));
	json_object_object_add(o, "b", json_text(r->name[1]));
	json_object_object_add(o, "boots_a", json_object_new_int64(r->boots_a));
	json_object_object_add(o, "boots_b", json_object_new_int64(r->boots_b));
	json_object_object_add(o, "left_out", json_object_new_int64(r->left_out));
	json_object_object_add(o, "machines", json_object_new_uint64(r->nr_machines));
	json_object_object_add(o, "groups", json_object_new_uint64(r->nr_groups));
	json_object_object_add(o, "same_options", json_object_new_boolean(!r->any_options));
	json_object_object_add(o, "mem_total_before_bytes", r->nr_groups ? json_object_new_int64(r->mem_total_a) : NULL);
	json_object_object_add(o, "mem_total_after_bytes", r->nr_groups ? json_object_new_int64(r->mem_total_b) : NULL);
	json_object_object_add(o, "installed_before_bytes", r->nr_groups ? json_object_new_int64(r->root_a) : NULL);
	json_object_object_add(o, "installed_after_bytes", r->nr_groups ? json_object_new_int64(r->root_b) : NULL);
	for (size_t i = 0; i < r->changes.nr; i++)
		json_object_array_add(changes, change_to_json(&r->changes.v[i]));
	json_object_object_add(o, "changes", changes);
	json_write_line(o, stdout);
	json_object_put(o);
}

static void changes_to_grid(struct arena *arena, const struct regression *r, struct grid *ret)
{
	static const char *const names[] = { "a", "b", "owner", "delta_bytes", "before_bytes", "after_bytes", "groups" };

	grid_init(ret, arena, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ret->name[i] = str_of(names[i]);
	for (size_t i = 0; i < r->changes.nr; i++) {
		const struct change *c = &r->changes.v[i];

		grid_add(ret, datum_text(r->name[0]));
		grid_add(ret, datum_text(r->name[1]));
		grid_add(ret, datum_text(c->owner));
		grid_add(ret, datum_integer(c->b_bytes - c->a_bytes));
		grid_add(ret, datum_integer(c->a_bytes));
		grid_add(ret, datum_integer(c->b_bytes));
		grid_add(ret, datum_integer((int64_t)c->nr_groups));
	}
}

static void write_regression(struct regress_run *x, const struct regression *r)
{
	bool first = !x->nr_written++;
	struct grid grid;

	if (lost_too_much(&x->limit, r))
		x->status = worst_status(x->status, STATUS_FINDINGS);
	/* A gate that has nothing to judge is not passed. */
	if (x->limit.given && !r->nr_groups) {
		cli_complain("%s: no like boots on both sides, so --max-loss has nothing to judge", x->run->path);
		x->status = worst_status(x->status, STATUS_INPUT);
	}
	if (!strcmp(x->format->name, "json")) {
		print_json(r);
	} else if (!strcmp(x->format->name, "csv")) {
		changes_to_grid(x->run->arena, r, &grid);
		if (first)
			x->format->head(&grid, stdout);
		x->format->rows(&grid, stdout);
	} else {
		if (!first)
			putchar('\n');
		print_head(x->run, r);
		if (r->nr_groups)
			print_changes(x->run, r);
	}
}

static struct mia_error *regress_pair(struct regress_run *x)
{
	struct regression r;
	struct mia_error *error = store_regress(x->store, x->run->arena, &x->query, &r);

	if (!error)
		write_regression(x, &r);
	return error;
}

/* Every change of kernel on one machine, in the order of versions. */
static struct mia_error *regress_machine(struct regress_run *x)
{
	static const char sql[] =
		"SELECT a, b FROM (SELECT lag(r.kernel) OVER w AS a, r.kernel AS b, k.* FROM (SELECT DISTINCT b.kernel, b.cpus, c.options FROM boots AS b"
		" LEFT JOIN command_lines AS c ON c.id = b.command_line WHERE b.machine = ?1 AND b.mem_total_bytes IS NOT NULL) AS r JOIN kernels AS k ON k.id = r.kernel"
		" WINDOW w AS (PARTITION BY k.arch, r.cpus, r.options ORDER BY k.major, k.minor, k.patch, k.distro_build, k.release, k.build, k.id))"
		" WHERE a IS NOT NULL GROUP BY a, b ORDER BY arch, major, minor, patch, distro_build, release, build, a, b";
	struct store_args args = { .v = { datum_integer(x->query.machine) }, .nr = 1 };
	struct grid steps;
	struct mia_error *error = store_select(x->store, x->run->arena, sql, &args, &steps);

	for (size_t r = 0; !error && r < grid_rows(&steps); r++) {
		x->query.side[0].kernel_id = grid_cell(&steps, r, 0)->integer;
		x->query.side[1].kernel_id = grid_cell(&steps, r, 1)->integer;
		error = regress_pair(x);
	}
	if (!error && !grid_rows(&steps) && !strcmp(x->format->name, "text"))
		puts("this machine has booted one kernel only, or never two with like options");
	return error;
}

static struct mia_error *list_steps(const struct regress_run *x)
{
	struct grid grid;
	struct mia_error *error = store_select(x->store, x->run->arena, named_query_find("steps")->sql, NULL, &grid);

	if (!error)
		x->format->write(&grid, stdout);
	return error;
}

static struct mia_error *find_machine(const struct db_run *run, struct store *store, struct regress_query *q)
{
	const char *machine = run->cli->value[OPTION_MACHINE];

	q->one_machine = machine != NULL;
	return machine ? store_find_machine(store, run->arena, machine, &q->machine) : NULL;
}

/* Both sides name the same things: "--kernel-a" alone compares with nothing. */
static int parse_sides(const struct db_run *run, struct regress_query *q)
{
	static const enum option_id options[][2] = { { OPTION_KERNEL_A, OPTION_KERNEL_B }, { OPTION_FIRMWARE_A, OPTION_FIRMWARE_B }, { OPTION_MACHINE_A, OPTION_MACHINE_B } };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (cli_has(run->cli, options[i][0]) != cli_has(run->cli, options[i][1]))
			return cli_usage_error(run->cli, "'db regress' compares two sides: give the -a and the -b option");
	for (int i = 0; i < 2; i++)
		q->side[i] = (struct regress_side){ .kernel = run->cli->value[options[0][i]], .firmware = run->cli->value[options[1][i]], .machine = run->cli->value[options[2][i]] };
	return STATUS_OK;
}

static bool names_sides(const struct regress_query *q) { return q->side[0].kernel || q->side[0].firmware || q->side[0].machine; }

static int parse_regress(const struct db_run *run, struct regress_run *ret)
{
	int status = db_format(run, &ret->format);

	if (status == STATUS_OK)
		status = parse_sides(run, &ret->query);
	if (status == STATUS_OK)
		status = parse_limit(run, &ret->limit);
	if (status == STATUS_OK && ret->limit.given && !names_sides(&ret->query) && !cli_has(run->cli, OPTION_MACHINE))
		status = cli_usage_error(run->cli, "--max-loss wants two sides, or a machine");
	return status;
}

int db_regress(struct db_run *run)
{
	struct regress_run x = { .run = run, .query = { .any_options = cli_has(run->cli, OPTION_ANY_CMDLINE) } };
	int status = parse_regress(run, &x);
	struct mia_error *error;

	if (status != STATUS_OK)
		return status;
	error = store_open(run->arena, run->path, STORE_READ, &x.store);
	if (!error)
		error = find_machine(run, x.store, &x.query);
	if (!error && names_sides(&x.query))
		error = regress_pair(&x);
	else if (!error && x.query.one_machine)
		error = regress_machine(&x);
	else if (!error)
		error = list_steps(&x);
	store_close(x.store);
	return error ? db_failed(error) : x.status;
}

/* --- trend --- */

static const char kernels_sql[] =
	"SELECT k.release, k.arch, r.cpus, r.options, r.boots, r.mem_total_bytes, r.mem_total_bytes - lag(r.mem_total_bytes) OVER w AS change_bytes, r.reserved_bytes, r.returned_bytes, r.unexplained_bytes"
	" FROM (SELECT b.kernel, b.cpus, c.options, count(*) AS boots, CAST(avg(b.mem_total_bytes) AS INTEGER) AS mem_total_bytes, CAST(avg(b.reserved_bytes) AS INTEGER) AS reserved_bytes,"
	" CAST(avg(b.returned_bytes) AS INTEGER) AS returned_bytes, CAST(avg(b.unexplained_bytes) AS INTEGER) AS unexplained_bytes"
	" FROM boots AS b LEFT JOIN command_lines AS c ON c.id = b.command_line WHERE b.machine = ?1 AND b.mem_total_bytes IS NOT NULL GROUP BY b.kernel, b.cpus, c.options) AS r"
	" JOIN kernels AS k ON k.id = r.kernel WINDOW w AS (PARTITION BY k.arch, r.cpus, r.options ORDER BY k.major, k.minor, k.patch, k.distro_build, k.release, k.build, k.id)"
	" ORDER BY k.arch, r.cpus, r.options, k.major, k.minor, k.patch, k.distro_build, k.release, k.build, k.id";

/* A row a run of boots, in the order of import, with the same number of bytes. ?1: the machine or NULL; ?2: the owner. */
static const char owner_sql[] =
	"WITH amounts AS (SELECT b.id, b.machine, b.kernel, coalesce(x.bytes, 0) AS bytes FROM boots AS b"
	" LEFT JOIN (SELECT boot, sum(bytes) AS bytes FROM ledger WHERE owner IN (SELECT id FROM owners WHERE owner = ?2) GROUP BY boot) AS x ON x.boot = b.id"
	" WHERE b.mem_total_bytes IS NOT NULL AND (?1 IS NULL OR b.machine = ?1)),"
	" steps AS (SELECT *, lag(bytes) OVER w AS before FROM amounts WINDOW w AS (PARTITION BY machine ORDER BY id)),"
	" runs AS (SELECT *, sum(before IS NOT bytes) OVER (PARTITION BY machine ORDER BY id) AS run FROM steps),"
	" ends AS (SELECT machine, run, min(id) AS first_boot, max(id) AS last_boot, count(*) AS boots, bytes FROM runs GROUP BY machine, run)"
	" SELECT substr(m.key, 1, 12) AS machine, k.release, e.first_boot, e.last_boot, e.boots, e.bytes, e.bytes - s.before AS change_bytes"
	" FROM ends AS e JOIN steps AS s ON s.id = e.first_boot JOIN kernels AS k ON k.id = s.kernel LEFT JOIN machines AS m ON m.id = e.machine"
	" ORDER BY m.key, e.first_boot";

/* Without --machine there must be one only. */
static struct mia_error *the_machine(const struct db_run *run, struct store *store, struct datum *ret)
{
	struct grid grid;
	struct mia_error *error = store_select(store, run->arena, "SELECT id FROM machines LIMIT 2", NULL, &grid);

	if (error)
		return error;
	if (grid_rows(&grid) != 1)
		return mia_error_new(run->arena, MIA_ERROR_USAGE, "'db trend' wants --machine or --owner; 'db query machines' shows the machines");
	*ret = *grid_cell(&grid, 0, 0);
	return NULL;
}

static struct mia_error *know_owner(const struct db_run *run, struct store *store, const char *owner)
{
	struct store_args args = { .v = { datum_text(str_of(owner)) }, .nr = 1 };
	struct grid grid;
	struct mia_error *error = store_select(store, run->arena, "SELECT 1 FROM owners WHERE owner = ?1 LIMIT 1", &args, &grid);

	if (!error && !grid_rows(&grid))
		error = mia_error_new(run->arena, MIA_ERROR_INPUT, "%s: no boot has an owner '%s'; 'db query owners' shows them", run->path, owner);
	return error;
}

static struct mia_error *trend(const struct db_run *run, struct store *store, struct grid *ret)
{
	const char *owner = run->cli->value[OPTION_OWNER];
	struct regress_query q = { 0 };
	struct store_args args = { .nr = 2 };
	struct mia_error *error = find_machine(run, store, &q);

	args.v[0] = q.one_machine ? datum_integer(q.machine) : datum_null();
	args.v[1] = datum_text(str_of(owner));
	if (!error && owner)
		error = know_owner(run, store, owner);
	else if (!error && !q.one_machine)
		error = the_machine(run, store, &args.v[0]);
	return error ? error : store_select(store, run->arena, owner ? owner_sql : kernels_sql, &args, ret);
}

int db_trend(struct db_run *run)
{
	const struct grid_format *format;
	struct store *store = NULL;
	struct mia_error *error;
	struct grid grid;
	int status = db_format(run, &format);

	if (status != STATUS_OK)
		return status;
	error = store_open(run->arena, run->path, STORE_READ, &store);
	if (!error)
		error = trend(run, store, &grid);
	if (!error)
		format->write(&grid, stdout);
	store_close(store);
	return error ? db_failed(error) : STATUS_OK;
}
