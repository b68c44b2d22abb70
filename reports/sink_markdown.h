/* sink_markdown.h - a comment for a bug report. */
#ifndef MIA_SINK_MARKDOWN_H
#define MIA_SINK_MARKDOWN_H

#include "sink.h"

extern const struct sink_ops sink_markdown;

#endif
