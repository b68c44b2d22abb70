/*
 * boot.h - one boot of the modelled machine: Machine x Kernel x Command line -> Boot.
 *
 * boot_run() executes the pipeline of src/boot.c, stage by stage, as the kernel does; each stage reads what earlier ones left
 * in struct boot and adds its own part. The same run serves to check a boot that happened and to predict one that has not:
 * what differs is only where the inputs came from.
 *
 * Stages know no text. What the kernel would say is recorded as facts (boot_say()), to be compared with the facts of a log
 * or to be printed by the line rules.
 */
#ifndef MIA_BOOT_H
#define MIA_BOOT_H

#include "mia/bootmem.h"
#include "mia/cmdline.h"
#include "mia/kernel.h"
#include "mia/machine.h"
#include "mia/memblock.h"

enum stage_id {
#define STAGE(id, name, fn, kernel, doc) STAGE_##id,
#include "mia/stages.def"
#undef STAGE
	NR_STAGES
};

const char *stage_name(enum stage_id id);
/* The kernel function that it re-executes, and what it does. */
const char *stage_kernel(enum stage_id id);
const char *stage_doc(enum stage_id id);

enum owner {
#define OWNER(name, id, parent, label) OWNER_##name,
#include "mia/owners.def"
#undef OWNER
	NR_OWNERS
};

const char *owner_id(enum owner owner);
const char *owner_label(enum owner owner);

/* How far a number can be trusted. */
enum basis { AMOUNT_UNKNOWN, AMOUNT_ESTIMATED, AMOUNT_BOUNDED, AMOUNT_EXACT };

/* A count that is exact, or lies between min and max. */
struct amount {
	uint64_t v, min, max;
	enum basis basis;
};

enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, ZONE_DEVICE, NR_ZONE_TYPES };

const char *zone_type_name(enum zone_type type);

struct zone {
	enum zone_type type;
	bool configured;           /* this kernel has such a zone */
	struct pfn_range span;
	uint64_t spanned, present; /* pages; present counts every page of RAM */
	bool start_open, spanned_open, present_open; /* they hang on where the image lies, which is not known */
	uint64_t present_shown;    /* what /proc/zoneinfo calls present (2.6.32: less the struct pages) */
	uint64_t memmap_pages;     /* estimated cost of its struct pages, where the era estimates */
	uint64_t dma_reserve;
	uint64_t freesize;         /* what the era takes as its first size */
	uint64_t unavailable;      /* pages with a struct page and no memory */

	struct amount managed;     /* at the end of boot */
	uint64_t managed_at_free;  /* when memblock's free memory was given to the buddy allocator */
	uint64_t managed_early;    /* the part of it initialised before SMP */
	uint64_t managed_first_wmark, managed_wmark; /* when watermarks were set first, and last */
	uint64_t late_frees;       /* pages that came after managed_at_free */
	uint64_t doubt_up, doubt_down; /* pages by which managed may be higher or lower: what was attributed here or elsewhere */

	uint64_t min, low, high, promo;
	bool has_promo;
	uint64_t protection[NR_ZONE_TYPES];
	uint64_t pcp_high, pcp_high_min, pcp_high_max, pcp_batch, stat_threshold;
	bool pcp_high_known;       /* false where it floats with use */
	bool lists_known;          /* batch and threshold: they hang on its own size alone, and only coarsely */
	uint64_t lifo_batch;       /* batch printed with the zone's estimate */
	uint64_t free_area[NR_ORDERS]; /* blocks of each order before the first allocation */
};

struct pgdat {
	int nid;
	bool online, has_memory;
	struct pfn_range span;     /* first page to last page of its memory */
	uint64_t spanned, present;
	uint64_t movable_pfn;      /* start of its Movable zone, 0 for none */
	uint64_t first_deferred_pfn;
	uint64_t deferred_pages;   /* free pages behind it, which wait for the other CPUs */
	struct phys_range node_data;
	struct zone zone[NR_ZONE_TYPES];
	int *fallback;
	size_t nr_fallback;
	uint32_t cpus;             /* online CPUs */
	uint64_t gigantic_room;    /* aligned free GiB when gigantic pages are asked for */
};

/* A memory block of a node's memory: [start, end) of one nid, as the NUMA code sees it. */
struct numa_block {
	struct phys_range range;
	int nid;
};

