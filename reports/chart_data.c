/* chart_data.c - see chart_data.h. Labels are our own words; nothing here comes from a log but numbers. */
#include "chart_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "map_scale.h"
#include "mia/arena.h"
#include "mia/owned.h"
#include "report_text.h"
#include "size_text.h"
#include "svg_filter.h"
#include "swatch.h"

#define PICTURE_WIDTH 1000.0
/* Of more nodes the distances are no picture. */
#define MOST_NODES 64
#define MOST_ZONES 128

static double mib(int64_t bytes) { return (double)bytes / (double)MIB; }

/* "#rrggbb" as the number that gnuplot's "rgb variable" wants. */
static long rgb(const struct swatch *swatch) { return strtol(swatch->light + 1, NULL, 16); }

#define RGB_BASE 0x7d93abL
#define RGB_GIVE 0x3c9a63L
#define RGB_TAKE 0xd1495bL

/* A key that names the swatches which are shown. */
static void put_key(const bool shown[NR_SWATCHES], FILE *out)
{
	for (size_t i = SWATCH_FREE; i < NR_SWATCHES; i++)
		if (shown[i])
			fprintf(out, ", \\\n  keyentry with boxes fs solid fc rgb \"%s\" title \"%s\"", swatches[i].light, swatches[i].label);
	fputc('\n', out);
}

/* --- ledger: a waterfall from top to bottom --- */

static long ledger_rgb(const struct ledger_row *row)
{
	const struct swatch *swatch = swatch_of_ledger(row->id);

	if (is_trunk(row))
		return RGB_BASE;
	if (row->bytes < 0)
		return RGB_GIVE;
	return swatch ? rgb(swatch) : RGB_TAKE;
}

/* The smallest row that is worth a bar: a two hundredth of what is taken. */
static int64_t least_bar(const struct ledger *ledger)
{
	const struct ledger_row *total = ledger_find(ledger, "mem_total");
	int64_t lost = total ? ledger->v[0].bytes - total->bytes : 0;

	return (lost < 0 ? -lost : lost) / 200;
}

static size_t ledger_data(const struct chart_input *in, FILE *out)
{
	const struct ledger *ledger = &in->v->ledger;
	const struct ledger_row **rows = ledger_in_order(in->arena, ledger);
	int64_t at[3] = { 0 };
	size_t nr = 0;

	fputs("row\tfrom_mib\tto_mib\trgb\tlabel\tsize\n", out);
	for (size_t i = 0; i < ledger->nr && rows[i]; i++) {
		unsigned depth = depth_below_trunk(ledger, rows[i]);
		int64_t from, to;

		if (depth > 2)
			continue;
		from = depth ? at[depth] : 0;
		to = depth ? from - rows[i]->bytes : rows[i]->bytes;
		at[depth] = to;
		if (depth < 2)
			at[depth + 1] = depth ? from : to;
		if (depth == 2 && llabs(rows[i]->bytes) < least_bar(ledger))
			continue;
		fprintf(out, "%zu\t%.6f\t%.6f\t%ld\t%*s%s\t%s\n", nr++, mib(from < to ? from : to), mib(from < to ? to : from), ledger_rgb(rows[i]), (int)(2 * depth), "", rows[i]->label, size_column(rows[i]->bytes, false).s);
	}
	return nr;
}

static void ledger_script(const struct chart_input *in, size_t rows, FILE *out)
{
	const struct ledger *ledger = &in->v->ledger;
	const struct ledger_row *total = ledger_find(ledger, "mem_total");
	int64_t lost = total ? ledger->v[0].bytes - total->bytes : 0, from = total && lost > 0 && lost < ledger->v[0].bytes / 3 ? total->bytes - lost / 6 : 0;
	double span = mib(ledger->v[0].bytes - from);

	fprintf(out, "set xrange [%.6f:%.6f]\nset yrange [%zu.6:-0.6]\nset xlabel \"MiB%s\" tc rgb \"" CHART_INK "\"\n", mib(from), mib(from) + span * 1.02, rows - 1, from ? " (the axis does not begin at 0)" : "");
	fputs("set grid x lc rgb \"" CHART_GRID "\" lt 1\nset ytics scale 0\nset format x \"%.0f\"\nset xtics autofreq\nset style fill solid noborder\nunset key\n"
	      "lo(x) = x < GPVAL_X_MIN ? GPVAL_X_MIN : x\n", out);
	fprintf(out, "least = %.6f\nplot \"ledger.dat\" skip 1 using (0.5*($2+$3)):1:2:($3-$2 < least ? $2+least : $3):($1-0.36):($1+0.36):4:ytic(5) with boxxyerror lc rgb variable, \\\n"
		"  \"\" skip 1 using ($3 + %.6f):1:6 with labels left tc rgb \"" CHART_INK "\" font \",11\"\n", span / 600, span / 100);
}

/* --- physmap: lanes of address space --- */

static void put_box(FILE *out, double from, double to, double bottom, double top, long colour)
{
	fprintf(out, "%.4f\t%.4f\t%.2f\t%.2f\t%ld\n", from, to, bottom, top, colour);
}

