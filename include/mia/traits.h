/*
 * traits.h - in what one kernel differs from another.
 *
 * A stage reads in->traits and never a version. Each trait knows who decided it, so that a wrong guess shows in the verdict
 * instead of a wrong count.
 */
#ifndef MIA_TRAITS_H
#define MIA_TRAITS_H

#include <stdint.h>

enum trait_id {
	TRAIT_NONE, /* so that a zeroed demand demands nothing */
#define TRAIT(name, json, doc) TRAIT_##name,
#include "mia/traits.def"
#undef TRAIT
	NR_TRAITS
};

/* Weakest first: a stronger basis replaces a weaker one. */
enum trait_basis { BASIS_ASSUMED, BASIS_MAINLINE, BASIS_DISTRIBUTION, BASIS_PROFILE, BASIS_EVIDENCE };

struct trait {
	int value;
	enum trait_basis basis;
	uint32_t line; /* of the evidence, 0 if none */
};

struct traits {
	struct trait t[NR_TRAITS];
};

static inline int trait(const struct traits *traits, enum trait_id id) { return traits->t[id].value; }

const char *trait_name(enum trait_id id);
const char *trait_basis_name(enum trait_basis basis);

/*
 * Values; a trait that is not listed is 0 for no and 1 for yes, or a plain number. Profiles hold them: a new one goes to the end,
 * whatever its era.
 */