struct numa_meminfo {
	struct numa_block *v;
	size_t nr, cap;
};

/* Which node of the firmware a node of numa=fake= was cut from. */
struct numa_fake {
	int nid, physical;
};

/* Numbered things, [start, end). */
struct number_range {
	uint64_t start, end;
};

struct number_ranges {
	struct number_range *v;
	size_t nr, cap;
};

struct numa_fakes {
	struct numa_fake *v;
	size_t nr, cap;
};

/* Who changed the map. */
enum map_step {
	STEP_FIRMWARE, STEP_SETUP_DATA, STEP_COMMAND_LINE, STEP_EFI_MMIO, STEP_IMAGE, STEP_BIOS_RANGE, STEP_MTRR, STEP_QUIRK, STEP_ACPI_TABLES, STEP_EFI_TABLES,
	NR_MAP_STEPS
};

const char *map_step_name(enum map_step step);

/* One state of the map, kept to be shown. */
struct e820_step {
	enum map_step step;
	struct e820_table table;
};

/* Who took which bytes before the buddy allocator; the ledger's raw material. */
struct owned_range {
	struct phys_range range;
	enum owner owner;
	enum stage_id stage; /* that took it */
};

struct owned_ranges {
	struct owned_range *v;
	size_t nr, cap;
};

/* Pages of one size in the direct map, 1 << shift bytes each. */
struct direct_piece {
	struct phys_range range;
	unsigned shift;
};

struct direct_pieces {
	struct direct_piece *v;
	size_t nr, cap;
};

/* Struct pages in blocks of 2 MiB: offset in the array of all struct pages, and where they lie. */
struct memmap_piece {
	uint64_t offset, bytes, phys;
	bool downward; /* the first block is the highest */
};

struct memmap_pieces {
	struct memmap_piece *v;
	size_t nr, cap;
};

/* An address that memblock chose. */
struct allocation {
	struct memblock_request request;
	uint64_t base;     /* 0: none was found */
	enum owner owner;
	enum stage_id stage;
	struct str caller; /* of the log, empty for the model's own */
	uint32_t line;     /* of the request in the log */
	uint64_t observed; /* address in the log, 0 if not said */
};

struct allocations {
	struct allocation *v;
	size_t nr, cap;
};

/* What a stage would have asked for where a log of memblock's own is replayed instead: who it is for, and how much. */
struct wish {
	enum owner owner;
	uint64_t bytes, align;
	bool granted; /* an allocation of the log was found to be this one */
};

struct wishes {
	struct wish *v;
	size_t nr, cap;
};

/* Where the replay of a log of memblock's own has come to; see src/memblock_replay.c. */
struct memblock_replay {
	bool on;
	size_t next;                 /* fact of the log */
	bool has_pending;
	ptrdiff_t pending;           /* allocation whose answer has not come */
	const struct fact *answered; /* outcome line whose allocation is known already */
	bool next_checked, answers_missing;
	bool stepping;               /* the replay itself reserves now */
	struct wishes wishes;
};

/* Pages given to the buddy allocator after memblock's. */
enum late_kind {
	LATE_ALTERNATIVES, LATE_INITRD, LATE_INITMEM, LATE_TEXT_GAP, LATE_RODATA_GAP, LATE_DECRYPTED, LATE_EFI, LATE_CMA, LATE_GIGANTIC,
	LATE_SWIOTLB, LATE_ONLINED, LATE_OTHER, NR_LATE_KINDS
};

struct late_free {
	enum late_kind kind;
	uint64_t pages;
	struct phys_range range; /* empty where only the size is known */
	int nid;                 /* zone that gets it, where the range is not known but the zone is; -1 unknown */
	enum zone_type zone;
	bool before_line;        /* contained in what the Memory: line says */
	bool before_wmark_first, before_wmark; /* already there when watermarks were set */
	uint32_t line;
};

struct late_frees {
	struct late_free *v;
	size_t nr, cap;
};

/* Something the kernel said, or would say. */
struct saying {
	struct fact fact;
	enum stage_id stage;
};

struct sayings {
	struct saying *v;
	size_t nr, cap;
};

struct range_list_entry {
	struct phys_range range;
	const char *name;
	unsigned depth;
};

struct resources {
	struct range_list_entry *v;
	size_t nr, cap;
};

