/*
 * stage_e820.c - the firmware map, from the boot loader's table to the end of RAM.
 *
 *   in:   machine.e820, setup_data; the command line; where the image lies
 *   out:  boot.e820 and every step of it, max_pfn, max_low_pfn, max_arch_pfn
 *   says: the map after each change, each edit, last_pfn
 *
 * Kernel: e820__memory_setup(), e820__reserve_setup_data(), parse_memopt(), parse_memmap_one(), e820__finish_early_params(),
 *         e820_add_kernel_range(), trim_bios_range() (arch/x86/kernel/e820.c, setup.c).
 */
#include "stages.h"

#define BIOS_BEGIN UINT64_C(0xa0000)
#define BIOS_END UINT64_C(0x100000)
#define PFN_4G (UINT64_C(1) << (32 - PAGE_SHIFT))
#define MAX_ARCH_PFN_4_LEVEL UINT64_C(0x400000000)
#define MAX_ARCH_PFN_5_LEVEL UINT64_C(0x10000000000)

const char *map_step_name(enum map_step step)
{
	static const char *const names[] = { "firmware", "setup_data", "command_line", "efi_mmio", "image", "bios_range", "mtrr", "quirk", "acpi_tables", "efi_tables" };

	return names[step];
}

void e820_keep_step(struct boot *b, enum map_step step)
{
	*vec_push(b->arena, &b->e820_steps) = (struct e820_step){ step, e820_copy(b->arena, &b->e820) };
}

static void sanitise(struct boot *b) { e820_update_table(b->arena, &b->e820, boot_trait(b, TRAIT_SOFT_RESERVED_APART)); }

static void say_table(struct boot *b, unsigned tag)
{
	for (size_t i = 0; i < b->e820.nr; i++) {
		const struct e820_entry *e = &b->e820.v[i];

		if (e->end <= e->start)
			continue;
		if (i && boot_trait(b, TRAIT_RANGE_TEXT) == RANGE_GAP && b->e820.v[i - 1].end < e->start)
			SAY(b, E820_GAP, tag, b->e820.v[i - 1].end, e->start);
		SAY(b, E820_ENTRY, tag, e->start, e->end, e->type);
	}
}

/* Edit the table and say so. The whole request is printed, not the part that changed. */
void e820_edit_update(struct boot *b, uint64_t start, uint64_t end, uint32_t from, uint32_t to)
{
	SAY(b, E820_UPDATE, 0, start, end, from, to);
	e820_range_update(b->arena, &b->e820, start, end, from, to);
}

void e820_edit_remove(struct boot *b, uint64_t start, uint64_t end, uint32_t type)
{
	if (boot_trait(b, TRAIT_EDIT_LINES))
		SAY(b, E820_REMOVE, type == E820_TYPE_ANY ? REMOVE_ANY : REMOVE_TYPE, start, end, type);
	e820_range_remove(b->arena, &b->e820, start, end, type);
}

static void firmware_map(struct boot *b)
{
	b->e820 = e820_copy(b->arena, &b->machine->e820);
	/* With nodes there is room for a number that the configuration decides, and that no map or command line reaches. */
	if (b->machine->arch == ARCH_I386 && !b->kernel->has_numa && b->machine->e820.nr <= E820_TABLE_ENTRIES(1))
		b->e820.limit = E820_TABLE_ENTRIES(1);
	sanitise(b);
	e820_keep_step(b, STEP_FIRMWARE);
	b->e820_kexec = e820_copy(b->arena, &b->e820);
	SAY(b, E820_BANNER, TAG_NONE, 0);
	say_table(b, b->machine->e820_tag);
}

/* How often an edit is printed depends on the kind of data, which no line names: the log that names the range tells. */
static int setup_data_lines(const struct boot *b, struct phys_range r)
{
	int lines = 0;

	for (each_fact(f, b->record ? &b->record->log : &(const struct facts){ 0 }, FACT_E820_UPDATE))
		lines += f->v[0] == r.start && f->v[1] == r.end && f->v[3] == E820_TYPE_RAM;
	return lines ? lines : boot_trait(b, TRAIT_SETUP_DATA_LINES);
}

