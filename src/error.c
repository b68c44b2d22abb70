/* error.c - see include/mia/error.h. */
#include "mia/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "mia/arena.h"

struct mia_error mia_enomem = { MIA_ERROR_INTERNAL, "out of memory" };

struct mia_error *mia_error_new(struct arena *arena, enum mia_error_code code, const char *format, ...)
{
	struct mia_error *error = arena_new(arena, struct mia_error);
	va_list args;
	char text[1024];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error->code = code;
	error->message = arena_strndup(arena, text, strlen(text));
	return error;
}
