/*
 * predict_declare.c - how far a prediction can be trusted: what is not known, and which values hang on it.
 */
#include "agreement.h"
#include "mia/arena.h"
#include "mia/ranges.h"
#include "predict.h"
#include "stages.h"

/* --- names --- */

const char *unknown_name(enum unknown_id id)
{
	static const char *const names[] = {
#define UNKNOWN(id, name, title) name,
#include "mia/unknowns.def"
#undef UNKNOWN
	};

	return names[id];
}

const char *unknown_title(enum unknown_id id)
{
	static const char *const titles[] = {
#define UNKNOWN(id, name, title) title,
#include "mia/unknowns.def"
#undef UNKNOWN
	};

	return titles[id];
}

const char *value_group_name(enum value_group group)
{
	static const char *const names[] = {
#define VALUE_GROUP(id, name, title) name,
#include "mia/value_groups.def"
#undef VALUE_GROUP
	};

	return names[group];
}

const char *value_group_title(enum value_group group)
{
	static const char *const titles[] = {
#define VALUE_GROUP(id, name, title) title,
#include "mia/value_groups.def"
#undef VALUE_GROUP
	};

	return titles[group];
}

/* --- what is not known however many boots are tried --- */

/* Pages of page tables that move between brk and memblock with the image. */
#define TABLE_DOUBT_PAGES 16

/* What the image keeps to the end. */
static uint64_t kept_pages(const struct boot *b)
{
	uint64_t kept = PFN_UP(phys_len(b->image)) + PFN_UP(phys_len(b->brk));

	for (size_t i = 0; i < b->late.nr; i++)
		if (b->late.v[i].kind == LATE_ALTERNATIVES || (b->late.v[i].kind >= LATE_INITMEM && b->late.v[i].kind <= LATE_DECRYPTED))
			kept = sub_sat(kept, b->late.v[i].pages);
	return kept;
}

/* A zone in which the image may lie, and in no boot that was tried did. */
static void doubt_untried(struct predictor *p, struct boot *boot)
{
	uint64_t kept = kept_pages(boot);

	for (size_t i = 0; p->out->places.nr > PREDICT_MAX_PLACES && i < p->out->places.nr; i++) {
		struct zone *zone = boot_zone_of(boot, PFN_DOWN(p->out->places.v[i].start), NULL);

		if (!zone)
			continue;
		zone->managed.min = min_u64(zone->managed.min, sub_sat(zone->managed.max, kept + TABLE_DOUBT_PAGES));
		zone->managed.max = min_u64(zone->present, zone->managed.max + TABLE_DOUBT_PAGES);
	}
}

/*
 * Each CPU's area has a table of two levels of its own, unless two of them come to lie close together, or one over a border.
 */
static void doubt_entry_areas(const struct predictor *p, struct boot *boot)
{
	uint64_t cpus = max_u64(p->machine->possible_cpus, 1), usual = 0, less, more;
	struct zone *zone = NULL;

	for (size_t i = 0; i < boot->allocations.nr; i++) {
		if (boot->allocations.v[i].owner != OWNER_ENTRY_AREA)
			continue;
		zone = zone ? zone : boot_zone_of(boot, PFN_DOWN(boot->allocations.v[i].base), NULL);
		usual++;
	}
	if (!zone)
		return;
	less = entry_area_spare(boot);
	more = sub_sat(1 + 4 * cpus, usual);
	zone->managed.min = sub_sat(zone->managed.min, more);
	zone->managed.max = min_u64(zone->present, zone->managed.max + less);
	boot->totalram.min = sub_sat(boot->totalram.min, more);
	boot->totalram.max += less;
}

/*
 * Kernels that round a node's descriptor up to pages take it as it is for a node without memory: then how much it shares of a
 * page with its neighbours is not known.
 */
