/* test_bundles.c - what a document is by what it says, the running machine's files, and which boot the files of a bundle belong to. */
#include "bundle.h"
#include "input_walk.h"

/* the running machine */

static void live_reads_below_its_root(void **state)
{
	static const char kmsg[] = "6,0,0,-;Linux version 6.1.0-test (a@b)\n SUBSYSTEM=none\n"
				   "30,1,1500000,-,caller=T1;two\\x0alines \\x5c\n"
				   "4,2,12345678,c;three\n";
	static const char want[] = "<6>[    0.000000] Linux version 6.1.0-test (a@b)\n<6>[    1.500000] two\nlines \\\n<4>[   12.345678] three\n";
	struct input input = { 0 };
	struct mia_error *error;

	(void)state;
	put("root/dev/kmsg", kmsg);
	put("root/proc/zoneinfo", ZONEINFO);
	put("root/proc/iomem", "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n");
	put("root/sys/devices/system/memory/block_size_bytes", "8000000\n");
	put("root/sys/devices/system/memory/memory9/state", "online\n");
	put("root/sys/devices/system/memory/memory10/state", "offline\n");
	put("root/sys/devices/system/memory/memory10/valid_zones", "Normal Movable\n");
	put("root/sys/devices/system/node/node0/cpulist", "0-3\n");
	put("root/sys/devices/system/node/node0/distance", "10 20\n");
	put("root/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:        2017400 kB\n");
	if (arena_guard(arena))
		fail_msg("out of memory");
	error = input_live(arena, at("root"), &input);
	assert_null(error);
	assert_int_equal(input.nr, 4);
	assert_int_equal(input.v[0].kind, SOURCE_DMESG);
	assert_int_equal(input.v[0].bytes.n, strlen(want));
	assert_memory_equal(input.v[0].bytes.p, want, strlen(want));
	assert_int_equal(input.v[1].kind, SOURCE_ZONEINFO);
	assert_int_equal(input.v[2].kind, SOURCE_MEMORY_BLOCKS);
	assert_true(str_is(input.v[2].bytes, "block_size 8000000\nmemory9 online\nmemory10 offline Normal Movable\n"));
	assert_int_equal(input.v[3].kind, SOURCE_NODES);
	assert_true(str_is(input.v[3].bytes, "node0 cpus=0-3 distance=10 20\nNode 0 MemTotal:        2017400 kB\n"));
	assert_int_equal(strlen(input.sha256), 64);
}

static void a_wrapped_ring_buffer_is_replaced_by_the_saved_log(void **state)
{
	struct input input = { 0 };

	(void)state;
	put("root/dev/kmsg", "6,900,5000000000,-;late\n");
	put("root/proc/stat", "cpu 1 2 3\nbtime 1000000000\n");
	put("root/var/log/dmesg", LOG);
	if (arena_guard(arena))
		fail_msg("out of memory");
	assert_null(input_live(arena, at("root"), &input));
	assert_true(str_is(input.v[0].bytes, LOG));
	/* A log that is older than the boot is another boot's. */
	put("root/proc/stat", "btime 99999999999\n");
	assert_null(input_live(arena, at("root"), &input));
	assert_true(str_is(input.v[0].bytes, "<6>[ 5000.000000] late\n"));
}

static void a_root_without_anything_is_an_error(void **state)
{
	struct input input = { .name = "untouched" };
	struct mia_error *error;

	(void)state;
	put("root/x", "");
	if (arena_guard(arena))
		fail_msg("out of memory");
	error = input_live(arena, at("root"), &input);
	assert_non_null(error);
	assert_int_equal(error->code, MIA_ERROR_INPUT);
	assert_string_equal(input.name, "untouched");
}

/* kinds */

