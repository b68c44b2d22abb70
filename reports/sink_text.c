/*
 * sink_text.c - the report for people: where the memory went, in the first ten lines; then the ledger, zones, checks, what is
 * not known, and the findings in full.
 */
#include "sink_text.h"

#include <inttypes.h>
#include <string.h>

#include "claims.h"
#include "mia/arena.h"
#include "report_text.h"
#include "safe_text.h"
#include "size_text.h"
#include "term.h"
#include "tools_text.h"

#define COLUMNS 80
/* Lines of findings that the head has room for. */
#define HEAD_LINES 5
/* Mismatches that are listed one by one. */
#define LISTED_MISMATCHES 20
/* A line of the log that proves something is shown this far. */
#define PROOF_COLUMNS 400

struct report {
	struct term term;
	const struct verdict *v;
	bool in_bytes;
};

static enum paint paint_of(enum severity severity)
{
	static const enum paint paints[] = { PAINT_NOTE, PAINT_WARNING, PAINT_ERROR };

	return paints[severity];
}

static struct str safe(const struct report *r, const char *s) { return safe_text(r->term.arena, str_of(s)); }

/* --- the head --- */

/* Columns of "warning MI001  ". */
#define FINDING_LEFT 15
#define FINDING_INDENT 8

/* Lines that a finding takes in the head: its title is a sentence, and is told whole where two lines can. */
static size_t finding_lines(const struct report *r, const struct finding *f) { return text_columns(safe(r, f->title)) > COLUMNS - FINDING_LEFT ? 2 : 1; }

static void put_finding_line(const struct report *r, const struct finding *f)
{
	struct strbuf left = { .arena = r->term.arena };
	size_t used, room;

	strbuf_printf(&left, "%-7s %s", severity_name(f->severity), f->id);
	term_put(&r->term, paint_of(f->severity), safe_text(left.arena, strbuf_str(&left)));
	term_put(&r->term, PAINT_PLAIN, STR("  "));
	used = text_columns(safe_text(left.arena, strbuf_str(&left))) + 2;
	/* A word less than two lines hold, as the first may break early. */
	room = used + FINDING_INDENT < 2 * COLUMNS - 12 ? 2 * COLUMNS - 12 - used - FINDING_INDENT : 1;
	term_paragraph(&r->term, PAINT_PLAIN, (unsigned)used, FINDING_INDENT, text_fit(r->term.arena, safe(r, f->title), room));
}

/* Errors and warnings stand above the sums, notes below them. */
struct head_findings {
	const struct finding **v;
	size_t shown, lines;
};

static void put_head_findings(const struct report *r, struct head_findings *h, enum severity least)
{
	size_t nr = r->v->findings.nr;

	/* The last line is for those that are not told. */
	for (; h->shown < nr && h->v[h->shown]->severity >= least; h->shown++) {
		size_t more = finding_lines(r, h->v[h->shown]);

		if (h->shown && h->lines + more + (h->shown + 1 < nr) > HEAD_LINES)
			break;
		put_finding_line(r, h->v[h->shown]);
		h->lines += more;
	}
}

static void put_summary(const struct report *r)
{
	struct strbuf s = { .arena = r->term.arena };
	struct str parts[] = { summary_sentence(s.arena, r->v, r->in_bytes), takers_sentence(s.arena, r->v, r->in_bytes), unexplained_sentence(s.arena, r->v, r->in_bytes) };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		strbuf_add(&s, parts[i]);
		strbuf_char(&s, ' ');
	}
	if (r->v->ledger.nr)
		term_paragraph(&r->term, PAINT_PLAIN, 0, 0, strbuf_str(&s));
	else
		term_paragraph(&r->term, PAINT_WARNING, 0, 0, STR("The input shows no map of the machine's memory: there is nothing to run the boot on."));
}

/* What a prediction means comes before its numbers. */
static void put_answers(const struct report *r)
{
	const struct outcomes *answers = r->v->prediction ? &r->v->prediction->outcomes : NULL;

	for (size_t i = 0; answers && i < answers->nr; i++) {
		fputs("> ", r->term.out);
		term_paragraph(&r->term, answers->v[i].bad ? PAINT_WARNING : PAINT_PLAIN, 2, 2, safe(r, answers->v[i].text));
	}
}

