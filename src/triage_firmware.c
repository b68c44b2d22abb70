/* triage_firmware.c - rules about what the firmware gives, keeps and says. */
#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "triage.h"

/* Entries that the boot protocol's first table has room for; more come as setup data. */
/* Share of what is installed, in percent, above which graphics memory is worth a look. */
#define GRAPHICS_WARN_PERCENT 5
/* Every PC keeps 640 KiB to 1 MiB. */
#define FIRMWARE_LEAST MIB

static bool has_map(const struct triage *t) { return t->boot->e820_steps.nr && t->boot->e820_steps.v[0].table.nr; }

static const struct e820_table *firmware_map(const struct triage *t) { return &t->boot->e820_steps.v[0].table; }

/* RAM bytes of the firmware's map that lie at or above @begin. */
static uint64_t ram_above(const struct triage *t, uint64_t begin)
{
	const struct e820_table *map = firmware_map(t);
	uint64_t bytes = 0;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type == E820_TYPE_RAM && map->v[i].end > begin)
			bytes += map->v[i].end - max_u64(map->v[i].start, begin);
	return bytes;
}

/* --- MTRR --- */

static const char *mtrr_detail(struct triage *t, uint64_t lost)
{
	const char *who = t->machine->hypervisor ? "This is a guest, so the registers are the hypervisor's."
						 : "The registers are set by the firmware.";
	const char *old =
		!strcmp(t->kernel->release.distribution, "el6")
			? " Kernels of RHEL 6 computed the registers' mask with too few address bits (mainline fix d5c78673b1b2), so a newer kernel may not lose it."
			: "";

	return triage_text(
		t,
		"The firmware's map has %s of RAM, and the memory type registers mark %s of it as write-back; the kernel gave up the other %s. %s "
		"Kernels trim only since 2.6.25, so an older one, or one started with disable_mtrr_trim (not on this command line), shows more.%s",
		triage_size(t, ram_above(t, 0)), triage_size(t, sub_sat(ram_above(t, 0), lost)), triage_size(t, lost), who, old);
}

void rule_mtrr_trim(struct triage *t)
{
	const struct fact *said = facts_first(t->log, FACT_MTRR_LOSING);
	uint64_t lost = t->boot->trimmed_bytes ? t->boot->trimmed_bytes : said ? said->v[0] * MIB : 0;
	struct finding *f;

	if (!lost)
		return;
	f = triage_add(t, SEVERITY_ERROR, "%s of RAM are lost because the MTRRs do not cover them%s", triage_size(t, lost),
		       triage_at(t, said ? said->line : 0));
	if (has_map(t))
		f->detail = mtrr_detail(t, lost);
	triage_bytes(f, lost);
	triage_line(f, said ? said->line : 0);
	triage_lines(t, f, FACT_MTRR_RANGE);
}

void rule_mtrr_noise(struct triage *t)
{
	size_t lines = facts_count(t->log, FACT_MTRR_CLEANUP);
	struct finding *f;

	if (!lines || t->boot->trimmed_bytes || facts_first(t->log, FACT_MTRR_LOSING))
		return;
	f = triage_add(t, SEVERITY_NOTE, "The MTRR clean-up's %s are noise: no byte was lost", triage_count(t, lines, "line"));
	triage_bytes(f, 0);
	triage_line(f, triage_line_of(t, FACT_MTRR_CLEANUP));
	triage_line(f, facts_last(t->log, FACT_MTRR_CLEANUP)->line);
}

/* --- what is installed, and what is kept --- */

void rule_no_remap(struct triage *t)
{
	const struct dram *d = &t->v->dram;
	uint64_t usable, lost;
	struct finding *f;

	if (!has_map(t) || t->machine->hypervisor || d->installed_bytes < 4 * GIB || ram_above(t, 4 * GIB))
		return;
	usable = ram_above(t, 0);
	lost = sub_sat(d->installed_bytes, usable + d->graphics_bytes);
	f = triage_add(t, SEVERITY_ERROR, "%s of %s are out of reach: the firmware put no RAM above 4 GiB%s",
		       triage_size(t, lost), triage_size(t, d->installed_bytes), triage_at(t, d->line));
	f->detail = triage_text(t,
				"%s: %s. The firmware's map has %s of RAM, all of it below %#" PRIx64
				", and nothing above 4 GiB, where the RAM behind the addresses of devices belongs.",
				d->witness, triage_size(t, d->installed_bytes), triage_size(t, usable), d->low_top);
	triage_bytes(f, lost);
	triage_line(f, d->line);
	triage_line(f, triage_line_of(t, FACT_E820_ENTRY));
}

