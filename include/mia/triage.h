/*
 * triage.h - what a person should know about a boot, as findings with stable ids.
 *
 * Rules are the table rules.def, one function each in src/triage_*.c, and those of a file (--rules, see doc/rules.md).
 */
#ifndef MIA_TRIAGE_H
#define MIA_TRIAGE_H

#include "mia/verdict.h"

struct mia_error;
struct triage;
struct user_rules;

typedef void triage_fn(struct triage *t);

struct triage_rule {
	const char *id, *name;
	enum severity severity, worst; /* of its findings: from, up to */
	triage_fn *run;                /* NULL: needs two boots */
	const char *title, *trigger, *explanation, *advice, *example;
};

/* The rules in the order of their ids; NULL past the last. */
const struct triage_rule *triage_rule(size_t index);
/* By id ("MI005", any case) or name; NULL if there is none. */
const struct triage_rule *triage_rule_find(const char *what);

/* Rules of a file, checked; fails with the file and the line or key. */
struct mia_error *user_rules_load(struct arena *arena, const char *path, const struct user_rules **ret);
const struct triage_rule *user_rule(const struct user_rules *rules, size_t index);

/* Every rule of one boot, and @more where it is not NULL. Findings are sorted: the most severe first, then the most bytes. */
void triage_run(struct arena *arena, const struct user_rules *more, struct verdict *verdict);
/* Do two machines differ by whole modules, rather than by what someone took? */
bool triage_other_modules(const struct dram *a, const struct dram *b);
/* The rules that compare two boots: @b against @a. */
void triage_pair(struct arena *arena, const struct verdict *a, const struct verdict *b, struct findings *ret);

#endif
