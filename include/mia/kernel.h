/*
 * kernel.h - what one kernel build costs and does: the second input of a boot.
 *
 * Filled from the log at hand (kernel_extract()), from a profile made by "kernel learn", or from a shipped profile of the
 * same release. Every number knows where it came from; 0 with KNOWN_NO is unknown, never "nothing".
 */
#ifndef MIA_KERNEL_H
#define MIA_KERNEL_H

#include "mia/machine.h"
#include "mia/traits.h"

/* How a number is known. */
enum known { KNOWN_NO, KNOWN_ASSUMED, KNOWN_NEIGHBOUR, KNOWN_PROFILE, KNOWN_SAID };

struct quantity {
	uint64_t v;
	enum known known;
	uint32_t line; /* KNOWN_SAID: where */
};

static inline bool is_known(struct quantity q) { return q.known != KNOWN_NO; }

/* Version numbers of a release; the only place they are compared is src/traits.c. */
struct release {
	struct str text;
	unsigned major, minor, patch;
	char distribution[16]; /* "el7", "ubuntu", "debian", ...; empty for mainline */
	unsigned distro_build; /* el7: 1160 of 3.10.0-1160 */
	bool parsed;
	bool guessed;          /* from the image's name on the command line */
	bool inferred;         /* not said: what the log's own words fit best, see src/traits_infer.c */
};

/* A boot-time allocation that no stage knows: kept as seen, at the place where it was seen. */
struct extra_alloc {
	char after[24];     /* stage that it follows, as stages.def names its function without "_run" */
	char caller[48];    /* who asked; empty where the log does not say */
	uint64_t bytes, align;
	uint64_t count;     /* times in a row; for each node, where it is per_node */
	bool per_node;
	uint32_t nodes;     /* of the boot it was learnt from */
};

/* Offsets from _text of the pieces of the image; ends exclusive. */
struct image {
	struct quantity span;      /* _text to the end of what the kernel reserves for itself before brk */
	struct quantity brk;       /* the brk area: firmware strings and the early page table pool */
	struct quantity text_end, rodata_start, rodata_end, data_start, data_end, bss_start, bss_end;
	struct quantity init_start, init_end;
};

struct kernel {
	struct release release;
	enum arch arch;
	struct traits traits;
	bool has_profile;         /* a profile of this very build was loaded */
	bool has_requests;        /* made from a log of memblock's own: every allocation is known */
	struct image image;

	/* the Memory: line's own numbers, KiB */
	struct quantity code_kib, rwdata_kib, rodata_kib, init_kib, bss_kib;
	/* late frees, KiB */
	struct quantity alternatives_kib, initmem_kib, text_gap_kib, rodata_gap_kib, decrypted_kib;

	struct quantity percpu_static, percpu_reserved, percpu_dynamic;
	struct quantity nr_cpus, cpumask_bits; /* NR_CPUS; bits that a cpumask is made for on this boot */
	struct quantity pglist_data;           /* bytes that NODE_DATA takes */
	struct quantity struct_page, mem_section, usemap;
	struct quantity real_mode;             /* the blob below 1 MiB */
	struct quantity log_buf_used;          /* the buffer of the boot, where the log says it */
	bool log_buf_kept; /* a log that would name a larger log buffer names none: the static one is large enough */
	struct str unknown_options;            /* names of options that it says it does not know; from a log of its own with their values */
	struct quantity pageblock_order;
	struct quantity wait_by_size;          /* 1: zone wait tables are sized by the zone, without memory hotplug */
	struct quantity log_buf;               /* static text buffer, bytes */
	struct quantity entry_area_pages;      /* page tables of the CPU entry area */
	struct quantity vmalloc_pages;         /* tables taken before the Memory: line */
	struct quantity cmdline_copies;        /* times the command line is copied */
	struct quantity node_shift;
	struct quantity dmi_brk;               /* bytes of brk that firmware strings take */
	struct quantity pcpu_chunk, pcpu_slots, pcpu_block; /* the per-CPU allocator's own structures, see stage_percpu.c */
	struct quantity cpumask_vars;          /* masks allocated at boot beside one for each node; unknown: none are */
	struct quantity seen_gbpages, seen_five_level; /* what the CPUs were like that it was learnt on */
	struct quantity tcp_established, tcp_bind, udp, udp_lite, futex; /* bytes of a bucket; unknown: no such table */
	struct quantity kfence;                /* bytes of the pool; 0 if it is off */
	struct quantity cma_default;           /* CONFIG_CMA_SIZE, bytes */
	bool has_numa, has_hotplug, has_hibernation; /* configuration, as far as it shows */
	bool image_in_2m;                      /* an estimated image is a whole number of 2 MiB */
	bool numa_denied;                      /* the log holds the zones, and none of the lines of NUMA kernels */
	bool cma_denied;                       /* the log shows that cma= is not obeyed */
	bool has_cma;                          /* CONFIG_DMA_CMA: cma= is obeyed */
	struct quantity low_ram_limit;         /* i386: end of low memory that the layout allows */

	struct {
		struct extra_alloc *v;
		size_t nr, cap;
	} extra;
};

void release_parse(struct str text, struct release *ret);
/* The patch level that a distribution hides behind its own numbers, from the build text of the version line. */
void release_refine(struct str build, struct release *ret);

/* What the record says of its kernel; traits are resolved too. */
void kernel_extract(struct arena *arena, const struct boot_record *record, const struct machine *machine, struct kernel *ret);

/* Decide every trait: evidence over distribution over mainline. */
void traits_resolve(const struct release *release, enum arch arch, const struct boot_record *record, struct traits *ret);

#endif
