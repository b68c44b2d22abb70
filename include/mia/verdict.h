/*
 * verdict.h - what an analysis came to: every check, the ledger, the findings.
 *
 * Filled by verify.c, ledger.c and the triage rules; written by the sinks in reports/, which compute nothing.
 */
#ifndef MIA_VERDICT_H
#define MIA_VERDICT_H

#include "mia/prediction.h"
#include "mia/tools.h"

enum check_verdict { CHECK_MATCH, CHECK_MISMATCH, CHECK_NOT_OBSERVED, CHECK_NOT_PREDICTED };

/* A number, a list of numbers, or nothing. */
struct value {
	bool known;
	size_t nr;     /* 0: a single number */
	uint64_t v[12];
};

struct check {
	const char *id;     /* "zone.present" */
	const char *where;  /* "node 0 zone DMA" */
	struct value predicted, observed;
	uint64_t slack;     /* how far the two may lie apart, with a reason in slack_why */
	const char *slack_why;
	enum source_kind source;
	uint32_t line;
	const char *stage;
	enum check_verdict verdict;
};

struct checks {
	struct check *v;
	size_t nr, cap;
};

/*
 * One row of the ledger. Children follow their parent; the children of a row add up to it. What came back after the kernel had
 * counted is a row of negative bytes: present = reserved + returned + mem_total.
 */
struct ledger_row {
	const char *id, *parent, *label; /* parent NULL: the root */
	int64_t bytes;
	enum basis basis;
	uint32_t lines[4];  /* of the log, 0 for none */
	unsigned depth;
};

struct ledger {
	struct ledger_row *v;
	size_t nr, cap;
};

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

struct finding {
	const char *id, *name, *title, *detail, *advice;
	enum severity severity;
	uint64_t weight;    /* importance among those as severe: bytes, unless the rule knows better */
	bool bytes_known;
	uint64_t bytes;
	uint32_t lines[8];
	size_t nr_lines;
};

struct findings {
	struct finding *v;
	size_t nr, cap;
};

/* What could not be known, and why: neither an error nor a finding. */
struct gap {
	const char *id;   /* "kernel.place" */
	const char *what; /* is not known */
	const char *why;
	uint32_t line;    /* of the log, 0 for none */
};

struct gaps {
	struct gap *v;
	size_t nr, cap;
};

/* What DRAM the machine has, as far as the firmware's map and other witnesses show. */
struct dram {
	uint64_t installed_bytes;   /* all of it */
	const char *witness;        /* who says so, for people */
	enum basis basis;
	uint32_t line;              /* of the witness; 0 for none */
	uint64_t low_top, high_top; /* end of DRAM below 4 GiB; above it, 4 GiB where there is none */
	struct phys_ranges kept;    /* DRAM that the firmware's map does not call RAM, graphics memory included */

	uint64_t graphics_bytes;    /* set aside for a graphics processor; 0: none is known */
	struct phys_range graphics; /* where; empty if only the size is known */
	enum basis graphics_basis;
	uint32_t graphics_line;
};

struct user_rules;

/* One boot, analysed. */
struct verdict {
	const char *input_name, *sha256;
	const char *log_name;  /* of the log inside a bundle; NULL for none */
	size_t boot_index, nr_boots;
	bool truncated;
	const struct boot_record *record;
	const struct machine *machine;
	const struct kernel *kernel;
	const struct boot *boot;
	const struct prediction *prediction; /* of a boot that has not happened; else NULL */
	struct checks checks;
	struct dram dram;
	struct ledger ledger;
	struct tool_views tools; /* who says how much memory there is, and why they differ */
	struct findings findings;
	const struct user_rules *user_rules; /* that were tried beside our own; NULL for none */
	struct gaps gaps;
	uint64_t unexplained_bytes;
	bool unexplained_known;
	const char *broken; /* an invariant of the model that does not hold: our error; NULL if there is none */
};

/* The row with this id; NULL if there is none. */
const struct ledger_row *ledger_find(const struct ledger *ledger, const char *id);

const char *check_verdict_name(enum check_verdict verdict);
const char *severity_name(enum severity severity);
const char *basis_name(enum basis basis);

/* verify.c: hold the boot against everything the record observed. */
void verify(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct checks *ret);

/* machine_check.c: what does not hold of this boot though it must hold of every one; NULL if all is well. */
const char *machine_check(struct arena *arena, const struct verdict *verdict);

/* dram.c: what is installed, and what the firmware keeps of it. */
void dram_find(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct dram *ret);

/* ledger.c: verdict.dram, and where every byte went. */
void ledger_build(struct arena *arena, struct verdict *verdict);

/* tools.c: verdict.tools; after the ledger. */
void tools_compare(struct arena *arena, struct verdict *verdict);

/* gaps.c: what the inputs do not tell. */
void gaps_collect(struct arena *arena, struct verdict *verdict);

#endif
