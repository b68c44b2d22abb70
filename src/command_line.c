/*
 * command_line.c - the command line that a boot had, from the lines and files that show it.
 *
 * The kernel prints it twice. A message is cut where the log has no more room, and so may hold less than the kernel obeyed: then
 * its last word is half of one, or none. From 6.19 on the second line goes on in further ones, each with a backslash at its end.
 */
#include "mia/arena.h"
#include "mia/cmdline.h"
#include "mia/record.h"

/* Room for a message of the log; older kernels, and those that print who called, have somewhat less. */
#define MESSAGE_LEAST 960

/* The second of the kernel's lines, with those that continue it. */
static struct str later_line(struct arena *arena, const struct boot_record *record)
{
	struct strbuf whole = { .arena = arena };
	struct str one = { 0 };

	for (each_fact(f, &record->log, FACT_KERNEL_COMMAND_LINE)) {
		bool goes_on = f->s[0].n > 2 && str_is(str_skip(f->s[0], f->s[0].n - 2), " \\");

		one = f->s[0];
		if (!goes_on && !whole.n)
			return one;
		strbuf_add(&whole, goes_on ? (struct str){ one.p, one.n - 1 } : one);
		if (!goes_on)
			return strbuf_str(&whole);
	}
	return whole.n ? strbuf_str(&whole) : one;
}

/* Two messages that begin with different words and are equally long end where the room ended. */
static bool is_cut(const struct boot_record *record)
{
	const struct fact *f = facts_first(&record->log, FACT_COMMAND_LINE), *later = facts_first(&record->log, FACT_KERNEL_COMMAND_LINE);

	if (f && later)
		return f->text.n == later->text.n && f->text.n >= MESSAGE_LEAST;
	if (!f)
		f = later;
	return f && f->text.n >= MESSAGE_LEAST;
}

/* The whole line of /proc/cmdline, where the log has the front of it. */
static bool is_front(struct str part, struct str whole) { return part.n < whole.n && str_eq(part, (struct str){ whole.p, part.n }); }

struct str cmdline_of(struct arena *arena, const struct boot_record *record, bool *cut)
{
	const struct fact *f = facts_first(&record->log, FACT_COMMAND_LINE);
	struct str first = f ? f->s[0] : (struct str){ 0 }, later = later_line(arena, record);

	*cut = is_cut(record);
	if (*cut && record->cmdline.n && (is_front(first, record->cmdline) || is_front(later, record->cmdline))) {
		*cut = false;
		return record->cmdline;
	}
	/* What the kernel has built in or adds is in the later line alone. */
	if (later.n > first.n && (!first.n || str_find(later, first) >= 0 || first.n >= MESSAGE_LEAST))
		return later;
	if (f)
		return first;
	return later.p ? later : record->cmdline;
}

void cmdline_drop_cut(struct cmdline *cmdline)
{
	cmdline->cut = true;
	cmdline->nr -= cmdline->nr != 0;
}
