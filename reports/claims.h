/*
 * claims.h - which numbers of a zone the model stands by: the others are null in every document.
 */
#ifndef MIA_CLAIMS_H
#define MIA_CLAIMS_H

#include "mia/boot.h"

struct zone_claims {
	bool start, spanned, present;
	bool managed, managed_range; /* a number that is as good as any; limits */
	bool marks;     /* watermarks, protection, high marks of per-CPU lists */
	bool lists;     /* their batch, and the threshold of statistics */
	bool promo, pcp_high, pcp_range;
};

struct zone_claims zone_claims(const struct boot *boot, const struct zone *zone);

#endif
