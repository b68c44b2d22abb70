/* rules.c - the rule tables as one: find the row that takes a line, or the row that prints a fact. */
#include "rules.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

extern const struct line_rule line_rules_x86[], line_rules_mm[];
extern const size_t nr_line_rules_x86, nr_line_rules_mm;

#define MAX_RULES 512

/* Rows by the first character of the lines that they can take; a row that can start with anything is in all lists. */
static struct {
	size_t nr_rules;
	const struct line_rule *rule[MAX_RULES];
	const char *front[MAX_RULES];      /* pattern without the blanks in front */
	uint32_t prefix[MAX_RULES], mask[MAX_RULES]; /* its first bytes, as far as they are literal */
	char next[MAX_RULES];              /* first literal character of its second word, 0 for a conversion */
	char after[MAX_RULES];             /* literal character behind a conversion at its front, 0 for none */
	uint16_t literal[MAX_RULES];       /* length of the literal text at the front of the pattern */
	uint16_t first[257], list[MAX_RULES * 16];
	uint16_t kind_first[NR_FACTS + 1], kind_list[MAX_RULES];
} rules;

const struct line_rule *line_rule(size_t index)
{
	rules_init();
	return index < rules.nr_rules ? rules.rule[index] : NULL;
}

static const char *front(const struct line_rule *rule) { return rule->pattern + strspn(rule->pattern, " "); }

static bool can_start_with(const struct line_rule *rule, int c)
{
	const char *p = front(rule);

	if (*p != '%')
		return (unsigned char)*p == c;
	p += strspn(p + 1, "!#0123456789-") + 1;
	switch (*p) {
	case 'z':
		return strchr("DNHM", c) && c;
	case 'u':
		return isdigit(c);
	case 'x':
	case 'X':
		return isxdigit(c);
	case 'w':
		/* The arrays of a memblock dump: memory, reserved, physmem. */
		return strchr("mrp", c) && c;
	default:
		return c != 0;
	}
}

static void prefix_index(size_t index, const char *p)
{
	size_t n = strcspn(p, "% "), blanks = strspn(p + n, " ");
	unsigned char bytes[4] = { 0 }, mask[4] = { 0 };

	for (size_t i = 0; i < n && i < sizeof(bytes); i++) {
		bytes[i] = (unsigned char)p[i];
		mask[i] = 0xff;
	}
	memcpy(&rules.prefix[index], bytes, sizeof(bytes));
	memcpy(&rules.mask[index], mask, sizeof(mask));
	if (p[n] == ' ' && p[n + blanks] != '%')
		rules.next[index] = p[n + blanks];
	if (*p == '%') {
		p += strspn(p + 1, "!#0123456789-") + 2;
		rules.after[index] = *p == '%' || isalnum((unsigned char)*p) ? 0 : *p;
	}
}

static void add_table(const struct line_rule *table, size_t nr)
{
	for (size_t i = 0; i < nr && rules.nr_rules < MAX_RULES; i++) {
		rules.front[rules.nr_rules] = front(&table[i]);
		prefix_index(rules.nr_rules, front(&table[i]));
		rules.literal[rules.nr_rules] = (uint16_t)strcspn(front(&table[i]), "% ");
		rules.rule[rules.nr_rules++] = &table[i];
	}
}

static void rules_index(void)
{
	size_t n = 0;

	add_table(line_rules_x86, nr_line_rules_x86);
	add_table(line_rules_mm, nr_line_rules_mm);
	for (int c = 0; c < 256; c++) {
		rules.first[c] = (uint16_t)n;
		for (size_t i = 0; i < rules.nr_rules && n < ARRAY_SIZE(rules.list); i++)
			if (can_start_with(rules.rule[i], c))
				rules.list[n++] = (uint16_t)i;
	}
	rules.first[256] = (uint16_t)n;
	n = 0;
	for (int kind = 0; kind < NR_FACTS; kind++) {
		rules.kind_first[kind] = (uint16_t)n;
		for (size_t i = 0; i < rules.nr_rules; i++)
			if (rules.rule[i]->fact == (enum fact_kind)kind)
				rules.kind_list[n++] = (uint16_t)i;
	}
	rules.kind_first[NR_FACTS] = (uint16_t)n;
}

void rules_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, rules_index);
}

/* Does the second word begin as the row's does? */
static bool next_fits(size_t index, struct str body)
{
	size_t i = rules.literal[index];

	if (!rules.next[index])
		return true;
	while (i < body.n && isspace((unsigned char)body.p[i]))
		i++;
	return i < body.n && body.p[i] == rules.next[index];
}

/* Does a word of letters and digits at the front end as the row's does? */
static bool front_fits(size_t index, struct str body)
{
	size_t i = 0;

	if (!rules.after[index])
		return true;
	while (i < body.n && isalnum((unsigned char)body.p[i]))
		i++;
	return i < body.n && body.p[i] == rules.after[index];
}

const struct line_rule *rules_match(struct str text, struct fact *ret)
{
	struct str body = str_trim(text);
	int c = body.n ? (unsigned char)*body.p : 0;
	uint32_t prefix = 0;

	memcpy(&prefix, body.p, body.n < sizeof(prefix) ? body.n : sizeof(prefix));
	for (size_t i = rules.first[c]; i < rules.first[c + 1]; i++) {
		size_t index = rules.list[i], literal = rules.literal[index];
		const struct line_rule *rule = rules.rule[index];

		if ((prefix & rules.mask[index]) != rules.prefix[index] || literal > body.n ||
		    memcmp(body.p, rules.front[index], literal) || !next_fits(index, body) || !front_fits(index, body))
			continue;
		/* A row that failed half-way may have left numbers behind. */
		*ret = (struct fact){ .text = text };
		if (shape_match(rule, body, ret)) {
			ret->rule = (uint16_t)index;
			return rule;
		}
	}
	return NULL;
}

static bool demands_hold(const struct line_rule *rule, const struct traits *traits)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->when); i++) {
		const struct rule_demand *d = &rule->when[i];

		if (d->trait != TRAIT_NONE && (trait(traits, d->trait) == d->value) == d->other)
			return false;
	}
	return true;
}

const struct line_rule *rules_for(enum fact_kind kind, uint16_t tag, const struct traits *traits)
{
	for (size_t i = rules.kind_first[kind]; i < rules.kind_first[kind + 1]; i++) {
		const struct line_rule *rule = rules.rule[rules.kind_list[i]];

		if (rule->tag == tag && demands_hold(rule, traits))
			return rule;
	}
	return NULL;
}
