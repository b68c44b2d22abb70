/* triage_crash.c - rules about the crash kernel. */
#include <inttypes.h>

#include "mia/arena.h"
#include "triage.h"

/* Beyond image and RAM disk, packed and unpacked. */
#define CRASH_WORKING_BYTES (64 * MIB)

static const enum fact_kind reserve_lines[] = { FACT_CRASHKERNEL, FACT_CRASHKERNEL_HEX };
static const enum fact_kind low_lines[] = { FACT_CRASHKERNEL_LOW, FACT_CRASHKERNEL_LOW_HEX };

/* Bytes that a "Reserving" line names, in either of its forms. */
static uint64_t said_bytes(const struct triage *t, const enum fact_kind kinds[2], uint32_t *line)
{
	for (int i = 0; i < 2; i++) {
		const struct fact *f = facts_first(t->log, kinds[i]);

		if (!f)
			continue;
		*line = f->line;
		return (kinds[i] == FACT_CRASHKERNEL || kinds[i] == FACT_CRASHKERNEL_LOW ? f->v[0] : f->v[2]) * MIB;
	}
	return 0;
}

/* "2G-4G:320M,4G-32G:512M" gives the part that the machine's memory chose; empty where there is none. */
static struct str chosen_range(struct str value, uint64_t total)
{
	struct str rest = value, part;

	while (str_cut(&rest, ',', &part)) {
		struct str after;
		uint64_t start = str_memparse(part, &after), end = UINT64_MAX;

		if (!after.n || *after.p != '-')
			return (struct str){ 0 };
		after = str_skip(after, 1);
		if (after.n && *after.p != ':')
			end = str_memparse(after, NULL);
		if (total >= start && total < end)
			return part;
	}
	return (struct str){ 0 };
}

static const char *range_text(struct triage *t)
{
	const struct cmdline_option *o = cmdline_last(t->boot->cmdline, "crashkernel");
	uint64_t total = triage_ram(t);
	struct str part = { 0 };

	if (o && o->value.p && str_find_char(o->value, ':') >= 0)
		part = chosen_range(o->value, total);
	return part.n ? triage_text(t, " With %s of RAM its range %.*s applies.", triage_size(t, total), STR_ARG(part)) : "";
}

/* What is reserved for it, all parts. */
static uint64_t crash_bytes(const struct triage *t, uint32_t *line, uint32_t *low_line)
{
	const struct fact *cma = facts_first(t->log, FACT_CRASHKERNEL_CMA);
	uint64_t said = said_bytes(t, reserve_lines, line), low = said_bytes(t, low_lines, low_line);
	int64_t model = triage_ledger(t, "crashkernel") + triage_ledger(t, "crashkernel.low");

	if (model > 0)
		return (uint64_t)model;
	return said + low + (cma ? cma->v[0] * MIB : 0);
}

/* A size that has to be reserved on this machine: not a list of ranges of which none fits. */
static bool asks(const struct triage *t, uint64_t *size)
{
	const struct cmdline_option *o = cmdline_last(t->boot->cmdline, "crashkernel");
	struct str value = o ? o->value : (struct str){ 0 };

	*size = 0;
	if (!value.p)
		return false;
	if (str_find_char(value, ':') >= 0) {
		value = chosen_range(value, triage_ram(t));
		value = str_skip(value, value.n ? (size_t)str_find_char(value, ':') + 1 : 0);
	}
	*size = str_memparse(value, NULL);
	return *size > 0;
}

/* The log covers the place where the line would stand, and the machine is one on which the option works. */
static bool log_is_silent(const struct triage *t)
{
	uint32_t line = 0;

	return !t->record->head_missing && !t->record->tail_missing && t->record->has_source[SOURCE_DMESG] &&
	       t->machine->arch == ARCH_X86_64 && t->machine->firmware != FIRMWARE_XEN && !said_bytes(t, reserve_lines, &line) &&
	       !facts_first(t->log, FACT_CRASHKERNEL_CMA);
}

/* The model finds room where the kernel says nothing at all: it does not know the option, or does not obey it. */
static bool not_obeyed(const struct triage *t)
{
	uint64_t size;

	return asks(t, &size) && !facts_first(t->log, FACT_CRASHKERNEL_FAILED) && log_is_silent(t) &&
	       phys_len(t->boot->crashkernel);
}