static void setup_data(struct boot *b)
{
	if (!b->machine->setup_data.nr || !boot_trait(b, TRAIT_KERNEL_RESERVED_KERN))
		return;
	for (size_t i = 0; i < b->machine->setup_data.nr; i++) {
		struct phys_range r = b->machine->setup_data.v[i];

		for (int n = setup_data_lines(b, r); n > 1; n--)
			SAY(b, E820_UPDATE, 0, r.start, r.end, E820_TYPE_RAM, E820_TYPE_RESERVED_KERN);
		e820_edit_update(b, r.start, r.end, E820_TYPE_RAM, E820_TYPE_RESERVED_KERN);
	}
	sanitise(b);
	if (boot_trait(b, TRAIT_SETUP_DATA_SAVED))
		b->e820_kexec = e820_copy(b->arena, &b->e820);
	e820_keep_step(b, STEP_SETUP_DATA);
	SAY(b, E820_BANNER, TAG_EXTENDED, 0);
	say_table(b, TAG_SETUP_DATA);
}

static void say_last_pfn(struct boot *b, uint64_t pfn)
{
	b->announced_max_pfn = max_u64(b->announced_max_pfn, pfn);
	if (boot_trait(b, TRAIT_E820_COMMON))
		SAY(b, LAST_PFN, 0, pfn, b->max_arch_pfn);
}

static uint64_t end_of_ram(const struct boot *b, uint64_t limit_pfn)
{
	/* 32 bits of old: the end of all RAM, and then cut. */
	if (!boot_trait(b, TRAIT_E820_COMMON))
		return min_u64(e820_end_pfn(&b->e820, UINT64_MAX, false), min_u64(limit_pfn, b->max_arch_pfn));
	return e820_end_pfn(&b->e820, min_u64(limit_pfn, b->max_arch_pfn), boot_trait(b, TRAIT_LAST_PFN_ACPI));
}

static void limit_memory(struct boot *b, uint64_t bytes)
{
	/* The kernel removes ULLONG_MAX - bytes bytes, so the last byte of the address space stays. */
	e820_edit_remove(b, bytes, UINT64_MAX, E820_TYPE_RAM);
	b->user_map = true;
}

static void mem_option(struct boot *b, struct str value)
{
	uint64_t bytes = value.p && !str_is(value, "nopentium") ? str_memparse(value, NULL) : 0;

	/* "mem=0" is refused. */
	if (bytes)
		limit_memory(b, bytes);
}

/* memmap=N%S-old+new: change the type of a range, or add or remove it. */
static void memmap_convert(struct boot *b, uint64_t start, uint64_t size, struct str rest)
{
	uint64_t from = 0, to = 0;

	if (rest.n && *rest.p == '-')
		from = str_memparse(str_skip(rest, 1), &rest);
	if (rest.n && *rest.p == '+')
		to = str_memparse(str_skip(rest, 1), &rest);
	if (from && to)
		e820_edit_update(b, start, add_sat(start, size), (uint32_t)from, (uint32_t)to);
	else if (to)
		e820_range_add(b->arena, &b->e820, start, add_sat(start, size), (uint32_t)to, 0);
	else if (from)
		e820_edit_remove(b, start, add_sat(start, size), (uint32_t)from);
	else
		e820_edit_remove(b, start, add_sat(start, size), E820_TYPE_ANY);
}

