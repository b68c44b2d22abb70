/* machine_change.c - see machine_change.h. */
#include "machine_change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/ranges.h"

#define CONVENTIONAL_END UINT64_C(0xa0000)
#define FIRST_MIB MIB
#define NODE_ALIGN (128 * MIB)
/* A RAM disk that ends within this distance below the top of low memory was put there by the loader because it is the top. */
#define INITRD_REACH (16 * MIB)
/* Low memory that a machine cannot do without. */
#define LEAST_LOW (32 * MIB)

/* --- where memory is --- */

/* Memory in the order of addresses: [0, low_top), then what is above 4 GiB. */
struct layout {
	uint64_t main_end; /* end of the largest range of RAM below 4 GiB */
	uint64_t low_top;  /* end of what touches it: firmware's share of the DIMMs */
	struct phys_ranges ram;
};

static struct layout layout_of(struct arena *arena, const struct e820_table *map)
{
	struct layout l = { 0 };
	uint64_t largest = 0;

	for (size_t i = 0; i < map->nr; i++) {
		const struct e820_entry *e = &map->v[i];

		if (e->type == E820_TYPE_RAM && e->start < LIMIT_4G && e->end - e->start > largest) {
			largest = e->end - e->start;
			l.main_end = min_u64(e->end, LIMIT_4G);
		}
	}
	l.low_top = l.main_end;
	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].start == l.low_top && map->v[i].start < LIMIT_4G)
			l.low_top = min_u64(map->v[i].end, LIMIT_4G);
	ranges_add(arena, &l.ram, (struct phys_range){ 0, l.low_top });
	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type == E820_TYPE_RAM && map->v[i].end > LIMIT_4G)
			ranges_add(arena, &l.ram, (struct phys_range){ max_u64(map->v[i].start, LIMIT_4G), map->v[i].end });
	return l;
}

static struct e820_table sorted_map(struct arena *arena, const struct machine *m)
{
	struct e820_table map = e820_copy(arena, &m->e820);

	e820_update_table(arena, &map, true);
	return map;
}

uint64_t machine_memory_bytes(struct arena *arena, const struct machine *m)
{
	struct e820_table map = sorted_map(arena, m);
	struct layout l = layout_of(arena, &map);

	return ranges_bytes(&l.ram);
}

/* Bytes of memory below @address, and the address behind so many bytes. */
static uint64_t bytes_below(const struct layout *l, uint64_t address) { return ranges_overlap(&l->ram, (struct phys_range){ 0, address }); }

/* --- nodes: shares of memory in the order of addresses --- */

struct share {
	int node, pxm;
	unsigned flags;
	uint64_t end; /* bytes of memory up to its end */
};

struct shares {
	struct share *v;
	size_t nr, cap;
};

static int by_start(const void *a, const void *b)
{
	const struct srat_memory *x = a, *y = b;

	return x->range.start < y->range.start ? -1 : x->range.start > y->range.start;
}

/* What the SRAT says of memory that is there; *@rest gets the ranges that wait to be plugged in. */
static struct shares shares_of(struct arena *arena, const struct machine *m, const struct layout *l, struct srat *rest)
{
	struct srat sorted = m->srat;
	struct shares ret = { 0 };

	sorted.v = arena_array(arena, struct srat_memory, m->srat.nr + 1);
	for (size_t i = 0; i < m->srat.nr; i++)
		sorted.v[i] = m->srat.v[i];
	qsort(sorted.v, sorted.nr, sizeof(*sorted.v), by_start);
	for (size_t i = 0; i < sorted.nr; i++) {
		const struct srat_memory *s = &sorted.v[i];
		struct share *last = ret.nr ? &ret.v[ret.nr - 1] : NULL;

		if (!ranges_overlap(&l->ram, s->range)) {
			*vec_push(arena, rest) = *s;
			continue;
		}
		if (!last || last->node != s->node || last->flags != s->flags) {
			last = vec_push(arena, &ret);
			*last = (struct share){ s->node, s->pxm, s->flags, 0 };
		}
		last->end = bytes_below(l, s->range.end);
	}
	return ret;
}

static void add_srat(struct arena *arena, struct machine *m, const struct share *s, uint64_t start, uint64_t end)
{
	/* Firmware leaves out the hole between conventional memory and the first MiB. */
	if (start < CONVENTIONAL_END && end > FIRST_MIB) {
		add_srat(arena, m, s, start, CONVENTIONAL_END);
		start = FIRST_MIB;
	}
	if (end > start)
		*vec_push(arena, &m->srat) = (struct srat_memory){ s->node, s->pxm, { start, end }, s->flags, 0 };
}

