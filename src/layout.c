/*
 * layout.c - see layout.h.
 */
#include "mia/layout.h"

#include <string.h>

#include "kconfig.h"
#include "mia/arena.h"

static const struct {
	const char *name, *title;
} areas[NR_AREAS] = {
	[AREA_USER] = { "user", "user space" },
	[AREA_GUARD] = { "guard", "guard hole, kept for hypervisors" },
	[AREA_LDT] = { "ldt", "LDT of each process, seen with split page tables" },
	[AREA_DIRECT_MAP] = { "direct_map", "direct map of physical memory" },
	[AREA_VMALLOC] = { "vmalloc", "vmalloc and ioremap" },
	[AREA_VMEMMAP] = { "vmemmap", "struct pages" },
	[AREA_CPU_ENTRY] = { "cpu_entry", "CPU entry areas" },
	[AREA_ESPFIX] = { "espfix", "stacks for 16-bit segments" },
	[AREA_EFI] = { "efi", "EFI runtime services" },
	[AREA_TEXT] = { "text", "kernel image" },
	[AREA_MODULES] = { "modules", "modules" },
	[AREA_FIXMAP] = { "fixmap", "fixmap" },
	[AREA_VSYSCALL] = { "vsyscall", "vsyscall page" },
	[AREA_PKMAP] = { "pkmap", "permanent maps of high memory" },
	[AREA_HOLE] = { "hole", "unused" },
};

const char *layout_area_name(enum layout_area area) { return areas[area].name; }
const char *layout_area_title(enum layout_area area) { return areas[area].title; }

/* --- what the input shows --- */

static struct layout_base shown(uint64_t v, uint32_t line) { return (struct layout_base){ LAYOUT_SHOWN, v, SOURCE_DMESG, line }; }

/* Lines of old kernels give one address twice: as the direct map has it, and as it is. */
static bool page_offset_line(const struct facts *log, struct layout_base *ret)
{
	const struct fact *trampoline = facts_first(log, FACT_TRAMPOLINE), *old = facts_first(log, FACT_MPTABLE_OLD);
	uint64_t virt;

	if (trampoline && trampoline->v[0] > trampoline->v[1]) {
		*ret = shown(trampoline->v[0] - trampoline->v[1], trampoline->line);
		return true;
	}
	if (old && old->v[0] > old->v[1]) {
		*ret = shown(old->v[0] - old->v[1], old->line);
		return true;
	}
	for (each_fact(f, log, FACT_MPTABLE)) {
		if (f->tag == 1 && str_to_u64(f->s[0], 16, &virt) && virt > f->v[0]) {
			*ret = shown(virt - f->v[0], f->line);
			return true;
		}
	}
	return false;
}

static const struct fact *area_line(const struct boot *b, enum layout_tag tag)
{
	if (b->record)
		for (each_fact(f, &b->record->log, FACT_LAYOUT))
			if (f->tag == tag)
				return f;
	return NULL;
}

/* kernel_page_tables names its parts. */
static bool mark_of(const struct boot *b, const char *name, struct layout_base *ret)
{
	for (size_t i = 0; b->record && i < b->record->page_tables.nr; i++) {
		const struct layout_mark *m = &b->record->page_tables.v[i];

		if (!str_is(m->name, name))
			continue;
		*ret = (struct layout_base){ LAYOUT_SHOWN, m->start, SOURCE_DIRECT_MAP, m->line };
		return true;
	}
	return false;
}

/* --- 64 bits --- */

/* An area with a size, the last one up to its last byte. */
struct fixed_area {
	enum layout_area area;
	uint64_t start, bytes;
};

static void add_area(struct arena *arena, struct layout *l, enum layout_area area, uint64_t start, uint64_t bytes, bool is_random)
{
	if (bytes)
		*vec_push(arena, l) = (struct layout_range){ area, start, add_sat(start, bytes), is_random };
}

