/*
 * replay.c - see replay.h.
 *
 * Each fact that a stage says is printed by the line rule of its kind and of this kernel's era. Lines of one kind are paired in
 * order; where the two sides differ, the nearest equal lines are found again, as a diff does.
 */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"
#include "rules.h"

/* How far the pairing looks for equal lines. */
#define WINDOW 64

const char *replay_verdict_name(enum replay_verdict verdict)
{
	static const char *const names[] = { "match", "mismatch", "missing", "extra", "input", "not-modelled" };

	return names[verdict];
}

/* What a stage may say; other kinds are input, or nothing that the model knows of. */
static const enum fact_kind modelled[] = {
	FACT_E820_BANNER, FACT_E820_ENTRY, FACT_E820_GAP, FACT_E820_UPDATE, FACT_E820_REMOVE, FACT_E820_MTRR, FACT_MTRR_LOSING, FACT_LAST_PFN,
	FACT_KERNEL_NOT_RAM, FACT_PCI_GAP, FACT_PCI_GAP_OLD, FACT_PCI_GAP_NONE, FACT_RAM_BUFFER, FACT_NOSAVE, FACT_GBPAGES, FACT_INITIAL_MAPPED,
	FACT_INIT_MAPPING, FACT_MAP_PAGE, FACT_MAP_TABLES, FACT_BRK_PGTABLE, FACT_RAMDISK_NEW, FACT_RAMDISK_MOVE, FACT_NUMA_NONE, FACT_NUMA_OFF,
	FACT_NUMA_DUMMY, FACT_NUMA_FAKE, FACT_NUMA_MERGE, FACT_NUMA_OVERLAP, FACT_NUMA_COVERAGE, FACT_NUMA_COVERAGE_OLD, FACT_NUMA_DISTANCE, FACT_NODE_DATA,
	FACT_NODE_DATA_OLD, FACT_NODE_DATA_ON, FACT_NODE_SETUP, FACT_NODE_MEMORYLESS, FACT_NODE_INIT_MEMORYLESS, FACT_NODE_BOOTMAP, FACT_EARLY_RES_COUNT,
	FACT_EARLY_RES, FACT_NUMA_MEMNODEMAP, FACT_NUMA_HASH_SHIFT, FACT_ZONE_HEADER, FACT_ZONE_RANGE, FACT_ZONE_RANGE_PFN, FACT_ZONE_EMPTY,
	FACT_MIRROR_IGNORED, FACT_MOVABLE_HEADER, FACT_MOVABLE_START, FACT_MOVABLE_START_PFN, FACT_NODE_RANGES_HEADER, FACT_NODE_RANGES_HEADER_OLD, FACT_NODE_RANGE,
	FACT_NODE_RANGE_PFN, FACT_NODE_TOTALPAGES, FACT_ZONE_MEMMAP, FACT_ZONE_RESERVED, FACT_ZONE_PAGES, FACT_UNAVAILABLE, FACT_UNAVAILABLE_ZONE,
	FACT_UNAVAILABLE_ZEROED, FACT_UNAVAILABLE_RESERVED, FACT_HIGHMEM_INIT, FACT_HIGHMEM_AVAILABLE, FACT_LOWMEM_AVAILABLE, FACT_MAPPED_LOW_RAM,
	FACT_VMEMMAP_PMD, FACT_PERCPU, FACT_PCPU_ALLOC, FACT_PCPU_GROUPS, FACT_ZONELISTS, FACT_ZONELISTS_ORDER, FACT_POLICY_ZONE, FACT_FALLBACK, FACT_HASH, FACT_HASH_KIND, FACT_HASH_SHORT, FACT_CRASHKERNEL, FACT_CRASHKERNEL_LOW, FACT_CRASHKERNEL_HEX, FACT_CRASHKERNEL_LOW_HEX,
	FACT_CRASHKERNEL_FAILED, FACT_CRASH_LOW_1M, FACT_CMA_RESERVED, FACT_CMA_RESERVED_NODE, FACT_CMA_RANGES, FACT_CMA_FAILED, FACT_HUGETLB_CMA, FACT_HUGETLB_CMA_NODE, FACT_SWIOTLB, FACT_SWIOTLB_AREA,
	FACT_MEMORY_BLOCK_SIZE, FACT_LOG_BUF_LEN, FACT_LOG_BUF_CPU, FACT_LOG_BUF_EXTRA, FACT_LOG_BUF_META, FACT_MEMORY,
	FACT_MEMORY_X86, FACT_MEMORY_I386, FACT_FREE_INITRD, FACT_KERNEL_COMMAND_LINE, FACT_MIPS_USER_MAP, FACT_MIPS_RANGE, FACT_MIPS_WASTED,
};

