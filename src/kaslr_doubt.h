/*
 * kaslr_doubt.h - what hangs on where the image lies, and how far it can be said all the same.
 */
#ifndef MIA_KASLR_DOUBT_H
#define MIA_KASLR_DOUBT_H

#include "mia/boot.h"

/* A base that the image may have as well as the one that is shown. */
struct other_base {
	uint64_t base, weight; /* the weight in the unit of the shown one's */
};

struct other_bases {
	struct other_base *v;
	size_t nr, cap;
};

/*
 * Boot all of @others, from @begun on. Numbers of the map and lines that are as likely others are open, and not said.
 * @weight is that of @boot, which lies at its own base.
 */
void kaslr_doubt(const struct boot *begun, struct boot *boot, uint64_t weight, const struct other_bases *others);

#endif
