/* triage.c - the rules run over one boot, and what they share. */
#include "triage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "user_rules.h"

static const struct triage_rule rules[] = {
#define RULE(number, name, severity, worst, fn, title, trigger, explanation, advice, example)                                    \
	{ "MI" #number, name, SEVERITY_##severity, SEVERITY_##worst, fn, title, trigger, explanation, advice, example },
#include "mia/rules.def"
#undef RULE
};

const struct triage_rule *triage_rule(size_t index) { return index < ARRAY_SIZE(rules) ? &rules[index] : NULL; }

const struct triage_rule *triage_rule_find(const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcasecmp(rules[i].id, what) || !strcmp(rules[i].name, what))
			return &rules[i];
	return NULL;
}

/* --- text --- */

__attribute__((format(printf, 2, 0))) static const char *text_of(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	int n;
	char *ret;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	ret = arena_alloc(arena, (size_t)n + 1);
	vsnprintf(ret, (size_t)n + 1, format, args);
	return ret;
}

const char *triage_text(struct triage *t, const char *format, ...)
{
	const char *ret;
	va_list args;

	va_start(args, format);
	ret = text_of(t->arena, format, args);
	va_end(args);
	return ret;
}

/* Whole where it is whole in a unit that keeps the number short. */
const char *triage_size(struct triage *t, uint64_t bytes)
{
	static const char *const names[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned unit = 0, whole = 0;
	uint64_t hundredths;

	while (unit < 4 && bytes >> 10 * (unit + 1))
		unit++;
	while (whole < 4 && bytes && !(bytes & ((UINT64_C(1) << 10 * (whole + 1)) - 1)))
		whole++;
	if (whole + 1 >= unit && bytes >> 10 * whole < (whole > 1 ? 100000 : 10000))
		return triage_text(t, "%" PRIu64 " %s", bytes >> 10 * whole, names[whole]);
	/* To the nearest; what is left of a TiB times 100 fits. */
	hundredths =
		(bytes >> 10 * unit) * 100 +
		((bytes & ((UINT64_C(1) << 10 * unit) - 1)) * 100 + (UINT64_C(1) << 10 * unit) / 2) / (UINT64_C(1) << 10 * unit);
	return triage_text(t, "%" PRIu64 ".%02" PRIu64 " %s", hundredths / 100, hundredths % 100, names[unit]);
}

const char *triage_range(struct triage *t, struct phys_range r)
{
	return triage_text(t, "%#" PRIx64 "-%#" PRIx64, r.start, r.end - 1);
}

const char *triage_at(struct triage *t, uint32_t line) { return line ? triage_text(t, " (line %" PRIu32 ")", line) : ""; }

const char *triage_count(struct triage *t, uint64_t n, const char *noun)
{
	return triage_text(t, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

/* --- findings --- */

struct finding *triage_add(struct triage *t, enum severity severity, const char *title, ...)
{
	struct finding *f = vec_push(t->arena, t->findings);
	va_list args;

	*f = (struct finding){ .id = t->rule->id,
			       .name = t->rule->name,
			       .detail = t->rule->explanation,
			       .advice = t->rule->advice,
			       .severity = severity };
	va_start(args, title);
	f->title = text_of(t->arena, title, args);
	va_end(args);
	return f;
}

void triage_bytes(struct finding *f, uint64_t bytes)
{
	f->bytes = f->weight = bytes;
	f->bytes_known = true;
}

void triage_line(struct finding *f, uint32_t line)
{
	for (size_t i = 0; i < f->nr_lines; i++)
		if (f->lines[i] == line)
			return;
	if (line && f->nr_lines < ARRAY_SIZE(f->lines))
		f->lines[f->nr_lines++] = line;
}

void triage_lines(struct triage *t, struct finding *f, enum fact_kind kind)
{
	for (each_fact(fact, t->log, kind))
		triage_line(f, fact->line);
}

/* --- look-ups --- */

uint64_t triage_ram(const struct triage *t) { return t->machine->e820.nr ? PFN_PHYS(t->boot->physpages) : 0; }

int64_t triage_ledger(const struct triage *t, const char *id)
{
	const struct ledger_row *row = ledger_find(&t->v->ledger, id);

	return row ? row->bytes : 0;
}

uint32_t triage_line_of(const struct triage *t, enum fact_kind kind)
{
	const struct fact *f = facts_first(t->log, kind);

	return f ? f->line : 0;
}

uint32_t triage_cmdline_line(const struct triage *t)
{
	uint32_t line = triage_line_of(t, FACT_COMMAND_LINE);

	return line ? line : triage_line_of(t, FACT_KERNEL_COMMAND_LINE);
}

const char *triage_option(struct triage *t, const char *name)
{
	const struct cmdline_option *o = cmdline_last(t->boot->cmdline, name);

	if (!o)
		return NULL;
	return o->value.p ? triage_text(t, "%.*s=%.*s", STR_ARG(o->name), STR_ARG(o->value))
			  : triage_text(t, "%.*s", STR_ARG(o->name));
}

bool triage_said(const struct triage *t, enum fact_kind kind)
{
	for (size_t i = 0; i < t->boot->said.nr; i++)
		if (t->boot->said.v[i].fact.kind == kind)
			return true;
	return facts_first(t->log, kind) != NULL;
}

struct phys_range triage_largest_free(const struct triage *t, uint64_t limit)
{
	const struct memblock *m = &t->boot->memblock;
	struct phys_ranges free = { 0 };
	struct phys_range best = { 0, 0 };

	for (size_t i = 0; i < m->memory.nr; i++)
		ranges_add(t->arena, &free,
			   phys_clip((struct phys_range){ m->memory.v[i].base, m->memory.v[i].end },
				     (struct phys_range){ 0, limit }));
	for (size_t i = 0; i < m->reserved.nr; i++)
		ranges_remove(t->arena, &free, (struct phys_range){ m->reserved.v[i].base, m->reserved.v[i].end });
	for (size_t i = 0; i < free.nr; i++)
		if (phys_len(free.v[i]) > phys_len(best))
			best = free.v[i];
	return best;
}

/* --- the run --- */

static int by_importance(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	/* Order of ids, so that equals do not depend on the sort. */
	return strcmp(x->id, y->id) ? strcmp(x->id, y->id) : strcmp(x->title, y->title);
}

static void sort_findings(struct findings *findings)
{
	if (findings->nr > 1)
		qsort(findings->v, findings->nr, sizeof(*findings->v), by_importance);
}

struct triage triage_of(struct arena *arena, const struct verdict *v, struct findings *findings)
{
	static const struct boot_record nothing;
	const struct boot_record *record = v->record ? v->record : &nothing;

	return (struct triage){ .arena = arena,
				.v = v,
				.boot = v->boot,
				.machine = v->machine,
				.kernel = v->kernel,
				.record = record,
				.log = &record->log,
				.findings = findings };
}

void triage_run(struct arena *arena, const struct user_rules *more, struct verdict *verdict)
{
	struct triage t = triage_of(arena, verdict, &verdict->findings);

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		t.rule = &rules[i];
		/* Of other architectures only that can be said. */
		if (t.rule->run && (t.machine->arch != ARCH_OTHER || t.rule->run == rule_truncated))
			t.rule->run(&t);
	}
	user_rules_run(&t, more);
	verdict->user_rules = more;
	sort_findings(&verdict->findings);
}
