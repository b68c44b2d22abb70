/*
 * takers.h - who keeps how much memory for good: owners of the ledger less what they gave back, largest first.
 */
#ifndef MIA_TAKERS_H
#define MIA_TAKERS_H

#include "mia/verdict.h"

struct taker {
	const struct ledger_row *row;
	int64_t bytes; /* that MemTotal lacks because of it */
};

struct takers {
	struct taker *v;
	size_t nr, cap;
};

/* The owner whose memory a row of what came back was; NULL if it is none's. */
const char *taker_of_returned(const char *returned);

void takers_rank(struct arena *arena, const struct ledger *ledger, struct takers *ret);

#endif