void rule_graphics(struct triage *t)
{
	const struct dram *d = &t->v->dram;
	bool much = d->graphics_bytes > d->installed_bytes / 100 * GRAPHICS_WARN_PERCENT;
	const char *where = phys_len(d->graphics) ? triage_text(t, " at %s", triage_range(t, d->graphics)) : "";
	struct finding *f;

	if (!d->graphics_bytes)
		return;
	f = triage_add(t, much ? SEVERITY_WARNING : SEVERITY_NOTE, "%s %s of %s%s%s",
		       d->graphics_basis == AMOUNT_EXACT ? "Graphics memory takes"
							 : "A graphics carve-out (UMA frame buffer) probably takes up to",
		       triage_size(t, d->graphics_bytes), triage_size(t, d->installed_bytes), where,
		       triage_at(t, d->graphics_line));
	if (d->graphics_basis != AMOUNT_EXACT)
		f->detail = triage_text(
			t,
			"The firmware's map reserves %s, from the end of all RAM to the top of memory. Frame buffers lie there; no driver line in this log says how much of it is one.",
			triage_range(t, d->graphics));
	triage_bytes(f, d->graphics_bytes);
	triage_line(f, d->graphics_line);
	if (d->graphics_basis != AMOUNT_EXACT)
		triage_line(f, triage_line_of(t, FACT_MTRR_TOM2));
}

/* The largest ranges, as "53.00 MiB at 0xc94f3000-0xcc9f2fff, ...". */
static const char *largest_kept(struct triage *t, size_t most)
{
	const struct phys_ranges *kept = &t->v->dram.kept;
	struct strbuf text = { .arena = t->arena };
	uint64_t below = UINT64_MAX;

	for (size_t n = 0; n < most; n++) {
		const struct phys_range *best = NULL;

		for (size_t i = 0; i < kept->nr; i++)
			if (phys_len(kept->v[i]) < below && (!best || phys_len(kept->v[i]) > phys_len(*best)))
				best = &kept->v[i];
		if (!best)
			break;
		below = phys_len(*best);
		strbuf_printf(&text, "%s%s at %s", n ? ", " : "", triage_size(t, below), triage_range(t, *best));
	}
	return strbuf_str(&text).p;
}

void rule_firmware(struct triage *t)
{
	const struct dram *d = &t->v->dram;
	uint64_t others = d->graphics_bytes +
			  (uint64_t)(triage_ledger(t, "firmware.persistent") + triage_ledger(t, "firmware.soft_reserved"));
	uint64_t kept = has_map(t) ? sub_sat(d->installed_bytes, ram_above(t, 0) + others) : 0;
	struct finding *f;

	if (!has_map(t) || kept < FIRMWARE_LEAST || !d->kept.nr)
		return;
	f = triage_add(t, SEVERITY_NOTE, "The firmware keeps %s of %s%s", triage_size(t, kept),
		       triage_size(t, d->installed_bytes), d->graphics_bytes ? ", graphics memory not counted" : "");
	f->detail = triage_text(t, "%s. Largest ranges that are not RAM: %s.", d->witness, largest_kept(t, 4));
	triage_bytes(f, kept);
	triage_line(f, triage_line_of(t, FACT_E820_ENTRY));
}

void rule_soft_reserved(struct triage *t)
{
	uint64_t soft = has_map(t) ? e820_bytes(firmware_map(t), E820_TYPE_SOFT_RESERVED) : 0;
	uint64_t persistent =
		has_map(t) ? e820_bytes(firmware_map(t), E820_TYPE_PMEM) + e820_bytes(firmware_map(t), E820_TYPE_PRAM) : 0;
	const char *kind = soft && persistent ? "soft reserved and persistent"
			   : soft             ? "soft reserved (special purpose)"
					      : "persistent";
	struct finding *f;

	if (!soft && !persistent)
		return;
	f = triage_add(t, SEVERITY_WARNING, "%s are %s and no system RAM", triage_size(t, soft + persistent), kind);
	if (!soft)
		f->advice =
			"Use it through pmem and dax; ndctl and 'daxctl reconfigure-device --mode=system-ram' make ordinary memory of it.";
	triage_bytes(f, soft + persistent);
	for (each_fact(e, t->log, FACT_E820_ENTRY))
		if (e->tag == TAG_NONE &&
		    (e->v[2] == E820_TYPE_SOFT_RESERVED || e->v[2] == E820_TYPE_PMEM || e->v[2] == E820_TYPE_PRAM))
			triage_line(f, e->line);
}

/* --- limits --- */

/* "mem=1G memmap=64M$512M" */
static const char *limiting_options(struct triage *t)
{
	struct strbuf text = { .arena = t->arena };

	for (size_t i = 0; i < t->boot->cmdline->nr; i++) {
		const struct cmdline_option *o = &t->boot->cmdline->v[i];

		if (o->value.p && (cmdline_same(o->name, "mem") || cmdline_same(o->name, "memmap")))
			strbuf_printf(&text, "%s%.*s=%.*s", text.n ? " " : "", STR_ARG(o->name), STR_ARG(o->value));
	}
	return text.n ? strbuf_str(&text).p : NULL;
}

