/* utf8.h - characters in bytes that may hold anything. */
#ifndef MIA_UTF8_H
#define MIA_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the UTF-8 sequence at @p, 0 if it is none. @code gets the character, unless it is NULL. */
size_t utf8_sequence(const char *p, size_t n, uint32_t *code);

#endif
