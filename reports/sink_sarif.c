/*
 * sink_sarif.c - see sink_sarif.h.
 *
 * The rules come first, then a result for each finding and each mismatch, written as their boots are analysed, so that a run over
 * many logs needs no memory for them.
 */
#include "sink_sarif.h"

#include <inttypes.h>

#include "artifact.h"
#include "json_text.h"
#include "mia/arena.h"
#include "mia/triage.h"
#include "report_text.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
/* The rule of all mismatches; its index is behind those of the triage rules. */
#define MISMATCH_ID "mismatch"

static struct json_object *text(const char *s) { return json_text(str_of(s)); }

static void add(struct json_object *to, const char *key, struct json_object *value) { json_object_object_add(to, key, value); }

static void write_object(struct sink *s, struct json_object *o)
{
	json_write(o, s->out);
	json_object_put(o);
}

/* {"text": s} */
static struct json_object *message(const char *s)
{
	struct json_object *o = json_object_new_object();

	add(o, "text", text(s));
	return o;
}

/* --- rules --- */

static struct json_object *rule(const char *id, const char *name, const char *title, const char *explanation, const char *advice,
				const char *level)
{
	struct json_object *o = json_object_new_object(), *configuration = json_object_new_object();

	add(o, "id", text(id));
	add(o, "name", text(name));
	add(o, "shortDescription", message(title));
	add(o, "fullDescription", message(explanation && *explanation ? explanation : title));
	if (advice && *advice)
		add(o, "help", message(advice));
	add(configuration, "level", text(level));
	add(o, "defaultConfiguration", configuration);
	return o;
}

static const struct triage_rule *any_rule(const struct user_rules *more, size_t index)
{
	size_t own = 0;

	while (triage_rule(own))
		own++;
	return index < own ? triage_rule(index) : user_rule(more, index - own);
}

static void write_rules(struct sink *s, const struct user_rules *more)
{
	const struct triage_rule *r;

	for (size_t i = 0; (r = any_rule(more, i)); i++) {
		write_object(s, rule(r->id, r->name, r->title, r->explanation, r->advice, severity_name(r->worst)));
		fputc(',', s->out);
	}
	write_object(s, rule(MISMATCH_ID, "mismatch", "The model and the kernel disagree",
			     "A number that the model computed is not the one that the kernel's files or log show.",
			     "Look at the stage that is named, or attach the input to a report.", "error"));
}

static size_t index_of(const struct user_rules *more, const char *id)
{
	const struct triage_rule *r;
	size_t i = 0;

	for (; (r = any_rule(more, i)); i++)
		if (str_is(str_of(r->id), id))
			return i;
	return i;
}

/* --- results --- */

static struct json_object *location(const struct verdict *v, enum source_kind kind, uint32_t line)
{
	struct json_object *o = json_object_new_object(), *physical = json_object_new_object(),
			   *artifact = json_object_new_object();

	add(artifact, "uri", text(artifact_uri(v->boot->arena, v, kind)));
	add(physical, "artifactLocation", artifact);
	if (line) {
		struct json_object *region = json_object_new_object();
		struct str said = kind == SOURCE_DMESG ? line_text(v, line) : (struct str){ 0 };

		add(region, "startLine", json_object_new_int64(line));
		if (said.n) {
			struct json_object *snippet = json_object_new_object();

			add(snippet, "text", json_text(said));
			add(region, "snippet", snippet);
		}
		add(physical, "region", region);
	}
	add(o, "physicalLocation", physical);
	return o;
}

static struct json_object *result(const struct verdict *v, const char *id, const char *level, const char *title)
{
	struct json_object *o = json_object_new_object();

	add(o, "ruleId", text(id));
	add(o, "ruleIndex", json_object_new_int64((int64_t)index_of(v->user_rules, id)));
	add(o, "level", text(level));
	add(o, "message", message(title));
	return o;
}

/* The first line proves it, the others belong to it. */
static void add_locations(struct json_object *o, const struct verdict *v, const struct finding *f)
{
	struct json_object *first = json_object_new_array(), *others = json_object_new_array();

	json_object_array_add(first, location(v, SOURCE_DMESG, f->nr_lines ? f->lines[0] : 0));
	add(o, "locations", first);
	for (size_t i = 1; i < f->nr_lines; i++)
		json_object_array_add(others, location(v, SOURCE_DMESG, f->lines[i]));
	if (json_object_array_length(others))
		add(o, "relatedLocations", others);
	else
		json_object_put(others);
}

static struct json_object *finding_properties(const struct verdict *v, const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	add(o, "boot", text(boot_label(v->boot->arena, v)));
	if (f->bytes_known)
		add(o, "bytes", json_object_new_uint64(f->bytes));
	add(o, "detail", text(f->detail));
	add(o, "advice", text(f->advice));
	return o;
}

static struct json_object *finding_result(const struct verdict *v, const struct finding *f)
{
	struct json_object *o = result(v, f->id, severity_name(f->severity), f->title);

	add_locations(o, v, f);
	add(o, "properties", finding_properties(v, f));
	return o;
}

static struct json_object *mismatch_result(const struct verdict *v, const struct check *c)
{
	struct strbuf title = { .arena = v->boot->arena };
	struct str predicted = value_text(title.arena, &c->predicted), observed = value_text(title.arena, &c->observed);
	struct json_object *o, *locations = json_object_new_array();

	strbuf_printf(&title, "%s of %s: the model says %.*s, %s says %.*s.", c->id, c->where, STR_ARG(predicted),
		      source_name(c->source), STR_ARG(observed));
	o = result(v, MISMATCH_ID, "error", strbuf_str(&title).p);
	json_object_array_add(locations, location(v, c->source, c->line));
	add(o, "locations", locations);
	return o;
}

static void write_result(struct sink *s, struct json_object *o)
{
	if (s->nr_written++)
		fputc(',', s->out);
	fputc('\n', s->out);
	write_object(s, o);
}

/* Which rules were tried is known with the first boot. */
static void write_head(struct sink *s, const struct user_rules *more)
{
	fputs("{\"$schema\":\"" SCHEMA
	      "\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"meminit-analyze\",\"version\":\"" PACKAGE_VERSION
	      "\",\"rules\":[",
	      s->out);
	write_rules(s, more);
	fputs("]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[", s->out);
}

static void write_verdict(struct sink *s, const struct verdict *v)
{
	if (!s->nr_verdicts)
		write_head(s, v->user_rules);
	for (size_t i = 0; i < v->findings.nr; i++)
		write_result(s, finding_result(v, &v->findings.v[i]));
	for (size_t i = 0; i < v->checks.nr; i++)
		if (v->checks.v[i].verdict == CHECK_MISMATCH)
			write_result(s, mismatch_result(v, &v->checks.v[i]));
}

static void end(struct sink *s)
{
	if (!s->nr_verdicts)
		write_head(s, NULL);
	fputs("\n]}]}\n", s->out);
}

const struct sink_ops sink_sarif = { .name = "sarif", .verdict = write_verdict, .end = end };