static void put_head(const struct report *r)
{
	struct head_findings findings = { .v = findings_in_order(r->term.arena, &r->v->findings) };
	struct strbuf s = { .arena = r->term.arena };

	term_paragraph(&r->term, PAINT_BOLD, 0, 2, headline(r->term.arena, r->v));
	strbuf_add(&s, machine_line(r->term.arena, r->v));
	strbuf_add(&s, STR("; "));
	strbuf_add(&s, origin_line(r->term.arena, r->v, COLUMNS > s.n + 1 ? COLUMNS - s.n : 20));
	term_paragraph(&r->term, PAINT_DIM, 0, 2, strbuf_str(&s));
	put_answers(r);
	put_head_findings(r, &findings, SEVERITY_WARNING);
	put_summary(r);
	put_head_findings(r, &findings, SEVERITY_NOTE);
	if (findings.shown < r->v->findings.nr)
		term_printf(&r->term, PAINT_DIM, "and %zu more, below\n", r->v->findings.nr - findings.shown);
}

/* --- ledger --- */

static void add_lines(struct table *t, const uint32_t *lines, size_t nr)
{
	struct strbuf s = { .arena = t->term->arena };

	for (size_t i = 0; i < nr && lines[i]; i++) {
		if (i)
			strbuf_char(&s, ',');
		strbuf_decimal(&s, lines[i], 1);
	}
	table_cell(t, PAINT_DIM, strbuf_str(&s));
}

static void add_ledger_row(struct table *t, const struct report *r, const struct ledger_row *row)
{
	const struct ledger *ledger = &r->v->ledger;
	static const struct str indents[] = { STR(""), STR("  "), STR("    "), STR("      "), STR("        ") };
	size_t depth = min_u64(depth_below_trunk(ledger, row), ARRAY_SIZE(indents) - 1);
	enum paint paint = !depth ? PAINT_BOLD : depth > 2 ? PAINT_DIM : PAINT_PLAIN;

	table_join(t, paint, !depth && row->parent ? STR("= ") : indents[depth], str_of(row->label));
	table_join(t, paint, str_of(basis_mark(row->basis)), str_of(size_column(row->bytes, r->in_bytes).s));
	table_join(t, PAINT_DIM, STR(""), str_of(percent_text(row->bytes, ledger->v[0].bytes).s));
	add_lines(t, row->lines, ARRAY_SIZE(row->lines));
}

static void put_ledger(const struct report *r)
{
	static const struct column columns[] = { { "Ledger", ALIGN_LEFT, true }, { "size", ALIGN_RIGHT, false }, { "share", ALIGN_RIGHT, false }, { "line", ALIGN_LEFT, false } };
	struct table t = { .term = &r->term, .column = columns, .nr_columns = ARRAY_SIZE(columns) };
	const struct ledger *ledger = &r->v->ledger;
	const struct ledger_row **rows = ledger_in_order(r->term.arena, ledger);

	if (!ledger->nr)
		return;
	term_newline(&r->term);
	for (size_t i = 0; i < ledger->nr && rows[i]; i++)
		add_ledger_row(&t, r, rows[i]);
	table_write(&t);
	term_put(&r->term, PAINT_DIM, STR("~ estimated, * within bounds; all else is exact. = is what is left.\n"));
}

/* --- zones --- */

static void add_number(struct table *t, bool known, uint64_t v)
{
	if (known)
		table_number(t, PAINT_PLAIN, v);
	else
		table_cell(t, PAINT_DIM, STR("?"));
}

/* A range where there is room for it, else its middle with a mark. */
static void add_managed(struct table *t, const struct amount *managed, bool ranges)
{
	if (ranges || managed->basis != AMOUNT_BOUNDED)
		table_cell(t, PAINT_PLAIN, amount_text(t->term->arena, managed));
	else
		table_printf(t, PAINT_PLAIN, "%s%" PRIu64, basis_mark(managed->basis), managed->v);
}

static void add_zone(struct table *t, const struct boot *b, const struct pgdat *node, const struct zone *z, bool ranges)
{
	struct zone_claims claims = zone_claims(b, z);

	table_number(t, PAINT_PLAIN, (uint64_t)node->nid);
	table_cell(t, PAINT_PLAIN, str_of(zone_type_name(z->type)));
	add_number(t, claims.start, z->span.start);
	add_number(t, claims.spanned, z->spanned);
	add_number(t, claims.present, z->present_shown);
	add_managed(t, &z->managed, ranges);
	add_number(t, claims.marks, z->min);
	add_number(t, claims.marks, z->low);
	add_number(t, claims.marks, z->high);
}

