/*
 * dram.c - what DRAM the machine has: how much is installed, and which ranges the firmware keeps.
 *
 * The firmware's map does not say which of its reserved ranges are DRAM and which are devices. Witnesses in order: DMI (sizes of
 * the modules); AMD's top-of-memory register; SRAT; the number of modules, where their size then follows; the map itself. For the
 * map, a reserved range is DRAM when it lies below the end of DRAM, or right behind DRAM and below what the PCI host bridges pass on.
 */
#include "mia/arena.h"
#include "mia/ranges.h"
#include "mia/verdict.h"

#define LEGACY_BEGIN UINT64_C(0xa0000)
/* PCI windows of old devices below it say nothing about the end of DRAM. */
#define LEGACY_WINDOWS_END (16 * MIB)
/* Address bits that HyperTransport keeps for itself, at the end of the first TiB. */
#define HT_HOLE_BEGIN UINT64_C(0xfd00000000)
#define HT_HOLE_END TIB
/* Reserved memory of this size above all RAM is more than a security processor takes. */
#define CARVEOUT_LEAST (256 * MIB)

struct finder {
	struct arena *arena;
	const struct boot_record *record; /* NULL for a prediction */
	const struct facts *log;
	const struct boot *boot;
	const struct machine *machine;
	const struct e820_table *map; /* the firmware's, sorted */
	struct dram *dram;
};

/* --- the map --- */

/* Where addresses of devices begin below 4 GiB, as far as the log says. */
static uint64_t devices_begin(const struct finder *f)
{
	uint64_t begin = 4 * GIB;

	for (each_fact(m, f->log, FACT_MMCONFIG))
		begin = min_u64(begin, m->v[0]);
	for (each_fact(w, f->log, FACT_ROOT_WINDOW))
		if (w->v[0] >= LEGACY_WINDOWS_END)
			begin = min_u64(begin, w->v[0]);
	return begin;
}

/* End of the last range below @limit that certainly is DRAM. */
static uint64_t certain_end(const struct e820_table *map, uint64_t begin, uint64_t limit)
{
	uint64_t end = begin;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].end > begin && map->v[i].start < limit && map->v[i].type != E820_TYPE_RESERVED)
			end = max_u64(end, min_u64(map->v[i].end, limit));
	return end;
}

/* Follow reserved ranges that join each other from @end on, up to @limit. */
static uint64_t chain_end(const struct e820_table *map, uint64_t end, uint64_t limit)
{
	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].start == end && map->v[i].type == E820_TYPE_RESERVED && map->v[i].end <= limit)
			end = map->v[i].end;
	return end;
}

/* AMD: write-back memory below 4 GiB ends at the register that goes with TOM2. */
static uint64_t cached_end(const struct finder *f, uint64_t end)
{
	const struct mtrr_state *m = &f->machine->mtrr;
	struct phys_ranges cached = { 0 };
	size_t i;

	if (!f->machine->tom2 || !m->known)
		return end;
	for (size_t k = 0; k < m->nr; k++)
		if (m->v[k].type == MTRR_WRITE_BACK)
			ranges_add(f->arena, &cached, m->v[k].range);
	for (size_t k = 0; k < m->nr; k++)
		if (m->v[k].type == MTRR_UNCACHABLE)
			ranges_remove(f->arena, &cached, m->v[k].range);
	i = ranges_search(&cached, end ? end - 1 : 0);
	return i < cached.nr && cached.v[i].start < end && cached.v[i].end <= 4 * GIB ? max_u64(end, cached.v[i].end) : end;
}

static void find_tops(struct finder *f)
{
	const struct fact *stolen = facts_first(f->log, FACT_INTEL_STOLEN);
	uint64_t limit = devices_begin(f), low = certain_end(f->map, 0, 4 * GIB), high = certain_end(f->map, 4 * GIB, UINT64_MAX);

	low = cached_end(f, chain_end(f->map, low, max_u64(low, limit)));
	if (stolen && stolen->v[1] <= 4 * GIB)
		low = max_u64(low, stolen->v[1]);
	/* The register is the end of DRAM; a reserved range may go on behind it. */
	if (high > 4 * GIB && f->machine->tom2 <= 4 * GIB)
		high = chain_end(f->map, high, high < HT_HOLE_BEGIN ? HT_HOLE_BEGIN : UINT64_MAX);
	f->dram->low_top = low;
	f->dram->high_top = max_u64(high, f->machine->tom2);
}

