/*
 * verify.h - what the parts of the verifier share.
 *
 * A check holds one number (or a short list) of the model against one that an input says. A part adds checks and decides
 * nothing else; where a difference has a reason that is not the model's, the part gives it to verify_excuse().
 */
#ifndef MIA_VERIFY_H
#define MIA_VERIFY_H

#include "mia/arena.h"
#include "mia/verdict.h"

struct verifier {
	struct arena *arena;
	const struct boot_record *record;
	const struct boot *boot;
	struct checks *checks;
	enum source_kind zones_source; /* zoneinfo, or a report in the log */
	const struct boot *now;        /* whose watermarks zoneinfo should show; NULL where they do not follow from the input */
};

/* One thing that is compared: its name, its place, where it was read, and the stage that computes it. */
struct check_of {
	const char *id, *where;
	enum source_kind source;
	uint32_t line;
	enum stage_id stage;
};

extern const struct value value_unknown;

static inline struct value value_number(uint64_t n) { return (struct value){ .known = true, .v = { n } }; }
/* [start, end) as the two addresses that the kernel prints. */
static inline struct value value_range(uint64_t start, uint64_t end) { return (struct value){ .known = true, .nr = 2, .v = { start, end - 1 } }; }
static inline struct value value_said(struct said s) { return s.line ? value_number(s.value) : value_unknown; }
/* What an amount is, and whether @n may be it. */
static inline struct value value_amount(struct amount a) { return a.basis == AMOUNT_UNKNOWN ? value_unknown : value_number(a.v); }
static inline bool amount_may_be(struct amount a, uint64_t n) { return a.basis != AMOUNT_UNKNOWN && n >= a.min && n <= a.max; }

/* Compare. The result may be changed by the two below. */
struct check *verify_add(struct verifier *v, const struct check_of *of, struct value predicted, struct value observed);
/* A mismatch that is at most @slack wide is none, because of @why. */
void verify_allow(struct check *check, uint64_t slack, const char *why);
/* The same where the model gives a range of pages. */
void verify_allow_amount(struct check *check, struct amount pages, uint64_t observed_pages, const char *why);
/* A mismatch that is not the model's: @cause (NULL: none is known) made the two differ, so nothing is predicted. */
void verify_excuse(struct check *check, const char *cause);
/* What can have changed totals since the boot, other than memory that was plugged in; NULL if the input shows no such thing. */
const char *verify_changed_since(const struct verifier *v);
/* Are blocks offline that were there at the boot? Then zones are smaller, and what is computed from them has changed too. */
bool verify_blocks_offline(const struct verifier *v);
/* Pages that may be in another zone move watermarks and reserves by what they weigh. */
void verify_allow_for_doubt(struct verifier *v, struct check *check);

/* "node 0 zone DMA" */
const char *verify_zone_name(struct verifier *v, int nid, const char *zone);
__attribute__((format(printf, 2, 3))) const char *verify_name(struct verifier *v, const char *format, ...);
/* The model's zone of that name; NULL if it has none. */
const struct zone *verify_model_zone(const struct boot *b, int nid, const char *name);
/* Sums of managed pages: exact as long as each part is. */
void amount_sum(struct amount *sum, struct amount part);
/* Memory that came after the boot, as its blocks show; 0 if none did or it does not show. */
uint64_t verify_added_bytes(const struct verifier *v);

/* The boot with the zones' sizes of zoneinfo, and what follows from them; NULL if that cannot be told. */
const struct boot *verify_boot_now(struct verifier *v);

void verify_zones(struct verifier *v);
void verify_log(struct verifier *v);
void verify_meminfo(struct verifier *v);
void verify_files(struct verifier *v);
void verify_ranges(struct verifier *v);
void verify_blocks(struct verifier *v);
void verify_nodes(struct verifier *v);
void verify_buddy(struct verifier *v);

#endif
