/* wrappers.c - whole documents that hold a log, unfolded into messages; see log_line.h. */
#include "wrappers.h"

/* A message of many pieces is no kernel message: a fold was seen where there is none. */
#define FOLD_PIECES 64

void log_emit(struct log_reader *reader, struct log_line *line)
{
	struct log_line rest = *line;
	size_t at;

	while (log_line_second_time(rest.text, &at)) {
		struct str both = rest.text;

		rest.text.n = at;
		reader->fn(reader->context, &rest);
		reader->nr_messages++;
		log_line_strip(str_skip(both, at), &rest);
	}
	reader->fn(reader->context, &rest);
	reader->nr_messages++;
}

void message_emit(struct log_reader *reader, const struct log_line *line, struct str message)
{
	struct log_line one = *line;

	while (str_cut_line(&message, &one.text)) {
		struct log_line stripped;

		/* A syslog daemon may have kept the kernel's own prefix. */
		if (one.text.n && (*one.text.p == '[' || *one.text.p == '<')) {
			log_line_strip(one.text, &stripped);
			one.text = stripped.text;
		}
		log_emit(reader, &one);
	}
}

/* Reads a text line by line; the fast way is for a log as dmesg writes it. */
struct line_reader {
	struct log_reader *reader;
	struct fold fold;
	struct str held, tail;    /* a message that the next line may go on with; its last physical line */
	struct strbuf joined;
	size_t nr_pieces;
	struct log_line line;     /* of the held message */
};

static void flush(struct line_reader *r)
{
	struct str text = r->nr_pieces > 1 ? (struct str){ r->joined.p, r->joined.n } : r->held;

	if (!r->nr_pieces)
		return;
	r->nr_pieces = 0;
	log_line_strip(text, &r->line);
	log_emit(r->reader, &r->line);
}

/*
 * The blanks between two halves. Mailers fold behind a blank, which they may drop, and behind a hyphen or bracket inside a
 * word. Where the kernel prints two blanks, one may be lost; no line minds one too many behind "." and "]".
 */
static struct str joint(struct str before)
{
	char last = before.n ? before.p[before.n - 1] : ' ';
	size_t blanks = 0;

	while (blanks < before.n && before.p[before.n - 1 - blanks] == ' ')
		blanks++;
	if (blanks < before.n && strchr(".]", before.p[before.n - 1 - blanks]) && blanks < 2)
		return blanks ? STR(" ") : STR("  ");
	if (blanks || last == '(' || (last == '-' && before.n > 1 && before.p[before.n - 2] != ' '))
		return STR("");
	return STR(" ");
}

static void join(struct line_reader *r, struct str raw)
{
	if (r->nr_pieces == 1) {
		r->joined = (struct strbuf){ .arena = r->reader->arena };
		strbuf_add(&r->joined, r->held);
	}
	if (!r->fold.hard)
		strbuf_add(&r->joined, joint((struct str){ r->joined.p, r->joined.n }));
	strbuf_add(&r->joined, r->fold.hard ? raw : log_line_unquote(raw));
	r->tail = raw;
	r->nr_pieces++;
}

static void read_folded(struct line_reader *r, struct str raw, uint32_t nr)
{
	if (r->nr_pieces && r->nr_pieces < FOLD_PIECES && fold_continues(&r->fold, r->tail, raw)) {
		join(r, raw);
		return;
	}
	flush(r);
	r->held = r->tail = raw;
	r->line.nr = nr;
	r->nr_pieces = 1;
}

static void read_physical(struct line_reader *r, struct str raw, uint32_t nr)
{
	struct log_line line = { .nr = nr };

	if (r->fold.most) {
		read_folded(r, raw, nr);
		return;
	}
	log_line_strip(raw, &line);
	log_emit(r->reader, &line);
}

/* Returns the number of the line behind it. */
static uint32_t part_read(struct line_reader *r, struct str bytes, uint32_t nr, bool cleaned)
{
	/* A terminal log may end its lines with carriage returns alone. */
	char end = str_find_char(bytes, '\n') < 0 ? '\r' : '\n';
	struct str raw, piece;

	for (; str_cut(&bytes, end, &raw); nr++) {
		while (raw.n && raw.p[raw.n - 1] == '\r')
			raw.n--;
		if (!cleaned)
			read_physical(r, raw, nr);
		else
			while (str_cut(&raw, TEXT_BREAK, &piece))
				read_physical(r, piece, nr);
	}
	flush(r);
	return nr;
}

static void lines_read(struct log_reader *reader, struct str bytes)
{
	struct line_reader r = { .reader = reader };
	bool cleaned = text_clean(reader->arena, &bytes);
	struct text_parts parts;
	uint32_t nr = 1;

	r.fold = fold_detect(bytes);
	if (!dump_parts_find(reader->arena, bytes, &parts)) {
		part_read(&r, bytes, nr, cleaned);
		return;
	}
	for (size_t i = 0; i < parts.nr; i++)
		nr = part_read(&r, parts.v[i].text, nr, cleaned);
}

void text_emit(struct log_reader *reader, struct str bytes) { lines_read(reader, bytes); }

void log_read(struct arena *arena, struct str bytes, log_line_fn *fn, void *context)
{
	struct log_reader reader = { .arena = arena, .fn = fn, .context = context };

	bytes = text_decode(arena, bytes);
	if (json_log_detect(bytes))
		json_log_read(&reader, bytes);
	else if (export_log_detect(bytes))
		export_log_read(&reader, bytes);
	/* It only looked like one of these. */
	if (!reader.nr_messages)
		lines_read(&reader, bytes);
}
