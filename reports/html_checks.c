/* html_checks.c - see html_page.h: findings, checks, what is not known, and what the kernel is taken to be. */
#include "html_page.h"

#include <inttypes.h>

#include "mia/arena.h"
#include "report_text.h"
#include "safe_text.h"
#include "size_text.h"
#include "tools_text.h"

/* A line of the log that proves something is shown this far. */
#define PROOF_COLUMNS 400

/* --- findings --- */

static void put_proof(const struct page *p, uint32_t line)
{
	struct str s = safe_text(p->arena, line_text(p->v, line));

	fprintf(p->out, "%" PRIu32, line);
	if (s.n) {
		put(p, ": ");
		text_str(p, text_fit(p->arena, s, PROOF_COLUMNS));
	}
	put(p, "\n");
}

static void put_paragraph(const struct page *p, const char *before, const char *s)
{
	if (!s || !*s)
		return;
	put(p, "<p>");
	put(p, before);
	text(p, s);
	put(p, "</p>\n");
}

static void put_finding(const struct page *p, const struct finding *f)
{
	fprintf(p->out, "<div class=\"finding %s\"><h3><span class=\"tag\">%s ", severity_name(f->severity), severity_name(f->severity));
	text(p, f->id);
	put(p, "</span>");
	text(p, f->title);
	if (f->bytes_known && f->bytes)
		fprintf(p->out, " <span class=\"dim\">%s</span>", size_prose((int64_t)f->bytes, false).s);
	put(p, "</h3>\n");
	put_paragraph(p, "", f->detail);
	put_paragraph(p, "<b>Advice:</b> ", f->advice);
	if (f->nr_lines) {
		put(p, "<pre>");
		for (size_t i = 0; i < f->nr_lines; i++)
			put_proof(p, f->lines[i]);
		put(p, "</pre>");
	}
	put(p, "</div>\n");
}

/* Notes explain what is as it should be: they are there for whoever asks. */
void html_findings(const struct page *p)
{
	const struct finding **v = findings_in_order(p->arena, &p->v->findings);
	size_t nr = p->v->findings.nr, notes = nr;

	put(p, "<section id=\"findings\"><h2>Findings</h2>\n");
	for (size_t i = 0; i < nr; i++)
		if (v[i]->severity > SEVERITY_NOTE) {
			put_finding(p, v[i]);
			notes--;
		}
	if (notes == nr)
		put(p, "<p>Nothing is wrong.</p>\n");
	if (notes)
		fprintf(p->out, "<details><summary>%zu note%s: what is as it should be, explained</summary>\n", notes, notes == 1 ? "" : "s");
	for (size_t i = nr - notes; i < nr; i++)
		put_finding(p, v[i]);
	put(p, notes ? "</details></section>\n" : "</section>\n");
}

/* --- checks --- */

static void put_check(const struct page *p, const struct check *c)
{
	static const char *const classes[] = { "good", "bad", "dim", "dim" };

	fprintf(p->out, "<tr><td class=\"%s\">%s</td><td>", classes[c->verdict], check_verdict_name(c->verdict));
	text(p, c->id);
	put(p, "</td><td>");
	text(p, c->where);
	put(p, "</td><td class=\"n\">");
	text_str(p, value_text(p->arena, &c->predicted));
	put(p, "</td><td class=\"n\">");
	text_str(p, value_text(p->arena, &c->observed));
	fprintf(p->out, "</td><td>%s:%" PRIu32 "</td><td>", source_name(c->source), c->line);
	text(p, c->stage);
	put(p, "</td></tr>\n");
}

static void put_check_table(const struct page *p, bool matching)
{
	put(p, "<div class=\"scroll\"><table class=\"sortable\"><thead><tr><th>verdict</th><th>count</th><th>where</th><th class=\"n\">model</th><th class=\"n\">kernel</th><th>source</th><th>stage</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->v->checks.nr; i++)
		if ((p->v->checks.v[i].verdict == CHECK_MATCH) == matching)
			put_check(p, &p->v->checks.v[i]);
	put(p, "</tbody></table></div>\n");
}

static void put_tools(const struct page *p)
{
	const struct tool_views *tools = &p->v->tools;

	if (!tool_pairs_differ(p->v))
		return;
	put(p, "<h3>Why tools disagree</h3>\n<ul class=\"tools\">\n");
	for (size_t i = 0; i < tools->pairs.nr; i++) {
		if (!tools->pairs.v[i].difference)
			continue;
		put(p, tools->pairs.v[i].rest ? "<li class=\"bad\">" : "<li>");
		text_str(p, tool_pair_text(p->arena, p->v, &tools->pairs.v[i], false));
		put(p, "</li>\n");
	}
	put(p, "</ul>\n");
}

void html_checks(const struct page *p)
{
	struct check_count count = count_checks(&p->v->checks);
	size_t compared = count.nr[CHECK_MATCH] + count.nr[CHECK_MISMATCH];

	put(p, "<section id=\"checks\"><h2>Verification</h2>\n");
	if (!compared)
		put(p, "<p>Nothing could be compared.</p>\n");
	else
		fprintf(p->out, "<p><span class=\"%s\">%zu of %zu counts match</span> what the kernel itself said.</p>\n", count.nr[CHECK_MISMATCH] ? "bad" : "good", count.nr[CHECK_MATCH], compared);
	if (count.nr[CHECK_MATCH] < p->v->checks.nr)
		put_check_table(p, false);
	if (count.nr[CHECK_MATCH]) {
		fprintf(p->out, "<details><summary>The %zu that match</summary>", count.nr[CHECK_MATCH]);
		put_check_table(p, true);
		put(p, "</details>\n");
	}
	put_tools(p);
	put(p, "</section>\n");
}

/* --- gaps --- */

void html_gaps(const struct page *p)
{
	put(p, "<section id=\"gaps\"><h2>Not known</h2>\n");
	for (size_t i = 0; i < p->v->gaps.nr; i++) {
		const struct gap *g = &p->v->gaps.v[i];

		put(p, "<p><b>");
		text(p, g->what);
		put(p, ".</b> ");
		text(p, g->why);
		if (g->line)
			fprintf(p->out, " <span class=\"dim\">(line %" PRIu32 ")</span>", g->line);
		put(p, "</p>\n");
	}
	put(p, "</section>\n");
}

/* --- the kernel --- */

static void put_trait(const struct page *p, enum trait_id id)
{
	const struct trait *t = &p->v->kernel->traits.t[id];

	fprintf(p->out, "<tr><td class=\"mono\">%s</td><td class=\"n\">%d</td><td>%s</td>", trait_name(id), t->value, trait_basis_name(t->basis));
	html_number_cell(p, t->line != 0, t->line);
	put(p, "</tr>\n");
}

void html_kernel(const struct page *p)
{
	put(p, "<section id=\"kernel\"><h2>The kernel</h2>\n");
	if (p->v->boot->cmdline->text.n) {
		put(p, "<p>Its command line:</p><pre>");
		text_str(p, p->v->boot->cmdline->text);
		put(p, "</pre>\n");
	}
	put(p, "<details><summary>What it is taken to do, and on what basis</summary><div class=\"scroll\"><table class=\"sortable\"><thead><tr><th>trait</th><th class=\"n\">value</th><th>basis</th><th class=\"n\">line</th></tr></thead>\n<tbody>\n");
	for (int id = TRAIT_NONE + 1; id < NR_TRAITS; id++)
		put_trait(p, (enum trait_id)id);
	put(p, "</tbody></table></div></details></section>\n");
}