void rule_crashkernel(struct triage *t)
{
	uint32_t line = 0, low_line = 0;
	uint64_t bytes = crash_bytes(t, &line, &low_line);
	const char *option = triage_option(t, "crashkernel");
	bool idle = t->record->crash_loaded.line && !t->record->crash_loaded.value;
	struct finding *f;

	if (!bytes || not_obeyed(t))
		return;
	f = triage_add(t, idle ? SEVERITY_WARNING : SEVERITY_NOTE, "The crash kernel holds %s%s%s%s%s", triage_size(t, bytes),
		       option ? ": " : "", option ? option : "", option ? " asks for it" : "",
		       triage_at(t, triage_cmdline_line(t)));
	f->detail =
		triage_text(t, "%s.%s%s",
			    phys_len(t->boot->crashkernel)
				    ? triage_text(t, "It lies at %s", triage_range(t, t->boot->crashkernel))
				    : "The kernel says that it is reserved",
			    range_text(t),
			    idle ? " No crash kernel is loaded (kexec_crash_loaded is 0), so the memory serves nothing." : "");
	if (idle)
		f->advice =
			"Install and start kdump, or remove crashkernel= from the boot loader's command line to get the memory back.";
	triage_bytes(f, bytes);
	triage_line(f, triage_cmdline_line(t));
	triage_line(f, line);
	triage_line(f, low_line);
}

/* --- it failed --- */

static void disobedient_kernel(struct triage *t, uint64_t size, const char *option)
{
	struct finding *f = triage_add(t, SEVERITY_ERROR, "No crash kernel: no line says that %s are reserved, as %s asks%s",
				       triage_size(t, size), option, triage_at(t, triage_cmdline_line(t)));

	f->detail = "There is room for it. This kernel may be built without support for crash dumps, or the log lacks the line.";
	f->advice =
		"Look for CONFIG_CRASH_DUMP and CONFIG_KEXEC in the kernel's configuration, and at /sys/kernel/kexec_crash_size.";
	triage_bytes(f, size);
	triage_line(f, triage_cmdline_line(t));
}

void rule_crashkernel_failed(struct triage *t)
{
	const struct fact *said = facts_first(t->log, FACT_CRASHKERNEL_FAILED);
	struct phys_range hole = triage_largest_free(t, 4 * GIB);
	const char *option = triage_option(t, "crashkernel");
	uint64_t size;
	struct finding *f;

	if (!asks(t, &size) && !said)
		return;
	if (!said && !log_is_silent(t) && !(t->boot->crash_failed_bytes && !t->record->has_source[SOURCE_DMESG]))
		return;
	if (not_obeyed(t)) {
		disobedient_kernel(t, size, option);
		return;
	}
	f = triage_add(t, SEVERITY_ERROR, "No crash kernel: there was no room for %s%s%s", size ? triage_size(t, size) : "it",
		       option ? triage_text(t, " (%s)", option) : "", triage_at(t, said ? said->line : triage_cmdline_line(t)));
	f->detail =
		triage_text(t, "%s%.*s. The largest free block below 4 GiB is %s at %s when memory goes to the page allocator.%s",
			    said ? "The kernel says: " : "No line says that it was reserved", said ? (int)said->text.n : 0,
			    said ? said->text.p : "", triage_size(t, phys_len(hole)),
			    phys_len(hole) ? triage_range(t, hole) : "no address", range_text(t));
	if (size)
		triage_bytes(f, size);
	triage_line(f, triage_cmdline_line(t));
	triage_lines(t, f, FACT_CRASHKERNEL_FAILED);
}

void rule_crashkernel_small(struct triage *t)
{
	uint32_t line = 0, low_line = 0;
	uint64_t bytes = crash_bytes(t, &line, &low_line), image = t->boot->kernel->image.span.v,
		 initrd = phys_len(t->machine->ramdisk), need;
	struct finding *f;

	if (!bytes || !image || !initrd || not_obeyed(t))
		return;
	need = image + 2 * initrd + CRASH_WORKING_BYTES;
	if (bytes >= need)
		return;
	f = triage_add(t, SEVERITY_WARNING, "The crash kernel has %s, and needs about %s", triage_size(t, bytes),
		       triage_size(t, need));
	f->detail = triage_text(
		t,
		"Kernel image %s, RAM disk %s packed and as much unpacked, %s to work with. A crash kernel's own RAM disk may be smaller than this boot's.",
		triage_size(t, image), triage_size(t, initrd), triage_size(t, CRASH_WORKING_BYTES));
	triage_bytes(f, need - bytes);
	triage_line(f, line);
	triage_line(f, triage_line_of(t, FACT_RAMDISK));
}
