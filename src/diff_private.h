/* diff_private.h - what the parts of diff share. */
#ifndef MIA_DIFF_PRIVATE_H
#define MIA_DIFF_PRIVATE_H

#include "mia/diff.h"

/* diff.c: net rows of one ledger, installed memory first. */
struct net_row {
	const char *id, *label, *parent;
	int64_t bytes;  /* that MemTotal lacks because of it; for installed memory, that it has */
	enum basis basis;
	uint32_t lines[4];
};

struct net_rows {
	struct net_row *v;
	size_t nr, cap;
};

void diff_net(struct arena *arena, const struct ledger *ledger, struct net_rows *ret);
const struct net_row *diff_net_find(const struct net_rows *rows, const char *id);
/* +1 for installed memory, -1 for what takes it away. */
int diff_sign(const char *id);

/* diff_cause.c: fills share, separated and cause of the rows, and by_factor. */
void diff_separate(struct arena *arena, struct diff *diff);
/* diff_words.c: do the command lines ask for other things of this owner? */
bool diff_asked_differently(struct arena *arena, const struct diff *diff, const char *owner);
/* Because of each row, and the sentence. */
void diff_put_into_words(struct arena *arena, struct diff *diff);

#endif
