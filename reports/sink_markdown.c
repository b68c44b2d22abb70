/*
 * sink_markdown.c - see sink_markdown.h.
 *
 * Words of a log stand in code spans, where nothing of them is markup; sentences that quote it have every mark escaped, and those
 * that would call a person or an issue are taken apart.
 */
#include "sink_markdown.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "artifact.h"
#include "mia/arena.h"
#include "report_text.h"
#include "safe_text.h"
#include "size_text.h"

/* Mismatches that are listed one by one. */
#define LISTED_MISMATCHES 20

/* --- escaping --- */

/* Is there markup in @c? A colon and a point make links of "http://..." and "www.". */
static bool needs_escape(char c, char before, char after)
{
	if (c == ':')
		return after && !isspace((unsigned char)after);
	if (c == '.')
		return before == 'w' || before == 'W';
	return (unsigned char)c < 0x80 && ispunct((unsigned char)c) && !strchr(",()%'\"/=+-", c);
}

static void put_text(struct sink *s, struct arena *arena, struct str raw)
{
	struct str safe = safe_text(arena, raw);

	for (size_t i = 0; i < safe.n; i++) {
		char c = safe.p[i];

		if (c == '@' || c == '#')
			fprintf(s->out, "&#%d;<!-- -->", c);
		else if (c == '<' || c == '>' || c == '&')
			fprintf(s->out, "&#%d;", c);
		else if (needs_escape(c, i ? safe.p[i - 1] : ' ', i + 1 < safe.n ? safe.p[i + 1] : ' '))
			fprintf(s->out, "\\%c", c);
		else
			fputc(c, s->out);
	}
}

/* Between more backticks than any that are inside. */
static void put_code(struct sink *s, struct arena *arena, struct str raw)
{
	struct str safe = safe_text(arena, raw);
	size_t run = 0, longest = 0;

	for (size_t i = 0; i < safe.n; i++) {
		run = safe.p[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		fputc('`', s->out);
	fprintf(s->out, longest ? " %.*s " : "%.*s", STR_ARG(safe));
	for (size_t i = 0; i <= longest; i++)
		fputc('`', s->out);
}

/* --- parts --- */

static void put_head(struct sink *s, const struct verdict *v)
{
	struct arena *arena = v->boot->arena;
	struct str parts[] = { summary_sentence(arena, v, s->bytes), takers_sentence(arena, v, s->bytes), unexplained_sentence(arena, v, s->bytes) };

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

	fprintf(s->out, "%zu checks match, %zu do not, %zu could not be made.\n", count.nr[CHECK_MATCH], count.nr[CHECK_MISMATCH], count.nr[CHECK_NOT_OBSERVED] + count.nr[CHECK_NOT_PREDICTED]);
	for (size_t i = 0; i < v->checks.nr && shown < LISTED_MISMATCHES; i++) {
		const struct check *c = &v->checks.v[i];
		struct strbuf text = { .arena = v->boot->arena };
		struct str predicted = value_text(text.arena, &c->predicted), observed = value_text(text.arena, &c->observed);

		if (c->verdict != CHECK_MISMATCH)
			continue;
		strbuf_printf(&text, "%s of %s: predicted %.*s, observed %.*s (%s:%" PRIu32 ")", c->id, c->where, STR_ARG(predicted), STR_ARG(observed), source_name(c->source), c->line);
		fputs(shown++ ? "- " : "\n- ", s->out);
		put_code(s, v->boot->arena, strbuf_str(&text));
		fputc('\n', s->out);
	}
}

static void write_verdict(struct sink *s, const struct verdict *v)
{
	if (s->nr_verdicts)
		fputs("\n---\n\n", s->out);
	put_head(s, v);
	put_findings(s, v);
	put_ledger(s, v);
	put_mismatches(s, v);
}

const struct sink_ops sink_markdown = { .name = "markdown", .verdict = write_verdict };