/* The SRAT of these shares of memory. */
static void write_srat(struct arena *arena, struct machine *m, const struct layout *l, const struct shares *shares, const struct srat *rest)
{
	uint64_t done = 0;

	m->srat = (struct srat){ 0 };
	for (size_t i = 0; i < shares->nr; i++) {
		uint64_t before = 0;

		for (size_t k = 0; k < l->ram.nr; k++) {
			struct phys_range r = l->ram.v[k];
			struct phys_range part = phys_clip((struct phys_range){ done, shares->v[i].end }, (struct phys_range){ before, before + phys_len(r) });

			if (phys_len(part))
				add_srat(arena, m, &shares->v[i], r.start + part.start - before, r.start + part.end - before);
			before += phys_len(r);
		}
		done = max_u64(done, shares->v[i].end);
		m->max_node = m->max_node > shares->v[i].node ? m->max_node : shares->v[i].node;
	}
	for (size_t i = 0; i < rest->nr; i++)
		*vec_push(arena, &m->srat) = rest->v[i];
	m->has_srat = m->srat.nr > 0;
}

/* --- the split below 4 GiB --- */

struct split {
	uint64_t from, low; /* machines of @from bytes or more have @low of them below 4 GiB */
	bool sure;
	bool moves_as_one;  /* memory above 4 GiB moves behind a hole as a whole */
};

static bool has_table(const struct machine *m, const char *signature, const char *oem)
{
	for (size_t i = 0; i < m->acpi.nr; i++)
		if (!strcmp(m->acpi.v[i].signature, signature) && (!oem || !strcmp(m->acpi.v[i].oem, oem)))
			return true;
	return false;
}

enum model { MODEL_OTHER, MODEL_I440FX, MODEL_Q35 };

/* By the name in DMI; kernels before 2.6.34 do not print that, but QEMU's tables tell its makers, and PCI Express its chip set. */
static enum model model_of(const struct machine *m)
{
	if (str_find(m->dmi, STR("Standard PC (i440FX")) >= 0)
		return MODEL_I440FX;
	if (str_find(m->dmi, STR("Standard PC (Q35")) >= 0)
		return MODEL_Q35;
	if (m->dmi.n || !has_table(m, "FACP", "BOCHS"))
		return MODEL_OTHER;
	return has_table(m, "MCFG", NULL) ? MODEL_Q35 : MODEL_I440FX;
}

static struct split split_of(const struct machine *m, const struct layout *l)
{
	enum model model = model_of(m);

	if (model == MODEL_I440FX)
		return (struct split){ UINT64_C(0xe0000000), 3 * GIB, true, true };
	if (model == MODEL_Q35)
		return (struct split){ UINT64_C(0xb0000000), 2 * GIB, true, true };
	if (l->ram.nr > 1)
		return (struct split){ l->low_top, l->low_top, false, false };
	return (struct split){ max_u64(l->low_top, m->hypervisor ? 3 * GIB : 2 * GIB), max_u64(l->low_top, m->hypervisor ? 3 * GIB : 2 * GIB), false, false };
}

/* --- moving --- */

/* What lies in [from, to) moves by to_new - to. */
struct move {
	uint64_t from, to, to_new;
};

static uint64_t moved(const struct move *mv, uint64_t address) { return address >= mv->from && address < mv->to ? address + mv->to_new - mv->to : address; }

static void move_range(const struct move *mv, struct phys_range *r)
{
	uint64_t start = moved(mv, r->start);

	if (phys_len(*r))
		*r = (struct phys_range){ start, start + phys_len(*r) };
}

static void move_ranges(struct arena *arena, const struct move *mv, struct phys_ranges *ranges)
{
	struct phys_ranges copy = { 0 };

	for (size_t i = 0; i < ranges->nr; i++) {
		struct phys_range *r = vec_push(arena, &copy);

		*r = ranges->v[i];
		move_range(mv, r);
	}
	*ranges = copy;
}

