/*
 * memblock_replay.c - run the requests of a memblock=debug log.
 *
 *   in:   FACT_MB_* of the record, from the first dump on
 *   out:  memblock as it was at each point of the boot; an allocation for each address that memblock chose
 *
 * An address is predicted from its request alone. Where the log also shows the real one, the replay goes on from that, so that
 * a miss is counted once.
 */
#include "memblock_replay.h"

/* Who asks, by the start of the caller's name. */
static const struct {
	const char *prefix;
	enum owner owner;
} callers[] = {
	{ "sparse_index_alloc", OWNER_MEM_SECTION },
	{ "memory_present", OWNER_MEM_SECTION },
	{ "sparse_early_usemaps", OWNER_USEMAP },
	{ "setup_usemap", OWNER_USEMAP },
	{ "vmemmap_alloc_block_zero", OWNER_MEMMAP_TABLES },
	{ "vmemmap_populate", OWNER_MEMMAP },
	{ "alloc_node_mem_map", OWNER_MEMMAP },
	{ "memmap_alloc", OWNER_MEMMAP },
	{ "zone_wait_table_init", OWNER_WAIT_TABLE },
	{ "acpi_parse_hpet", OWNER_RESOURCES },
	{ "io_apic_init_mappings", OWNER_RESOURCES },
	{ "e820__reserve_resources", OWNER_RESOURCES },
	{ "e820_reserve_resources", OWNER_RESOURCES },
	{ "firmware_map_add_early", OWNER_FIRMWARE_MAP },
	{ "register_nosave_region", OWNER_NOSAVE },
	{ "__register_nosave_region", OWNER_NOSAVE },
	{ "start_kernel", OWNER_COMMAND_LINE },
	{ "pcpu_fc_alloc", OWNER_PERCPU },
	{ "pcpu_", OWNER_PERCPU_META },
	{ "alloc_bootmem_cpumask_var", OWNER_CPUMASK },
	{ "alloc_large_system_hash", OWNER_HASH_OTHER },
	{ "alloc_p2m_page", OWNER_XEN_P2M },
	{ "spp_getpage", OWNER_ENTRY_AREA },
	{ "swiotlb_init", OWNER_SWIOTLB },
	{ "reserve_real_mode", OWNER_REAL_MODE },
	{ "alloc_low_pages", OWNER_PAGE_TABLES },
	{ "setup_log_buf", OWNER_LOG_BUF },
	{ "numa_alloc_distance", OWNER_NUMA_DISTANCE },
	{ "numa_set_distance", OWNER_NUMA_DISTANCE },
	{ "reserve_crashkernel", OWNER_CRASHKERNEL },
	{ "arch_reserve_crashkernel", OWNER_CRASHKERNEL },
	{ "cma_", OWNER_CMA },
	{ "__alloc_bootmem_huge_page", OWNER_GIGANTIC },
	{ "alloc_bootmem_huge_page", OWNER_GIGANTIC },
	{ "kfence_alloc_pool", OWNER_KFENCE },
	{ "reserve_mem", OWNER_RESERVE_MEM },
	{ "stack_depot_", OWNER_STACK_DEPOT },
	{ "efi_memmap_alloc", OWNER_EFI_MEMMAP },
	{ "efi_reserve_boot_services", OWNER_EFI_BOOT },
	{ "efi_memblock_x86_reserve_range", OWNER_EFI_MEMMAP },
	{ "efi_", OWNER_FIRMWARE_TABLES },
	{ "acpi_reserve_initial_tables", OWNER_FIRMWARE_TABLES },
	{ "smp_scan_config", OWNER_FIRMWARE_TABLES },
	{ "memblock_double_array", OWNER_MEMBLOCK_ARRAY },
	{ "reserve_bios_regions", OWNER_LOW_MEMORY },
};

/* Callers that are the allocator itself: the line before them was the request. */
static const char *const answer_callers[] = { "memblock_alloc_range_nid", "memblock_virt_alloc_internal", "memblock_alloc_base_nid",
					      "memblock_alloc_internal", "__alloc_memory_core_early" };

#define SWIOTLB_LEAST MIB

