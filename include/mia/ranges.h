/*
 * ranges.h - sets of addresses as sorted, disjoint, merged ranges.
 */
#ifndef MIA_RANGES_H
#define MIA_RANGES_H

#include "mia/base.h"

struct arena;

void ranges_add(struct arena *arena, struct phys_ranges *set, struct phys_range range);
void ranges_remove(struct arena *arena, struct phys_ranges *set, struct phys_range range);
bool ranges_contain(const struct phys_ranges *set, uint64_t addr);
/* Bytes of @range that the set covers. */
uint64_t ranges_overlap(const struct phys_ranges *set, struct phys_range range);
uint64_t ranges_bytes(const struct phys_ranges *set);
/* Index of the first range that ends above @addr; set->nr if there is none. */
size_t ranges_search(const struct phys_ranges *set, uint64_t addr);

#endif
