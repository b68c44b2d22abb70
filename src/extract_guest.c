/* extract_guest.c - see extract_guest.h. */
#include "extract_guest.h"

/* Xen loads the image where it was linked for. */
#define XEN_IMAGE_START (16 * MIB)

/* The image and the RAM disk are in what it starts with, whatever a damaged log says. */
static void bound_xen_pages(struct machine *m)
{
	uint64_t least = max_u64(PFN_UP(m->ramdisk.end), PFN_UP(XEN_IMAGE_START));

	if (m->xen_pages && m->xen_pages <= least)
		m->xen_pages = m->xen_pages_least = 0;
	else if (m->xen_pages_least)
		m->xen_pages_least = max_u64(m->xen_pages_least, least);
}

/*
 * The map of the first domain of Xen also has memory that it does not get at first. Pages in holes below the number that it does
 * get are moved, and counted: that number lies where the holes below it are as many. In a hole that is one place; else it is
 * anywhere in the RAM behind it.
 */
void extract_xen_pages(const struct boot_record *r, struct machine *m)
{
	const struct fact *moved = facts_first(&r->log, FACT_XEN_REMAPPED);
	uint64_t holes = 0, last = 0;

	for (size_t i = 0; moved && machine_is_xen_first(m) && i < m->e820.nr; i++) {
		const struct e820_entry *e = &m->e820.v[i];
		uint64_t start = PFN_UP(e->start);

		if (e->type != E820_TYPE_RAM || start < last)
			continue;
		if (holes + (start - last) > moved->v[0]) {
			m->xen_pages = last + moved->v[0] - holes;
			m->xen_pages_least = m->xen_pages > last ? m->xen_pages : m->xen_pages_least;
			break;
		}
		holes += start - last;
		last = PFN_DOWN(e->end);
		m->xen_pages_least = start;
	}
	bound_xen_pages(m);
}

/* KVM says so from 5.8 on; before, its table is the sign. */
void extract_pv_spinlocks(const struct boot_record *r, struct machine *m)
{
	m->pv_spinlocks = facts_first(&r->log, FACT_PV_SPINLOCKS) != NULL;
	for (each_fact(f, &r->log, FACT_HASH))
		if (f->tag == HASH_PV_LOCK)
			m->pv_spinlocks = true;
}
