/*
 * claims.h - which byte of reserved memory belongs to whom when memblock's free memory goes to the page allocator.
 *
 * A byte has one owner, the first that took it.
 */
#ifndef MIA_CLAIMS_H
#define MIA_CLAIMS_H

#include "mia/boot.h"

/* Disjoint, sorted by address; OWNER_NONE where no one claims what is reserved. Only what is memory. */
struct owned_ranges claims_find(struct arena *arena, const struct boot *b);

#endif
