/* verb_map.c - the physical map in the terminal. */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "map_out.h"
#include "session.h"

#define DEFAULT_COLUMNS 80
#define LEAST_COLUMNS 40
#define MOST_COLUMNS 400

struct mapping {
	const struct cli *cli;
	struct map_style style;
	size_t nr;
};

static unsigned terminal_columns(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col >= LEAST_COLUMNS)
		return size.ws_col < MOST_COLUMNS ? size.ws_col : MOST_COLUMNS;
	return DEFAULT_COLUMNS;
}

static int parse_width(const struct cli *cli, unsigned *ret)
{
	const char *s = cli->value[OPTION_WIDTH];
	unsigned long columns;
	char *end;

	*ret = terminal_columns();
	if (!s)
		return STATUS_OK;
	columns = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || columns < LEAST_COLUMNS || columns > MOST_COLUMNS)
		return cli_usage_error(cli, "--width wants a number from %d to %d, not '%s'", LEAST_COLUMNS, MOST_COLUMNS, s);
	*ret = (unsigned)columns;
	return STATUS_OK;
}

/* Only what the locale's characters are: numbers stay as they are everywhere. */
static bool locale_is_utf8(void) { return setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8"); }

static int each(void *context, struct arena *arena, struct verdict *verdict)
{
	struct mapping *m = context;

	(void)arena;
	if (cli_has(m->cli, OPTION_JSON)) {
		map_write_json(verdict, stdout);
	} else {
		if (m->nr++)
			putchar('\n');
		map_write_text(verdict, &m->style, stdout);
	}
	return STATUS_OK;
}

int verb_map(const struct cli *cli)
{
	struct mapping m = { .cli = cli, .style = { .color = cli_color(cli), .utf8 = locale_is_utf8(), .bytes = cli_has(cli, OPTION_BYTES) } };
	int status = parse_width(cli, &m.style.columns);

	return status == STATUS_OK ? session_run(cli, cli->args, cli->nr_args, each, &m) : status;
}
