/*
 * record.h - what one boot said: typed facts from its log and the values of the files beside it.
 *
 * Made by parsers/, read by everything else. Nothing here is computed; each value knows the line it came from.
 */
#ifndef MIA_RECORD_H
#define MIA_RECORD_H

#include "mia/base.h"
#include "mia/e820.h"
#include "mia/str.h"
#include "mia/traits.h"

struct arena;

enum fact_kind {
#define FACT(name, values, texts) FACT_##name,
#include "mia/facts.def"
#undef FACT
	NR_FACTS
};

#define FACT_VALUES 10
#define FACT_TEXTS 2

/* Lines that only one kind of processor's kernel prints. */
enum arch_hint { ARCH_HINT_NONE, ARCH_HINT_ARM, ARCH_HINT_DEVICE_TREE, ARCH_HINT_MIPS, ARCH_HINT_POWERPC, ARCH_HINT_RISCV, ARCH_HINT_S390, ARCH_HINT_USER_MODE };

/*
 * Tags: what tells facts of one kind apart.
 * FACT_E820_BANNER, FACT_E820_ENTRY, FACT_E820_GAP: who gave the map.
 */
enum map_tag { TAG_NONE, TAG_BIOS_E801, TAG_BIOS_88, TAG_XEN, TAG_EXTENDED, TAG_SETUP_DATA, TAG_USER, TAG_MODIFIED, TAG_FIXED };
/* FACT_E820_REMOVE: whether the line names a type. */
enum remove_tag { REMOVE_TYPE, REMOVE_ANY };
/* FACT_EFI_MEM: v is index type attr start end mib, or index start end mib with the type in s[0]. */
enum efi_mem_tag { EFI_MEM_NUMBERS, EFI_MEM_TEXT };
/* FACT_LAYOUT: which area of a 32-bit kernel. */
enum layout_tag { LAYOUT_FIXMAP, LAYOUT_CPU_ENTRY, LAYOUT_PKMAP, LAYOUT_VMALLOC, LAYOUT_LOWMEM, LAYOUT_INIT, LAYOUT_DATA, LAYOUT_TEXT };
/* FACT_SRAT_MEM */
enum srat_flag { SRAT_HOT_PLUGGABLE = 1, SRAT_NON_VOLATILE = 2 };
/* FACT_HASH: which table. */
enum hash_tag {
	HASH_OTHER, HASH_DENTRY, HASH_INODE, HASH_PID, HASH_MOUNT, HASH_MOUNTPOINT, HASH_TCP_EST, HASH_TCP_BIND, HASH_UDP,
	HASH_UDP_LITE, HASH_FUTEX, HASH_PV_LOCK, HASH_STACK_DEPOT, NR_HASH_TABLES
};
/* FACT_BALLOON: whose. */
enum balloon_tag { BALLOON_XEN, BALLOON_HYPERV };
/* FACT_VIRTIO_MEM */
enum virtio_mem_tag { VIRTIO_MEM_START, VIRTIO_MEM_REGION, VIRTIO_MEM_PLUGGED, VIRTIO_MEM_REQUESTED };
/* FACT_DEBUG_MEMORY */
enum debug_memory_tag { DEBUG_KASAN, DEBUG_KMSAN, DEBUG_KMEMLEAK, DEBUG_PAGE_OWNER };

struct fact {
	uint16_t kind; /* enum fact_kind */
	uint16_t rule; /* index of the line rule that read it */
	uint16_t tag;  /* the rule's constant, see facts.def */
	uint32_t line; /* 1 is the first line of the file */
	uint32_t next; /* of the index: one more than the place of the next fact of this kind; 0 for none */
	uint64_t v[FACT_VALUES];
	struct str s[FACT_TEXTS];
	struct str text; /* the message without level and time */
};

struct facts {
	struct fact *v;
	size_t nr, cap;
	uint32_t *first, *last; /* of the index: one more than their place, for each kind; NULL before facts_index() */
};