/* Ranges of the map that are DRAM and no RAM. What it says of 640 KiB to 1 MiB is not DRAM's business. */
static void find_kept(struct finder *f)
{
	uint64_t high_end = certain_end(f->map, 4 * GIB, UINT64_MAX);

	for (size_t i = 0; i < f->map->nr; i++) {
		const struct e820_entry *e = &f->map->v[i];
		bool low = e->start < f->dram->low_top && (e->end <= LEGACY_BEGIN || e->start >= MIB);
		bool high = e->start >= 4 * GIB && e->start < f->dram->high_top &&
			    (e->start >= high_end || e->type != E820_TYPE_RESERVED);

		if (e->type != E820_TYPE_RAM && e->end > e->start && (low || high))
			ranges_add(f->arena, &f->dram->kept,
				   (struct phys_range){ e->start, min_u64(e->end, low ? f->dram->low_top : f->dram->high_top) });
	}
}

/* --- graphics --- */

static void set_graphics(struct dram *d, struct phys_range range, uint64_t bytes, enum basis basis, uint32_t line)
{
	d->graphics = range;
	d->graphics_bytes = bytes;
	d->graphics_basis = basis;
	d->graphics_line = line;
}

/* The CPU is known to come with a graphics processor. */
static bool is_apu(const struct finder *f)
{
	const struct fact *cpu = facts_first(f->log, FACT_CPU_MODEL);

	return cpu && (str_find(cpu->s[0], STR("Radeon")) >= 0 || str_find(cpu->s[0], STR(" APU")) >= 0);
}

/* Reserved memory that joins the end of all RAM. */
static struct phys_range tail_of(const struct e820_table *map, uint64_t begin, uint64_t top)
{
	uint64_t ram = begin;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type == E820_TYPE_RAM && map->v[i].end > begin && map->v[i].start < top)
			ram = max_u64(ram, min_u64(map->v[i].end, top));
	return ram > begin && top > ram ? (struct phys_range){ ram, top } : (struct phys_range){ 0, 0 };
}

/*
 * AMD puts the frame buffer at the top of memory. How large it is a driver says; else the whole range is a guess, made only where
 * the range ends at the register or the CPU brings graphics along.
 */
static void find_graphics_at_top(struct finder *f)
{
	struct phys_range high = tail_of(f->map, 4 * GIB, f->dram->high_top), low = tail_of(f->map, MIB, f->dram->low_top);
	const struct fact *vram = facts_first(f->log, FACT_GPU_VRAM);
	uint64_t bytes = vram ? vram->v[0] * MIB : 0;

	if (f->machine->hypervisor)
		return;
	if (bytes && bytes <= phys_len(high))
		set_graphics(f->dram, (struct phys_range){ high.end - bytes, high.end }, bytes, AMOUNT_EXACT, vram->line);
	else if (bytes && bytes <= phys_len(low))
		set_graphics(f->dram, (struct phys_range){ low.end - bytes, low.end }, bytes, AMOUNT_EXACT, vram->line);
	else if (!vram && phys_len(high) && (f->machine->tom2 == high.end || (is_apu(f) && phys_len(high) >= CARVEOUT_LEAST)))
		set_graphics(f->dram, high, phys_len(high), AMOUNT_ESTIMATED, 0);
}

static void find_graphics(struct finder *f)
{
	const struct fact *range = facts_first(f->log, FACT_INTEL_STOLEN), *size = facts_first(f->log, FACT_STOLEN_SIZE);

	if (range && range->v[1] > range->v[0])
		set_graphics(f->dram, (struct phys_range){ range->v[0], range->v[1] }, range->v[1] - range->v[0], AMOUNT_EXACT,
			     range->line);
	else if (size)
		set_graphics(f->dram, (struct phys_range){ 0, 0 }, size->v[0] * KIB, AMOUNT_EXACT, size->line);
	else
		find_graphics_at_top(f);
}

/* --- how much --- */

/* What SRAT lists, without room for memory that is not plugged in, and without devices' addresses, which some ranges span. */
static uint64_t srat_bytes(const struct finder *f)
{
	const struct srat *srat = &f->machine->srat;
	uint64_t devices = devices_begin(f);
	struct phys_ranges all = { 0 };

	for (size_t i = 0; i < srat->nr; i++)
		if (!(srat->v[i].flags & (SRAT_HOT_PLUGGABLE | SRAT_NON_VOLATILE)))
			ranges_add(f->arena, &all, srat->v[i].range);
	/* Old kernels name such room twice, with and without the mark. */
	for (size_t i = 0; i < srat->nr; i++)
		if (srat->v[i].flags & (SRAT_HOT_PLUGGABLE | SRAT_NON_VOLATILE))
			ranges_remove(f->arena, &all, srat->v[i].range);
	if (all.nr && f->dram->low_top > MIB)
		ranges_add(f->arena, &all, (struct phys_range){ LEGACY_BEGIN, MIB });
	ranges_remove(f->arena, &all,
		      (struct phys_range){ devices < 4 * GIB ? max_u64(devices, f->dram->low_top) : f->dram->low_top, 4 * GIB });
	return ranges_bytes(&all);
}

