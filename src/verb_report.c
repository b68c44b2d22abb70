/* verb_report.c - the HTML report in one file, or a folder that also holds pictures, data and scripts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "charts.h"
#include "html_page.h"
#include "mia/arena.h"
#include "session.h"

struct reporting {
	const char *output; /* "-": standard output */
	bool to_folder, quiet;
	size_t nr;
};

static bool names_folder(const char *path)
{
	struct stat st;
	size_t n = strlen(path);

	return (n && path[n - 1] == '/') || (!stat(path, &st) && S_ISDIR(st.st_mode));
}

/* FILE.html, and FILE-1.html for the boot after; a folder of its own for each boot behind the first. */
static const char *output_name(const struct reporting *r, struct arena *arena)
{
	struct strbuf s = { .arena = arena };
	struct str path = str_of(r->output), suffix = STR(".html");
	bool has_suffix = str_ends(path, suffix);

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (!r->nr)
		return str_dup(arena, path);
	strbuf_add(&s, has_suffix ? (struct str){ path.p, path.n - suffix.n } : path);
	strbuf_printf(&s, "-%zu%s", r->nr, has_suffix ? ".html" : "");
	return strbuf_str(&s).p;
}

static int cannot_write(const char *path)
{
	cli_complain("%s: %s", path, strerror(errno));
	return STATUS_INTERNAL;
}

static int write_page(const struct verdict *v, const struct charts *charts, const char *path)
{
	FILE *out = strcmp(path, "-") ? fopen(path, "w") : stdout;
	bool failed;

	if (!out)
		return cannot_write(path);
	html_report(v, charts->order, charts->zones, out);
	if (out == stdout)
		return STATUS_OK;
	failed = ferror(out);
	return fclose(out) || failed ? cannot_write(path) : STATUS_OK;
}

static int write_folder(struct arena *arena, const struct verdict *v, const struct charts *charts, const char *dir)
{
	struct strbuf page = { .arena = arena };
	struct charts pictures;
	struct mia_error *error;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return cannot_write(dir);
	strbuf_printf(&page, "%s/report.html", dir);
	error = charts_write(v, dir, &pictures);
	if (error) {
		cli_complain("%s", error->message);
		return (int)error->code;
	}
	return write_page(v, charts, strbuf_str(&page).p);
}

static int each(void *context, struct arena *arena, struct verdict *verdict)
{
	struct reporting *r = context;
	const char *name = output_name(r, arena);
	struct charts charts;
	int status;

	charts_for_page(verdict, &charts);
	if (charts.trouble && !r->quiet)
		cli_complain("%s: pictures of gnuplot's are left out: %s", name, charts.trouble);
	status = r->to_folder ? write_folder(arena, verdict, &charts, name) : write_page(verdict, &charts, name);
	r->nr++;
	return status;
}

int verb_report(const struct cli *cli)
{
	struct reporting r = { .output = cli->value[OPTION_OUTPUT], .quiet = cli_has(cli, OPTION_QUIET) };

	if (!r.output || !*r.output)
		return cli_usage_error(cli, "'report' wants -o FILE.html, or -o FOLDER/");
	r.to_folder = names_folder(r.output);
	return session_run(cli, cli->args, cli->nr_args, each, &r);
}