static size_t physmap_data(const struct chart_input *in, FILE *out)
{
	struct map_scale scale;
	size_t nr = 0;

	map_scale_build(in->arena, &in->map, PICTURE_WIDTH, &scale);
	fputs("from\tto\tbottom\ttop\trgb\n", out);
	for (size_t i = 0; i < in->map.nr; i++) {
		const struct phys_segment *s = &in->map.v[i];
		struct phys_segment firmware = { .kind = s->type == E820_TYPE_RAM ? PHYS_FREE : PHYS_FIRMWARE, .type = s->type };

		if (s->type)
			put_box(out, scale.x[i], scale.x[i + 1], 3.1, 3.5, rgb(&swatches[swatch_of(&firmware)]));
		if (s->kind != PHYS_HOLE)
			put_box(out, scale.x[i], scale.x[i + 1], 1.2, 3.0, rgb(&swatches[swatch_of(s)]));
		if (s->nid == NUMA_NO_NODE)
			continue;
		put_box(out, scale.x[i], scale.x[i + 1], 0.7, 1.1, s->zone % 2 ? 0x9fb3c8 : 0xc9d6e3);
		put_box(out, scale.x[i], scale.x[i + 1], 0.2, 0.6, s->nid % 2 ? 0x8fa6bf : RGB_BASE);
		nr++;
	}
	return nr;
}

/* Where a zone begins, as far as there is room for its name. */
static void put_zone_tics(const struct chart_input *in, FILE *out)
{
	struct map_scale scale;
	double last = -PICTURE_WIDTH;
	const char *between = "";

	map_scale_build(in->arena, &in->map, PICTURE_WIDTH, &scale);
	fputs("set xtics (", out);
	for (size_t i = 0; i < in->map.nr; i++) {
		const struct phys_segment *s = &in->map.v[i], *before = i ? s - 1 : NULL;

		if (s->nid == NUMA_NO_NODE || (before && before->nid == s->nid && before->zone == s->zone) || scale.x[i] - last < PICTURE_WIDTH / 9)
			continue;
		fprintf(out, "%s\"0x%" PRIx64 "\\n%d %s\" %.4f", between, s->range.start, s->nid, zone_type_name(s->zone), scale.x[i]);
		last = scale.x[i];
		between = ", ";
	}
	fputs(")\n", out);
}

static void physmap_script(const struct chart_input *in, size_t rows, FILE *out)
{
	bool shown[NR_SWATCHES] = { false };

	(void)rows;
	for (size_t i = 0; i < in->map.nr; i++)
		shown[swatch_of(&in->map.v[i])] = true;
	put_zone_tics(in, out);
	fprintf(out, "set xrange [0:%.0f]\nset yrange [0:3.6]\nset border 0\nset ytics scale 0 (\"firmware\" 3.3, \"owner\" 2.1, \"zone\" 0.9, \"node\" 0.4)\nset key at screen 0.5, screen 0.03 bottom center horizontal maxcols 4 Left reverse samplen 1 width -4\nset style fill solid noborder\n"
		"wide(a,b) = b-a < 0.8 ? a+0.8 : b\n"
		"plot \"physmap.dat\" skip 1 using (0.5*($1+$2)):(0.5*($3+$4)):1:(wide($1,$2)):3:4:5 with boxxyerror lc rgb variable notitle", PICTURE_WIDTH);
	put_key(shown, out);
}

/* --- zones: what becomes of their pages --- */

static size_t zones_data(const struct chart_input *in, FILE *out)
{
	const struct boot *b = in->v->boot;
	size_t nr = 0;

	fputs("row\tmanaged_percent\tlabel\tnote\n", out);
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones && b->node[n].online; i++) {
			const struct zone *z = &b->node[n].zone[b->zone_order[i]];

			if (!z->present || z->managed.basis == AMOUNT_UNKNOWN || nr == MOST_ZONES)
				continue;
			fprintf(out, "%zu\t%.4f\t%zu %s\t%s present, %s%.2f%% managed\n", nr++, 100.0 * (double)min_u64(z->managed.v, z->present) / (double)z->present, n, zone_type_name(z->type),
				size_prose((int64_t)PFN_PHYS(z->present), false).s, basis_mark(z->managed.basis), 100.0 * (double)min_u64(z->managed.v, z->present) / (double)z->present);
		}
	return nr;
}

static void zones_script(const struct chart_input *in, size_t rows, FILE *out)
{
	(void)in;
	fprintf(out, "set xrange [0:100]\nset yrange [%zu.6:-0.6]\nset grid x lc rgb \"" CHART_GRID "\" lt 1\nset ytics scale 0\nset format x \"%%.0f%%%%\"\nset key at graph 1, screen 0.97 top right horizontal Left reverse samplen 1 width -4\nset style fill solid noborder\n", rows - 1);
	fprintf(out, "plot \"zones.dat\" skip 1 using (0.5*$2):1:(0):2:($1-0.36):($1+0.36):ytic(3) with boxxyerror fc rgb %ld title \"managed\", \\\n"
		"  \"\" skip 1 using (50+0.5*$2):1:2:(100):($1-0.36):($1+0.36) with boxxyerror fc rgb %ld title \"kept by the kernel\", \\\n"
		"  \"\" skip 1 using (100):1:4 with labels left offset 1,0 tc rgb \"" CHART_INK "\" font \",11\" notitle\n", RGB_GIVE, RGB_TAKE);
}

