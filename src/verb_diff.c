/*
 * verb_diff.c - two boots, by the owner of each byte.
 *
 * The second boot is analysed inside the first one's callback, so that both are there when they are compared.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "diff_out.h"
#include "limit.h"
#include "mia/arena.h"
#include "redact.h"
#include "session.h"

#define COLUMNS 80
#define ARENA_LIMIT ((size_t)1 << 30)

struct comparing {
	const struct cli *cli;
	struct limit limit;
	const char *format;
	char *b;                   /* second input; NULL: the boots of one log */
	const struct diff_side *a; /* known when the second callback runs */
	const struct diff_side *later; /* of one log: the boot that is B */
	size_t nr_a, nr_b;
	int status;
};

/* --- both are known --- */

static int write_diff(const struct comparing *c, struct arena *arena, const struct diff *d)
{
	const struct diff_style style = { .color = cli_color(c->cli), .bytes = cli_has(c->cli, OPTION_BYTES), .columns = COLUMNS };
	uint64_t residue = (uint64_t)(d->residue < 0 ? -d->residue : d->residue), whole = d->a.ram_bytes > d->b.ram_bytes ? d->a.ram_bytes : d->b.ram_bytes;

	if (!strcmp(c->format, "json"))
		diff_write_json(d, stdout);
	else if (!strcmp(c->format, "markdown"))
		diff_write_markdown(arena, d, &style, stdout);
	else if (!cli_has(c->cli, OPTION_QUIET))
		diff_write_text(arena, d, &style, stdout);
	return d->change_known && limit_exceeded(&c->limit, residue, whole) ? STATUS_FINDINGS : STATUS_OK;
}

static int compare(struct comparing *c, struct arena *arena, const struct diff_side *b)
{
	struct diff *d = arena_new(arena, struct diff);

	diff_run(arena, c->a, b, d);
	if (cli_has(c->cli, OPTION_REDACT))
		redact_diff(arena, d);
	return write_diff(c, arena, d);
}

static int need_ledger(const struct verdict *v)
{
	if (v->ledger.nr)
		return STATUS_OK;
	cli_complain("%s: the log does not show the firmware's memory map, so there is nothing to compare", v->input_name);
	return STATUS_INPUT;
}

/* --- the second one --- */

static int second(void *context, struct arena *arena, struct verdict *verdict)
{
	struct comparing *c = context;
	struct diff_side *b = arena_new(arena, struct diff_side);
	int status = need_ledger(verdict);

	if (status != STATUS_OK)
		return status;
	if (c->nr_b++) {
		cli_complain("%s: 'diff' compares two boots, and this is one more", verdict->input_name);
		return STATUS_USAGE;
	}
	diff_side_of(arena, verdict, b);
	if (!c->later)
		return compare(c, arena, b);
	c->a = b;
	return compare(c, arena, c->later);
}

/* A document says so near its start; a log does not. */
static bool is_document(const char *path)
{
	char head[512];
	struct stat st;
	struct str s;
	FILE *in;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || !(in = fopen(path, "r")))
		return false;
	s = str_trim((struct str){ head, fread(head, 1, sizeof(head), in) });
	fclose(in);
	return s.n && *s.p == '{' && str_find(s, STR("\"meminit-analyze/")) >= 0;
}

static int with_document(struct comparing *c, const char *path, int (*next)(struct comparing *, struct arena *, const struct diff_side *))
{
	struct arena *arena = arena_create(ARENA_LIMIT);
	struct diff_side *side;
	struct mia_error *error;
	int status = STATUS_INTERNAL;

	if (!arena || arena_guard(arena)) {
		cli_complain("out of memory");
	} else {
		side = arena_new(arena, struct diff_side);
		error = diff_side_load(arena, path, side);
		if (error)
			cli_complain("%s", error->message);
		status = error ? (int)error->code : next(c, arena, side);
	}
	if (arena)
		arena_destroy(arena);
	return status;
}

static int run_second(struct comparing *c, struct arena *arena, const struct diff_side *a)
{
	(void)arena;
	c->a = a;
	if (is_document(c->b))
		return with_document(c, c->b, compare);
	return session_run(c->cli, &c->b, 1, second, c);
}

/* --- the first one --- */

static int first(void *context, struct arena *arena, struct verdict *verdict)
{
	struct comparing *c = context;
	struct diff_side *a = arena_new(arena, struct diff_side);
	int status = need_ledger(verdict);

	if (status != STATUS_OK)
		return status;
	if (c->nr_a++) {
		cli_complain("%s: 'diff' compares two boots, and this is one more", verdict->input_name);
		return STATUS_USAGE;
	}
	diff_side_of(arena, verdict, a);
	return run_second(c, arena, a);
}

/* One log with several boots: the last is compared with the one before. */
static int last(void *context, struct arena *arena, struct verdict *verdict)
{
	struct comparing *c = context;
	struct cli before = *c->cli;
	struct diff_side *b = arena_new(arena, struct diff_side);
	char number[32];
	int status = need_ledger(verdict);

	if (status != STATUS_OK)
		return status;
	if (c->nr_a++ || verdict->nr_boots < 2) {
		cli_complain("%s: holds %zu boot%s; 'diff' wants two, or a second input", verdict->input_name, verdict->nr_boots, verdict->nr_boots == 1 ? "" : "s");
		return STATUS_USAGE;
	}
	diff_side_of(arena, verdict, b);
	snprintf(number, sizeof(number), "%zu", verdict->nr_boots - 2);
	before.value[OPTION_BOOT] = number;
	c->later = b;
	return session_run(&before, c->cli->args, 1, second, c);
}

static int parse_format(const struct cli *cli, const char **ret)
{
	*ret = cli_has(cli, OPTION_JSON) ? "json" : cli->value[OPTION_FORMAT] ? cli->value[OPTION_FORMAT] : "text";
	if (strcmp(*ret, "json") && strcmp(*ret, "markdown") && strcmp(*ret, "text"))
		return cli_usage_error(cli, "'diff' writes text, markdown or json, not '%s'", *ret);
	return STATUS_OK;
}

int verb_diff(const struct cli *cli)
{
	struct comparing c = { .cli = cli };
	int status = parse_format(cli, &c.format);

	if (status == STATUS_OK)
		status = limit_parse(cli, &c.limit);
	if (status != STATUS_OK)
		return status;
	if (cli->nr_args < 1 || cli->nr_args > 2)
		return cli_usage_error(cli, "'diff' wants two inputs, or one log that holds two boots");
	if (cli->nr_args == 1)
		return session_run(cli, cli->args, 1, last, &c);
	c.b = cli->args[1];
	if (is_document(cli->args[0]))
		return with_document(&c, cli->args[0], run_second);
	return session_run(cli, cli->args, 1, first, &c);
}