#define HIGH_START UINT64_C(0xffffffff80000000)
#define LINK_OFFSET (16 * MIB)
#define IMAGE_SMALL (512 * MIB)
#define IMAGE_LARGE GIB
#define MODULES_END UINT64_C(0xffffffffff000000)
#define FIXADDR_TOP_OLD UINT64_C(0xffffffffffdff000)
#define FIXADDR_TOP_NEW UINT64_C(0xffffffffff7ff000)
#define VSYSCALL UINT64_C(0xffffffffff600000)
/* Lowest fixmap page that any configuration has, rounded to what a page table page maps. */
#define FIXMAP_BYTES (8 * MIB)

struct bases {
	uint64_t page_offset, direct_bytes, vmalloc, vmalloc_bytes, vmemmap, vmemmap_bytes, ldt, ldt_bytes;
};

static struct bases bases_64(const struct boot *b)
{
	bool moved = boot_trait(b, TRAIT_LDT_REMAP);

	if (b->five_level)
		return (struct bases){
			moved ? UINT64_C(0xff11000000000000) : UINT64_C(0xff10000000000000), UINT64_C(1) << 55,
			UINT64_C(0xffa0000000000000), 12800 * TIB, UINT64_C(0xffd4000000000000), 512 * TIB,
			UINT64_C(0xff10000000000000), moved ? 256 * TIB : 0,
		};
	return (struct bases){
		moved ? UINT64_C(0xffff888000000000) : UINT64_C(0xffff880000000000), 64 * TIB,
		UINT64_C(0xffffc90000000000), 32 * TIB, UINT64_C(0xffffea0000000000), TIB,
		UINT64_C(0xffff880000000000), moved ? 512 * GIB : 0,
	};
}

static bool memory_random(const struct boot *b)
{
	return boot_trait(b, TRAIT_KASLR_MEMORY) && !cmdline_has(b->cmdline, "nokaslr") && config_of(b->record, STR("CONFIG_RANDOMIZE_MEMORY")) != CONFIG_NO;
}

static bool image_random(const struct boot *b)
{
	return boot_trait(b, TRAIT_KASLR_IMAGE) != KASLR_FIXED && !cmdline_has(b->cmdline, "nokaslr") && config_of(b->record, STR("CONFIG_RANDOMIZE_BASE")) != CONFIG_NO;
}

static struct layout_base fixed_or_unknown(bool random, uint64_t v) { return (struct layout_base){ random ? LAYOUT_UNKNOWN : LAYOUT_FIXED, v, SOURCE_DMESG, 0 }; }

static void find_bases(const struct boot *b, const struct bases *bases, struct layout *l)
{
	l->page_offset = fixed_or_unknown(l->memory_random, bases->page_offset);
	l->vmalloc = fixed_or_unknown(l->memory_random, bases->vmalloc);
	l->vmemmap = fixed_or_unknown(l->memory_random, bases->vmemmap);
	if (b->record)
		page_offset_line(&b->record->log, &l->page_offset);
	mark_of(b, "Low Kernel Mapping", &l->page_offset);
	mark_of(b, "vmalloc() Area", &l->vmalloc);
	mark_of(b, "Vmemmap", &l->vmemmap);
}

/*
 * The image's virtual place. To 4.7 one random offset moves both addresses; later each has its own, and only an oops tells the
 * virtual one.
 */
static void find_text(const struct boot *b, struct layout *l)
{
	const struct fact *offset = b->record ? facts_last(&b->record->log, FACT_KASLR_OFFSET) : NULL;
	enum config config = config_of(b->record, STR("CONFIG_RANDOMIZE_BASE"));

	l->link_address = HIGH_START + LINK_OFFSET;
	l->text = fixed_or_unknown(l->text_random, l->link_address);
	if (offset)
		l->text = shown(offset->v[1] + offset->v[0], offset->line);
	else if (l->text_random && boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_LOW && b->kernel_base_known)
		l->text = (struct layout_base){ LAYOUT_FIXED, HIGH_START + b->kernel_base, SOURCE_DMESG, 0 };
	/* Where a kernel may be anywhere in its area, the area is twice as large. */
	l->text_start = HIGH_START;
	if (config == CONFIG_UNKNOWN)
		config = boot_trait(b, TRAIT_KASLR_IMAGE) == KASLR_FIXED ? CONFIG_NO : CONFIG_YES;
	l->text_end = HIGH_START + (config == CONFIG_NO ? IMAGE_SMALL : IMAGE_LARGE);
}

