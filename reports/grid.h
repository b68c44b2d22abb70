/*
 * grid.h - rows and columns for people and programs.
 *
 * A grid holds what a query gave, exact and as it is. Writing it as text or CSV makes control characters visible; JSON escapes them.
 */
#ifndef MIA_GRID_H
#define MIA_GRID_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "mia/str.h"

enum datum_kind { DATUM_NULL, DATUM_INTEGER, DATUM_REAL, DATUM_TEXT };

struct datum {
	enum datum_kind kind;
	int64_t integer;
	double real;
	struct str text;
};

struct grid {
	struct arena *arena;
	struct str *name; /* of the columns */
	size_t nr_columns;
	struct {
		struct datum *v; /* row by row */
		size_t nr, cap;
	} cells;
};

struct grid_format {
	const char *name;
	void (*write)(const struct grid *grid, FILE *out);
	/* The same in parts, where rows can be written one by one; NULL where they cannot. */
	void (*head)(const struct grid *grid, FILE *out);
	void (*rows)(const struct grid *grid, FILE *out);
};

void grid_init(struct grid *grid, struct arena *arena, size_t nr_columns);
size_t grid_rows(const struct grid *grid);
static inline const struct datum *grid_cell(const struct grid *grid, size_t row, size_t column) { return &grid->cells.v[row * grid->nr_columns + column]; }
/* Next cell, row by row. */
void grid_add(struct grid *grid, struct datum cell);
static inline struct datum datum_integer(int64_t v) { return (struct datum){ .kind = DATUM_INTEGER, .integer = v }; }
static inline struct datum datum_text(struct str s) { return (struct datum){ .kind = s.p ? DATUM_TEXT : DATUM_NULL, .text = s }; }
static inline struct datum datum_null(void) { return (struct datum){ .kind = DATUM_NULL }; }

/* As text and CSV have it; NULL is "-" in text, nothing in CSV. */
struct str datum_visible(struct arena *arena, const struct datum *cell);

/* "text", "json" (an object a line) or "csv"; NULL if there is no such format. */
const struct grid_format *grid_format_find(const char *name);

/* An array of objects. */
struct json_object *grid_to_json(const struct grid *grid);
/* One row as an object. */
struct json_object *grid_row_to_json(const struct grid *grid, size_t row);

#endif
