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

/* Bytes from the image's start to its end, from /proc/iomem; 0 if that does not tell. */
uint64_t learn_image_span(const struct boot_record *record);

/* What the log at hand does not say is taken from @profile. */
void kernel_apply_profile(struct kernel *kernel, const struct kernel *profile);

/*
 * Where no profile of the build is at hand, others lend what such kernels have in common, as guesses: the one of the nearest
 * version, and the nearest one of a like configuration, which says how much an image is larger than its sections, too.
 */
void kernel_apply_neighbours(struct kernel *kernel, const struct kernel *nearest, const struct kernel *alike);

/* All of @from for a kernel of which nothing but the version is known, as guesses. */
void kernel_lend(struct kernel *kernel, const struct kernel *from);

/* What a log or a description does not say of the CPU: as on the machines where this kernel was seen. */
void kernel_assume_cpu(struct machine *machine, const struct kernel *kernel);

/* CONFIG_CPUMASK_OFFSTACK, as far as it shows. */
bool kernel_masks_allocated(const struct kernel *kernel);

#endif
