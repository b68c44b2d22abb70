/*
 * traits_resolve.c - decide every trait: evidence in this input, then the distribution, then the mainline version.
 *
 * Evidence that is one line's own words is recorded by the line rules as they match. What follows from the presence, absence
 * or order of several lines is worked out here.
 */
#include <stdio.h>
#include <string.h>

#include "traits_table.h"

/* Nine words of four bytes, aligned to two of them. */
#define STRUCT_PAGE_32 40
/* Eight words, before memory cgroups kept theirs there. */
#define STRUCT_PAGE_32_OLD 32
/* Kernel: futex_init(). */
#define FUTEX_LISTS_SMALL 16
#define MAX_ARCH_PFN_5_LEVEL (UINT64_C(1) << 40)
#define MAX_ARCH_PFN_PAE (UINT64_C(1) << 24)

const char *trait_name(enum trait_id id)
{
	static const char *const names[NR_TRAITS] = {
#define TRAIT(name, json, doc) [TRAIT_##name] = json,
#include "mia/traits.def"
#undef TRAIT
	};

	return id > TRAIT_NONE && id < NR_TRAITS ? names[id] : "?";
}

const char *trait_basis_name(enum trait_basis basis)
{
	/* A profile is evidence, too: of another boot of the same build, so that no line of this log shows it. */
	static const char *const names[] = { "assumed", "mainline", "distribution", "evidence", "evidence" };

	return names[basis];
}

static void from_mainline(const struct release *release, struct traits *ret)
{
	unsigned code = release_code(release);
	enum trait_basis basis = release->parsed ? BASIS_MAINLINE : BASIS_ASSUMED;

	/* Without a version, and without a word that tells one, the newest kernel is assumed, and said to be. */
	if (!release->parsed && !release->inferred)
		code = ~0u;
	for (size_t i = 0; i < nr_trait_rows; i++) {
		const struct trait_row *row = &trait_rows[i];

		if (code < row->since || (row->stable && code >> 16 != row->since >> 16))
			continue;
		ret->t[row->trait] = (struct trait){ row->value, basis, 0 };
	}
}

static void from_distribution(const char *distribution, const struct release *release, struct traits *ret)
{
	for (size_t i = 0; i < nr_distro_rows; i++) {
		const struct distro_row *row = &distro_rows[i];

		if (strcmp(row->distribution, distribution) || release->distro_build < row->min_build)
			continue;
		if (!row->series || row->series == V(release->major, release->minor))
			ret->t[row->trait] = (struct trait){ row->value, BASIS_DISTRIBUTION, 0 };
	}
}

/*
 * The maker of a kernel whose release does not say it: 3.10 with lines that mainline 3.10 cannot print is el7's.
 */
static const char *distribution_of(const struct release *release, const struct boot_record *record)
{
	if (release->distribution[0] || !record || release->major != 3 || release->minor != 10)
		return release->distribution;
	if (record->evidence[TRAIT_NODE_DATA_TEXT].basis == BASIS_EVIDENCE && record->evidence[TRAIT_NODE_DATA_TEXT].value == NODE_DATA_ALLOCATED)
		return "el7";
	return release->distribution;
}

struct resolver {
	const struct boot_record *record;
	const struct facts *log;
	struct traits *traits;
};

static void prove(struct resolver *r, enum trait_id id, int value, uint32_t line)
{
	r->traits->t[id] = (struct trait){ value, BASIS_EVIDENCE, line };
}

static void from_words(struct resolver *r)
{
	for (size_t i = 1; i < NR_TRAITS; i++)
		if (r->record->evidence[i].basis == BASIS_EVIDENCE)
			r->traits->t[i] = r->record->evidence[i];
}

/* What one line proves beyond its own words. */
static void from_companions(struct resolver *r)
{
	const struct trait *range = &r->record->evidence[TRAIT_RANGE_TEXT];
	const struct trait *unavailable = &r->record->evidence[TRAIT_UNAVAILABLE_TEXT];

	if (unavailable->basis == BASIS_EVIDENCE)
		prove(r, TRAIT_UNAVAILABLE_RULE, unavailable->value, unavailable->line);
	/* To 5.12 only kernels with sections say so. */
	if (unavailable->basis == BASIS_EVIDENCE && unavailable->value != UNAVAILABLE_NODE_LINE)
		prove(r, TRAIT_MEM_MODEL, MODEL_SPARSE, unavailable->line);
	if (range->basis == BASIS_EVIDENCE && range->value == RANGE_OLD)
		prove(r, TRAIT_NODE_DATA_TEXT, NODE_DATA_OLD, range->line);
}

