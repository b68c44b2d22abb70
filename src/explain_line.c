/*
 * explain_line.c - one line of the log: what it says, who says it, and whether the model would have.
 */
#include "explain_private.h"

#include <inttypes.h>

#include "replay.h"
#include "rules.h"

/* Names of the numbers and texts of each kind, from facts.def. */
static const struct {
	const char *name, *values, *texts;
} kinds[] = {
#define FACT(name, values, texts) { #name, values, texts },
#include "mia/facts.def"
#undef FACT
};

static bool ends_with(struct str s, const char *end) { return str_ends(s, str_of(end)); }

/* Ends are kept exclusive; the log's own are as its words say. */
static void say_value(struct explainer *e, struct str name, uint64_t v)
{
	char *id = str_dup(e->arena, name);

	if (ends_with(name, "start") || ends_with(name, "end") || ends_with(name, "base") || ends_with(name, "address") || ends_with(name, "virt") || ends_with(name, "limit"))
		row_address(e, id, id, v);
	else if (ends_with(name, "bytes") || ends_with(name, "size"))
		row_bytes(e, id, id, v);
	else if (ends_with(name, "_kib"))
		row_bytes(e, id, id, v * KIB);
	else if (str_is(name, "pages") || ends_with(name, "_pages"))
		row_pages(e, id, id, v);
	else
		row_number(e, id, id, v);
}

static void say_fact(struct explainer *e, const struct fact *f)
{
	struct str values = str_of(kinds[f->kind].values), texts = str_of(kinds[f->kind].texts), name;

	for (size_t i = 0; i < FACT_VALUES && str_cut_word(&values, &name); i++)
		say_value(e, name, f->v[i]);
	for (size_t i = 0; i < FACT_TEXTS && str_cut_word(&texts, &name); i++)
		if (f->s[i].p) {
			char *id = str_dup(e->arena, name);

			row_str(e, id, id, f->s[i]);
		}
}

static const char *verdict_sentence(enum replay_verdict verdict)
{
	switch (verdict) {
	case REPLAY_MATCH:
		return "The model says the same, in the same words.";
	case REPLAY_MISMATCH:
		return "The model says something else here.";
	case REPLAY_EXTRA:
		return "The model could have said it, and does not.";
	case REPLAY_INPUT:
		return "The model takes it as its input.";
	default:
		return "No stage of the model says such a line; its numbers may be used as evidence.";
	}
}

static const struct replay_line *line_at(const struct replay *replay, uint64_t n)
{
	for (size_t i = 0; i < replay->nr; i++)
		if (replay->v[i].line == n)
			return &replay->v[i];
	return NULL;
}

static const char *kernel_of_stage(const char *name)
{
	for (int id = 0; id < NR_STAGES; id++)
		if (name && str_is(str_of(name), stage_name((enum stage_id)id)))
			return stage_kernel((enum stage_id)id);
	return NULL;
}

static void say_replay(struct explainer *e, uint64_t n)
{
	struct replay replay = { 0 };
	const struct replay_line *l;
	struct answer_row *r;

	replay_build(e->arena, e->verdict, &replay);
	l = line_at(&replay, n);
	if (!l)
		return;
	r = row_text(e, "verdict", "Against the model", "%s", replay_verdict_name(l->verdict));
	row_why(e, r, "%s", verdict_sentence(l->verdict));
	r->stage = l->stage;
	r->function = kernel_of_stage(l->stage);
	if (l->predicted.p) {
		r = row_str(e, "predicted", "The model's words", l->predicted);
		r->stage = l->stage;
	}
}

/* Checks that rest on this line. */
static void say_checks(struct explainer *e, uint64_t n)
{
	const struct checks *checks = &e->verdict->checks;

	for (size_t i = 0; i < checks->nr; i++) {
		const struct check *c = &checks->v[i];

		if (c->source != SOURCE_DMESG || c->line != n)
			continue;
		row_text(e, "check", "Check", "%s (%s): %s", c->id, c->where, check_verdict_name(c->verdict));
	}
	for (size_t i = 0; i < e->verdict->ledger.nr; i++)
		for (size_t k = 0; k < ARRAY_SIZE(e->verdict->ledger.v[i].lines); k++)
			if (n && e->verdict->ledger.v[i].lines[k] == n)
				row_text(e, "ledger", "Proves in the ledger", "%s", e->verdict->ledger.v[i].label);
}

/* The line's own bytes; the boot's part of the log starts at its first line. */
static bool raw_line(const struct boot_record *record, uint64_t n, struct str *ret)
{
	struct str rest = record->log_bytes;
	uint64_t at = record->first_line ? record->first_line : 1;

	while (at <= n && str_cut_line(&rest, ret))
		if (at++ == n)
			return true;
	return false;
}

void explain_line(struct explainer *e, const struct what *what)
{
	const struct fact *fact = NULL;
	struct str raw;
	struct answer_row *r;

	explain_begin(e, what, "log line");
	if (!e->record || what->n < e->record->first_line || what->n > e->record->last_line || !raw_line(e->record, what->n, &raw)) {
		explain_answer(e)->found = false;
		if (e->record && e->record->last_line)
			explain_sentence(e, "This boot has lines %" PRIu32 " to %" PRIu32 " of the log.", e->record->first_line, e->record->last_line);
		else
			explain_sentence(e, "There is no log.");
		return;
	}
	r = row_str(e, "text", "The line", raw);
	row_line(r, (uint32_t)what->n);
	for (size_t i = 0; i < e->record->log.nr && !fact; i++)
		if (e->record->log.v[i].line == what->n)
			fact = &e->record->log.v[i];
	if (!fact) {
		explain_sentence(e, "No rule knows this line: it says nothing of memory that is understood here.");
		row_bool(e, "known", "Known", false);
		return;
	}
	r = row_text(e, "fact", "Says", "%s", kinds[fact->kind].name);
	row_why(e, r, "The kind of fact that the line rule makes of it; its numbers follow, ends exclusive.");
	if (line_rule(fact->rule))
		row_text(e, "rule", "Read by the pattern", "%s", line_rule(fact->rule)->pattern);
	say_fact(e, fact);
	say_replay(e, what->n);
	say_checks(e, what->n);
	explain_sentence(e, "A line about %s.", kinds[fact->kind].name);
}
