/* tools_text.c - see tools_text.h. */
#include "tools_text.h"

#include <inttypes.h>

#include "json_out.h"
#include "mia/arena.h"
#include "size_text.h"

static const char *size(struct arena *arena, int64_t bytes, bool in_bytes)
{
	struct short_text s = size_prose(bytes, in_bytes);

	return str_printf(arena, "%s", s.s).p;
}

/* "lsmem says 4.00 GiB" */
static void add_reading(struct strbuf *s, const struct tool_reading *reading, bool in_bytes)
{
	strbuf_printf(s, "%s says %s", tool_title(reading->tool), size(s->arena, (int64_t)reading->bytes, in_bytes));
}

static int64_t magnitude(int64_t n) { return n < 0 ? -n : n; }

/* What pulls the other way has its sign. */
static void add_causes(struct strbuf *s, const struct tool_pair *pair, bool in_bytes)
{
	int sign = pair->difference < 0 ? -1 : 1;

	for (size_t i = 0; i < pair->nr_causes; i++) {
		const struct tool_cause *c = &pair->cause[i];

		strbuf_printf(s, "%s%s %s%s", i ? ", " : "", c->label, c->basis == AMOUNT_EXACT ? "" : "about ", size(s->arena, sign * c->bytes, in_bytes));
		if (c->line)
			strbuf_printf(s, " (line %" PRIu32 ")", c->line);
	}
}

struct str tool_pair_text(struct arena *arena, const struct verdict *v, const struct tool_pair *pair, bool in_bytes)
{
	const struct tool_reading *a = &v->tools.v[pair->a], *b = &v->tools.v[pair->b];
	struct strbuf s = { .arena = arena };

	if (a->nid >= 0)
		strbuf_printf(&s, "Of node %d ", a->nid);
	add_reading(&s, a, in_bytes);
	strbuf_add(&s, STR(", "));
	add_reading(&s, b, in_bytes);
	if (a->nid < 0 && *s.p >= 'a' && *s.p <= 'z' && str_starts(strbuf_str(&s), STR("the ")))
		*s.p = 'T';
	if (!pair->difference) {
		strbuf_char(&s, '.');
		return strbuf_str(&s);
	}
	strbuf_printf(&s, ": %s %s", size(arena, magnitude(pair->difference), in_bytes), pair->difference > 0 ? "less" : "more");
	if (pair->nr_causes) {
		strbuf_add(&s, STR(", because of: "));
		add_causes(&s, pair, in_bytes);
	}
	if (pair->rest)
		strbuf_printf(&s, "; for %s there is no cause", size(arena, pair->difference < 0 ? -pair->rest : pair->rest, in_bytes));
	strbuf_char(&s, '.');
	return strbuf_str(&s);
}

size_t tool_pairs_differ(const struct verdict *v)
{
	size_t nr = 0;

	for (size_t i = 0; i < v->tools.pairs.nr; i++)
		nr += v->tools.pairs.v[i].difference != 0;
	return nr;
}

/* --- JSON --- */

static void write_reading(struct json_out *w, const struct tool_reading *r)
{
	json_out_object(w, NULL);
	json_out_text(w, "tool", tool_id_name(r->tool));
	json_out_text(w, "title", tool_title(r->tool));
	json_out_text(w, "counts", tool_counts(r->tool));
	json_out_maybe(w, "node", r->nid >= 0, (uint64_t)(r->nid >= 0 ? r->nid : 0));
	json_out_u64(w, "bytes", r->bytes);
	json_out_u64(w, "unit_bytes", r->unit);
	json_out_text(w, "source", source_name(r->source));
	json_out_maybe(w, "line", r->line, r->line);
	json_out_end_object(w);
}

static void write_pair(struct json_out *w, const struct tool_views *tools, const struct tool_pair *p)
{
	const struct tool_reading *a = &tools->v[p->a], *b = &tools->v[p->b];

	json_out_object(w, NULL);
	json_out_text(w, "a", tool_id_name(a->tool));
	json_out_text(w, "b", tool_id_name(b->tool));
	json_out_maybe(w, "node", a->nid >= 0, (uint64_t)(a->nid >= 0 ? a->nid : 0));
	json_out_u64(w, "a_bytes", a->bytes);
	json_out_u64(w, "b_bytes", b->bytes);
	json_out_i64(w, "difference_bytes", p->difference);
	json_out_list(w, "because");
	for (size_t i = 0; i < p->nr_causes; i++) {
		const struct tool_cause *c = &p->cause[i];

		json_out_object(w, NULL);
		json_out_text(w, "cause", c->id);
		json_out_text(w, "label", c->label);
		json_out_i64(w, "bytes", c->bytes);
		json_out_text(w, "basis", basis_name(c->basis));
		json_out_maybe(w, "line", c->line, c->line);
		json_out_end_object(w);
	}
	json_out_end_list(w);
	json_out_i64(w, "unexplained_bytes", p->rest);
	json_out_end_object(w);
}

void tools_write_json(struct json_out *w, const struct tool_views *tools)
{
	json_out_object(w, "tools");
	json_out_list(w, "readings");
	for (size_t i = 0; i < tools->nr; i++)
		write_reading(w, &tools->v[i]);
	json_out_end_list(w);
	json_out_list(w, "pairs");
	for (size_t i = 0; i < tools->pairs.nr; i++)
		write_pair(w, tools, &tools->pairs.v[i]);
	json_out_end_list(w);
	json_out_end_object(w);
}
