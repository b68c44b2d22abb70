/*
 * layout.h - the kernel's virtual address space: what lies where, and what is not knowable.
 *
 * The bases of the direct map, of vmalloc and of the struct pages are fixed by the era and the number of page table levels, or
 * random (CONFIG_RANDOMIZE_MEMORY, from 4.8); the image's virtual place may be random too. A base is known where nothing
 * randomises it, or where the log shows an address in it; else only differences are.
 *
 * Kernel: Documentation/arch/x86/x86_64/mm.rst, arch/x86/include/asm/page_64_types.h and pgtable_64_types.h, fixmap.h,
 *         mm/early_ioremap.c, arch/x86/mm/kaslr.c; for 32 bits pgtable_32_areas.h.
 */
#ifndef MIA_LAYOUT_H
#define MIA_LAYOUT_H

#include "mia/boot.h"

enum layout_area {
	AREA_USER, AREA_GUARD, AREA_LDT, AREA_DIRECT_MAP, AREA_VMALLOC, AREA_VMEMMAP, AREA_CPU_ENTRY, AREA_ESPFIX, AREA_EFI, AREA_TEXT,
	AREA_MODULES, AREA_FIXMAP, AREA_VSYSCALL, AREA_PKMAP, AREA_HOLE, NR_AREAS
};

const char *layout_area_name(enum layout_area area);
const char *layout_area_title(enum layout_area area);

/* How the base of an area is known. */
enum layout_basis {
	LAYOUT_UNKNOWN,  /* randomised, and the log shows no address in it */
	LAYOUT_ASSUMED,  /* the usual configuration's */
	LAYOUT_FIXED,    /* nothing randomises it on this kernel */
	LAYOUT_SHOWN,    /* by a line of the input */
};

struct layout_base {
	enum layout_basis basis;
	uint64_t v;            /* where it is; without randomisation, where it would be */
	enum source_kind source;
	uint32_t line;         /* LAYOUT_SHOWN */
};

struct layout_range {
	enum layout_area area;
	uint64_t start, end;   /* an area that reaches the last byte ends at UINT64_MAX */
	bool is_random;        /* it may start anywhere in the window */
};

#define EARLY_SLOTS_MAX 8
/* Pages of one early map. Kernel: NR_FIX_BTMAPS. */
#define EARLY_SLOT_PAGES 64

struct layout {
	enum arch arch;
	unsigned levels, bits;      /* of page tables; of a virtual address */
	bool memory_random;         /* the three bases may be random */
	bool text_random;           /* so may the image's virtual address */
	struct layout_base page_offset, vmalloc, vmemmap, text;
	uint64_t random_start, random_end; /* window of the random bases */
	uint64_t text_start, text_end;     /* area of the image */
	uint64_t link_address;      /* virtual address that _text is linked for */
	uint64_t page_bytes;        /* sizeof(struct page) */
	uint64_t fixaddr_top;       /* virtual address of fixmap index 0 */
	unsigned slots;             /* of early_ioremap() */
	struct layout_base slot_base;   /* lowest virtual address of slot 0, and how it is known */
	uint64_t slot_window_start, slot_window_end; /* where the slots lie at any rate */
	const char *slot_doubt;     /* why slot_base is not known; NULL if it is */
	struct layout_range *v;     /* low to high */
	size_t nr, cap;
};

void layout_of_boot(struct arena *arena, const struct boot *b, struct layout *ret);

/* The area that holds @virt, as far as the bases are known; AREA_HOLE if none does. */
const struct layout_range *layout_find(const struct layout *l, uint64_t virt);
/* The place of early_ioremap()'s slot @i: lowest virtual address of its 64 pages; false if it is not known. */
bool layout_slot(const struct layout *l, unsigned i, uint64_t *ret);
/* The slots' place where the index of the last permanent fixmap entry is known. Exposed for tests. */
void layout_place_slots(struct layout *l, uint64_t permanent_end, bool always_rounded, unsigned entries_per_table);

/* Virtual address of a physical one in the direct map; false if the base is not known. */
bool layout_direct(const struct layout *l, uint64_t phys, uint64_t *ret);
/* Virtual address of a frame's struct page; false if it is not known. */
bool layout_struct_page(const struct layout *l, uint64_t pfn, uint64_t *ret);
/* Physical address of one in the image's area; false if one of the two places is not known. */
bool layout_text_phys(const struct layout *l, const struct boot *b, uint64_t virt, uint64_t *ret);

#endif
