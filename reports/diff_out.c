/* diff_out.c - see diff_out.h: the comparison for people, in the terminal and in a bug report. */
#include "diff_out.h"

#include <inttypes.h>
#include <string.h>

#include "markdown_text.h"
#include "mia/arena.h"
#include "safe_text.h"
#include "size_text.h"
#include "term.h"

/* Reasons that are told in full below the table. */
#define REASONS 8
/* A part of memory of this size that lies elsewhere is worth a word. */
#define MOVED_BYTES (1 << 20)

struct writer {
	struct term term;
	const struct diff *d;
	bool bytes;
};

static struct str safe(const struct writer *w, struct str s) { return safe_text(w->term.arena, s); }

/* "-256.00 MiB", "+12.00 KiB": a change always has its sign. */
static struct str signed_size(const struct writer *w, int64_t bytes) { return str_printf(w->term.arena, "%s%s", bytes > 0 ? "+" : "", size_column(bytes, w->bytes).s); }

static struct str side_text(const struct writer *w, const struct diff_side *s)
{
	struct strbuf out = { .arena = w->term.arena };

	strbuf_add(&out, s->release.n ? s->release : STR("a kernel of unknown release"));
	if (s->dmi.n)
		strbuf_printf(&out, " on %.*s", STR_ARG(s->dmi));
	if (s->mem_total_known)
		strbuf_printf(&out, ", MemTotal %" PRId64 " kB%s", s->mem_total_bytes / 1024, s->mem_total_observed ? "" : s->is_prediction ? " (predicted)" : " (by the model)");
	else
		strbuf_printf(&out, ", MemTotal unknown");
	strbuf_printf(&out, "; %s", s->name);
	return strbuf_str(&out);
}

static struct str total_text(const struct writer *w)
{
	const struct diff *d = w->d;
	struct str residue;

	if (!d->change_known)
		return STR("MemTotal of one of them is not known, so its change is not either.");
	if (!d->residue)
		return str_printf(w->term.arena, "MemTotal changes by %.*s, and all of that has an owner.", STR_ARG(signed_size(w, d->change)));
	residue = signed_size(w, d->residue);
	return str_printf(w->term.arena, "MemTotal changes by %.*s; %.*s of that has no owner.", STR_ARG(signed_size(w, d->change)), STR_ARG(residue));
}

static struct str machines_text(const struct writer *w)
{
	const struct diff *d = w->d;

	if (!d->machine_known || d->same_machine)
		return d->machine_known && !d->same_map ? STR("The machine is the same and its firmware's maps differ.") : (struct str){ "", 0 };
	return str_printf(w->term.arena, "These are different machines: %.*s, and %.*s.", STR_ARG(d->a.dmi), STR_ARG(d->b.dmi));
}

/* What each input moved. */
static struct str inputs_text(const struct writer *w)
{
	struct strbuf out = { .arena = w->term.arena };

	for (int f = 0; w->d->separated && f < NR_FACTORS; f++)
		if (w->d->by_factor[f])
			strbuf_printf(&out, "%s%s %.*s", out.n ? ", " : "By input: ", diff_factor_title((enum diff_factor)f), STR_ARG(signed_size(w, w->d->by_factor[f])));
	if (out.n && w->d->unseparated)
		strbuf_printf(&out, ", none of them alone %.*s", STR_ARG(signed_size(w, w->d->unseparated)));
	if (out.n)
		strbuf_char(&out, '.');
	return out.n ? strbuf_str(&out) : (struct str){ "", 0 };
}

static struct str moved_text(const struct writer *w)
{
	struct strbuf out = { .arena = w->term.arena };

	for (size_t i = 0; i < w->d->nr; i++) {
		const struct diff_row *r = &w->d->v[i];

		if (r->kind == DIFF_MOVED && r->a >= MOVED_BYTES)
			strbuf_printf(&out, "%s%s (0x%" PRIx64 " to 0x%" PRIx64 ")", out.n ? ", " : "Of the same size elsewhere: ", r->id, r->a_start, r->b_start);
	}
	if (out.n)
		strbuf_char(&out, '.');
	return out.n ? strbuf_str(&out) : (struct str){ "", 0 };
}

static const char *cause_text(const struct diff_row *r) { return r->separated ? diff_factor_title(r->cause) : r->because ? "command line" : ""; }

/* --- text --- */

static void put_rows(const struct writer *w)
{
	static const struct column columns[] = {
		{ "Owner", ALIGN_LEFT, true }, { "A", ALIGN_RIGHT, false }, { "B", ALIGN_RIGHT, false }, { "MemTotal", ALIGN_RIGHT, false }, { "because of", ALIGN_LEFT, false },
	};
	struct table table = { .term = &w->term, .column = columns, .nr_columns = 5 };

	for (size_t i = 0; i < w->d->nr; i++) {
		const struct diff_row *r = &w->d->v[i];

		if (!r->effect)
			continue;
		table_cell(&table, PAINT_PLAIN, safe(w, str_of(r->label)));
		table_printf(&table, PAINT_PLAIN, "%s", size_column(r->a, w->bytes).s);
		table_printf(&table, PAINT_PLAIN, "%s", size_column(r->b, w->bytes).s);
		table_cell(&table, r->effect < 0 ? PAINT_WARNING : PAINT_GOOD, signed_size(w, r->effect));
		table_printf(&table, PAINT_DIM, "%s", cause_text(r));
	}
	if (!table.nr)
		return;
	term_newline(&w->term);
	table_write(&table);
}