/* Firmware's own share moves; the conventional memory under it grows or shrinks. */
static void move_efi(struct arena *arena, const struct move *tail, struct machine *m)
{
	struct efi_regions copy = { 0 };
	struct move mv = *tail;
	uint64_t largest = 0;

	for (size_t i = 0; i < m->efi.nr; i++) {
		struct phys_range r = m->efi.v[i].range;

		if (m->efi.v[i].type == EFI_CONVENTIONAL && r.end <= tail->to && phys_len(r) > largest) {
			largest = phys_len(r);
			mv.from = r.end;
		}
	}
	for (size_t i = 0; i < m->efi.nr; i++) {
		struct efi_region *r = vec_push(arena, &copy);

		*r = m->efi.v[i];
		if (r->range.end == mv.from)
			r->range.end += mv.to_new - mv.to;
		else
			move_range(&mv, &r->range);
	}
	m->efi = copy;
	move_range(&mv, &m->efi_memmap);
	move_range(&mv, &m->efi_memattr);
	move_ranges(arena, &mv, &m->efi_reserved);
	for (size_t i = 0; i < m->edits.nr; i++)
		move_range(&mv, &m->edits.v[i].range);
}

static void move_initrd(struct machine *m, const struct layout *old, const struct move *tail, uint64_t limit)
{
	uint64_t bytes = phys_len(m->ramdisk), room = align_up(bytes, PAGE_SIZE), end = align_up(m->ramdisk.end, PAGE_SIZE), top = old->main_end + tail->to_new - tail->to;
	bool at_top = end <= old->low_top && old->main_end < end + INITRD_REACH, at_limit = end == limit;

	if (!bytes || (!at_top && end <= top && !at_limit))
		return;
	/* Where it was kept from the top by the kernel's limit, it still leaves what firmware keeps under the top. */
	end = at_top ? end + tail->to_new - tail->to : top;
	end = align_down(min_u64(end, limit), PAGE_SIZE);
	if (end < room)
		return;
	m->ramdisk.start = end - room;
	m->ramdisk.end = m->ramdisk.start + bytes;
}

static void move_low(struct arena *arena, struct machine *m, struct e820_table *map, const struct layout *old, uint64_t low, uint64_t initrd_limit)
{
	struct move tail = { old->main_end, old->low_top, low };
	struct acpi_tables acpi = { 0 };

	for (size_t i = 0; i < map->nr; i++) {
		struct e820_entry *e = &map->v[i];

		if (e->start >= tail.from && e->start < tail.to) {
			e->start += tail.to_new - tail.to;
			e->end += tail.to_new - tail.to;
		} else if (e->end == old->main_end) {
			e->end += tail.to_new - tail.to;
		}
	}
	move_initrd(m, old, &tail, initrd_limit);
	for (size_t i = 0; i < m->acpi.nr; i++) {
		struct acpi_table *t = vec_push(arena, &acpi);

		*t = m->acpi.v[i];
		t->address = moved(&tail, t->address);
	}
	m->acpi = acpi;
	move_ranges(arena, &tail, &m->setup_data);
	move_range(&tail, &m->mptable);
	move_range(&tail, &m->mpc);
	if (m->efi.nr)
		move_efi(arena, &tail, m);
}

/* --- memory above 4 GiB --- */

static int by_address(const void *a, const void *b)
{
	const struct e820_entry *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Put @bytes of memory above 4 GiB, around what is reserved there. */
static void fill_high(struct arena *arena, struct e820_table *map, uint64_t bytes, bool as_one)
{
	struct e820_table fixed = { 0 };
	uint64_t at = LIMIT_4G;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type != E820_TYPE_RAM || map->v[i].end <= LIMIT_4G)
			*vec_push(arena, &fixed) = map->v[i];
	qsort(fixed.v, fixed.nr, sizeof(*fixed.v), by_address);
	*map = e820_copy(arena, &fixed);
	for (size_t i = 0; i <= fixed.nr && bytes; i++) {
		uint64_t stop = i < fixed.nr ? fixed.v[i].start : UINT64_MAX, room = sub_sat(stop, at), here = min_u64(room, bytes);

		if (i < fixed.nr && fixed.v[i].end <= LIMIT_4G)
			continue;
		if (as_one && here < bytes)
			here = 0;
		if (here)
			e820_range_add(arena, map, at, at + here, E820_TYPE_RAM, 0);
		bytes -= here;
		if (i < fixed.nr)
			at = max_u64(at, fixed.v[i].end);
	}
	qsort(map->v, map->nr, sizeof(*map->v), by_address);
}