static void memmap_one(struct boot *b, struct str value)
{
	int forms = boot_trait(b, TRAIT_MEMMAP_OPTION);
	struct str rest;
	uint64_t size, start;
	char kind;

	if (str_is(value, "exactmap")) {
		if (boot_trait(b, TRAIT_EXACTMAP_LAST_PFN))
			say_last_pfn(b, end_of_ram(b, b->max_arch_pfn));
		b->e820.nr = 0;
		b->user_map = true;
		return;
	}
	size = str_memparse(value, &rest);
	if (rest.p == value.p)
		return;
	b->user_map = true;
	kind = rest.n ? *rest.p : '\0';
	if ((kind == '!' && forms < MEMMAP_PRAM) || (kind == '%' && forms < MEMMAP_CONVERT))
		kind = '\0';
	start = kind ? str_memparse(str_skip(rest, 1), &rest) : 0;
	if (kind == '@')
		e820_range_add(b->arena, &b->e820, start, add_sat(start, size), E820_TYPE_RAM, 0);
	else if (kind == '#')
		e820_range_add(b->arena, &b->e820, start, add_sat(start, size), E820_TYPE_ACPI, 0);
	else if (kind == '$')
		e820_range_add(b->arena, &b->e820, start, add_sat(start, size), E820_TYPE_RESERVED, 0);
	else if (kind == '!')
		e820_range_add(b->arena, &b->e820, start, add_sat(start, size), E820_TYPE_PRAM, 0);
	else if (kind == '%')
		memmap_convert(b, start, size, rest);
	else
		limit_memory(b, size);
}

/* Options act on the table in the order in which they stand. */
static void early_options(struct boot *b)
{
	for (size_t i = 0; i < b->cmdline->nr; i++) {
		struct str value = b->cmdline->v[i].value, one;

		if (cmdline_same(b->cmdline->v[i].name, "mem"))
			mem_option(b, value);
		else if (cmdline_same(b->cmdline->v[i].name, "memmap") && value.p)
			while (str_cut(&value, ',', &one))
				memmap_one(b, one);
	}
}

/*
 * A log with a map that the user defined, though nothing on the command line defines one (a patched kernel, a command line that
 * was edited): it is taken as it stands.
 */
static void take_user_map(struct boot *b)
{
	for (each_fact(f, b->record ? &b->record->log : &(const struct facts){ 0 }, FACT_E820_ENTRY)) {
		if (f->tag != TAG_USER)
			continue;
		if (!b->user_map_taken)
			b->e820.nr = 0;
		b->user_map = b->user_map_taken = true;
		e820_range_add(b->arena, &b->e820, f->v[0], f->v[1], (uint32_t)f->v[2], f->line);
	}
}

/* Kernel: e820__finish_early_params(). */
static void finish_options(struct boot *b)
{
	/* Of options that a log has no room for, the map tells. */
	if (!b->user_map || b->cmdline->cut)
		take_user_map(b);
	if (!b->user_map)
		return;
	sanitise(b);
	e820_keep_step(b, STEP_COMMAND_LINE);
	SAY(b, E820_BANNER, TAG_USER, 0);
	say_table(b, TAG_USER);
}

/* EFI's MMIO ranges leave the map, unless they are small. */
static void remove_mmio(struct boot *b)
{
	if (!b->machine->mmio_removed.nr || !boot_trait(b, TRAIT_EFI_REMOVE_MMIO))
		return;
	for (size_t i = 0; i < b->machine->mmio_removed.nr; i++)
		e820_edit_remove(b, b->machine->mmio_removed.v[i].start, b->machine->mmio_removed.v[i].end, E820_TYPE_RESERVED);
	e820_keep_step(b, STEP_EFI_MMIO);
}

/* The image must be RAM, whatever the map says. */
static void add_kernel_range(struct boot *b)
{
	uint64_t start = b->image.start, end = b->image_limit;
	/* Of a boot that happened, the log says whether it was; one that has not is at the place that was chosen for it. */
	bool placed = b->kernel_base_known || b->machine->image_not_ram || !b->record;

	/* A map that is not there, since the log lost it, is not mended. */
	if (!b->e820.nr || !placed || !boot_trait(b, TRAIT_KERNEL_RANGE) || end <= start)
		return;
	if (e820_mapped_all(&b->e820, start, end, E820_TYPE_RAM))
		return;
	SAY(b, KERNEL_NOT_RAM, 0, 0);
	/* A guessed place is nothing to print. */
	if (b->kernel_base_known)
		e820_edit_remove(b, start, end, E820_TYPE_ANY);
	else
		e820_range_remove(b->arena, &b->e820, start, end, E820_TYPE_ANY);
	e820_range_add(b->arena, &b->e820, start, end, E820_TYPE_RAM, 0);
	e820_keep_step(b, STEP_IMAGE);
}

