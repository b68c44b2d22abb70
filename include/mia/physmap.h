/*
 * physmap.h - physical memory from address 0 up, as it stands when memblock's free memory goes to the page allocator.
 *
 * One list of segments without overlaps: what each is, whose it is, in which node and zone.
 */
#ifndef MIA_PHYSMAP_H
#define MIA_PHYSMAP_H

#include "mia/boot.h"

enum phys_kind {
	PHYS_HOLE,     /* no one speaks of it */
	PHYS_FIRMWARE, /* the firmware lists it, and not as RAM */
	PHYS_CUT,      /* the firmware lists it as RAM, and the kernel gave it up */
	PHYS_OWNED,    /* RAM that is taken */
	PHYS_FREE,     /* RAM that goes to the page allocator */
};

struct phys_segment {
	struct phys_range range;
	enum phys_kind kind;
	enum owner owner; /* PHYS_OWNED */
	uint32_t type;    /* of the firmware's map; 0 where it is silent */
	int nid;          /* NUMA_NO_NODE outside every zone's span */
	enum zone_type zone;
	bool returned;    /* taken, and given back before the boot ends */
};

struct physmap {
	struct phys_segment *v;
	size_t nr, cap;
};

/* From 0 to the end of what is known; empty where there is no map. */
void physmap_build(struct arena *arena, const struct boot *b, struct physmap *ret);

/*
 * At most about @limit segments: the smallest are told as part of the one below them, in the same zone. Returns the size in bytes
 * below which that happened; 0 where it did not.
 */
uint64_t physmap_coarsen(struct physmap *map, size_t limit);

const char *phys_kind_name(enum phys_kind kind);

#endif
