/*
 * replay.h - the lines that the model would print, beside those that the kernel printed.
 */
#ifndef MIA_REPLAY_H
#define MIA_REPLAY_H

#include "mia/verdict.h"

enum replay_verdict {
	REPLAY_MATCH,        /* said by both, in the same words */
	REPLAY_MISMATCH,     /* said by both, in other words or numbers */
	REPLAY_MISSING,      /* the model says it, the log does not */
	REPLAY_EXTRA,        /* the log says it, and the model could have but does not */
	REPLAY_INPUT,        /* what the model is told */
	REPLAY_NOT_MODELLED, /* known words that no stage says */
};

struct replay_line {
	uint32_t line;               /* of the log; 0 for a line that only the model says */
	const char *stage;           /* NULL where no stage says it */
	struct str predicted, observed; /* without level and time; p NULL for none */
	enum replay_verdict verdict;
};

struct replay {
	struct replay_line *v; /* in boot order */
	size_t nr, cap;
};

const char *replay_verdict_name(enum replay_verdict verdict);
void replay_build(struct arena *arena, const struct verdict *verdict, struct replay *ret);

#endif
