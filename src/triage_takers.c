/* triage_takers.c - rules about what takes memory by the MiB. */
#include <inttypes.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "triage.h"

#define SWIOTLB_WARN_PERCENT 3
#define HOLES_LEAST (512 * KIB)
#define CPUS_LEAST MIB
#define CPUS_WARN (32 * MIB)
/* KASAN keeps one byte for eight. */
#define KASAN_SHARE 8

static uint64_t bytes_of(const struct triage *t, const char *id)
{
	int64_t bytes = triage_ledger(t, id);

	return bytes > 0 ? (uint64_t)bytes : 0;
}

/* Parts of a whole in hundredths of a percent, as text. */
static const char *share(struct triage *t, uint64_t part, uint64_t whole)
{
	uint64_t hundredths = whole / 10000 ? part / (whole / 10000) : 0;

	if (whole && part && !hundredths)
		return ", less than 0.01 % of RAM";
	return whole ? triage_text(t, ", %" PRIu64 ".%02" PRIu64 " %% of RAM", hundredths / 100, hundredths % 100) : "";
}

/* --- bounce buffer --- */

static void no_bounce_buffer(struct triage *t, const struct fact *failed)
{
	struct phys_range hole = triage_largest_free(t, 4 * GIB);
	struct finding *f = triage_add(t, SEVERITY_WARNING,
				       "swiotlb (bounce buffer) found no room: the largest free block below 4 GiB has %s%s",
				       triage_size(t, phys_len(hole)), triage_at(t, failed ? failed->line : 0));

	f->detail = triage_text(t, "It has to be one block below 4 GiB. %s",
				triage_option(t, "swiotlb") ? triage_text(t, "The command line asks for %s slots of 2 KiB.",
									  triage_option(t, "swiotlb"))
							    : "Devices that cannot reach all memory will fail.");
	f->advice = "Ask for fewer slots in swiotlb=, or free memory below 4 GiB: crashkernel=...,high, a smaller RAM disk.";
	triage_line(f, failed ? failed->line : 0);
	triage_line(f, triage_cmdline_line(t));
}

void rule_swiotlb(struct triage *t)
{
	const struct fact *failed = facts_first(t->log, FACT_SWIOTLB_FAILED);
	const struct fact *said = facts_first(t->log, FACT_SWIOTLB), *gone = facts_first(t->log, FACT_SWIOTLB_TEARDOWN);
	struct phys_range range = said ? (struct phys_range){ said->v[0], said->v[1] } : t->boot->swiotlb;
	uint64_t bytes = phys_len(range);
	/* Of a buffer that is asked for and does not fit, the kernel makes a part. */
	bool less = cmdline_has(t->boot->cmdline, "swiotlb") && bytes < t->boot->swiotlb_asked_bytes;
	bool much = triage_ram(t) && bytes > triage_ram(t) / 100 * SWIOTLB_WARN_PERCENT && !gone;
	struct finding *f;

	/* swiotlb=noforce is a wish for none, and the kernel then says "No low mem" as well. */
	if (!bytes && (failed || t->boot->swiotlb_failed) && !cmdline_is(t->boot->cmdline, "swiotlb", "noforce"))
		no_bounce_buffer(t, failed);
	if (!bytes)
		return;
	f = triage_add(t, much || less ? SEVERITY_WARNING : SEVERITY_NOTE, "%s",
		       gone ? triage_text(t, "A bounce buffer (swiotlb) of %s was set up, and given back later%s",
					  triage_size(t, bytes), triage_at(t, gone->line))
			    : triage_text(t, "swiotlb (bounce buffer) holds %s%s%s%s", triage_size(t, bytes),
					  less ? triage_text(t, " of the %s asked for", triage_size(t, t->boot->swiotlb_asked_bytes)) : "", share(t, bytes, triage_ram(t)), triage_at(t, said ? said->line : 0)));
	f->detail =
		triage_text(t, "It lies at %s%s. Without it, the largest free block below 4 GiB has %s.", triage_range(t, range),
			    t->machine->encrypted ? "; memory is encrypted, so every transfer goes through it"
						  : ", for devices that cannot reach all memory",
			    triage_size(t, phys_len(triage_largest_free(t, 4 * GIB))));
	triage_bytes(f, gone ? 0 : bytes);
	triage_line(f, said ? said->line : 0);
	triage_line(f, gone ? gone->line : 0);
}

/* --- struct pages --- */

static uint64_t struct_page_bytes(const struct triage *t)
{
	return is_known(t->kernel->struct_page) ? t->kernel->struct_page.v : (uint64_t)boot_trait(t->boot, TRAIT_STRUCT_PAGE);
}

