/*
 * stage_large.c - what takes memory by the hundred MiB because it was asked to: crash kernel, memory kept for a name,
 * and the bounce buffer for devices that cannot reach all memory. Gigantic pages: stage_hugetlb.c, CMA: stage_cma.c.
 *
 * Kernel: reserve_crashkernel() (arch/x86/kernel/setup.c; kernel/crash_reserve.c from 6.7), reserve_mem() (mm/memblock.c),
 *         swiotlb_init() (kernel/dma/swiotlb.c).
 */
#include <string.h>

#include "stages.h"

#define CRASH_ALIGN (16 * MIB)
#define CRASH_HIGH_MAX (64 * TIB)
#define LIMIT_896M (896 * MIB)
#define SWIOTLB_DEFAULT (64 * MIB)
#define SWIOTLB_SLOT 2048
#define SWIOTLB_SEGMENT 128
#define SWIOTLB_LEAST MIB
#define OVERFLOW_BYTES (32 * KIB)

/* --- memory kept for a name --- */

#define RESERVE_MEM_MAX 8
#define RESERVE_MEM_ALIGN 64

/* reserve_mem=SIZE:ALIGN:NAME; one that is not of this form comes to nothing. Kernel: reserve_mem() (mm/memblock.c). */
void reserve_mem_run(struct boot *b)
{
	unsigned nr = 0;

	for (size_t i = 0; boot_trait(b, TRAIT_RESERVE_MEM) && i < b->cmdline->nr && nr < RESERVE_MEM_MAX; i++) {
		struct str value = b->cmdline->v[i].value, rest;
		uint64_t size, align;

		if (!cmdline_same(b->cmdline->v[i].name, "reserve_mem") || !value.p)
			continue;
		size = str_memparse(value, &rest);
		if (!size || !rest.n || *rest.p != ':')
			continue;
		align = str_memparse(str_skip(rest, 1), &rest);
		if (rest.n > 1 && *rest.p == ':' && boot_alloc_bytes(b, OWNER_RESERVE_MEM, size, max_u64(align, RESERVE_MEM_ALIGN), NUMA_NO_NODE))
			nr++;
	}
}

/* --- crash kernel --- */

struct crash_request {
	uint64_t size, base, low_size;
	bool high, low_given;
};

/* "1G-64G:160M,64G-:512M[@offset]": the size of the range that the machine's memory lies in. */
static bool parse_ranges(struct str s, uint64_t total, struct crash_request *ret)
{
	for (;;) {
		uint64_t start = str_memparse(s, &s), end = UINT64_MAX, size;

		if (!s.n || *s.p != '-')
			return false;
		s = str_skip(s, 1);
		if (s.n && *s.p != ':')
			end = str_memparse(s, &s);
		if (!s.n || *s.p != ':')
			return false;
		size = str_memparse(str_skip(s, 1), &s);
		if (total >= start && total < end) {
			ptrdiff_t at = str_find_char(s, '@');

			ret->size = size;
			if (at >= 0)
				ret->base = str_memparse(str_skip(s, (size_t)at + 1), NULL);
			return size > 0;
		}
		if (!s.n || *s.p != ',')
			return false;
		s = str_skip(s, 1);
	}
}

static bool has_suffix(struct str value, const char *suffix) { return str_ends(value, str_of(suffix)); }

/* The last plain crashkernel= wins; without one, ",high" and ",low" are looked for. Kernel: parse_crashkernel(). */
/* crashkernel=auto of enterprise kernels: how much that is, each of them decides anew, and says. */
static uint64_t crash_auto_bytes(const struct boot *b)
{
	const struct fact *f = b->record ? facts_first(&b->record->log, FACT_CRASHKERNEL) : NULL;

	return f ? f->v[0] * MIB : 0;
}

