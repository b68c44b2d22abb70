/*
 * bootmem.h - the boot allocator that followed early reservations before memblock, executed on memblock's extents.
 *
 * A bitmap of pages for each node. A request gets the first fit upwards from its goal, or from where the last search ended if
 * that is higher; what follows the last request without a gap begins in the page that it left half full.
 *
 * Kernel: mm/bootmem.c, 2.6.32; each function here has the name of the kernel's, where it has one.
 */
#ifndef MIA_BOOTMEM_H
#define MIA_BOOTMEM_H

#include "mia/memblock.h"

/* One node's bitmap covers [start, end). */
struct bootmem_node {
	int nid;
	uint64_t start, end;
	uint64_t hint;           /* where the next search begins */
	uint64_t last_end;       /* of the last request, to the byte */
	struct phys_range bitmap; /* where the bitmap itself lies */
};

/* In the order of their starts; empty as long as early reservations rule. */
struct bootmem {
	struct bootmem_node *v;
	size_t nr, cap;
	struct phys_range below_4g; /* kept until the bounce buffer is allocated */
};

void bootmem_link(struct bootmem *bm, struct arena *arena, const struct bootmem_node *node);
/* The answer to a request, 0 if there is none; nothing is reserved. A request with a limit has its lower bound for a goal, others 16 MiB. */
uint64_t bootmem_find(const struct bootmem *bm, const struct memblock *mb, const struct memblock_request *request);
uint64_t bootmem_alloc(struct bootmem *bm, struct memblock *mb, const struct memblock_request *request);
/* Pages that are wholly inside come back; the next search begins here even if there are none. Kernel: free_bootmem(). */
struct phys_range bootmem_free(struct bootmem *bm, struct memblock *mb, uint64_t base, uint64_t end);

#endif
