/* cli.c - see cli.h. */
#include "cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safe_text.h"

#define LONG_ONLY 1000

static const struct {
	const char *name, *args, *summary;
} verbs[] = {
#define VERB(id, name, fn, args, summary) { name, args, summary },
#include "verbs.def"
#undef VERB
};

static const struct {
	const char *name;
	int letter;
	const char *argument;
	unsigned verbs;
	const char *help;
} options[] = {
#define OPTION(id, name, letter, arg, verbs, help) { name, letter, arg, verbs, help },
#include "options.def"
#undef OPTION
};

__attribute__((format(printf, 1, 0))) static void vcomplain(const char *format, va_list args)
{
	char *message = NULL;

	fputs("meminit-analyze: ", stderr);
	/* Names and arguments come back in messages, and may hold anything. */
	if (vasprintf(&message, format, args) >= 0)
		safe_put(str_of(message), stderr);
	fputc('\n', stderr);
	free(message);
}

void cli_complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
	fprintf(stderr, "Try 'meminit-analyze%s%s --help'.\n", cli->verb == VERB_ANALYZE ? "" : " ", cli->verb == VERB_ANALYZE ? "" : verbs[cli->verb].name);
	return STATUS_USAGE;
}

/* --- help --- */

static void print_options(unsigned verb_bits)
{
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		char left[64];
		char letter[8] = "    ";

		if (!(options[i].verbs & verb_bits))
			continue;
		if (options[i].letter)
			snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
		snprintf(left, sizeof(left), "  %s--%s%s%s", letter, options[i].name, options[i].argument ? "=" : "", options[i].argument ? options[i].argument : "");
		if (strlen(left) < 29)
			printf("%-30s%s\n", left, options[i].help);
		else
			printf("%s\n%30s%s\n", left, "", options[i].help);
	}
}

static void print_help(void)
{
	puts("Usage: meminit-analyze [VERB] [OPTION...] [INPUT...]\n"
	     "\n"
	     "Re-executes the memory initialisation of a Linux boot from its log and says where every byte went.\n"
	     "INPUT is a log in any form, a folder or archive of one boot's files, or - for standard input;\n"
	     "without INPUT, the running machine.\n"
	     "\n"
	     "Verbs:");
	for (size_t i = 0; i < NR_VERBS; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
	puts("\nOptions:");
	print_options(IN_ALL);
	puts("\nStatus: 0 analysed; 1 a mismatch or a finding; 2 wrong usage; 3 unusable input; 4 internal error.\n"
	     "Manual: meminit-analyze(1).");
}

static void print_verb_help(enum verb_id verb)
{
	printf("Usage: meminit-analyze %s [OPTION...] %s\n\n%c%s.\n\nOptions:\n", verbs[verb].name, verbs[verb].args, verbs[verb].summary[0] - ('a' <= verbs[verb].summary[0] && verbs[verb].summary[0] <= 'z' ? 'a' - 'A' : 0),
	       verbs[verb].summary + 1);
	print_options(1u << verb);
}

static void print_version(void)
{
	puts("meminit-analyze " PACKAGE_VERSION "\n"
	     "Licence MIT; there is no warranty.");
}

/* --- parsing --- */

static struct option long_options[NR_OPTIONS + 1];
static char short_options[3 * NR_OPTIONS + 2];

/* getopt's tables, from ours. */
static void build_getopt(void)
{
	char *s = short_options;

	*s++ = ':';
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		long_options[i] = (struct option){ options[i].name, options[i].argument ? required_argument : no_argument, NULL, LONG_ONLY + (int)i };
		if (!options[i].letter)
			continue;
		*s++ = (char)options[i].letter;
		if (options[i].argument)
			*s++ = ':';
	}
	*s = '\0';
}

static int option_of(int c)
{
	if (c >= LONG_ONLY)
		return c - LONG_ONLY;
	for (int i = 0; i < NR_OPTIONS; i++)
		if (options[i].letter == c)
			return i;
	return -1;
}

/* The verb is the first word that is not an option, where such a verb exists. */
static void take_verb(struct cli *cli)
{
	for (size_t i = 0; cli->nr_args && i < NR_VERBS; i++) {
		if (!strcmp(cli->args[0], verbs[i].name)) {
			cli->verb = (enum verb_id)i;
			cli->args++;
			cli->nr_args--;
			return;
		}
	}
}

static int check_options(const struct cli *cli)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (cli->value[i] && !(options[i].verbs & (1u << cli->verb)))
			return cli_usage_error(cli, "--%s is not an option of '%s'", options[i].name, verbs[cli->verb].name);
	return -1;
}

int cli_parse(int argc, char **argv, struct cli *ret)
{
	int c;

	*ret = (struct cli){ .verb = VERB_ANALYZE };
	build_getopt();
	opterr = 0;
	while ((c = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		int id = option_of(c);

		if (c == ':')
			return cli_usage_error(ret, "option '%s' needs an argument", argv[optind - 1]);
		if (id < 0)
			return cli_usage_error(ret, "unknown option '%s'", argv[optind - 1]);
		ret->value[id] = optarg ? optarg : "";
	}
	ret->args = argv + optind;
	ret->nr_args = argc - optind;
	take_verb(ret);
	if (cli_has(ret, OPTION_VERSION)) {
		print_version();
		return STATUS_OK;
	}
	if (cli_has(ret, OPTION_HELP)) {
		if (ret->verb == VERB_ANALYZE)
			print_help();
		else
			print_verb_help(ret->verb);
		return STATUS_OK;
	}
	return check_options(ret);
}

bool cli_color(const struct cli *cli)
{
	const char *when = cli->value[OPTION_COLOR], *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (when && !strcmp(when, "always"))
		return true;
	if (when && !strcmp(when, "never"))
		return false;
	return !(no && *no) && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}
