/*
 * sink_junit.c - see sink_junit.h.
 *
 * A mismatch is a failure; what the inputs do not show, or the model does not compute, is skipped. Findings are listed as the
 * suite's output: they are no tests.
 */
#include "sink_junit.h"

#include <inttypes.h>

#include "artifact.h"
#include "mia/arena.h"
#include "report_text.h"
#include "safe_text.h"

/* XML text, or the value of an attribute; control characters are made visible, as XML cannot hold them. */
static void put(struct sink *s, struct arena *arena, struct str raw)
{
	struct str safe = safe_text(arena, raw);

	for (size_t i = 0; i < safe.n; i++) {
		switch (safe.p[i]) {
		case '<':
			fputs("&lt;", s->out);
			break;
		case '>':
			fputs("&gt;", s->out);
			break;
		case '&':
			fputs("&amp;", s->out);
			break;
		case '"':
			fputs("&quot;", s->out);
			break;
		case '\'':
			fputs("&apos;", s->out);
			break;
		default:
			fputc(safe.p[i], s->out);
		}
	}
}

static void attribute(struct sink *s, struct arena *arena, const char *name, struct str value)
{
	fprintf(s->out, " %s=\"", name);
	put(s, arena, value);
	fputc('"', s->out);
}

static void put_failure(struct sink *s, const struct verdict *v, const struct check *c)
{
	struct arena *arena = v->boot->arena;
	struct strbuf message = { .arena = arena };
	struct str predicted = value_text(arena, &c->predicted), observed = value_text(arena, &c->observed);

	strbuf_printf(&message, "predicted %.*s, observed %.*s", STR_ARG(predicted), STR_ARG(observed));
	fputs("<failure", s->out);
	attribute(s, arena, "message", strbuf_str(&message));
	attribute(s, arena, "type", STR("mismatch"));
	fputc('>', s->out);
	message.n = 0;
	strbuf_printf(&message, "%s:%" PRIu32 ", stage %s", artifact_uri(arena, v, c->source), c->line, c->stage);
	put(s, arena, strbuf_str(&message));
	fputs("</failure>", s->out);
}

static void put_case(struct sink *s, const struct verdict *v, const struct check *c)
{
	struct arena *arena = v->boot->arena;
	struct strbuf name = { .arena = arena };

	strbuf_printf(&name, "%s %s", c->id, c->where);
	fputs("    <testcase", s->out);
	attribute(s, arena, "classname", str_of(c->stage));
	attribute(s, arena, "name", strbuf_str(&name));
	fputs(" time=\"0\"", s->out);
	if (c->verdict == CHECK_MATCH) {
		fputs("/>\n", s->out);
		return;
	}
	fputc('>', s->out);
	if (c->verdict == CHECK_MISMATCH) {
		put_failure(s, v, c);
	} else {
		fprintf(s->out, "<skipped>%s</skipped>", check_verdict_name(c->verdict));
	}
	fputs("</testcase>\n", s->out);
}

static void put_findings(struct sink *s, const struct verdict *v)
{
	fputs("    <system-out>", s->out);
	for (size_t i = 0; i < v->findings.nr; i++) {
		const struct finding *f = &v->findings.v[i];

		fprintf(s->out, "%s%s %s: ", i ? "\n" : "", f->id, severity_name(f->severity));
		put(s, v->boot->arena, str_of(f->title));
	}
	fputs("</system-out>\n", s->out);
}

static void begin(struct sink *s)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"meminit-analyze\">\n", s->out);
}

static void write_verdict(struct sink *s, const struct verdict *v)
{
	struct check_count count = count_checks(&v->checks);

	fputs("  <testsuite", s->out);
	attribute(s, v->boot->arena, "name", str_of(boot_label(v->boot->arena, v)));
	fprintf(s->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\">\n", v->checks.nr,
		count.nr[CHECK_MISMATCH], count.nr[CHECK_NOT_OBSERVED] + count.nr[CHECK_NOT_PREDICTED]);
	for (size_t i = 0; i < v->checks.nr; i++)
		put_case(s, v, &v->checks.v[i]);
	put_findings(s, v);
	fputs("  </testsuite>\n", s->out);
}

static void end(struct sink *s) { fputs("</testsuites>\n", s->out); }

const struct sink_ops sink_junit = { .name = "junit", .begin = begin, .verdict = write_verdict, .end = end };