/* Memory that may be plugged in while the machine runs: places for modules, or what virtio-mem can give. */
static uint64_t room_for_more(const struct triage *t)
{
	const struct srat *srat = &t->machine->srat;
	uint64_t room = 0;

	for (size_t i = 0; i < srat->nr; i++)
		if (srat->v[i].flags & SRAT_HOT_PLUGGABLE && !(srat->v[i].flags & SRAT_NON_VOLATILE))
			room = max_u64(room, sub_sat(srat->v[i].range.end,
						     max_u64(srat->v[i].range.start, PFN_PHYS(t->boot->max_pfn))));
	for (each_fact(v, t->log, FACT_VIRTIO_MEM))
		if (v->tag == VIRTIO_MEM_REGION)
			room = max_u64(room, v->v[0]);
	return room;
}

void rule_memmap(struct triage *t)
{
	uint64_t bytes = bytes_of(t, "memmap"), room = room_for_more(t), more = room / PAGE_SIZE * struct_page_bytes(t);
	struct finding *f;

	if (!bytes)
		return;
	f = triage_add(t, SEVERITY_NOTE, "Struct pages take %s%s: %" PRIu64 " bytes a page%s", triage_size(t, bytes),
		       share(t, bytes, triage_ram(t)), struct_page_bytes(t),
		       room ? triage_text(t, "; plugging in %s more takes another %s", triage_size(t, room), triage_size(t, more))
			    : "");
	triage_bytes(f, bytes);
	triage_line(f, triage_line_of(t, FACT_MEMORY));
}

