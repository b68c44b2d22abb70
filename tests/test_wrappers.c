/*
 * test_wrappers.c - a log says the same in whatever it is wrapped.
 *
 * Every boot of the test data (dmesg -r: "<6>[    0.000000] text") is written down again in each format below, and must
 * give the same facts as it gives itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmesg.h"
#include "log_formats.h"
#include "log_line.h"
#include "mia/arena.h"

#define MAX_BOOTS 512

static struct log logs[MAX_BOOTS];
static size_t nr_logs;

/* "<6>[    0.000000] text" */
static void message_read(char *line, struct message *ret)
{
	unsigned long seconds, fraction;
	int level, n = 0;

	assert_int_equal(sscanf(line, "<%d>[%lu.%lu]%n", &level, &seconds, &fraction, &n), 3);
	assert_int_equal(line[n], ' ');
	*ret = (struct message){ level, (uint64_t)seconds * 1000000 + fraction, line + n + 1 };
}

static void log_load(const char *path, struct log *ret)
{
	FILE *file = fopen(path, "rb");
	char *copy;
	size_t cap;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	ret->n = (size_t)ftell(file);
	rewind(file);
	ret->name = strdup(path);
	ret->bytes = malloc(ret->n + 1);
	assert_int_equal(fread(ret->bytes, 1, ret->n, file), ret->n);
	fclose(file);
	ret->bytes[ret->n] = '\0';
	copy = strdup(ret->bytes);
	cap = 1;
	for (const char *p = copy; *p; p++)
		cap += *p == '\n';
	ret->v = calloc(cap, sizeof(*ret->v));
	for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n"))
		message_read(line, &ret->v[ret->nr++]);
}