static void from_max_arch_pfn(struct resolver *r)
{
	const struct fact *f = facts_first(r->log, FACT_LAST_PFN), *hypervisor = facts_first(r->log, FACT_HYPERVISOR);

	if (!f)
		return;
	if (str_is(hypervisor ? hypervisor->s[0] : (struct str){ 0 }, "KVM"))
		prove(r, TRAIT_LOW_END_KVM, record_tells_low_end_first(r->record), f->line);
	if (f->v[1] == MAX_ARCH_PFN_5_LEVEL)
		prove(r, TRAIT_FIVE_LEVEL, 1, f->line);
	prove(r, TRAIT_PAE, f->v[1] == MAX_ARCH_PFN_PAE, f->line);
}

/* The list of zones is complete when its header was printed. */
static void from_zone_list(struct resolver *r)
{
	const struct fact *header = facts_first(r->log, FACT_ZONE_HEADER);
	bool dma = false, dma32 = false, highmem = false, device = false;

	if (!header || !facts_first(r->log, FACT_NODE_RANGE))
		return;
	for (const struct fact *f = header + 1; f < r->log->v + r->log->nr; f++) {
		if (f->kind != FACT_ZONE_RANGE && f->kind != FACT_ZONE_RANGE_PFN && f->kind != FACT_ZONE_EMPTY)
			break;
		dma |= str_is(f->s[0], "DMA");
		dma32 |= str_is(f->s[0], "DMA32");
		highmem |= str_is(f->s[0], "HighMem");
		device |= str_is(f->s[0], "Device");
	}
	prove(r, TRAIT_ZONE_DMA, dma, header->line);
	prove(r, TRAIT_ZONE_DMA32, dma32, header->line);
	prove(r, TRAIT_ZONE_HIGHMEM, highmem, header->line);
	prove(r, TRAIT_ZONE_DEVICE, device, header->line);
}

/* Does @a stand before @b in the log? */
static bool before(const struct fact *a, const struct fact *b) { return a && b && a < b; }

static void from_order(struct resolver *r)
{
	const struct fact *memory = facts_first(r->log, FACT_MEMORY), *zones = facts_first(r->log, FACT_ZONE_HEADER);
	const struct fact *percpu = facts_first(r->log, FACT_SETUP_PERCPU), *paravirt = facts_first(r->log, FACT_PARAVIRT);
	const struct fact *freed = facts_first(r->log, FACT_FREE_SMP_ALTERNATIVES);
	const struct fact *smp = facts_first(r->log, FACT_CPUS_BROUGHT_UP), *built = facts_first(r->log, FACT_ZONELISTS);

	if (memory && smp)
		prove(r, TRAIT_MEMORY_LATE, before(smp, memory), memory->line);
	/* A late Memory: line and the first watermarks are near each other. */
	if (memory && smp && freed && before(smp, memory))
		prove(r, TRAIT_ALTERNATIVES_LATE, before(memory, freed), freed->line);
	if (zones && percpu && paravirt)
		prove(r, TRAIT_ZONES_LATE, before(paravirt, zones), zones->line);
	if (built && percpu && !facts_first(r->log, FACT_FALLBACK))
		prove(r, TRAIT_FALLBACK_LINES, 0, built->line);
}

/* Did EFI's code take the range out of the map again? */
static bool mmio_removed(const struct facts *log, uint64_t start, uint64_t end)
{
	for (each_fact(f, log, FACT_EFI_REMOVE_MMIO))
		if (f->v[1] < end && f->v[2] > start)
			return true;
	return false;
}

/* Does the firmware map change inside [start, end)? */
static bool map_border_inside(const struct facts *log, uint64_t start, uint64_t end)
{
	for (each_fact(f, log, FACT_E820_ENTRY))
		if (f->tag == TAG_NONE && f->v[2] != E820_TYPE_RAM && f->v[0] > start && f->v[0] < end && !mmio_removed(log, f->v[0], f->v[1]))
			return true;
	return false;
}

