/* utf8.h - characters in bytes that may hold anything. */
#ifndef MIA_UTF8_H
#define MIA_UTF8_H

#include "mia/str.h"

/* How many bytes at the front of @s are printable ASCII: nearly all of nearly every text. */
size_t utf8_plain(struct str s);

/* Length of the UTF-8 sequence at @p, 0 if it is none. @code gets the character, unless it is NULL. */
size_t utf8_sequence(const char *p, size_t n, uint32_t *code);

/* @s itself where it is UTF-8 without NUL; else a copy with U+FFFD for each byte that is not. */
struct str utf8_clean(struct arena *arena, struct str s);

#endif
