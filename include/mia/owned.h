/*
 * owned.h - which byte of reserved memory belongs to whom when memblock's free memory goes to the page allocator.
 *
 * A byte has one owner, the first that took it.
 */
#ifndef MIA_OWNED_H
#define MIA_OWNED_H

#include "mia/boot.h"

/* Disjoint, sorted by address; OWNER_NONE where no one claims what is reserved. Only what is memory. */
struct owned_ranges owned_by_address(struct arena *arena, const struct boot *b);

/* The same in the order of the boot: what one owner took in a row, in one stage. Without what no one claims. */
struct taking {
	enum stage_id stage;
	enum owner owner;
	uint64_t bytes;
};

struct takings {
	struct taking *v;
	size_t nr, cap;
};

struct takings owned_in_order(struct arena *arena, const struct boot *b);

#endif