/* The model held against the total that the Memory: line states. */
struct balance {
	bool known;             /* there is such a line */
	int64_t residue;        /* pages that are free in the model and were not in the kernel */
	int64_t early_residue;  /* the same of the pages that were initialised by then, where the line counts them apart */
	bool counts_early;
	uint64_t unplaced_pages; /* that came back from somewhere below 4 GiB */
	int64_t image_pages;    /* of the residue, what an image of estimated size got */
	bool silent;            /* memory came back without a line: silent_pages is what it may have been at most */
	uint64_t silent_pages;
	uint64_t silent_more;   /* and what may have come beside, as the image's size is an estimate */
	uint32_t line;
};

/* How much of a boot is run. */
enum boot_extent {
	BOOT_WHOLE,
	BOOT_NUMBERS, /* as one of many that are compared: without long lists that only its lines show, and fallback orders */
	BOOT_PLACES,  /* as far as it shows where memory is taken and how much: what tells whether an assumption fits */
};

/* A paravirtual guest of Xen, as it starts; all 0 for other machines. */
struct xen_domain {
	uint64_t nr_pages;        /* that it has */
	uint64_t extra_start;     /* where memory begins that it does not have yet; from nr_pages to here lies what holes moved */
	struct phys_range tables; /* start page, and the first page tables behind it */
	struct phys_range p2m;    /* first table of machine frames, which goes when the sparse one is there */
};

struct boot {
	struct arena *arena;
	const struct machine *machine;
	const struct kernel *kernel;
	const struct cmdline *cmdline;
	const struct boot_record *record; /* NULL for a prediction; stages read it only for what is input */
	const struct traits *traits;
	enum stage_id stage;              /* that runs now */
	enum boot_extent extent;
	size_t next_step;                 /* of the pipeline */
	struct image_reach {              /* what tells whether the image could as well lie elsewhere; kept where that is asked */
		bool kept;
		struct phys_ranges searched;  /* of memblock */
		struct phys_ranges mapped;    /* while brk had page tables left: it gives none for memory around itself */
	} reach;

	bool five_level; /* page tables have 5 levels */

	/* e820 */
	struct e820_table e820, e820_kexec; /* the working table; the firmware's own as it is kept for later */
	struct { struct e820_step *v; size_t nr, cap; } e820_steps;
	bool user_map;                      /* the command line changed it */
	bool user_map_taken;                /* the log shows a changed map that nothing on the command line explains */
	uint64_t max_pfn, max_low_pfn, max_arch_pfn, max_possible_pfn;
	uint64_t announced_max_pfn;         /* the highest last_pfn that was said: before exactmap or MTRRs cut it */
	bool announced_open, max_pfn_open, physpages_open, map_open; /* they hang on where the image lies, which is not known */
	uint64_t trimmed_bytes;             /* lost to MTRRs */
	struct map_edits input_edits;       /* that were taken as they are, from the log or from the machine */
	struct phys_range pci_gap;

	/* the image */
	uint64_t kernel_base;               /* physical address of _text; 0 if it is not placed */
	bool kernel_base_known;
	struct phys_range image, brk;       /* what is reserved for them */
	bool image_measured;                /* its size is not an estimate */
	uint64_t image_limit;               /* physical address of _end, behind all that brk could have taken */
	uint64_t brk_pool_next, brk_pool_end;
	uint64_t initial_mapped;            /* 32 bits, Xen: end of what the first page tables map in small pages */
	struct xen_domain xen;

