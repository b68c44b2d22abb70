/*
 * tools.h - why tools disagree about how much memory there is.
 *
 * Each tool counts something else: modules, RAM in the firmware's map, blocks, pages, what the page allocator got. Their totals
 * are readings; two readings that stand next to each other on the way from the modules to MemTotal (or from one node's range in
 * the SRAT to its size) are a pair, and the model says by how much they must differ, and because of what. What it cannot say is
 * the pair's rest.
 */
#ifndef MIA_TOOLS_H
#define MIA_TOOLS_H

#include "mia/boot.h"

enum tool_id {
#define TOOL(id, name, tool, counts) TOOL_##id,
#include "mia/tools.def"
#undef TOOL
	NR_TOOLS
};

const char *tool_id_name(enum tool_id id);
/* Who says it: "free"; and what it counts. */
const char *tool_title(enum tool_id id);
const char *tool_counts(enum tool_id id);

struct tool_reading {
	enum tool_id tool;
	int nid;              /* of one node; -1 of the machine */
	uint64_t bytes;
	uint64_t unit;        /* it is rounded to, at most */
	enum source_kind source;
	uint32_t line;        /* 0 where it is a sum of many */
};

/* A part of a difference: what the second tool lacks (negative: has more) because of it. */
struct tool_cause {
	const char *id, *label;
	int64_t bytes;
	enum basis basis;
	uint32_t line;        /* of the log, 0 for none */
};

#define TOOL_CAUSES 16

struct tool_pair {
	size_t a, b;          /* of the readings */
	int64_t difference;   /* a less b, bytes */
	struct tool_cause cause[TOOL_CAUSES]; /* the largest first */
	size_t nr_causes;
	int64_t rest;         /* of the difference, what no cause explains */
};

struct tool_views {
	struct tool_reading *v;
	size_t nr, cap;
	struct { struct tool_pair *v; size_t nr, cap; } pairs;
};

#endif
