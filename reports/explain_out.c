/* explain_out.c - see explain_out.h. */
#include "explain_out.h"

#include <inttypes.h>

#include "json_text.h"
#include "safe_text.h"
#include "size_text.h"
#include "term.h"

#define SCHEMA "meminit-analyze/explain/1"

/* --- JSON --- */

static void add(struct json_object *to, const char *key, struct json_object *value) { json_object_object_add(to, key, value); }

static struct json_object *value_json(const struct answer_row *r)
{
	struct json_object *a;

	switch (r->kind) {
	case ANSWER_UNKNOWN:
		return NULL;
	case ANSWER_TEXT:
		return json_text(r->text);
	case ANSWER_BOOL:
		return json_object_new_boolean(r->v[0] != 0);
	case ANSWER_RANGE:
		a = json_object_new_array();
		json_object_array_add(a, json_object_new_uint64(r->v[0]));
		json_object_array_add(a, json_object_new_uint64(r->v[1] - 1));
		return a;
	default:
		return json_object_new_uint64(r->v[0]);
	}
}

static const char *unit(enum answer_kind kind)
{
	static const char *const units[] = {
		[ANSWER_UNKNOWN] = NULL, [ANSWER_NUMBER] = "number", [ANSWER_ADDRESS] = "address", [ANSWER_RANGE] = "addresses", [ANSWER_BYTES] = "bytes", [ANSWER_PAGES] = "pages",
		[ANSWER_TEXT] = "text", [ANSWER_BOOL] = "boolean",
	};

	return units[kind];
}

static struct json_object *row_json(const struct answer_row *r)
{
	struct json_object *o = json_object_new_object(), *source = json_object_new_array();
	char text[64];

	add(o, "id", json_text(str_of(r->id)));
	add(o, "label", json_text(str_of(r->label)));
	add(o, "value", value_json(r));
	add(o, "unit", json_text(str_of(unit(r->kind))));
	add(o, "why", json_text(r->why));
	for (size_t i = 0; i < sizeof(r->lines) / sizeof(r->lines[0]) && r->lines[i]; i++) {
		snprintf(text, sizeof(text), "%s:%" PRIu32, source_name(r->source), r->lines[i]);
		json_object_array_add(source, json_object_new_string(text));
	}
	add(o, "source", source);
	add(o, "stage", json_text(str_of(r->stage)));
	add(o, "function", json_text(str_of(r->function)));
	return o;
}

static struct json_object *answer_json(const struct answer *a)
{
	struct json_object *o = json_object_new_object(), *rows = json_object_new_array();

	add(o, "what", json_text(a->what.text));
	add(o, "kind", json_text(str_of(a->kind)));
	add(o, "found", json_object_new_boolean(a->found));
	add(o, "answer", json_text(a->sentence));
	for (size_t i = 0; i < a->nr; i++)
		json_object_array_add(rows, row_json(&a->v[i]));
	add(o, "rows", rows);
	return o;
}

void explain_write_json(const struct verdict *v, const struct answers *answers, FILE *out)
{
	struct json_object *doc = json_object_new_object(), *list = json_object_new_array();

	add(doc, "schema", json_object_new_string(SCHEMA));
	add(doc, "input", json_text(str_of(v->input_name)));
	add(doc, "boot", json_object_new_uint64(v->boot_index));
	add(doc, "release", json_text(v->kernel->release.text));
	for (size_t i = 0; i < answers->nr; i++)
		json_object_array_add(list, answer_json(&answers->v[i]));
	add(doc, "answers", list);
	json_write_line(doc, out);
	json_object_put(doc);
}

/* --- text --- */

