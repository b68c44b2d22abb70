/* grid.c - see grid.h. */
#include "grid.h"

#include <inttypes.h>

#include "json_text.h"
#include "mia/arena.h"
#include "mia/base.h"
#include "safe_text.h"

void grid_init(struct grid *grid, struct arena *arena, size_t nr_columns)
{
	*grid = (struct grid){ .arena = arena, .nr_columns = nr_columns, .name = arena_array(arena, struct str, nr_columns) };
}

size_t grid_rows(const struct grid *grid) { return grid->nr_columns ? grid->cells.nr / grid->nr_columns : 0; }

void grid_add(struct grid *grid, struct datum cell) { *vec_push(grid->arena, &grid->cells) = cell; }

/* The shortest text that reads back as the same number. */
static struct str real_text(struct arena *arena, double v)
{
	struct strbuf out = { .arena = arena };

	strbuf_printf(&out, "%.15g", v);
	return strbuf_str(&out);
}

static struct str integer_text(struct arena *arena, int64_t v)
{
	struct strbuf out = { .arena = arena };

	strbuf_printf(&out, "%" PRId64, v);
	return strbuf_str(&out);
}

struct str datum_visible(struct arena *arena, const struct datum *c)
{
	switch (c->kind) {
	case DATUM_INTEGER:
		return integer_text(arena, c->integer);
	case DATUM_REAL:
		return real_text(arena, c->real);
	case DATUM_TEXT:
		return safe_text(arena, c->text);
	case DATUM_NULL:
		break;
	}
	return STR("-");
}

/* --- text --- */

static void write_padded(FILE *out, struct str s, size_t width, bool right, bool last)
{
	size_t pad = width - min_u64(width, text_columns(s));

	if (right)
		fprintf(out, "%*s", (int)pad, "");
	fwrite(s.p, 1, s.n, out);
	if (!right && !last)
		fprintf(out, "%*s", (int)pad, "");
	fputs(last ? "\n" : "  ", out);
}

/* A column of numbers stands to the right. */
static bool is_numeric(const struct grid *grid, size_t column)
{
	bool any = false;

	for (size_t r = 0; r < grid_rows(grid); r++) {
		enum datum_kind kind = grid_cell(grid, r, column)->kind;

		if (kind == DATUM_TEXT)
			return false;
		any |= kind != DATUM_NULL;
	}
	return any;
}

static void write_text(const struct grid *grid, FILE *out)
{
	size_t rows = grid_rows(grid), *width = arena_array(grid->arena, size_t, grid->nr_columns);
	struct str *text = arena_array(grid->arena, struct str, (rows + 1) * grid->nr_columns);
	bool *right = arena_array(grid->arena, bool, grid->nr_columns);

	for (size_t c = 0; c < grid->nr_columns; c++) {
		right[c] = is_numeric(grid, c);
		for (size_t r = 0; r <= rows; r++) {
			struct str s = r ? datum_visible(grid->arena, grid_cell(grid, r - 1, c)) : safe_text(grid->arena, grid->name[c]);

			text[r * grid->nr_columns + c] = s;
			width[c] = max_u64(width[c], text_columns(s));
		}
	}
	for (size_t r = 0; r <= rows; r++)
		for (size_t c = 0; c < grid->nr_columns; c++)
			write_padded(out, text[r * grid->nr_columns + c], width[c], right[c], c + 1 == grid->nr_columns);
}

/* --- CSV, as RFC 4180 has it but for the line ends --- */

static void write_csv_text(FILE *out, struct str s)
{
	bool quote = false;

	for (size_t i = 0; i < s.n; i++)
		quote |= s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n';
	if (!quote) {
		fwrite(s.p, 1, s.n, out);
		return;
	}
	fputc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			fputc('"', out);
		fputc(s.p[i], out);
	}
	fputc('"', out);
}

static void write_csv_head(const struct grid *grid, FILE *out)
{
	for (size_t c = 0; c < grid->nr_columns; c++) {
		write_csv_text(out, safe_text(grid->arena, grid->name[c]));
		fputc(c + 1 == grid->nr_columns ? '\n' : ',', out);
	}
}

static void write_csv_rows(const struct grid *grid, FILE *out)
{
	for (size_t r = 0; r < grid_rows(grid); r++)
		for (size_t c = 0; c < grid->nr_columns; c++) {
			const struct datum *cell = grid_cell(grid, r, c);

			if (cell->kind != DATUM_NULL)
				write_csv_text(out, datum_visible(grid->arena, cell));
			fputc(c + 1 == grid->nr_columns ? '\n' : ',', out);
		}
}

static void write_csv(const struct grid *grid, FILE *out)
{
	write_csv_head(grid, out);
	write_csv_rows(grid, out);
}

/* --- JSON --- */

static struct json_object *datum_to_json(struct arena *arena, const struct datum *c)
{
	switch (c->kind) {
	case DATUM_INTEGER:
		return json_object_new_int64(c->integer);
	case DATUM_REAL:
		return json_object_new_double_s(c->real, real_text(arena, c->real).p);
	case DATUM_TEXT:
		return json_text(c->text);
	case DATUM_NULL:
		break;
	}
	return NULL;
}

struct json_object *grid_row_to_json(const struct grid *grid, size_t row)
{
	struct json_object *o = json_object_new_object();

	for (size_t c = 0; c < grid->nr_columns; c++)
		json_object_object_add(o, str_dup(grid->arena, safe_text(grid->arena, grid->name[c])), datum_to_json(grid->arena, grid_cell(grid, row, c)));
	return o;
}

struct json_object *grid_to_json(const struct grid *grid)
{
	struct json_object *a = json_object_new_array();

	for (size_t r = 0; r < grid_rows(grid); r++)
		json_object_array_add(a, grid_row_to_json(grid, r));
	return a;
}

static void write_json(const struct grid *grid, FILE *out)
{
	for (size_t r = 0; r < grid_rows(grid); r++) {
		struct json_object *o = grid_row_to_json(grid, r);

		json_write_line(o, out);
		json_object_put(o);
	}
}

static void write_no_head(const struct grid *grid, FILE *out)
{
	(void)grid;
	(void)out;
}

const struct grid_format *grid_format_find(const char *name)
{
	static const struct grid_format formats[] = {
		{ "text", write_text, NULL, NULL },
		{ "json", write_json, write_no_head, write_json },
		{ "csv", write_csv, write_csv_head, write_csv_rows },
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}
