/* tools_text.h - why two tools disagree, in words that every report shares. */
#ifndef MIA_TOOLS_TEXT_H
#define MIA_TOOLS_TEXT_H

#include "mia/verdict.h"

struct json_out;

/* "lsmem says 4.00 GiB, free says 3.82 GiB: 183.71 MiB less, because of: Struct pages 64.00 MiB, ...; for 4.00 KiB there is no cause." */
struct str tool_pair_text(struct arena *arena, const struct verdict *v, const struct tool_pair *pair, bool in_bytes);
/* Pairs that differ. */
size_t tool_pairs_differ(const struct verdict *v);

void tools_write_json(struct json_out *w, const struct tool_views *tools);

#endif
