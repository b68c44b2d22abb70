/*
 * rules.h - the table that knows every log line: its words, what they mean, and a real example.
 *
 * A row reads a line into a fact and prints a fact as that line, so the same words serve both ways. It may demand trait
 * values: a line that only one kind of kernel prints is evidence of that kind, and to print a fact for a kernel the first
 * row whose demands hold is taken. HACKING.md shows how to add one.
 *
 * Pattern language (a printf() of the kernel's own, that also reads):
 *   %x %#x %016x %#018x   hexadecimal, with # behind 0x; the width counts when printing
 *   %X                    the same in capitals
 *   %!#016x               the same, and the text must have the width that printing would give it (tells two eras apart)
 *   %u %3u %d             decimal
 *   %w %-8w               a word: no blanks, up to the pattern's next literal character
 *   %z %-8z               a zone name
 *   %t                    the name of an e820 type to 6.19, or a name that nobody knows
 *   %T                    the name of an e820 type from 7.0
 *   %s                    any text, up to the pattern's next literal text or the end
 *   (blank)               one or more blanks; two blanks: at least two
 * Numbers go to v[0], v[1], ... and texts to s[0], s[1] in the order of the pattern.
 */
#ifndef MIA_RULES_H
#define MIA_RULES_H

#include "mia/record.h"
#include "mia/traits.h"

struct arena;
struct strbuf;

struct rule_demand {
	enum trait_id trait;
	int value;
	bool other; /* any value but this */
};

struct line_rule {
	enum fact_kind fact;
	uint16_t tag;           /* told apart within a kind, see facts.def */
	uint16_t inclusive;     /* bit i: v[i] is printed as the last byte, and kept as the end */
	const char *pattern;
	const char *example;    /* from a real boot */
	struct rule_demand when[2];
	bool no_evidence;       /* the demands choose the words, but the line does not prove them */
};

#define WHEN(name, val) { TRAIT_##name, val }
#define WHEN_NOT(name, val) { TRAIT_##name, val, true }

/* All rows of all tables; NULL past the last. */
const struct line_rule *line_rule(size_t index);

/* Does @text (a message without level and time) have this shape? Fills v, s and tag of @ret. */
bool shape_match(const struct line_rule *rule, struct str text, struct fact *ret);
/* The words of @fact as @rule says them. */
void shape_print(const struct line_rule *rule, const struct fact *fact, struct strbuf *out);

/* Find the row that takes @text; NULL if none does. */
const struct line_rule *rules_match(struct str text, struct fact *ret);
/* The row that prints facts of this kind and tag on a kernel with these traits; NULL if it prints nothing. */
const struct line_rule *rules_for(enum fact_kind kind, uint16_t tag, const struct traits *traits);
/* Must be called once before rules_match(); later calls do nothing. */
void rules_init(void);

/* e820 type names of both vocabularies. */
bool e820_type_parse(struct str name, bool words_of_7_0, uint32_t *ret);
const char *e820_type_name(uint32_t type, bool words_of_7_0, char buf[32]);

#endif