static void add_zones(struct table *t, const struct boot *b, bool ranges)
{
	t->nr = 0;
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones && b->node[n].online; i++)
			if (b->node[n].zone[b->zone_order[i]].spanned)
				add_zone(t, b, &b->node[n], &b->node[n].zone[b->zone_order[i]], ranges);
}

static void put_managed_ranges(const struct report *r)
{
	const struct boot *b = r->v->boot;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones && b->node[n].online; i++) {
			const struct zone *z = &b->node[n].zone[b->zone_order[i]];

			if (z->spanned && z->managed.basis == AMOUNT_BOUNDED)
				term_printf(&r->term, PAINT_DIM, "* node %zu %s manages between %" PRIu64 " and %" PRIu64 "\n", n, zone_type_name(z->type), z->managed.min, z->managed.max);
		}
}

static void put_zones(const struct report *r)
{
	static const struct column columns[] = {
		{ "node", ALIGN_RIGHT, false }, { "zone", ALIGN_LEFT, false }, { "start pfn", ALIGN_RIGHT, false }, { "spanned", ALIGN_RIGHT, false }, { "present", ALIGN_RIGHT, false },
		{ "managed", ALIGN_RIGHT, false }, { "min", ALIGN_RIGHT, false }, { "low", ALIGN_RIGHT, false }, { "high", ALIGN_RIGHT, false },
	};
	struct table t = { .term = &r->term, .column = columns, .nr_columns = ARRAY_SIZE(columns) };
	bool fits;

	add_zones(&t, r->v->boot, true);
	if (!t.nr)
		return;
	fits = table_columns(&t) <= COLUMNS;
	if (!fits)
		add_zones(&t, r->v->boot, false);
	term_heading(&r->term, "Zones, in pages of 4 KiB");
	table_write(&t);
	if (!fits)
		put_managed_ranges(r);
}

/* --- a boot that has not happened --- */

static void put_groups(const struct report *r, const struct prediction *p)
{
	static const struct column columns[] = { { "Prediction", ALIGN_LEFT, true }, { "basis", ALIGN_LEFT, false }, { "because of", ALIGN_LEFT, false } };
	struct table t = { .term = &r->term, .column = columns, .nr_columns = ARRAY_SIZE(columns) };

	for (int g = 0; g < NR_VALUE_GROUPS; g++) {
		struct strbuf s = { .arena = r->term.arena };

		for (int u = 0; u < NR_UNKNOWNS; u++)
			if (p->group[g].because[u])
				strbuf_printf(&s, "%s%s", s.n ? ", " : "", unknown_name((enum unknown_id)u));
		table_cell(&t, PAINT_PLAIN, str_of(value_group_title((enum value_group)g)));
		table_cell(&t, PAINT_PLAIN, str_of(basis_name(p->group[g].basis)));
		table_cell(&t, PAINT_DIM, s.n ? strbuf_str(&s) : STR("-"));
	}
	term_newline(&r->term);
	table_write(&t);
}

static void add_hole(struct table *t, const char *what, struct phys_range hole, bool in_bytes)
{
	table_cell(t, PAINT_PLAIN, str_of(what));
	if (phys_len(hole)) {
		table_join(t, PAINT_PLAIN, STR(""), str_of(size_column((int64_t)phys_len(hole), in_bytes).s));
		table_printf(t, PAINT_DIM, "0x%" PRIx64 "-0x%" PRIx64, hole.start, hole.end - 1);
	} else {
		table_cell(t, PAINT_PLAIN, STR("none"));
		table_cell(t, PAINT_DIM, STR(""));
	}
}

static void put_room(const struct report *r)
{
	static const struct column columns[] = { { "Largest free range", ALIGN_LEFT, true }, { "size", ALIGN_RIGHT, false }, { "place", ALIGN_LEFT, false } };
	struct table t = { .term = &r->term, .column = columns, .nr_columns = ARRAY_SIZE(columns) };
	const struct boot *b = r->v->boot;

	add_hole(&t, "for a crash kernel, below 4 GiB", b->crash_hole_low, r->in_bytes);
	add_hole(&t, "for a crash kernel, above 4 GiB", b->crash_hole_high, r->in_bytes);
	add_hole(&t, "for a bounce buffer", b->swiotlb_hole, r->in_bytes);
	term_newline(&r->term);
	table_write(&t);
	for (size_t n = 0; n < b->nr_nodes; n++)
		if (b->node[n].online && b->machine->gbpages)
			term_printf(&r->term, PAINT_PLAIN, "node %zu has room for %" PRIu64 " page%s of 1 GiB\n", n, b->node[n].gigantic_room, b->node[n].gigantic_room == 1 ? "" : "s");
}

