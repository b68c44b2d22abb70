/*
 * user_rules_load.c - a file of rules, read and checked.
 *
 * The file may come from anywhere: its size, the number of rules, the depth of conditions and the length of texts are bounded, and
 * a key that is not known is refused, so that a misspelt condition is not silently left out.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/error.h"
#include "user_rules.h"

#define FILE_MOST ((size_t)1 << 20)
#define RULES_MOST 256
#define DEPTH_MOST 16
#define LIST_MOST 64
#define TEXT_MOST 2000

struct loader {
	struct arena *arena;
	const char *file;
	struct mia_error *error; /* the first */
};

/* Always false. */
__attribute__((format(printf, 3, 4))) static bool fail(struct loader *l, const char *where, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (!l->error)
		l->error = mia_error_new(l->arena, MIA_ERROR_USAGE, "%s: %s%s%s", l->file, where, *where ? ": " : "", message);
	return false;
}

__attribute__((format(printf, 2, 3))) static const char *path_of(struct loader *l, const char *format, ...)
{
	struct strbuf s = { .arena = l->arena };
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	strbuf_add(&s, str_of(text));
	return strbuf_str(&s).p;
}

/* --- pieces --- */

static bool only_keys(struct loader *l, const char *where, struct json_object *o, const char *const *keys)
{
	if (!json_object_is_type(o, json_type_object))
		return fail(l, where, "must be an object");
	json_object_object_foreach(o, key, value)
	{
		size_t i = 0;

		(void)value;
		while (keys[i] && strcmp(key, keys[i]))
			i++;
		if (!keys[i])
			return fail(l, where, "the key '%.40s' is not known", key);
	}
	return true;
}

/* A text of bounded length without control characters; @ret is untouched where the key is not there and need not be. */
static bool take_text(struct loader *l, const char *where, struct json_object *o, const char *key, bool needed, const char **ret)
{
	struct json_object *v;
	const char *s;

	if (!json_object_object_get_ex(o, key, &v))
		return needed ? fail(l, where, "'%s' is missing", key) : true;
	if (!json_object_is_type(v, json_type_string))
		return fail(l, where, "'%s' must be a text", key);
	s = json_object_get_string(v);
	if (strlen(s) != (size_t)json_object_get_string_len(v) || strlen(s) > TEXT_MOST)
		return fail(l, where, "'%s' is longer than %d characters, or holds a NUL", key, TEXT_MOST);
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return fail(l, where, "'%s' holds a control character", key);
	*ret = arena_strndup(l->arena, s, strlen(s));
	return true;
}

static bool take_template(struct loader *l, const char *where, struct json_object *o, const char *key, bool needed,
			  const char **ret)
{
	const char *fault;

	if (!take_text(l, where, o, key, needed, ret))
		return false;
	fault = *ret ? user_template_fault(l->arena, *ret) : NULL;
	return fault ? fail(l, where, "'%s' has a placeholder that is no value: '%.60s'", key, fault) : true;
}

static bool take_value_name(struct loader *l, const char *where, struct json_object *o, const char *key, bool needed,
			    const char **ret)
{
	if (!take_text(l, where, o, key, needed, ret))
		return false;
	return !*ret || user_value_known(*ret) ? true : fail(l, where, "'%s' is no value that there is: '%.60s'", key, *ret);
}

/* --- conditions --- */

static bool take_op(struct loader *l, const char *where, struct json_object *o, enum user_op *ret)
{
	static const char *const names[NR_USER_OPS] = { "<", "<=", "==", "!=", ">=", ">", "contains", "exists" };
	const char *op = NULL;

	if (!take_text(l, where, o, "op", true, &op))
		return false;
	for (int i = 0; i < NR_USER_OPS; i++)
		if (!strcmp(op, names[i])) {
			*ret = (enum user_op)i;
			return true;
		}
	return fail(l, where, "'op' is none of <, <=, ==, !=, >=, >, contains, exists: '%.20s'", op);
}

/* {"value": "boot.present", "percent": 5} */
static bool take_other_value(struct loader *l, const char *where, struct json_object *than, struct user_condition *ret)
{
	static const char *const keys[] = { "value", "percent", NULL };
	struct json_object *percent;

	ret->percent = 100;
	if (!only_keys(l, where, than, keys) || !take_value_name(l, where, than, "value", true, &ret->than_value))
		return false;
	if (!json_object_object_get_ex(than, "percent", &percent))
		return true;
	ret->percent = json_object_get_int64(percent);
	return json_object_is_type(percent, json_type_int) && ret->percent >= 0 && ret->percent <= 10000
		       ? true
		       : fail(l, where, "'percent' must be a whole number from 0 to 10000");
}