/* Two regions that touch are a hole and the reserved range behind it, which the newer rule reports as one. */
static void from_nosave(struct resolver *r)
{
	const struct fact *last = NULL;

	for (each_fact(f, r->log, FACT_NOSAVE)) {
		if (f->v[0] >= MIB && map_border_inside(r->log, f->v[0], f->v[1])) {
			prove(r, TRAIT_NOSAVE_RULE, NOSAVE_PER_HOLE, f->line);
			return;
		}
	}

	for (each_fact(f, r->log, FACT_NOSAVE)) {
		if (last && last->v[1] == f->v[0] && f->v[0] >= MIB) {
			prove(r, TRAIT_NOSAVE_RULE, r->traits->t[TRAIT_NOSAVE_RULE].value == NOSAVE_FROM_SECOND ? NOSAVE_FROM_SECOND : NOSAVE_TWO_LINES, f->line);
			return;
		}
		last = f;
	}
}

static void from_absence(struct resolver *r)
{
	const struct fact *setup = facts_first(r->log, FACT_NODE_SETUP), *gb = facts_first(r->log, FACT_RAMDISK);

	if (setup && !facts_first(r->log, FACT_NODE_TOTALPAGES) && r->traits->t[TRAIT_TOTALPAGES_LINES].basis < BASIS_EVIDENCE &&
	    facts_first(r->log, FACT_ZONE_RANGE))
		prove(r, TRAIT_TOTALPAGES_LINES, 0, setup->line);
	if (gb && !facts_first(r->log, FACT_INIT_MAPPING) && facts_first(r->log, FACT_LAST_PFN))
		prove(r, TRAIT_MAPPING_LINES, MAPPING_SILENT, gb->line);
}

#define DEFERS_KIB (8 * GIB / KIB) /* on one node: then Normal is larger than what any kernel initialises at once */
#define IN_USE_KIB (64 * MIB / KIB)

/* What waits for the other CPUs is neither available nor reserved; a large node of which nothing waits is of a kernel that never defers. */
static void from_memory_line(struct resolver *r)
{
	const struct fact *f = facts_last(r->log, FACT_MEMORY), *setup = facts_first(r->log, FACT_NODE_SETUP);

	if (!f || f->v[1] < DEFERS_KIB || !setup || setup != facts_last(r->log, FACT_NODE_SETUP) || trait(r->traits, TRAIT_MEMORY_LATE))
		return;
	if (!facts_first(r->log, FACT_DEFERRED) && sub_sat(f->v[1], f->v[0] + f->v[7] + f->v[8]) < IN_USE_KIB)
		prove(r, TRAIT_DEFERRED_INIT, DEFERRED_NO, f->line);
}

/* ACPI tables are listed in any case; where they are reserved, a line each says so. */
static void from_acpi(struct resolver *r)
{
	const struct fact *table = facts_first(r->log, FACT_ACPI_TABLE), *reserved = facts_first(r->log, FACT_ACPI_RESERVE);

	if (reserved)
		prove(r, TRAIT_ACPI_RESERVE, 1, reserved->line);
	else if (table && facts_first(r->log, FACT_ZONE_HEADER))
		prove(r, TRAIT_ACPI_RESERVE, 0, table->line);
}

/* The first MiB is mapped with tables from brk: a log that holds edits of the map and no such line is of a kernel that prints none. */
static void from_brk(struct resolver *r)
{
	const struct fact *edit = facts_first(r->log, FACT_E820_UPDATE);

	if (edit && facts_first(r->log, FACT_ZONE_HEADER) && !facts_first(r->log, FACT_BRK_PGTABLE))
		prove(r, TRAIT_BRK_LINES, 0, edit->line);
}

#define BIOS_BEGIN UINT64_C(0xa0000)
#define BIOS_END UINT64_C(0x100000)

/* 2.6.32 of el6 cuts the BIOS range out of the map too. */
static void from_bios_edit(struct resolver *r)
{
	for (each_fact(f, r->log, FACT_E820_REMOVE))
		if (f->v[0] == BIOS_BEGIN && f->v[1] == BIOS_END && f->v[2] == E820_TYPE_RAM)
			prove(r, TRAIT_TRIM_BIOS, 1, f->line);
}

/* Memory of the nodes: page 0 among it was not cut out of the map, and what lies above 4 GiB can be named. */
static void from_node_memory(struct resolver *r)
{
	for (size_t i = 0; i < r->log->nr; i++) {
		const struct fact *f = &r->log->v[i];
		bool pfns = f->kind == FACT_NODE_RANGE_PFN;

		if (f->kind != FACT_NODE_RANGE && !pfns)
			continue;
		if (!f->v[1])
			prove(r, TRAIT_TRIM_BIOS, 0, f->line);
		if ((pfns ? PFN_PHYS(f->v[2]) : f->v[2]) > LIMIT_4G)
			prove(r, TRAIT_PAE, 1, f->line);
	}
}

