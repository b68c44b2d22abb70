/* sink_junit.h - checks as JUnit XML: a suite a boot, a case a check. */
#ifndef MIA_SINK_JUNIT_H
#define MIA_SINK_JUNIT_H

#include "sink.h"

extern const struct sink_ops sink_junit;

#endif