/* --- nodes: distances --- */

static size_t nodes_data(const struct chart_input *in, FILE *out)
{
	const struct boot *b = in->v->boot;
	size_t nr = 0;

	if (b->nr_online > MOST_NODES)
		return 0;
	fputs("from\tto\tdistance\n", out);
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t to = 0; to < b->nr_nodes && b->node[n].online; to++)
			if (b->node[to].online)
				fprintf(out, "%zu\t%zu\t%u\n", n, to, machine_distance(in->v->machine, (int)n, (int)to));
	for (size_t n = 0; n < b->nr_nodes; n++)
		nr += b->node[n].online;
	return nr > 1 ? nr : 0;
}

static void nodes_script(const struct chart_input *in, size_t rows, FILE *out)
{
	size_t last = in->v->boot->nr_nodes - 1;

	(void)rows;
	fprintf(out, "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\nset xtics 1\nset ytics 1\nset xlabel \"to node\" tc rgb \"" CHART_INK "\"\nset ylabel \"from node\" tc rgb \"" CHART_INK "\"\n", last, last);
	fputs("set size ratio 1\nset palette defined (0 \"#bfe3cb\", 1 \"#f4dfa8\", 2 \"#e39b8f\")\nunset colorbox\nunset key\n"
	      "plot \"nodes.dat\" skip 1 using 2:1:3 with image, \"\" skip 1 using 2:1:3 with labels tc rgb \"#1b2128\"\n", out);
}

/* --- order: reservation by reservation --- */

static size_t order_data(const struct chart_input *in, FILE *out)
{
	struct takings takings = owned_in_order(in->arena, in->v->boot);
	int64_t sum = 0;

	fputs("step\tfrom_mib\tto_mib\trgb\tstage\twhat\n", out);
	for (size_t i = 0; i < takings.nr; i++) {
		const struct taking *t = &takings.v[i];

		fprintf(out, "%zu\t%.6f\t%.6f\t%ld\t%s\t%s\n", i + 1, mib(sum), mib(sum + (int64_t)t->bytes), rgb(swatch_of_ledger(owner_id(t->owner))), stage_name(t->stage), owner_label(t->owner));
		sum += (int64_t)t->bytes;
	}
	return takings.nr;
}

/* The stage of a step, where it begins and there is room for its name. */
static void put_stage_tics(const struct takings *takings, FILE *out)
{
	double room = (double)takings->nr / 9, last = -room;
	const char *between = "";

	fputs("set xtics (", out);
	for (size_t i = 0; i < takings->nr; i++) {
		if ((i && takings->v[i].stage == takings->v[i - 1].stage) || (double)i - last < room)
			continue;
		fprintf(out, "%s\"%s\" %zu", between, stage_name(takings->v[i].stage), i + 1);
		last = (double)i;
		between = ", ";
	}
	fputs(")\n", out);
}

static void order_script(const struct chart_input *in, size_t rows, FILE *out)
{
	struct takings takings = owned_in_order(in->arena, in->v->boot);
	bool shown[NR_SWATCHES] = { false };

	for (size_t i = 0; i < takings.nr; i++)
		shown[swatch_of_ledger(owner_id(takings.v[i].owner)) - swatches] = true;
	put_stage_tics(&takings, out);
	fprintf(out, "set xrange [0.4:%zu.6]\nset yrange [0:*]\nset ylabel \"MiB reserved\" tc rgb \"" CHART_INK "\"\nset grid y lc rgb \"" CHART_GRID "\" lt 1\nset key at screen 0.99, graph 1 top right vertical maxrows 24 Left reverse samplen 1 width -4\nset style fill solid border\n", rows);
	fputs("plot \"order.dat\" skip 1 using 1:(0.5*($2+$3)):($1-0.5):($1+0.5):2:3:4 with boxxyerror lc rgb variable notitle", out);
	put_key(shown, out);
}

const struct chart charts[] = {
	{ "ledger", "Where the memory went", 1000, 0, 320, 110, 46, 50, ledger_data, ledger_script },
	{ "physmap", "Physical memory", 1000, 380, 80, 30, 46, 170, physmap_data, physmap_script },
	{ "zones", "Zones", 1000, 0, 110, 260, 46, 34, zones_data, zones_script },
	{ "nodes", "Distances between nodes", 520, 520, 60, 30, 50, 60, nodes_data, nodes_script },
	{ "order", "Reservations in the order of the boot", 1000, 420, 80, 270, 46, 40, order_data, order_script },
};
const size_t nr_charts = ARRAY_SIZE(charts);
