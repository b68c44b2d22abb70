/* sink_sarif.h - findings and mismatches as SARIF 2.1.0, one run for all boots. */
#ifndef MIA_SINK_SARIF_H
#define MIA_SINK_SARIF_H

#include "sink.h"

extern const struct sink_ops sink_sarif;

#endif
