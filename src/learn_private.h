/* learn_private.h - what src/learn.c and src/learn_align.c share. */
#ifndef MIA_LEARN_PRIVATE_H
#define MIA_LEARN_PRIVATE_H

#include "mia/learn.h"

/* Sizes and allocations from the requests of a log of memblock's own; nothing where @boot is no replay. */
void learn_requests(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct kernel *ret);

#endif
