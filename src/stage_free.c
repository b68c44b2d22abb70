/*
 * stage_free.c - free memory handed to the buddy allocator, and what comes back after that.
 *
 *   in:   memblock as every stage left it; sizes of what is freed late
 *   out:  managed pages of each zone at the Memory: line and at the end of boot, MemTotal
 *   says: the Memory: line
 *
 * Kernel: memblock_free_all(), deferred_init_memmap(), free_reserved_area(), efi_free_boot_services(), free_initmem()
 *         (mm/memblock.c, mm/mm_init.c, arch/x86/mm/init.c).
 */
#include "mia/ranges.h"
#include "stages.h"

/* --- memblock to buddy --- */

/* The region of memory that a free range lies in. */
static const struct memblock_region *region_of(const struct boot *b, struct phys_range r)
{
	return &b->memblock.memory.v[memblock_search(&b->memblock.memory, r.start)];
}

static void add_free(struct boot *b, struct pgdat *node, const struct memblock_region *region, struct pfn_range r)
{
	for (size_t z = 0; z < b->nr_zones; z++) {
		struct zone *zone = &node->zone[b->zone_order[z]];
		struct pfn_range in = zones_part(b, zone, region, r);

		zone->managed_at_free += pfn_len(in);
		zone->managed_early += pfn_len(pfn_clip(in, (struct pfn_range){ 0, node->first_deferred_pfn }));
	}
}

static void count_free(struct boot *b)
{
	struct phys_range r;
	size_t i = 0, j = 0;
	int nid;

	while (memblock_next_free(&b->memblock, &i, &j, &r, &nid))
		if ((size_t)nid < b->nr_nodes)
			add_free(b, &b->node[nid], region_of(b, r), pfn_inside(r));
}

static uint64_t sum_zones(const struct boot *b, size_t offset)
{
	uint64_t sum = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			sum += *(const uint64_t *)((const char *)&b->node[n].zone[b->zone_order[z]] + offset);
	return sum;
}

#define SUM_ZONES(b, member) sum_zones(b, offsetof(struct zone, member))

static bool movable_announced(const struct boot *b)
{
	int how = boot_trait(b, TRAIT_HIGHMEM_INIT_LINES);

	return how == 2 || (how == 1 && b->movable_from == ZONE_HIGHMEM);
}

/* 32 bits: zones that low memory does not hold are announced, empty ones too. Kernel: set_highmem_pages_init(). */
static void say_highmem(struct boot *b)
{
	if (b->machine->arch != ARCH_I386 || !boot_trait(b, TRAIT_ZONE_HIGHMEM) || !boot_trait(b, TRAIT_HIGHMEM_INIT_LINES))
		return;
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones; i++) {
			enum zone_type z = b->zone_order[i];
			const struct zone *zone = &b->node[n].zone[z];

			if (z == ZONE_HIGHMEM || (z == ZONE_MOVABLE && movable_announced(b)))
				SAY_TEXT(b, HIGHMEM_INIT, 0, zone_type_name(z), NULL, n, zone->span.start, zone->span.start + zone->spanned);
		}
}

void free_all_run(struct boot *b)
{
	say_highmem(b);
	bootmem_free_bitmaps(b);
	for (size_t n = 0; n < b->nr_nodes; n++)
		b->node[n].first_deferred_pfn = b->node[n].has_memory ? deferred_first_pfn(b, &b->node[n]) : UINT64_MAX;
	count_free(b);
	deferred_grow(b);
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			b->node[n].deferred_pages += b->node[n].zone[b->zone_order[z]].managed_at_free - b->node[n].zone[b->zone_order[z]].managed_early;
	b->model_reserved = b->physpages - SUM_ZONES(b, managed_at_free);
	b->reserved_pages = (struct amount){ .v = b->physpages - SUM_ZONES(b, managed_at_free) - b->cma_pages, .basis = AMOUNT_ESTIMATED };
}

/* --- what comes back --- */

static struct late_free *late(struct boot *b, enum late_kind kind, uint64_t pages)
{
	struct late_free *l = vec_push(b->arena, &b->late);

	*l = (struct late_free){ .kind = kind, .pages = pages, .nid = -1 };
	return l;
}

static void late_range(struct boot *b, enum late_kind kind, struct phys_range r)
{
	struct late_free *l;

	if (!phys_len(r))
		return;
	l = late(b, kind, pfn_len(pfn_inside(r)));
	l->range = r;
}