/* Kinds that a log may hold and the model takes as they are. */
static const enum fact_kind inputs[] = {
	FACT_LINUX_VERSION, FACT_MALFORMED_OPTION, FACT_LOG_BUF_MIN, FACT_MIPS_MAP, FACT_COMMAND_LINE, FACT_DMI, FACT_EFI_VERSION, FACT_EFI_TABLES, FACT_EFI_MEM, FACT_EFI_REMOVE_MMIO, FACT_HYPERVISOR, FACT_PARAVIRT,
	FACT_MTRR_DEFAULT, FACT_MTRR_FIXED, FACT_MTRR_RANGE, FACT_MTRR_TOM2, FACT_TRAMPOLINE, FACT_TRAMPOLINE_HASHED, FACT_RAMDISK, FACT_ACPI_TABLE,
	FACT_ACPI_RESERVE, FACT_SRAT_CPU, FACT_SRAT_MEM, FACT_SRAT_HOTPLUG, FACT_CPUS_ALLOWED, FACT_CPU_LIST_OF_NODE, FACT_CPU_NODE, FACT_IOAPIC,
	FACT_CPUS_BROUGHT_UP, FACT_CPUS_BROUGHT_UP_OLD, FACT_SETUP_PERCPU, FACT_ESRT, FACT_MPTABLE, FACT_MPTABLE_OLD, FACT_INTEL_STOLEN, FACT_KASLR_OFFSET,
	FACT_SECURE_ENCRYPTION, FACT_UNKNOWN_PARAMETERS, FACT_FREE_SMP_ALTERNATIVES, FACT_FREE_INIT, FACT_FREE_INITMEM, FACT_FREE_TEXT_GAP,
	FACT_STACK_DEPOT_FIXED, FACT_STACK_POOLS, FACT_FREE_RODATA_GAP, FACT_FREE_DECRYPTED, FACT_FREE_EFI, FACT_LOW_RAM,
};

static bool is_in(enum fact_kind kind, const enum fact_kind *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == kind)
			return true;
	return false;
}

struct entry {
	struct replay_line line;
	uint64_t key; /* boot order: line, then what the model says behind it */
	size_t seq;   /* among equals, the order in which they were said */
	enum fact_kind kind;
	enum stage_id stage;
	bool anchor;  /* input that a stage repeats: it shows where the boot stands, and is not printed */
};

struct entries {
	struct entry *v;
	size_t nr, cap;
};

struct builder {
	struct arena *arena;
	const struct verdict *verdict;
	struct entries said, heard; /* what the model and the log say, without input */
	struct entries others;      /* of the log: input, and what is not modelled */
	ptrdiff_t *partner;         /* of each that was said: index in heard, or -1 */
};

/* The firmware's own map is input; maps that the kernel made of it are not. */
static bool is_input(const struct builder *b, const struct fact *f)
{
	if (f->tag == TAG_USER && b->verdict->boot->user_map_taken && (f->kind == FACT_E820_BANNER || f->kind == FACT_E820_ENTRY || f->kind == FACT_E820_GAP))
		return true;
	if (f->kind == FACT_MIPS_RANGE) {
		const struct fact *user = facts_first(&b->verdict->record->log, FACT_MIPS_USER_MAP);

		return f->line && (!user || f->line < user->line);
	}
	if (b->verdict->machine->map_from_nodes && (f->kind == FACT_NODE_RANGE || f->kind == FACT_NODE_RANGE_PFN))
		return true;
	if (f->kind == FACT_E820_BANNER || f->kind == FACT_E820_ENTRY || f->kind == FACT_E820_GAP)
		return f->tag == TAG_NONE || f->tag == TAG_BIOS_E801 || f->tag == TAG_BIOS_88 || f->tag == TAG_XEN;
	return is_in((enum fact_kind)f->kind, inputs, ARRAY_SIZE(inputs));
}