static void add_areas_64(struct arena *arena, const struct boot *b, const struct bases *bases, struct layout *l)
{
	uint64_t half = UINT64_C(1) << (l->bits - 1);
	bool entry = boot_trait(b, TRAIT_CPU_ENTRY_AREA);

	add_area(arena, l, AREA_USER, 0, half, false);
	add_area(arena, l, AREA_GUARD, 0 - half, (bases->ldt_bytes ? bases->ldt : bases->page_offset) - (0 - half), false);
	add_area(arena, l, AREA_LDT, bases->ldt, bases->ldt_bytes, false);
	if (l->page_offset.basis != LAYOUT_UNKNOWN)
		add_area(arena, l, AREA_DIRECT_MAP, l->page_offset.v, l->memory_random ? align_up(PFN_PHYS(b->max_pfn), GIB) : bases->direct_bytes, l->memory_random);
	if (l->vmalloc.basis != LAYOUT_UNKNOWN)
		add_area(arena, l, AREA_VMALLOC, l->vmalloc.v, bases->vmalloc_bytes, l->memory_random);
	if (l->vmemmap.basis != LAYOUT_UNKNOWN)
		add_area(arena, l, AREA_VMEMMAP, l->vmemmap.v, bases->vmemmap_bytes, l->memory_random);
	add_area(arena, l, AREA_CPU_ENTRY, UINT64_C(0xfffffe0000000000), entry ? 512 * GIB : 0, false);
	add_area(arena, l, AREA_ESPFIX, UINT64_C(0xffffff0000000000), 512 * GIB, false);
	add_area(arena, l, AREA_EFI, UINT64_C(0xffffffef00000000), 64 * GIB, false);
	add_area(arena, l, AREA_TEXT, l->text_start, l->text_end - l->text_start, false);
	add_area(arena, l, AREA_MODULES, l->text_end, MODULES_END - l->text_end, false);
	add_area(arena, l, AREA_FIXMAP, l->slot_window_start, VSYSCALL - l->slot_window_start, false);
	add_area(arena, l, AREA_VSYSCALL, VSYSCALL, PAGE_SIZE, false);
}

/* --- early_ioremap()'s slots --- */

/*
 * The slots lie below the permanent entries. Their 256 or 512 pages must share a page table page: to 2.6.34 they are always
 * rounded up to their own size, later only if they would cross a border.
 */
void layout_place_slots(struct layout *l, uint64_t permanent_end, bool always_rounded, unsigned entries_per_table)
{
	uint64_t total = (uint64_t)l->slots * EARLY_SLOT_PAGES, begin = permanent_end;
	bool crosses = (permanent_end ^ (permanent_end + total - 1)) & ~(uint64_t)(entries_per_table - 1);

	if (always_rounded || crosses)
		begin = permanent_end + total - (permanent_end & (total - 1));
	l->slot_base = (struct layout_base){ LAYOUT_FIXED, l->fixaddr_top - (begin + total - 1) * PAGE_SIZE, SOURCE_DMESG, 0 };
	l->slot_doubt = NULL;
}

/* 128 IO APICs, and the local APIC, consoles, text patching, paravirt and the like, of which every configuration has some. */
#define OTHER_ENTRIES_LEAST 130
#define OTHER_ENTRIES_MOST 160
/* Clocks of that many CPUs share a page. */
#define PVCLOCKS_PER_PAGE 64

/*
 * Index of the last permanent entry lies between two bounds; if both lead to the same place, it is known. The vsyscall area comes
 * first (2048 entries to 3.15, 512 after); from 4.12 to 4.14 each possible CPU's GDT is in it as well, from 3.8 to 4.4 the
 * clocks that a hypervisor gives the CPUs.
 */
