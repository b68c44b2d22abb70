/* memblock_replay.h - see memblock_replay.c. */
#ifndef MIA_MEMBLOCK_REPLAY_H
#define MIA_MEMBLOCK_REPLAY_H

#include "stages.h"

/* Does the record hold memblock's own log, from a dump of its state on? */
bool memblock_replay_possible(const struct boot *b);
/* Take over the reservations that the first dump shows. Stages reserve nothing from here on. */
void memblock_replay_start(struct boot *b);
/* Go on to the first line of that kind (NR_FACTS: to the end). */
void memblock_replay_until(struct boot *b, enum fact_kind kind);
/* The same for the last time: what the log names no caller of gets the owner that the stages would have asked for. */
void memblock_replay_end(struct boot *b, enum fact_kind kind);

#endif
