/*
 * sink.h - the formats that a verdict can be written in.
 *
 * A sink formats and computes nothing. begin() and end() frame the whole output, verdict() is called once a boot.
 */
#ifndef MIA_SINK_H
#define MIA_SINK_H

#include <stdio.h>

#include "mia/verdict.h"

struct sink {
	const struct sink_ops *ops;
	FILE *out;
	bool color, bytes;  /* colour codes are allowed; sizes in bytes */
	size_t nr_verdicts; /* written so far; the caller of the ops counts */
	size_t nr_written;  /* results of the sink itself */
	void *state;        /* of the sink itself */
};

struct sink_ops {
	const char *name;
	void (*begin)(struct sink *sink);
	void (*verdict)(struct sink *sink, const struct verdict *verdict);
	void (*end)(struct sink *sink);
};

/* NULL if there is no such format. */
const struct sink_ops *sink_find(const char *name);

#endif
