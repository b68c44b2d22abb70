/*
 * kaslr.h - where the image may lie, and which of those places fits what the log shows.
 *
 * Since 4.8 the decompressor puts the image at a random place in physical memory, and no line says where. But the place
 * leaves traces: page tables come from brk or from memblock depending on it, and every address that memblock chose afterwards
 * moves with them; the image is missing from the zone it lies in. Every place that makes a difference is tried.
 */
#ifndef MIA_KASLR_H
#define MIA_KASLR_H

#include "mia/boot.h"

/* Ranges of bases that the image may have, each inside one zone. @boot is a run of the model on this machine. */
void kaslr_places(struct arena *arena, const struct boot *boot, struct phys_ranges *ret);

/*
 * Run the boot with the image at its likeliest place. @machine is changed to say which, and where else it may lie; @boot is
 * the run that fits best.
 */
void kaslr_search(struct arena *arena, struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record, struct boot *boot);

#endif
