/* charts.c - see charts.h. */
#include "charts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chart_data.h"
#include "gnuplot.h"
#include "mia/arena.h"
#include "mia/error.h"
#include "svg_filter.h"

#define MAX_CHARTS 8
#define ROW_HEIGHT 24
#define LARGEST_SVG ((size_t)8 << 20)

struct drawing {
	struct chart_input in;
	const char *dir;
	bool for_page;                   /* SVG alone, on nothing */
	const char *scripts[MAX_CHARTS];
	size_t nr;
};

static const char *path_of(struct arena *arena, const char *dir, const char *name, const char *suffix)
{
	struct strbuf s = { .arena = arena };

	strbuf_printf(&s, "%s%s%s%s", dir ? dir : "", dir ? "/" : "", name, suffix);
	return strbuf_str(&s).p;
}

static struct mia_error *cannot_write(struct arena *arena, const char *path)
{
	return mia_error_new(arena, MIA_ERROR_INTERNAL, "%s: %s", path, strerror(errno));
}

/* --- scripts --- */

/* Of a release only what versions are made of. */
static void put_release(struct str release, FILE *out)
{
	for (size_t i = 0; i < release.n && i < 64; i++) {
		char c = release.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == '_';

		fputc(plain ? c : '_', out);
	}
}

static void put_prologue(const struct drawing *d, const struct chart *chart, unsigned height, FILE *out)
{
	fprintf(out, "# %s - made by meminit-analyze. To draw it again: gnuplot %s.gp\nreset session\nset encoding utf8\nset datafile separator \"\\t\"\n", chart->title, chart->name);
	fprintf(out, "set terminal svg size %u,%u dynamic noenhanced font \"sans-serif,13\"%s\nset output \"%s.svg\"\n", chart->width, height, d->for_page ? "" : " background \"#ffffff\"", chart->name);
	fputs("set border 3 lc rgb \"" CHART_INK "\"\nset tics nomirror out tc rgb \"" CHART_INK "\"\nset key tc rgb \"" CHART_INK "\"\n", out);
	fprintf(out, "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset tmargin at screen %.4f\nset bmargin at screen %.4f\n", (double)chart->left / chart->width, 1 - (double)chart->right / chart->width,
		1 - (double)chart->top / height, (double)chart->bottom / height);
	if (d->for_page)
		return;
	fprintf(out, "set label 1 \"%s, Linux ", chart->title);
	put_release(d->in.v->kernel->release.text, out);
	fputs("\" at screen 0.02, screen 1 left offset 0,-1.1 font \",15\" tc rgb \"" CHART_INK "\"\n", out);
}

static void put_epilogue(const struct drawing *d, const struct chart *chart, unsigned height, FILE *out)
{
	if (!d->for_page)
		fprintf(out, "if (strstrt(GPVAL_TERMINALS, \" pngcairo \") > 0) {\n  set terminal pngcairo size %u,%u noenhanced font \"sans-serif,13\" fontscale 1.5 linewidth 2 background \"#ffffff\"\n  set output \"%s.png\"\n  replot\n}\n",
			2 * chart->width, 2 * height, chart->name);
	fputs("unset output\n", out);
}

static unsigned height_of(const struct chart *chart, size_t rows) { return chart->height ? chart->height : chart->top + chart->bottom + ROW_HEIGHT * (unsigned)rows; }

static struct mia_error *close_file(struct arena *arena, FILE *out, const char *path)
{
	bool failed = ferror(out);

	return fclose(out) || failed ? cannot_write(arena, path) : NULL;
}

/* A chart without rows leaves no files. */
static struct mia_error *write_data(const struct drawing *d, const struct chart *chart, size_t *rows)
{
	const char *path = path_of(d->in.arena, d->dir, chart->name, ".dat");
	FILE *out = fopen(path, "w");
	struct mia_error *error;

	if (!out)
		return cannot_write(d->in.arena, path);
	*rows = chart->data(&d->in, out);
	error = close_file(d->in.arena, out, path);
	if (!error && !*rows)
		unlink(path);
	return error;
}