/* A number, "256M" (a size, where all of it reads as one), another text, or another value. */
static bool take_than(struct loader *l, const char *where, struct json_object *o, struct user_condition *ret)
{
	struct json_object *than;
	const char *s = NULL;
	struct str rest;
	uint64_t size;

	if (!json_object_object_get_ex(o, "than", &than))
		return ret->op == OP_EXISTS ? true : fail(l, where, "'than' is missing");
	if (json_object_is_type(than, json_type_object))
		return take_other_value(l, path_of(l, "%s.than", where), than, ret);
	if (json_object_is_type(than, json_type_int)) {
		ret->than = (struct user_value){ .kind = VALUE_NUMBER, .number = json_object_get_int64(than) };
		return true;
	}
	if (!take_text(l, where, o, "than", true, &s))
		return false;
	size = str_memparse(str_of(s), &rest);
	if (ret->op != OP_CONTAINS && *s >= '0' && *s <= '9' && !rest.n && size <= INT64_MAX)
		ret->than = (struct user_value){ .kind = VALUE_NUMBER, .number = (int64_t)size };
	else
		ret->than = (struct user_value){ .kind = VALUE_TEXT, .text = str_of(s) };
	return true;
}

static bool take_condition(struct loader *l, const char *where, struct json_object *o, int depth, struct user_condition *ret);

static bool take_list(struct loader *l, const char *where, struct json_object *list, int depth, struct user_condition *ret)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	if (!n || n > LIST_MOST)
		return fail(l, where, "must be a list of 1 to %d conditions", LIST_MOST);
	ret->v = arena_array(l->arena, struct user_condition, n);
	for (; ret->nr < n; ret->nr++)
		if (!take_condition(l, path_of(l, "%s[%zu]", where, ret->nr), json_object_array_get_idx(list, ret->nr), depth + 1,
				    &ret->v[ret->nr]))
			return false;
	return true;
}

static bool take_comparison(struct loader *l, const char *where, struct json_object *o, struct user_condition *ret)
{
	static const char *const keys[] = { "value", "op", "than", NULL };

	ret->kind = COND_COMPARE;
	return only_keys(l, where, o, keys) && take_value_name(l, where, o, "value", true, &ret->value) &&
	       take_op(l, where, o, &ret->op) && take_than(l, where, o, ret);
}

static bool take_condition(struct loader *l, const char *where, struct json_object *o, int depth, struct user_condition *ret)
{
	static const char *const keys[] = { "all", "any", "not", NULL };
	struct json_object *inner;

	if (depth > DEPTH_MOST)
		return fail(l, where, "conditions are nested deeper than %d", DEPTH_MOST);
	if (!json_object_is_type(o, json_type_object))
		return fail(l, where, "must be a condition");
	if (json_object_object_get_ex(o, "value", &inner))
		return take_comparison(l, where, o, ret);
	if (!only_keys(l, where, o, keys))
		return false;
	if (json_object_object_length(o) != 1)
		return fail(l, where, "must have one of 'all', 'any', 'not' and 'value'");
	if (json_object_object_get_ex(o, "not", &inner)) {
		ret->kind = COND_NOT;
		ret->v = arena_new(l->arena, struct user_condition);
		ret->nr = 1;
		return take_condition(l, path_of(l, "%s.not", where), inner, depth + 1, ret->v);
	}
	ret->kind = json_object_object_get_ex(o, "all", &inner) ? COND_ALL : COND_ANY;
	if (ret->kind == COND_ANY)
		json_object_object_get_ex(o, "any", &inner);
	return take_list(l, path_of(l, "%s.%s", where, ret->kind == COND_ALL ? "all" : "any"), inner, depth, ret);
}

/* --- rules --- */

