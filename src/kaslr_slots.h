/*
 * kaslr_slots.h - where the decompressor may put the image, by its own rules.
 *
 * Kernel: choose_random_location(), find_random_phys_addr(), process_mem_region(), mem_avoid_init() (arch/x86/boot/compressed/
 * kaslr.c). What the rules do not see, no one sees: they run before the kernel, on the firmware's own map.
 */
#ifndef MIA_KASLR_SLOTS_H
#define MIA_KASLR_SLOTS_H

#include "mia/boot.h"
#include "mia/cmdline.h"
#include "mia/kernel.h"

/* Distance between two slots: CONFIG_PHYSICAL_ALIGN. */
#define KASLR_ALIGN (2 * MIB)

/* Is the image's place left to chance at all? */
bool kaslr_is_random(const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline);

/*
 * Ranges of bases, each a whole number of slots; every slot is as likely as any other. None where there is no room: the image
 * then stays where the loader put it.
 */
void kaslr_slots(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, struct phys_ranges *ret);

/*
 * While a step of the direct map holds the brk area, tables for it do not come from there. Bases, as ranges of one byte, from
 * which on brk lies in another step than below; @b is a boot whose image has a place.
 */
void kaslr_brk_borders(struct arena *arena, const struct boot *b, struct phys_ranges *ret);

/* @places, which are ranges of bases, cut at @borders. */
void kaslr_cut(struct arena *arena, const struct phys_ranges *places, const struct phys_ranges *borders, struct phys_ranges *ret);

#endif