static struct str right_trim(struct str s)
{
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static struct str words_of(struct builder *b, const struct fact *fact)
{
	const struct line_rule *rule = rules_for((enum fact_kind)fact->kind, fact->tag, b->verdict->boot->traits);
	struct strbuf out = { .arena = b->arena };

	if (!rule)
		return (struct str){ 0 };
	shape_print(rule, fact, &out);
	return right_trim(strbuf_str(&out));
}

static void collect_said(struct builder *b)
{
	const struct sayings *said = &b->verdict->boot->said;

	for (size_t i = 0; i < said->nr; i++) {
		const struct saying *s = &said->v[i];
		bool filtered = b->verdict->record->debug_missing && fact_is_debug((enum fact_kind)s->fact.kind);
		struct str words = filtered ? (struct str){ 0 } : words_of(b, &s->fact);

		if (words.p)
			*vec_push(b->arena, &b->said) = (struct entry){
				.line = { 0, stage_name(s->stage), words, { 0 }, REPLAY_MISSING }, .kind = (enum fact_kind)s->fact.kind, .stage = s->stage,
				.anchor = is_input(b, &s->fact),
			};
	}
}

static void collect_heard(struct builder *b)
{
	const struct facts *log = &b->verdict->record->log;

	for (size_t i = 0; i < log->nr; i++) {
		const struct fact *f = &log->v[i];
		struct entry e = { .line = { f->line, NULL, { 0 }, right_trim(f->text), REPLAY_NOT_MODELLED }, .key = (uint64_t)f->line << 32, .kind = (enum fact_kind)f->kind };

		if (is_input(b, f)) {
			e.line.verdict = REPLAY_INPUT;
			*vec_push(b->arena, &b->others) = e;
		} else if (is_in(e.kind, modelled, ARRAY_SIZE(modelled))) {
			e.line.verdict = REPLAY_EXTRA;
			*vec_push(b->arena, &b->heard) = e;
		} else {
			*vec_push(b->arena, &b->others) = e;
		}
	}
}

/* Indexes of the entries of one kind. */
static size_t *of_kind(struct builder *b, const struct entries *all, enum fact_kind kind, size_t *nr)
{
	size_t *ret = arena_array(b->arena, size_t, all->nr + 1);

	*nr = 0;
	for (size_t i = 0; i < all->nr; i++)
		if (all->v[i].kind == kind && !all->v[i].anchor)
			ret[(*nr)++] = i;
	return ret;
}

/* Blanks at the front are lost where a log went through syslog. */
static bool same_line(struct str predicted, struct str observed) { return str_eq(str_trim(predicted), str_trim(observed)); }

static bool same_words(const struct builder *b, size_t said, size_t heard) { return same_line(b->said.v[said].line.predicted, b->heard.v[heard].line.observed); }

static void pair_kind(struct builder *b, enum fact_kind kind)
{
	size_t np, no, i = 0, j = 0;
	size_t *p = of_kind(b, &b->said, kind, &np), *o = of_kind(b, &b->heard, kind, &no);

	while (i < np && j < no) {
		size_t d = 0;

		while (d < WINDOW && !(j + d < no && same_words(b, p[i], o[j + d])) && !(i + d < np && same_words(b, p[i + d], o[j])))
			d++;
		if (d < WINDOW && j + d < no && same_words(b, p[i], o[j + d]))
			j += d;
		else if (d < WINDOW)
			i += d;
		b->partner[p[i++]] = (ptrdiff_t)o[j++];
	}
}

/*
 * What the log tells just before a stage, where the stage itself may have no line in it: a line that only the model says is put
 * behind the last of these.
 */
static const struct {
	enum stage_id stage;
	enum fact_kind kind;
} precursors[] = {
	{ STAGE_E820, FACT_DMI },		 { STAGE_MTRR, FACT_MTRR_RANGE },	  { STAGE_DIRECT_MAP, FACT_MTRR_RANGE }, { STAGE_DIRECT_MAP, FACT_TRAMPOLINE },
	{ STAGE_NUMA, FACT_ACPI_TABLE },	 { STAGE_NUMA, FACT_ACPI_RESERVE },	  { STAGE_NUMA, FACT_SRAT_MEM },	 { STAGE_RESOURCES, FACT_CPUS_ALLOWED },
	{ STAGE_PERCPU, FACT_SETUP_PERCPU },	 { STAGE_ZONELISTS, FACT_SETUP_PERCPU },  { STAGE_BLOCKS, FACT_CPUS_BROUGHT_UP }, { STAGE_BLOCKS, FACT_CPUS_BROUGHT_UP_OLD },
	{ STAGE_BUFFERS, FACT_CPUS_BROUGHT_UP }, { STAGE_BUFFERS, FACT_CPUS_BROUGHT_UP_OLD },
};

static uint64_t not_before(const struct builder *b, enum stage_id stage)
{
	uint64_t key = 0;

	for (size_t i = 0; i < ARRAY_SIZE(precursors); i++) {
		const struct fact *f = precursors[i].stage == stage ? facts_last(&b->verdict->record->log, precursors[i].kind) : NULL;

		if (f)
			key = max_u64(key, (uint64_t)f->line << 32);
	}
	return key;
}

/* The same input in the log, behind @key; where it is not there, @key. */
static uint64_t anchor_key(const struct builder *b, const struct entry *anchor, uint64_t key)
{
	for (size_t i = 0; i < b->others.nr; i++) {
		const struct entry *e = &b->others.v[i];

		if (e->kind == anchor->kind && e->key > key && same_line(anchor->line.predicted, e->line.observed))
			return e->key;
	}
	return key;
}

static void join(struct builder *b)
{
	uint64_t key = 0;

	b->partner = arena_array(b->arena, ptrdiff_t, b->said.nr + 1);
	for (size_t i = 0; i < b->said.nr; i++)
		b->partner[i] = -1;
	for (size_t k = 0; k < ARRAY_SIZE(modelled); k++)
		pair_kind(b, modelled[k]);
	for (size_t i = 0; i < b->said.nr; i++) {
		struct entry *e = &b->said.v[i];

		e->seq = i;
		if (e->anchor) {
			key = anchor_key(b, e, key);
			continue;
		}
		if (b->partner[i] < 0) {
			e->key = key = max_u64(key, not_before(b, e->stage)) + 1;
			continue;
		}
		e->line.line = b->heard.v[b->partner[i]].line.line;
		e->line.observed = b->heard.v[b->partner[i]].line.observed;
		e->line.verdict = same_line(e->line.predicted, e->line.observed) ? REPLAY_MATCH : REPLAY_MISMATCH;
		e->key = key = b->heard.v[b->partner[i]].key;
		/* It stands for both now. */
		b->heard.v[b->partner[i]].line.line = 0;
	}
}

/* Lines that no stage said since the model had to learn from them. */
static void taught(struct builder *b)
{
	static const enum fact_kind kinds[] = { FACT_MEMORY, FACT_MEMORY_X86, FACT_MEMORY_I386, FACT_KERNEL_COMMAND_LINE };

	for (size_t i = 0; i < b->heard.nr; i++)
		if (is_in(b->heard.v[i].kind, kinds, ARRAY_SIZE(kinds)))
			b->heard.v[i].line.verdict = REPLAY_INPUT;
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void replay_build(struct arena *arena, const struct verdict *verdict, struct replay *ret)
{
	struct builder b = { .arena = arena, .verdict = verdict };
	struct entries all;

	rules_init();
	collect_said(&b);
	collect_heard(&b);
	join(&b);
	all = b.others;
	for (size_t i = 0; i < b.said.nr; i++)
		if (!b.said.v[i].anchor)
			*vec_push(arena, &all) = b.said.v[i];
	taught(&b);
	for (size_t i = 0; i < b.heard.nr; i++)
		if (b.heard.v[i].line.line)
			*vec_push(arena, &all) = b.heard.v[i];
	qsort(all.v, all.nr, sizeof(*all.v), by_key);
	for (size_t i = 0; i < all.nr; i++)
		*vec_push(arena, ret) = all.v[i].line;
}
