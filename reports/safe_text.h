/*
 * safe_text.h - text of a log on its way to a terminal.
 *
 * A log may hold anything. What could move the cursor, change colours or turn the direction of writing is shown as \xNN or
 * \u{NN} and never sent; so are bytes that are no UTF-8.
 */
#ifndef MIA_SAFE_TEXT_H
#define MIA_SAFE_TEXT_H

#include <stdio.h>

#include "mia/str.h"

/* Is it a character that a terminal obeys, rather than shows? */
bool text_is_alive(uint32_t c);
/* The text itself where it is harmless. Tabs become blanks. */
struct str safe_text(struct arena *arena, struct str s);
/* The same, to a stream; tabs stay. */
void safe_put(struct str s, FILE *out);
/* Columns that a harmless text takes. */
size_t text_columns(struct str s);
/* The part of a harmless text that fits into @columns. */
struct str text_within(struct str s, size_t columns);
/* As much of a harmless text as @columns hold; the rest is cut, and "..." says so. */
struct str text_fit(struct arena *arena, struct str s, size_t columns);

#endif
