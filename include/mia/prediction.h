/*
 * prediction.h - how far a predicted boot can be trusted, and why not further.
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

struct prediction {
	bool unknown[NR_UNKNOWNS];
	struct group_basis group[NR_VALUE_GROUPS];
	size_t nr_boots;       /* that were tried */
	struct phys_ranges places; /* of the image's first byte, where it is randomised */
};

#endif
