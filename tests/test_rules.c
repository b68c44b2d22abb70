/*
 * test_rules.c - the table of log lines tests itself.
 *
 * Each row takes its own example, no other row does, and it prints back what it read. The index that finds rows by their first
 * bytes finds what a look at every row finds, for every line of every boot of the test data.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_line.h"
#include "rules.h"
#include "unit.h"

/* The first row that takes @text, looked for in all rows; NULL if none does. @takers counts them. */
static const struct line_rule *by_looking(const char *text, size_t *takers)
{
	struct str body = str_trim(str_of(text));
	const struct line_rule *rule, *first = NULL;
	struct fact fact;

	*takers = 0;
	for (size_t i = 0; (rule = line_rule(i)); i++) {
		fact = (struct fact){ 0 };
		if (!shape_match(rule, body, &fact))
			continue;
		first = first ? first : rule;
		++*takers;
	}
	return first;
}

static size_t rows_that_miss_their_example(void)
{
	const struct line_rule *rule;
	size_t wrong = 0, nr;
	struct fact fact;

	for (nr = 0; (rule = line_rule(nr)); nr++) {
		const struct line_rule *taker = rules_match(str_of(rule->example), &fact);

		if (taker == rule && fact.kind == rule->fact && fact.tag == rule->tag)
			continue;
		print_error("row %zu, %s\n  example: %s\n  taken by: %s\n", nr, rule->pattern, rule->example, taker ? taker->pattern : "none");
		wrong++;
	}
	assert_true(nr > 200);
	return wrong;
}

static void a_row_takes_its_example(void **state)
{
	GUARD();
	assert_int_equal(rows_that_miss_their_example(), 0);
}

static size_t rows_that_share_their_example(void)
{
	const struct line_rule *rule;
	size_t wrong = 0, takers;

	for (size_t i = 0; (rule = line_rule(i)); i++) {
		by_looking(rule->example, &takers);
		if (takers == 1)
			continue;
		print_error("row %zu, %s\n  example: %s\n  is taken by %zu rows\n", i, rule->pattern, rule->example, takers);
		wrong++;
	}
	return wrong;
}

static void no_other_row_does(void **state)
{
	GUARD();
	assert_int_equal(rows_that_share_their_example(), 0);
}

static struct str without_last_blanks(struct str s)
{
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static size_t rows_that_print_otherwise(void)
{
	const struct line_rule *rule;
	struct fact fact;
	size_t wrong = 0;

	for (size_t i = 0; (rule = line_rule(i)); i++) {
		struct strbuf out = { .arena = arena };

		fact = (struct fact){ 0 };
		if (!shape_match(rule, str_trim(str_of(rule->example)), &fact))
			continue; /* another test says so */
		shape_print(rule, &fact, &out);
		/* A message has lost the blank at its end, where it had one. */
		if (str_eq(without_last_blanks(strbuf_str(&out)), without_last_blanks(str_of(rule->example))))
			continue;
		print_error("row %zu, %s\n  read:    %s\n  printed: %s\n", i, rule->pattern, rule->example, strbuf_str(&out).p);
		wrong++;
	}
	return wrong;
}

static void a_row_prints_what_it_reads(void **state)
{
	GUARD();
	assert_int_equal(rows_that_print_otherwise(), 0);
}

static void take_line(void *context, const struct log_line *line)
{
	size_t *lines = context, takers;
	struct fact fact;
	const struct line_rule *found, *looked;
	char text[2048];

	if (line->text.n >= sizeof(text))
		return;
	memcpy(text, line->text.p, line->text.n);
	text[line->text.n] = '\0';
	found = rules_match(str_of(text), &fact);
	looked = by_looking(text, &takers);
	if (found != looked)
		fail_msg("'%s' is taken by %s, and by the index by %s", text, looked ? looked->pattern : "none", found ? found->pattern : "none");
	*lines += 1;
}

static void read_boot(const char *path, size_t *lines)
{
	FILE *file = fopen(path, "rb");
	char *bytes = arena_alloc(arena, 1 << 20);
	size_t n;

	assert_non_null(file);
	n = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	log_read(arena, (struct str){ bytes, n }, take_line, lines);
	arena_reset(arena);
}

static void the_index_finds_what_looking_finds(void **state)
{
	const char *data = getenv("MIA_TEST_DATA");
	char pattern[4096];
	size_t lines = 0;
	glob_t found;

	GUARD();
	snprintf(pattern, sizeof(pattern), "%s/boots/*-[pn][cu]*/dmesg", data ? data : "test-data");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_boot(found.gl_pathv[i], &lines);
	globfree(&found);
	assert_true(lines > 5000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_row_takes_its_example),
		TEST(no_other_row_does),
		TEST(a_row_prints_what_it_reads),
		TEST(the_index_finds_what_looking_finds),
	};

	rules_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
