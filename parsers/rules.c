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
#define NR_KEYS 256
/* Behind the last row of a list. */
#define NO_ROW UINT16_MAX

/* A rule, and what a look at both ends of a line tells of it before words are read. */
struct row {
	const struct line_rule *rule;
	const char *front;     /* its pattern without the blanks in front */
	uint32_t prefix, mask; /* its first bytes, as far as they are literal */
	uint16_t literal;      /* length of the literal text at its front */
	char kind;             /* of the conversion at its front, 0 for none */
	char after;            /* literal character behind that, 0 for none */
	char last;             /* literal character at its end, 0 for a conversion */
	struct str next;       /* literal text at the front of its second word, empty for a conversion */
};

/* Rows in their order by some key of the lines that they can take. */
struct row_lists {
	uint16_t first[NR_KEYS], list[NR_KEYS + MAX_RULES * 16];
};

static struct {
	size_t nr;
	struct row row[MAX_RULES];
	struct row_lists by_pair;  /* those that begin with two literal characters or more */
	struct row_lists by_first; /* the others */
	uint16_t kind_first[NR_FACTS + 1], kind_list[MAX_RULES];
} rules;

const struct line_rule *line_rule(size_t index)
{
	rules_init();
	return index < rules.nr ? rules.row[index].rule : NULL;
}

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

static size_t flags_length(const char *p) { return strspn(p, "!#0123456789-"); }

/* The pattern's last character; 0 where it belongs to a conversion. */
static char last_literal(const char *p)
{
	const char *percent = strrchr(p, '%'), *kind = percent ? percent + 1 + flags_length(percent + 1) : p;
	char last = *p ? p[strlen(p) - 1] : 0;

	return (percent && (!*kind || !kind[1])) || last == ' ' ? 0 : last;
}

static struct row row_of(const struct line_rule *rule)
{
	const char *p = rule->pattern + strspn(rule->pattern, " ");
	size_t n = strcspn(p, "% "), blanks = strspn(p + n, " ");
	struct row row = { .rule = rule, .front = p, .literal = (uint16_t)n, .last = last_literal(p) };
	unsigned char bytes[4] = { 0 }, mask[4] = { 0 };

	for (size_t i = 0; i < n && i < sizeof(bytes); i++) {
		bytes[i] = (unsigned char)p[i];
		mask[i] = 0xff;
	}
	memcpy(&row.prefix, bytes, sizeof(bytes));
	memcpy(&row.mask, mask, sizeof(mask));
	if (p[n] == ' ')
		row.next = (struct str){ p + n + blanks, strcspn(p + n + blanks, "% ") };
	if (*p == '%') {
		p += 1 + flags_length(p + 1);
		row.kind = *p++;
		row.after = *p == '%' || isalnum((unsigned char)*p) ? 0 : *p;
	}
	return row;
}

static void add_table(const struct line_rule *table, size_t nr)
{
	for (size_t i = 0; i < nr && rules.nr < MAX_RULES; i++)
		rules.row[rules.nr++] = row_of(&table[i]);
}

/* Few pairs of characters share a list. */
static unsigned key_of_pair(unsigned char first, unsigned char second) { return (first * 37u + second) % NR_KEYS; }

/* Every key of the lines that @row can take, from @from on; NR_KEYS: there is no more. */
static unsigned next_key(const struct row *row, bool by_pair, unsigned from)
{
	const unsigned char *p = (const unsigned char *)row->front;
	unsigned key = by_pair ? key_of_pair(p[0], p[1]) : *p;

	if (by_pair != (row->literal > 1))
		return NR_KEYS;
	if (!row->kind)
		return from <= key ? key : NR_KEYS;
	while (from < NR_KEYS && !can_start_with(row->kind, (int)from))
		from++;
	return from;
}

