/*
 * wrappers.h - the parts of the log reader; log_line.h is what the rest of the program uses.
 */
#ifndef MIA_WRAPPERS_H
#define MIA_WRAPPERS_H

#include "log_line.h"

struct log_reader {
	struct arena *arena;
	log_line_fn *fn;
	void *context;
	size_t nr_messages; /* handed to @fn so far */
};

/* Hand on a message, in two where another one begins inside it. */
void log_emit(struct log_reader *reader, struct log_line *line);

/* Hand on a message that stood alone, without a prefix: each of its lines, with @line's number, level and time. */
void message_emit(struct log_reader *reader, const struct log_line *line, struct str message);

/* Hand on the messages of a whole log that stood inside something else. */
void text_emit(struct log_reader *reader, struct str bytes);

/* JSON: dmesg -J, journalctl -o json, and any stream of objects with the message under a usual name. */
bool json_log_detect(struct str bytes);
void json_log_read(struct log_reader *reader, struct str bytes);

/* journalctl -o export. */
bool export_log_detect(struct str bytes);
void export_log_read(struct log_reader *reader, struct str bytes);

/* UTF-8 without a byte order mark and with plain blanks; @bytes itself where it is that already. */
struct str text_decode(struct arena *arena, struct str bytes);
/*
 * Takes terminal escapes away, decodes entities and, in a page, takes its tags away. Lines keep their numbers: where a page
 * breaks a line, TEXT_BREAK stands. False if there was nothing to do.
 */
#define TEXT_BREAK '\v'
bool text_clean(struct arena *arena, struct str *bytes);

/* A piece of a text, to be read in another place than that where it stands. */
struct text_part {
	struct str text;
	uint64_t dump, part;
	uint32_t line; /* of its first byte */
};

struct text_parts {
	struct text_part *v;
	size_t nr, cap;
};

/* Pieces of a log that pstore kept, oldest first; false if there are no two of them. */
bool dump_parts_find(struct arena *arena, struct str bytes, struct text_parts *ret);

/* How a mailer or a terminal folded long lines. */
struct fold {
	size_t least, most; /* the column lies between these; 0: it did not */
	bool hard;          /* cut at the column, not between words */
};

struct fold fold_detect(struct str bytes);
/* May a physical line of @length bytes have been cut before @next, which begins with no prefix of its own? */
bool fold_continues(const struct fold *fold, struct str line, struct str next);

#endif