static bool parse_crashkernel(const struct boot *b, uint64_t total, struct crash_request *ret)
{
	bool knows_high = boot_trait(b, TRAIT_CRASH_SEARCH) >= CRASH_UNDER_896M && boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_RAM;
	struct str plain = { 0 }, high = { 0 }, low = { 0 }, rest;

	for (size_t i = 0; i < b->cmdline->nr; i++) {
		struct str value = b->cmdline->v[i].value;

		if (!cmdline_same(b->cmdline->v[i].name, "crashkernel") || !value.p)
			continue;
		if (knows_high && has_suffix(value, ",high"))
			high = value;
		else if (knows_high && has_suffix(value, ",low"))
			low = value;
		else if (!has_suffix(value, ",cma"))
			plain = value;
	}
	if (plain.p && str_find_char(plain, ':') >= 0)
		return parse_ranges(plain, boot_trait(b, TRAIT_CRASH_ROUND) ? round_up_to(total, 128 * MIB) : total, ret);
	if (plain.p) {
		ret->size = str_is(plain, "auto") ? crash_auto_bytes(b) : str_memparse(plain, &rest);
		if (str_is(plain, "auto"))
			return ret->size > 0;
		if (rest.n && *rest.p == '@')
			ret->base = str_memparse(str_skip(rest, 1), NULL);
		return ret->size > 0;
	}
	if (!high.p)
		return false;
	ret->high = true;
	ret->size = str_memparse(high, NULL);
	ret->low_given = low.p != NULL;
	ret->low_size = low.p ? str_memparse(low, NULL) : 0;
	return ret->size > 0;
}

static uint64_t find_crash(struct boot *b, uint64_t size, uint64_t align, uint64_t min, uint64_t max)
{
	struct memblock_request request = { .size = size, .align = align, .min = min, .max = max, .nid = NUMA_NO_NODE, .ranged = true };

	return memblock_find(&b->memblock, &request);
}

/* Where it is looked for first. */
static uint64_t crash_low_max(const struct boot *b)
{
	if (b->machine->arch == ARCH_I386)
		return 512 * MIB;
	return boot_trait(b, TRAIT_CRASH_SEARCH) == CRASH_UNDER_896M ? LIMIT_896M : LIMIT_4G;
}

static uint64_t crash_base(struct boot *b, const struct crash_request *q)
{
	int search = boot_trait(b, TRAIT_CRASH_SEARCH);
	uint64_t low_max = crash_low_max(b), base = 0;
	bool from_zero = search == CRASH_GENERIC;

	if (q->base)
		return find_crash(b, q->size, from_zero ? CRASH_ALIGN : MIB, q->base, q->base + q->size);
	if (search == CRASH_BOTTOM_UP) {
		/* Upward in steps of 16 MiB, past the image and whatever else is taken. */
		struct memblock up = b->memblock;
		struct memblock_request request = { .size = q->size, .align = CRASH_ALIGN, .min = CRASH_ALIGN, .nid = NUMA_NO_NODE, .ranged = true };

		up.bottom_up = true;
		return memblock_find(&up, &request);
	}
	if (b->machine->arch == ARCH_I386)
		return find_crash(b, q->size, CRASH_ALIGN, CRASH_ALIGN, low_max);
	if (!q->high)
		base = find_crash(b, q->size, CRASH_ALIGN, from_zero ? 0 : CRASH_ALIGN, low_max);
	if (!base && (q->high || search >= CRASH_UNDER_4G))
		base = find_crash(b, q->size, CRASH_ALIGN, from_zero ? LIMIT_4G : CRASH_ALIGN, CRASH_HIGH_MAX);
	if (!base && q->high && from_zero)
		base = find_crash(b, q->size, CRASH_ALIGN, 0, low_max);
	return base;
}

/* The largest free range between @min and @max, from an aligned address. */
static struct phys_range largest_hole(const struct boot *b, uint64_t min, uint64_t max, uint64_t align)
{
	struct phys_range r, best = { 0, 0 };
	size_t i = 0, j = 0;
	int nid;

	while (memblock_next_free(&b->memblock, &i, &j, &r, &nid)) {
		r = phys_clip(r, (struct phys_range){ min, max });
		r.start = align_up(r.start, align);
		if (phys_len(r) > phys_len(best))
			best = r;
	}
	return best;
}

static uint64_t swiotlb_bytes(const struct boot *b);

static uint64_t crash_low_size(const struct boot *b, const struct crash_request *q)
{
	uint64_t size = swiotlb_bytes(b) + 8 * MIB;

	if (q->low_given)
		return q->low_size;
	return boot_trait(b, TRAIT_CRASH_LOW_SIZE) ? max_u64(size, 256 * MIB) : size;
}