static enum owner owner_of_caller(struct str caller, uint64_t bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		if (!str_starts(caller, str_of(callers[i].prefix)))
			continue;
		/* One function takes the buffer and its tables. */
		if (callers[i].owner == OWNER_SWIOTLB && bytes < SWIOTLB_LEAST)
			return OWNER_SWIOTLB_META;
		/* Where compilers inline __earlyonly_bootmem_alloc(), a page at a time is a table. */
		if (callers[i].owner == OWNER_MEMMAP && bytes == PAGE_SIZE)
			return OWNER_MEMMAP_TABLES;
		return callers[i].owner;
	}
	/* sparse_init() takes the root array, sparse_init_nid() usage maps and struct pages. */
	if (str_starts(caller, STR("sparse_init_nid")))
		return bytes >= 2 * MIB ? OWNER_MEMMAP : OWNER_USEMAP;
	if (str_starts(caller, STR("__earlyonly_bootmem_alloc")))
		return bytes >= 2 * MIB ? OWNER_MEMMAP : OWNER_MEMMAP_TABLES;
	if (str_starts(caller, STR("sparse_init")))
		return OWNER_MEM_SECTION;
	return OWNER_EXTRA;
}

static bool is_answer(struct str caller)
{
	for (size_t i = 0; i < ARRAY_SIZE(answer_callers); i++)
		if (str_starts(caller, str_of(answer_callers[i])))
			return true;
	return false;
}

bool memblock_replay_possible(const struct boot *b)
{
	return b->record && facts_first(&b->record->log, FACT_MB_DUMP) &&
	       (facts_first(&b->record->log, FACT_MB_ALLOC) || facts_first(&b->record->log, FACT_MB_RESERVE));
}

/* --- the state that the first dump shows --- */

static bool has_owner(const struct boot *b, uint64_t base)
{
	for (size_t i = 0; i < b->owned.nr; i++)
		if (base >= b->owned.v[i].range.start && base < b->owned.v[i].range.end)
			return true;
	return false;
}

/*
 * What the dump shows beyond what stages know of: its own requests came before the dump, or the loader left it in its memory
 * without a line that says so.
 */
static void own_dumped(struct boot *b, const struct fact *dump)
{
	for (const struct fact *f = b->record->log.v; f < dump; f++)
		if (f->kind == FACT_MB_RESERVE && !has_owner(b, f->v[0]))
			boot_own(b, owner_of_caller(f->s[0], f->v[1] - f->v[0]), f->v[0], f->v[1]);
	for (size_t i = 0; b->machine->firmware == FIRMWARE_EFI && i < b->memblock.reserved.nr; i++) {
		const struct memblock_region *r = &b->memblock.reserved.v[i];

		for (size_t k = 0; k < b->machine->efi.nr && !has_owner(b, r->base); k++)
			if (b->machine->efi.v[k].type == EFI_LOADER_DATA && r->base >= b->machine->efi.v[k].range.start && r->end <= b->machine->efi.v[k].range.end)
				boot_own(b, OWNER_SETUP_DATA, r->base, r->end);
	}
}

/* Where the firmware's own map is not in the log, the reservations show which of it is boot services memory. */
static void note_boot_services(struct boot *b)
{
	for (each_fact(f, &b->record->log, FACT_MB_RESERVE))
		if (!b->machine->efi.nr && owner_of_caller(f->s[0], f->v[1] - f->v[0]) == OWNER_EFI_BOOT)
			efi_reserved(b, (struct phys_range){ f->v[0], f->v[1] });
}

void memblock_replay_start(struct boot *b)
{
	const struct facts *log = &b->record->log;
	const struct fact *dump = facts_first(log, FACT_MB_DUMP), *next = facts_next(log, FACT_MB_DUMP, dump);
	struct memblock_replay *r = &b->replay;

	r->on = true;
	r->next = (size_t)(dump - log->v);
	b->memblock.reserved.nr = 0;
	/* What stages chose on their own before the dump is in the dump, or is asked for again behind it. */
	b->allocations.nr = 0;
	/* The log itself says when an array was doubled and where. */
	b->memblock.memory.max = b->memblock.reserved.max = SIZE_MAX;
	b->memblock.can_resize = false;
	b->memblock.current_limit = UINT64_MAX;
	for (const struct fact *f = dump; f && (!next || f < next); f = facts_next(log, FACT_MB_DUMP_REGION, f))
		if (f->kind == FACT_MB_DUMP_REGION && str_is(f->s[0], "reserved"))
			memblock_reserve_flags(&b->memblock, f->v[1], f->v[2], NUMA_NO_NODE, (uint32_t)f->v[4]);
	own_dumped(b, dump);
	note_boot_services(b);
}

