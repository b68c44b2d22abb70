/*
 * test_triage.c - rules that compare two boots; what DRAM there is; sizes as people read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "input_private.h"
#include "mia/analysis.h"
#include "mia/arena.h"
#include "mia/shipped.h"
#include "triage.h"

static struct arena *arena;
static struct shipped *shipped;

static struct str log_of_boot(const char *boot)
{
	struct strbuf path = { .arena = arena }, text = { .arena = arena };
	char buffer[65536];
	size_t n;
	FILE *f;

	strbuf_printf(&path, "%s/boots/%s/dmesg", getenv("MIA_TEST_DATA"), boot);
	f = fopen(strbuf_str(&path).p, "r");
	if (!f)
		fail_msg("%s is not there", strbuf_str(&path).p);
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
		strbuf_add(&text, (struct str){ buffer, n });
	fclose(f);
	return strbuf_str(&text);
}

/* Every @from becomes @to; there must be one. */
static struct str replaced(struct str s, const char *from, const char *to)
{
	struct strbuf out = { .arena = arena };
	ptrdiff_t at = str_find(s, str_of(from));

	assert_true(at >= 0);
	for (; at >= 0; at = str_find(s, str_of(from))) {
		strbuf_add(&out, (struct str){ s.p, (size_t)at });
		strbuf_add(&out, str_of(to));
		s = str_skip(s, (size_t)at + strlen(from));
	}
	strbuf_add(&out, s);
	return strbuf_str(&out);
}

/* On a board of our own: what a guest is given says nothing of firmware. */
static struct str on_a_board(struct str log)
{
	return replaced(log, "QEMU Standard PC (i440FX + PIIX, 1996)", "ACME Board/Board");
}

static const struct verdict *analysed(struct str log)
{
	struct boot_records *boots = arena_new(arena, struct boot_records);
	struct input *input = arena_new(arena, struct input);
	struct analysis_options options = { .shipped = shipped };
	struct verdict *v = arena_new(arena, struct verdict);

	input->name = "test";
	input_add(arena, input, "dmesg", SOURCE_DMESG, log);
	if (bundle_parse(arena, input, boots))
		fail_msg("no boot");
	analysis_run(arena, &boots->v[0], &options, v);
	return v;
}

static struct findings compared(struct str a, struct str b)
{
	struct findings ret = { 0 };

	triage_pair(arena, analysed(a), analysed(b), &ret);
	return ret;
}

/* --- crash kernels --- */

static void another_crashkernel_is_told(void **state)
{
	struct findings f = compared(log_of_boot("debian-6.1-pc-4g-mminit"), log_of_boot("debian-6.1-crash-256m"));

	(void)state;
	assert_int_equal(f.nr, 1);
	assert_string_equal(f.v[0].id, "MI008");
	assert_int_equal(f.v[0].severity, SEVERITY_NOTE);
	assert_int_equal(f.v[0].bytes, 256 * MIB);
	assert_string_equal(f.v[0].title,
			    "The crash kernel changed from 0 bytes to 256 MiB: no crashkernel=, then crashkernel=256M (line 2)");
	assert_int_equal(f.v[0].lines[0], 2);
}

static void the_same_crashkernel_is_not(void **state)
{
	struct str log = log_of_boot("debian-6.1-crash-256m");

	(void)state;
	assert_int_equal(compared(log, log).nr, 0);
}

/* --- maps --- */

/*
 *  first   [1M ................ 2G)
 *  second  [1M ...... 1.75G)            the loader kept 256 MiB
 */
#define WHOLE "0x0000000000100000-0x000000007ffdffff] usable"
#define CUT "0x0000000000100000-0x000000006ffdffff] usable"

static void a_loader_that_keeps_memory_is_told(void **state)
{
	struct str log = on_a_board(log_of_boot("debian-6.1-pc-2g"));
	struct findings f = compared(log, replaced(log, WHOLE, CUT));

	(void)state;
	assert_int_equal(f.nr, 1);
	assert_string_equal(f.v[0].id, "MI013");
	assert_int_equal(f.v[0].severity, SEVERITY_ERROR);
	assert_int_equal(f.v[0].bytes, 256 * MIB);
	assert_non_null(strstr(f.v[0].title, "256 MiB differ, at 0x6ffe0000-0x7ffdffff first"));
}

