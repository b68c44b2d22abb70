/* tools_text.h - why two tools disagree, in words that every report shares. */
#ifndef MIA_TOOLS_TEXT_H
#define MIA_TOOLS_TEXT_H

#include "mia/verdict.h"

struct json_out;

/* "lsmem, online: 4.00 GiB", "node 1, numactl -H: 2014.00 MiB" */
struct str tool_reading_text(struct arena *arena, const struct tool_reading *reading, bool in_bytes);
/* "free has 183.71 MiB less because of: Struct pages 64.00 MiB, ...; 4.00 KiB have no cause." */
struct str tool_pair_text(struct arena *arena, const struct verdict *v, const struct tool_pair *pair, bool in_bytes);
/* Pairs that differ. */
size_t tool_pairs_differ(const struct verdict *v);

void tools_write_json(struct json_out *w, const struct tool_views *tools);

#endif
