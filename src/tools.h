/* tools.h - what the parts of the comparison of tools share; see mia/tools.h. */
#ifndef MIA_SRC_TOOLS_H
#define MIA_SRC_TOOLS_H

#include "mia/verdict.h"

struct tools {
	struct arena *arena;
	const struct verdict *v;
	const struct boot *boot;
	const struct boot_record *record;
	struct tool_views *views;
};

/* Appends causes of the difference that two readings must have. */
typedef void causes_fn(const struct tools *t, const struct tool_reading *a, const struct tool_reading *b, struct tool_pair *pair);

causes_fn causes_dmi, causes_memmap, causes_srat, causes_iomem, causes_line, causes_present, causes_blocks, causes_offline, causes_online_to_total, causes_total, causes_managed,
	causes_rounding, causes_nodes, causes_available, causes_usable, causes_buddy, causes_node;

/* Bytes of the SRAT's ranges of a node (-1: all), without room that is not plugged in. */
uint64_t tools_srat_bytes(const struct tools *t, int nid);
/* Present bytes of blocks that were there at the boot and are offline now. */
uint64_t tools_offline_present(const struct boot *boot, const struct boot_record *record);

#endif
