/* traits_table.h - rows of src/traits.c and what is made of them. */
#ifndef MIA_TRAITS_TABLE_H
#define MIA_TRAITS_TABLE_H

#include "mia/kernel.h"

/* A release in one number: release_code(). */
#define V(major, minor) ((unsigned)(major) << 24 | (unsigned)(minor) << 16)
#define S(major, minor, patch) (V(major, minor) | (patch))

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
	unsigned series; /* V() of the only release it holds for, 0 for all */
};

extern const struct trait_row trait_rows[];
extern const size_t nr_trait_rows;
extern const struct distro_row distro_rows[];
extern const size_t nr_distro_rows;

/* Every trait as the version and the distribution have it, without a log. */
void traits_of_version(const struct release *release, enum arch arch, struct traits *ret);
/* What the log proves, on top of @traits. */
void traits_of_evidence(const struct boot_record *record, struct traits *traits);

/* The version that a log without one fits best; @ret is left alone where nothing in it tells. */
void traits_infer_release(enum arch arch, const struct boot_record *record, struct release *ret);

/* Major, minor and patch in one number that compares like the release. */
unsigned release_code(const struct release *release);

#endif
