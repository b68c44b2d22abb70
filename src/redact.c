/* redact.c - see redact.h. */
#include "redact.h"

#include <inttypes.h>

#include "diff_private.h"
#include "mia/arena.h"
#include "redact_find.h"

struct redactor {
	struct arena *arena;
	struct known_secrets known; /* all that were met, so that each keeps its number */
	struct str plain;
};

static const char *const placeholders[NR_SECRETS] = { "host", "user", "ip", "mac", "uuid", "id", "serial", "label", "key" };

/* Its number among those of its kind. */
static size_t number_of(struct redactor *r, enum secret_kind kind, struct str text, bool anywhere)
{
	size_t n = 0;

	for (size_t i = 0; i < r->known.nr; i++) {
		n += r->known.v[i].kind == kind;
		if (r->known.v[i].kind == kind && str_eq(r->known.v[i].text, text))
			return n;
	}
	*vec_push(r->arena, &r->known) = (struct known_secret){ kind, text, anywhere };
	return n + 1;
}

static struct str redact(struct redactor *r, struct str s)
{
	struct strbuf out = { .arena = r->arena };
	struct secret secret;
	size_t from = 0;

	if (!s.p)
		return s;
	while (secret_find(&r->known, s, from, r->plain, &secret)) {
		strbuf_add(&out, (struct str){ s.p + from, secret.at - from });
		strbuf_printf(&out, "[%s-%zu]", placeholders[secret.kind],
			      number_of(r, secret.kind, (struct str){ s.p + secret.at, secret.n }, false));
		from = secret.at + secret.n;
	}
	if (!from)
		return s;
	strbuf_add(&out, str_skip(s, from));
	return strbuf_str(&out);
}

static const char *redact_c(struct redactor *r, const char *s) { return s ? str_dup(r->arena, redact(r, str_of(s))) : NULL; }

/* --- where the texts are --- */

static void redact_fact(struct redactor *r, struct fact *f)
{
	f->text = redact(r, f->text);
	for (size_t i = 0; i < FACT_TEXTS; i++)
		f->s[i] = redact(r, f->s[i]);
}

static struct facts redact_facts(struct redactor *r, const struct facts *facts)
{
	struct facts ret = { .nr = facts->nr, .cap = facts->nr };

	ret.v = arena_array(r->arena, struct fact, facts->nr + 1);
	if (facts->nr)
		memcpy(ret.v, facts->v, facts->nr * sizeof(*facts->v));
	for (size_t i = 0; i < ret.nr; i++)
		redact_fact(r, &ret.v[i]);
	return ret;
}

static const struct boot_record *redact_record(struct redactor *r, const struct boot_record *record)
{
	struct boot_record *ret = arena_new(r->arena, struct boot_record);

	*ret = *record;
	ret->log = redact_facts(r, &record->log);
	/* Bytes as they were read hold anything. */
	ret->log_bytes = ret->config = (struct str){ 0 };
	ret->cmdline = redact(r, record->cmdline);
	ret->version = redact(r, record->version);
	ret->notes.v = arena_array(r->arena, struct note, record->notes.nr + 1);
	for (size_t i = 0; i < record->notes.nr; i++)
		ret->notes.v[i] = (struct note){ record->notes.v[i].line, redact_c(r, record->notes.v[i].text) };
	return ret;
}

static const struct machine *redact_machine(struct redactor *r, const struct machine *machine)
{
	struct machine *ret = arena_new(r->arena, struct machine);

	*ret = *machine;
	ret->dmi = redact(r, machine->dmi);
	ret->bios = redact(r, machine->bios);
	ret->hypervisor_name = redact(r, machine->hypervisor_name);
	return ret;
}

static const struct cmdline *redact_cmdline(struct redactor *r, const struct cmdline *cmdline)
{
	struct cmdline *ret = arena_new(r->arena, struct cmdline);

	cmdline_parse(r->arena, redact(r, cmdline->text), ret);
	return ret;
}

static const struct boot *redact_boot(struct redactor *r, const struct boot *boot, const struct verdict *v)
{
	struct boot *ret = arena_new(r->arena, struct boot);

	*ret = *boot;
	ret->cmdline = redact_cmdline(r, boot->cmdline);
	ret->machine = v->machine;
	ret->record = v->record;
	ret->said.v = arena_array(r->arena, struct saying, boot->said.nr + 1);
	for (size_t i = 0; i < boot->said.nr; i++) {
		ret->said.v[i] = boot->said.v[i];
		redact_fact(r, &ret->said.v[i].fact);
	}
	return ret;
}

static void redact_findings(struct redactor *r, struct findings *findings)
{
	for (size_t i = 0; i < findings->nr; i++) {
		struct finding *f = &findings->v[i];

		f->title = redact_c(r, f->title);
		f->detail = redact_c(r, f->detail);
		f->advice = redact_c(r, f->advice);
	}
}

/* Answers repeat options of the command line. */
static const struct prediction *redact_prediction(struct redactor *r, const struct prediction *prediction)
{
	struct prediction *ret;

	if (!prediction)
		return NULL;
	ret = arena_new(r->arena, struct prediction);
	*ret = *prediction;
	ret->outcomes = (struct outcomes){ 0 };
	for (size_t i = 0; i < prediction->outcomes.nr; i++) {
		struct outcome o = prediction->outcomes.v[i];

		o.text = redact_c(r, o.text);
		*vec_push(r->arena, &ret->outcomes) = o;
	}
	return ret;
}

/* The log's host names itself in every line. */
static void learn_hosts(struct redactor *r, struct str log)
{
	struct str line, last = { 0 };

	while (str_cut_line(&log, &line)) {
		struct str host = host_of_line(line);

		if (host.n && !str_eq(host, last))
			number_of(r, SECRET_HOST, host, true);
		last = host.n ? host : last;
	}
}

void redact_verdict(struct arena *arena, const struct boot_record *origin, struct verdict *v)
{
	struct redactor r = { .arena = arena, .plain = v->kernel->release.text };

	if (origin)
		learn_hosts(&r, origin->log_bytes);
	/* What the log says of itself comes first, so that placeholders are numbered as a reader meets them. */
	if (v->record)
		v->record = redact_record(&r, v->record);
	v->machine = redact_machine(&r, v->machine);
	v->boot = redact_boot(&r, v->boot, v);
	redact_findings(&r, &v->findings);
	v->prediction = redact_prediction(&r, v->prediction);
	v->input_name = redact_c(&r, v->input_name);
	v->log_name = redact_c(&r, v->log_name);
}

static void redact_side(struct redactor *r, struct diff_side *side)
{
	r->plain = side->release;
	side->name = redact_c(r, side->name);
	side->command_line = redact(r, side->command_line);
	side->dmi = redact(r, side->dmi);
}

void redact_diff(struct arena *arena, struct diff *d)
{
	const struct diff_side *sides[] = { &d->a, &d->b };
	struct redactor r = { .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
		if (sides[i]->verdict && sides[i]->verdict->record)
			learn_hosts(&r, sides[i]->verdict->record->log_bytes);
	redact_side(&r, &d->a);
	redact_side(&r, &d->b);
	redact_findings(&r, &d->findings);
	/* The sentences are made of what the sides say. */
	diff_put_into_words(arena, d);
}
