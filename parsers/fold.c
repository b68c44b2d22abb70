/*
 * fold.c - find out whether somebody folded the log's long lines, and at which column.
 *
 * A line without a prefix behind one with a prefix may be its second half, or what a program wrote to the same console.
 * The column tells them apart: the first word of a second half would not have fitted on the line before, and a folded
 * text has no line that is much longer. (Not longer at all is too much to ask: some mailers leave lines alone up to 78
 * columns, and fold a longer one at 72.)
 */
#include "mia/base.h"
#include "wrappers.h"

/* Mailers fold at 72 to 78 columns, less what quoting has added since; terminals cut at 80 or more. */
#define MIN_WIDTH 50
#define MIN_TERMINAL_WIDTH 80
#define MAX_WIDTH 160
/* What is looked at: the start of a boot has many long lines. */
#define SAMPLE_LINES 200
#define SAMPLE_PAIRS 128
#define MIN_PAIRS 2
/* How much longer than the column a line may be that was left alone. */
#define LEFT_ALONE 10
/* What a quote mark and the blanks around it may have taken away. */
#define REQUOTE_SLACK 12

struct pair {
	size_t length, need; /* of the first half; with the word that follows */
	size_t bytes;        /* of the first half with the blanks at its end */
	bool requoted;       /* the second half has lost a quote mark: a mailer folded a line that was a quote already */
};

struct sample {
	size_t nr_lines, nr_pairs;
	size_t lines[MAX_WIDTH + 2]; /* with a prefix, by length */
	struct pair pair[SAMPLE_PAIRS];
};

static size_t length_without_blanks(struct str s)
{
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s.n;
}

static size_t first_word(struct str s)
{
	struct str word;

	s = log_line_unquote(s);
	return str_cut_word(&s, &word) ? word.n : 0;
}

/* "[    0." or "<6>[": nearly every line of a log is seen at a glance to be a message of its own. */
static bool has_usual_prefix(struct str s)
{
	size_t i = 1;

	if (s.n > 3 && s.p[0] == '<')
		return s.p[2] == '>' && s.p[3] == '[';
	if (!s.n || s.p[0] != '[')
		return false;
	while (i < s.n && (s.p[i] == ' ' || (s.p[i] >= '0' && s.p[i] <= '9')))
		i++;
	return i > 1 && i < s.n && s.p[i] == '.';
}

static bool has_prefix(struct str raw)
{
	struct log_line line;

	if (has_usual_prefix(raw))
		return true;
	log_line_strip(raw, &line);
	return line.has_prefix || line.has_time;
}

static size_t quote_depth(struct str s)
{
	struct str text = log_line_unquote(s);
	size_t depth = 0;

	for (const char *p = s.p; p < text.p; p++)
		depth += *p == '>' || *p == '|';
	return depth;
}

static struct pair pair_of(struct str line, struct str next, size_t word)
{
	size_t length = length_without_blanks(line);

	/* The blanks between the two are those that are left and one that may have been dropped. */
	return (struct pair){ length, line.n + 1 + word, line.n, quote_depth(line) > quote_depth(next) };
}

static void take_sample(struct str bytes, struct sample *sample)
{
	struct str line, before = { 0 };

	while (sample->nr_lines < SAMPLE_LINES && sample->nr_pairs < SAMPLE_PAIRS && str_cut_line(&bytes, &line)) {
		size_t length = length_without_blanks(line), word;

		if (has_prefix(line)) {
			sample->nr_lines++;
			sample->lines[length > MAX_WIDTH ? MAX_WIDTH + 1 : length]++;
			before = line;
			continue;
		}
		word = before.n ? first_word(line) : 0;
		if (word)
			sample->pair[sample->nr_pairs++] = pair_of(before, line, word);
		before.n = 0;
	}
}

static bool pair_fits(const struct pair *pair, size_t width)
{
	return pair->length <= width && pair->need + (pair->requoted ? REQUOTE_SLACK : 0) > width;
}

static size_t longer_than(const struct sample *sample, size_t width)
{
	size_t n = 0;

	for (size_t i = width + 1; i < ARRAY_SIZE(sample->lines); i++)
		n += sample->lines[i];
	return n;
}

/* Pairs that a fold at @width explains; 0 if the text has lines that it would have folded. */
static size_t explained(const struct sample *sample, size_t width, bool hard)
{
	size_t n = 0;

	/* A few may be longer: a word longer than a line cannot be folded. */
	if (longer_than(sample, width + (hard ? 0 : LEFT_ALONE)) * 25 > sample->nr_lines)
		return 0;
	for (size_t i = 0; i < sample->nr_pairs; i++)
		n += hard ? sample->pair[i].bytes == width : pair_fits(&sample->pair[i], width);
	return n;
}

/* Sets the columns that explain most, which stand together; returns how many pairs. */
static size_t best_columns(const struct sample *sample, struct fold *fold)
{
	size_t most = 0;

	for (size_t width = fold->hard ? MIN_TERMINAL_WIDTH : MIN_WIDTH; width <= MAX_WIDTH; width++) {
		size_t n = explained(sample, width, fold->hard);

		if (n > most) {
			most = n;
			fold->least = width;
		}
		if (n && n == most)
			fold->most = width;
	}
	return most;
}

struct fold fold_detect(struct str bytes)
{
	struct fold cut = { .hard = true }, between = { 0 };
	struct sample sample = { 0 };
	size_t n;

	take_sample(bytes, &sample);
	if (sample.nr_pairs < MIN_PAIRS)
		return (struct fold){ 0 };
	n = best_columns(&sample, &cut);
	if (n >= MIN_PAIRS && n * 10 >= sample.nr_pairs * 9)
		return cut;
	/* Programs may write between the kernel's lines of a folded log too. */
	n = best_columns(&sample, &between);
	return n >= MIN_PAIRS && n * 4 >= sample.nr_pairs * 3 ? between : (struct fold){ 0 };
}

bool fold_continues(const struct fold *fold, struct str line, struct str next)
{
	size_t word = first_word(next);
	struct pair pair;

	if (!word || has_prefix(next))
		return false;
	if (fold->hard)
		return line.n >= fold->least && line.n <= fold->most;
	pair = pair_of(line, next, word);
	return pair.length <= fold->most && pair.need + (pair.requoted ? REQUOTE_SLACK : 0) > fold->least;
}
