/*
 * diff_words.c - why a row changed, in words; and the one sentence.
 */
#include "diff_private.h"

#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/triage.h"

/* Options of the command line that move an owner. */
static const struct {
	const char *owner;
	const char *options[6];
} askers[] = {
	{ "crashkernel", { "crashkernel" } },
	{ "crashkernel.low", { "crashkernel" } },
	{ "cma", { "cma", "hugetlb_cma" } },
	{ "hugetlb.gigantic", { "hugepages", "hugepagesz", "default_hugepagesz" } },
	{ "log_buf", { "log_buf_len" } },
	{ "swiotlb", { "swiotlb", "iommu", "intel_iommu", "amd_iommu" } },
	{ "swiotlb.tables", { "swiotlb", "iommu" } },
	{ "hash.dentry", { "dhash_entries", "hashdist", "numa", "mem" } },
	{ "hash.inode", { "ihash_entries", "hashdist", "numa", "mem" } },
	{ "stack_depot", { "slub_debug", "slab_debug", "page_owner" } },
	{ "reserve_mem", { "reserve_mem" } },
	{ "cut.command_line", { "mem", "memmap" } },
	{ "percpu", { "nr_cpus", "possible_cpus", "maxcpus" } },
	{ "node_data", { "numa" } },
	{ "memmap", { "mem", "memmap" } },
	{ "page_tables", { "nogbpages", "debug_pagealloc", "no5lvl", "nokaslr" } },
	{ "kfence", { "kfence.sample_interval" } },
	{ "initrd", { "noinitrd", "retain_initrd" } },
};

/* All options of that name, as they were given. */
static void add_asked(struct arena *arena, struct str text, const char *name, struct strbuf *out)
{
	struct cmdline *line = arena_new(arena, struct cmdline);

	cmdline_parse(arena, text, line);
	for (size_t i = 0; i < line->nr; i++) {
		const struct cmdline_option *o = &line->v[i];

		if (!cmdline_same(o->name, name))
			continue;
		strbuf_printf(out, "%s%.*s", out->n ? " " : "", STR_ARG(o->name));
		if (o->value.p)
			strbuf_printf(out, "=%.*s", STR_ARG(o->value));
	}
}

static struct str asked(struct arena *arena, const struct diff_side *side, const char *owner)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		for (size_t k = 0; !strcmp(askers[i].owner, owner) && k < ARRAY_SIZE(askers[i].options) && askers[i].options[k]; k++)
			add_asked(arena, side->command_line, askers[i].options[k], &out);
	return out.n ? strbuf_str(&out) : (struct str){ "", 0 };
}

bool diff_asked_differently(struct arena *arena, const struct diff *d, const char *owner)
{
	return !str_eq(asked(arena, &d->a, owner), asked(arena, &d->b, owner));
}

static struct str at_line(struct arena *arena, uint32_t line) { return line ? str_printf(arena, " (line %" PRIu32 ")", line) : STR(""); }

/* "B's command line asks for crashkernel=256M (line 12); A's does not" */
static struct str by_option(struct arena *arena, const struct diff *d, const char *owner)
{
	struct str a = asked(arena, &d->a, owner), b = asked(arena, &d->b, owner);
	struct str line_a = at_line(arena, d->a.command_line_number), line_b = at_line(arena, d->b.command_line_number);

	if (str_eq(a, b))
		return (struct str){ 0 };
	if (!a.n)
		return str_printf(arena, "B's command line asks for %.*s%.*s; A's does not", STR_ARG(b), STR_ARG(line_b));
	if (!b.n)
		return str_printf(arena, "A's command line asks for %.*s%.*s; B's does not", STR_ARG(a), STR_ARG(line_a));
	return str_printf(arena, "B's command line asks for %.*s%.*s, A's for %.*s%.*s", STR_ARG(b), STR_ARG(line_b), STR_ARG(a), STR_ARG(line_a));
}

static struct str or_unknown(struct str s) { return s.n ? s : STR("unknown"); }

