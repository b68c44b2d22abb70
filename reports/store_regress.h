/*
 * store_regress.h - who took what between two kernels, two versions of a firmware, or two machines.
 *
 * Two sides are named, and boots are compared with like boots: all that the sides do not name is the same, be it kernel, machine, number
 * of CPUs or options on the command line. Of each such group the averages of both sides are held against each other, owner by owner, as
 * deep as the ledgers of both go.
 */
#ifndef MIA_STORE_REGRESS_H
#define MIA_STORE_REGRESS_H

#include "store_read.h"

/* What one side of a comparison is; what is not named is NULL. */
struct regress_side {
	const char *kernel;   /* a release, the start of one, or words of the build */
	int64_t kernel_id;    /* or one kernel by its number; 0: none */
	const char *firmware; /* words of the firmware's version */
	const char *machine;  /* the start of a key or of a DMI name */
};

struct regress_query {
	struct regress_side side[2]; /* name the same things on both */
	bool any_options;            /* compare boots with different options too */
	bool one_machine;            /* of this one only */
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
	struct str name[2];            /* of the sides */
	int64_t boots_a, boots_b;      /* that were compared */
	int64_t left_out;              /* boots of either without a like boot of the other */
	size_t nr_groups, nr_machines;
	bool any_options;              /* options differ between the two sides: no like boots, or not asked for */
	int64_t root_a, root_b;        /* all that the machine has; MemTotal is what the owners leave of it */
	int64_t mem_total_a, mem_total_b;
	struct changes changes;        /* the largest first */
};

struct mia_error *store_regress(struct store *store, struct arena *arena, const struct regress_query *query, struct regression *ret);

#endif