static void place_slots_64(const struct boot *b, struct layout *l)
{
	uint64_t first = (l->fixaddr_top - VSYSCALL) / PAGE_SIZE + 1, gdts = boot_trait(b, TRAIT_FIXMAP_GDT) ? b->kernel->nr_cpus.v : 0;
	uint64_t clocks = boot_trait(b, TRAIT_FIXMAP_PVCLOCK) ? div_up(b->kernel->nr_cpus.v, PVCLOCKS_PER_PAGE) : 0;
	bool rounded = !boot_trait(b, TRAIT_EARLY_SLOTS_TIGHT);
	struct layout low = *l;

	layout_place_slots(&low, first + gdts + OTHER_ENTRIES_LEAST, rounded, 512);
	layout_place_slots(l, first + gdts + clocks + OTHER_ENTRIES_MOST, rounded, 512);
	l->slot_window_start = align_down(min_u64(l->slot_base.v, low.slot_base.v), 2 * MIB);
	l->slot_window_end = align_up(max_u64(l->slot_base.v, low.slot_base.v) + l->slots * EARLY_SLOT_PAGES * PAGE_SIZE, 2 * MIB);
	if (l->slot_base.v == low.slot_base.v && !(boot_trait(b, TRAIT_FIXMAP_GDT) && !is_known(b->kernel->nr_cpus)))
		return;
	l->slot_base = (struct layout_base){ LAYOUT_UNKNOWN, l->slot_base.v, SOURCE_DMESG, 0 };
	l->slot_doubt = "the slots follow the permanent fixmap entries, whose number the configuration decides";
}

static void layout_64(struct arena *arena, const struct boot *b, struct layout *l)
{
	struct bases bases = bases_64(b);

	l->levels = b->five_level ? 5 : 4;
	l->bits = b->five_level ? 57 : 48;
	l->memory_random = memory_random(b);
	l->text_random = image_random(b);
	l->random_start = bases.page_offset;
	l->random_end = UINT64_C(0xfffffe0000000000);
	l->fixaddr_top = boot_trait(b, TRAIT_FIXADDR_TOP) ? FIXADDR_TOP_NEW : FIXADDR_TOP_OLD;
	find_bases(b, &bases, l);
	find_text(b, l);
	place_slots_64(b, l);
	add_areas_64(arena, b, &bases, l);
}

/* --- 32 bits --- */

#define PAGE_OFFSET_32 UINT64_C(0xc0000000)
#define FIXADDR_TOP_32 UINT64_C(0xfffff000)
#define END_32 (UINT64_C(1) << 32)

static void add_line_area(struct arena *arena, const struct boot *b, struct layout *l, enum layout_tag tag, enum layout_area area)
{
	const struct fact *f = area_line(b, tag);

	if (f && f->v[1] > f->v[0])
		add_area(arena, l, area, f->v[0], f->v[1] - f->v[0], false);
}

static void place_slots_32(const struct boot *b, struct layout *l)
{
	const struct fact *f = area_line(b, LAYOUT_FIXMAP);

	l->fixaddr_top = f ? f->v[1] : FIXADDR_TOP_32;
	l->slot_window_start = l->slot_base.v = l->fixaddr_top - 8 * MIB;
	l->slot_window_end = l->fixaddr_top;
	l->slot_doubt = "the slots follow the permanent fixmap entries, whose number depends on NR_CPUS; kernels to 5.4 print where they end";
	if (f && f->v[1] > f->v[0])
		layout_place_slots(l, (f->v[1] - f->v[0]) / PAGE_SIZE, !boot_trait(b, TRAIT_EARLY_SLOTS_TIGHT), boot_trait(b, TRAIT_PAE) ? 512 : 1024);
}