/* Made once all facts are there: stages ask for them again and again. */
void facts_index(struct arena *arena, struct facts *facts);

/* First (or last) fact of a kind; NULL if it was not said. */
const struct fact *facts_first(const struct facts *facts, enum fact_kind kind);
const struct fact *facts_last(const struct facts *facts, enum fact_kind kind);
size_t facts_count(const struct facts *facts, enum fact_kind kind);
/* The next fact of a kind behind @after (NULL: from the start). */
const struct fact *facts_next(const struct facts *facts, enum fact_kind kind, const struct fact *after);
/* for (each_fact(f, facts, FACT_X)) ... */
#define each_fact(f, facts, kind)                                                                                     \
	const struct fact *f = facts_first(facts, kind);                                                              \
	f;                                                                                                            \
	f = facts_next(facts, kind, f)

const char *fact_name(enum fact_kind kind);

/* The files a bundle can hold. */
enum source_kind {
	SOURCE_DMESG,
	SOURCE_ZONEINFO,
	SOURCE_MEMINFO,
	SOURCE_IOMEM,
	SOURCE_BUDDYINFO,
	SOURCE_PAGETYPEINFO,
	SOURCE_VMSTAT,
	SOURCE_CMDLINE,
	SOURCE_VERSION,
	SOURCE_CPUINFO,
	SOURCE_FIRMWARE_MEMMAP,
	SOURCE_MEMORY_BLOCKS,
	SOURCE_NODES,
	SOURCE_CONFIG,
	SOURCE_MTRR,
	SOURCE_SYSCTL_MIN_FREE,
	SOURCE_SYSCTL_RESERVE_RATIO,
	SOURCE_SYSCTL_PCP_FRACTION,
	SOURCE_SYSCTL_SCALE_FACTOR,
	SOURCE_DMIDECODE,
	SOURCE_NUMACTL,
	SOURCE_LSMEM,
	SOURCE_DIRECT_MAP, /* kernel_page_tables */
	SOURCE_CRASH_LOADED, /* kexec_crash_loaded */
	SOURCE_FREE,         /* the output of free */
	NR_SOURCES
};

const char *source_name(enum source_kind kind);

/* A number that was said, and where; line 0 means it was not. */
struct said {
	uint64_t value;
	uint32_t line;
};

#define MAX_ZONES 8
#define NR_ORDERS 11

struct zoneinfo_zone {
	int nid;
	char name[16];
	uint32_t line; /* of its header */
	struct said free, boost, min, low, high, promo, spanned, present, managed, cma, start_pfn, unaccepted;
	struct said pcp_high, pcp_high_min, pcp_high_max, pcp_batch, stat_threshold;
	uint64_t protection[MAX_ZONES];
	size_t nr_protection;
	uint32_t protection_line;
	uint32_t nr_cpus; /* per-CPU lists shown */
};

struct zoneinfo {
	struct zoneinfo_zone *v;
	size_t nr, cap;
};

/* What a report in the log says of the zones (out of memory, SysRq-m): some of the numbers of zoneinfo. */
struct show_mem {
	struct zoneinfo zones;
	bool open; /* what the last zone keeps from others stands in the next line */
	bool over; /* the next report has begun */
};

/* "Key: 123 kB" */
struct key_value {
	struct str key;
	uint64_t value;
	uint32_t line;
};

struct key_values {
	struct key_value *v;
	size_t nr, cap;
};

const struct key_value *key_values_find(const struct key_values *kv, const char *key);

struct iomem_entry {
	uint64_t start, end;
	unsigned depth;
	struct str name;
	uint32_t line;
};

struct iomem {
	struct iomem_entry *v;
	size_t nr, cap;
};

struct buddy_row {
	int nid;
	char zone[16];
	uint64_t free[NR_ORDERS]; /* blocks of each order */
	uint32_t line;
};

struct buddyinfo {
	struct buddy_row *v;
	size_t nr, cap;
};