static void put_reasons(const struct writer *w)
{
	const char *last = NULL;
	size_t nr = 0;

	/* The first is in the sentence on top. */
	for (size_t i = 1; i < w->d->nr && nr < REASONS; i++) {
		const struct diff_row *r = &w->d->v[i];

		if (!r->effect || !r->because || (last && !strcmp(last, r->because)))
			continue;
		if (!nr++)
			term_heading(&w->term, "Reasons");
		last = r->because;
		term_put(&w->term, PAINT_BOLD, str_of(r->id));
		fputs(": ", w->term.out);
		term_paragraph(&w->term, PAINT_PLAIN, (unsigned)strlen(r->id) + 2, 2, safe(w, str_of(r->because)));
	}
}

static void put_paragraph(const struct writer *w, struct str s)
{
	if (s.n)
		term_paragraph(&w->term, PAINT_PLAIN, 0, 0, safe(w, s));
}

static void put_findings(const struct writer *w)
{
	for (size_t i = 0; i < w->d->findings.nr; i++) {
		const struct finding *f = &w->d->findings.v[i];

		if (!i)
			term_heading(&w->term, "Findings");
		term_printf(&w->term, PAINT_NOTE, "%s %s ", f->id, severity_name(f->severity));
		term_paragraph(&w->term, PAINT_PLAIN, (unsigned)(strlen(f->id) + strlen(severity_name(f->severity)) + 2), 2, safe(w, str_of(f->title)));
	}
}

void diff_write_text(struct arena *arena, const struct diff *d, const struct diff_style *style, FILE *out)
{
	struct writer w = { .term = { .arena = arena, .out = out, .color = style->color, .columns = style->columns }, .d = d, .bytes = style->bytes };
	const struct diff_side *sides[] = { &d->a, &d->b };

	term_paragraph(&w.term, PAINT_BOLD, 0, 0, safe(&w, d->sentence));
	for (size_t i = 0; i < 2; i++) {
		fprintf(out, "%c  ", "AB"[i]);
		term_paragraph(&w.term, PAINT_PLAIN, 3, 3, safe(&w, side_text(&w, sides[i])));
	}
	put_paragraph(&w, total_text(&w));
	put_paragraph(&w, machines_text(&w));
	put_paragraph(&w, inputs_text(&w));
	put_rows(&w);
	put_reasons(&w);
	if (moved_text(&w).n)
		term_newline(&w.term);
	put_paragraph(&w, moved_text(&w));
	put_findings(&w);
}

/* --- Markdown --- */

static void md_paragraph(const struct writer *w, struct str s)
{
	if (!s.n)
		return;
	markdown_text(w->term.out, w->term.arena, s);
	fputs("\n\n", w->term.out);
}

static void md_rows(const struct writer *w)
{
	FILE *out = w->term.out;
	bool any = false;

	for (size_t i = 0; i < w->d->nr; i++) {
		const struct diff_row *r = &w->d->v[i];

		if (!r->effect)
			continue;
		if (!any)
			fputs("| owner | A | B | MemTotal | because |\n|---|--:|--:|--:|---|\n", out);
		any = true;
		fputs("| ", out);
		markdown_text(out, w->term.arena, str_of(r->label));
		fprintf(out, " | %s | %s | %.*s | ", size_column(r->a, w->bytes).s, size_column(r->b, w->bytes).s, STR_ARG(signed_size(w, r->effect)));
		markdown_text(out, w->term.arena, r->because ? str_of(r->because) : STR(""));
		fputs(" |\n", out);
	}
	if (any)
		fputc('\n', out);
}

void diff_write_markdown(struct arena *arena, const struct diff *d, const struct diff_style *style, FILE *out)
{
	struct writer w = { .term = { .arena = arena, .out = out }, .d = d, .bytes = style->bytes };
	const struct diff_side *sides[] = { &d->a, &d->b };

	fputs("### ", out);
	markdown_text(out, arena, d->sentence);
	fputs("\n\n", out);
	for (size_t i = 0; i < 2; i++) {
		fprintf(out, "- %c: ", "AB"[i]);
		markdown_text(out, arena, side_text(&w, sides[i]));
		fputc('\n', out);
	}
	fputc('\n', out);
	md_paragraph(&w, total_text(&w));
	md_paragraph(&w, machines_text(&w));
	md_paragraph(&w, inputs_text(&w));
	md_rows(&w);
	md_paragraph(&w, moved_text(&w));
	for (size_t i = 0; i < d->findings.nr; i++) {
		fprintf(out, "- **%s %s**: ", d->findings.v[i].id, severity_name(d->findings.v[i].severity));
		markdown_text(out, arena, str_of(d->findings.v[i].title));
		fputc('\n', out);
	}
}
