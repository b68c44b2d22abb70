/*
 * bundle.h - from documents to boot records.
 */
#ifndef MIA_BUNDLE_H
#define MIA_BUNDLE_H

#include "dmesg.h"
#include "input.h"

/*
 * Every boot of the log, in order; the other files belong to the last boot of the log, which is the running one. A bundle
 * without a log gives one record with what its files say. Fails with MIA_ERROR_INPUT where nothing speaks of a Linux boot.
 */
struct mia_error *bundle_parse(struct arena *arena, const struct input *input, struct boot_records *ret);

#endif