/* --- requests and answers --- */

static struct allocation *new_allocation(struct boot *b, const struct memblock_request *request, struct str caller, uint32_t line)
{
	struct allocation *a = vec_push(b->arena, &b->allocations);

	*a = (struct allocation){ .request = *request, .caller = caller, .line = line, .owner = owner_of_caller(caller, request->size), .stage = b->stage };
	a->base = memblock_alloc(&b->memblock, request);
	if (a->base)
		boot_own(b, a->owner, a->base, a->base + request->size);
	return a;
}

static struct memblock_request request_of(const struct boot *b, const struct fact *f)
{
	bool ranged = f->tag == 1;
	struct memblock_request q = { .size = f->v[0], .align = f->v[1], .ranged = ranged };

	q.nid = ranged ? NUMA_NO_NODE : (int)(int64_t)f->v[2];
	q.min = ranged ? f->v[2] : f->v[3];
	q.max = ranged ? f->v[3] : f->v[4];
	q.exact_nid = str_find(f->s[0], STR("exact")) >= 0;
	if (q.nid < 0 || (size_t)q.nid >= MAX_NUMNODES)
		q.nid = NUMA_NO_NODE;
	/* To 3.13, and in el7, a request is rounded up to its alignment. */
	if (boot_trait(b, TRAIT_MEMBLOCK_ROUND))
		q.size = round_up_to(q.size, q.align ? q.align : 64);
	return q;
}

/* The address that the kernel really got; the state follows it. */
static void answer(struct boot *b, struct allocation *a, const struct fact *f)
{
	a->observed = f->v[0];
	if (a->base == f->v[0])
		return;
	if (a->base) {
		memblock_free(&b->memblock, a->base, a->base + a->request.size);
		boot_disown(b, a->base, a->base + a->request.size);
	}
	memblock_reserve(&b->memblock, f->v[0], f->v[1]);
	boot_own(b, a->owner, f->v[0], f->v[1]);
}

static const enum owner hash_owners[NR_HASH_TABLES] = {
	[HASH_DENTRY] = OWNER_HASH_DENTRY, [HASH_INODE] = OWNER_HASH_INODE, [HASH_STACK_DEPOT] = OWNER_STACK_DEPOT,
};

/* One function makes every large hash table; which one it was the next line says. */
static enum owner hash_owner(const struct fact *f, const struct fact *end, uint64_t bytes)
{
	while (++f < end && f->kind != FACT_MB_ALLOC)
		if (f->kind == FACT_HASH)
			return f->v[2] == bytes && f->tag < NR_HASH_TABLES && hash_owners[f->tag] ? hash_owners[f->tag] : OWNER_HASH_OTHER;
	return OWNER_HASH_OTHER;
}

static struct allocation *new_hash(struct boot *b, const struct memblock_request *request, const struct fact *f, const struct fact *end)
{
	struct allocation *a = new_allocation(b, request, STR("alloc_large_system_hash"), f->line);

	if (a->base)
		boot_disown(b, a->base, a->base + request->size);
	a->owner = hash_owner(f, end, request->size);
	if (a->base)
		boot_own(b, a->owner, a->base, a->base + request->size);
	return a;
}

/* What an allocation without a request line was for follows in the log. */
static void requestless(struct boot *b, const struct fact *f, const struct fact *end)
{
	const struct fact *next = f + 1 < end ? f + 1 : NULL;
	struct memblock_request q = { .size = f->v[1] - f->v[0], .align = 64, .nid = NUMA_NO_NODE };
	struct str caller = STR("");

	if (next && next->kind == FACT_NODE_DATA) {
		q.nid = (int)next->v[0];
		caller = STR("alloc_node_data");
		b->replay.answered = next;
	} else if (next && next->kind == FACT_RAMDISK_NEW) {
		q.align = PAGE_SIZE;
		q.max = PFN_PHYS(b->machine->arch == ARCH_I386 ? b->max_low_pfn : b->max_pfn);
		caller = STR("relocate_initrd");
		b->replay.answered = next;
	} else if (next && next->kind == FACT_HASH && next->v[2] == q.size) {
		answer(b, new_hash(b, &q, f, end), f);
		return;
	} else {
		q.align = f->v[0] & -f->v[0] & (PAGE_SIZE - 1) ? 64 : PAGE_SIZE;
		caller = STR("memblock_alloc");
	}
	answer(b, new_allocation(b, &q, caller, f->line), f);
}

