/*
 * learn.h - kernel profiles: made from boots, laid under a boot.
 */
#ifndef MIA_LEARN_H
#define MIA_LEARN_H

#include "mia/boot.h"

/* Add what one more boot of the same build shows; start with a zeroed profile. @boot is that boot, analysed. */
void learn_boot(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct kernel *ret);

/* Where the image and its brk area lay, from memblock's first dump; false if it does not show. */
bool learn_image_place(const struct boot_record *record, struct phys_range *image, struct phys_range *brk);

/* What the log at hand does not say is taken from @profile. */
void kernel_apply_profile(struct kernel *kernel, const struct kernel *profile);

#endif
