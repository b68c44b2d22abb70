/* rules.c - the rule tables as one: find the row that takes a line, or the row that prints a fact. */
#include "rules.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

extern const struct line_rule line_rules_x86[], line_rules_mm[];
extern const size_t nr_line_rules_x86, nr_line_rules_mm;

#define MAX_RULES 512
/* A key is the first character of a line and the low bits of its second. */
#define SECONDS 8
#define NR_KEYS (256 * SECONDS)

/* Rows by the keys of the lines that they can take; a row that can start with anything is in all lists. */
static struct {
	size_t nr_rules;
	const struct line_rule *rule[MAX_RULES];
	const char *front[MAX_RULES];      /* pattern without the blanks in front */
	uint32_t prefix[MAX_RULES], mask[MAX_RULES]; /* its first bytes, as far as they are literal */
	struct str next[MAX_RULES];        /* literal text at the front of its second word, empty for a conversion */
	char last[MAX_RULES];              /* literal character at its end, 0 for a conversion */
	char after[MAX_RULES];             /* literal character behind a conversion at its front, 0 for none */
	uint16_t literal[MAX_RULES];       /* length of the literal text at the front of the pattern */
	uint16_t first[NR_KEYS + 1], list[MAX_RULES * 64];
	uint16_t kind_first[NR_FACTS + 1], kind_list[MAX_RULES];
} rules;

const struct line_rule *line_rule(size_t index)
{
	rules_init();
	return index < rules.nr_rules ? rules.rule[index] : NULL;
}

static const char *front(const struct line_rule *rule) { return rule->pattern + strspn(rule->pattern, " "); }

/* Can a line that begins with @c have a pattern that begins with a conversion of this kind? */
static bool can_start_with(char kind, int c)
{
	switch (kind) {
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

/* The pattern's last character; 0 where it belongs to a conversion. */
static char last_literal(const char *p)
{
	const char *percent = strrchr(p, '%'), *kind = percent ? percent + 1 + strspn(percent + 1, "!#0123456789-") : p;
	char last = *p ? p[strlen(p) - 1] : 0;

	return (percent && (!*kind || !kind[1])) || last == ' ' ? 0 : last;
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
	rules.last[index] = last_literal(p);
	if (p[n] == ' ')
		rules.next[index] = (struct str){ p + n + blanks, strcspn(p + n + blanks, "% ") };
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

static size_t key_of(unsigned char first, unsigned char second) { return first * SECONDS + second % SECONDS; }

static void add_key(size_t i, size_t key, uint16_t nr[NR_KEYS], bool fill)
{
	if (fill)
		rules.list[rules.first[key] + nr[key]] = (uint16_t)i;
	nr[key]++;
}

/* Every key of a line that row @i can take: nr[KEY] counts them; with @fill, the row joins their lists, which end there. */
static void add_keys(size_t i, uint16_t nr[NR_KEYS], bool fill)
{
	const char *p = rules.front[i];
	bool literal = *p != '%';
	char kind = literal ? 0 : p[1 + strspn(p + 1, "!#0123456789-")];

	if (rules.literal[i] > 1) {
		add_key(i, key_of((unsigned char)p[0], (unsigned char)p[1]), nr, fill);
		return;
	}
	for (int c = 0; c < 256; c++)
		if (literal ? (unsigned char)*p == c : can_start_with(kind, c))
			for (unsigned char second = 0; second < SECONDS; second++)
				add_key(i, key_of((unsigned char)c, second), nr, fill);
}

static void index_keys(void)
{
	uint16_t nr[NR_KEYS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < rules.nr_rules; i++)
		add_keys(i, nr, false);
	for (size_t key = 0; key < NR_KEYS; key++) {
		rules.first[key] = (uint16_t)n;
		n += nr[key];
	}
	assert(n <= ARRAY_SIZE(rules.list));
	rules.first[NR_KEYS] = (uint16_t)n;
	memset(nr, 0, sizeof(nr));
	for (size_t i = 0; i < rules.nr_rules; i++)
		add_keys(i, nr, true);
}

static void index_kinds(void)
{
	uint16_t nr[NR_FACTS] = { 0 };

	for (size_t i = 0; i < rules.nr_rules; i++)
		rules.kind_first[rules.rule[i]->fact + 1]++;
	for (int kind = 0; kind < NR_FACTS; kind++)
		rules.kind_first[kind + 1] = (uint16_t)(rules.kind_first[kind + 1] + rules.kind_first[kind]);
	for (size_t i = rules.nr_rules; i-- > 0;) {
		enum fact_kind kind = rules.rule[i]->fact;

		/* From the end of its list, so that rows keep their order. */
		rules.kind_list[rules.kind_first[kind + 1] - ++nr[kind]] = (uint16_t)i;
	}
}

static void rules_index(void)
{
	add_table(line_rules_x86, nr_line_rules_x86);
	add_table(line_rules_mm, nr_line_rules_mm);
	index_keys();
	index_kinds();
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

	if (!rules.next[index].n)
		return true;
	while (i < body.n && char_is_blank(body.p[i]))
		i++;
	return str_starts(str_skip(body, i), rules.next[index]);
}

/* The character behind the letters and digits at the front; 0 if there is none. */
static char behind_front(struct str body)
{
	size_t i = 0;

	while (i < body.n && isalnum((unsigned char)body.p[i]))
		i++;
	return i < body.n ? body.p[i] : 0;
}

/* What a look at both ends of a line tells, before its words are read. */
struct ends {
	uint32_t prefix;
	char behind, last;
};

static bool ends_fit(size_t index, const struct ends *ends)
{
	return (ends->prefix & rules.mask[index]) == rules.prefix[index] && (!rules.after[index] || rules.after[index] == ends->behind) &&
	       (!rules.last[index] || rules.last[index] == ends->last);
}

static bool words_fit(size_t index, struct str body)
{
	size_t literal = rules.literal[index];

	return literal <= body.n && !memcmp(body.p, rules.front[index], literal) && next_fits(index, body);
}

const struct line_rule *rules_match(struct str text, struct fact *ret)
{
	struct str body = str_trim(text);
	size_t key = key_of(body.n ? (unsigned char)body.p[0] : 0, body.n > 1 ? (unsigned char)body.p[1] : 0);
	struct ends ends = { .behind = behind_front(body), .last = body.n ? body.p[body.n - 1] : 0 };

	memcpy(&ends.prefix, body.p, body.n < sizeof(ends.prefix) ? body.n : sizeof(ends.prefix));
	for (size_t i = rules.first[key]; i < rules.first[key + 1]; i++) {
		size_t index = rules.list[i];

		if (!ends_fit(index, &ends) || !words_fit(index, body))
			continue;
		/* A row that failed half-way may have left numbers behind. */
		*ret = (struct fact){ .text = text };
		if (shape_match(rules.rule[index], body, ret)) {
			ret->rule = (uint16_t)index;
			return rules.rule[index];
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
