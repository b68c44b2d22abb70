/* error.c - see include/mia/error.h. */
#include "mia/error.h"

#include <stdarg.h>

#include "mia/arena.h"
#include "safe_text.h"

struct mia_error mia_enomem = { MIA_ERROR_INTERNAL, "out of memory" };

struct mia_error *mia_error_new(struct arena *arena, enum mia_error_code code, const char *format, ...)
{
	struct mia_error *error = arena_new(arena, struct mia_error);
	struct strbuf text = { .arena = arena };
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	error->code = code;
	/* Names of files may hold anything, newlines too. */
	error->message = str_dup(arena, safe_text(arena, strbuf_str(&text)));
	return error;
}
