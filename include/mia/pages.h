/*
 * pages.h - what the struct page of each frame says once the boot is over.
 *
 * A section has struct pages for all of itself. Those of memory say their zone; those of holes say what their era left in them:
 * the zone they were counted with, or nothing, which reads as the lowest zone of node 0.
 */
#ifndef MIA_PAGES_H
#define MIA_PAGES_H

#include "mia/boot.h"

/* Frames [start, end) of present sections whose struct pages agree. */
struct page_span {
	struct pfn_range pfn;
	bool memory;      /* memblock called it memory */
	bool subsection;  /* its 2 MiB hold some memory (subsections exist from 5.3) */
	int nid;          /* what the struct pages say */
	enum zone_type zone;
	bool blank;       /* they were never set up, and read as node 0, lowest zone */
};

struct page_spans {
	struct page_span *v; /* from low to high */
	size_t nr, cap;
};

void pages_describe(struct arena *arena, const struct boot *b, struct page_spans *ret);
/* The span that holds @pfn; NULL if it has no struct page. */
const struct page_span *pages_find(const struct page_spans *pages, uint64_t pfn);
/* Is there a section with struct pages for @pfn? Always so below the end of memory in the flat model. */
bool pages_in_section(const struct boot *b, uint64_t pfn);

#endif
