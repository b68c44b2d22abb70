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

static void say_modified_map(struct boot *b)
{
	SAY(b, MTRR_LOSING, 0, b->trimmed_bytes >> 20);
	SAY(b, E820_MTRR, 0, 0);
	e820_update_table(b->arena, &b->e820, boot_trait(b, TRAIT_SOFT_RESERVED_APART));
	SAY(b, E820_BANNER, TAG_MODIFIED, 0);
	for (size_t i = 0; i < b->e820.nr; i++)
		SAY(b, E820_ENTRY, TAG_MODIFIED, b->e820.v[i].start, b->e820.v[i].end, b->e820.v[i].type);
	e820_keep_step(b, STEP_MTRR);
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
			say_modified_map(b);
			e820_end_of_ram(b);
		}
	}
	e820_low_end(b);
}
