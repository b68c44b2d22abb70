/*
 * analysis.h - from a boot record to a verdict.
 */
#ifndef MIA_ANALYSIS_H
#define MIA_ANALYSIS_H

#include "mia/verdict.h"

struct shipped;
struct user_rules;

struct analysis_options {
	const struct kernel *profile; /* of the build, where one was loaded; NULL otherwise */
	struct shipped *shipped;      /* where to look for one; NULL for none */
	const struct user_rules *rules; /* triage rules of a file; NULL for none */
};

/* Analyse one boot. Everything in @ret lives in @arena. */
void analysis_run(struct arena *arena, const struct boot_record *record, const struct analysis_options *options, struct verdict *ret);

#endif