static uint64_t unavailable_pages(const struct triage *t)
{
	uint64_t pages = 0;

	for (size_t n = 0; n < t->boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			pages += t->boot->node[n].zone[z].unavailable;
	return pages;
}

void rule_memmap_holes(struct triage *t)
{
	static const char why[] = "memory ranges that start or end inside a section of 128 MiB leave such pages.";
	uint64_t bytes = bytes_of(t, "memmap.holes");
	struct finding *f;

	if (bytes < HOLES_LEAST)
		return;
	f = triage_add(t, bytes > triage_ram(t) / 100 ? SEVERITY_WARNING : SEVERITY_NOTE,
		       "%s of struct pages describe memory that is not there", triage_size(t, bytes));
	f->detail = unavailable_pages(t)
			    ? triage_text(t, "%s in unavailable ranges have a struct page; %s", triage_count(t, unavailable_pages(t), "page"), why)
			    : triage_text(t, "M%s", why + 1);
	triage_bytes(f, bytes);
	triage_lines(t, f, FACT_UNAVAILABLE);
}

/* --- huge pages --- */

/* "2.00 MiB", "1.00 GiB", "2 MB" */
static uint64_t page_size_of(struct str text)
{
	uint64_t n = 0;
	struct str word, unit;

	if (!str_cut_word(&text, &word) || !str_cut_word(&text, &unit) || !unit.n)
		return 0;
	for (size_t i = 0; i < word.n && word.p[i] >= '0' && word.p[i] <= '9' && n < 1024 * 1024; i++)
		n = n * 10 + (uint64_t)(word.p[i] - '0');
	return n * (unit.p[0] == 'G' ? GIB : unit.p[0] == 'M' ? MIB : KIB);
}

void rule_hugepages(struct triage *t)
{
	uint64_t bytes = 0, pages = 0;
	struct finding *f;

	for (each_fact(h, t->log, FACT_HUGETLB)) {
		pages += h->v[0];
		bytes += h->v[0] * page_size_of(h->s[0]);
	}
	if (!pages) {
		pages = t->boot->gigantic.nr;
		bytes = ranges_bytes(&t->boot->gigantic);
	}
	if (!pages)
		return;
	f = triage_add(t, SEVERITY_NOTE, "Huge pages hold %s: %s taken at boot%s", triage_size(t, bytes),
		       triage_count(t, pages, "page"), triage_at(t, triage_line_of(t, FACT_HUGETLB)));
	triage_bytes(f, bytes);
	triage_line(f, triage_cmdline_line(t));
	triage_lines(t, f, FACT_HUGETLB);
}

/* Blocks of 1 GiB on a node that nothing but gigantic pages lies in. */
static uint64_t aligned_blocks(struct triage *t, int nid)
{
	const struct memblock *m = &t->boot->memblock;
	struct phys_ranges free = { 0 };
	uint64_t blocks = 0;

	for (size_t i = 0; i < m->memory.nr; i++)
		if (m->memory.v[i].nid == nid)
			ranges_add(t->arena, &free, (struct phys_range){ m->memory.v[i].base, m->memory.v[i].end });
	for (size_t i = 0; i < m->reserved.nr; i++)
		ranges_remove(t->arena, &free, (struct phys_range){ m->reserved.v[i].base, m->reserved.v[i].end });
	for (size_t i = 0; i < t->boot->gigantic.nr; i++)
		for (size_t k = 0; k < m->memory.nr; k++)
			if (m->memory.v[k].nid == nid && t->boot->gigantic.v[i].start >= m->memory.v[k].base &&
			    t->boot->gigantic.v[i].start < m->memory.v[k].end)
				ranges_add(t->arena, &free, t->boot->gigantic.v[i]);
	for (size_t i = 0; i < free.nr; i++)
		blocks += sub_sat(free.v[i].end / GIB, div_up(free.v[i].start, GIB));
	return blocks;
}

static const char *blocks_text(struct triage *t)
{
	struct strbuf text = { .arena = t->arena };

	for (size_t n = 0; n < t->boot->nr_nodes; n++)
		if (t->boot->node[n].has_memory)
			strbuf_printf(&text, "%snode %zu has %s", text.n ? ", " : "", n,
				      triage_count(t, aligned_blocks(t, (int)n), "aligned block"));
	return text.n ? strbuf_str(&text).p : "no node has a block";
}

void rule_hugepages_short(struct triage *t)
{
	const struct fact *said = facts_first(t->log, FACT_HUGETLB_SHORT);
	uint64_t asked = said ? said->v[0] : t->boot->gigantic_asked, got = said ? said->v[1] : t->boot->gigantic.nr;
	uint64_t each = said ? page_size_of(said->s[0]) : GIB;
	struct finding *f;

	if (asked <= got)
		return;
	f = triage_add(t, SEVERITY_ERROR, "%" PRIu64 " of %s of %s were allocated%s%s", got, triage_count(t, asked, "huge page"),
		       triage_size(t, each), triage_at(t, said ? said->line : triage_cmdline_line(t)),
		       each == GIB ? triage_text(t, ": %s", blocks_text(t)) : "");
	if (each == GIB)
		f->detail = triage_text(t, "Blocks of 1 GiB on a border of 1 GiB that nothing else lies in: %s. %s",
					blocks_text(t), t->rule->explanation);
	triage_bytes(f, (asked - got) * each);
	triage_line(f, triage_cmdline_line(t));
	triage_lines(t, f, FACT_HUGETLB_SHORT);
}

/* --- CPUs that are not there --- */

void rule_possible_cpus(struct triage *t)
{
	const struct fact *said = facts_first(t->log, FACT_CPUS_ALLOWED);
	uint64_t possible = t->machine->possible_cpus, absent = said ? said->v[1] : sub_sat(possible, t->machine->online_cpus),
		 bytes = absent * t->boot->percpu_bytes;
	struct finding *f;

	if (!said || !absent || !possible || (bytes < CPUS_LEAST && absent < possible / 2))
		return;
	f = triage_add(t, bytes > CPUS_WARN ? SEVERITY_WARNING : SEVERITY_NOTE,
		       "%s of per-CPU memory are for CPUs that are not there: %" PRIu64 " of %s%s", triage_size(t, bytes), absent,
		       triage_count(t, possible, "possible CPU"), triage_at(t, said->line));
	triage_bytes(f, bytes);
	triage_line(f, said->line);
	triage_line(f, triage_line_of(t, FACT_PERCPU));
}

/* --- debugging --- */

void rule_debug_memory(struct triage *t)
{
	static const char *const names[] = {
		[DEBUG_KASAN] = "KASAN", [DEBUG_KMSAN] = "KMSAN", [DEBUG_KMEMLEAK] = "kmemleak", [DEBUG_PAGE_OWNER] = "page_owner"
	};
	const struct fact *page_ext = facts_first(t->log, FACT_PAGE_EXT);
	struct strbuf which = { .arena = t->arena };
	uint64_t bytes = page_ext ? page_ext->v[0] : 0;
	unsigned seen = 0;
	struct finding *f;

	for (each_fact(d, t->log, FACT_DEBUG_MEMORY)) {
		if (d->tag >= ARRAY_SIZE(names) || seen & 1u << d->tag)
			continue;
		seen |= 1u << d->tag;
		strbuf_printf(&which, "%s%s", which.n ? ", " : "", names[d->tag]);
		if (d->tag == DEBUG_KASAN)
			bytes += bytes_of(t, "kasan") ? bytes_of(t, "kasan") : triage_ram(t) / KASAN_SHARE;
	}
	bytes += bytes_of(t, "stack_depot");
	if (page_ext)
		strbuf_printf(&which, "%spage_ext", which.n ? ", " : "");
	if (!which.n)
		return;
	/* page_ext alone may serve a production kernel: idle page tracking, for one. */
	f = triage_add(t, seen || bytes > triage_ram(t) / 100 ? SEVERITY_WARNING : SEVERITY_NOTE, "%s",
		       bytes ? triage_text(t, "Features that watch memory (%s) take about %s", strbuf_str(&which).p,
					   triage_size(t, bytes))
			     : triage_text(t, "Features that watch memory (%s) take some while the kernel runs",
					   strbuf_str(&which).p));
	if (bytes)
		triage_bytes(f, bytes);
	triage_lines(t, f, FACT_DEBUG_MEMORY);
	triage_line(f, page_ext ? page_ext->line : 0);
}
