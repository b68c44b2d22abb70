/* html_map.c - see html_page.h: the physical map, four lanes one below the other, and the list of its pieces. */
#include "html_page.h"

#include <inttypes.h>

#include "mia/arena.h"
#include "report_text.h"
#include "size_text.h"

/* Units of the picture. */
#define LEFT 70.0
#define WIDTH 1060.0
#define LEAST_WIDTH 0.7
#define LETTER 6.4
#define TICK_ROOM 100.0
#define MOST_TICKS 1000

struct lane {
	const char *name;
	double y, height;
	/* Do two neighbours look the same in this lane? */
	bool (*same)(const struct phys_segment *a, const struct phys_segment *b);
	void (*draw)(const struct page *p, const struct lane *lane, size_t first, size_t end);
};

static void draw_owner(const struct page *p, const struct lane *lane, size_t first, size_t end);

static double left_of(const struct page *p, size_t i) { return p->scale.x[i]; }
static double width_of(const struct page *p, size_t first, size_t end) { return p->scale.x[end] - p->scale.x[first]; }

static void put_rect(const struct page *p, const struct lane *lane, size_t first, size_t end, const char *class, const char *owner)
{
	double x = left_of(p, first), w = width_of(p, first, end);

	fprintf(p->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%.0f\" data-x=\"%.5f\" data-w=\"%.5f\"", class, x, lane->y, w < LEAST_WIDTH ? LEAST_WIDTH : w, lane->height, x, w);
	if (owner)
		fprintf(p->out, " data-o=\"%s\"", owner);
	if (end - first == 1 && lane->draw == draw_owner)
		fprintf(p->out, " data-a=\"%" PRIu64 "\" data-n=\"%" PRIu64 "\"", p->map.v[first].range.start, phys_len(p->map.v[first].range));
	put(p, "><title>");
}

static void put_range(const struct page *p, size_t first, size_t end)
{
	uint64_t start = p->map.v[first].range.start, last = p->map.v[end - 1].range.end;

	fprintf(p->out, "\n0x%" PRIx64 " - 0x%" PRIx64 ", ", start, last - 1);
	text(p, size_prose((int64_t)(last - start), false).s);
}

static void end_rect(const struct page *p) { put(p, "</title></rect>\n"); }

/* A text in the middle of a piece, shown where there is room for it. */
static void put_label(const struct page *p, const struct lane *lane, size_t first, size_t end, const char *class, struct str s)
{
	double x = left_of(p, first), w = width_of(p, first, end), room = (double)s.n * LETTER + 6;

	fprintf(p->out, "<text class=\"%s\" text-anchor=\"middle\" x=\"%.2f\" y=\"%.1f\" data-x=\"%.5f\" data-w=\"%.5f\" data-room=\"%.0f\"%s>", class, x + w / 2, lane->y + lane->height / 2 + 4, x, w, room,
		w > room ? "" : " visibility=\"hidden\"");
	text_str(p, s);
	put(p, "</text>\n");
}

/* --- the lanes --- */

static bool same_type(const struct phys_segment *a, const struct phys_segment *b) { return a->type == b->type; }

static void draw_type(const struct page *p, const struct lane *lane, size_t first, size_t end)
{
	struct phys_segment firmware = { .kind = p->map.v[first].type == E820_TYPE_RAM ? PHYS_FREE : PHYS_FIRMWARE, .type = p->map.v[first].type };
	char class[48], buf[32];

	if (!firmware.type)
		return;
	snprintf(class, sizeof(class), "s-%s", swatches[swatch_of(&firmware)].id);
	put_rect(p, lane, first, end, class, NULL);
	put(p, "Firmware: ");
	text(p, e820_type_text(firmware.type, buf));
	put_range(p, first, end);
	end_rect(p);
}

static bool same_owner(const struct phys_segment *a, const struct phys_segment *b)
{
	(void)a;
	(void)b;
	return false;
}

static void draw_owner(const struct page *p, const struct lane *lane, size_t first, size_t end)
{
	const struct phys_segment *s = &p->map.v[first];
	const struct swatch *swatch = &swatches[swatch_of(s)];
	char class[64];

	if (s->kind == PHYS_HOLE)
		snprintf(class, sizeof(class), "fold");
	else
		snprintf(class, sizeof(class), "s-%s%s", swatch->id, s->returned ? " back" : "");
	put_rect(p, lane, first, end, class, segment_ledger_id(s));
	text(p, segment_label(s));
	put(p, s->returned ? " (given back later)" : "");
	put_range(p, first, end);
	if (s->nid != NUMA_NO_NODE)
		fprintf(p->out, "\nnode %d, zone %s", s->nid, zone_type_name(s->zone));
	end_rect(p);
}

