/* kaslr_slots.c - see kaslr_slots.h. */
#include "kaslr_slots.h"

#include "mia/arena.h"
#include "mia/boot.h"
#include "mia/ranges.h"

#define LIMIT_32 (512 * MIB)
#define LIMIT_OLD GIB
/* As many areas are kept; what comes behind them is not considered. */
#define MAX_AREAS 100
#define MAX_MEMMAP_REGIONS 4
/* Part of _end that no profile counts: brk's spare pages. */
#define SPARE_BYTES (128 * KIB)
/* While it unpacks, the packed kernel stands at the end of the place the unpacked one was meant for. Packed it is about a quarter. */
#define PACKED_SHARE 4

struct chooser {
	struct arena *arena;
	const struct machine *machine;
	const struct kernel *kernel;
	struct phys_ranges *ret;
	int rules;
	uint64_t image, lowest, limit;
	uint64_t gigantic;          /* 1 GiB pages asked for that are still to be left alone */
	bool too_many;              /* memmap= ranges: then nothing is random */
	struct phys_ranges avoid;
	size_t nr_memmap;
};

bool kaslr_is_random(const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline)
{
	(void)machine;
	return trait(&kernel->traits, TRAIT_KASLR_IMAGE) != KASLR_FIXED && !cmdline_has(cmdline, "nokaslr");
}

/* --- what is left alone --- */

static void avoid(struct chooser *c, uint64_t start, uint64_t end)
{
	if (end > start)
		*vec_push(c->arena, &c->avoid) = (struct phys_range){ start, end };
}

/* One range of memmap=; without a place it is a limit, and a form that this code does not know counts as one without a place. */
static bool memmap_range(struct chooser *c, struct str one)
{
	struct str rest;
	uint64_t size, start = 0;

	if (str_starts(one, STR("exactmap")))
		return false;
	size = str_memparse(one, &rest);
	if (rest.p == one.p)
		return false;
	if (rest.n && (*rest.p == '#' || *rest.p == '$' || *rest.p == '!'))
		start = str_memparse(str_skip(rest, 1), NULL);
	else if (rest.n && *rest.p == '@')
		size = 0;
	if (start) {
		avoid(c, start, add_sat(start, size));
		c->nr_memmap++;
	} else if (size && size < c->limit) {
		c->limit = size;
	}
	return true;
}

static void memmap_option(struct chooser *c, struct str value)
{
	struct str one;

	while (value.n && c->nr_memmap < MAX_MEMMAP_REGIONS) {
		str_cut(&value, ',', &one);
		if (!memmap_range(c, one))
			return;
	}
	c->too_many |= c->nr_memmap >= MAX_MEMMAP_REGIONS && value.n;
}

static void read_options(struct chooser *c, const struct cmdline *cmdline)
{
	bool gigantic = false;

	for (size_t i = 0; i < cmdline->nr; i++) {
		const struct cmdline_option *o = &cmdline->v[i];
		uint64_t bytes;

		if (!o->value.p)
			continue;
		bytes = str_memparse(o->value, NULL);
		if (c->rules >= KASLR_RULES_MEMMAP && cmdline_same(o->name, "memmap"))
			memmap_option(c, o->value);
		else if (c->rules >= KASLR_RULES_MEMMAP && cmdline_same(o->name, "mem") && bytes && bytes < c->limit)
			c->limit = bytes;
		else if (c->rules >= KASLR_RULES_GIGANTIC && cmdline_same(o->name, "hugepagesz"))
			gigantic = bytes == GIGANTIC_BYTES;
		else if (c->rules >= KASLR_RULES_GIGANTIC && cmdline_same(o->name, "hugepages") && gigantic)
			c->gigantic = bytes;
	}
}

static void read_loader(struct chooser *c)
{
	const struct kernel *k = c->kernel;
	uint64_t sections = (k->code_kib.v + k->rodata_kib.v + k->rwdata_kib.v + k->init_kib.v) * KIB, end = LOAD_ADDRESS + c->image;

	avoid(c, c->machine->ramdisk.start, c->machine->ramdisk.end);
	for (size_t i = 0; i < c->machine->setup_data.nr; i++)
		avoid(c, c->machine->setup_data.v[i].start, c->machine->setup_data.v[i].end);
	/* EFI's loader puts it elsewhere. */
	if (c->machine->firmware != FIRMWARE_EFI)
		avoid(c, end - min_u64(sections / PACKED_SHARE, c->image), end);
}

/* --- regions --- */

/* Kernel: store_slot_info(). */
static void store(struct chooser *c, uint64_t start, uint64_t end)
{
	uint64_t last = align_down(end - c->image, KASLR_ALIGN);

	start = align_up(start, KASLR_ALIGN);
	if (end >= start + c->image && c->ret->nr < MAX_AREAS)
		*vec_push(c->arena, c->ret) = (struct phys_range){ start, last + KASLR_ALIGN };
}

/* Whole GiB are left for the pages that were asked for. Kernel: process_gb_huge_pages(). */
static void store_around_gigantic(struct chooser *c, uint64_t start, uint64_t end)
{
	uint64_t first = align_up(start, GIGANTIC_BYTES), left = first < end ? end - first : 0, skipped = 0;

	while (left > GIGANTIC_BYTES && c->gigantic) {
		left -= GIGANTIC_BYTES;
		skipped += GIGANTIC_BYTES;
		c->gigantic--;
	}
	if (!skipped) {
		store(c, start, end);
		return;
	}
	if (first >= start + c->image)
		store(c, start, first);
	if (left >= c->image)
		store(c, first + skipped, end);
}

