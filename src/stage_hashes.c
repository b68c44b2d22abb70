/*
 * stage_hashes.c - hash tables whose size follows the size of memory.
 *
 *   in:   boot.nr_kernel_pages, nr_all_pages; nodes; bucket sizes of the build
 *   out:  tables that memblock hands out; the later ones come from the buddy allocator and cost managed pages nothing
 *   says: one line a table
 *
 * Kernel: alloc_large_system_hash() (mm/page_alloc.c, mm/mm_init.c), pidhash_init(), vfs_caches_init_early(),
 *         vfs_caches_init(), mnt_init(), futex_init(), tcp_init(), udp_table_init().
 */
#include "stages.h"

struct hash_table {
	enum hash_tag tag;
	enum owner owner;
	const char *option;  /* of the command line, for the number of entries */
	unsigned scale;      /* log2 of the bytes of memory for each entry */
	bool small;
	uint64_t low, high;  /* limits of the number of entries, 0 for none */
};

#define HASH_SMALL_SHIFT 4
#define ADAPT_BASE_PAGES (UINT64_C(64) << (30 - PAGE_SHIFT))
#define MAX_BUDDY_ORDER 10
#define PMD_BYTES (2 * MIB)

/* A list head: one pointer. */
static uint64_t pointer_bytes(const struct boot *b) { return machine_is_32bit(b->machine) ? 4 : 8; }

/* Entries by the size of memory, before rounding. */
static uint64_t entries_by_memory(const struct boot *b, const struct hash_table *t, uint64_t bucket)
{
	uint64_t n = round_up_to(b->nr_kernel_pages, MIB >> PAGE_SHIFT);
	unsigned scale = t->scale;

	if (boot_trait(b, TRAIT_HASH_RULE) >= HASH_RULE_ADAPT && !t->high)
		for (uint64_t adapt = ADAPT_BASE_PAGES; adapt < n; adapt <<= 2)
			scale++;
	n = scale > PAGE_SHIFT ? n >> (scale - PAGE_SHIFT) : n << (PAGE_SHIFT - scale);
	if (t->small)
		return n >> HASH_SMALL_SHIFT ? n : 1 << HASH_SMALL_SHIFT;
	return n * bucket < PAGE_SIZE ? div_up(PAGE_SIZE, bucket) : n;
}

/* @asked entries, or as many as memory suggests. Kernel: alloc_large_system_hash(). */
static uint64_t hash_entries(const struct boot *b, const struct hash_table *t, uint64_t bucket, uint64_t asked)
{
	uint64_t n = roundup_pow_of_two(asked ? asked : entries_by_memory(b, t, bucket));
	uint64_t max = t->high ? t->high : PFN_PHYS(b->nr_all_pages) / 16 / bucket;

	max = min_u64(max, UINT64_C(0x80000000));
	n = min_u64(max_u64(n, t->low), max);
	return rounddown_pow_of_two(n);
}

static uint64_t asked_entries(const struct boot *b, const struct hash_table *t)
{
	const struct cmdline_option *o = t->option ? cmdline_last(b->cmdline, t->option) : NULL;

	return o && o->value.p ? str_memparse(o->value, NULL) : 0;
}

static void say_hash(struct boot *b, const struct hash_table *t, uint64_t entries, uint64_t bytes, const char *kind)
{
	int order;

	/* Without memory there is no table. */
	if (!bytes)
		return;
	/* Old kernels give the order of less than a page as a negative number. */
	order = (int)ilog2_u64(boot_trait(b, TRAIT_PID_HASH) ? bytes : max_u64(bytes, PAGE_SIZE)) - PAGE_SHIFT;
	if (boot_trait(b, TRAIT_HASH_ORDER))
		order = (int)get_order(bytes);
	SAY_TEXT(b, HASH, t->tag, kind, NULL, entries, (uint64_t)(int64_t)order, bytes);
}

/* Are the large tables spread over the nodes? Then they come from vmalloc, later. */
static bool hashes_distributed(const struct boot *b)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "hashdist");
	bool on = b->machine->arch == ARCH_X86_64 && b->kernel->has_numa;

	if (o && o->value.p)
		on = str_memparse(o->value, NULL) != 0;
	if (boot_trait(b, TRAIT_HASH_DIST) == HASH_DIST_NODES && boot_nodes_with_memory(b) < 2)
		on = false;
	return on;
}

/* Does vmalloc map it with large pages? To 6.12 each node's share decides. */
static bool mapped_huge(const struct boot *b, uint64_t bytes)
{
	if (b->machine->arch != ARCH_X86_64 || cmdline_has(b->cmdline, "nohugevmalloc"))
		return false;
	switch (boot_trait(b, TRAIT_HASH_VMALLOC_HUGE)) {
	case HASH_HUGE_SHARE:
		return bytes / max_u64(b->nr_online, 1) >= PMD_BYTES;
	case HASH_HUGE_WHOLE:
		return bytes >= PMD_BYTES;
	default:
		return false;
	}
}