static bool image_was_cut(const struct triage *t) { return triage_said(t, FACT_KERNEL_NOT_RAM); }

void rule_mem_limit(struct triage *t)
{
	int64_t cut = triage_ledger(t, "cut.command_line");
	const char *options = limiting_options(t);
	struct finding *f;

	if (!options || (cut <= 0 && !image_was_cut(t)))
		return;
	f = triage_add(t, SEVERITY_WARNING, "The command line takes %s of RAM away%s: %s%s",
		       triage_size(t, cut < 0 ? 0 : (uint64_t)cut), image_was_cut(t) ? ", the kernel's own place too" : "",
		       options, triage_at(t, triage_cmdline_line(t)));
	if (image_was_cut(t))
		f->detail = triage_text(
			t,
			"%s covers the kernel image itself%s. The kernel put its own range back into the map; what the option was meant for has to lie elsewhere.",
			options, triage_at(t, triage_line_of(t, FACT_KERNEL_NOT_RAM)));
	if (cut > 0)
		triage_bytes(f, (uint64_t)cut);
	triage_line(f, triage_cmdline_line(t));
	triage_line(f, triage_line_of(t, FACT_KERNEL_NOT_RAM));
}

void rule_32bit(struct triage *t)
{
	uint64_t end = PFN_PHYS(t->boot->max_pfn), beyond, high = 0;
	bool pae = boot_trait(t->boot, TRAIT_PAE), highmem = boot_trait(t->boot, TRAIT_ZONE_HIGHMEM);
	struct finding *f;

	if (t->machine->arch != ARCH_I386 || !has_map(t) || !end)
		return;
	beyond = t->boot->user_map ? 0 : ram_above(t, end);
	for (size_t n = 0; n < t->boot->nr_nodes; n++)
		high += PFN_PHYS(t->boot->node[n].zone[ZONE_HIGHMEM].present);
	if (beyond >= MIB) {
		f = triage_add(t, SEVERITY_WARNING, "A 32-bit kernel%s cannot reach %s of RAM above %s",
			       !highmem ? " without HIGHMEM" : pae ? "" : " without PAE", triage_size(t, beyond),
			       triage_size(t, pae || !highmem ? end : max_u64(end, 4 * GIB)));
		triage_bytes(f, beyond);
	} else if (high) {
		f = triage_add(t, SEVERITY_NOTE, "A 32-bit kernel reaches %s of RAM as high memory only", triage_size(t, high));
		triage_bytes(f, high);
	} else {
		return;
	}
	triage_line(f, triage_line_of(t, FACT_HIGHMEM_AVAILABLE));
	triage_line(f, triage_line_of(t, FACT_LAST_PFN));
}

/* What the kernel says that it ignored, and RAM that the model saw fall out of the table without a word. */
static bool table_is_full(struct triage *t)
{
	uint64_t ignored = 0, lost = t->boot->e820.dropped_ram;
	uint32_t line = triage_line_of(t, FACT_E820_FULL);
	struct finding *f;

	for (each_fact(e, t->log, FACT_E820_FULL))
		ignored += e->v[1] - e->v[0];
	if (lost)
		f = triage_add(t, SEVERITY_ERROR, "The table of memory ranges is full: %s of RAM fell out of it%s", triage_size(t, lost), triage_at(t, line));
	else if (ignored)
		f = triage_add(t, SEVERITY_ERROR, "The table of memory ranges is full: %s in %s were ignored%s", triage_size(t, ignored),
			       triage_count(t, facts_count(t->log, FACT_E820_FULL), "range"), triage_at(t, line));
	else
		return false;
	if (lost)
		f->detail = triage_text(t, "It has room for %zu ranges. %s", t->boot->e820.limit, t->rule->explanation);
	triage_bytes(f, lost ? lost : ignored);
	triage_lines(t, f, FACT_E820_FULL);
	return true;
}

void rule_table_overflow(struct triage *t)
{
	struct finding *f;

	if (table_is_full(t))
		return;
	if (t->machine->e820.nr != E820_ZEROPAGE_ENTRIES || facts_first(t->log, FACT_E820_BANNER) == NULL)
		return;
	for (each_fact(b, t->log, FACT_E820_BANNER))
		if (b->tag == TAG_EXTENDED)
			return;
	f = triage_add(t, SEVERITY_WARNING,
		       "The firmware's map has %d entries, all that the boot protocol carries: more may be missing",
		       E820_ZEROPAGE_ENTRIES);
	triage_line(f, triage_line_of(t, FACT_E820_BANNER));
}