static uint64_t kib_pages(const struct boot *b, struct quantity q)
{
	/* Old kernels print bytes over 1024 and free whole pages. */
	return boot_trait(b, TRAIT_FREE_ROUNDING) ? kib_to_pages(q.v) : div_up(q.v, 4);
}

static void late_image_part(struct boot *b, enum late_kind kind, struct quantity kib)
{
	struct late_free *l;

	if (!kib.v)
		return;
	l = late(b, kind, kib_pages(b, kib));
	l->line = kib.line;
	/* It lies where the image lies; the place within does not matter to a zone. */
	if (b->kernel_base)
		l->range = (struct phys_range){ b->kernel_base, b->kernel_base + PFN_PHYS(l->pages) };
}

/* When the watermark code runs relative to a free. */
static void set_moments(struct boot *b)
{
	int call = boot_trait(b, TRAIT_WATERMARK_CALL);
	bool late_efi = boot_trait(b, TRAIT_EFI_FREE) == EFI_FREE_LINE;

	for (size_t i = 0; i < b->late.nr; i++) {
		struct late_free *l = &b->late.v[i];

		switch (l->kind) {
		case LATE_ALTERNATIVES:
			l->before_wmark_first = !boot_trait(b, TRAIT_ALTERNATIVES_LATE);
			l->before_wmark = true;
			break;
		case LATE_EFI:
			l->before_wmark_first = !late_efi;
			l->before_wmark = true;
			break;
		case LATE_CMA:
			l->before_wmark_first = call != WMARK_CORE;
			l->before_wmark = true;
			break;
		case LATE_GIGANTIC:
			l->before_wmark_first = boot_trait(b, TRAIT_GIGANTIC_PAGES) == GIGANTIC_BEFORE_LINE;
			l->before_wmark = boot_trait(b, TRAIT_GIGANTIC_SUBSYS) || l->before_wmark_first;
			break;
		case LATE_INITRD:
			l->before_wmark_first = l->before_wmark = call == WMARK_DEVICE;
			break;
		default:
			break;
		}
	}
}

static void count_back(struct zone *zone, const struct late_free *l, uint64_t pages)
{
	zone->late_frees += pages;
	if (l->before_wmark_first)
		zone->managed_first_wmark += pages;
	if (l->before_wmark)
		zone->managed_wmark += pages;
}

static void give_back(struct boot *b, struct late_free *l)
{
	int nid = l->nid;
	struct zone *zone;

	if (!phys_len(l->range)) {
		if (nid >= 0)
			count_back(&b->node[nid].zone[l->zone], l, l->pages);
		return;
	}
	zone = boot_zone_of(b, PFN_DOWN(l->range.start), &nid);
	/* A range that crosses into another zone is split there. */
	for (uint64_t pfn = PFN_UP(l->range.start), end = pfn + l->pages; zone && pfn < end;) {
		uint64_t stop = min_u64(end, zone->span.end);

		count_back(zone, l, stop - pfn);
		pfn = stop;
		zone = pfn < end ? boot_zone_of(b, pfn, &nid) : NULL;
	}
}

/* Pages that the zones have at first. */
static void start_from_free(struct boot *b)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++) {
			struct zone *zone = &b->node[n].zone[b->zone_order[z]];

			zone->managed_first_wmark = zone->managed_wmark = b->zones_grow ? zone->managed_early : zone->managed_at_free;
		}
}

/* In a log of memblock's own, the RAM disk's new place is the first answer to a request of its size. */
static struct phys_range final_initrd(const struct boot *b)
{
	uint64_t bytes = align_up(phys_len(b->machine->ramdisk), PAGE_SIZE);

	for (size_t i = 0; b->replay.on && b->initrd_moves && i < b->allocations.nr; i++)
		if (b->allocations.v[i].request.size == bytes && b->allocations.v[i].base)
			return (struct phys_range){ b->allocations.v[i].base, b->allocations.v[i].base + bytes };
	return b->initrd;
}

/* Lock prefixes are kept while a machine that runs with one CPU may get more; before 3.7 also where it has more already. */
bool alternatives_come_back(const struct boot *b)
{
	uint32_t possible = b->machine->possible_cpus, online = b->machine->online_cpus;

	return possible == 1 || (!boot_trait(b, TRAIT_ALTERNATIVES_KEPT) && online != 1);
}

