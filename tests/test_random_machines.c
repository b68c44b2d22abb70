/*
 * test_random_machines.c - machines that nobody has built keep the model's invariants.
 *
 * Logs are written for random firmware maps (up to hundreds of entries, overlapping or not, holes inside sections, up to 64 TiB),
 * random nodes (up to 64, memoryless and interleaved ones among them), kernels of all eras and command lines with every memory
 * option; each is analysed from its text, and machine_check() must find nothing wrong with the boot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dmesg.h"
#include "mia/analysis.h"
#include "mia/arena.h"
#include "mia/shipped.h"

static uint64_t seed;
static bool largest; /* 64 TiB, 64 nodes, hundreds of entries: all at once */

/* One draw a statement: compilers evaluate arguments in an order of their own, and the machines must be the same everywhere. */
static uint64_t any(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	/* The high bits are the random ones, and there must be enough of them for 64 TiB. */
	return (uint64_t)((unsigned __int128)seed * below >> 64);
}

struct era {
	const char *release;
	const char *range;        /* of the map */
	uint64_t last;            /* 1: the last byte is printed */
	const char *ram, *kept;
	const char *srat;         /* NULL: no nodes */
};

#define RANGE_OLD " BIOS-e820: %016" PRIx64 " - %016" PRIx64 " (%s)\n"
#define RANGE_NEW "BIOS-e820: [mem 0x%016" PRIx64 "-0x%016" PRIx64 "] %s\n"
#define SRAT_OLD "SRAT: Node %u PXM %u %" PRIx64 "-%" PRIx64 "\n"
#define SRAT_NEW "ACPI: SRAT: Node %u PXM %u [mem 0x%08" PRIx64 "-0x%08" PRIx64 "]\n"
#define SRAT_3 "SRAT: Node %u PXM %u [mem 0x%08" PRIx64 "-0x%08" PRIx64 "]\n"

static const struct era eras[] = {
	{ "2.6.32.69", RANGE_OLD, 0, "usable", "reserved", SRAT_OLD },
	{ "3.10.0-1160.el7.x86_64", RANGE_NEW, 1, "usable", "reserved", SRAT_3 },
	{ "4.4.155", RANGE_NEW, 1, "usable", "reserved", SRAT_NEW },
	{ "4.19.13", RANGE_NEW, 1, "usable", "reserved", SRAT_NEW },
	{ "5.4.286", RANGE_NEW, 1, "usable", "reserved", SRAT_NEW },
	{ "5.10.0-32-686", RANGE_NEW, 1, "usable", "reserved", NULL },
	{ "5.10.0-32-amd64", RANGE_NEW, 1, "usable", "reserved", SRAT_NEW },
	{ "6.1.0-50-686-pae", RANGE_NEW, 1, "usable", "reserved", NULL },
	{ "6.1.0-56-amd64", RANGE_NEW, 1, "usable", "reserved", SRAT_NEW },
	{ "6.12.117+deb12-amd64", RANGE_NEW, 1, "usable", "reserved", SRAT_NEW },
	{ "7.2.13+deb14-amd64", RANGE_NEW, 1, " System RAM", " device reserved", SRAT_NEW },
};

static const char *const options[] = {
	"mem=%uM", "memmap=%uM@1M", "memmap=%uM$2G", "memmap=%uM!4G", "memmap=%uM#3G", "memmap=exactmap memmap=640K@0 memmap=%uM@1M", "numa=off",
	"numa=fake=4", "numa=fake=%uM", "kernelcore=%uM", "movablecore=%uM", "kernelcore=30%%", "movable_node", "kernelcore=mirror",
	"crashkernel=%uM", "crashkernel=%uM,high", "crashkernel=%uM,high crashkernel=64M,low", "hugepagesz=1G hugepages=3", "hugepages=%u", "cma=%uM",
	"nokaslr", "transparent_hugepage=never", "log_buf_len=16M", "swiotlb=force", "reservelow=%u", "nr_cpus=2", "min_free_kbytes=%u", "highmem=%uM",
	"vmalloc=%uM",
};