static void put_prediction(const struct report *r)
{
	if (!r->v->prediction || !r->v->boot->physpages)
		return;
	put_groups(r, r->v->prediction);
	put_room(r);
}

/* --- checks --- */

/* " (zoneinfo 31, meminfo 1)" */
static void add_check_sources(struct strbuf *s, const struct checks *checks)
{
	size_t nr[NR_SOURCES] = { 0 };
	const char *between = " (";

	for (size_t i = 0; i < checks->nr; i++)
		nr[checks->v[i].source] += checks->v[i].verdict == CHECK_MATCH;
	for (int k = 0; k < NR_SOURCES; k++)
		if (nr[k]) {
			strbuf_printf(s, "%s%s %zu", between, source_name((enum source_kind)k), nr[k]);
			between = ", ";
		}
	if (*between == ',')
		strbuf_char(s, ')');
}

static void put_mismatch(const struct report *r, const struct check *c)
{
	struct strbuf s = { .arena = r->term.arena };

	strbuf_printf(&s, "%s, ", c->where);
	strbuf_printf(&s, "stage %s: model ", c->stage);
	strbuf_add(&s, value_text(r->term.arena, &c->predicted));
	strbuf_add(&s, STR(", kernel "));
	strbuf_add(&s, value_text(r->term.arena, &c->observed));
	strbuf_printf(&s, " (%s:%" PRIu32 ")", source_name(c->source), c->line);
	term_printf(&r->term, PAINT_ERROR, "  %s", c->id);
	fputc(' ', r->term.out);
	term_paragraph(&r->term, PAINT_PLAIN, (unsigned)strlen(c->id) + 3, 4, safe_text(r->term.arena, strbuf_str(&s)));
}

static void put_mismatches(const struct report *r, size_t nr)
{
	size_t shown = 0;

	for (size_t i = 0; i < r->v->checks.nr && shown < LISTED_MISMATCHES; i++)
		if (r->v->checks.v[i].verdict == CHECK_MISMATCH) {
			put_mismatch(r, &r->v->checks.v[i]);
			shown++;
		}
	if (shown < nr)
		term_printf(&r->term, PAINT_DIM, "  and %zu more; --json has them all\n", nr - shown);
}

/* Is it the first check that cannot be made for its reason? */
static bool reason_is_new(const struct checks *checks, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (checks->v[i].verdict == CHECK_NOT_PREDICTED && checks->v[i].slack_why && !strcmp(checks->v[i].slack_why, checks->v[at].slack_why))
			return false;
	return true;
}

static void put_not_predicted(const struct report *r, size_t nr)
{
	const struct checks *checks = &r->v->checks;
	struct strbuf s = { .arena = r->term.arena };
	const char *between = ": ";

	strbuf_printf(&s, "%zu %s observed and cannot be predicted", nr, nr == 1 ? "was" : "were");
	for (size_t i = 0; i < checks->nr; i++)
		if (checks->v[i].verdict == CHECK_NOT_PREDICTED && checks->v[i].slack_why && reason_is_new(checks, i)) {
			strbuf_printf(&s, "%s%s", between, checks->v[i].slack_why);
			between = "; ";
		}
	term_paragraph(&r->term, PAINT_PLAIN, 0, 2, strbuf_str(&s));
}

static void put_checks(const struct report *r)
{
	struct check_count count = count_checks(&r->v->checks);
	size_t compared = count.nr[CHECK_MATCH] + count.nr[CHECK_MISMATCH];
	struct strbuf s = { .arena = r->term.arena };

	if (!r->v->checks.nr)
		return;
	term_heading(&r->term, "Verification");
	if (compared) {
		strbuf_printf(&s, "%zu of %zu counts match", count.nr[CHECK_MATCH], compared);
		add_check_sources(&s, &r->v->checks);
		term_paragraph(&r->term, count.nr[CHECK_MISMATCH] ? PAINT_WARNING : PAINT_GOOD, 0, 2, strbuf_str(&s));
	}
	if (count.nr[CHECK_MISMATCH])
		put_mismatches(r, count.nr[CHECK_MISMATCH]);
	if (count.nr[CHECK_NOT_PREDICTED])
		put_not_predicted(r, count.nr[CHECK_NOT_PREDICTED]);
}