static void put_value(struct table *table, const struct answer_row *r, bool bytes)
{
	switch (r->kind) {
	case ANSWER_UNKNOWN:
		table_printf(table, PAINT_WARNING, "not known");
		break;
	case ANSWER_NUMBER:
		table_printf(table, PAINT_PLAIN, "%" PRIu64, r->v[0]);
		break;
	case ANSWER_ADDRESS:
		table_printf(table, PAINT_PLAIN, "0x%" PRIx64, r->v[0]);
		break;
	case ANSWER_RANGE:
		table_printf(table, PAINT_PLAIN, "0x%" PRIx64 "-0x%" PRIx64, r->v[0], r->v[1] - 1);
		break;
	case ANSWER_BYTES:
		table_printf(table, PAINT_PLAIN, "%s", size_prose((int64_t)r->v[0], bytes).s);
		break;
	case ANSWER_PAGES:
		table_printf(table, PAINT_PLAIN, "%" PRIu64 " pages", r->v[0]);
		break;
	case ANSWER_TEXT:
		table_cell(table, PAINT_PLAIN, safe_text(table->term->arena, r->text));
		break;
	case ANSWER_BOOL:
		table_printf(table, PAINT_PLAIN, "%s", r->v[0] ? "yes" : "no");
		break;
	}
}

/* "[sparse, sparse_init(); dmesg:12]" behind the reason. */
static struct str reason(struct arena *arena, const struct answer_row *r)
{
	struct strbuf s = { .arena = arena };
	bool open = false;

	strbuf_add(&s, safe_text(arena, r->why));
	if (r->stage) {
		strbuf_printf(&s, "%s[%s%s%s", s.n ? " " : "", r->stage, r->function ? ", " : "", r->function ? r->function : "");
		open = true;
	}
	for (size_t i = 0; i < sizeof(r->lines) / sizeof(r->lines[0]) && r->lines[i]; i++) {
		strbuf_printf(&s, "%s%s:%" PRIu32, open ? "; " : s.n ? " [" : "[", source_name(r->source), r->lines[i]);
		open = true;
	}
	if (open)
		strbuf_char(&s, ']');
	return s.n ? strbuf_str(&s) : (struct str){ "", 0 };
}

/* A row: its name and value on one line, the reason indented below. */
static void put_row(const struct term *t, const struct answer_row *r, unsigned label_columns, bool bytes)
{
	static const struct column columns[] = { { "", ALIGN_LEFT, false }, { "", ALIGN_LEFT, true } };
	struct table value = { .term = t, .column = columns, .nr_columns = 2 };
	struct str why = reason(t->arena, r);
	size_t used = text_columns(safe_text(t->arena, str_of(r->label)));

	put_value(&value, r, bytes);
	fputs("  ", t->out);
	term_put(t, PAINT_BOLD, safe_text(t->arena, str_of(r->label)));
	fprintf(t->out, "%*s", (int)(used < label_columns ? label_columns - used + 2 : 2), "");
	term_paragraph(t, value.v[0].paint, label_columns + 4, label_columns + 4, value.v[0].text);
	if (!why.n)
		return;
	fputs("      ", t->out);
	term_paragraph(t, PAINT_DIM, 6, 6, why);
}

static unsigned label_width(struct arena *arena, const struct answer *a)
{
	size_t most = 0;

	for (size_t i = 0; i < a->nr; i++) {
		size_t n = text_columns(safe_text(arena, str_of(a->v[i].label)));

		most = n > most && n <= 28 ? n : most;
	}
	return (unsigned)most;
}

void explain_write_text(struct arena *arena, const struct verdict *v, const struct answers *answers, const struct explain_style *style, FILE *out)
{
	struct term t = { .arena = arena, .out = out, .color = style->color, .columns = style->columns };

	(void)v;
	for (size_t i = 0; i < answers->nr; i++) {
		const struct answer *a = &answers->v[i];
		unsigned width = label_width(arena, a);

		if (i)
			term_newline(&t);
		term_put(&t, PAINT_BOLD, safe_text(arena, a->what.text));
		fputs(": ", out);
		term_paragraph(&t, a->found ? PAINT_PLAIN : PAINT_WARNING, (unsigned)text_columns(safe_text(arena, a->what.text)) + 2, 2, safe_text(arena, a->sentence));
		for (size_t k = 0; k < a->nr; k++)
			put_row(&t, &a->v[k], width, style->bytes);
	}
}
