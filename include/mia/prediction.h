/*
 * prediction.h - how far a predicted boot can be trusted, why not further, and what it means.
 */
#ifndef MIA_PREDICTION_H
#define MIA_PREDICTION_H

#include "mia/boot.h"

/* What keeps a prediction from being exact. */
enum unknown_id {
#define UNKNOWN(id, name, title) UNKNOWN_##id,
#include "mia/unknowns.def"
#undef UNKNOWN
	NR_UNKNOWNS
};

const char *unknown_name(enum unknown_id id);
const char *unknown_title(enum unknown_id id);

/* Values that are exact, or not, together. */
enum value_group {
#define VALUE_GROUP(id, name, title) GROUP_##id,
#include "mia/value_groups.def"
#undef VALUE_GROUP
	NR_VALUE_GROUPS
};

const char *value_group_name(enum value_group group);
const char *value_group_title(enum value_group group);

struct group_basis {
	enum basis basis;
	bool because[NR_UNKNOWNS];
};

/* One sentence of what the prediction comes to, for who asked. */
struct outcome {
	const char *id;   /* "crashkernel" */
	bool bad;         /* not what was hoped for */
	const char *text;
};

struct outcomes {
	struct outcome *v;
	size_t nr, cap;
};

/* How a number came out over many random placements. */
struct spread {
	uint64_t min, p05, median, p95, max;
};

/* Managed pages of a zone over the trials. */
struct zone_spread {
	int nid;
	enum zone_type zone;
	struct spread managed;
};

struct kaslr_trials {
	uint64_t nr, seed, slots;
	struct spread mem_total; /* pages */
	struct spread crash_hole; /* bytes of the largest free range for a crash kernel, low */
	struct zone_spread *zone;
	size_t nr_zones;
	uint64_t crash_failed, gigantic_short, swiotlb_failed, image_hit; /* trials */
	uint64_t least_gigantic; /* pages of 1 GiB in the worst of them */
};

/* Memory plugged in after the boot. */
struct hotplug {
	uint64_t bytes, memmap_bytes, most_bytes; /* to plug in; what its struct pages take; what the free memory could describe */
	int nid;
};

struct prediction {
	bool unknown[NR_UNKNOWNS];
	struct group_basis group[NR_VALUE_GROUPS];
	size_t nr_boots;           /* that were tried */
	struct phys_ranges places; /* of the image's first byte, where it is randomised */
	uint64_t nr_places;        /* slots in them */
	size_t crash_failed, gigantic_short, swiotlb_failed, image_hit; /* boots tried in which that happens */
	uint64_t crash_hole_min, crash_hole_max; /* bytes of the largest free range for it, low, in these boots */
	uint64_t swiotlb_hole_min, swiotlb_hole_max; /* the same for the bounce buffer, below 4 GiB */
	bool has_before;           /* the same machine with its own kernel and command line: */
	uint64_t before_kib;       /* its MemTotal */
	uint64_t straddled_sections, hole_memmap_bytes; /* sections that are memory only in part, and struct pages of holes */
	uint64_t memory_regions;   /* of memblock */
	uint64_t map_ignored, map_ignored_bytes; /* entries of the firmware's map beyond what is handed over, and RAM in them */
	struct kaslr_trials *trials; /* NULL where none were asked for */
	struct hotplug *hotplug;     /* NULL likewise */
	struct outcomes outcomes;
};

#endif