static bool same_zone(const struct phys_segment *a, const struct phys_segment *b) { return a->nid == b->nid && a->zone == b->zone; }

static void draw_zone(const struct page *p, const struct lane *lane, size_t first, size_t end)
{
	const struct phys_segment *s = &p->map.v[first];

	if (s->nid == NUMA_NO_NODE)
		return;
	put_rect(p, lane, first, end, s->zone % 2 ? "z1" : "z0", NULL);
	fprintf(p->out, "node %d, zone %s", s->nid, zone_type_name(s->zone));
	put_range(p, first, end);
	end_rect(p);
	put_label(p, lane, first, end, "zone", str_of(zone_type_name(s->zone)));
}

static bool same_node(const struct phys_segment *a, const struct phys_segment *b) { return a->nid == b->nid; }

static void draw_node(const struct page *p, const struct lane *lane, size_t first, size_t end)
{
	int nid = p->map.v[first].nid;
	struct strbuf name = { .arena = p->arena };

	if (nid == NUMA_NO_NODE)
		return;
	strbuf_printf(&name, "node %d", nid);
	put_rect(p, lane, first, end, nid % 2 ? "n1" : "n0", NULL);
	text_str(p, strbuf_str(&name));
	put_range(p, first, end);
	end_rect(p);
	put_label(p, lane, first, end, "in", strbuf_str(&name));
}

static const struct lane lanes[] = {
	{ "firmware", 4, 18, same_type, draw_type },
	{ "owner", 26, 64, same_owner, draw_owner },
	{ "zone", 94, 18, same_zone, draw_zone },
	{ "node", 116, 18, same_node, draw_node },
};

#define LANES_END 138.0
#define PICTURE_HEIGHT 164

static void draw_lane(const struct page *p, const struct lane *lane)
{
	const struct physmap *map = &p->map;

	for (size_t i = 0, end; i < map->nr; i = end) {
		for (end = i + 1; end < map->nr && lane->same(&map->v[i], &map->v[end]);)
			end++;
		lane->draw(p, lane, i, end);
	}
}

/* --- the axis: where zones begin and folds end --- */

static bool is_landmark(const struct physmap *map, size_t i)
{
	return !i || !same_zone(&map->v[i - 1], &map->v[i]) || map_scale_folds(&map->v[i - 1]) != map_scale_folds(&map->v[i]);
}

static struct str short_address(struct arena *arena, uint64_t addr)
{
	struct strbuf s = { .arena = arena };

	if (addr && !(addr & (GIB - 1)))
		strbuf_printf(&s, "%" PRIu64 " GiB", addr >> 30);
	else if (addr && !(addr & (MIB - 1)) && addr < 4 * GIB)
		strbuf_printf(&s, "%" PRIu64 " MiB", addr >> 20);
	else
		strbuf_printf(&s, "0x%" PRIx64, addr);
	return strbuf_str(&s);
}

static void put_tick(const struct page *p, double x, uint64_t addr, bool landmark, bool shown)
{
	fprintf(p->out, "<g data-x=\"%.5f\" data-mark=\"%d\" transform=\"translate(%.2f,0)\"%s><line class=\"frame\" y1=\"%.0f\" y2=\"%.0f\"/><text class=\"dim\" y=\"%.0f\">", x, landmark, x, shown ? "" : " visibility=\"hidden\"", LANES_END, LANES_END + 6,
		LANES_END + 18);
	text_str(p, short_address(p->arena, addr));
	put(p, "</text></g>\n");
}

static void draw_axis(const struct page *p)
{
	const struct physmap *map = &p->map;
	double last = -TICK_ROOM;

	for (size_t i = 0; i < map->nr; i++) {
		double x = p->scale.x[i];
		bool shown = is_landmark(map, i) && x - last >= TICK_ROOM && x < WIDTH - TICK_ROOM * 0.6;

		if (is_landmark(map, i) || (map->nr < MOST_TICKS && phys_len(map->v[i].range) >= GIB / 64))
			put_tick(p, x, map->v[i].range.start, is_landmark(map, i), shown);
		last = shown ? x : last;
	}
}

/* --- the picture --- */