static void say_crash_low(struct boot *b, uint64_t base, uint64_t size, uint64_t total)
{
	if (boot_trait(b, TRAIT_CRASH_TEXT) == CRASH_HEX)
		SAY(b, CRASHKERNEL_LOW_HEX, 0, base, base + size, size >> 20);
	else if (boot_trait(b, TRAIT_CRASH_TEXT) == CRASH_LOW_LIMIT)
		SAY(b, CRASHKERNEL_LOW, 0, size >> 20, base >> 20, min_u64(total, LIMIT_4G) >> 20);
	else
		SAY(b, CRASHKERNEL_LOW, 0, size >> 20, base >> 20, e820_low_ram_pages(b) >> 8);
}

/* A crash kernel above 4 GiB needs some memory below for devices; without it there is none at all. */
static bool reserve_crash_low(struct boot *b, const struct crash_request *q, uint64_t total)
{
	uint64_t size = crash_low_size(b, q), base;

	b->crash_low_bytes = size;
	if (!size)
		return true;
	base = find_crash(b, size, CRASH_ALIGN, 0, LIMIT_4G);
	if (!base) {
		SAY_TEXT(b, CRASHKERNEL_FAILED, 2, "low", NULL, size >> 20);
		b->crash_low_failed = true;
		return false;
	}
	boot_reserve(b, OWNER_CRASHKERNEL_LOW, base, base + size);
	b->crashkernel_low = (struct phys_range){ base, base + size };
	if (!efi_in_the_way(b, b->crashkernel_low))
		say_crash_low(b, base, size, total);
	return true;
}

/* Memory that the line names: from 3.10 on what there is, before that up to the last page, holes too. */
static uint64_t crash_total(const struct boot *b)
{
	if (boot_trait(b, TRAIT_DIRECT_MAP) == DIRECT_MAP_RAM)
		return memblock_bytes(&b->memblock.memory);
	return PFN_PHYS(b->max_pfn - (b->memblock.memory.nr ? PFN_UP(b->memblock.memory.v[0].base) : 0));
}

void crash_run(struct boot *b)
{
	struct crash_request q = { 0 };
	uint64_t total = crash_total(b), base;

	if (boot_trait(b, TRAIT_CRASH_LOW_1M) && cmdline_has(b->cmdline, "crashkernel")) {
		SAY(b, CRASH_LOW_1M, 0, 0);
		boot_reserve(b, OWNER_LOW_MEMORY, 0, MIB);
	}
	b->crash_hole_low = largest_hole(b, CRASH_ALIGN, crash_low_max(b), CRASH_ALIGN);
	b->crash_hole_high = largest_hole(b, LIMIT_4G, CRASH_HIGH_MAX, CRASH_ALIGN);
	if (!parse_crashkernel(b, total, &q) || (b->machine->firmware == FIRMWARE_XEN && !boot_trait(b, TRAIT_CRASH_XEN)))
		return;
	b->crash_asked_bytes = q.size;
	b->crash_asked_base = q.base;
	base = q.size < total ? crash_base(b, &q) : 0;
	if (!base || (q.base && base != q.base)) {
		b->crash_failed_bytes = q.size;
		return;
	}
	boot_reserve(b, OWNER_CRASHKERNEL, base, base + q.size);
	if (base >= LIMIT_4G && boot_trait(b, TRAIT_CRASH_SEARCH) >= CRASH_UNDER_896M && !reserve_crash_low(b, &q, total)) {
		boot_free(b, base, base + q.size);
		b->crash_failed_bytes = q.size;
		return;
	}
	b->crashkernel = (struct phys_range){ base, base + q.size };
	if (efi_in_the_way(b, b->crashkernel))
		return;
	if (boot_trait(b, TRAIT_CRASH_TEXT) == CRASH_HEX)
		SAY(b, CRASHKERNEL_HEX, 0, base, base + q.size, q.size >> 20);
	else
		SAY(b, CRASHKERNEL, 0, q.size >> 20, base >> 20, total >> 20);
}

/* --- bounce buffer --- */

/* swiotlb=<slots>[,<areas>][,force|noforce] */
static uint64_t swiotlb_slots(const struct boot *b, uint64_t *areas, bool *forced, bool *off)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "swiotlb");
	struct str rest = o ? o->value : (struct str){ 0 }, word;
	uint64_t slots = 0;
	size_t numbers = 0;

	while (rest.p && str_cut(&rest, ',', &word)) {
		if (str_is(word, "force"))
			*forced = true;
		else if (str_is(word, "noforce"))
			*off = true;
		else if (word.n && !numbers++)
			slots = round_up_to(str_memparse(word, NULL), SWIOTLB_SEGMENT);
		else if (word.n)
			*areas = roundup_pow_of_two(str_memparse(word, NULL));
	}
	return slots;
}

