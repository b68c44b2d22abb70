/*
 * redact.h - a verdict without what names a host or a person (--redact).
 *
 * The analysis is done on what was read; then every text that a report could show is replaced: host names, addresses, serial
 * numbers, UUIDs, labels, users, keys. The same secret becomes the same placeholder, "[host-1]", in all of one boot's outputs.
 */
#ifndef MIA_REDACT_H
#define MIA_REDACT_H

#include "mia/verdict.h"

struct diff;

/* Numbers, lines and order stay as they are. @origin: the record whose log names the host; NULL if there is none. */
void redact_verdict(struct arena *arena, const struct boot_record *origin, struct verdict *verdict);

/* The same of a comparison, once it is made: the analysis itself is of what the logs say. */
void redact_diff(struct arena *arena, struct diff *diff);

#endif
