/*
 * stage_mtrr.c - RAM that the memory type registers do not cover is given up.
 *
 *   in:   machine.mtrr, tom2; disable_mtrr_trim
 *   out:  boot.e820, max_pfn; boot.trimmed_bytes
 *   says: one edit a hole, the modified map, last_pfn again
 *
 * Kernel: mtrr_trim_uncached_memory() (arch/x86/kernel/cpu/mtrr/cleanup.c).
 */
#include "mia/ranges.h"
#include "stages.h"

static bool trim_applies(const struct boot *b)
{
	const struct mtrr_state *m = &b->machine->mtrr;
	bool write_back = false;

	if (!m->known || m->default_type != MTRR_UNCACHABLE || cmdline_has(b->cmdline, "disable_mtrr_trim"))
		return false;
	for (size_t i = 0; i < m->nr; i++) {
		if (m->v[i].type != MTRR_WRITE_BACK && m->v[i].type != MTRR_UNCACHABLE)
			return false;
		write_back |= m->v[i].type == MTRR_WRITE_BACK;
	}
	return write_back;
}

/* Everything that is cached: write-back ranges and AMD's memory above 4 GiB, less what is marked uncachable. */
static void covered_ranges(const struct boot *b, struct phys_ranges *covered)
{
	const struct mtrr_state *m = &b->machine->mtrr;

	for (size_t i = 0; i < m->nr; i++)
		if (m->v[i].type == MTRR_WRITE_BACK)
			ranges_add(b->arena, covered, m->v[i].range);
	for (size_t i = 0; i < m->nr; i++) {
		struct phys_range r = m->v[i].range;

		if (m->v[i].type != MTRR_UNCACHABLE)
			continue;
		/* The fixed registers rule the first MiB. */
		if (m->fixed_enabled && r.start < MIB)
			r.start = min_u64(MIB, r.end);
		ranges_remove(b->arena, covered, r);
	}
	if (b->machine->tom2 > 4 * GIB)
		ranges_add(b->arena, covered, (struct phys_range){ 4 * GIB, b->machine->tom2 });
}

static uint64_t give_up(struct boot *b, uint64_t start, uint64_t end)
{
	uint64_t before = e820_bytes(&b->e820, E820_TYPE_RAM);

	if (start >= end)
		return 0;
	e820_edit_update(b, start, end, E820_TYPE_RAM, E820_TYPE_RESERVED);
	return before - e820_bytes(&b->e820, E820_TYPE_RAM);
}

void e820_modified_map(struct boot *b, enum map_step step)
{
	e820_update_table(b->arena, &b->e820, boot_trait(b, TRAIT_SOFT_RESERVED_APART));
	SAY(b, E820_BANNER, TAG_MODIFIED, 0);
	for (size_t i = 0; i < b->e820.nr; i++)
		SAY(b, E820_ENTRY, TAG_MODIFIED, b->e820.v[i].start, b->e820.v[i].end, b->e820.v[i].type);
	e820_keep_step(b, step);
}

static void say_losing(struct boot *b)
{
	SAY(b, MTRR_LOSING, 0, b->trimmed_bytes >> 20);
	SAY(b, E820_MTRR, 0, 0);
	e820_modified_map(b, STEP_MTRR);
}

/*
 * Edits of the map that the log holds and the model has no cause for: registers that are not in the log, quirks of boards,
 * memory that is scanned for corruption. Those that a modified map follows, and before memblock all of them, decide what RAM is.
 */
static uint64_t take_edits(struct boot *b, const struct fact *from, const struct fact *to)
{
	uint64_t lost = 0;

	for (const struct fact *f = from; f && f < to; f++)
		if (f->kind == FACT_E820_UPDATE && f->v[2] == E820_TYPE_RAM && f->v[3] == E820_TYPE_RESERVED && !e820_already_said(b, f, STAGE_E820) &&
		    !e820_already_said(b, f, STAGE_MTRR)) {
			*vec_push(b->arena, &b->input_edits) = (struct map_edit){ { f->v[0], f->v[1] }, E820_TYPE_RAM, E820_TYPE_RESERVED, false };
			lost += give_up(b, f->v[0], f->v[1]);
		}
	return lost;
}

/* The first modified map behind @from in the log. */
static const struct fact *modified_map(const struct boot *b, const struct fact *from)
{
	const struct fact *f = from;

	while (f && (f = facts_next(&b->record->log, FACT_E820_BANNER, f)) && f->tag != TAG_MODIFIED)
		;
	return f;
}

static void trim_by_log(struct boot *b)
{
	const struct fact *losing = b->record ? facts_first(&b->record->log, FACT_MTRR_LOSING) : NULL;

	if (!losing || !record_map_end(b->record))
		return;
	b->trimmed_bytes = take_edits(b, record_map_end(b->record), losing);
	if (!b->trimmed_bytes)
		return;
	say_losing(b);
	e820_end_of_ram(b);
}

static void quirks_by_log(struct boot *b)
{
	const struct fact *from = b->record ? record_map_end(b->record) : NULL, *map = modified_map(b, from), *to;

	/* The map that the MTRRs modified is not this one. */
	if (map && b->trimmed_bytes)
		map = modified_map(b, map);
	to = boot_trait(b, TRAIT_EARLY_ALLOC) == EARLY_MEMBLOCK ? map : from ? b->record->log.v + b->record->log.nr : NULL;
	if (!from || !to || (!take_edits(b, from, to) && !b->input_edits.nr))
		return;
	if (map)
		e820_modified_map(b, STEP_QUIRK);
	else
		e820_update_table(b->arena, &b->e820, boot_trait(b, TRAIT_SOFT_RESERVED_APART));
}

void mtrr_run(struct boot *b)
{
	struct phys_ranges covered = { 0 };
	uint64_t pos = 0;

	if (trim_applies(b)) {
		covered_ranges(b, &covered);
		for (size_t i = 0; i < covered.nr; i++) {
			b->trimmed_bytes += give_up(b, pos, covered.v[i].start);
			pos = covered.v[i].end;
		}
		b->trimmed_bytes += give_up(b, pos, PFN_PHYS(b->max_pfn));
		if (b->trimmed_bytes) {
			say_losing(b);
			e820_end_of_ram(b);
		}
	} else {
		trim_by_log(b);
	}
	e820_low_end(b);
	quirks_by_log(b);
}