static uint64_t any_address(uint64_t top)
{
	uint64_t a = any(top);

	/* Mostly at pages, often at sections, sometimes anywhere. */
	return any(8) ? align_down(a, any(3) ? PAGE_SIZE : 128 * MIB) : a;
}

static void say_range(struct strbuf *log, const struct era *era, uint64_t start, uint64_t end, bool ram)
{
	if (start >= end)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	strbuf_printf(log, era->range, start, end - era->last, ram ? era->ram : era->kept);
#pragma GCC diagnostic pop
}

/* A map that any firmware could give; entries may overlap and lie in any order. */
static uint64_t say_map(struct strbuf *log, const struct era *era)
{
	uint64_t top = UINT64_C(1) << (27 + any(20)), entries = 1 + any(any(4) ? 12 : 300), length = top / 4;

	if (largest) {
		top = 64 * TIB;
		entries += 200;
		length = UINT64_C(1) << (28 + any(10));
	}
	strbuf_printf(log, "BIOS-provided physical RAM map:\n");
	say_range(log, era, 0, 0x9fc00, true);
	if (any(4)) {
		say_range(log, era, MIB, 64 * MIB + any_address(64 * MIB), true);
		top += 128 * MIB;
	}
	for (uint64_t i = 0; i < entries; i++) {
		uint64_t start = any_address(top);
		bool ram = any(3) != 0, hole = !any(largest ? 2 : 6);

		/* Some entries are small: holes inside a section, or memory inside a hole. */
		say_range(log, era, start, start + 1 + any_address(hole ? 64 * MIB : length + 2), ram);
	}
	say_range(log, era, 0xfffc0000, 4 * GIB, false);
	return top;
}

/* Nodes that cover the machine, as pieces handed out in turn or in blocks; one in a while is missing, or covers too much. */
static void say_nodes(struct strbuf *log, const struct era *era, uint64_t top)
{
	uint64_t nodes = 1 + any(64), unit = any(2) ? 128 * MIB : 4 * MIB, turns = 1 + any(2), piece;
	unsigned nid = 0;
	bool complete = any(2);

	if (largest)
		nodes = 64;
	piece = align_up(top / (nodes * turns) + 1, unit);
	if (!era->srat || (!any(3) && !largest))
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	for (uint64_t at = 0; at < 2 * top && nid < 200; at += piece, nid++)
		if (complete || any(16))
			strbuf_printf(log, era->srat, (unsigned)(nid % nodes), (unsigned)(nid % nodes), at, at + piece - era->last);
#pragma GCC diagnostic pop
}

static void say_command_line(struct strbuf *log)
{
	strbuf_printf(log, "Command line: ro quiet");
	for (uint64_t i = any(4); i > 0; i--) {
		unsigned number = (unsigned)(1 + any(any(2) ? 300 : 100000));

		strbuf_char(log, ' ');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		strbuf_printf(log, options[any(ARRAY_SIZE(options))], number);
#pragma GCC diagnostic pop
	}
	strbuf_char(log, '\n');
}

/* The kernel's own count: about what it might be, and sometimes nonsense. */
static void say_memory(struct strbuf *log, uint64_t top)
{
	uint64_t kib = top >> 10, free = any(4) ? kib - kib / (2 + any(60)) : any(2 * kib);

	if (any(2))
		strbuf_printf(log, "Memory: %" PRIu64 "K/%" PRIu64 "K available (14336K kernel code, 2332K rwdata, 9132K rodata, 2820K init, 17344K bss, %" PRIu64 "K reserved, 0K cma-reserved)\n",
			      free, kib, sub_sat(kib, free));
	if (any(2))
		strbuf_printf(log, "Freeing initrd memory: %uK\nFreeing unused kernel image (initmem) memory: 2820K\n", (unsigned)(4 * any(20000)));
}

static struct str random_log(struct arena *arena)
{
	const struct era *era = &eras[any(ARRAY_SIZE(eras))];
	struct strbuf log = { .arena = arena };
	uint64_t top;