	struct memblock memblock;
	struct bootmem bootmem;    /* 2.6.32: answers instead of memblock once the nodes are known */
	struct phys_range crashkernel, crashkernel_low, cma, swiotlb;
	uint64_t crash_asked_bytes, crash_asked_base; /* what crashkernel= comes to here */
	uint64_t crash_low_bytes;           /* of its part below 4 GiB, asked for or found necessary */
	uint64_t crash_failed_bytes;        /* a crash kernel that was asked for and found no room */
	bool swiotlb_failed;                /* a bounce buffer is needed and found no room */
	uint64_t swiotlb_asked_bytes;       /* size of the one that is needed; 0 if none is */
	bool crash_low_failed;              /* because of its low part */
	struct phys_range crash_hole_low, crash_hole_high; /* largest free ranges for it, from a 16 MiB border: below its limit, above 4 GiB */
	struct phys_range swiotlb_hole;     /* largest free range below 4 GiB when the bounce buffer is made */
	struct phys_ranges gigantic, hugetlb_cma;
	uint64_t gigantic_asked;
	struct phys_range initrd;           /* where the RAM disk lies at last */
	bool initrd_moves;                  /* it was left where the kernel cannot reach it */
	uint64_t percpu_bytes;              /* that each possible CPU keeps */
	uint64_t log_buf_bytes;             /* a log buffer other than the static one */
	struct phys_ranges efi_returns;     /* boot services memory that comes back */
	struct memblock_replay replay;      /* requests come from a log of memblock's own */
	bool reserved_complete;             /* every reservation is known: a log of memblock's own, or a full profile */
	struct owned_ranges owned;
	struct allocations allocations;
	uint64_t max_mapped;                /* end of the direct map */
	uint64_t direct_4k, direct_2m, direct_1g; /* leaf entries visited */
	struct phys_ranges direct_ranges;
	struct phys_ranges direct_steps;    /* the same as they were mapped, one after the other */
	struct direct_pieces direct_pieces; /* in the order of mapping: of two that overlap the later one holds */

	struct numa_meminfo numa;
	bool numa_dummy, numa_fake;         /* no tables to go by; nodes cut up by numa=fake= */
	struct numa_fakes fakes;
	struct pgdat *node;                 /* nr_nodes of them, by id */
	size_t nr_nodes;                    /* highest possible id + 1 */
	size_t nr_online;

	struct memblock_type active;        /* memory as the zones are told of it */
	uint64_t zone_lo[NR_ZONE_TYPES], zone_hi[NR_ZONE_TYPES];
	enum zone_type zone_order[NR_ZONE_TYPES]; /* configured zones, lowest first */
	size_t nr_zones;
	enum zone_type movable_from;        /* highest zone that Movable is cut from */
	bool dma_reserve_unknown;           /* the firmware holds memory below 16 MiB, and nothing says how much */
	uint64_t physpages;                 /* present pages of all nodes */

	uint64_t nr_kernel_pages, nr_all_pages; /* basis of hash table sizes */
	uint64_t totalpages_built;          /* "Total pages" of the zonelists line */
	struct memmap_pieces memmap_pieces; /* where struct pages lie, as far as the model placed them */
	struct phys_ranges sections;        /* that have struct pages, however little of them is memory; none in the flat model */
	uint64_t block_size;                /* of memory hotplug, bytes */
	struct number_ranges blocks;        /* present memory blocks, by number */

	uint64_t model_reserved;            /* pages that the model has reserved at the hand-over, CMA among them */
	struct balance balance;
	struct amount reserved_pages;       /* at the Memory: line */
	uint64_t cma_pages, gigantic_pages;
	struct late_frees late;
	struct amount totalram;             /* MemTotal, pages */
	bool onlined_later;                 /* memory was plugged in and onlined, and the log does not say how much */
	bool zones_grow;                    /* deferred pages wait until a zone runs short of others */
	bool min_free_known;                /* it does not hang on how far they have grown, or on what was onlined */
	uint64_t min_free_kbytes;
	uint64_t scale_factor;              /* vm.watermark_scale_factor where it is known, else 0 */

	struct resources iomem;
	struct sayings said;
};

/* Run the whole pipeline. The inputs must outlive the boot. */
void boot_run(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline,
	      const struct boot_record *record, struct boot *ret);
/* The same as far as is wanted. @record is NULL for a boot that has not happened. */
void boot_run_part(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record,
		   enum boot_extent extent, struct boot *ret);

/*
 * One boot with its image at several places: what is the same at all of them is run once, and the rest as often as there are
 * places, each in a machine that tells its own. @begun stays as it is.
 */
void boot_begin(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record,
		struct boot *ret);
void boot_go_on(const struct boot *begun, const struct machine *machine, enum boot_extent extent, struct boot *ret);

/*
 * For many places: as far as memory is taken from memblock, and then to the end. In between a boot can be copied. Of such a boot
 * the image may be moved, see src/boot_move.c, to where nothing would have come out otherwise: the copy is then as if @machine
 * had been booted, but for who owns what.
 */
