/* claims.c - see claims.h. */
#include "claims.h"

struct zone_claims zone_claims(const struct boot *b, const struct zone *z)
{
	bool managed = z->managed.basis != AMOUNT_UNKNOWN, extents = managed || !b->onlined_later;
	bool grows = b->zones_grow && z->managed_early < z->managed_at_free, marks = managed && boot_marks_known(b);

	return (struct zone_claims){
		/* Memory onlined later, of unknown size, may have grown it; the image may be all that there is of RAM somewhere. */
		.start = extents && !z->start_open,
		.spanned = extents && !z->spanned_open,
		.present = extents && !z->present_open,
		.managed = managed && !grows,
		.managed_range = managed,
		.marks = marks,
		.lists = managed && (marks || z->lists_known),
		.promo = marks && z->has_promo,
		.pcp_high = marks && z->pcp_high_known,
		.pcp_range = marks && boot_trait(b, TRAIT_PCP_HIGH) == PCP_HIGH_AUTO,
	};
}
