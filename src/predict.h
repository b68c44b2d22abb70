/*
 * predict.h - a boot that has not happened: machine x kernel x command line.
 *
 * The same stages run as for a boot that did happen, without a log to hold them against. What the three inputs leave open is
 * tried out: every place where a randomised image makes a difference is booted, and a value is exact where all of those boots
 * agree and nothing else is unknown.
 */
#ifndef MIA_PREDICT_H
#define MIA_PREDICT_H

#include "machine_json.h"
#include "mia/verdict.h"

struct prediction_inputs {
	const struct machine_doc *machine;
	const struct kernel *kernel;
	struct str command_line;
	uint64_t kernel_base;      /* that a randomised image got; 0: not known */
	bool unknown[NR_UNKNOWNS]; /* brought in by a change of the machine */
};

/*
 * The kernel of a boot at hand, to be booted again: what its log says is knowledge of the build now, and so is what its totals
 * tell about sizes that had to be estimated.
 */
void kernel_of_boot(struct arena *arena, const struct verdict *verdict, struct kernel *ret);

/* Fills all of @ret but the input's name; everything lives in @arena, and the inputs must outlive it. */
void predict_run(struct arena *arena, const struct prediction_inputs *inputs, struct verdict *ret);

#endif
