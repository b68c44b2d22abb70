/*
 * cmdline.h - the kernel command line, in the kernel's own reading.
 *
 * Options are kept in order, since the kernel acts on each as it meets it. Quotes protect blanks; a "-" that stands alone or
 * "--" ends the kernel's part. Kernel: parse_args(), next_arg() (lib/cmdline.c).
 */
#ifndef MIA_CMDLINE_H
#define MIA_CMDLINE_H

#include "mia/base.h"
#include "mia/str.h"

struct arena;

struct cmdline_option {
	struct str name, value; /* value.p is NULL where there is no '=' */
};

struct cmdline {
	struct str text;
	struct cmdline_option *v;
	size_t nr, cap;
	bool cut; /* the log had no room for all of it */
};

/* The line that a boot had. @cut: its end is missing. */
struct boot_record;
struct str cmdline_of(struct arena *arena, const struct boot_record *record, bool *cut);
/* Take off the last option, which may be half of one. */
void cmdline_drop_cut(struct cmdline *cmdline);

void cmdline_parse(struct arena *arena, struct str text, struct cmdline *ret);

/*
 * Take out what the kernel says that it does not know: @unknown is the list that it prints. Options which the boot stub or
 * early code looks up for itself stand there too, and stay. Kernel: print_unknown_bootoptions() (init/main.c).
 */
void cmdline_forget(struct arena *arena, struct cmdline *cmdline, struct str unknown);

/* The last (or first) option of that name, '-' and '_' alike; NULL if there is none. */
const struct cmdline_option *cmdline_last(const struct cmdline *cmdline, const char *name);
const struct cmdline_option *cmdline_first(const struct cmdline *cmdline, const char *name);
bool cmdline_has(const struct cmdline *cmdline, const char *name);
bool cmdline_is(const struct cmdline *cmdline, const char *name, const char *value);
/* Do two option names mean the same? */
bool cmdline_same(struct str a, const char *b);

#endif