static uint64_t swiotlb_bytes(const struct boot *b)
{
	uint64_t areas = 0, slots;
	bool forced = false, off = false;

	slots = swiotlb_slots(b, &areas, &forced, &off);
	return slots ? slots * SWIOTLB_SLOT : SWIOTLB_DEFAULT;
}

static bool swiotlb_needed(const struct boot *b, bool forced)
{
	uint64_t pfn = boot_trait(b, TRAIT_SWIOTLB_WHEN) == SWIOTLB_POSSIBLE_PFN ? b->max_possible_pfn : b->max_pfn;

	if (cmdline_is(b->cmdline, "iommu", "off") && !forced)
		return false;
	if (b->machine->arch == ARCH_I386 && !boot_trait(b, TRAIT_SWIOTLB_32))
		return false;
	/* Pages that look contiguous to a domain of Xen are not so for a device. */
	return forced || b->machine->encrypted || boot_is_xen_first(b) || pfn > LIMIT_4G >> PAGE_SHIFT;
}

static uint64_t word_bytes(const struct boot *b) { return b->machine->arch == ARCH_I386 ? 4 : 8; }

/* phys_addr_t */
static uint64_t address_bytes(const struct boot *b) { return boot_trait(b, TRAIT_PAE) ? 8 : word_bytes(b); }

/* struct io_tlb_slot: an address, a size and a count. */
static uint64_t slot_bytes(const struct boot *b) { return round_up_to(address_bytes(b) + word_bytes(b) + 4, word_bytes(b)); }

/* struct io_tlb_area: what is used, where to search next, and a lock. */
static uint64_t area_bytes(const struct boot *b) { return word_bytes(b) + 8; }

/* Bookkeeping beside the buffer, in the order in which each era allocates it. */
static void swiotlb_tables(struct boot *b, uint64_t slots, uint64_t areas)
{
	struct memblock_request overflow = { .size = OVERFLOW_BYTES, .align = PAGE_SIZE, .max = LIMIT_4G - 1, .nid = NUMA_NO_NODE };
	int era = boot_trait(b, TRAIT_SWIOTLB);

	if (era == SWIOTLB_OVERFLOW_FIRST)
		boot_alloc(b, OWNER_SWIOTLB_META, &overflow);
	if (era >= SWIOTLB_SLOTS) {
		boot_alloc_bytes(b, OWNER_SWIOTLB_META, align_up(slots * slot_bytes(b), PAGE_SIZE), PAGE_SIZE, NUMA_NO_NODE);
	} else {
		boot_alloc_bytes(b, OWNER_SWIOTLB_META, align_up(slots * 4, PAGE_SIZE), PAGE_SIZE, NUMA_NO_NODE);
		boot_alloc_bytes(b, OWNER_SWIOTLB_META, align_up(slots * address_bytes(b), PAGE_SIZE), PAGE_SIZE, NUMA_NO_NODE);
	}
	if (era == SWIOTLB_AREAS)
		boot_alloc_bytes(b, OWNER_SWIOTLB_META, areas * area_bytes(b), 64, NUMA_NO_NODE);
	if (era == SWIOTLB_OVERFLOW_LAST)
		boot_alloc(b, OWNER_SWIOTLB_META, &overflow);
}

/* A guest whose memory is encrypted bounces everything: 6 % of memory, 64 MiB to 1 GiB. */
static uint64_t encrypted_bytes(const struct boot *b)
{
	uint64_t six_percent = memblock_bytes(&b->memblock.memory) / 100 * 6;

	return align_up(max_u64(SWIOTLB_DEFAULT, min_u64(six_percent, GIB)), 2 * MIB);
}

/*
 * Firmware that left no addresses for the graphics aperture: RAM is taken for it. Where, depends on registers that only the line
 * shows. Kernel: gart_iommu_hole_init(), allocate_aperture() (arch/x86/kernel/aperture_64.c).
 */