static void documents_are_known_by_what_they_say(void **state)
{
	static const struct {
		const char *name, *text;
		enum source_kind kind;
	} table[] = {
		{ "x", ZONEINFO, SOURCE_ZONEINFO },
		{ "x", "Node 0, zone      DMA      0      0      1\n", SOURCE_BUDDYINFO },
		{ "zoneinfo", MEMINFO, SOURCE_MEMINFO },
		{ "x", IOMEM, SOURCE_IOMEM },
		{ "x", "0000-001f : dma1\n", NR_SOURCES },
		{ "x", "Page block order: 9\n", SOURCE_PAGETYPEINFO },
		{ "x", "nr_free_pages 1\n", SOURCE_VMSTAT },
		{ "x", "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.1.0 Kernel Configuration\n#\nCONFIG_X=y\n", SOURCE_CONFIG },
		{ "x", "processor\t: 0\nvendor_id\t: x\n", SOURCE_CPUINFO },
		{ "x", "Linux version 6.1.0 (a@b)\n", SOURCE_VERSION },
		{ "x", "Linux version 6.1.0 (a@b)\nCommand line: x\n", SOURCE_DMESG },
		{ "x", "reg00: base=0x0c0000000 ( 3072MB), size= 1024MB, count=1: uncachable\n", SOURCE_MTRR },
		{ "x", "# dmidecode 3.4\n", SOURCE_DMIDECODE },
		{ "x", "available: 2 nodes (0-1)\nnode 0 cpus: 0\n", SOURCE_NUMACTL },
		{ "x", "RANGE                                 SIZE  STATE\n", SOURCE_LSMEM },
		{ "x", "0 0x0 0x9fbff System RAM\n", SOURCE_FIRMWARE_MEMMAP },
		{ "x", "block_size 8000000\n", SOURCE_MEMORY_BLOCKS },
		{ "x", "node0 cpus=0-1 distance=10 20\n", SOURCE_NODES },
		{ "x", LOG, SOURCE_DMESG },
		{ "x", "<6>[    1.000000] hello\n", SOURCE_DMESG },
		{ "x", "45056\n", NR_SOURCES },
		{ "a/min_free_kbytes", "45056\n", SOURCE_SYSCTL_MIN_FREE },
		{ "sysctl_lowmem_reserve_ratio", "256\t256\t32\t0\t0\n", SOURCE_SYSCTL_RESERVE_RATIO },
		{ "cmdline", "root=/dev/sda1 quiet\n", SOURCE_CMDLINE },
		{ "dmesg.txt", "whatever\n", SOURCE_DMESG },
		{ "version", "1.2.3\n", NR_SOURCES },
		{ "config", "[core]\n\tbare = false\n", NR_SOURCES },
		{ "x", "int main(void) { return 0; }\n", NR_SOURCES },
		{ "dmesg", "\177ELF\1\2\3\4\5\6\7\1\1\1\1\1", NR_SOURCES },
		{ "dmesg", "", NR_SOURCES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (input_classify(table[i].name, str_of(table[i].text)) != table[i].kind)
			fail_msg("row %zu, \"%.40s\": %d instead of %d", i, table[i].text,
				 (int)input_classify(table[i].name, str_of(table[i].text)), (int)table[i].kind);
}

/* bundles */

static struct mia_error *parse(const struct file *files, size_t nr, struct boot_records *ret)
{
	static struct input_doc docs[8];
	struct input input = { .name = "x", .v = docs, .nr = nr };

	for (size_t i = 0; i < nr; i++)
		docs[i] = (struct input_doc){ files[i].name, input_classify(files[i].name, str_of(files[i].text)), str_of(files[i].text) };
	return bundle_parse(arena, &input, ret);
}

static void files_belong_to_the_last_boot(void **state)
{
	static const struct file files[] = { { "dmesg", "tail of another boot\n" LOG LOG }, { "zoneinfo", ZONEINFO },
					     { "min_free_kbytes", "45056" } };
	struct boot_records boots = { 0 };

	(void)state;
	if (arena_guard(arena))
		fail_msg("out of memory");
	assert_null(parse(files, 3, &boots));
	assert_int_equal(boots.nr, 2);
	assert_int_equal(boots.v[0].zoneinfo.nr, 0);
	assert_false(boots.v[0].has_source[SOURCE_ZONEINFO]);
	assert_int_equal(boots.v[1].zoneinfo.nr, 1);
	assert_int_equal(boots.v[1].min_free_kbytes.value, 45056);
	assert_true(boots.v[1].has_source[SOURCE_DMESG] && boots.v[1].has_source[SOURCE_ZONEINFO]);
	assert_true(str_is(boots.v[0].log_bytes, LOG));
	assert_true(str_is(boots.v[1].log_bytes, LOG));
}

static void files_without_a_log_are_a_record(void **state)
{
	static const struct file files[] = { { "zoneinfo", ZONEINFO }, { "meminfo", MEMINFO } };
	struct boot_records boots = { 0 };

	(void)state;
	if (arena_guard(arena))
		fail_msg("out of memory");
	assert_null(parse(files, 2, &boots));
	assert_int_equal(boots.nr, 1);
	assert_int_equal(boots.v[0].nr_lines, 0);
	assert_false(boots.v[0].has_source[SOURCE_DMESG]);
	assert_int_equal(key_values_find(&boots.v[0].meminfo, "MemTotal")->value, 2012132);
}

static void what_is_no_boot_is_named(void **state)
{
	static const struct {
		const char *text, *words;
	} table[] = {
		{ "hello\n", "x: no Linux boot log in it" },
		{ "\x89PNG\r\n\x1a\n", "a PNG image" },
		{ "\177ELF\2\1\1", "an ELF file" },
		{ "%PDF-1.4\n", "a PDF document" },
		{ "LPKSHHRH\1\2\3", "binary journal" },
		{ "OpenBSD 7.3 (GENERIC.MP) #1125\n", "an OpenBSD dmesg" },
		{ "(XEN) Xen version 4.15.3\n(XEN) Xen-e820 RAM map:\n", "a Xen hypervisor console" },
		{ "[ 5000.000000] usb 1-1: new device\n", "none of them from the start of a boot" },
	};
	struct boot_records boots = { 0 };

	(void)state;
	if (arena_guard(arena))
		fail_msg("out of memory");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct file file = { "x", table[i].text };
		struct mia_error *error = parse(&file, 1, &boots);

		assert_non_null(error);
		assert_int_equal(error->code, MIA_ERROR_INPUT);
		assert_int_equal(boots.nr, 0);
		if (!strstr(error->message, table[i].words))
			fail_msg("\"%s\" does not say \"%s\"", error->message, table[i].words);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(live_reads_below_its_root),
		TEST(a_wrapped_ring_buffer_is_replaced_by_the_saved_log),
		TEST(a_root_without_anything_is_an_error),
		TEST(documents_are_known_by_what_they_say),
		TEST(files_belong_to_the_last_boot),
		TEST(files_without_a_log_are_a_record),
		TEST(what_is_no_boot_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