/* The same when the log shows only what came of it. */
static void from_outcome(struct boot *b, const struct fact *f)
{
	struct memblock_request q = { .align = 64, .nid = NUMA_NO_NODE };

	if (f == b->replay.answered)
		return;
	if (f->kind == FACT_NODE_DATA) {
		q.size = f->v[2] - f->v[1];
		q.nid = (int)f->v[0];
		new_allocation(b, &q, STR("alloc_node_data"), f->line);
	} else {
		q.size = align_up(f->v[1] - f->v[0], PAGE_SIZE);
		q.align = PAGE_SIZE;
		q.max = PFN_PHYS(b->machine->arch == ARCH_I386 ? b->max_low_pfn : b->max_pfn);
		new_allocation(b, &q, STR("relocate_initrd"), f->line);
	}
}

/*
 * To 5.10 an allocation by physical address prints no request; the line that tells what came of it is all there is to see.
 * Kernels that name no allocator in their own lines reserved by address, and that line is in any log.
 */
static bool outcome_needed(const struct boot *b, const struct fact *f)
{
	const struct facts *log = &b->record->log;
	bool requested = f > log->v && f[-1].kind == FACT_MB_ALLOC;

	return facts_first(log, FACT_MB_ALLOC) && f != b->replay.answered && b->replay.answers_missing && !requested;
}

/* A driver keeps part of the firmware's memory: the EFI map is copied into a larger one. Kernel: efi_arch_mem_reserve(). */
static void from_efi_reserve(struct boot *b, const struct fact *f)
{
	uint64_t start = align_down(f->v[0], PAGE_SIZE), end = align_up(f->v[1], PAGE_SIZE);
	struct memblock_request q = { .align = 64, .nid = NUMA_NO_NODE };

	if (!b->replay.answers_missing || f[1].kind != FACT_E820_UPDATE)
		return;
	q.size = efi_memmap_bytes(b->machine, start, end);
	if (q.size)
		new_allocation(b, &q, STR("efi_memmap_alloc"), f->line);
}

static void step(struct boot *b, const struct fact *f, const struct fact *end)
{
	struct memblock_replay *r = &b->replay;

	switch ((enum fact_kind)f->kind) {
	case FACT_MB_ALLOC: {
		struct memblock_request q = request_of(b, f);

		bool is_hash = str_starts(f->s[1], STR("alloc_large_system_hash"));
		struct allocation *a = is_hash ? new_hash(b, &q, f, end) : new_allocation(b, &q, f->s[1], f->line);

		a->caller = f->s[1];
		r->pending = a - b->allocations.v;
		r->has_pending = true;
		break;
	}
	case FACT_MB_RESERVE:
		if (is_answer(f->s[0]) && r->has_pending)
			answer(b, &b->allocations.v[r->pending], f);
		else if (is_answer(f->s[0]))
			requestless(b, f, end);
		else
			boot_reserve(b, owner_of_caller(f->s[0], f->v[1] - f->v[0]), f->v[0], f->v[1]);
		if (f + 1 < end && str_starts(f->s[0], STR("efi_mem_reserve")))
			from_efi_reserve(b, f);
		r->has_pending = false;
		break;
	case FACT_MB_FREE:
		memblock_free(&b->memblock, f->v[0], f->v[1]);
		boot_disown(b, f->v[0], f->v[1]);
		break;
	case FACT_NODE_DATA:
	case FACT_RAMDISK_NEW:
		if (outcome_needed(b, f))
			from_outcome(b, f);
		break;
	default:
		break;
	}
}

/* Were the allocator's answers cut out of the log? */
static bool answers_missing(const struct facts *log)
{
	for (each_fact(f, log, FACT_MB_RESERVE))
		if (is_answer(f->s[0]))
			return false;
	return true;
}

