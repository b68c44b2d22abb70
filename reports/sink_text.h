/* sink_text.h - the report for people. */
#ifndef MIA_SINK_TEXT_H
#define MIA_SINK_TEXT_H

#include "sink.h"

extern const struct sink_ops sink_text;

#endif