static void another_board_is_not_told(void **state)
{
	struct str log = on_a_board(log_of_boot("debian-6.1-pc-2g")),
		   other = replaced(replaced(log, "ACME Board/Board", "ACME Other/Other"), WHOLE, CUT);

	(void)state;
	assert_int_equal(compared(log, other).nr, 0);
	/* Nor a guest, nor a page that a loader keeps for itself. */
	log = log_of_boot("debian-6.1-pc-2g");
	assert_int_equal(compared(log, replaced(log, WHOLE, CUT)).nr, 0);
	log = on_a_board(log);
	assert_int_equal(compared(log, replaced(log, WHOLE, "0x0000000000100000-0x000000007ffddfff] usable")).nr, 0);
}

/* --- what is installed --- */

static void tops_of_memory_close_the_sum(void **state)
{
	/*
	 *  below 4 GiB  RAM ... 0x7ffe0000  reserved ... 0x80000000 = what the MTRRs cache
	 *  above        reserved for graphics from 4 GiB to TOM2, 768 MiB of it a frame buffer by its driver
	 */
	struct str log = on_a_board(log_of_boot("built-4.19-pc-2g"));
	const struct verdict *v;

	(void)state;
	log = replaced(
		log, "BIOS-e820: [mem 0x000000fd00000000-0x000000ffffffffff] reserved",
		"BIOS-e820: [mem 0x0000000100000000-0x000000013fffffff] usable\n<6>[    0.000000] BIOS-e820: [mem 0x0000000140000000-0x00000001801fffff] reserved");
	log = replaced(
		log, "MTRR variable ranges enabled:",
		"MTRR variable ranges enabled:\n<7>[    0.000000]   1 base 0000000000 mask FF80000000 write-back\n<7>[    0.000000] TOM2: 0000000180000000 aka 6144M");
	log = replaced(
		log, "x86/mm: Memory block size: 128MB",
		"x86/mm: Memory block size: 128MB\n<6>[    1.000000] amdgpu 0000:03:00.0: amdgpu: VRAM: 768M 0x000000F400000000 - 0x000000F42FFFFFFF (768M used)");
	v = analysed(log);
	assert_int_equal(v->dram.installed_bytes, 4 * GIB);
	assert_int_equal(v->dram.low_top, 2 * GIB);
	assert_int_equal(v->dram.high_top, 6 * GIB);
	assert_int_equal(v->dram.graphics_bytes, 768 * MIB);
	assert_int_equal(v->dram.graphics.end, 6 * GIB);
	assert_int_equal(v->dram.graphics_basis, AMOUNT_EXACT);
}

/* --- sizes --- */

static void sizes_are_whole_or_in_hundredths(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 bytes" },
		{ 1, "1 bytes" },
		{ 1023, "1023 bytes" },
		{ KIB, "1 KiB" },
		{ KIB + 512, "1536 bytes" },
		{ 10 * KIB + 1, "10.00 KiB" },
		{ 256 * MIB, "256 MiB" },
		{ 13040 * MIB, "13040 MiB" },
		{ 6000 * KIB, "6000 KiB" },
		{ 15624 * KIB, "15.26 MiB" },
		{ 4 * GIB, "4 GiB" },
		{ 4 * GIB + 1, "4.00 GiB" },
		{ 64 * TIB, "64 TiB" },
		{ UINT64_MAX, "16777216.00 TiB" },
	};
	struct triage t = { .arena = arena };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(triage_size(&t, rows[i].bytes), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_crashkernel_is_told),        cmocka_unit_test(the_same_crashkernel_is_not),
		cmocka_unit_test(a_loader_that_keeps_memory_is_told), cmocka_unit_test(another_board_is_not_told),
		cmocka_unit_test(tops_of_memory_close_the_sum),       cmocka_unit_test(sizes_are_whole_or_in_hundredths),
	};
	int failed;

	arena = arena_create((size_t)1 << 30);
	shipped = shipped_create();
	if (!arena || arena_guard(arena))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	shipped_destroy(shipped);
	arena_destroy(arena);
	return failed;
}
