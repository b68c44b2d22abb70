/* triage.h - what the rules share; see mia/triage.h. */
#ifndef MIA_SRC_TRIAGE_H
#define MIA_SRC_TRIAGE_H

#include "mia/triage.h"

struct triage {
	struct arena *arena;
	const struct verdict *v;
	const struct boot *boot;
	const struct machine *machine;
	const struct kernel *kernel;
	const struct boot_record *record; /* empty, never NULL */
	const struct facts *log;
	const struct triage_rule *rule;   /* that runs now */
	struct findings *findings;
};

/* What the rules look at, of one verdict. */
struct triage triage_of(struct arena *arena, const struct verdict *v, struct findings *findings);

/* Text that lives as long as the analysis. */
__attribute__((format(printf, 2, 3))) const char *triage_text(struct triage *t, const char *format, ...);
/* "256 MiB", "85.42 MiB" */
const char *triage_size(struct triage *t, uint64_t bytes);
/* "0x7c000000-0x7dffffff" */
const char *triage_range(struct triage *t, struct phys_range r);
/* " (line 12)", or nothing where @line is 0. */
const char *triage_at(struct triage *t, uint32_t line);
/* "1 page", "2 pages" */
const char *triage_count(struct triage *t, uint64_t n, const char *noun);

/* A finding of the rule that runs; the caller adds detail, bytes and lines. */
__attribute__((format(printf, 3, 4))) struct finding *triage_add(struct triage *t, enum severity severity, const char *title, ...);
void triage_bytes(struct finding *f, uint64_t bytes);
void triage_line(struct finding *f, uint32_t line);
/* Lines of all facts of a kind, as many as a finding holds. */
void triage_lines(struct triage *t, struct finding *f, enum fact_kind kind);

/* Bytes of RAM that zones call present; 0 where there is no model. */
uint64_t triage_ram(const struct triage *t);
/* Bytes of a ledger row, 0 if there is none. */
int64_t triage_ledger(const struct triage *t, const char *id);
/* Line of the last (first) fact of a kind; 0 if it was not said. */
uint32_t triage_line_of(const struct triage *t, enum fact_kind kind);
/* Line of the command line. */
uint32_t triage_cmdline_line(const struct triage *t);
/* "crashkernel=256M" as given; NULL if there is no such option. */
const char *triage_option(struct triage *t, const char *name);
/* Was it said in the log, or by the model? */
bool triage_said(const struct triage *t, enum fact_kind kind);
/* The largest free block below @limit when memory went to the page allocator; empty if there is no model. */
struct phys_range triage_largest_free(const struct triage *t, uint64_t limit);

triage_fn rule_mtrr_trim, rule_no_remap, rule_graphics, rule_firmware, rule_mem_limit, rule_32bit, rule_soft_reserved, rule_mtrr_noise, rule_table_overflow;
triage_fn rule_crashkernel, rule_crashkernel_failed, rule_crashkernel_small;
triage_fn rule_swiotlb, rule_memmap, rule_memmap_holes, rule_hugepages, rule_hugepages_short, rule_possible_cpus, rule_debug_memory;
triage_fn rule_numa_lost, rule_memoryless, rule_srat_gap;
triage_fn rule_dma_protect, rule_dma32_small, rule_deferred, rule_unaccepted, rule_hypervisor;
triage_fn rule_truncated, rule_unexplained;

#endif
