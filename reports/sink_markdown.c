/*
 * sink_markdown.c - see sink_markdown.h.
 */
#include "sink_markdown.h"

#include <inttypes.h>
#include <string.h>

#include "artifact.h"
#include "markdown_text.h"
#include "mia/arena.h"
#include "report_text.h"
#include "safe_text.h"
#include "size_text.h"
#include "tools_text.h"

/* Mismatches that are listed one by one. */
#define LISTED_MISMATCHES 20

static void put_text(struct sink *s, struct arena *arena, struct str raw) { markdown_text(s->out, arena, raw); }

static void put_code(struct sink *s, struct arena *arena, struct str raw) { markdown_code(s->out, arena, raw); }

/* --- parts --- */

static void put_head(struct sink *s, const struct verdict *v)
{
	struct arena *arena = v->boot->arena;
	struct str parts[] = { summary_sentence(arena, v, s->bytes), takers_sentence(arena, v, s->bytes),
			       unexplained_sentence(arena, v, s->bytes) };

	fputs("### ", s->out);
	put_text(s, arena, headline(arena, v));
	fputs("\n\n", s->out);
	put_text(s, arena, machine_line(arena, v));
	fputs("; ", s->out);
	put_code(s, arena, str_of(boot_label(arena, v)));
	fputs("\n\n", s->out);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!parts[i].n)
			continue;
		put_text(s, arena, parts[i]);
		fputc(' ', s->out);
	}
	fputs("\n\n", s->out);
}

static void put_finding(struct sink *s, const struct verdict *v, const struct finding *f)
{
	struct arena *arena = v->boot->arena;

	fprintf(s->out, "- **%s %s**: ", f->id, severity_name(f->severity));
	put_text(s, arena, str_of(f->title));
	if (f->severity > SEVERITY_NOTE && f->advice) {
		fputs("\n  Advice: ", s->out);
		put_text(s, arena, str_of(f->advice));
	}
	for (size_t i = 0; i < f->nr_lines; i++) {
		fprintf(s->out, "\n  - line %" PRIu32, f->lines[i]);
		if (!line_text(v, f->lines[i]).n)
			continue;
		fputs(": ", s->out);
		put_code(s, arena, line_text(v, f->lines[i]));
	}
	fputc('\n', s->out);
}

static void put_findings(struct sink *s, const struct verdict *v)
{
	const struct finding **order = findings_in_order(v->boot->arena, &v->findings);

	if (!v->findings.nr)
		return;
	fputs("#### Findings\n\n", s->out);
	for (size_t i = 0; i < v->findings.nr; i++)
		put_finding(s, v, order[i]);
	fputc('\n', s->out);
}

static void put_ledger(struct sink *s, const struct verdict *v)
{
	const struct ledger_row **rows = ledger_in_order(v->boot->arena, &v->ledger);

	if (!v->ledger.nr)
		return;
	fputs("<details><summary>Ledger</summary>\n\n| owner | size | line |\n|---|---:|---:|\n", s->out);
	for (size_t i = 0; i < v->ledger.nr && rows[i]; i++) {
		const struct ledger_row *r = rows[i];

		fputs("| ", s->out);
		for (unsigned d = 0; d < r->depth; d++)
			fputs("&emsp;", s->out);
		put_text(s, v->boot->arena, str_of(r->label));
		fprintf(s->out, " | %s%s | ", r->basis == AMOUNT_EXACT ? "" : "about ", size_column(r->bytes, s->bytes).s);
		for (size_t l = 0; l < ARRAY_SIZE(r->lines) && r->lines[l]; l++)
			fprintf(s->out, "%s%" PRIu32, l ? ", " : "", r->lines[l]);
		fputs(" |\n", s->out);
	}
	fputs("\n</details>\n\n", s->out);
}

static void put_mismatches(struct sink *s, const struct verdict *v)
{
	struct check_count count = count_checks(&v->checks);
	size_t shown = 0;

	fprintf(s->out, "%zu checks match, %zu do not, %zu could not be made.\n", count.nr[CHECK_MATCH], count.nr[CHECK_MISMATCH],
		count.nr[CHECK_NOT_OBSERVED] + count.nr[CHECK_NOT_PREDICTED]);
	for (size_t i = 0; i < v->checks.nr && shown < LISTED_MISMATCHES; i++) {
		const struct check *c = &v->checks.v[i];
		struct strbuf text = { .arena = v->boot->arena };
		struct str predicted = value_text(text.arena, &c->predicted), observed = value_text(text.arena, &c->observed);

		if (c->verdict != CHECK_MISMATCH)
			continue;
		strbuf_printf(&text, "%s of %s: predicted %.*s, observed %.*s (%s:%" PRIu32 ")", c->id, c->where,
			      STR_ARG(predicted), STR_ARG(observed), source_name(c->source), c->line);
		fputs(shown++ ? "- " : "\n- ", s->out);
		put_code(s, v->boot->arena, strbuf_str(&text));
		fputc('\n', s->out);
	}
}

static void put_tools(struct sink *s, const struct verdict *v)
{
	const struct tool_views *tools = &v->tools;

	if (!tool_pairs_differ(v))
		return;
	fputs("\n<details><summary>Why tools disagree</summary>\n\n", s->out);
	for (size_t i = 0; i < tools->pairs.nr; i++) {
		if (!tools->pairs.v[i].difference)
			continue;
		fputs("- ", s->out);
		put_text(s, v->boot->arena, tool_pair_text(v->boot->arena, v, &tools->pairs.v[i], s->bytes));
		fputc('\n', s->out);
	}
	fputs("\n</details>\n", s->out);
}

static void write_verdict(struct sink *s, const struct verdict *v)
{
	if (s->nr_verdicts)
		fputs("\n---\n\n", s->out);
	put_head(s, v);
	put_findings(s, v);
	put_ledger(s, v);
	put_mismatches(s, v);
	put_tools(s, v);
}

const struct sink_ops sink_markdown = { .name = "markdown", .verdict = write_verdict };
