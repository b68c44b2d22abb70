/*
 * term.h - text for people in columns: paint, paragraphs, tables.
 *
 * Everything that is given to these functions has gone through safe_text() or is our own.
 */
#ifndef MIA_TERM_H
#define MIA_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "mia/str.h"

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_ERROR, PAINT_WARNING, PAINT_NOTE, PAINT_GOOD, NR_PAINTS };

struct term {
	struct arena *arena;
	FILE *out;
	bool color;
	unsigned columns;
};

void term_put(const struct term *t, enum paint paint, struct str s);
__attribute__((format(printf, 3, 4))) void term_printf(const struct term *t, enum paint paint, const char *format, ...);
void term_newline(const struct term *t);
void term_blanks(const struct term *t, size_t n);
/* A bold line that opens a section, with an empty line before it. */
void term_heading(const struct term *t, const char *title);
/*
 * Words broken into lines: the first one starts at column @first (where the cursor is), the others at column @indent. A word
 * that is too long for a line is broken as well.
 */
void term_paragraph(const struct term *t, enum paint paint, unsigned first, unsigned indent, struct str s);

enum align { ALIGN_LEFT, ALIGN_RIGHT };

struct column {
	const char *head;
	enum align align;
	bool yields; /* its text is broken into lines where the table is too wide; at most one column, aligned left */
};

struct cell {
	struct str text;
	size_t columns; /* that it takes */
	enum paint paint;
};

struct table {
	const struct term *term;
	const struct column *column;
	size_t nr_columns;
	unsigned indent;
	struct cell *v; /* row by row */
	size_t nr, cap;
};

void table_cell(struct table *table, enum paint paint, struct str s);
/* Two texts as one; a number: a ledger has a hundred of them, and printf() takes its time. */
void table_join(struct table *table, enum paint paint, struct str a, struct str b);
void table_number(struct table *table, enum paint paint, uint64_t v);
__attribute__((format(printf, 3, 4))) void table_printf(struct table *table, enum paint paint, const char *format, ...);
/* Columns that the table takes where nothing yields. */
size_t table_columns(const struct table *table);
/* Header and rows. Blanks that lead the text of a left aligned cell also indent its further lines. */
void table_write(const struct table *table);

#endif