static void doubt_descriptors(struct boot *boot)
{
	struct zone *zone = NULL;

	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t i = 0; boot->node[n].online && !boot->node[n].has_memory && i < boot->allocations.nr; i++)
			if (boot->allocations.v[i].owner == OWNER_NODE_DATA)
				zone = boot_zone_of(boot, PFN_DOWN(boot->allocations.v[i].base), NULL);
	if (!zone)
		return;
	zone->managed.min = sub_sat(zone->managed.min, 1);
	zone->managed.max = min_u64(zone->present, zone->managed.max + 1);
	boot->totalram.min = sub_sat(boot->totalram.min, 1);
	boot->totalram.max++;
}

static bool managed_is_one(const struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			if (b->node[n].zone[z].managed.min != b->node[n].zone[z].managed.max)
				return false;
	return true;
}

/* --- what each group of values depends on --- */

/* Unknowns that leave only a guess, and those that leave a range. */
static bool is_guess(enum unknown_id id) { return id != UNKNOWN_IMAGE_PLACE && id != UNKNOWN_ENTRY_AREAS && id != UNKNOWN_NODE_DATA; }

static void settle_group(const struct prediction *p, struct group_basis *g, const enum unknown_id *may, size_t nr, bool agree)
{
	g->basis = AMOUNT_EXACT;
	for (size_t i = 0; i < nr; i++) {
		bool counts = p->unknown[may[i]] && (may[i] != UNKNOWN_IMAGE_PLACE || !agree);

		g->because[may[i]] = counts;
		if (counts)
			g->basis = is_guess(may[i]) ? AMOUNT_ESTIMATED : g->basis == AMOUNT_EXACT ? AMOUNT_BOUNDED : g->basis;
	}
}

