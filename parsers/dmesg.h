/*
 * dmesg.h - from a log to boot records.
 */
#ifndef MIA_DMESG_H
#define MIA_DMESG_H

#include "mia/record.h"

struct arena;

struct boot_records {
	struct boot_record *v;
	size_t nr, cap;
};

/* Every boot in the log, in order; none if no line of it speaks of memory. */
void dmesg_parse(struct arena *arena, struct str bytes, struct boot_records *ret);

#endif