enum { RANGE_OLD, RANGE_MEM, RANGE_GAP };                            /* RANGE_TEXT: to 3.4, to 6.19, from 7.0 */
enum { ZONE_TEXT_PFN, ZONE_TEXT_8, ZONE_TEXT_16 };                   /* ZONE_TEXT */
enum { SETUP_BOOTMEM, SETUP_EARLY, SETUP_ZONES_8, SETUP_ZONES };     /* SETUP_TEXT: the last two by the zones, in 8 or 16 digits */
enum { MEMORYLESS_RANGE, MEMORYLESS_BOTH, MEMORYLESS_SHORT };        /* MEMORYLESS_TEXT */
enum { UNAVAILABLE_NONE, UNAVAILABLE_RESERVED_LINE, UNAVAILABLE_ZEROED_LINE, UNAVAILABLE_ZONE_LINE, UNAVAILABLE_NODE_LINE };
enum { NOSAVE_OLD, NOSAVE_PM, NOSAVE_HIBERNATION, NOSAVE_SWSUSP };   /* NOSAVE_TEXT: the last to 2.6.26 */
enum { NOSAVE_FROM_SECOND, NOSAVE_TWO_LINES, NOSAVE_PER_HOLE };      /* NOSAVE_RULE: to 3.16, to 6.14, later */
enum { ZONELIST_PLAIN, ZONELIST_ORDER, ZONELIST_SHORT };             /* ZONELIST_TEXT: from 4.14, from 2.6.24, before */
enum { RAM_BUFFER_SILENT, RAM_BUFFER_OLD, RAM_BUFFER_MEM, RAM_BUFFER_REGISTER };
enum { NODE_DATA_OLD, NODE_DATA_MEM, NODE_DATA_ALLOCATED };          /* NODE_DATA_TEXT */
enum { MAPPING_SILENT, MAPPING_OLD, MAPPING_MEM };                   /* MAPPING_LINES */
enum { MEMORY_X86, MEMORY_GENERIC };                                 /* MEMORY_LINE */
enum { FREE_OLD, FREE_ADDRESSES, FREE_PLAIN };                       /* FREE_TEXT */
enum { SWIOTLB_TEXT_PHYS, SWIOTLB_TEXT_POINTERS, SWIOTLB_TEXT_MAPPED, SWIOTLB_TEXT_PADDED }; /* SWIOTLB_TEXT */
enum { LOG_BUF_TEXT_OLD, LOG_BUF_TEXT_BYTES, LOG_BUF_TEXT_PRINTK, LOG_BUF_TEXT_META }; /* LOG_BUF_TEXT */
enum { HASH_PLAIN, HASH_SUFFIXED };                                  /* HASH_SUFFIX */
enum { CRASH_RESERVING, CRASH_LOW_LIMIT, CRASH_HEX };                /* CRASH_TEXT */
enum { CMA_TEXT_OLD, CMA_TEXT_NEW, CMA_TEXT_NODE };                  /* CMA_TEXT */
enum { BLOCK_SIZE_SILENT, BLOCK_SIZE_DEBUG, BLOCK_SIZE_INFO };       /* BLOCK_SIZE_TEXT */
enum { PERCPU_OLD, PERCPU_POINTER, PERCPU_PLAIN };                   /* PERCPU_TEXT */
enum { EARLY_RES_BOOTMEM, EARLY_RES_ONLY, EARLY_MEMBLOCK };          /* EARLY_ALLOC */
enum { MEMMAP_NO_PRAM, MEMMAP_PRAM, MEMMAP_CONVERT };               /* MEMMAP_OPTION: adds '!', adds '%' */
enum { LOW_64K_NONE, LOW_64K_E820, LOW_64K_OPTION, LOW_64K_FIXED };  /* LOW_64K */
enum { BIOS_EBDA_OLD, BIOS_EBDA_MIN, BIOS_REGIONS };                 /* BIOS_REGION: 2.6, to 4.6, later */
enum { EFI_FREE_NONE, EFI_FREE_UNRESERVED, EFI_FREE_SILENT, EFI_FREE_KEEP_DEBUG, EFI_FREE_KEEP_LOW, EFI_FREE_LINE };
enum { DIRECT_MAP_WHOLE, DIRECT_MAP_RAM };                           /* DIRECT_MAP: holes too (to 3.8), RAM only */
enum { KASLR_FIXED, KASLR_LOW, KASLR_ANYWHERE };                     /* KASLR_IMAGE: 16 MiB, the lowest 512 MiB, all of RAM */
/* KASLR_RULES: 3.14, memmap= and mem= (4.11), EFI map (4.14), gigantic pages (4.19), hot-pluggable memory (5.1) */
enum { KASLR_RULES_LOADER, KASLR_RULES_MEMMAP, KASLR_RULES_EFI, KASLR_RULES_GIGANTIC, KASLR_RULES_IMMOVABLE };
enum { MAP_STEP_5, MAP_STEP_8 };                                     /* MAP_STEP: window grows 32 or 256 times */
enum { MAP_BLOCK_ZERO, MAP_BLOCK_ROUND };                            /* MAP_BLOCK: without a free block start at 0, or below the end */
enum { NUMA_SETUP_OLD, NUMA_SETUP_MEMBLKS, NUMA_SETUP_JOINED };      /* NUMA_SETUP: 2.6.32, from 2.6.39, between: blocks of a node joined */
enum { NUMA_CLIP_ONLY, NUMA_CLIP_DROP, NUMA_CLIP_RESERVE, NUMA_CLIP_DRAM };
enum { MEMORYLESS_NEAREST, MEMORYLESS_X86, MEMORYLESS_GENERIC };     /* MEMORYLESS_NODE */
enum { NODE_LOAD_SET, NODE_LOAD_ADD, NODE_LOAD_ONE };                /* NODE_LOAD */
enum { PRESENT_LESS_MEMMAP, PRESENT_REAL };                          /* PRESENT_MEANS */
enum { MEMMAP_SPANNED, MEMMAP_SPARSE, MEMMAP_NONE, MEMMAP_SPANNED_DOWN }; /* MEMMAP_ESTIMATE: to 3.7, to 6.9, later and to 2.6.18; rounded down, to 2.6.26 */
enum { DMA_RESERVE_BOOTMEM, DMA_RESERVE_ZERO, DMA_RESERVE_MEMBLOCK, DMA_RESERVE_NONE }; /* DMA_RESERVE */
enum { SPARSE_BOOTMEM, SPARSE_MAPS, SPARSE_BUFFER_PAGE, SPARSE_BUFFER_PMD, SPARSE_SECTION };
enum { HASH_RULE_PLAIN, HASH_RULE_ADAPT, HASH_RULE_FREE };           /* HASH_RULE: to 4.12, to 6.9, later */
enum { HASH_HUGE_NO, HASH_HUGE_SHARE, HASH_HUGE_WHOLE };              /* HASH_VMALLOC_HUGE: by a node's share, by the whole table */
enum { MOUNT_HASH_PAGE, MOUNT_HASH_MEMORY };                         /* MOUNT_HASH */
enum { TCP_HASH_8K, TCP_HASH_128K };                                 /* TCP_HASH: memory for each list */
enum { HASH_DIST_NUMA, HASH_DIST_NODES };                            /* HASH_DIST */
enum { PCPU_META_MAP, PCPU_META_BITMAP, PCPU_META_HINTS, PCPU_META_TYPES, PCPU_META_SIDELINED }; /* PCPU_META, see stage_percpu.c */
enum { SWIOTLB_OVERFLOW_LAST, SWIOTLB_OVERFLOW_FIRST, SWIOTLB_TABLES, SWIOTLB_SLOTS, SWIOTLB_AREAS };
enum { SWIOTLB_MAX_PFN, SWIOTLB_POSSIBLE_PFN };                      /* SWIOTLB_WHEN */
enum { CRASH_BOTTOM_UP, CRASH_UNDER_896M, CRASH_UNDER_4G, CRASH_GENERIC };
enum { HUGETLB_CMA_PLAIN = 1, HUGETLB_CMA_RANGES };                   /* HUGETLB_CMA */
enum { CMA_TOP, CMA_ABOVE_4G };                                      /* CMA_SEARCH */
enum { HUGETLB_NODES_NO, HUGETLB_NODES_FIRST, HUGETLB_NODES_EXACT }; /* HUGETLB_NODES */
enum { GIGANTIC_NEVER, GIGANTIC_AT_INITCALL, GIGANTIC_BEFORE_LINE }; /* GIGANTIC_PAGES */
enum {
	DEFERRED_NO,
	DEFERRED_2G,        /* max(2 GiB, 1/256 of the node) */
	DEFERRED_2G_RESERVE,/* the same, more by what is reserved in that window */
	DEFERRED_2G_BYTES,  /* 4.12: window in pfns compared with bytes */
	DEFERRED_SECTION_MIN, /* more than min(one section, node) */
	DEFERRED_SECTION,   /* more than one section */
};
enum { MANAGED_ABSENT, MANAGED_ESTIMATE, MANAGED_PRESENT };          /* MANAGED_MEANS: to 3.7, to 6.9, later */
enum { WMARK_DEVICE, WMARK_CORE, WMARK_POSTCORE };                   /* WATERMARK_CALL */
enum { PCP_BATCH_128, PCP_BATCH_256, PCP_BATCH_MANAGED };            /* PCP_BATCH: to 4.18, to 6.18, later */
enum { PCP_HIGH_BATCH, PCP_HIGH_LOW, PCP_HIGH_AUTO };                /* PCP_HIGH: 6*batch, from low, min and max */
enum { PCP_REFRESH_NEVER, PCP_REFRESH_DEFERRED, PCP_REFRESH_WATERMARK };
enum { THRESHOLD_NONE, THRESHOLD_FIRST, THRESHOLD_LATER };            /* STAT_THRESHOLD: zone size at the first watermarks, or at khugepaged's */
enum { BLOCK_128M, BLOCK_DIVISOR, BLOCK_64G_2G, BLOCK_64G_DIVISOR, BLOCK_BARE_METAL };
enum { MODEL_SPARSE, MODEL_FLAT };                                   /* MEM_MODEL */

/* MEM_SECTION_ROOTS: 0 static, 1 allocated. */

#endif