/* EFI's map says the same of memory above 4 GiB. */
static void fill_high_efi(struct arena *arena, struct machine *m)
{
	struct efi_regions copy = { 0 };

	if (!m->efi.nr)
		return;
	for (size_t i = 0; i < m->efi.nr; i++)
		if (m->efi.v[i].type != EFI_CONVENTIONAL || m->efi.v[i].range.end <= LIMIT_4G)
			*vec_push(arena, &copy) = m->efi.v[i];
	for (size_t i = 0; i < m->e820.nr; i++)
		if (m->e820.v[i].type == E820_TYPE_RAM && m->e820.v[i].start >= LIMIT_4G)
			*vec_push(arena, &copy) = (struct efi_region){ .range = { m->e820.v[i].start, m->e820.v[i].end }, .type = EFI_CONVENTIONAL };
	m->efi = copy;
}

/* Room for more RAM is not there without end: the CPU names so many bytes. */
static void widen_addresses(struct machine *m)
{
	uint64_t end = 0;

	for (size_t i = 0; i < m->e820.nr; i++)
		if (m->e820.v[i].type == E820_TYPE_RAM)
			end = max_u64(end, m->e820.v[i].end);
	if (m->phys_bits_known && end > UINT64_C(1) << m->phys_bits)
		m->phys_bits = ilog2_u64(end - 1) + 1;
}

static struct mia_error *resize(struct arena *arena, struct machine *m, uint64_t bytes, uint64_t initrd_limit, bool *guessed, struct layout *before, struct layout *after)
{
	struct e820_table map = sorted_map(arena, m);
	struct split split;
	uint64_t low;

	*before = layout_of(arena, &map);
	split = split_of(m, before);
	low = bytes >= split.from ? split.low : bytes;
	*guessed = !split.sure;
	if (bytes > PHYS_LIMIT - LIMIT_4G)
		return mia_error_new(arena, MIA_ERROR_USAGE, "%" PRIu64 " bytes of memory are more than a physical address can name", bytes);
	if (low < before->low_top - before->main_end + LEAST_LOW)
		return mia_error_new(arena, MIA_ERROR_USAGE, "%" PRIu64 " KiB of memory are too few: the firmware alone keeps %" PRIu64 " KiB", bytes >> 10, (before->low_top - before->main_end) >> 10);
	move_low(arena, m, &map, before, low, initrd_limit);
	fill_high(arena, &map, bytes - low, split.moves_as_one);
	m->e820 = map;
	*after = layout_of(arena, &map);
	fill_high_efi(arena, m);
	widen_addresses(m);
	if (m->tom2 && after->ram.nr > 1)
		m->tom2 = after->ram.v[after->ram.nr - 1].end;
	if (m->installed_bytes)
		m->installed_bytes += ranges_bytes(&after->ram) - ranges_bytes(&before->ram);
	/* Firmware covers the memory it finds. */
	m->mtrr.known = false;
	m->ebda_base = before->main_end == after->main_end ? m->ebda_base : 0;
	return NULL;
}

/* --- the changes --- */

static uint64_t scale(uint64_t v, uint64_t from, uint64_t to, uint64_t align)
{
	uint64_t scaled = (uint64_t)((unsigned __int128)v * to / from);

	return min_u64(align_down(add_sat(scaled, align / 2), align), to);
}

struct mia_error *machine_set_memory(struct arena *arena, struct machine *m, uint64_t bytes, uint64_t initrd_limit, bool *guessed)
{
	struct layout before, after;
	struct mia_error *error = resize(arena, m, bytes, initrd_limit, guessed, &before, &after);
	struct srat rest = { 0 };
	struct shares shares;
	uint64_t was, is;

	if (error || !m->has_srat)
		return error;
	shares = shares_of(arena, m, &before, &rest);
	was = ranges_bytes(&before.ram);
	is = ranges_bytes(&after.ram);
	for (size_t i = 0; i < shares.nr; i++) {
		uint64_t end = shares.v[i].end, align = end & -end;

		shares.v[i].end = i + 1 == shares.nr ? is : scale(end, was, is, min_u64(align, NODE_ALIGN));
	}
	/* What can be plugged in stays behind what is there. */
	for (size_t i = 0; i < rest.nr; i++) {
		uint64_t old_end = before.ram.v[before.ram.nr - 1].end, new_end = after.ram.v[after.ram.nr - 1].end;

		if (rest.v[i].range.start >= old_end)
			rest.v[i].range = (struct phys_range){ rest.v[i].range.start + new_end - old_end, rest.v[i].range.end + new_end - old_end };
	}
	write_srat(arena, m, &after, &shares, &rest);
	return NULL;
}

