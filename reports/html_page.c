/* html_page.c - see html_page.h: the page's frame, its head, and the policy that lets nothing else run or load. */
#include "html_page.h"

#include <inttypes.h>

#include "mia/arena.h"
#include "mia/sha256.h"
#include "report_assets.h"
#include "report_text.h"
#include "size_text.h"

#define PICTURE_WIDTH 1060.0
/* More than these nobody looks at, and browsers grow slow. */
#define MOST_PIECES 4000

/* --- cells --- */

void html_size_cell(const struct page *p, int64_t bytes)
{
	fprintf(p->out, "<td class=\"n\" data-v=\"%" PRId64 "\">%s</td>", bytes, size_column(bytes, false).s);
}

void html_number_cell(const struct page *p, bool known, uint64_t n)
{
	if (known)
		fprintf(p->out, "<td class=\"n\">%" PRIu64 "</td>", n);
	else
		put(p, "<td class=\"n dim\">?</td>");
}

void html_swatch(const struct page *p, enum swatch_id id) { fprintf(p->out, "<span class=\"sw s-%s\"></span>", swatches[id].id); }

/* --- style and script, and their hashes for the policy --- */

static void add_colours(struct strbuf *s, bool dark)
{
	for (size_t i = 0; i < NR_SWATCHES; i++) {
		const char *colour = dark ? swatches[i].dark : swatches[i].light;

		strbuf_printf(s, ".s-%s { fill: %s; background: %s; }\n", swatches[i].id, colour, colour);
	}
}

static struct str style_text(struct arena *arena)
{
	struct strbuf s = { .arena = arena };

	strbuf_add(&s, STR("\n"));
	strbuf_add(&s, str_of(report_css));
	strbuf_add(&s, STR(".sw.managed { background: var(--give); } .sw.kept { background: var(--take); } .sw.absent { background: var(--line); }\n"));
	add_colours(&s, false);
	strbuf_add(&s, STR("@media (prefers-color-scheme: dark) {\n"));
	add_colours(&s, true);
	strbuf_add(&s, STR("}\n"));
	return strbuf_str(&s);
}

static struct str script_text(struct arena *arena)
{
	struct strbuf s = { .arena = arena };

	strbuf_add(&s, STR("\n"));
	strbuf_add(&s, str_of(report_js));
	return strbuf_str(&s);
}

static unsigned hex_value(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

/* "'sha256-...'", in base64, as the policy wants it. */
static void put_hash(const struct page *p, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct sha256 sha;
	char hex[65];
	unsigned char raw[33] = { 0 };

	sha256_init(&sha);
	sha256_add(&sha, s.p, s.n);
	sha256_hex(&sha, hex);
	for (size_t i = 0; i < 32; i++)
		raw[i] = (unsigned char)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
	put(p, "&#39;sha256-");
	for (size_t i = 0; i < 33; i += 3) {
		unsigned v = (unsigned)raw[i] << 16 | (unsigned)raw[i + 1] << 8 | raw[i + 2];

		fprintf(p->out, "%c%c%c%c", digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], i + 3 < 33 ? digits[v & 63] : '=');
	}
	put(p, "&#39;");
}