/* To 3.8 the lowest 64 KiB leave the map; a build that keeps back no more than a page (CONFIG_X86_RESERVE_LOW=4) says so. */
static void from_low_edit(struct resolver *r)
{
	if (trait(r->traits, TRAIT_LOW_64K) != LOW_64K_E820)
		return;
	for (each_fact(f, r->log, FACT_E820_UPDATE))
		if (!f->v[0] && f->v[1] == PAGE_SIZE && f->v[2] == E820_TYPE_RAM && f->v[3] == E820_TYPE_RESERVED)
			prove(r, TRAIT_LOW_64K, LOW_64K_NONE, f->line);
}

#define BATCH_SATURATED_PAGES 300000 /* more than 1 GiB, of which some may not count */

/* A large zone shows the largest batch. */
static void from_batch(struct resolver *r)
{
	for (each_fact(f, r->log, FACT_ZONE_PAGES)) {
		if (f->v[0] < BATCH_SATURATED_PAGES || (f->v[1] != 31 && f->v[1] != 63))
			continue;
		prove(r, TRAIT_PCP_BATCH, f->v[1] == 31 ? PCP_BATCH_128 : PCP_BATCH_256, f->line);
		return;
	}
}

static void from_frees(struct resolver *r)
{
	const struct fact *lazy = facts_first(r->log, FACT_DEFERRED_LAZY);
	const struct fact *f = facts_first(r->log, FACT_FREE_EFI), *mmio = facts_first(r->log, FACT_EFI_REMOVE_MMIO);
	const struct fact *no_buffer = facts_first(r->log, FACT_SWIOTLB_FAILED);

	if (lazy)
		prove(r, TRAIT_DEFERRED_LAZY, 1, lazy->line);
	if (no_buffer)
		prove(r, TRAIT_SWIOTLB_HALVES, 0, no_buffer->line);
	if (f)
		prove(r, TRAIT_EFI_FREE, EFI_FREE_LINE, f->line);
	if (mmio)
		prove(r, TRAIT_EFI_REMOVE_MMIO, 1, mmio->line);
}

/*
 * Kernels for real time cannot have transparent huge pages, and /proc/meminfo counts them where there are any.
 * Linux kernel: TRANSPARENT_HUGEPAGE depends on !PREEMPT_RT (mm/Kconfig); meminfo_proc_show() (fs/proc/meminfo.c).
 */
static void from_huge_pages(struct resolver *r)
{
	const struct fact *version = facts_first(r->log, FACT_LINUX_VERSION);
	const struct key_values *meminfo = &r->record->meminfo;

	if (version && (str_find(version->s[1], STR(" PREEMPT_RT ")) >= 0 || str_find(version->s[1], STR(" PREEMPT RT ")) >= 0))
		prove(r, TRAIT_THP, 0, version->line);
	if (key_values_find(meminfo, "MemTotal") && key_values_find(meminfo, "DirectMap4k"))
		prove(r, TRAIT_THP, key_values_find(meminfo, "AnonHugePages") != NULL, 0);
}

/* The trampoline's virtual address shows whether the direct map stands at its fixed place. */
static void from_trampoline(struct resolver *r)
{
	const struct fact *f = facts_first(r->log, FACT_TRAMPOLINE);
	uint64_t page_offset;

	if (!f || f->v[0] < f->v[1])
		return;
	page_offset = f->v[0] - f->v[1];
	prove(r, TRAIT_KASLR_MEMORY, page_offset != UINT64_C(0xffff880000000000) && page_offset != UINT64_C(0xffff888000000000), f->line);
}

/* A table whose size is no power of two shows how its order is rounded. */
static void from_hash_orders(struct resolver *r)
{
	for (const struct fact *f = r->log->v; f < r->log->v + r->log->nr; f++) {
		if ((f->kind != FACT_HASH && f->kind != FACT_HASH_KIND) || f->v[2] <= PAGE_SIZE || roundup_pow_of_two(f->v[2]) == f->v[2])
			continue;
		prove(r, TRAIT_HASH_ORDER, f->v[1] + PAGE_SHIFT > ilog2_u64(f->v[2]), f->line);
		return;
	}
}