/* A table that memblock hands out. */
static void early_hash(struct boot *b, const struct hash_table *t, uint64_t bucket, uint64_t asked)
{
	uint64_t entries = hash_entries(b, t, bucket, asked);

	boot_alloc_bytes(b, t->owner, entries * bucket, 64, NUMA_NO_NODE);
	say_hash(b, t, entries, entries * bucket, "linear");
}

/* A table that the buddy allocator hands out, or vmalloc. Returns its entries. */
static uint64_t late_hash(struct boot *b, const struct hash_table *t, uint64_t bucket, uint64_t asked)
{
	uint64_t entries = hash_entries(b, t, bucket, asked), bytes = entries * bucket;
	bool virtual = hashes_distributed(b) || bytes > PFN_PHYS(UINT64_C(1) << MAX_BUDDY_ORDER);

	say_hash(b, t, entries, bytes, !virtual ? "linear" : mapped_huge(b, bytes) ? "vmalloc hugepage" : "vmalloc");
	return entries;
}

static const struct hash_table pid_hash = { HASH_PID, OWNER_HASH_OTHER, NULL, 18, true, 0, 4096 };
static const struct hash_table vfs_hashes[] = {
	{ HASH_DENTRY, OWNER_HASH_DENTRY, "dhash_entries", 13, false, 0, 0 },
	{ HASH_INODE, OWNER_HASH_INODE, "ihash_entries", 14, false, 0, 0 },
};
static const struct hash_table mount_hashes[] = {
	{ HASH_MOUNT, OWNER_NONE, "mhash_entries", 19, false, 0, 0 },
	{ HASH_MOUNTPOINT, OWNER_NONE, "mphash_entries", 19, false, 0, 0 },
};

#define LOCK_ENTRY_BYTES 16 /* the lock and the CPU that waits */
#define LOCK_LINE_BYTES 64
#define LOCKS_PER_CPU 4

/* A page at least, and whole cache lines; only a table needs a power of two. Kernel: kernel/locking/qspinlock_paravirt.h. */
void lock_hash_run(struct boot *b)
{
	uint64_t wanted = align_up(LOCKS_PER_CPU * b->machine->possible_cpus, LOCK_LINE_BYTES / LOCK_ENTRY_BYTES);
	struct hash_table t = { .tag = HASH_PV_LOCK, .owner = OWNER_HASH_OTHER };

	if (!boot_trait(b, TRAIT_LOCK_HASH) || !b->machine->pv_spinlocks || b->machine->possible_cpus < 2)
		return;
	t.low = t.high = max_u64(wanted, PAGE_SIZE / LOCK_ENTRY_BYTES);
	early_hash(b, &t, LOCK_ENTRY_BYTES, t.low);
}

void hashes_run(struct boot *b)
{
	if (boot_trait(b, TRAIT_PID_HASH))
		early_hash(b, &pid_hash, pointer_bytes(b), 0);
	if (hashes_distributed(b))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(vfs_hashes); i++)
		early_hash(b, &vfs_hashes[i], pointer_bytes(b), asked_entries(b, &vfs_hashes[i]));
}

/* Mounts had one page of list heads, until their tables grew with memory. */
static void mount_tables(struct boot *b)
{
	if (boot_trait(b, TRAIT_MOUNT_HASH) == MOUNT_HASH_PAGE) {
		SAY(b, HASH_SHORT, HASH_MOUNT, PAGE_SIZE / (2 * pointer_bytes(b)));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(mount_hashes); i++)
		late_hash(b, &mount_hashes[i], pointer_bytes(b), asked_entries(b, &mount_hashes[i]));
}

void vfs_hashes_run(struct boot *b)
{
	old_map_runtime(b);
	for (size_t i = 0; i < ARRAY_SIZE(vfs_hashes) && hashes_distributed(b); i++)
		late_hash(b, &vfs_hashes[i], pointer_bytes(b), asked_entries(b, &vfs_hashes[i]));
	mount_tables(b);
}

/* --- the table of stack traces --- */

#define STACK_DEPOT_MIN (UINT64_C(1) << 12)
#define STACK_DEPOT_MAX (UINT64_C(1) << 20)

/* The slab allocator keeps who allocated: U among the flags, or no flags at all. Kernel: setup_slub_debug() (mm/slub.c). */
static bool slab_keeps_users(const struct boot *b)
{
	static const char *const names[] = { "slub_debug", "slab_debug" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct cmdline_option *o = cmdline_last(b->cmdline, names[i]);

		if (o && (!o->value.n || str_find_char(o->value, 'U') >= 0))
			return true;
	}
	return false;
}