static void fill_lists(struct row_lists *lists, bool by_pair)
{
	uint16_t nr[NR_KEYS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < rules.nr; i++)
		for (unsigned key = 0; (key = next_key(&rules.row[i], by_pair, key)) < NR_KEYS; key++)
			nr[key]++;
	for (unsigned key = 0; key < NR_KEYS; key++) {
		lists->first[key] = (uint16_t)n;
		n += nr[key] + 1u;
		nr[key] = 0;
	}
	assert(n <= ARRAY_SIZE(lists->list));
	memset(lists->list, 0xff, sizeof(lists->list));
	for (size_t i = 0; i < rules.nr; i++)
		for (unsigned key = 0; (key = next_key(&rules.row[i], by_pair, key)) < NR_KEYS; key++)
			lists->list[lists->first[key] + nr[key]++] = (uint16_t)i;
}

static void index_kinds(void)
{
	uint16_t nr[NR_FACTS] = { 0 };

	for (size_t i = 0; i < rules.nr; i++)
		rules.kind_first[rules.row[i].rule->fact + 1]++;
	for (int kind = 0; kind < NR_FACTS; kind++)
		rules.kind_first[kind + 1] = (uint16_t)(rules.kind_first[kind + 1] + rules.kind_first[kind]);
	for (size_t i = rules.nr; i-- > 0;) {
		enum fact_kind kind = rules.row[i].rule->fact;

		/* From the end of its list, so that rows keep their order. */
		rules.kind_list[rules.kind_first[kind + 1] - ++nr[kind]] = (uint16_t)i;
	}
}

static void rules_index(void)
{
	add_table(line_rules_x86, nr_line_rules_x86);
	add_table(line_rules_mm, nr_line_rules_mm);
	fill_lists(&rules.by_pair, true);
	fill_lists(&rules.by_first, false);
	index_kinds();
}

void rules_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, rules_index);
}

/* Does the second word begin as the row's does? */
static bool next_fits(const struct row *row, struct str body)
{
	size_t i = row->literal;

	if (!row->next.n)
		return true;
	while (i < body.n && char_is_blank(body.p[i]))
		i++;
	return str_starts(str_skip(body, i), row->next);
}

/* The character behind the letters and digits at the front; 0 if there is none. */
static char behind_front(struct str body)
{
	size_t i = 0;

	while (i < body.n && isalnum((unsigned char)body.p[i]))
		i++;
	return i < body.n ? body.p[i] : 0;
}

/* Both ends of a line. */
struct ends {
	uint32_t prefix;
	char behind, last;
};

static bool ends_fit(const struct row *row, const struct ends *ends)
{
	return (ends->prefix & row->mask) == row->prefix && (!row->after || row->after == ends->behind) && (!row->last || row->last == ends->last);
}

static bool words_fit(const struct row *row, struct str body)
{
	return row->literal <= body.n && !memcmp(body.p, row->front, row->literal) && next_fits(row, body);
}

/* The next row in order of two lists; NO_ROW at their end. */
static uint16_t next_row(const uint16_t **a, const uint16_t **b) { return **a < **b ? *(*a)++ : **b < NO_ROW ? *(*b)++ : NO_ROW; }

const struct line_rule *rules_match(struct str text, struct fact *ret)
{
	struct str body = str_trim(text);
	struct ends ends = { .behind = behind_front(body), .last = body.n ? body.p[body.n - 1] : 0 };
	unsigned char first = body.n ? (unsigned char)body.p[0] : 0, second = body.n > 1 ? (unsigned char)body.p[1] : 0;
	const uint16_t *by_pair = &rules.by_pair.list[rules.by_pair.first[key_of_pair(first, second)]];
	const uint16_t *by_first = &rules.by_first.list[rules.by_first.first[first]];

	memcpy(&ends.prefix, body.p, body.n < sizeof(ends.prefix) ? body.n : sizeof(ends.prefix));
	for (uint16_t i; (i = next_row(&by_pair, &by_first)) != NO_ROW;) {
		const struct row *row = &rules.row[i];

		if (!ends_fit(row, &ends) || !words_fit(row, body))
			continue;
		/* A row that failed half-way may have left numbers behind. */
		*ret = (struct fact){ .text = text };
		if (shape_match(row->rule, body, ret)) {
			ret->rule = i;
			return row->rule;
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
		const struct line_rule *rule = rules.row[rules.kind_list[i]].rule;

		if (rule->tag == tag && demands_hold(rule, traits))
			return rule;
	}
	return NULL;
}