/* Graphics memory of which the size alone is known lies behind the end of the map where nothing in the map can hold it. */
static uint64_t graphics_beyond(const struct finder *f, const struct phys_ranges *shown)
{
	uint64_t usable = e820_bytes(f->map, E820_TYPE_RAM), others = sub_sat(ranges_bytes(shown), usable);

	return phys_len(f->dram->graphics) || f->dram->graphics_bytes <= others ? 0 : f->dram->graphics_bytes;
}

/* What the map shows: on real machines there is DRAM behind its gaps too, a hypervisor leaves them empty. */
static uint64_t declared_bytes(const struct finder *f)
{
	struct phys_ranges all = { 0 };
	uint64_t high_end = 4 * GIB;

	for (size_t i = 0; i < f->map->nr; i++)
		if (f->map->v[i].type == E820_TYPE_RAM)
			ranges_add(f->arena, &all, (struct phys_range){ f->map->v[i].start, f->map->v[i].end });
	for (size_t i = 0; i < f->dram->kept.nr; i++)
		ranges_add(f->arena, &all, f->dram->kept.v[i]);
	for (size_t i = 0; i < all.nr; i++)
		high_end = max_u64(high_end, all.v[i].end);
	if (f->dram->low_top > MIB)
		ranges_add(f->arena, &all,
			   f->machine->hypervisor ? (struct phys_range){ LEGACY_BEGIN, MIB }
						  : (struct phys_range){ 0, f->dram->low_top });
	if (f->machine->tom2 > high_end)
		ranges_add(f->arena, &all, (struct phys_range){ high_end, f->machine->tom2 });
	if (f->machine->tom2 > HT_HOLE_END)
		ranges_remove(f->arena, &all, (struct phys_range){ HT_HOLE_BEGIN, HT_HOLE_END });
	return ranges_bytes(&all) + graphics_beyond(f, &all);
}

/* Modules come in powers of two, and mostly all alike: their number and what is seen give their size. 0 if it does not fit. */
static uint64_t by_modules(const struct fact *slots, uint64_t seen)
{
	uint64_t each;

	if (!slots || !slots->v[0] || slots->v[0] > 4096 || !seen)
		return 0;
	each = roundup_pow_of_two(div_up(seen, slots->v[0]));
	return seen >= each * slots->v[0] / 8 * 7 ? each * slots->v[0] : 0;
}

static void set_installed(struct dram *d, uint64_t bytes, const char *witness, enum basis basis, uint32_t line)
{
	d->installed_bytes = bytes;
	d->witness = witness;
	d->basis = basis;
	d->line = line;
}

/* Each witness must at least cover what the map shows. */
static void find_installed(struct finder *f)
{
	const struct fact *slots = facts_first(f->log, FACT_DMI_SLOTS), *tom2 = facts_first(f->log, FACT_MTRR_TOM2);
	const struct fact *srat = facts_first(f->log, FACT_SRAT_MEM);
	uint64_t seen = declared_bytes(f), from_srat = srat_bytes(f), modules = by_modules(slots, seen);

	if (f->machine->installed_bytes && f->machine->installed_bytes >= e820_bytes(f->map, E820_TYPE_RAM))
		set_installed(f->dram, f->machine->installed_bytes, "Installed memory (DMI)", AMOUNT_EXACT, 0);
	else if (f->machine->tom2 > 4 * GIB)
		set_installed(f->dram, seen, "Installed memory (top of memory registers)", AMOUNT_ESTIMATED,
			      tom2 ? tom2->line : 0);
	else if (from_srat >= seen && from_srat - seen <= seen / 8 && !f->machine->hypervisor)
		set_installed(f->dram, from_srat, "Installed memory (SRAT)", AMOUNT_ESTIMATED, srat ? srat->line : 0);
	else if (modules)
		set_installed(f->dram, modules, "Installed memory (from the number of modules)", AMOUNT_ESTIMATED, slots->line);
	else
		set_installed(f->dram, seen, "Memory that the firmware declares", AMOUNT_ESTIMATED, 0);
}

void dram_find(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct dram *ret)
{
	static const struct facts nothing;
	struct finder f = { .arena = arena,
			    .record = record,
			    .log = record ? &record->log : &nothing,
			    .boot = boot,
			    .machine = boot->machine,
			    .dram = ret };

	*ret = (struct dram){ .high_top = 4 * GIB };
	if (!boot->e820_steps.nr)
		return;
	f.map = &boot->e820_steps.v[0].table;
	find_tops(&f);
	find_kept(&f);
	find_graphics(&f);
	find_installed(&f);
}
