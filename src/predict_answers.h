/*
 * predict_answers.h - what the answers to a prediction are made with.
 */
#ifndef MIA_PREDICT_ANSWERS_H
#define MIA_PREDICT_ANSWERS_H

#include "predict.h"

struct answerer {
	const struct predictor *p;
	const struct verdict *v;
	const struct boot *b;
	struct prediction *out;
	struct strbuf s;
};

/* "512 MiB"; the same and its place; ", in 12 of 1000 random placements", or of the boots tried where there were no trials. */
void answer_say_size(struct strbuf *s, uint64_t bytes);
void answer_say_range(struct strbuf *s, struct phys_range r);
void answer_say_chance(struct answerer *a, uint64_t trials, size_t tried);
/* What was written is the answer; @bad: it is not what was hoped for. */
void answer_finish(struct answerer *a, const char *id, bool bad);

/* predict_answers_pools.c */
void answer_pools(struct answerer *a);
void answer_zones(struct answerer *a);

#endif