#define SETTLE(p, group_id, agree, ...)                                                                               \
	settle_group(p, &(p)->group[GROUP_##group_id], (const enum unknown_id[]){ __VA_ARGS__ }, sizeof((enum unknown_id[]){ __VA_ARGS__ }) / sizeof(enum unknown_id), agree)

#define ALL_SIZES UNKNOWN_KERNEL_SIZES, UNKNOWN_KERNEL_CONFIG, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_MODULES

static void settle_groups(struct prediction *p, const struct agreement *a, const struct boot *b)
{
	SETTLE(p, GEOMETRY, a->extents, UNKNOWN_IMAGE_PLACE, UNKNOWN_FIRMWARE_MAP, UNKNOWN_KERNEL_CONFIG, UNKNOWN_MODULES);
	SETTLE(p, MANAGED, managed_is_one(b), UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_NODE_DATA, ALL_SIZES);
	SETTLE(p, MEM_TOTAL, b->totalram.min == b->totalram.max, UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_NODE_DATA, ALL_SIZES);
	SETTLE(p, WATERMARKS, a->marks, UNKNOWN_IMAGE_PLACE, UNKNOWN_ENTRY_AREAS, UNKNOWN_NODE_DATA, ALL_SIZES, UNKNOWN_INITRD);
	SETTLE(p, PCP, a->lists, UNKNOWN_IMAGE_PLACE, UNKNOWN_NODE_DATA, ALL_SIZES, UNKNOWN_INITRD);
	SETTLE(p, PLACES, a->places, UNKNOWN_IMAGE_PLACE, ALL_SIZES, UNKNOWN_INITRD);
	SETTLE(p, MAP, a->map, UNKNOWN_IMAGE_PLACE, UNKNOWN_FIRMWARE_MAP, UNKNOWN_FIRMWARE_TABLES, UNKNOWN_MODULES);
}

/* A zone whose pages are the same in all boots is exact, even where others are not. */
static void settle_amount(const struct group_basis *g, struct amount *a)
{
	a->basis = g->basis == AMOUNT_ESTIMATED ? AMOUNT_ESTIMATED : a->min == a->max ? AMOUNT_EXACT : AMOUNT_BOUNDED;
}

/* Something of the image comes back whose size no boot of this build has shown. */
static bool frees_unknown(const struct predictor *p, const struct boot *boot)
{
	const struct kernel *k = p->kernel;

	return !is_known(k->initmem_kib) || (!is_known(k->alternatives_kib) && boot->machine->possible_cpus == 1 && alternatives_come_back(boot));
}

/* Every log with memblock's own lines shows it: where another kernel lent it, other sizes are not the build's own either. */
static bool sizes_lent(const struct kernel *k) { return k->real_mode.known == KNOWN_NEIGHBOUR; }

/* A smaller static buffer than this is no distribution's: then fewer CPUs' shares would not make it grow. */
#define LOG_BUF_LEAST (128 * KIB)
#define LOG_CPU_SHARE 4096

/* The log buffer grows with the CPUs, from a size that no boot of this build has told. */
static bool log_buf_unknown(const struct predictor *p)
{
	return !is_known(p->kernel->log_buf) && trait(&p->kernel->traits, TRAIT_LOG_CPU) && !cmdline_has(p->cmdline, "log_buf_len") &&
	       (uint64_t)p->machine->possible_cpus * LOG_CPU_SHARE > LOG_BUF_LEAST / 2;
}

/* Options that only some builds know, where nothing shows whether this one does. */
static bool options_unknown(const struct predictor *p)
{
	/* What is allocated for them is not modelled where the log does not show it. */
	static const char *const names[] = { "debug_pagealloc", "page_owner", "slub_debug", "slab_debug", "percpu_alloc" };
	const struct cmdline_option *numa = cmdline_last(p->cmdline, "numa");

	if (numa && numa->value.p && str_starts(numa->value, STR("fake=")) && p->kernel->traits.t[TRAIT_NUMA_EMU].basis < BASIS_DISTRIBUTION)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (cmdline_has(p->cmdline, names[i]))
			return true;
	return false;
}

static bool has_memoryless(const struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		if (b->node[n].online && !b->node[n].has_memory)
			return true;
	return false;
}

/* The boot logo stays where the firmware put it, and only the line that keeps it says where that is. */
static bool logo_unknown(const struct machine *m)
{
	for (size_t i = 0; i < m->edits.nr; i++)
		if (m->edits.v[i].late)
			return false;
	return machine_has_table(m, "BGRT");
}

static void find_unknowns(struct predictor *p, const struct boot *boot)
{
	bool *unknown = p->out->unknown;

	for (size_t i = 0; i < NR_UNKNOWNS; i++)
		unknown[i] = p->in->unknown[i];
	unknown[UNKNOWN_IMAGE_PLACE] |= p->out->places.nr > 0;
	unknown[UNKNOWN_ENTRY_AREAS] |= predict_entry_areas_random(p);
	unknown[UNKNOWN_KERNEL_SIZES] |= !p->kernel->has_profile || sizes_lent(p->kernel) || frees_unknown(p, boot);
	unknown[UNKNOWN_KERNEL_CONFIG] |= log_buf_unknown(p) || options_unknown(p);
	unknown[UNKNOWN_NODE_DATA] |= has_memoryless(boot);
	unknown[UNKNOWN_FIRMWARE_TABLES] |= p->machine->firmware == FIRMWARE_EFI && (!p->machine->efi.nr || logo_unknown(p->machine));
	unknown[UNKNOWN_MODULES] |= !p->machine->modules_known && boot_room_for_modules(boot);
}

void predict_declare(struct predictor *p, const struct agreement *a, struct boot *boot)
{
	struct prediction *out = p->out;

	find_unknowns(p, boot);
	doubt_untried(p, boot);
	if (out->unknown[UNKNOWN_ENTRY_AREAS])
		doubt_entry_areas(p, boot);
	if (out->unknown[UNKNOWN_NODE_DATA])
		doubt_descriptors(boot);
	settle_groups(out, a, boot);
	settle_amount(&out->group[GROUP_MEM_TOTAL], &boot->totalram);
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			settle_amount(&out->group[GROUP_MANAGED], &boot->node[n].zone[z].managed);
}