/* Bytes that the BIOS range is cut by at its front. */
static uint64_t bios_page_end(const struct boot *b) { return boot_trait(b, TRAIT_LOW_64K) == LOW_64K_E820 ? 64 * KIB : PAGE_SIZE; }

/*
 * The first page holds BIOS data, and 640 KiB to 1 MiB never is RAM. From 2.6.37 to 3.8 the lowest 64 KiB are reserved in the
 * map (reservelow=) instead of in memblock.
 */
static void trim_bios(struct boot *b)
{
	if (!boot_trait(b, TRAIT_TRIM_BIOS))
		return;
	e820_edit_update(b, 0, bios_page_end(b), E820_TYPE_RAM, E820_TYPE_RESERVED);
	e820_edit_remove(b, BIOS_BEGIN, BIOS_END, E820_TYPE_RAM);
	sanitise(b);
	e820_keep_step(b, STEP_BIOS_RANGE);
}

bool e820_already_said(const struct boot *b, const struct fact *f, enum stage_id by)
{
	for (size_t i = 0; i < b->said.nr; i++) {
		const struct fact *s = &b->said.v[i].fact;

		if (b->said.v[i].stage == by && s->kind == f->kind && s->v[0] == f->v[0] && s->v[1] == f->v[1])
			return true;
	}
	return false;
}

/*
 * Edits for which the model has no cause (quirks, GART, tables that firmware drivers keep) are input. Those before the end of RAM
 * is taken decide what RAM is; the later ones come with a reservation, see efi_run().
 */
static void input_edit(struct boot *b, struct map_edit edit)
{
	*vec_push(b->arena, &b->input_edits) = edit;
	e820_edit_update(b, edit.range.start, edit.range.end, edit.from, edit.to);
	sanitise(b);
}

/* The edit of trim_bios() in the log; NULL if it is not there. */
static const struct fact *trim_line(const struct boot *b)
{
	for (each_fact(f, b->record ? &b->record->log : &(const struct facts){ 0 }, FACT_E820_UPDATE))
		if (!f->v[0] && f->v[1] == bios_page_end(b) && f->v[2] == E820_TYPE_RAM && f->v[3] == E820_TYPE_RESERVED)
			return f;
	return NULL;
}

/* Those of the log up to @until, or those that are left. */
static void input_edits(struct boot *b, const struct fact *until)
{
	const struct fact *end = b->record ? record_map_end(b->record) : NULL;

	for (size_t i = 0; !b->record && !until && i < b->machine->edits.nr; i++)
		if (!b->machine->edits.v[i].late)
			input_edit(b, b->machine->edits.v[i]);
	if (!end)
		return;
	for (each_fact(f, &b->record->log, FACT_E820_UPDATE)) {
		if (f > end || f == until)
			return;
		if (f->v[2] == E820_TYPE_RAM && f->v[3] != E820_TYPE_RAM && f->v[3] != E820_TYPE_UNKNOWN && !e820_already_said(b, f, STAGE_E820))
			input_edit(b, (struct map_edit){ { f->v[0], f->v[1] }, (uint32_t)f->v[2], (uint32_t)f->v[3], false });
	}
}

static uint64_t max_arch_pfn(const struct boot *b)
{
	if (b->machine->arch == ARCH_I386)
		return boot_trait(b, TRAIT_PAE) ? UINT64_C(1) << 24 : UINT64_C(1) << 20;
	return b->five_level ? MAX_ARCH_PFN_5_LEVEL : MAX_ARCH_PFN_4_LEVEL;
}

void e820_end_of_ram(struct boot *b)
{
	b->max_pfn = end_of_ram(b, b->max_arch_pfn);
	say_last_pfn(b, b->max_pfn);
}

#define VMALLOC_DEFAULT (128 * MIB)
#define VMALLOC_OFFSET (8 * MIB)

