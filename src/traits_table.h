/* traits_table.h - rows of src/traits.c, read by traits_resolve.c alone. */
#ifndef MIA_TRAITS_TABLE_H
#define MIA_TRAITS_TABLE_H

#include "mia/kernel.h"

struct trait_row {
	enum trait_id trait;
	unsigned since; /* release_code() */
	int value;
	const char *why; /* commit subject, or the trees that were read */
	bool stable;     /* holds on this major.minor alone */
};

struct distro_row {
	const char *distribution;
	enum trait_id trait;
	int value;
	unsigned min_build; /* of the distribution, 0 for all */
	const char *why;
};

extern const struct trait_row trait_rows[];
extern const size_t nr_trait_rows;
extern const struct distro_row distro_rows[];
extern const size_t nr_distro_rows;

/* Major, minor and patch in one number that compares like the release. */
unsigned release_code(const struct release *release);

#endif
