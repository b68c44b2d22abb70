/*
 * hypotheses.h - what a build was configured with, where no line and no profile says.
 *
 * A few sizes follow from the configuration alone and can have one of few values. Each value is tried; what the kernel stated
 * as reserved decides, and only where it decides clearly.
 */
#ifndef MIA_HYPOTHESES_H
#define MIA_HYPOTHESES_H

#include "mia/boot.h"

/* Set the numbers of @kernel that a neighbour gave, or nobody, to the value that balances best. */
void hypotheses_choose(struct arena *arena, const struct machine *machine, struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record);

/* The same for how much memory the first domain of Xen starts with. */
void hypotheses_xen(struct arena *arena, struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record);

#endif