static void draw_picture(const struct page *p)
{
	fprintf(p->out, "<div class=\"scroll\"><svg viewBox=\"0 0 %.0f %d\" role=\"img\" aria-labelledby=\"map-t map-d\" tabindex=\"0\">\n<title id=\"map-t\">Physical memory</title>\n", LEFT + WIDTH, PICTURE_HEIGHT);
	put(p, "<desc id=\"map-d\">From left to right by address, memory to scale, holes folded. Lanes: what the firmware lists, who owns it, zones, nodes. "
	       "The table of pieces below says the same.</desc>\n"
	       "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
	       "<rect width=\"6\" height=\"6\" class=\"z0\"/><line y2=\"6\" class=\"rule\" stroke-width=\"3\"/></pattern></defs>\n");
	for (size_t i = 0; i < ARRAY_SIZE(lanes); i++)
		fprintf(p->out, "<text class=\"dim\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 10, lanes[i].y + lanes[i].height / 2 + 4, lanes[i].name);
	fprintf(p->out, "<svg id=\"plot\" data-width=\"%.0f\" x=\"%.0f\" y=\"0\" width=\"%.0f\" height=\"%.0f\">\n", WIDTH, LEFT, WIDTH, LANES_END);
	for (size_t i = 0; i < ARRAY_SIZE(lanes); i++)
		draw_lane(p, &lanes[i]);
	fprintf(p->out, "</svg>\n<g transform=\"translate(%.0f,0)\">\n", LEFT);
	draw_axis(p);
	put(p, "</g>\n</svg></div>\n");
}

static void put_tools(const struct page *p)
{
	put(p, "<div class=\"tools\"><button type=\"button\" data-do=\"in\">Zoom in</button><button type=\"button\" data-do=\"out\">Zoom out</button>"
	       "<button type=\"button\" data-do=\"left\">&#8592;</button><button type=\"button\" data-do=\"right\">&#8594;</button>"
	       "<button type=\"button\" data-do=\"all\">All</button><output></output></div>\n");
}

static void put_legend(const struct page *p)
{
	uint64_t bytes[NR_SWATCHES] = { 0 };

	for (size_t i = 0; i < p->map.nr; i++)
		bytes[swatch_of(&p->map.v[i])] += phys_len(p->map.v[i].range);
	put(p, "<ul class=\"legend\">\n");
	for (size_t i = SWATCH_FREE; i < NR_SWATCHES; i++) {
		if (!bytes[i])
			continue;
		fprintf(p->out, "<li data-s=\"%s\">", swatches[i].id);
		html_swatch(p, (enum swatch_id)i);
		text(p, swatches[i].label);
		fprintf(p->out, "<b>%s</b></li>\n", size_prose((int64_t)bytes[i], false).s);
	}
	put(p, "</ul>\n");
}

/* --- the list --- */

static void put_piece(const struct page *p, size_t i)
{
	const struct phys_segment *s = &p->map.v[i];
	const char *owner = segment_ledger_id(s);

	fprintf(p->out, "<tr data-o=\"%s\" data-x=\"%.5f\" data-w=\"%.5f\"><td class=\"mono\">0x%" PRIx64 "</td><td class=\"mono\">0x%" PRIx64 "</td>", owner ? owner : "", p->scale.x[i], p->scale.x[i + 1] - p->scale.x[i], s->range.start,
		s->range.end - 1);
	html_size_cell(p, (int64_t)phys_len(s->range));
	if (s->nid != NUMA_NO_NODE)
		fprintf(p->out, "<td class=\"n\">%d</td><td>%s</td><td>", s->nid, zone_type_name(s->zone));
	else
		put(p, "<td></td><td></td><td>");
	html_swatch(p, swatch_of(s));
	text(p, segment_label(s));
	put(p, s->returned ? " <span class=\"dim\">given back later</span></td></tr>\n" : "</td></tr>\n");
}

static void put_pieces(const struct page *p)
{
	put(p, "<details><summary>All pieces, as a table</summary><div class=\"scroll\"><table id=\"ranges\" class=\"sortable\">\n<thead><tr><th>first byte</th><th>last byte</th><th class=\"n\">size</th><th class=\"n\">node</th><th>zone</th><th>what</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->map.nr; i++)
		if (p->map.v[i].kind != PHYS_HOLE)
			put_piece(p, i);
	put(p, "</tbody></table></div></details>\n");
}

void html_map(const struct page *p)
{
	put(p, "<section id=\"map\"><h2>Physical memory</h2>\n<p>As it stands when memblock hands it to the page allocator. Memory is to scale; holes and what lies outside of zones are folded. ");
	text_str(p, map_caveat(p->v));
	if (p->least_piece)
		fprintf(p->out, " Pieces below %s are shown as part of others; meminit-analyze map --json has them all.", size_prose((int64_t)p->least_piece, false).s);
	put(p, "</p>\n");
	put_tools(p);
	draw_picture(p);
	put_legend(p);
	put_pieces(p);
	put(p, "</section>\n");
}