/* The first line of that kind. Where the zones' own header is not there, the next thing that setup_arch() says stands for it. */
static const struct fact *stop_at(const struct boot *b, enum fact_kind kind)
{
	static const enum fact_kind behind_zones[] = { FACT_IOAPIC, FACT_CPUS_ALLOWED, FACT_NOSAVE, FACT_PCI_GAP, FACT_SETUP_PERCPU };
	const struct facts *log = &b->record->log;
	const struct fact *stop = facts_first(log, kind);
	size_t from = boot_trait(b, TRAIT_ZONES_LATE) ? ARRAY_SIZE(behind_zones) - 1 : 0;

	for (size_t i = from; !stop && kind == FACT_ZONE_HEADER && i < ARRAY_SIZE(behind_zones); i++)
		stop = facts_first(log, behind_zones[i]);
	return stop;
}

void memblock_replay_until(struct boot *b, enum fact_kind kind)
{
	const struct facts *log = &b->record->log;
	const struct fact *stop = stop_at(b, kind), *end = log->v + log->nr;
	struct memblock_replay *r = &b->replay;

	if (!r->on)
		return;
	if (!r->next_checked) {
		r->answers_missing = answers_missing(log);
		r->next_checked = true;
	}
	if (kind == NR_FACTS)
		stop = end;
	r->stepping = true;
	for (; r->next < log->nr && stop && &log->v[r->next] < stop; r->next++)
		step(b, &log->v[r->next], end);
	r->stepping = false;
}

/* --- whose the nameless ones are --- */

static bool asks_for(const struct wish *w, uint64_t bytes)
{
	return !w->granted && (w->bytes == bytes || round_up_to(w->bytes, w->align ? w->align : 64) == bytes);
}

/* Two of this size that have nothing to do with each other do not come together. */
#define TELLING_BYTES (64 * KIB)

/* The first thing that a stage asked for in that size, for someone whom the log names elsewhere or does not. */
static struct wish *wish_for(const struct boot *b, const bool *named, bool is_named, uint64_t bytes)
{
	for (size_t i = 0; i < b->replay.wishes.nr; i++) {
		struct wish *w = &b->replay.wishes.v[i];

		if (named[w->owner] == is_named && asks_for(w, bytes))
			return w;
	}
	return NULL;
}

/* Whom the log names elsewhere it would have named here too, unless nobody else asked for a size that tells. */
static enum owner grant(struct boot *b, const bool *named, uint64_t bytes)
{
	struct wish *w = wish_for(b, named, false, bytes);

	if (!w && bytes >= TELLING_BYTES)
		w = wish_for(b, named, true, bytes);
	if (!w)
		return OWNER_EXTRA;
	w->granted = true;
	return w->owner;
}

/* An allocation whose caller the log names. */
static void grant_named(struct boot *b, const struct allocation *a)
{
	for (size_t i = 0; i < b->replay.wishes.nr; i++) {
		struct wish *w = &b->replay.wishes.v[i];

		if (w->owner == a->owner && asks_for(w, a->request.size)) {
			w->granted = true;
			return;
		}
	}
}

/* What is left of the allocation, the per-CPU allocator gives back the ends of its units; false if nothing is. */
static bool rename_owned(struct boot *b, const struct allocation *a, enum owner owner)
{
	uint64_t base = a->observed ? a->observed : a->base;
	bool any = false;

	for (size_t i = 0; base && i < b->owned.nr; i++) {
		struct owned_range *o = &b->owned.v[i];

		if (o->owner != OWNER_EXTRA || o->range.start < base || o->range.end > base + a->request.size || o->range.start == o->range.end)
			continue;
		o->owner = owner;
		any = true;
	}
	return any;
}

void memblock_replay_end(struct boot *b, enum fact_kind kind)
{
	bool named[NR_OWNERS] = { false };

	memblock_replay_until(b, kind);
	for (size_t i = 0; i < b->allocations.nr; i++)
		named[b->allocations.v[i].owner] = true;
	for (size_t i = 0; i < b->allocations.nr; i++)
		if (b->allocations.v[i].owner != OWNER_EXTRA)
			grant_named(b, &b->allocations.v[i]);
	named[OWNER_EXTRA] = false;
	for (size_t i = 0; i < b->allocations.nr; i++) {
		const struct allocation *a = &b->allocations.v[i];

		/* One that was freed again is nobody's. */
		if (a->owner == OWNER_EXTRA && rename_owned(b, a, OWNER_EXTRA))
			rename_owned(b, a, grant(b, named, a->request.size));
	}
}
