/* verb_rules.c - the triage rules, or one explained. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json_text.h"
#include "mia/triage.h"

#define WIDTH 78

static void add(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_text(str_of(text)));
}

static struct json_object *rule_json(const struct triage_rule *rule)
{
	struct json_object *o = json_object_new_object();

	add(o, "id", rule->id);
	add(o, "name", rule->name);
	add(o, "severity", severity_name(rule->severity));
	add(o, "worst_severity", severity_name(rule->worst));
	add(o, "title", rule->title);
	add(o, "trigger", rule->trigger);
	add(o, "explanation", rule->explanation);
	add(o, "advice", rule->advice);
	add(o, "example", *rule->example ? rule->example : NULL);
	json_object_object_add(o, "boots", json_object_new_int(rule->run ? 1 : 2));
	return o;
}

static void write_json(struct json_object *o)
{
	json_write_line(o, stdout);
	json_object_put(o);
}

static void list_json(void)
{
	struct json_object *doc = json_object_new_object(), *rules = json_object_new_array();
	const struct triage_rule *rule;

	add(doc, "schema", "meminit-analyze/rule-list/1");
	for (size_t i = 0; (rule = triage_rule(i)); i++)
		json_object_array_add(rules, rule_json(rule));
	json_object_object_add(doc, "rules", rules);
	write_json(doc);
}

static void list_text(void)
{
	const struct triage_rule *rule;

	for (size_t i = 0; (rule = triage_rule(i)); i++)
		printf("%s  %-26s  %-7s  %s\n", rule->id, rule->name, severity_name(rule->worst), rule->title);
}

/* A paragraph in lines of WIDTH, behind two blanks. */
static void paragraph(const char *head, const char *text)
{
	struct str rest = str_of(text), word;
	size_t column = 0;

	printf("\n%s:\n", head);
	while (str_cut_word(&rest, &word)) {
		if (column && column + 1 + word.n > WIDTH) {
			putchar('\n');
			column = 0;
		}
		printf("%s%.*s", column ? " " : "  ", STR_ARG(word));
		column += word.n + (column ? 1 : 2);
	}
	putchar('\n');
}

static void explain(const struct triage_rule *rule)
{
	printf("%s %s\n%s.\n\nSeverity: %s", rule->id, rule->name, rule->title, severity_name(rule->severity));
	if (rule->worst != rule->severity)
		printf(", up to %s", severity_name(rule->worst));
	putchar('\n');
	paragraph("Found when", rule->trigger);
	paragraph("What it means", rule->explanation);
	paragraph("What to do", rule->advice);
	if (*rule->example)
		printf("\nExample:\n  %s\n", rule->example);
}

int verb_rules(const struct cli *cli)
{
	bool json = cli_has(cli, OPTION_JSON);

	if (!cli->nr_args)
		json ? list_json() : list_text();
	for (int i = 0; i < cli->nr_args; i++) {
		const struct triage_rule *rule = triage_rule_find(cli->args[i]);

		if (!rule)
			return cli_usage_error(cli, "there is no rule '%s'; 'rules' lists them", cli->args[i]);
		if (json) {
			write_json(rule_json(rule));
			continue;
		}
		if (i)
			putchar('\n');
		explain(rule);
	}
	return STATUS_OK;
}
