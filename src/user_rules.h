/*
 * user_rules.h - triage rules from a file (--rules), in the form that doc/rules.md describes.
 *
 * A file is loaded once and checked whole: a rule that could never work is refused then, not when it is first tried.
 */
#ifndef MIA_USER_RULES_H
#define MIA_USER_RULES_H

#include "triage.h"

/* A number or a text of a verdict; or nothing, where the input does not say. */
struct user_value {
	enum { VALUE_ABSENT, VALUE_NUMBER, VALUE_TEXT } kind;
	int64_t number;
	struct str text;
};

/* Is there a value of this name? "ledger.crashkernel", "zone.0.DMA32.managed", "cmdline.mem", "fact.SWIOTLB.v2", ... */
bool user_value_known(const char *name);
struct user_value user_value(struct triage *t, const char *name);
/* Lines that show it: of a fact, a ledger row, the command line. */
void user_value_lines(struct triage *t, const char *name, struct finding *f);

enum user_op { OP_LESS, OP_LESS_EQUAL, OP_EQUAL, OP_NOT_EQUAL, OP_GREATER_EQUAL, OP_GREATER, OP_CONTAINS, OP_EXISTS, NR_USER_OPS };

struct user_condition {
	enum { COND_ALL, COND_ANY, COND_NOT, COND_COMPARE } kind;
	struct user_condition *v; /* of all, any and not */
	size_t nr;

	const char *value;        /* of a comparison */
	enum user_op op;
	struct user_value than;
	const char *than_value;   /* another value, instead of a constant */
	int64_t percent;          /* of that value; 100 where nothing is said */
};

struct user_rule {
	struct triage_rule rule;  /* title, explanation and advice are templates */
	struct user_condition when;
	const char *bytes;        /* value; NULL for none */
	const char **lines;       /* values */
	size_t nr_lines;
};

struct user_rules {
	struct user_rule *v;
	size_t nr, cap;
};

bool user_condition_holds(struct triage *t, const struct user_condition *c);
/* "The crash kernel holds {ledger.crashkernel|size}." with the values of this boot. */
const char *user_template(struct triage *t, const char *text);
/* NULL if every placeholder of @text names a value; else the first that does not. */
const char *user_template_fault(struct arena *arena, const char *text);
void user_rules_run(struct triage *t, const struct user_rules *rules);

#endif