/* What is asked for, and the hole that guards it. Kernel: parse_vmalloc(). */
uint64_t vmalloc_reserve(struct str option) { return max_u64(str_memparse(option, NULL), VMALLOC_DEFAULT) + VMALLOC_OFFSET; }

/* 32 bits: what the kernel can reach directly ends where vmalloc's part of the address space begins. */
static uint64_t low_ram_limit_pfn(const struct boot *b)
{
	const struct cmdline_option *vmalloc = cmdline_last(b->cmdline, "vmalloc");
	uint64_t limit = is_known(b->kernel->low_ram_limit) ? b->kernel->low_ram_limit.v : UINT64_C(0x373fe000);

	/* Nothing was kept for fixed maps and guards. */
	if (!boot_trait(b, TRAIT_E820_COMMON))
		return PFN_DOWN(sub_sat(GIB, vmalloc && vmalloc->value.p ? str_memparse(vmalloc->value, NULL) : VMALLOC_DEFAULT));
	if (vmalloc && vmalloc->value.p && b->kernel->low_ram_limit.known != KNOWN_SAID)
		limit = sub_sat(limit + VMALLOC_DEFAULT, vmalloc_reserve(vmalloc->value));
	return PFN_DOWN(limit);
}

#define LOWMEM_LEAST_PFN PFN_DOWN(64 * MIB)

/* highmem=SIZE: so much is HighMem, even where all could be reached. Kernel: lowmem_pfn_init(), highmem_pfn_init(). */
static void highmem_option(struct boot *b)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "highmem");
	uint64_t pages = o && o->value.p ? PFN_DOWN(str_memparse(o->value, NULL)) : 0;

	if (!o || !o->value.p || !boot_trait(b, TRAIT_ZONE_HIGHMEM))
		return;
	if (b->max_pfn > b->max_low_pfn)
		b->max_pfn = min_u64(b->max_pfn, b->max_low_pfn + pages);
	else if (pages < b->max_pfn && b->max_low_pfn - pages >= LOWMEM_LEAST_PFN)
		b->max_low_pfn -= pages;
}

void e820_low_end(struct boot *b)
{
	b->max_possible_pfn = b->max_pfn;
	if (b->machine->arch == ARCH_I386) {
		b->max_low_pfn = min_u64(b->max_pfn, low_ram_limit_pfn(b));
		highmem_option(b);
		if (!boot_trait(b, TRAIT_ZONE_HIGHMEM))
			b->max_pfn = b->max_low_pfn;
		return;
	}
	b->max_low_pfn = b->max_pfn;
	if (b->max_pfn > PFN_4G) {
		b->max_low_pfn = end_of_ram(b, PFN_4G);
		say_last_pfn(b, b->max_low_pfn);
	}
}

uint64_t e820_low_ram_pages(const struct boot *b)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		struct phys_range r = { b->memblock.memory.v[i].base, b->memblock.memory.v[i].end };

		pages += pfn_len(pfn_clip(pfn_inside(r), (struct pfn_range){ 0, PFN_4G }));
	}
	return pages;
}

/* Kernel: kvm_init_platform() (arch/x86/kernel/kvm.c). */
static void kvm_low_end(struct boot *b)
{
	if (boot_trait(b, TRAIT_LOW_END_KVM) && str_is(b->machine->hypervisor_name, "KVM"))
		say_last_pfn(b, end_of_ram(b, PFN_4G));
}

void e820_run(struct boot *b)
{
	bool late = boot_trait(b, TRAIT_SETUP_DATA_LATE);

	b->max_arch_pfn = max_arch_pfn(b);
	firmware_map(b);
	if (!late)
		setup_data(b);
	early_options(b);
	if (late)
		setup_data(b);
	finish_options(b);
	remove_mmio(b);
	kvm_low_end(b);
	add_kernel_range(b);
	if (trim_line(b))
		input_edits(b, trim_line(b));
	trim_bios(b);
	input_edits(b, NULL);
	e820_end_of_ram(b);
}