	strbuf_printf(&log, "Linux version %s (a@b) (gcc) #1 SMP\n", era->release);
	say_command_line(&log);
	top = say_map(&log, era);
	if (any(2))
		strbuf_printf(&log, "RAMDISK: [mem 0x%08" PRIx64 "-0x%08" PRIx64 "]\n", 32 * MIB, 32 * MIB + (1 + any(4096)) * PAGE_SIZE - 1);
	say_nodes(&log, era, top);
	if (any(2))
		strbuf_printf(&log, "smpboot: Allowing %u CPUs, 0 hotplug CPUs\n", (unsigned)(1 + any(512)));
	say_memory(&log, top);
	return strbuf_str(&log);
}

/* What the machines were like: a test of nothing must not pass. */
static struct {
	size_t with_memory, with_nodes, with_many_nodes, large, with_many_entries, with_split_sections, with_options;
} met;

/* A section that begins before a hole and ends behind it. */
static bool has_split_section(const struct boot *b)
{
	const struct memblock_type *memory = &b->memblock.memory;

	for (size_t i = 1; b->sections.nr && i < memory->nr; i++)
		if (memory->v[i - 1].end < memory->v[i].base && memory->v[i - 1].end >= MIB && align_up(memory->v[i - 1].end, 128 * MIB) > memory->v[i].base)
			return true;
	return false;
}

static void remember(const struct verdict *v)
{
	met.with_memory += v->boot->physpages > 0;
	met.with_nodes += v->boot->nr_online > 1;
	met.with_many_nodes += v->boot->nr_online > 32;
	met.with_split_sections += has_split_section(v->boot);
	met.large += v->boot->max_pfn > PFN_DOWN(16 * TIB);
	met.with_many_entries += v->machine->e820.nr > 100;
	met.with_options += v->boot->user_map || v->boot->crashkernel.end || v->boot->numa_fake;
}

static void forget(void) { memset(&met, 0, sizeof(met)); }

static void analyse(struct arena *arena, struct shipped *shipped, uint64_t number)
{
	struct analysis_options with = { .shipped = shipped };
	struct boot_records boots = { 0 };
	struct verdict verdict;
	struct str log;

	seed = number * 7919;
	log = random_log(arena);
	dmesg_parse(arena, log, &boots);
	assert_int_equal(boots.nr, 1);
	analysis_run(arena, &boots.v[0], &with, &verdict);
	remember(&verdict);
	if (verdict.broken)
		fail_msg("machine %" PRIu64 ": %s\n%.*s", number, verdict.broken, (int)min_u64(log.n, 3000), log.p);
}

/* MIA_MACHINE=number looks at one. */
static bool run_machines(uint64_t nr)
{
	const char *first = getenv("MIA_MACHINE");
	uint64_t from = first ? strtoull(first, NULL, 10) : 1;
	struct arena *arena = arena_create((size_t)1 << 31);
	struct shipped *shipped = shipped_create();

	assert_non_null(arena);
	forget();
	for (uint64_t number = from; number < from + (first ? 1 : nr); number++) {
		arena_reset(arena);
		if (arena_guard(arena))
			fail_msg("out of memory");
		analyse(arena, shipped, number);
	}
	shipped_destroy(shipped);
	arena_destroy(arena);
	print_message("# %zu with memory, %zu with nodes, %zu with many, %zu large, %zu with a long map, %zu with holes in sections, %zu changed by options\n", met.with_memory,
		      met.with_nodes, met.with_many_nodes, met.large, met.with_many_entries, met.with_split_sections, met.with_options);
	return !first;
}

static void random_machines(void **state)
{
	(void)state;
	largest = false;
	if (run_machines(400))
		assert_true(met.with_memory > 300 && met.with_nodes > 100 && met.large > 20 && met.with_many_entries > 20 && met.with_options > 50 && met.with_split_sections > 20);
}

static void largest_machines(void **state)
{
	(void)state;
	largest = true;
	if (run_machines(60))
		assert_true(met.with_many_nodes > 15 && met.large > 40 && met.with_many_entries > 50 && met.with_split_sections > 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_machines),
		cmocka_unit_test(largest_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