static void gart(struct boot *b)
{
	const struct fact *f = b->record ? facts_first(&b->record->log, FACT_GART_APERTURE) : NULL;

	if (f && f->tag)
		boot_reserve(b, OWNER_GART, f->v[1], add_sat(f->v[1], f->v[0] * KIB));
	else if (f)
		boot_reserve(b, OWNER_GART, f->v[0], f->v[1]);
}

/* Kernel: swiotlb_init_remap(). */
static uint64_t fitting_swiotlb(const struct boot *b, struct memblock_request *request, uint64_t bytes)
{
	uint64_t less = bytes;

	if (b->replay.on || !boot_trait(b, TRAIT_SWIOTLB_HALVES))
		return bytes;
	for (;;) {
		request->size = less;
		if (boot_find(b, request))
			return less;
		if (less <= SWIOTLB_LEAST)
			return bytes;
		less = round_up_to(less / 2, SWIOTLB_SEGMENT * SWIOTLB_SLOT);
	}
}

void swiotlb_run(struct boot *b)
{
	bool forced = false, off = false, has_areas = boot_trait(b, TRAIT_SWIOTLB) == SWIOTLB_AREAS;
	uint64_t areas = 0, slots = swiotlb_slots(b, &areas, &forced, &off), bytes = swiotlb_bytes(b);
	struct memblock_request request = { .align = PAGE_SIZE, .max = LIMIT_4G - 1, .nid = NUMA_NO_NODE };

	/* Xen moves the frames behind it below 4 GiB, wherever it lies. */
	if (boot_is_xen_first(b))
		request.max = 0;
	bootmem_before_swiotlb(b);
	gart(b);
	b->swiotlb_hole = largest_hole(b, 0, LIMIT_4G, PAGE_SIZE);
	if (off || !swiotlb_needed(b, forced))
		return;
	if (!slots && b->machine->encrypted)
		bytes = encrypted_bytes(b);
	if (!areas)
		areas = roundup_pow_of_two(max_u64(b->machine->possible_cpus, 1));
	if (has_areas) {
		uint64_t least = areas * SWIOTLB_SEGMENT * SWIOTLB_SLOT;

		if (areas > 1 && bytes < least)
			bytes = least;
		if (areas > 1)
			bytes = roundup_pow_of_two(bytes);
		SAY(b, SWIOTLB_AREA, 0, areas);
	}
	b->swiotlb_asked_bytes = bytes;
	bytes = fitting_swiotlb(b, &request, bytes);
	request.size = bytes;
	b->swiotlb.start = boot_alloc(b, OWNER_SWIOTLB, &request);
	b->swiotlb_failed = !b->swiotlb.start && !b->replay.on;
	if (b->swiotlb_failed)
		return;
	b->swiotlb.end = b->swiotlb.start ? b->swiotlb.start + bytes : 0;
	swiotlb_tables(b, bytes / SWIOTLB_SLOT, areas);
}

/* Where a log of memblock's own says that the buffer is. */
static struct phys_range replayed_swiotlb(const struct boot *b)
{
	for (size_t i = 0; b->replay.on && i < b->allocations.nr; i++) {
		const struct allocation *a = &b->allocations.v[i];

		if (a->owner == OWNER_SWIOTLB && a->base)
			return (struct phys_range){ a->base, a->base + a->request.size };
	}
	return b->swiotlb;
}

/* Kernel: swiotlb_print_info(), once it is clear that the buffer is needed. */
void swiotlb_say(struct boot *b)
{
	int text = boot_trait(b, TRAIT_SWIOTLB_TEXT);
	struct phys_range r = replayed_swiotlb(b);
	const char *from = text == SWIOTLB_TEXT_POINTERS ? boot_pointer(b, r.start) : NULL, *to = from ? boot_pointer(b, r.end - 1) : NULL;
	struct strbuf pointers = { .arena = b->arena };
	unsigned tag = text == SWIOTLB_TEXT_PHYS ? 2 : text == SWIOTLB_TEXT_POINTERS;

	if (!phys_len(r) || efi_in_the_way(b, r) || (text == SWIOTLB_TEXT_POINTERS && !from))
		return;
	if (from)
		strbuf_printf(&pointers, "%s-%s", from, to);
	SAY_TEXT(b, SWIOTLB, tag, from ? strbuf_str(&pointers).p : NULL, NULL, r.start, r.end, phys_len(r) >> 20);
}
