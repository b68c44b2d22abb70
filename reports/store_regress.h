/*
 * store_regress.h - who took what between two kernels.
 *
 * Boots are compared with like boots: the same machine, as many CPUs, the same options on the command line. Of each such group the
 * averages of both kernels are held against each other, owner by owner, as deep as the ledgers of both go.
 */
#ifndef MIA_STORE_REGRESS_H
#define MIA_STORE_REGRESS_H

#include "store_read.h"

struct regress_query {
	const char *kernel_a, *kernel_b; /* a release, the start of one, or words of the build; NULL: by number */
	int64_t kernel_a_id, kernel_b_id;
	bool any_options;                /* compare boots with different options too */
	bool one_machine;
	int64_t machine;
};

/* Averages over the groups; positive bytes were taken from MemTotal. */
struct change {
	struct str owner, label;
	int64_t a_bytes, b_bytes;
	int64_t least_delta, most_delta; /* of single groups */
	size_t nr_groups;                /* where it changed */
};

struct changes {
	struct change *v;
	size_t nr, cap;
};

struct regression {
	struct str kernel_a, kernel_b; /* as asked for, or as found */
	int64_t boots_a, boots_b;      /* that were compared */
	int64_t left_out;              /* boots of either without a like boot of the other */
	size_t nr_groups, nr_machines;
	bool any_options;              /* options differ between the two sides: no like boots, or not asked for */
	int64_t mem_total_a, mem_total_b;
	struct changes changes;        /* the largest first */
};

struct mia_error *store_regress(struct store *store, struct arena *arena, const struct regress_query *query, struct regression *ret);

#endif