/*
 * Emulation says each node that it makes, and is a matter of configuration. Without it, newer kernels refuse the option and
 * older ones pass over it.
 */
/* A CPU alone brings more futex lists than all of a small build. */
static void from_futex(struct resolver *r)
{
	for (each_fact(f, r->log, FACT_HASH))
		if (f->tag == HASH_FUTEX && f->v[0] == FUTEX_LISTS_SMALL)
			prove(r, TRAIT_FUTEX_LISTS, FUTEX_LISTS_SMALL, f->line);
}

static void from_emulation(struct resolver *r)
{
	const struct fact *options = facts_first(r->log, FACT_COMMAND_LINE), *fake = facts_first(r->log, FACT_NUMA_FAKE);
	const struct fact *ranges = facts_first(r->log, FACT_NODE_RANGES_HEADER);

	if (fake)
		prove(r, TRAIT_NUMA_EMU, 1, fake->line);
	else if (options && ranges && before(options, ranges) && str_find(options->s[0], STR("numa=fake=")) >= 0)
		prove(r, TRAIT_NUMA_EMU, 0, ranges->line);
	for (each_fact(f, r->log, FACT_MALFORMED_OPTION))
		if (str_is(f->s[0], "numa"))
			prove(r, TRAIT_NUMA_EMU, 0, f->line);
}

void traits_of_version(const struct release *release, enum arch arch, struct traits *ret)
{
	*ret = (struct traits){ 0 };
	from_mainline(release, ret);
	from_distribution(release->distribution, release, ret);
	if (arch == ARCH_MIPS) {
		static const enum trait_id none[] = { TRAIT_ZONE_DEVICE, TRAIT_ZONE_DMA, TRAIT_ZONE_DMA32, TRAIT_ZONE_HIGHMEM, TRAIT_KASLR_MEMORY, TRAIT_VMALLOC_PREALLOC };

		for (size_t i = 0; i < ARRAY_SIZE(none); i++)
			ret->t[none[i]].value = 0;
		ret->t[TRAIT_MEM_MODEL].value = MODEL_FLAT;
		ret->t[TRAIT_KASLR_IMAGE].value = KASLR_FIXED;
		ret->t[TRAIT_DEFERRED_INIT].value = DEFERRED_NO;
		ret->t[TRAIT_STRUCT_PAGE].value = STRUCT_PAGE_32_OLD;
	}
	if (arch != ARCH_I386)
		return;
	ret->t[TRAIT_MEM_MODEL].value = MODEL_FLAT;
	ret->t[TRAIT_STRUCT_PAGE].value = ret->t[TRAIT_PRESENT_MEANS].value == PRESENT_LESS_MEMMAP ? STRUCT_PAGE_32_OLD : STRUCT_PAGE_32;
	ret->t[TRAIT_ZONE_DEVICE].value = 0;
	ret->t[TRAIT_KASLR_MEMORY].value = 0;
	if (ret->t[TRAIT_KASLR_IMAGE].value == KASLR_ANYWHERE)
		ret->t[TRAIT_KASLR_IMAGE].value = KASLR_LOW;
	ret->t[TRAIT_DEFERRED_INIT].value = DEFERRED_NO;
	ret->t[TRAIT_VMALLOC_PREALLOC].value = 0;
}

void traits_of_evidence(const struct boot_record *record, struct traits *traits)
{
	struct resolver r = { record, &record->log, traits };

	from_words(&r);
	from_companions(&r);
	from_max_arch_pfn(&r);
	from_huge_pages(&r);
	from_zone_list(&r);
	from_order(&r);
	from_emulation(&r);
	from_hash_orders(&r);
	from_futex(&r);
	from_nosave(&r);
	from_absence(&r);
	from_memory_line(&r);
	from_acpi(&r);
	from_brk(&r);
	from_bios_edit(&r);
	from_node_memory(&r);
	from_low_edit(&r);
	from_batch(&r);
	from_frees(&r);
	from_trampoline(&r);
}

void traits_resolve(const struct release *release, enum arch arch, const struct boot_record *record, struct traits *ret)
{
	struct release r = *release;

	snprintf(r.distribution, sizeof(r.distribution), "%s", distribution_of(release, record));
	traits_of_version(&r, arch, ret);
	if (record)
		traits_of_evidence(record, ret);
}