/* The first thing to avoid inside [start, end). Kernel: mem_avoid_overlap(). */
static bool first_obstacle(const struct chooser *c, uint64_t start, uint64_t end, struct phys_range *ret)
{
	bool found = false;

	for (size_t i = 0; i < c->avoid.nr; i++) {
		struct phys_range r = c->avoid.v[i];

		if (r.start < end && r.end > start && (!found || r.start < ret->start)) {
			*ret = r;
			found = true;
		}
	}
	return found;
}

/* Kernel: process_mem_region(). */
static void process_region(struct chooser *c, uint64_t start, uint64_t end)
{
	struct phys_range obstacle = { 0, 0 };

	start = max_u64(start, c->lowest);
	end = min_u64(end, c->limit);
	while (c->ret->nr < MAX_AREAS) {
		start = align_up(start, KASLR_ALIGN);
		if (start >= end || end - start < c->image)
			return;
		if (!first_obstacle(c, start, end, &obstacle)) {
			store_around_gigantic(c, start, end);
			return;
		}
		if (obstacle.start >= start + c->image)
			store_around_gigantic(c, start, obstacle.start);
		start = obstacle.end;
	}
}

/* Memory that cannot be unplugged, where that is to be told apart. */
static void process_immovable(struct chooser *c, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < c->machine->srat.nr; i++) {
		struct phys_range r = phys_clip((struct phys_range){ start, end }, c->machine->srat.v[i].range);

		if (!(c->machine->srat.v[i].flags & SRAT_HOT_PLUGGABLE) && phys_len(r))
			process_region(c, r.start, r.end);
	}
}

static uint64_t highest_place(const struct machine *machine, const struct kernel *kernel)
{
	if (machine->arch == ARCH_I386)
		return LIMIT_32;
	return trait(&kernel->traits, TRAIT_KASLR_IMAGE) == KASLR_LOW ? LIMIT_OLD : PHYS_LIMIT;
}

static uint64_t image_bytes(const struct kernel *k)
{
	uint64_t brk = k->arch == ARCH_I386 ? boot_brk_section_32(&k->traits) : k->image.brk.v + SPARE_BYTES;
	uint64_t bytes = is_known(k->image.span) ? k->image.span.v + brk : 32 * MIB;

	return k->arch == ARCH_I386 ? bytes : align_up(bytes, KASLR_ALIGN);
}

/*
 * Free memory as the firmware's map shows it. EFI's own has holes where this boot's loader put the kernel; in another boot they
 * are free.
 */
static void list_free(struct chooser *c, struct phys_ranges *ret)
{
	const struct machine *m = c->machine;

	if (m->efi.nr && c->rules >= KASLR_RULES_EFI) {
		for (size_t i = 0; i < m->efi.nr; i++)
			if (m->efi.v[i].type == EFI_CONVENTIONAL || m->efi.v[i].type == EFI_LOADER_CODE)
				ranges_add(c->arena, ret, m->efi.v[i].range);
		return;
	}
	for (size_t i = 0; i < m->e820.nr; i++)
		if (m->e820.v[i].type == E820_TYPE_RAM)
			*vec_push(c->arena, ret) = (struct phys_range){ m->e820.v[i].start, m->e820.v[i].end };
}

void kaslr_slots(struct arena *arena, const struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, struct phys_ranges *ret)
{
	struct chooser c = {
		.arena = arena, .machine = machine, .kernel = kernel, .ret = ret, .rules = trait(&kernel->traits, TRAIT_KASLR_RULES),
		.image = image_bytes(kernel), .lowest = LOAD_ADDRESS, .limit = highest_place(machine, kernel),
	};
	struct phys_ranges free = { 0 };
	bool immovable;

	read_options(&c, cmdline);
	read_loader(&c);
	immovable = c.rules >= KASLR_RULES_IMMOVABLE && cmdline_has(cmdline, "movable_node") && machine->srat.nr;
	list_free(&c, &free);
	for (size_t i = 0; i < free.nr && !c.too_many; i++) {
		if (immovable)
			process_immovable(&c, free.v[i].start, free.v[i].end);
		else
			process_region(&c, free.v[i].start, free.v[i].end);
	}
}

void kaslr_brk_borders(struct arena *arena, const struct boot *b, struct phys_ranges *ret)
{
	uint64_t end = b->brk_pool_end - b->kernel_base;

	for (size_t i = 0; i < b->direct_steps.nr && phys_len(b->brk); i++) {
		uint64_t base = align_up(sub_sat(b->direct_steps.v[i].start, end) + 1, KASLR_ALIGN);

		ranges_add(arena, ret, (struct phys_range){ base, base + 1 });
	}
}

void kaslr_cut(struct arena *arena, const struct phys_ranges *places, const struct phys_ranges *borders, struct phys_ranges *ret)
{
	for (size_t i = 0; i < places->nr; i++) {
		struct phys_range r = places->v[i];

		for (size_t k = ranges_search(borders, r.start + 1); k < borders->nr && borders->v[k].start < r.end; k++) {
			*vec_push(arena, ret) = (struct phys_range){ r.start, borders->v[k].start };
			r.start = borders->v[k].start;
		}
		*vec_push(arena, ret) = r;
	}
}