static void layout_32(struct arena *arena, const struct boot *b, struct layout *l)
{
	const struct fact *lowmem = area_line(b, LAYOUT_LOWMEM), *vmalloc = area_line(b, LAYOUT_VMALLOC);

	l->levels = boot_trait(b, TRAIT_PAE) ? 3 : 2;
	l->bits = 32;
	l->text_random = image_random(b);
	l->page_offset = (struct layout_base){ LAYOUT_ASSUMED, PAGE_OFFSET_32, SOURCE_DMESG, 0 };
	if (b->record)
		page_offset_line(&b->record->log, &l->page_offset);
	if (lowmem)
		l->page_offset = shown(lowmem->v[0], lowmem->line);
	/* The image is mapped where the direct map has it. */
	l->link_address = l->page_offset.v + (b->kernel_base ? b->kernel_base : 0);
	l->text = (struct layout_base){ b->kernel_base_known ? l->page_offset.basis : LAYOUT_UNKNOWN, l->link_address, SOURCE_DMESG, l->page_offset.line };
	l->text_start = l->page_offset.v;
	l->text_end = l->page_offset.v + PFN_PHYS(b->max_low_pfn);
	if (vmalloc)
		l->vmalloc = shown(vmalloc->v[0], vmalloc->line);
	place_slots_32(b, l);
	add_area(arena, l, AREA_USER, 0, l->page_offset.v, false);
	add_area(arena, l, AREA_DIRECT_MAP, l->page_offset.v, PFN_PHYS(b->max_low_pfn), false);
	add_line_area(arena, b, l, LAYOUT_VMALLOC, AREA_VMALLOC);
	add_line_area(arena, b, l, LAYOUT_PKMAP, AREA_PKMAP);
	add_line_area(arena, b, l, LAYOUT_CPU_ENTRY, AREA_CPU_ENTRY);
	add_area(arena, l, AREA_FIXMAP, l->slot_doubt ? l->fixaddr_top - MIB : l->slot_base.v, l->fixaddr_top + PAGE_SIZE - (l->slot_doubt ? l->fixaddr_top - MIB : l->slot_base.v), false);
}

void layout_of_boot(struct arena *arena, const struct boot *b, struct layout *ret)
{
	*ret = (struct layout){ .arch = b->machine->arch, .slots = (unsigned)boot_trait(b, TRAIT_EARLY_SLOTS) };
	ret->page_bytes = is_known(b->kernel->struct_page) ? b->kernel->struct_page.v : (uint64_t)boot_trait(b, TRAIT_STRUCT_PAGE);
	if (b->machine->arch == ARCH_X86_64)
		layout_64(arena, b, ret);
	else if (b->machine->arch == ARCH_I386)
		layout_32(arena, b, ret);
}

/* --- conversions --- */

const struct layout_range *layout_find(const struct layout *l, uint64_t virt)
{
	/* The smallest that holds it: the slots' window lies behind the modules. */
	const struct layout_range *best = NULL;

	for (size_t i = 0; i < l->nr; i++)
		if (l->v[i].start <= virt && virt < l->v[i].end && (!best || l->v[i].end - l->v[i].start < best->end - best->start))
			best = &l->v[i];
	return best;
}

bool layout_slot(const struct layout *l, unsigned i, uint64_t *ret)
{
	if (i >= l->slots || l->slot_base.basis == LAYOUT_UNKNOWN)
		return false;
	*ret = l->slot_base.v + (uint64_t)i * EARLY_SLOT_PAGES * PAGE_SIZE;
	return true;
}

bool layout_direct(const struct layout *l, uint64_t phys, uint64_t *ret)
{
	if (l->page_offset.basis == LAYOUT_UNKNOWN)
		return false;
	*ret = l->page_offset.v + phys;
	return *ret >= phys && (l->arch != ARCH_I386 || *ret < END_32);
}

bool layout_struct_page(const struct layout *l, uint64_t pfn, uint64_t *ret)
{
	if (l->arch != ARCH_X86_64 || l->vmemmap.basis == LAYOUT_UNKNOWN)
		return false;
	*ret = l->vmemmap.v + pfn * l->page_bytes;
	return true;
}

bool layout_text_phys(const struct layout *l, const struct boot *b, uint64_t virt, uint64_t *ret)
{
	if (l->arch == ARCH_I386) {
		*ret = virt - l->page_offset.v;
		return l->page_offset.basis != LAYOUT_UNKNOWN;
	}
	if (l->text.basis == LAYOUT_UNKNOWN || !b->kernel_base_known || virt < l->text.v)
		return false;
	*ret = virt - l->text.v + b->kernel_base;
	return true;
}
