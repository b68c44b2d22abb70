/*
 * kaslr_likely.h - each number at its likeliest, where the log leaves open in which of several places the image lies.
 *
 * The boots of all places differ in the zone that the image takes its pages from. A zone that it is less likely in than
 * elsewhere has, most likely, all its pages, even if there is none that it is likelier in. So the likeliest value of each
 * number need not be that of the likeliest boot; and the numbers of several zones need not add up to those of any one boot.
 */
#ifndef MIA_KASLR_LIKELY_H
#define MIA_KASLR_LIKELY_H

#include "mia/boot.h"

/* Of one zone, the numbers that depend on how many pages it has. */
struct zone_numbers {
	uint64_t single[10], protection[NR_ZONE_TYPES];
};

struct possible_boot {
	const struct zone_numbers *zone; /* NR_ZONE_TYPES of each node */
	size_t nr_nodes;
	uint64_t total;  /* MemTotal, pages */
	uint64_t weight; /* how likely it is, in any unit */
	uint64_t base;   /* that the image has in it */
};

struct possible_boots {
	struct possible_boot *v;
	size_t nr, cap;
};

/* Room for the numbers of so many nodes, and those of @b. */
struct zone_numbers *zone_numbers_new(struct arena *arena, size_t nr_nodes);
void zone_numbers_keep(const struct boot *b, struct zone_numbers *ret);

/* Which of them has the likeliest MemTotal, and of those the likeliest place. */
size_t kaslr_likeliest(const struct possible_boot *v, size_t nr);
/* Of each number that depends on it, the value that has most weight; as it is in @boot where that has as much. */
void kaslr_likely_values(struct boot *boot, const struct possible_boot *v, size_t nr);

#endif
