/* replay_out.h - a replay as JSON (meminit-analyze/replay/1) and as a diff for the terminal. */
#ifndef MIA_REPLAY_OUT_H
#define MIA_REPLAY_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "replay.h"

void replay_write_json(const struct verdict *verdict, const struct replay *replay, FILE *out);
void replay_write_text(const struct verdict *verdict, const struct replay *replay, bool color, FILE *out);

#endif
