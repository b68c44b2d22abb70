/*
 * shipped.h - the kernel profiles that come with the program (data/kernels/), found by release.
 */
#ifndef MIA_SHIPPED_H
#define MIA_SHIPPED_H

#include "mia/kernel.h"

/* Profiles read so far; each is read once. */
struct shipped;

struct shipped *shipped_create(void);
void shipped_destroy(struct shipped *shipped);

/* The profile of @release on @arch, which lives as long as @shipped; NULL if none ships. */
const struct kernel *shipped_find(struct shipped *shipped, struct str release, enum arch arch);
/* The profile of the nearest version, if asked of a like configuration; NULL if none is for this architecture. */
const struct kernel *shipped_neighbour(struct shipped *shipped, const struct kernel *kernel, bool alike);
/* The name of the next one, for lists; NULL behind the last. */
const char *shipped_name(size_t i);

#endif
