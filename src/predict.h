/*
 * predict.h - a boot that has not happened: machine x kernel x command line.
 *
 * The same stages run as for a boot that did happen, without a log to hold them against. What the three inputs leave open is
 * tried out: every place where a randomised image makes a difference is booted, and a value is exact where all of those boots
 * agree and nothing else is unknown.
 */
#ifndef MIA_PREDICT_H
#define MIA_PREDICT_H

#include "kaslr_likely.h"
#include "machine_json.h"
#include "mia/verdict.h"

struct agreement;

struct prediction_inputs {
	const struct machine_doc *machine;
	const struct kernel *kernel;
	struct str command_line;
	uint64_t kernel_base;        /* that a randomised image got; 0: not known */
	uint64_t trials, seed;       /* random placements to try; 0 for none */
	uint64_t hotplug_bytes;      /* plugged in after the boot; 0 for none */
	int hotplug_node;
	bool memory_changed;         /* the machine has more or less memory than it had */
	const struct verdict *before; /* the machine as it is, to compare with; NULL if it is not known */
	bool unknown[NR_UNKNOWNS];   /* brought in by a change of the machine or the kernel */
};

/*
 * The kernel of a boot at hand, to be booted again: what its log says is knowledge of the build now, and so is what its totals
 * tell about sizes that had to be estimated.
 */
void kernel_of_boot(struct arena *arena, const struct verdict *verdict, struct kernel *ret);

/* Fills all of @ret but the input's name; everything lives in @arena, and the inputs must outlive it. */
void predict_run(struct arena *arena, const struct prediction_inputs *inputs, struct verdict *ret);

/* Parts of it, see the files of these names. */
struct predictor {
	struct arena *arena;
	struct arena *scratch; /* of one boot of many: what it leads to is taken down before the next */
	const struct prediction_inputs *in;
	struct machine *machine;
	struct kernel *kernel;
	struct cmdline *cmdline;
	struct phys_ranges slots;
	struct phys_ranges brk_borders; /* bases from which on the brk area lies in another step of the direct map */
	struct possible_boots likely;
	struct prediction *out;
};

/* More places of the image than this are not tried one by one. */
#define PREDICT_MAX_PLACES 32

bool predict_entry_areas_random(const struct predictor *p);
/* predict_declare.c: what is not known, and how far each group of values can be trusted. */
void predict_declare(struct predictor *p, const struct agreement *a, struct boot *boot);
/* kaslr_trials.c */
void kaslr_try(struct predictor *p);
/* One boot in a world where the image lies at @base and the entry areas take @tables pages (0: the usual number). */
struct boot *predict_boot_at(const struct predictor *p, uint64_t base, uint64_t tables);
/* The image lies where the map says that there is no RAM. */
bool predict_image_hit(const struct boot *b);
/* predict_answers.c: what it means. */
void predict_answer(const struct predictor *p, const struct verdict *verdict);

#endif
