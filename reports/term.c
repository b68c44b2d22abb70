/* term.c - see term.h: paint and paragraphs. */
#include "term.h"

#include <stdarg.h>

#include "mia/arena.h"
#include "safe_text.h"

static const char *const codes[NR_PAINTS] = {
	[PAINT_PLAIN] = "", [PAINT_BOLD] = "\033[1m", [PAINT_DIM] = "\033[2m", [PAINT_ERROR] = "\033[1;31m", [PAINT_WARNING] = "\033[33m", [PAINT_NOTE] = "\033[36m", [PAINT_GOOD] = "\033[32m",
};

static void paint_on(const struct term *t, enum paint paint)
{
	if (t->color)
		fputs_unlocked(codes[paint], t->out);
}

static void paint_off(const struct term *t, enum paint paint)
{
	if (t->color && *codes[paint])
		fputs_unlocked("\033[0m", t->out);
}

void term_put(const struct term *t, enum paint paint, struct str s)
{
	if (!s.n)
		return;
	paint_on(t, paint);
	fwrite_unlocked(s.p, 1, s.n, t->out);
	paint_off(t, paint);
}

void term_printf(const struct term *t, enum paint paint, const char *format, ...)
{
	va_list args;

	paint_on(t, paint);
	va_start(args, format);
	vfprintf(t->out, format, args);
	va_end(args);
	paint_off(t, paint);
}

void term_newline(const struct term *t) { putc_unlocked('\n', t->out); }

void term_blanks(const struct term *t, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n >= sizeof(blanks); n -= sizeof(blanks) - 1)
		fwrite_unlocked(blanks, 1, sizeof(blanks) - 1, t->out);
	fwrite_unlocked(blanks, 1, n, t->out);
}

void term_heading(const struct term *t, const char *title)
{
	term_newline(t);
	term_put(t, PAINT_BOLD, str_of(title));
	term_newline(t);
}

/* As much of a word as fits, at least one character. */
static struct str head_of(struct str word, size_t columns)
{
	struct str part = text_within(word, columns);

	return part.n ? part : text_within(word, 2);
}

/* Where the paragraph stands. */
struct cursor {
	const struct term *term;
	enum paint paint;
	unsigned indent;
	size_t column;
	bool fresh; /* nothing stands on the line yet */
};

static void break_line(struct cursor *c)
{
	paint_off(c->term, c->paint);
	term_newline(c->term);
	term_blanks(c->term, c->indent);
	paint_on(c->term, c->paint);
	c->column = c->indent;
	c->fresh = true;
}

/* The word, or the part of a long one that fits; returns what is left. */
static struct str put_word(struct cursor *c, struct str word)
{
	size_t n = text_columns(word);
	struct str part = word;

	if (!c->fresh && c->column + 1 + n > c->term->columns)
		break_line(c);
	if (!c->fresh) {
		putc_unlocked(' ', c->term->out);
		c->column++;
	} else if (c->column + n > c->term->columns) {
		part = head_of(word, c->term->columns > c->column ? c->term->columns - c->column : 1);
		n = text_columns(part);
	}
	fwrite_unlocked(part.p, 1, part.n, c->term->out);
	c->column += n;
	c->fresh = false;
	return str_skip(word, part.n);
}

void term_paragraph(const struct term *t, enum paint paint, unsigned first, unsigned indent, struct str s)
{
	struct cursor c = { t, paint, indent, first, true };
	struct str word;

	paint_on(t, paint);
	while (str_cut_word(&s, &word))
		while (word.n)
			word = put_word(&c, word);
	paint_off(t, paint);
	term_newline(t);
}
