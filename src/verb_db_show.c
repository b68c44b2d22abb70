/* verb_db_show.c - what is in the database: all boots in a table, one boot in full. */
#include <inttypes.h>
#include <stdio.h>

#include "safe_text.h"
#include "size_text.h"
#include "store_export.h"
#include "term.h"
#include "verb_db.h"

/* --- list --- */

/* One row of the table: 80 columns, whatever the names are. */
#define RELEASE_COLUMNS 19
#define MACHINE_COLUMNS 17

static const char list_sql[] =
	"SELECT b.id AS boot, substr(b.key, 1, 12) AS key, k.release, k.arch, m.dmi AS machine, b.mem_total_bytes, b.mem_total_basis, b.unexplained_bytes,"
	" b.errors, b.warnings, b.notes, b.mismatches, b.stamp, b.input"
	" FROM boots AS b JOIN kernels AS k ON k.id = b.kernel LEFT JOIN machines AS m ON m.id = b.machine"
	" WHERE ?1 IS NULL OR b.machine = ?1 ORDER BY b.id";
enum list_column { LIST_BOOT, LIST_KEY, LIST_RELEASE, LIST_ARCH, LIST_MACHINE, LIST_MEM_TOTAL, LIST_BASIS, LIST_UNEXPLAINED, LIST_ERRORS, LIST_WARNINGS, LIST_NOTES, LIST_MISMATCHES };

static struct short_text size_or_dash(const struct db_run *run, const struct datum *c)
{
	if (c->kind != DATUM_INTEGER)
		return (struct short_text){ "-" };
	return cli_has(run->cli, OPTION_BYTES) ? size_column(c->integer, true) : size_prose(c->integer, false);
}

/* "1 error", "2 warnings", "-": the gravest kind alone; mismatches of the model count as errors. */
static struct str findings_text(struct arena *arena, const struct grid *grid, size_t row)
{
	static const char *const names[] = { "error", "warning", "note" };
	int64_t nr[] = {
		grid_cell(grid, row, LIST_ERRORS)->integer + grid_cell(grid, row, LIST_MISMATCHES)->integer,
		grid_cell(grid, row, LIST_WARNINGS)->integer,
		grid_cell(grid, row, LIST_NOTES)->integer,
	};
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(nr); i++) {
		if (!nr[i])
			continue;
		strbuf_printf(&out, "%" PRId64 " %s%s", nr[i], names[i], nr[i] == 1 ? "" : "s");
		return strbuf_str(&out);
	}
	return STR("-");
}

static void print_fit(struct arena *arena, const struct datum *c, size_t columns)
{
	struct str s = text_fit(arena, datum_visible(arena, c), columns);

	if (!s.n)
		s = STR("-");
	printf("  %.*s%*s", STR_ARG(s), (int)(columns - text_columns(s)), "");
}

static void print_list(const struct db_run *run, const struct grid *grid)
{
	printf("%6s  %-*s  %-*s  %10s %10s %s\n", "BOOT", RELEASE_COLUMNS, "KERNEL", MACHINE_COLUMNS, "MACHINE", "MEMTOTAL", "UNKNOWN", "FOUND");
	for (size_t r = 0; r < grid_rows(grid); r++) {
		struct short_text total = size_or_dash(run, grid_cell(grid, r, LIST_MEM_TOTAL)), unknown = size_or_dash(run, grid_cell(grid, r, LIST_UNEXPLAINED));
		struct str findings = findings_text(run->arena, grid, r);

		printf("%6" PRId64, grid_cell(grid, r, LIST_BOOT)->integer);
		print_fit(run->arena, grid_cell(grid, r, LIST_RELEASE), RELEASE_COLUMNS);
		print_fit(run->arena, grid_cell(grid, r, LIST_MACHINE), MACHINE_COLUMNS);
		printf("  %10s %10s %.*s\n", total.s, unknown.s, STR_ARG(findings));
	}
}

int db_list(struct db_run *run)
{
	const char *machine = run->cli->value[OPTION_MACHINE];
	const struct grid_format *format;
	struct store_args args = { .nr = 1 };
	struct store *store = NULL;
	struct mia_error *error;
	struct grid grid;
	int status = db_format(run, &format);

	if (status != STATUS_OK)
		return status;
	error = store_open(run->arena, run->path, STORE_READ, &store);
	if (!error && machine) {
		args.v[0].kind = DATUM_INTEGER;
		error = store_find_machine(store, run->arena, machine, &args.v[0].integer);
	}
	if (!error)
		error = store_select(store, run->arena, list_sql, &args, &grid);
	if (!error && !strcmp(format->name, "text"))
		print_list(run, &grid);
	else if (!error)
		format->write(&grid, stdout);
	store_close(store);
	return error ? db_failed(error) : STATUS_OK;
}

/* --- show --- */

static const struct datum *find_cell(const struct grid *grid, size_t row, const char *column)
{
	static const struct datum none;

	for (size_t c = 0; c < grid->nr_columns; c++)
		if (str_is(grid->name[c], column))
			return grid_cell(grid, row, c);
	return &none;
}

