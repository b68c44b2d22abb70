/*
 * memblock.h - the allocator of the early boot, executed on extents.
 *
 * Two sorted arrays of regions, memory and reserved. Every operation does what the kernel's does, including when
 * neighbours merge and when an array doubles, so that an address can be predicted from the request alone.
 *
 * Kernel: mm/memblock.c; each function here has the name of the kernel's.
 */
#ifndef MIA_MEMBLOCK_H
#define MIA_MEMBLOCK_H

#include "mia/base.h"

struct arena;

/* Regions an array holds before it doubles. Kernel: INIT_MEMBLOCK_REGIONS, the same from 2.6.37 to 7.x. */
#define MEMBLOCK_INIT_REGIONS 128
/* sizeof(struct memblock_region) of a 64-bit kernel since 3.x: base, size, flags, nid. */
#define MEMBLOCK_REGION_BYTES 24

/* Flags of a region, as memblock=debug prints them. */
#define MEMBLOCK_HOTPLUG 0x1u
#define MEMBLOCK_MIRROR 0x2u
#define MEMBLOCK_NOMAP 0x4u
#define MEMBLOCK_DRIVER_MANAGED 0x8u
#define MEMBLOCK_RSRV_NOINIT 0x10u
#define MEMBLOCK_RSRV_KERN 0x20u

struct memblock_region {
	uint64_t base, end;
	int nid; /* NUMA_NO_NODE until set */
	uint32_t flags;
};

struct memblock_type {
	struct memblock_region *v;
	size_t nr, cap;
	size_t max;              /* the kernel's array holds so many */
	struct phys_range array; /* where the doubled array lies; empty for the static one */
	unsigned doubled;
};

struct memblock {
	struct arena *arena;
	struct memblock_type memory, reserved;
	uint64_t current_limit; /* highest address that may be allocated */
	bool bottom_up;
	uint64_t bottom_up_from; /* search upward from here first (the image's end, 3.13 to 5.10); 0 for none */
	bool can_resize;
	bool movable_node;       /* hot-pluggable memory is not handed out */
	bool has_mirror;         /* mirrored memory is tried first */
	bool overflowed;         /* an array was full and could not be doubled */
	struct phys_ranges *searched; /* gets what answers hang on: whatever is reserved or free elsewhere, they are the same; may be NULL */
};

void memblock_init(struct memblock *mb, struct arena *arena);
struct memblock memblock_copy(const struct memblock *mb, struct arena *arena);

void memblock_add(struct memblock *mb, uint64_t base, uint64_t end, int nid, uint32_t flags);
void memblock_remove(struct memblock *mb, uint64_t base, uint64_t end);
void memblock_reserve(struct memblock *mb, uint64_t base, uint64_t end);
void memblock_reserve_flags(struct memblock *mb, uint64_t base, uint64_t end, int nid, uint32_t flags);
/* Kernel: memblock_free(), memblock_phys_free() since 5.16. */
void memblock_free(struct memblock *mb, uint64_t base, uint64_t end);
/* Give the parts of @type inside [base, end) to a node. */
void memblock_set_node(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end, int nid);
void memblock_set_flags(struct memblock *mb, struct memblock_type *type, uint64_t base, uint64_t end, uint32_t flags, bool on);
/* Cut memory regions to whole multiples of @align, dropping what is left empty. */
void memblock_trim_memory(struct memblock *mb, uint64_t align);

/* One request for memory. */
struct memblock_request {
	uint64_t size, align; /* align 0: a cache line */
	uint64_t min, max;    /* max 0 or 1: the current limit */
	int nid;
	bool exact_nid;       /* never from another node */
	bool ranged;          /* by physical range: neither the current limit counts, nor is there a way below @min */
};

/* First suitable free range; 0 if there is none. Nothing is reserved. Kernel: memblock_find_in_range_node(). */
uint64_t memblock_find(const struct memblock *mb, const struct memblock_request *request);
/* Find and reserve, falling back to other nodes and lower addresses as the kernel does; 0 if there is none. */
uint64_t memblock_alloc(struct memblock *mb, const struct memblock_request *request);

/*
 * Before it is searched for how many of @nr requests, of which the first was answered with @base, come from one free range: that
 * hangs on the range next to the first alone, and not on where larger ones would be found. Returns what @mb->searched is to be
 * again behind that.
 */
struct phys_ranges *memblock_search_run(struct memblock *mb, uint64_t base, uint64_t size, uint64_t nr);

uint64_t memblock_bytes(const struct memblock_type *type);
bool memblock_is_reserved(const struct memblock *mb, uint64_t addr);
bool memblock_is_region_memory(const struct memblock *mb, uint64_t base, uint64_t end);
bool memblock_overlaps(const struct memblock_type *type, uint64_t base, uint64_t end);
/* Index of the first region that ends above @addr; type->nr if there is none. */
size_t memblock_search(const struct memblock_type *type, uint64_t addr);

/*
 * Free ranges (memory without reserved) from low to high: start with *@i = *@j = 0. Fills @ret and @nid.
 * Kernel: for_each_free_mem_range().
 */
bool memblock_next_free(const struct memblock *mb, size_t *i, size_t *j, struct phys_range *ret, int *nid);

#endif