struct mia_error *machine_add_memory(struct arena *arena, struct machine *m, uint64_t bytes, int node, uint64_t initrd_limit, bool *guessed)
{
	uint64_t was = machine_memory_bytes(arena, m);
	struct layout before, after;
	struct srat rest = { 0 };
	struct shares shares;
	struct mia_error *error;

	if (node >= MAX_NUMNODES)
		return mia_error_new(arena, MIA_ERROR_USAGE, "node %d; the limit is %d", node, MAX_NUMNODES - 1);
	if (node > 0 && !m->has_srat)
		return mia_error_new(arena, MIA_ERROR_USAGE, "this machine has one node only; there is no node %d (--nodes makes more)", node);
	error = resize(arena, m, add_sat(was, bytes), initrd_limit, guessed, &before, &after);
	if (error || !m->has_srat)
		return error;
	shares = shares_of(arena, m, &before, &rest);
	if (node < 0 && shares.nr)
		node = shares.v[shares.nr - 1].node;
	if (shares.nr && shares.v[shares.nr - 1].node == node)
		shares.v[shares.nr - 1].end = was + bytes;
	else
		*vec_push(arena, &shares) = (struct share){ node, node, 0, was + bytes };
	write_srat(arena, m, &after, &shares, &rest);
	return NULL;
}

static void spread_cpus(struct arena *arena, struct machine *m, uint64_t nodes)
{
	m->cpu_node = arena_array(arena, int, max_u64(m->possible_cpus, 1));
	for (uint64_t i = 0; i < m->possible_cpus; i++)
		m->cpu_node[i] = (int)(i * nodes / m->possible_cpus);
	m->apic_node = (struct node_ids){ 0 };
}

struct mia_error *machine_set_nodes(struct arena *arena, struct machine *m, uint64_t nr)
{
	struct e820_table map = sorted_map(arena, m);
	struct layout l = layout_of(arena, &map);
	uint64_t bytes = ranges_bytes(&l.ram), align = bytes / max_u64(nr, 1) >= NODE_ALIGN ? NODE_ALIGN : MIB;
	struct shares shares = { 0 };
	struct srat none = { 0 };

	if (!nr || nr > MAX_NUMNODES)
		return mia_error_new(arena, MIA_ERROR_USAGE, "%" PRIu64 " nodes; there can be 1 to %d", nr, MAX_NUMNODES);
	if (bytes / nr < 4 * MIB)
		return mia_error_new(arena, MIA_ERROR_USAGE, "%" PRIu64 " nodes of less than 4 MiB each", nr);
	for (uint64_t i = 0; i < nr; i++)
		*vec_push(arena, &shares) = (struct share){ (int)i, (int)i, 0, i + 1 == nr ? bytes : align_down(bytes / nr * (i + 1), align) };
	m->srat_rejected = m->slit_invalid = false;
	m->distance = NULL;
	m->nr_distance = 0;
	m->max_node = 0;
	write_srat(arena, m, &l, &shares, &none);
	spread_cpus(arena, m, nr);
	return NULL;
}

struct mia_error *machine_set_cpus(struct arena *arena, struct machine *m, uint64_t nr)
{
	if (!nr || nr > MAX_CPUS)
		return mia_error_new(arena, MIA_ERROR_USAGE, "%" PRIu64 " CPUs; there can be 1 to %d", nr, MAX_CPUS);
	/* Fewer CPUs: the first ones stay where they are. */
	if (!m->cpu_node || nr > m->possible_cpus) {
		m->possible_cpus = (uint32_t)nr;
		spread_cpus(arena, m, m->has_srat ? (uint64_t)m->max_node + 1 : 1);
	}
	m->possible_cpus = m->online_cpus = (uint32_t)nr;
	return NULL;
}

void machine_add_cpus(struct arena *arena, struct machine *m, uint64_t nr)
{
	int *node;

	if (nr <= m->possible_cpus)
		return;
	node = arena_array(arena, int, nr);
	/* CPUs that no table names go round the nodes. Kernel: numa_init_array(). */
	for (size_t cpu = 0; m->cpu_node && cpu < nr; cpu++)
		node[cpu] = cpu < m->possible_cpus ? m->cpu_node[cpu] : (int)(cpu % (m->has_srat ? (size_t)m->max_node + 1 : 1));
	m->cpu_node = m->cpu_node ? node : NULL;
	m->possible_cpus = (uint32_t)nr;
}

void machine_set_map(struct arena *arena, struct machine *m, const struct machine *from)
{
	m->e820 = e820_copy(arena, &from->e820);
	m->e820_tag = from->e820_tag;
	m->mtrr.known = false;
}
