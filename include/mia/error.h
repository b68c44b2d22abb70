/*
 * error.h - why an analysis could not be done.
 *
 * Every function that can fail for a reason outside this program returns struct mia_error *, NULL for success; its
 * outputs are untouched on failure. A disagreement between the log and the model is not an error but a finding
 * (mia/verdict.h), and something that was not said is not an error but an unknown.
 */
#ifndef MIA_ERROR_H
#define MIA_ERROR_H

struct arena;

/* The values are the exit statuses of the command. */
enum mia_error_code {
	MIA_ERROR_USAGE = 2,    /* the request makes no sense */
	MIA_ERROR_INPUT = 3,    /* the input is missing, unreadable, or no boot log */
	MIA_ERROR_INTERNAL = 4, /* out of memory, a full disk, a bug */
};

struct mia_error {
	enum mia_error_code code;
	const char *message; /* one line, without the program's name, with nothing in it that a terminal obeys */
};

/* Static, so that running out of memory can itself be reported. */
extern struct mia_error mia_enomem;

__attribute__((format(printf, 3, 4))) struct mia_error *mia_error_new(struct arena *arena, enum mia_error_code code,
								      const char *format, ...);

#endif