static void print_summary(const struct db_run *run, const struct grid *boot)
{
	static const struct {
		const char *label, *column;
	} lines[] = {
		{ "Boot", "boot" }, { "Key", "sha256" }, { "Input", "input" }, { "Stamp", "stamp" }, { "Kernel", "release" }, { "Command line", "command_line" },
		{ "Machine", "dmi" }, { "Machine key", "machine" }, { "BIOS", "bios" }, { "CPUs", "cpus" }, { "Sources", "sources" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct datum *c = find_cell(boot, 0, lines[i].column);
		struct str s = datum_visible(run->arena, c);

		if (c->kind != DATUM_NULL)
			printf("%-13s %.*s\n", lines[i].label, STR_ARG(s));
	}
}

static void print_ledger(const struct db_run *run, const struct grid *ledger)
{
	if (grid_rows(ledger))
		puts("\nLedger");
	for (size_t r = 0; r < grid_rows(ledger); r++) {
		int64_t depth = find_cell(ledger, r, "depth")->integer, bytes = find_cell(ledger, r, "bytes")->integer;
		struct str label = text_fit(run->arena, datum_visible(run->arena, find_cell(ledger, r, "label")), (size_t)(52 - 2 * (depth < 10 ? depth : 10)));
		struct str basis = datum_visible(run->arena, find_cell(ledger, r, "basis"));

		printf("  %*s%.*s%*s %15s %.*s\n", (int)(2 * depth), "", STR_ARG(label), (int)(52 - 2 * depth - (int64_t)text_columns(label)), "", size_column(bytes, cli_has(run->cli, OPTION_BYTES)).s, STR_ARG(basis));
	}
}

static void print_zones(const struct db_run *run, const struct grid *zones)
{
	static const char *const columns[] = { "spanned_pages", "present_pages", "managed_pages", "managed_basis", "observed_managed_pages" };

	if (grid_rows(zones))
		printf("\nZones, pages\n  %-4s %-8s %12s %12s %12s %-9s %12s\n", "node", "zone", "spanned", "present", "managed", "", "observed");
	for (size_t r = 0; r < grid_rows(zones); r++) {
		struct str zone = datum_visible(run->arena, find_cell(zones, r, "zone"));

		printf("  %-4" PRId64 " %-8.*s", find_cell(zones, r, "nid")->integer, STR_ARG(zone));
		for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
			struct str s = datum_visible(run->arena, find_cell(zones, r, columns[i]));

			printf(i == 3 ? " %-9.*s" : " %12.*s", STR_ARG(s));
		}
		putchar('\n');
	}
}

static void print_findings(const struct db_run *run, const struct grid *findings)
{
	const struct term term = { .arena = run->arena, .out = stdout, .columns = 80 };

	if (grid_rows(findings))
		puts("\nFindings");
	for (size_t r = 0; r < grid_rows(findings); r++) {
		struct str severity = datum_visible(run->arena, find_cell(findings, r, "severity")), rule = datum_visible(run->arena, find_cell(findings, r, "rule"));
		struct str title = datum_visible(run->arena, find_cell(findings, r, "title"));

		unsigned used = (unsigned)printf("  %-7.*s %.*s ", STR_ARG(severity), STR_ARG(rule));

		term_paragraph(&term, PAINT_PLAIN, used, 4, title);
	}
}

static void print_gaps(const struct db_run *run, const struct grid *gaps)
{
	if (grid_rows(gaps))
		puts("\nNot known");
	for (size_t r = 0; r < grid_rows(gaps); r++) {
		struct str what = text_fit(run->arena, datum_visible(run->arena, find_cell(gaps, r, "what")), 78);

		printf("  %.*s\n", STR_ARG(what));
	}
}

static void print_mismatches(const struct grid *mismatches)
{
	if (!grid_rows(mismatches))
		return;
	puts("\nMismatches");
	grid_format_find("text")->write(mismatches, stdout);
}

static void print_show(const struct db_run *run, const struct grid *grid)
{
	print_summary(run, &grid[STORED_BOOT]);
	print_ledger(run, &grid[STORED_LEDGER]);
	print_zones(run, &grid[STORED_ZONES]);
	print_findings(run, &grid[STORED_FINDINGS]);
	print_mismatches(&grid[STORED_MISMATCHES]);
	print_gaps(run, &grid[STORED_GAPS]);
}

int db_show(struct db_run *run)
{
	const struct grid_format *format;
	struct grid grid[NR_STORED_PARTS];
	struct store *store = NULL;
	struct mia_error *error;
	int64_t id = 0;
	int status = db_format(run, &format);

	if (status != STATUS_OK)
		return status;
	if (!strcmp(format->name, "csv"))
		return cli_usage_error(run->cli, "a boot is no table: 'db show' writes text or json");
	error = store_open(run->arena, run->path, STORE_READ, &store);
	if (!error)
		error = store_find_boot(store, run->arena, run->args[0], &id);
	if (!error)
		error = stored_boot_read(store, run->arena, id, grid);
	if (!error && !strcmp(format->name, "json"))
		stored_boot_write_json(grid, stdout);
	else if (!error)
		print_show(run, grid);
	store_close(store);
	return error ? db_failed(error) : STATUS_OK;
}
