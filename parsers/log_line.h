/*
 * log_line.h - take a log apart into the kernel's messages, whatever wrote it down.
 *
 * Understood line by line: dmesg, dmesg -r ("<6>"), dmesg -x ("kern  :info  :"), dmesg -T, -d, -e and -H, caller ids
 * ("[    T0]"), /dev/kmsg records, syslog and ISO syslog ("host kernel:"), journalctl -o short, short-monotonic and
 * verbose, CRLF, mail quotes, terminal colours. Whole documents (dmesg -J, journalctl -o json and export, HTML, UTF-16,
 * lines folded by a mailer) are in wrappers.c.
 */
#ifndef MIA_LOG_LINE_H
#define MIA_LOG_LINE_H

#include "mia/str.h"

struct arena;

struct log_line {
	uint32_t nr;      /* line of the input, from 1 */
	int level;        /* syslog level, -1 unknown */
	bool has_time;
	bool has_prefix;  /* a time, a level or a tag stood in front: this is the start of a message */
	uint64_t usec;    /* since boot */
	struct str text;  /* the message, its own leading blanks kept */
};

/* Strip one line of everything that is not the message. */
void log_line_strip(struct str raw, struct log_line *ret);

/* Mail quotes alone: "> > text". */
struct str log_line_unquote(struct str raw);

/* A second time inside a message, where two CPUs wrote into one line: the offset of it, or of the level before it. */
bool log_line_second_time(struct str text, size_t *ret);

typedef void log_line_fn(void *context, const struct log_line *line);

/*
 * Call @fn for every message of @bytes in order. Memory for unfolded text (JSON strings, joined lines) comes from @arena;
 * everything else points into @bytes.
 */
void log_read(struct arena *arena, struct str bytes, log_line_fn *fn, void *context);

#endif
