/* stage_numa.h - shared by stage_numa.c and stage_numa_fake.c. */
#ifndef MIA_STAGE_NUMA_H
#define MIA_STAGE_NUMA_H

#include "stages.h"

bool numa_cleanup(struct boot *b, struct numa_meminfo *mi);
void numa_alloc_distance(struct boot *b, size_t nodes);

/* numa=fake=VALUE: cut the nodes that there are into pieces. */
void numa_emulate(struct boot *b, struct str value);

#endif