static struct str by_factor(struct arena *arena, const struct diff *d, enum diff_factor factor)
{
	switch (factor) {
	case FACTOR_COMMAND_LINE:
		return STR("the command lines differ");
	case FACTOR_RAMDISK:
		return str_printf(arena, "B's RAM disk has %" PRIu64 " bytes, A's %" PRIu64, phys_len(d->b.ramdisk), phys_len(d->a.ramdisk));
	case FACTOR_CPUS:
		return str_printf(arena, "B's kernel makes room for %" PRIu32 " CPUs, A's for %" PRIu32, d->b.cpus, d->a.cpus);
	case FACTOR_MACHINE:
		if (d->machine_known && !d->same_machine)
			return STR("they are different machines");
		if (!d->same_map && d->same_machine && d->a.verdict && d->b.verdict && !d->a.verdict->machine->hypervisor && triage_other_modules(&d->a.verdict->dram, &d->b.verdict->dram))
			return STR("other modules are plugged in, or it is another machine of that model");
		if (!d->same_map && d->same_machine && d->a.verdict && !d->a.verdict->machine->hypervisor)
			return STR("the same machine gave another map of its memory, so the boot loader or a setting of the firmware took it");
		if (!d->same_map)
			return STR("the firmware's maps differ");
		return d->same_tables ? STR("what the logs show of the machine differs") : STR("the firmware's NUMA tables differ");
	case FACTOR_KERNEL:
		return str_printf(arena, "B's kernel is %.*s, A's %.*s", STR_ARG(or_unknown(d->b.release)), STR_ARG(or_unknown(d->a.release)));
	default:
		return STR("the image lies elsewhere (KASLR)");
	}
}

static struct str because_of(struct arena *arena, const struct diff *d, const struct diff_row *r)
{
	/* What a command line asks for is the cause wherever it moved the row, or where nothing could be run. */
	if (!r->separated || r->cause == FACTOR_COMMAND_LINE) {
		struct str option = by_option(arena, d, r->id);

		if (option.n)
			return option;
	}
	return r->separated ? by_factor(arena, d, r->cause) : (struct str){ 0 };
}

/* --- the sentence --- */

static int64_t magnitude(int64_t n) { return n < 0 ? -n : n; }

/* "256 MiB", with two places where it is not whole. */
static struct str size_text(struct arena *arena, int64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	uint64_t n = (uint64_t)magnitude(bytes), unit = 1;
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && n / unit >= 1024) {
		unit <<= 10;
		i++;
	}
	if (n % unit)
		return str_printf(arena, "%.2f %s", (double)n / (double)unit, units[i]);
	return str_printf(arena, "%" PRIu64 " %s", n / unit, units[i]);
}

static bool is_in(const struct diff_row *r, const char *parent) { return r->parent && !strcmp(r->parent, parent); }

static struct str what_happened(struct arena *arena, const struct diff_row *r)
{
	struct str size = size_text(arena, r->effect);
	const char *more = r->b > r->a ? "more" : "less";

	if (!strcmp(r->id, "installed"))
		return str_printf(arena, "B has %.*s %s memory", STR_ARG(size), more);
	if (is_in(r, "firmware"))
		return str_printf(arena, "the firmware keeps %.*s %s in B (%s)", STR_ARG(size), more, r->label);
	if (is_in(r, "cut"))
		return str_printf(arena, "B gives up %.*s %s before it counts pages (%s)", STR_ARG(size), more, r->label);
	if (is_in(r, "returned"))
		return str_printf(arena, "B gets %.*s %s back later (%s)", STR_ARG(size), r->b < r->a ? "more" : "less", r->label);
	if (!strcmp(r->id, owner_id(OWNER_NONE)))
		return str_printf(arena, "%.*s %s have no owner in B", STR_ARG(size), more);
	return str_printf(arena, "%s takes %.*s %s in B", r->id, STR_ARG(size), more);
}

static char capital(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c; }

static struct str sentence(struct arena *arena, const struct diff *d)
{
	const struct diff_row *top = d->nr ? &d->v[0] : NULL;
	struct strbuf out = { .arena = arena };
	struct str what;

	if (!top)
		return STR("Neither boot shows where its memory went.");
	if (!top->effect)
		return STR("Nobody takes more or less in B than in A.");
	if (d->change_known && !d->change && magnitude(top->effect) < (int64_t)PAGE_SIZE)
		return STR("MemTotal is the same: nobody takes a page more or less in B than in A.");
	what = what_happened(arena, top);
	/* An owner is named as it is everywhere; else a sentence starts with a capital. */
	strbuf_char(&out, is_in(top, "reserved") ? *what.p : capital(*what.p));
	strbuf_add(&out, str_skip(what, 1));
	if (top->because)
		strbuf_printf(&out, ": %s", top->because);
	strbuf_char(&out, '.');
	return strbuf_str(&out);
}

void diff_put_into_words(struct arena *arena, struct diff *d)
{
	for (size_t i = 0; i < d->nr; i++)
		if (d->v[i].effect) {
			struct str because = because_of(arena, d, &d->v[i]);

			d->v[i].because = because.n ? because.p : NULL;
		}
	d->sentence = sentence(arena, d);
}