void boot_take(const struct boot *begun, const struct machine *machine, enum boot_extent extent, struct boot *ret);
void boot_copy_taken(const struct boot *taken, struct boot *ret);
bool boot_may_move(const struct boot *taken);
bool boot_may_move_to(const struct boot *taken, uint64_t base);
void boot_move(struct boot *copy, const struct machine *machine);
void boot_finish(struct boot *b);

static inline int boot_trait(const struct boot *b, enum trait_id id) { return trait(b->traits, id); }

/* Where the image is linked for, and nothing below it is tried: CONFIG_PHYSICAL_START. */
#define LOAD_ADDRESS (16 * MIB)
#define GIGANTIC_BYTES GIB

/* 32 bits: size of the section that holds brk, which is part of the image as loaders see it. */
uint64_t boot_brk_section_32(const struct traits *traits);

/* Watermarks, reserves and per-CPU lists follow the zones' managed pages: where those change after the boot, so do these. */
static inline bool boot_marks_known(const struct boot *b) { return !b->onlined_later && !b->zones_grow; }

uint64_t boot_nodes_with_memory(const struct boot *b);
/* The SRAT keeps a place for modules above the memory that there is; one that was put in and left offline shows in no line. */
bool boot_room_for_modules(const struct boot *b);
/* Free pages whose struct pages were left for later. */
uint64_t boot_waiting_pages(const struct boot *b);

/* Record what the kernel says here; the numbers and texts of facts.def. */
void boot_say(struct boot *b, enum fact_kind kind, unsigned tag, size_t nr, const uint64_t *v, const char *s0, const char *s1);
#define SAY(b, kind, tag, ...)                                                                                        \
	boot_say(b, FACT_##kind, tag, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), (uint64_t[]){ __VA_ARGS__ }, NULL, NULL)
#define SAY_TEXT(b, kind, tag, s0, s1, ...)                                                                           \
	boot_say(b, FACT_##kind, tag, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), (uint64_t[]){ __VA_ARGS__ }, s0, s1)

/* Physical memory as the kernel's pointers name it, "ffff880005000000"; NULL where the direct map is at an unknown place. */
const char *boot_pointer(const struct boot *b, uint64_t address);

/* Reserve, remembering for whom. */
void boot_reserve(struct boot *b, enum owner owner, uint64_t base, uint64_t end);
void boot_own(struct boot *b, enum owner owner, uint64_t base, uint64_t end);
void boot_free(struct boot *b, uint64_t base, uint64_t end);
/* The same, but what comes back keeps its owner: for callers that say otherwise. Returns what comes back. */
struct phys_range boot_release(struct boot *b, uint64_t base, uint64_t end);
/* What boot_alloc() would answer, of its era's allocator. */
uint64_t boot_find(const struct boot *b, const struct memblock_request *request);
/* [base, end) has no owner any more. */
void boot_disown(struct boot *b, uint64_t base, uint64_t end);
/* Ask memblock, remembering for whom; 0 if there is no room. */
uint64_t boot_alloc(struct boot *b, enum owner owner, const struct memblock_request *request);
/* The same request @nr times; its size is a multiple of its alignment. Many in a row are recorded as the block that they come to. */
void boot_alloc_run(struct boot *b, enum owner owner, const struct memblock_request *one, uint64_t nr);
/* The plain request of most callers: from anywhere, above 16 MiB first where the era prefers that. */
uint64_t boot_alloc_bytes(struct boot *b, enum owner owner, uint64_t size, uint64_t align, int nid);

void e820_keep_step(struct boot *b, enum map_step step);

/* Whole pages of the i-th region of memory. */
static inline struct pfn_range boot_memory_pfns(const struct boot *b, size_t i)
{
	return pfn_inside((struct phys_range){ b->memblock.memory.v[i].base, b->memblock.memory.v[i].end });
}

struct zone *boot_zone(const struct boot *b, int nid, enum zone_type type);
/* Zone of a page, by node range and zone span; NULL if no zone spans it. @nid gets its node unless it is NULL. */
struct zone *boot_zone_of(const struct boot *b, uint64_t pfn, int *nid);
/* Distance of two nodes; those of numa=fake= have that of the nodes they were cut from. */
uint8_t boot_distance(const struct boot *b, int from, int to);
/* for each configured, populated zone: iterate nodes, then b->zone_order. */

#endif
