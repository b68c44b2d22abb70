/*
 * diff.h - two boots, by the owner of each byte.
 *
 * The rows of the two ledgers are joined by owner; what an owner gave back counts with what it took. Each row says what it
 * changes in MemTotal, and the rows add up to the whole change. Where both boots can be run again, their inputs are exchanged
 * one at a time (command line, RAM disk, CPUs, machine, kernel), and each row knows which of them moved it.
 */
#ifndef MIA_DIFF_H
#define MIA_DIFF_H

#include "mia/verdict.h"

struct mia_error;

/* What of a boot is compared: from an analysis, or read from a verdict document. */
struct diff_side {
	const char *name;
	struct str release, command_line, dmi, arch;
	uint32_t command_line_number;     /* line of the log, 0 where it is not known */
	struct ledger ledger;
	bool mem_total_known;
	int64_t mem_total_bytes;          /* as meminfo has it, else as the model does */
	bool mem_total_observed;
	enum basis mem_total_basis;
	uint64_t ram_bytes;               /* present pages */
	struct phys_range ramdisk;
	uint32_t cpus;                    /* possible ones */
	struct e820_table e820;           /* as the firmware gave it */
	const struct verdict *verdict;    /* NULL: of a document, which cannot be run again */
	bool is_prediction;
};

/* The inputs of a boot, in the order in which they are exchanged. */
enum diff_factor { FACTOR_COMMAND_LINE, FACTOR_RAMDISK, FACTOR_CPUS, FACTOR_MACHINE, FACTOR_KERNEL, FACTOR_PLACE, NR_FACTORS };

const char *diff_factor_name(enum diff_factor factor);
const char *diff_factor_title(enum diff_factor factor);

enum diff_kind { DIFF_SAME, DIFF_APPEARED, DIFF_VANISHED, DIFF_GREW, DIFF_SHRANK, DIFF_MOVED };

const char *diff_kind_name(enum diff_kind kind);

struct diff_row {
	const char *id, *label, *parent;
	enum diff_kind kind;
	int64_t a, b;                     /* bytes that MemTotal lacks because of it (installed memory: that it has) */
	int64_t effect;                   /* on MemTotal */
	enum basis basis;                 /* the weaker of the two */
	int64_t share[NR_FACTORS];        /* of the effect, by input; where it could be separated */
	bool separated;
	enum diff_factor cause;           /* the largest share */
	const char *because;              /* a sentence's end: "B's command line asks for crashkernel=256M (line 12); A's does not" */
	uint64_t a_start, b_start;        /* where its largest range starts, 0 where that is not known */
	uint32_t a_lines[4], b_lines[4];
};

struct diff {
	struct diff_side a, b;
	bool same_machine, machine_known; /* as DMI has it */
	bool same_map, same_tables, same_kernel, same_command_line, same_ramdisk, same_cpus;
	/* same_tables: SRAT and SLIT as the logs show them; true where a side cannot be run again */
	struct diff_row *v;               /* largest effect first; what did not change comes last */
	size_t nr, cap;
	bool change_known;
	int64_t change;                   /* of MemTotal: b - a */
	int64_t residue;                  /* of it, what no owner explains */
	int64_t by_factor[NR_FACTORS];
	int64_t unseparated;              /* what has an owner, and no input of its own */
	bool separated;                   /* the boots could be run with each other's inputs */
	struct str sentence;
	struct findings findings;         /* rules that need two boots */
};

/* One side, from an analysed boot. */
void diff_side_of(struct arena *arena, const struct verdict *verdict, struct diff_side *ret);
/* The same from a verdict document that the JSON format wrote. */
struct mia_error *diff_side_load(struct arena *arena, const char *path, struct diff_side *ret);

/* Everything lives in @arena; the sides must outlive it. */
void diff_run(struct arena *arena, const struct diff_side *a, const struct diff_side *b, struct diff *ret);

#endif