/* A zone's free blocks of one kind by order, or how many pageblocks are of that kind. */
struct pagetype_row {
	int nid;
	char zone[16], kind[16];
	bool is_blocks;
	bool cut;                 /* a count is a lower bound */
	uint64_t free[NR_ORDERS];
	uint64_t blocks;
	uint32_t line;
};

struct pagetypes {
	struct pagetype_row *v;
	size_t nr, cap;
	struct said block_order; /* of a pageblock */
};

/* Where a part of the kernel's virtual address space begins, as kernel_page_tables shows it. */
struct layout_mark {
	struct str name;
	uint64_t start;
	uint32_t line;
};

struct layout_marks {
	struct layout_mark *v;
	size_t nr, cap;
};

struct memory_block {
	uint64_t index;
	bool online;
	char zone[16];
};

struct memory_blocks {
	struct memory_block *v;
	size_t nr, cap;
	struct said size_bytes;
};

struct node_file {
	int id;
	uint32_t line;
	uint64_t distance[64];
	size_t nr_distance;
	struct said mem_total_kib;
	struct said numactl_mib; /* the same as numactl -H shows it, without what is left of a MiB */
	struct str cpus;
};

struct node_files {
	struct node_file *v;
	size_t nr, cap;
};

/* A diagnostic about the input: "line 12: unknown memory type". */
struct note {
	uint32_t line;
	const char *text;
};

struct notes {
	struct note *v;
	size_t nr, cap;
};

/* Is a line of this kind printed at the debug level, so that a quiet log lacks it? */
bool fact_is_debug(enum fact_kind kind);

/* Messages without level and time. */
struct messages {
	struct str *v;
	size_t nr, cap;
};

struct boot_record {
	struct facts log;
	struct messages messages;    /* of the log, up to the end of the kernel's initialisation: what names the boot */
	struct str log_bytes;        /* this boot's part of the log */
	uint32_t first_line, last_line;
	uint32_t nr_lines, nr_known; /* lines with a message; lines that a rule took */
	bool head_missing;           /* the ring buffer had wrapped: no "Linux version" */
	bool tail_missing;           /* nothing after the Memory: line, or cut in mid-line */
	bool debug_missing;          /* lines of the debug level were not kept */
	bool cut_short;              /* the input that held it ended early */
	bool has_source[NR_SOURCES];
	struct trait evidence[NR_TRAITS]; /* basis BASIS_EVIDENCE where a line decided */

	struct zoneinfo zoneinfo;
	struct show_mem show_mem;
	struct key_values meminfo, vmstat;
	struct iomem iomem;
	struct buddyinfo buddyinfo;
	struct pagetypes pagetypes;
	struct layout_marks page_tables;
	struct memory_blocks blocks;
	struct node_files nodes;
	struct e820_table firmware_memmap;
	struct said min_free_kbytes, pcp_fraction, scale_factor;
	struct said crash_loaded; /* 1 while a crash kernel is loaded */
	struct str cmdline, version, config;
	struct said cpu_phys_bits, cpus_online;
	struct said cpu_packages;    /* 1, or 2 for several */
	uint64_t last_package;       /* number of the package that cpuinfo named last */
	bool cpu_gbpages, cpu_la57, cpuinfo_has_flags;
	enum arch_hint cpuinfo_arch; /* a word that other processors' cpuinfo has */
	uint64_t dimm_bytes; /* dmidecode: installed modules; 0 if not said */
	struct said free_total; /* of free, in bytes by free_unit; which unit a plain number has it does not say: then 0 */
	uint64_t free_unit;
	struct notes notes;
};

/* What is said of the zones: by zoneinfo, or else by a report in the log. */
const struct zoneinfo *record_zones(const struct boot_record *record);
enum source_kind record_zones_source(const struct boot_record *record);

/* Does the log tell the end of low memory before that of the map, as new guests of KVM do? */
bool record_tells_low_end_first(const struct boot_record *record);
/* The line that ends the edits of the map; NULL if there is none. */
const struct fact *record_map_end(const struct boot_record *record);

#endif