static int load_all(void **state)
{
	const char *data = getenv("MIA_TEST_DATA");
	char pattern[4096];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/boots/*/dmesg", data ? data : "test-data");
	if (glob(pattern, 0, NULL, &found)) {
		print_error("no boots match %s\n", pattern);
		return -1;
	}
	for (size_t i = 0; i < found.gl_pathc && nr_logs < MAX_BOOTS; i++)
		log_load(found.gl_pathv[i], &logs[nr_logs++]);
	globfree(&found);
	return 0;
}

static bool same_str(struct str a, struct str b)
{
	return str_eq(str_trim(a), str_trim(b));
}

static bool same_fact(const struct fact *a, const struct fact *b, int keeps)
{
	if (a->kind != b->kind || a->tag != b->tag || memcmp(a->v, b->v, sizeof(a->v)))
		return false;
	if ((keeps & KEEPS_LINES) && a->line != b->line)
		return false;
	return !(keeps & KEEPS_TEXT) ||
	       (same_str(a->text, b->text) && same_str(a->s[0], b->s[0]) && same_str(a->s[1], b->s[1]));
}

static void compare(const struct log *log, const struct format *format, const struct boot_records *want,
		    const struct boot_records *have)
{
	const struct facts *w = &want->v[0].log, *h = have->nr ? &have->v[0].log : NULL;

	if (have->nr != want->nr)
		fail_msg("%s as %s: %zu boots instead of %zu", log->name, format->name, have->nr, want->nr);
	for (size_t i = 0; i < w->nr && i < h->nr; i++) {
		if (!same_fact(&w->v[i], &h->v[i], format->keeps))
			fail_msg("%s as %s: fact %zu is line %u \"%.*s\" instead of line %u \"%.*s\"", log->name, format->name, i,
				 h->v[i].line, STR_ARG(h->v[i].text), w->v[i].line, STR_ARG(w->v[i].text));
	}
	if (w->nr != h->nr)
		fail_msg("%s as %s: %zu facts instead of %zu", log->name, format->name, h->nr, w->nr);
}

static void check_log(struct arena *arena, const struct log *log, const struct format *format)
{
	struct boot_records want = { 0 }, have = { 0 };
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);

	format->write(log, out);
	fclose(out);
	dmesg_parse(arena, (struct str){ log->bytes, log->n }, &want);
	assert_true(want.nr > 0 && want.v[0].log.nr > 20);
	dmesg_parse(arena, (struct str){ bytes, n }, &have);
	compare(log, format, &want, &have);
	arena_reset(arena);
	free(bytes);
}

static void says_the_same(void **state)
{
	struct arena *arena = arena_create((size_t)1 << 30);

	assert_non_null(arena);
	assert_true(nr_logs > 0);
	if (arena_guard(arena))
		fail_msg("out of memory");
	for (size_t i = 0; i < nr_logs; i++)
		check_log(arena, &logs[i], *state);
	arena_destroy(arena);
}

/* single lines */

static void strips_to(const char *raw, const char *text, int level, bool has_time, uint64_t usec)
{
	struct log_line line = { 0 };
	char have[512];

	log_line_strip(str_of(raw), &line);
	snprintf(have, sizeof(have), "%.*s", STR_ARG(line.text));
	assert_string_equal(have, text);
	assert_int_equal(line.level, level);
	assert_int_equal(line.has_time, has_time);
	if (has_time)
		assert_int_equal(line.usec, usec);
}

static void lines_lose_their_prefix_only(void **state)
{
	(void)state;
	strips_to("<6>[    0.000000]  BIOS-e820: x", " BIOS-e820: x", 6, true, 0);
	strips_to("[   12.345678] text", "text", -1, true, 12345678);
	strips_to("[    1.5] no time of the kernel", "[    1.5] no time of the kernel", -1, false, 0);
	strips_to("[Firmware Bug]: TSC", "[Firmware Bug]: TSC", -1, false, 0);
	strips_to("[    0.100000] [Firmware Bug]: TSC", "[Firmware Bug]: TSC", -1, true, 100000);
	strips_to("kernel: alone", "alone", -1, false, 0);
	strips_to("the kernels: two", "the kernels: two", -1, false, 0);
	strips_to("12,5,7000000,-;a, b;c", "a, b;c", 4, true, 7000000);
	strips_to("BIOS-e820: [mem 0x0-0x1] usable", "BIOS-e820: [mem 0x0-0x1] usable", -1, false, 0);
	strips_to("  > > [    0.000001] x\r", "x", -1, true, 1);
	/* What a tool tells of a log is not the log. */
	strips_to("{'message': '[    1.400214] RETBleed: x'}", "{'message': '[    1.400214] RETBleed: x'}", -1, false, 0);
	strips_to("", "", -1, false, 0);
	strips_to("[", "[", -1, false, 0);
	strips_to("<6>", "", 6, false, 0);
}

struct counted {
	size_t nr;
	uint32_t last;
	char text[8][128];
};

static void count(void *context, const struct log_line *line)
{
	struct counted *c = context;

	if (c->nr < 8)
		snprintf(c->text[c->nr], sizeof(c->text[0]), "%.*s", STR_ARG(line->text));
	c->nr++;
	c->last = line->nr;
}

static struct counted read_text(const char *text)
{
	struct arena *arena = arena_create((size_t)1 << 24);
	struct counted c = { 0 };

	assert_non_null(arena);
	if (arena_guard(arena))
		fail_msg("out of memory");
	log_read(arena, str_of(text), count, &c);
	arena_destroy(arena);
	return c;
}

static void a_console_is_not_a_fold(void **state)
{
	static const char console[] = "[    1.000000] Run /init as init process\n"
				      "Loading, please wait...\n"
				      "[    1.100000] Freeing unused kernel image (initmem) memory: 2692K\n"
				      "Begin: Running /scripts/init-premount ... done.\n"
				      "[    1.200000] a message that is as long as messages of the kernel often are, to be sure of it\n"
				      "login:\n"
				      "[    1.300000] x\n";
	struct counted c = read_text(console);

	(void)state;
	assert_int_equal(c.nr, 7);
	assert_string_equal(c.text[2], "Freeing unused kernel image (initmem) memory: 2692K");
}

static void two_messages_in_one_line_are_two(void **state)
{
	struct counted c = read_text("[    0.000000] e820: upd<6>[    0.000000] smp: one[    0.250000] two\n");

	(void)state;
	assert_int_equal(c.nr, 3);
	assert_string_equal(c.text[0], "e820: upd");
	assert_string_equal(c.text[1], "smp: one");
	assert_string_equal(c.text[2], "two");
	assert_int_equal(c.last, 1);
}

static void broken_json_costs_itself_only(void **state)
{
	struct counted c = read_text("{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"one\"}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"br\"oken}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"two\\nthree\"}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":null}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"four\"}\n");

	(void)state;
	assert_string_equal(c.text[0], "one");
	assert_string_equal(c.text[c.nr - 1], "four");
	assert_int_equal(c.last, 6);
	assert_string_equal(c.text[c.nr - 2], "three");
}

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

int main(void)
{
	struct CMUnitTest tests[NR_FORMATS + 4] = {
		cmocka_unit_test(lines_lose_their_prefix_only),
		cmocka_unit_test(a_console_is_not_a_fold),
		cmocka_unit_test(two_messages_in_one_line_are_two),
		cmocka_unit_test(broken_json_costs_itself_only),
	};

	for (size_t i = 0; i < NR_FORMATS; i++)
		tests[4 + i] = (struct CMUnitTest){ .name = formats[i].name, .test_func = says_the_same,
						    .initial_state = (void *)&formats[i] };
	return cmocka_run_group_tests(tests, load_all, NULL);
}