static struct mia_error *write_chart(struct drawing *d, const struct chart *chart)
{
	const char *path = path_of(d->in.arena, d->dir, chart->name, ".gp");
	size_t rows = 0;
	struct mia_error *error = write_data(d, chart, &rows);
	FILE *out;

	if (error || !rows)
		return error;
	out = fopen(path, "w");
	if (!out)
		return cannot_write(d->in.arena, path);
	put_prologue(d, chart, height_of(chart, rows), out);
	chart->script(&d->in, rows, out);
	put_epilogue(d, chart, height_of(chart, rows), out);
	d->scripts[d->nr++] = path_of(d->in.arena, NULL, chart->name, ".gp");
	return close_file(d->in.arena, out, path);
}

/* --- what came out --- */

static struct str read_svg(const struct drawing *d, const char *name, const char *label)
{
	const char *path = path_of(d->in.arena, d->dir, name, ".svg");
	FILE *in = fopen(path, "r");
	struct str ret = { "", 0 };
	char *bytes;
	size_t n;

	if (!in)
		return ret;
	bytes = arena_alloc(d->in.arena, LARGEST_SVG);
	n = fread(bytes, 1, LARGEST_SVG, in);
	fclose(in);
	return n && n < LARGEST_SVG ? svg_filter(d->in.arena, (struct str){ bytes, n }, label) : ret;
}

static void take_pictures(const struct drawing *d, struct charts *ret)
{
	ret->order = read_svg(d, "order", "Reserved memory, reservation by reservation");
	ret->zones = read_svg(d, "zones", "Zones by what becomes of their pages");
}

static void draw(const struct drawing *d, struct charts *ret)
{
	switch (d->nr ? gnuplot_run(d->dir, d->scripts, d->nr) : GNUPLOT_DRAWN) {
	case GNUPLOT_DRAWN:
		break;
	case GNUPLOT_MISSING:
		ret->trouble = "gnuplot is not installed";
		break;
	case GNUPLOT_FAILED:
		ret->trouble = "gnuplot failed";
		break;
	}
}

static void begin(struct drawing *d, const struct verdict *v, const char *dir, bool for_page)
{
	*d = (struct drawing){ .in = { .arena = v->boot->arena, .v = v }, .dir = dir, .for_page = for_page };
	physmap_build(d->in.arena, v->boot, &d->in.map);
}

struct mia_error *charts_write(const struct verdict *v, const char *dir, struct charts *ret)
{
	struct drawing d;

	*ret = (struct charts){ 0 };
	begin(&d, v, dir, false);
	for (size_t i = 0; i < nr_charts; i++) {
		struct mia_error *error = write_chart(&d, &charts[i]);

		if (error)
			return error;
	}
	draw(&d, ret);
	return NULL;
}

/* --- for the page --- */

static bool on_page(const struct chart *chart) { return !strcmp(chart->name, "order") || !strcmp(chart->name, "zones"); }

static void remove_all(struct arena *arena, const char *dir)
{
	static const char *const suffixes[] = { ".dat", ".gp", ".svg" };

	for (size_t i = 0; i < nr_charts; i++)
		for (size_t s = 0; s < ARRAY_SIZE(suffixes); s++)
			unlink(path_of(arena, dir, charts[i].name, suffixes[s]));
	rmdir(dir);
}

void charts_for_page(const struct verdict *v, struct charts *ret)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = (char *)path_of(v->boot->arena, tmp && *tmp ? tmp : "/tmp", "meminit-XXXXXX", "");
	struct mia_error *error = NULL;
	struct drawing d;

	*ret = (struct charts){ 0 };
	if (!mkdtemp(dir)) {
		ret->trouble = "no folder for temporary files";
		return;
	}
	begin(&d, v, dir, true);
	for (size_t i = 0; i < nr_charts && !error; i++)
		if (on_page(&charts[i]))
			error = write_chart(&d, &charts[i]);
	if (error)
		ret->trouble = error->message;
	else
		draw(&d, ret);
	if (!ret->trouble)
		take_pictures(&d, ret);
	remove_all(d.in.arena, dir);
}
