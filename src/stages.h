/*
 * stages.h - what the stages share: their entry points and a few verbs.
 *
 * A stage is void name_run(struct boot *): it reads the inputs and what earlier stages left, and adds its own part.
 */
#ifndef MIA_STAGES_H
#define MIA_STAGES_H

#include <string.h>

#include "mia/arena.h"
#include "mia/boot.h"

#define STAGE(id, name, fn, kernel, doc) void fn(struct boot *b);
#include "mia/stages.def"
#undef STAGE

/* boot_image.c: where the machine says, or the log shows, or it was linked for. */
void boot_place_image(struct boot *b);

/* stage_e820.c */
void e820_edit_update(struct boot *b, uint64_t start, uint64_t end, uint32_t from, uint32_t to);
void e820_edit_remove(struct boot *b, uint64_t start, uint64_t end, uint32_t type);
/* Has this stage made this edit of the map? */
bool e820_already_said(const struct boot *b, const struct fact *f, enum stage_id by);
void e820_end_of_ram(struct boot *b);
void e820_low_end(struct boot *b);
/* 32 bits: bytes of address space that vmalloc=@option keeps. */
uint64_t vmalloc_reserve(struct str option);
/* Whole pages of RAM below 4 GiB. */
uint64_t e820_low_ram_pages(const struct boot *b);

/* stage_mtrr.c: sort the map out after a change, and show it again. */
void e820_modified_map(struct boot *b, enum map_step step);

/* stage_xen.c: paravirtual; and the domain that has the devices; what is reserved before memblock is filled. */
bool boot_is_xen_pv(const struct boot *b);
bool boot_is_xen_first(const struct boot *b);
void xen_reserve(struct boot *b);

/* stage_resources.c */
void boot_add_resource(struct boot *b, uint64_t start, uint64_t end, const char *name, unsigned depth);

/* Page tables of the CPU entry areas that other random places would have saved. */
uint64_t entry_area_spare(const struct boot *b);

/* stage_efi.c: reservations made while memblock is being filled. */
void efi_run_early(struct boot *b);
/* Boot services memory that nobody else had reserved: it comes back where it may. */
void efi_reserved(struct boot *b, struct phys_range range);
/* efi=debug shows boot services memory, and keeps it. */
bool efi_keeps_boot_services(const struct boot *b);
#define EFI_DESCRIPTOR_BYTES 48
/* Boot services memory is kept for a while, and the map that would show where is not known. */
bool efi_hides_memory(const struct boot *b);
/* It may have been in the way of what the model found a place for. */
bool efi_in_the_way(const struct boot *b, struct phys_range r);
/* Entries of the EFI map: as listed or measured, else at least as many as a line counts, else a usual number. */
uint64_t efi_map_entries(const struct machine *m);
/* Size of the EFI map when [start, end) is cut out of it; 0 if the map is not known. */
uint64_t efi_memmap_bytes(const struct machine *m, uint64_t start, uint64_t end);

/* stage_zones.c: nodes without memory, once the CPUs are known. */
void zones_memoryless(struct boot *b);

/* stage_unavailable.c: parts of the zones' set-up. */
void unavailable_before_nodes(struct boot *b);
void unavailable_after_nodes(struct boot *b);

/* stage_sparse.c: one array of struct pages per node, once the zones are known. */
void flat_memmap_run(struct boot *b);

/* stage_large.c: the line that tells where the bounce buffer lies. */
void swiotlb_say(struct boot *b);

/* stage_memory_line.c: once the balance is known. */
void memory_line_say(struct boot *b);
/* Page tables taken before that line. */
uint64_t vmalloc_table_pages(const struct boot *b);

/* stage_cma.c: what hugetlb_cma= asks for, where the kernel knows it. */
struct hugetlb_cma {
	uint64_t total;    /* bytes */
	uint64_t *of_node; /* NULL where no node is named */
};

bool hugetlb_cma_asked(const struct boot *b, struct hugetlb_cma *ret);

/* stage_kasan.c: the log says that the address sanitizer runs. */
bool boot_has_kasan(const struct boot *b);

/* stage_deferred.c: parts of the hand-over. */
uint64_t deferred_first_pfn(const struct boot *b, struct pgdat *node);
void deferred_grow(struct boot *b);

/* stage_free.c: a boot without a log gives back its lock prefixes. */
bool alternatives_come_back(const struct boot *b);

/* stage_watermarks.c: once more, after the zones' sizes have changed. */
void watermarks_again(struct boot *b, const struct boot *before);

/* The largest block of the buddy allocator, to which zones and holes are rounded. */
#define MAX_ORDER_PAGES UINT64_C(1024)
/* What wakes the machine up from sleep, below 1 MiB. */
#define WAKEUP_BYTES (16 * KIB)

/* stage_zones.c: 4 GiB; whole pages of the i-th range of memory that the zones are told of. */
#define MAX_DMA32_PFN UINT64_C(0x100000)
struct pfn_range active_pfns(const struct boot *b, size_t i);

/* stage_movable.c: parts of the zones' set-up. */
void zones_movable_starts(struct boot *b);
void zones_say_movable(struct boot *b);
bool zones_by_mirror(const struct boot *b);
/* stage_zones.c: what of @r, which lies in one region, belongs to @zone of the region's node. */
struct pfn_range zones_part(const struct boot *b, const struct zone *zone, const struct memblock_region *region, struct pfn_range r);

/* stage_balance.c */
int64_t balance_unexplained(const struct boot *b);
int64_t balance_image_share(const struct boot *b, int64_t residue);

/* stage_bootmem.c: pages below 16 MiB that early reservations took. */
uint64_t bootmem_dma_reserve(const struct boot *b);
/* The map from addresses to nodes, to 2.6.38. */
void bootmem_memnodemap(struct boot *b);
/* The boot allocator takes over from early reservations. */
void bootmem_start(struct boot *b);
/* A piece below 4 GiB is kept for devices, until the bounce buffer is allocated. */
void bootmem_keep_below_4g(struct boot *b);
void bootmem_before_swiotlb(struct boot *b);
/* The bitmaps come back with all that is free. */
void bootmem_free_bitmaps(struct boot *b);

/* stage_directmap_old.c: to 3.8, holes are mapped too. */
void old_direct_map(struct boot *b, bool gb_pages);
/* Lines of what is mapped for runtime services. */
void old_map_runtime(struct boot *b);

/* stage_watermarks.c: lowmem_reserve of a zone, as it was computed at the boot, or anew from what the zones have at last. */
void watermarks_protection(const struct boot *b, int nid, enum zone_type type, bool anew, uint64_t ret[NR_ZONE_TYPES]);

/* stage_numa.c */
void numa_alloc_node_data(struct boot *b, int nid);
int numa_cpu_node(const struct boot *b, size_t cpu);
/* As it is when the per-CPU areas are set up. */
int numa_early_cpu_node(const struct boot *b, size_t cpu);
/* From the first to the last address of a node's blocks; false if it has none. */
bool numa_node_span(const struct boot *b, int nid, struct phys_range *span);

#endif