static void collect(struct boot *b)
{
	const struct kernel *k = b->kernel;
	bool efi_kept = efi_keeps_boot_services(b);

	if (b->record || alternatives_come_back(b))
		late_image_part(b, LATE_ALTERNATIVES, k->alternatives_kib);
	for (size_t i = 0; i < b->efi_returns.nr && !efi_kept; i++) {
		struct phys_range r = b->efi_returns.v[i];

		if (boot_trait(b, TRAIT_EFI_FREE) >= EFI_FREE_KEEP_LOW)
			r.start = max_u64(r.start, MIB);
		late_range(b, LATE_EFI, r.start < r.end ? r : (struct phys_range){ 0, 0 });
	}
	late_range(b, LATE_CMA, b->cma);
	for (size_t i = 0; i < b->hugetlb_cma.nr; i++)
		late_range(b, LATE_CMA, b->hugetlb_cma.v[i]);
	for (size_t i = 0; i < b->gigantic.nr; i++)
		late_range(b, LATE_GIGANTIC, b->gigantic.v[i]);
	if (!cmdline_has(b->cmdline, "retain_initrd"))
		late_range(b, LATE_INITRD, final_initrd(b));
	late_image_part(b, LATE_DECRYPTED, k->decrypted_kib);
	late_image_part(b, LATE_INITMEM, k->initmem_kib);
	late_image_part(b, LATE_TEXT_GAP, k->text_gap_kib);
	late_image_part(b, LATE_RODATA_GAP, k->rodata_gap_kib);
}

/*
 * The image may lie in another zone than it was put into: what it keeps to the end is missing here or there.
 */
static void doubt_image(struct boot *b)
{
	const struct machine *m = b->machine;
	uint64_t kept = PFN_UP(phys_len(b->image)) + PFN_UP(phys_len(b->brk));
	struct zone *here;

	if (!m->kernel_base_guessed || b->kernel_base_known)
		return;
	/* What the balance found it to be larger by lies with it. */
	if (b->balance.image_pages > 0)
		kept += (uint64_t)b->balance.image_pages;
	here = boot_zone_of(b, PFN_DOWN(b->kernel_base), NULL);
	for (size_t i = 0; i < b->late.nr; i++)
		if (b->late.v[i].kind == LATE_ALTERNATIVES || (b->late.v[i].kind >= LATE_INITMEM && b->late.v[i].kind <= LATE_DECRYPTED))
			kept = sub_sat(kept, b->late.v[i].pages);
	for (size_t i = 0; i < m->kernel_elsewhere.nr; i++) {
		struct zone *zone = boot_zone_of(b, PFN_DOWN(m->kernel_elsewhere.v[i].start), NULL);

		if (!zone || zone == here || zone->doubt_down >= kept)
			continue;
		zone->doubt_down += kept;
		if (here)
			here->doubt_up = max_u64(here->doubt_up, kept);
	}
}

/* Every late free was printed, or there are none to come. */
static bool tail_known(const struct boot *b)
{
	return b->record && !b->record->tail_missing && is_known(b->kernel->initmem_kib);
}

/*
 * A second zonelists line comes when memory was onlined into a zone that was empty. It says that, but not how much came.
 */
static const struct fact *onlined_line(const struct boot *b)
{
	const struct fact *first = b->record ? facts_first(&b->record->log, FACT_ZONELISTS) : NULL, *last = b->record ? facts_last(&b->record->log, FACT_ZONELISTS) : NULL;

	return first != last ? last : NULL;
}

/* More than there was at the boot, with whatever the kernel keeps: memory came later, without a word in the log. */
static bool total_grew(const struct boot *b)
{
	const struct key_value *total = b->record ? key_values_find(&b->record->meminfo, "MemTotal") : NULL;

	return total && b->physpages && total->value > pages_to_kib(b->physpages);
}

static bool grew_later(const struct boot *b, const struct zone *zone)
{
	const struct fact *policy = facts_last(&b->record->log, FACT_POLICY_ZONE);

	return !policy || str_is(policy->s[0], zone_type_name(zone->type));
}

static void settle_zone(struct boot *b, struct zone *zone)
{
	struct amount *m = &zone->managed;

	/* What was attributed to the wrong zone may come to more than this one has. */
	m->v = min_u64(zone->present, zone->managed_at_free + zone->late_frees);
	m->min = sub_sat(m->v, zone->doubt_down);
	m->max = min_u64(zone->present, m->v + zone->doubt_up);
	/* None of its deferred pages need have been wanted. */
	if (b->zones_grow)
		m->min = sub_sat(m->min, zone->managed_at_free - zone->managed_early);
	m->basis = b->balance.known && tail_known(b) ? (m->min == m->v && m->max == m->v ? AMOUNT_EXACT : AMOUNT_BOUNDED) : AMOUNT_ESTIMATED;
	if (b->onlined_later && grew_later(b, zone))
		m->basis = AMOUNT_UNKNOWN;
}