/* --- tools --- */

static void put_tools(const struct report *r)
{
	const struct tool_views *tools = &r->v->tools;
	size_t differ = tool_pairs_differ(r->v), same = tools->pairs.nr - differ;

	if (!tools->pairs.nr)
		return;
	term_heading(&r->term, "Why tools disagree");
	for (size_t i = 0; i < tools->pairs.nr; i++)
		if (tools->pairs.v[i].difference) {
			fputs("- ", r->term.out);
			term_paragraph(&r->term, tools->pairs.v[i].rest ? PAINT_WARNING : PAINT_PLAIN, 2, 2, tool_pair_text(r->term.arena, r->v, &tools->pairs.v[i], r->in_bytes));
		}
	if (same)
		term_printf(&r->term, PAINT_DIM, "%zu other pair%s of tools say the same.\n", same, same == 1 ? "" : "s");
}

/* --- gaps --- */

static void put_gaps(const struct report *r)
{
	const struct gaps *gaps = &r->v->gaps;

	if (!gaps->nr)
		return;
	term_heading(&r->term, "Not known");
	for (size_t i = 0; i < gaps->nr; i++) {
		const struct gap *g = &gaps->v[i];
		struct strbuf s = { .arena = r->term.arena };

		strbuf_printf(&s, "%s. %s", g->what, g->why);
		if (g->line)
			strbuf_printf(&s, " (line %" PRIu32 ")", g->line);
		fputs("- ", r->term.out);
		term_paragraph(&r->term, PAINT_PLAIN, 2, 2, safe_text(r->term.arena, strbuf_str(&s)));
	}
}

/* --- findings in full --- */

static void put_proof(const struct report *r, uint32_t line)
{
	struct str s = text_fit(r->term.arena, safe_text(r->term.arena, line_text(r->v, line)), PROOF_COLUMNS);
	char left[32];

	snprintf(left, sizeof(left), "  line %" PRIu32 "%s", line, s.n ? ":" : "");
	term_printf(&r->term, PAINT_DIM, "%s", left);
	if (s.n)
		fputc(' ', r->term.out);
	term_paragraph(&r->term, PAINT_DIM, (unsigned)strlen(left) + 1, 4, s);
}

static void put_finding(const struct report *r, const struct finding *f)
{
	char left[64];

	snprintf(left, sizeof(left), "%s %s", f->id, severity_name(f->severity));
	term_newline(&r->term);
	term_put(&r->term, paint_of(f->severity), safe(r, left));
	fputc(' ', r->term.out);
	term_paragraph(&r->term, PAINT_BOLD, (unsigned)strlen(left) + 1, 2, safe(r, f->title));
	if (f->bytes_known && f->bytes)
		term_printf(&r->term, PAINT_PLAIN, "  %s\n", size_prose((int64_t)f->bytes, r->in_bytes).s);
	if (f->detail && *f->detail) {
		fputs("  ", r->term.out);
		term_paragraph(&r->term, PAINT_PLAIN, 2, 2, safe(r, f->detail));
	}
	if (f->advice && *f->advice) {
		fputs("  Advice: ", r->term.out);
		term_paragraph(&r->term, PAINT_PLAIN, 10, 2, safe(r, f->advice));
	}
	for (size_t i = 0; i < f->nr_lines; i++)
		put_proof(r, f->lines[i]);
}

static void put_findings(const struct report *r)
{
	const struct finding **v = findings_in_order(r->term.arena, &r->v->findings);

	if (!r->v->findings.nr)
		return;
	term_heading(&r->term, "Findings");
	for (size_t i = 0; i < r->v->findings.nr; i++)
		put_finding(r, v[i]);
}

/* --- the sink --- */

static void write_verdict(struct sink *s, const struct verdict *v)
{
	struct report r = { .term = { .arena = v->boot->arena, .out = s->out, .color = s->color, .columns = COLUMNS }, .v = v, .in_bytes = s->bytes };

	if (s->nr_verdicts)
		term_newline(&r.term);
	put_head(&r);
	put_ledger(&r);
	put_zones(&r);
	put_prediction(&r);
	put_checks(&r);
	put_tools(&r);
	put_gaps(&r);
	put_findings(&r);
}

const struct sink_ops sink_text = { .name = "text", .verdict = write_verdict };
