/*
 * agreement.h - one boot stands for all that may be: how far the others come to the same.
 *
 * Each of them is compared as soon as it has run and need not be kept.
 */
#ifndef MIA_AGREEMENT_H
#define MIA_AGREEMENT_H

#include "mia/prediction.h"

struct agreement {
	struct boot *boot;                    /* the one that is shown; its amounts become ranges */
	struct prediction *out;               /* counts how many were tried and what failed in them */
	bool extents, marks, lists, places, map; /* are the same in all */
};

void agreement_begin(struct agreement *a, struct boot *boot, struct prediction *out);
void agreement_add(struct agreement *a, const struct boot *other);

#endif