static const struct fact *said_depot(const struct boot *b)
{
	for (each_fact(f, &b->record->log, FACT_HASH))
		if (f->tag == HASH_STACK_DEPOT)
			return f;
	return NULL;
}

/* Many features ask for it, some without a word on the command line: a log tells whether one did. */
static bool wants_stack_depot(const struct boot *b)
{
	return boot_trait(b, TRAIT_STACK_DEPOT) && (b->record ? said_depot(b) != NULL : slab_keeps_users(b));
}

void stack_depot_run(struct boot *b)
{
	const struct hash_table table = { HASH_STACK_DEPOT, OWNER_STACK_DEPOT, NULL, 14, false, STACK_DEPOT_MIN, STACK_DEPOT_MAX };
	const struct fact *pools = b->record ? facts_first(&b->record->log, FACT_STACK_POOLS) : NULL;
	const struct fact *sized = b->record ? facts_first(&b->record->log, FACT_STACK_DEPOT_EARLY) : NULL;
	uint64_t bucket = pointer_bytes(b) * (boot_trait(b, TRAIT_STACK_DEPOT_LISTS) ? 2 : 1), entries;

	if (wants_stack_depot(b)) {
		/* The address sanitizer wants the largest one. */
		entries = hash_entries(b, &table, bucket, boot_has_kasan(b) ? STACK_DEPOT_MAX : 0);
		boot_alloc_bytes(b, OWNER_STACK_DEPOT, entries * bucket, 64, NUMA_NO_NODE);
		say_hash(b, &table, entries, entries * bucket, "linear");
	} else if (sized && sized->v[0]) {
		/* A power of two, as the configuration has it; a line may say what it likes. */
		entries = rounddown_pow_of_two(min_u64(sized->v[0], STACK_DEPOT_MAX * pointer_bytes(b)));
		boot_alloc_bytes(b, OWNER_STACK_DEPOT, entries, entries, NUMA_NO_NODE);
	} else if (b->record && facts_first(&b->record->log, FACT_STACK_DEPOT_FIXED)) {
		boot_alloc_bytes(b, OWNER_STACK_DEPOT, STACK_DEPOT_MAX * pointer_bytes(b), STACK_DEPOT_MAX * pointer_bytes(b), NUMA_NO_NODE);
	}
	if (pools)
		boot_alloc_bytes(b, OWNER_STACK_DEPOT, min_u64(pools->v[0], STACK_DEPOT_MAX) * pointer_bytes(b), PAGE_SIZE, NUMA_NO_NODE);
}

/* --- tables of initcalls --- */

#define FUTEX_PER_CPU 256
#define TCP_EST_MAX (512 * 1024)
#define SMALL_MACHINE_PAGES (128 * 1024)

/* One list for each 8 KiB of memory, 32 KiB on small machines; later one for each 128 KiB. */
static unsigned tcp_scale(const struct boot *b)
{
	if (boot_trait(b, TRAIT_TCP_HASH) == TCP_HASH_128K)
		return 17;
	return b->totalram.v >= SMALL_MACHINE_PAGES ? 13 : 15;
}

static void tcp_hashes(struct boot *b)
{
	const struct kernel *k = b->kernel;
	struct hash_table established = { HASH_TCP_EST, OWNER_NONE, "thash_entries", tcp_scale(b), false, 0, TCP_EST_MAX };
	const struct hash_table bind = { HASH_TCP_BIND, OWNER_NONE, NULL, 0, false, 0, 64 * 1024 };
	uint64_t asked = asked_entries(b, &established), entries;

	if (!is_known(k->tcp_established) || !is_known(k->tcp_bind))
		return;
	if (asked)
		established.high = 0;
	entries = late_hash(b, &established, k->tcp_established.v, asked);
	late_hash(b, &bind, k->tcp_bind.v, entries);
}

static uint64_t futex_lists(const struct boot *b)
{
	int small = boot_trait(b, TRAIT_FUTEX_LISTS);

	return small ? (uint64_t)small : roundup_pow_of_two(FUTEX_PER_CPU * max_u64(b->machine->possible_cpus, 1));
}

void net_hashes_run(struct boot *b)
{
	const struct kernel *k = b->kernel;
	const struct hash_table futex = { HASH_FUTEX, OWNER_NONE, NULL, 0, false, 0, 0 };
	const struct hash_table udp = { HASH_UDP, OWNER_NONE, "uhash_entries", 21, false, 256, 64 * 1024 };
	struct hash_table udp_lite = udp;

	udp_lite.tag = HASH_UDP_LITE;
	if (is_known(k->futex))
		late_hash(b, &futex, k->futex.v, futex_lists(b));
	tcp_hashes(b);
	if (is_known(k->udp))
		late_hash(b, &udp, k->udp.v, asked_entries(b, &udp));
	if (is_known(k->udp_lite))
		late_hash(b, &udp_lite, k->udp_lite.v, asked_entries(b, &udp));
}