static bool take_id(struct loader *l, const char *where, struct json_object *o, const struct user_rules *rules, const char **ret)
{
	if (!take_text(l, where, o, "id", true, ret))
		return false;
	if (strlen(*ret) < 3 || strlen(*ret) > 32 || strspn(*ret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(*ret))
		return fail(l, where, "'id' must be 3 to 32 of A-Z, 0-9, _ and -: '%.40s'", *ret);
	if (!strncmp(*ret, "MI", 2) && (*ret)[2] >= '0' && (*ret)[2] <= '9')
		return fail(l, where, "'id' must not begin as our own do: '%s'", *ret);
	for (size_t i = 0; i < rules->nr; i++)
		if (!strcmp(rules->v[i].rule.id, *ret))
			return fail(l, where, "'id' is there twice: '%s'", *ret);
	return true;
}

static bool take_severity(struct loader *l, const char *where, struct json_object *o, struct triage_rule *ret)
{
	const char *s = "warning";

	if (!take_text(l, where, o, "severity", false, &s))
		return false;
	for (int i = SEVERITY_NOTE; i <= SEVERITY_ERROR; i++)
		if (!strcmp(s, severity_name((enum severity)i))) {
			ret->severity = ret->worst = (enum severity)i;
			return true;
		}
	return fail(l, where, "'severity' is none of note, warning, error: '%.20s'", s);
}

static bool take_lines(struct loader *l, const char *where, struct json_object *o, struct user_rule *ret)
{
	struct json_object *list;
	size_t n;

	if (!json_object_object_get_ex(o, "lines", &list))
		return true;
	n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : LIST_MOST + 1;
	if (n > LIST_MOST)
		return fail(l, where, "'lines' must be a list of at most %d values", LIST_MOST);
	ret->lines = arena_array(l->arena, const char *, n + 1);
	for (; ret->nr_lines < n; ret->nr_lines++) {
		struct json_object *v = json_object_array_get_idx(list, ret->nr_lines);
		const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

		if (!user_value_known(s))
			return fail(l, where, "'lines' names a value that there is not: '%.60s'", s);
		ret->lines[ret->nr_lines] = arena_strndup(l->arena, s, strlen(s));
	}
	return true;
}

static bool take_rule(struct loader *l, const char *where, struct json_object *o, struct user_rules *rules)
{
	static const char *const keys[] = {
		"id", "name", "severity", "title", "detail", "advice", "bytes", "lines", "when", NULL
	};
	struct user_rule r = { .rule = { .explanation = "", .advice = "", .trigger = "a rule of a file", .example = "" } };
	struct json_object *when = NULL;

	if (!only_keys(l, where, o, keys) || !take_id(l, where, o, rules, &r.rule.id))
		return false;
	r.rule.name = r.rule.id;
	if (!take_text(l, where, o, "name", false, &r.rule.name) || !take_severity(l, where, o, &r.rule) ||
	    !take_template(l, where, o, "title", true, &r.rule.title) ||
	    !take_template(l, where, o, "detail", false, &r.rule.explanation) ||
	    !take_template(l, where, o, "advice", false, &r.rule.advice) ||
	    !take_value_name(l, where, o, "bytes", false, &r.bytes) || !take_lines(l, where, o, &r))
		return false;
	if (!json_object_object_get_ex(o, "when", &when))
		return fail(l, where, "'when' is missing");
	if (!take_condition(l, path_of(l, "%s.when", where), when, 0, &r.when))
		return false;
	*vec_push(l->arena, rules) = r;
	return true;
}

static bool take_document(struct loader *l, struct json_object *doc, struct user_rules *ret)
{
	static const char *const keys[] = { "schema", "rules", NULL };
	struct json_object *list;
	const char *schema = NULL;

	if (!only_keys(l, "", doc, keys) || !take_text(l, "", doc, "schema", true, &schema))
		return false;
	if (strcmp(schema, "meminit-analyze/rules/1"))
		return fail(l, "schema", "must be 'meminit-analyze/rules/1'");
	if (!json_object_object_get_ex(doc, "rules", &list) || !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) > RULES_MOST)
		return fail(l, "rules", "must be a list of at most %d rules", RULES_MOST);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!take_rule(l, path_of(l, "rules[%zu]", i), json_object_array_get_idx(list, i), ret))
			return false;
	return true;
}

/* --- the file --- */

static bool read_file(struct loader *l, struct str *ret)
{
	FILE *f = fopen(l->file, "re");
	char *p;

	if (!f) {
		l->error = mia_error_new(l->arena, MIA_ERROR_INPUT, "%s: %s", l->file, strerror(errno));
		return false;
	}
	p = arena_alloc(l->arena, FILE_MOST + 1);
	ret->n = fread(p, 1, FILE_MOST + 1, f);
	ret->p = p;
	if (ferror(f))
		fail(l, "", "%s", strerror(errno));
	else if (ret->n > FILE_MOST)
		fail(l, "", "larger than 1 MiB");
	fclose(f);
	return !l->error;
}

static struct json_object *parse(struct loader *l, struct str text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MOST * 2 + 8);
	struct json_object *doc = NULL;
	size_t end, line = 1;

	if (tokener) {
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		doc = json_tokener_parse_ex(tokener, text.p, (int)text.n);
		end = json_tokener_get_parse_end(tokener);
		for (size_t i = 0; i < end && i < text.n; i++)
			line += text.p[i] == '\n';
		if (!doc || str_trim(str_skip(text, end)).n)
			fail(l, "", "line %zu: %s", line,
			     doc ? "text behind the document" : json_tokener_error_desc(json_tokener_get_error(tokener)));
		json_tokener_free(tokener);
	}
	if (l->error && doc) {
		json_object_put(doc);
		doc = NULL;
	}
	return doc;
}

struct mia_error *user_rules_load(struct arena *arena, const char *path, const struct user_rules **ret)
{
	struct loader l = { .arena = arena, .file = path };
	struct user_rules *rules = arena_new(arena, struct user_rules);
	struct json_object *doc;
	struct str text;

	if (!read_file(&l, &text))
		return l.error;
	doc = parse(&l, text);
	if (!doc)
		return l.error ? l.error : &mia_enomem;
	take_document(&l, doc, rules);
	json_object_put(doc);
	if (!l.error)
		*ret = rules;
	return l.error;
}

const struct triage_rule *user_rule(const struct user_rules *rules, size_t index)
{
	return rules && index < rules->nr ? &rules->v[index].rule : NULL;
}
