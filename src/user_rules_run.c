/* user_rules_run.c - the rules of a file, tried on a boot. */
#include <inttypes.h>

#include "mia/arena.h"
#include "user_rules.h"

/* --- conditions --- */

/* -1, 0, 1; nothing compares with a text but another text. */
static bool compare(const struct user_value *a, const struct user_value *b, int *ret)
{
	if (a->kind != b->kind || a->kind == VALUE_ABSENT)
		return false;
	if (a->kind == VALUE_NUMBER)
		*ret = (a->number > b->number) - (a->number < b->number);
	else
		*ret = str_eq(a->text, b->text) ? 0 : 1;
	return true;
}

static struct user_value operand(struct triage *t, const struct user_condition *c)
{
	struct user_value v;

	if (!c->than_value)
		return c->than;
	v = user_value(t, c->than_value);
	/* Through hundredths first where it would overflow. */
	if (v.kind == VALUE_NUMBER)
		v.number = v.number > INT64_MAX / 10000 ? v.number / 100 * c->percent : v.number * c->percent / 100;
	return v;
}

static bool comparison_holds(struct triage *t, const struct user_condition *c)
{
	struct user_value a = user_value(t, c->value), b = operand(t, c);
	int order;

	if (c->op == OP_EXISTS)
		return a.kind != VALUE_ABSENT;
	if (c->op == OP_CONTAINS)
		return a.kind == VALUE_TEXT && b.kind == VALUE_TEXT && str_find(a.text, b.text) >= 0;
	/* What is not known fulfils no comparison. */
	if (!compare(&a, &b, &order))
		return false;
	switch (c->op) {
	case OP_LESS:
		return order < 0;
	case OP_LESS_EQUAL:
		return order <= 0;
	case OP_EQUAL:
		return order == 0;
	case OP_NOT_EQUAL:
		return order != 0;
	case OP_GREATER_EQUAL:
		return order >= 0;
	default:
		return order > 0;
	}
}

bool user_condition_holds(struct triage *t, const struct user_condition *c)
{
	switch (c->kind) {
	case COND_ALL:
		for (size_t i = 0; i < c->nr; i++)
			if (!user_condition_holds(t, &c->v[i]))
				return false;
		return true;
	case COND_ANY:
		for (size_t i = 0; i < c->nr; i++)
			if (user_condition_holds(t, &c->v[i]))
				return true;
		return false;
	case COND_NOT:
		return !user_condition_holds(t, &c->v[0]);
	case COND_COMPARE:
		return comparison_holds(t, c);
	}
	return false;
}

/* --- templates --- */

/* Cut "{name|form}" off the front of *@rest: the text before it, then the placeholder. False where there is none. */
static bool next_placeholder(struct str *rest, struct str *before, struct str *name, struct str *form)
{
	ptrdiff_t open = str_find_char(*rest, '{'), close;
	struct str inside;

	if (open < 0)
		return false;
	*before = (struct str){ rest->p, (size_t)open };
	inside = str_skip(*rest, (size_t)open + 1);
	close = str_find_char(inside, '}');
	if (close < 0)
		close = (ptrdiff_t)inside.n;
	*rest = str_skip(inside, (size_t)close + 1);
	inside.n = (size_t)close;
	*form = inside;
	if (!str_cut(form, '|', name)) {
		*name = inside;
		*form = (struct str){ 0 };
	}
	return true;
}

const char *user_template_fault(struct arena *arena, const char *template)
{
	struct str rest = str_of(template), before, name, form;

	while (next_placeholder(&rest, &before, &name, &form)) {
		const char *word = str_dup(arena, name);

		if (!user_value_known(word))
			return word;
		if (form.n && !str_is(form, "size"))
			return str_dup(arena, form);
	}
	return NULL;
}

static void add_value(struct triage *t, struct strbuf *text, struct str name, struct str form)
{
	struct user_value v = user_value(t, str_dup(t->arena, name));

	if (v.kind == VALUE_TEXT)
		strbuf_add(text, v.text);
	else if (v.kind == VALUE_ABSENT)
		strbuf_add(text, STR("(not known)"));
	else if (form.n)
		strbuf_printf(text, "%s%s", v.number < 0 ? "-" : "",
			      triage_size(t, v.number < 0 ? (uint64_t)-v.number : (uint64_t)v.number));
	else
		strbuf_printf(text, "%" PRId64, v.number);
}

const char *user_template(struct triage *t, const char *template)
{
	struct strbuf text = { .arena = t->arena };
	struct str rest = str_of(template), before, name, form;

	while (next_placeholder(&rest, &before, &name, &form)) {
		strbuf_add(&text, before);
		add_value(t, &text, name, form);
	}
	strbuf_add(&text, rest);
	return strbuf_str(&text).p;
}

/* --- the run --- */

void user_rules_run(struct triage *t, const struct user_rules *rules)
{
	for (size_t i = 0; rules && i < rules->nr; i++) {
		const struct user_rule *r = &rules->v[i];
		struct user_value bytes = r->bytes ? user_value(t, r->bytes) : (struct user_value){ .kind = VALUE_ABSENT };
		struct finding *f;

		if (!user_condition_holds(t, &r->when))
			continue;
		t->rule = &r->rule;
		f = triage_add(t, r->rule.severity, "%s", user_template(t, r->rule.title));
		f->detail = user_template(t, r->rule.explanation);
		f->advice = user_template(t, r->rule.advice);
		if (bytes.kind == VALUE_NUMBER)
			triage_bytes(f, bytes.number < 0 ? (uint64_t)-bytes.number : (uint64_t)bytes.number);
		for (size_t k = 0; k < r->nr_lines; k++)
			user_value_lines(t, r->lines[k], f);
	}
}