static void put_head(const struct page *p, struct str style, struct str script)
{
	put(p, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;; style-src ");
	put_hash(p, style);
	put(p, "; script-src ");
	put_hash(p, script);
	put(p, "\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
	text_str(p, headline(p->arena, p->v));
	put(p, "</title>\n<style>");
	fwrite(style.p, 1, style.n, p->out);
	put(p, "</style>\n</head>\n<body>\n");
}

/* --- what comes first --- */

static void put_card(const struct page *p, const char *id, const char *name, const char *note)
{
	const struct ledger_row *row = ledger_find(&p->v->ledger, id);

	if (!row)
		return;
	fprintf(p->out, "<div><dt>%s</dt><dd>%s%s</dd><dd>%s</dd></div>\n", name, row->basis == AMOUNT_EXACT ? "" : basis_mark(row->basis), size_prose(row->bytes, false).s, note);
}

static void put_checks_card(const struct page *p)
{
	struct check_count count = count_checks(&p->v->checks);
	size_t compared = count.nr[CHECK_MATCH] + count.nr[CHECK_MISMATCH];

	if (compared)
		fprintf(p->out, "<div><dt>Counts that match</dt><dd class=\"%s\">%zu of %zu</dd><dd>what the kernel itself said</dd></div>\n", count.nr[CHECK_MISMATCH] ? "bad" : "good", count.nr[CHECK_MATCH], compared);
}

static void put_cards(const struct page *p)
{
	const struct ledger_row *root = ledger_find(&p->v->ledger, "installed");

	put(p, "<dl class=\"cards\">\n");
	put_card(p, "installed", "Top of the ledger", root ? root->label : "");
	put_card(p, "usable", "Usable", "for the firmware");
	put_card(p, "present", "Present", "pages that zones count");
	put_card(p, "mem_total", "MemTotal", "what /proc/meminfo says");
	put_checks_card(p);
	put(p, "</dl>\n");
}

static void put_sentences(const struct page *p)
{
	struct str parts[] = { summary_sentence(p->arena, p->v, false), takers_sentence(p->arena, p->v, false), unexplained_sentence(p->arena, p->v, false) };

	put(p, "<p class=\"lead\">");
	if (!p->v->ledger.nr)
		put(p, "The input shows no map of the machine&#39;s memory: there is nothing to run the boot on.");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		text_str(p, parts[i]);
		put(p, " ");
	}
	put(p, "</p>\n");
}

/* --- the parts --- */

static bool always(const struct page *p)
{
	(void)p;
	return true;
}

static bool has_findings(const struct page *p) { return p->v->findings.nr; }
static bool has_map(const struct page *p) { return p->map.nr; }
static bool has_ledger(const struct page *p) { return p->v->ledger.nr; }
static bool has_zones(const struct page *p) { return p->v->boot->physpages; }
static bool has_nodes(const struct page *p) { return p->v->boot->nr_online > 1; }
static bool has_order(const struct page *p) { return p->v->boot->owned.nr; }
static bool has_checks(const struct page *p) { return p->v->checks.nr; }
static bool has_gaps(const struct page *p) { return p->v->gaps.nr; }

static const struct part {
	const char *id, *name;
	bool (*has)(const struct page *p);
	void (*write)(const struct page *p);
} parts[] = {
	{ "findings", "Findings", has_findings, html_findings },
	{ "map", "Physical memory", has_map, html_map },
	{ "ledger", "Ledger", has_ledger, html_ledger },
	{ "zones", "Zones", has_zones, html_zones },
	{ "nodes", "Nodes", has_nodes, html_nodes },
	{ "order", "In the order of the boot", has_order, html_order },
	{ "checks", "Verification", has_checks, html_checks },
	{ "gaps", "Not known", has_gaps, html_gaps },
	{ "kernel", "The kernel", always, html_kernel },
};

static void put_navigation(const struct page *p)
{
	put(p, "<nav aria-label=\"Parts of this report\">");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].has(p))
			fprintf(p->out, "<a href=\"#%s\">%s</a>", parts[i].id, parts[i].name);
	put(p, "</nav>\n");
}

static void put_opening(const struct page *p)
{
	put(p, "<header>\n<h1>");
	text_str(p, headline(p->arena, p->v));
	put(p, "</h1>\n<p class=\"dim\">");
	text_str(p, machine_line(p->arena, p->v));
	put(p, "; ");
	text_str(p, origin_line(p->arena, p->v, 120));
	put(p, "</p>\n");
	put_sentences(p);
	put_cards(p);
	put_navigation(p);
	put(p, "</header>\n");
}

static void put_closing(const struct page *p, struct str script)
{
	put(p, "<footer><p>Made by meminit-analyze " PACKAGE_VERSION ".");
	if (p->v->sha256) {
		put(p, " Input SHA-256 <code>");
		text(p, p->v->sha256);
		put(p, "</code>");
	}
	put(p, "</p></footer>\n<script>");
	fwrite(script.p, 1, script.n, p->out);
	put(p, "</script>\n</body>\n</html>\n");
}

void html_report(const struct verdict *v, struct str figure_order, struct str figure_zones, FILE *out)
{
	struct page p = { .out = out, .arena = v->boot->arena, .v = v, .figure_order = figure_order, .figure_zones = figure_zones };
	struct str style = style_text(p.arena), script = script_text(p.arena);

	physmap_build(p.arena, v->boot, &p.map);
	p.least_piece = physmap_coarsen(&p.map, MOST_PIECES);
	map_scale_build(p.arena, &p.map, PICTURE_WIDTH, &p.scale);
	put_head(&p, style, script);
	put_opening(&p);
	put(&p, "<main>\n");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].has(&p))
			parts[i].write(&p);
	put(&p, "</main>\n");
	put_closing(&p, script);
}