static void settle_total(struct boot *b)
{
	struct amount *t = &b->totalram;

	t->min = b->balance.silent ? sub_sat(t->v, b->balance.silent_pages) : t->v;
	t->max = t->v + (b->balance.silent ? b->balance.silent_more : 0);
	t->basis = !b->balance.known || !tail_known(b) ? AMOUNT_ESTIMATED : b->balance.silent ? AMOUNT_BOUNDED : AMOUNT_EXACT;
	if (b->onlined_later || !b->physpages)
		t->basis = AMOUNT_UNKNOWN;
}

/* Told by the log, or asked of a kernel that is known to understand it. */
static bool initialises_lazily(const struct boot *b)
{
	if (!boot_trait(b, TRAIT_DEFERRED_LAZY))
		return false;
	return b->record ? facts_first(&b->record->log, FACT_DEFERRED_LAZY) != NULL : cmdline_is(b->cmdline, "deferred_init", "lazy");
}

void late_run(struct boot *b)
{
	uint64_t total = 0;

	b->zones_grow = initialises_lazily(b) && SUM_ZONES(b, managed_early) < SUM_ZONES(b, managed_at_free);
	collect(b);
	set_moments(b);
	start_from_free(b);
	for (size_t i = 0; i < b->late.nr; i++) {
		give_back(b, &b->late.v[i]);
		total += b->late.v[i].pages;
	}
	doubt_image(b);
	b->onlined_later = onlined_line(b) != NULL || total_grew(b);
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < b->nr_zones; z++)
			settle_zone(b, &b->node[n].zone[b->zone_order[z]]);
	b->totalram.v = SUM_ZONES(b, managed_at_free) + total;
	settle_total(b);
}

/* The RAM disk, as its memory comes back. Kernel: free_initrd_mem(). */
static void say_initrd(struct boot *b)
{
	bool whole = boot_trait(b, TRAIT_EARLY_ALLOC) != EARLY_RES_BOOTMEM;
	int text = boot_trait(b, TRAIT_FREE_TEXT);
	struct strbuf pointers = { .arena = b->arena };
	const char *from, *to;

	for (size_t i = 0; i < b->late.nr; i++) {
		const struct late_free *l = &b->late.v[i];

		if (l->kind != LATE_INITRD)
			continue;
		from = boot_pointer(b, l->range.start);
		to = boot_pointer(b, l->range.end);
		if (text == FREE_OLD)
			SAY(b, FREE_INITRD, 2, (whole ? PFN_PHYS(l->pages) : phys_len(b->machine->ramdisk)) >> 10);
		else if (text == FREE_PLAIN)
			SAY(b, FREE_INITRD, 0, pages_to_kib(l->pages));
		else if (from && to) {
			strbuf_printf(&pointers, "%s - %s", from, to);
			SAY_TEXT(b, FREE_INITRD, 1, strbuf_str(&pointers).p, NULL, pages_to_kib(l->pages));
		}
	}
}

/* What rootfs_initcall()s tell. */
void returns_run(struct boot *b)
{
	swiotlb_say(b);
	say_initrd(b);
}

/* --- free lists --- */

/* A free run becomes its largest aligned blocks. Kernel: __free_pages_memory(), after all merging. */
static void add_blocks(struct zone *zone, struct pfn_range r)
{
	const unsigned top = NR_ORDERS - 1;

	while (r.start < r.end) {
		unsigned order = r.start ? (unsigned)__builtin_ctzll(r.start) : top;

		order = order < top ? order : top;
		while (r.start + (UINT64_C(1) << order) > r.end)
			order--;
		if (order == top) {
			/* All whole blocks at once. */
			uint64_t nr = (r.end - r.start) >> top;

			zone->free_area[top] += nr;
			r.start += nr << top;
		} else {
			zone->free_area[order]++;
			r.start += UINT64_C(1) << order;
		}
	}
}

void buddy_run(struct boot *b)
{
	struct phys_range r;
	size_t i = 0, j = 0;
	int nid;

	while (memblock_next_free(&b->memblock, &i, &j, &r, &nid)) {
		for (size_t z = 0; (size_t)nid < b->nr_nodes && z < b->nr_zones; z++) {
			struct zone *zone = &b->node[nid].zone[b->zone_order[z]];

			add_blocks(zone, zones_part(b, zone, region_of(b, r), pfn_inside(r)));
		}
	}
}
