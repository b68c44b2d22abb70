/*
 * extract_guest.h - what a boot record says of the hypervisor that a machine is a guest of.
 */
#ifndef MIA_EXTRACT_GUEST_H
#define MIA_EXTRACT_GUEST_H

#include "mia/machine.h"
#include "mia/record.h"

/* How many pages the first domain of Xen starts with: machine.xen_pages and xen_pages_least. The map and the tables are read. */
void extract_xen_pages(const struct boot_record *record, struct machine *machine);
void extract_pv_spinlocks(const struct boot_record *record, struct machine *machine);

#endif
