/* triage_input.c - rules about how far the answer can be trusted. */
#include <inttypes.h>

#include "mia/arena.h"
#include "triage.h"

/* Residue that a log without memblock's own lines may leave, in hundred-thousandths of RAM. */
#define RESIDUE_SHARE 50

/* Firmware and memory set-up of other architectures are other programs' business; what can be said is that. */
static void other_architecture(struct triage *t)
{
	uint32_t line = triage_line_of(t, FACT_ARCH_HINT);
	struct finding *f =
		triage_add(t, SEVERITY_ERROR, "This is %s kernel's log, not one of x86: its memory set-up is not modelled%s",
			   t->machine->arch_words, triage_at(t, line));

	f->detail =
		"How memory is divided there (device tree, firmware split with a graphics processor) follows other rules than the ones that this program re-executes.";
	f->advice =
		"Ask the board's vendor or its firmware's documentation; /proc/iomem and the Memory: line say what the kernel has.";
	triage_line(f, line);
}

void rule_truncated(struct triage *t)
{
	const struct boot_record *r = t->record;
	bool version = facts_first(t->log, FACT_LINUX_VERSION), map = facts_first(t->log, FACT_E820_ENTRY);
	struct finding *f;

	if (!r->has_source[SOURCE_DMESG] || t->machine->arch == ARCH_MIPS)
		return;
	if (t->machine->arch == ARCH_OTHER) {
		other_architecture(t);
		return;
	}
	if (!map)
		f = triage_add(
			t, SEVERITY_ERROR,
			"The log's beginning is missing: it has no firmware map%s, so what there was at first cannot be known",
			version ? "" : " and no version line");
	else if (r->cut_short)
		f = triage_add(t, SEVERITY_WARNING, "The input ends early: what was behind its last line is missing");
	else if (!version)
		f = triage_add(t, SEVERITY_WARNING,
			       "The log's first line is missing: which kernel it was is guessed from other lines");
	else if (r->tail_missing)
		f = triage_add(t, SEVERITY_WARNING,
			       "The log has no Memory: line: what was reserved cannot be held against the kernel's own count");
	else
		return;
	triage_line(f, r->tail_missing && map ? r->last_line : r->first_line);
}

void rule_unexplained(struct triage *t)
{
	uint64_t ram = triage_ram(t), usual = ram / 100000 * RESIDUE_SHARE, limit = t->boot->replay.on ? 0 : usual;
	uint64_t bytes = t->v->unexplained_bytes;
	int64_t unknown = triage_ledger(t, "unknown");
	struct finding *f;

	if (!t->v->unexplained_known || !ram || bytes <= limit)
		return;
	/* A few pages of a log whose lines name all others: something is not quite known, and nothing is lost to it. */
	f = triage_add(t, bytes > usual ? SEVERITY_ERROR : SEVERITY_WARNING,
		       "%s have no owner: the kernel reserved %s than this program can explain%s", triage_size(t, bytes),
		       unknown < 0 ? "less" : "more", triage_at(t, t->boot->balance.line));
	f->detail = limit ? triage_text(t, "Up to %s may remain where a log does not name each reservation. %s", triage_size(t, limit),
					t->kernel->has_profile ? "A profile of this build was used."
							       : "There is no profile of this build, so sizes of what it allocates at boot are those of kernels like it.")
			  : "The log has memblock's own lines, which should name every reservation: some of them are lost, or this kernel reserves without a line.";
	triage_bytes(f, t->v->unexplained_bytes);
	triage_line(f, t->boot->balance.line);
}
