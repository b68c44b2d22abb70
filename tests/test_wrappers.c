/*
 * test_wrappers.c - a log says the same in whatever it is wrapped.
 *
 * Every boot of the test data (dmesg -r: "<6>[    0.000000] text") is written down again in each format below, and must
 * give the same facts as it gives itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmesg.h"
#include "log_line.h"
#include "mia/arena.h"

#define MAX_BOOTS 512

struct message {
	int level;
	uint64_t usec;
	const char *text;
};

struct log {
	char *name, *bytes;
	size_t n;
	struct message *v;
	size_t nr;
};

static struct log logs[MAX_BOOTS];
static size_t nr_logs;

/* How exactly a format keeps what was said. */
enum keeps {
	KEEPS_LINES = 1, /* each message has a line of its own, at the place it had */
	KEEPS_TEXT = 2,  /* to the last blank */
};

struct format {
	const char *name;
	void (*write)(const struct log *log, FILE *out);
	int keeps;
};

/* "<6>[    0.000000] text" */
static void message_read(char *line, struct message *ret)
{
	unsigned long seconds, fraction;
	int level, n = 0;

	assert_int_equal(sscanf(line, "<%d>[%lu.%lu]%n", &level, &seconds, &fraction, &n), 3);
	assert_int_equal(line[n], ' ');
	*ret = (struct message){ level, (uint64_t)seconds * 1000000 + fraction, line + n + 1 };
}

static void log_load(const char *path, struct log *ret)
{
	FILE *file = fopen(path, "rb");
	char *copy;
	size_t cap;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	ret->n = (size_t)ftell(file);
	rewind(file);
	ret->name = strdup(path);
	ret->bytes = malloc(ret->n + 1);
	assert_int_equal(fread(ret->bytes, 1, ret->n, file), ret->n);
	fclose(file);
	ret->bytes[ret->n] = '\0';
	copy = strdup(ret->bytes);
	cap = 1;
	for (const char *p = copy; *p; p++)
		cap += *p == '\n';
	ret->v = calloc(cap, sizeof(*ret->v));
	for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n"))
		message_read(line, &ret->v[ret->nr++]);
}

static int load_all(void **state)
{
	const char *data = getenv("MIA_TEST_DATA");
	char pattern[4096];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/boots/*/dmesg", data ? data : "test-data");
	if (glob(pattern, 0, NULL, &found)) {
		print_error("no boots match %s\n", pattern);
		return -1;
	}
	for (size_t i = 0; i < found.gl_pathc && nr_logs < MAX_BOOTS; i++)
		log_load(found.gl_pathv[i], &logs[nr_logs++]);
	globfree(&found);
	return 0;
}

/* formats, line by line */

#define SECONDS(m) (m)->usec / 1000000, (m)->usec % 1000000

#define FOR_EACH_MESSAGE(m, log) for (const struct message *m = (log)->v; m < (log)->v + (log)->nr; m++)

static void plain_time(FILE *out, const struct message *m)
{
	fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] ", SECONDS(m));
}

static void write_raw(const struct log *log, FILE *out) { fwrite(log->bytes, 1, log->n, out); }

static void write_dmesg(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		plain_time(out, m);
		fprintf(out, "%s\n", m->text);
	}
}

static void write_notime(const struct log *log, FILE *out) { FOR_EACH_MESSAGE(m, log) fprintf(out, "%s\n", m->text); }

static void write_decoded(const struct log *log, FILE *out)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" };

	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "kern  :%-6s: ", levels[m->level & 7]);
		plain_time(out, m);
		fprintf(out, "%s\n", m->text);
	}
}

static void write_ctime(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, "[Fri Nov 20 22:29:%02" PRIu64 " 2026] %s\n", m->usec / 1000000 % 60, m->text);
}

static void write_human(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, m == log->v ? "[Nov20 22:29] %s\n" : "[  +0.000000] %s\n", m->text);
}

static void write_delta(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, "[%5" PRIu64 ".%06" PRIu64 " <    0.000000>] %s\n", SECONDS(m), m->text);
}

static void write_iso_dmesg(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, "2026-11-20T22:29:00,%06" PRIu64 "+00:00 %s\n", m->usec % 1000000, m->text);
}

static void write_caller(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	fprintf(out, "<%d>[%5" PRIu64 ".%06" PRIu64 "][    %s] %s\n", m->level, SECONDS(m), m->usec ? "C1" : "T0", m->text);
}

static void write_caller_apart(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] [    T0] %s\n", SECONDS(m), m->text);
}

static void write_kmsg(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	fprintf(out, "%d,%zu,%" PRIu64 ",-,caller=T0;%s\n", m->level, (size_t)(m - log->v), m->usec, m->text);
}

static void prefixed(const struct log *log, FILE *out, const char *prefix, bool time)
{
	FOR_EACH_MESSAGE(m, log)
	{
		fputs(prefix, out);
		if (time)
			plain_time(out, m);
		fprintf(out, "%s\n", m->text);
	}
}

static void write_syslog(const struct log *log, FILE *out) { prefixed(log, out, "Nov 20 22:29:01 host kernel: ", true); }
static void write_syslog_notime(const struct log *log, FILE *out) { prefixed(log, out, "Nov 20 22:29:01 host kernel: ", false); }
static void write_syslog_local(const struct log *log, FILE *out) { prefixed(log, out, "кві 06 13:54:36 host kernel: ", false); }
static void write_syslog_pid(const struct log *log, FILE *out) { prefixed(log, out, "Nov 20 22:29:01 host kernel[0]: ", true); }
static void write_iso_syslog(const struct log *log, FILE *out)
{
	prefixed(log, out, "2026-11-20T22:29:01.123456+00:00 host.example kernel: ", true);
}
static void write_precise(const struct log *log, FILE *out) { prefixed(log, out, "Nov 20 22:29:01.123456 host kernel: ", false); }
static void write_busybox(const struct log *log, FILE *out) { prefixed(log, out, "Jan  1 00:00:07 kern.info kernel: ", true); }
static void write_lkp(const struct log *log, FILE *out) { prefixed(log, out, "LKP: ttyS0: 12: ", true); }
static void write_terminal_server(const struct log *log, FILE *out) { prefixed(log, out, "[2026-11-20 22:29:01] ", true); }
static void write_indented(const struct log *log, FILE *out) { prefixed(log, out, "    ", true); }
static void write_quoted(const struct log *log, FILE *out) { prefixed(log, out, "> > ", true); }
static void write_tight_quotes(const struct log *log, FILE *out) { prefixed(log, out, ">> ", true); }

static void write_tag_behind_time(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] kernel: %s\n", SECONDS(m), m->text);
}

static void write_short_monotonic(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log) fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] host.example kernel: %s\n", SECONDS(m), m->text);
}

static void write_crlf(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		plain_time(out, m);
		fprintf(out, "%s\r\n", m->text);
	}
}

static void write_cr(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		plain_time(out, m);
		fprintf(out, "%s\r", m->text);
	}
}

static void write_nuls(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		fputc('\0', out);
		plain_time(out, m);
		fprintf(out, "%s%c%c\n", m->text, 0, 0);
	}
}

static void write_coloured(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		const char *colon = strchr(m->text, ':');
		int n = colon ? (int)(colon - m->text) + 1 : 0;

		fprintf(out, "\033[32m[%5" PRIu64 ".%06" PRIu64 "] \033[0m\033[33m%.*s\033[0m%s\n", SECONDS(m), n, m->text, m->text + n);
	}
}

static void write_markdown(const struct log *log, FILE *out)
{
	fputs("# My machine\n\nIt has less memory than it should, see:\n\n```\n", out);
	write_dmesg(log, out);
	fputs("```\n\nWhat is wrong?\n", out);
}

static void write_with_mark(const struct log *log, FILE *out)
{
	fputs("\xef\xbb\xbf", out);
	write_dmesg(log, out);
}

/* Mailers write U+00A0 for the blanks that stand together. */
static void write_hard_blanks(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		char time[40];

		snprintf(time, sizeof(time), "[%5" PRIu64 ".%06" PRIu64 "] ", SECONDS(m));
		for (const char *p = time; *p; p++)
			fputs(*p == ' ' && p[1] == ' ' ? "\xc2\xa0" : (char[]){ *p, 0 }, out);
		fprintf(out, "%s\n", m->text);
	}
}

/* The start of one message in the line of another: two CPUs, one serial line. */
static void write_interleaved(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		plain_time(out, m);
		fprintf(out, "%s%s", m->text, (m - log->v) % 3 ? "\n" : "");
	}
}

/* documents */

static void utf16(const struct log *log, FILE *out, bool big_endian)
{
	fwrite(big_endian ? "\xfe\xff" : "\xff\xfe", 1, 2, out);
	for (size_t i = 0; i < log->n; i++) {
		fputc(big_endian ? 0 : log->bytes[i], out);
		fputc(big_endian ? log->bytes[i] : 0, out);
	}
}

static void write_utf16le(const struct log *log, FILE *out) { utf16(log, out, false); }
static void write_utf16be(const struct log *log, FILE *out) { utf16(log, out, true); }

static void escaped(FILE *out, const char *text, const char *chars, const char *const *with)
{
	for (; *text; text++) {
		const char *hit = strchr(chars, *text);

		if (hit)
			fputs(with[hit - chars], out);
		else
			fputc(*text, out);
	}
}

static void html_text(FILE *out, const char *text)
{
	static const char *const with[] = { "&lt;", "&gt;", "&amp;", "&quot;" };

	escaped(out, text, "<>&\"", with);
}

static void write_html(const struct log *log, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html><head><title>log</title>\n<style\n type=\"text/css\">b { x: y }</style></head>\n<body><pre>\n", out);
	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "<span class=\"l%d\">&lt;%d&gt;</span>", m->level, m->level);
		plain_time(out, m);
		html_text(out, m->text);
		fputc('\n', out);
	}
	fputs("</pre></body></html>\n", out);
}

static void write_html_breaks(const struct log *log, FILE *out)
{
	fputs("<html><body><div>", out);
	FOR_EACH_MESSAGE(m, log)
	{
		plain_time(out, m);
		html_text(out, m->text);
		fputs("<br/>", out);
	}
	fputs("</div></body></html>\n", out);
}

static void json_text(FILE *out, const char *text)
{
	static const char *const with[] = { "\\\"", "\\\\", "\\t" };

	fputc('"', out);
	escaped(out, text, "\"\\\t", with);
	fputc('"', out);
}

static void write_dmesg_json(const struct log *log, FILE *out)
{
	fputs("{\n   \"dmesg\": [\n      {\n", out);
	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "%s         \"pri\": %d,\n         \"time\": %5" PRIu64 ".%06" PRIu64 ",\n         \"msg\": ",
			m == log->v ? "" : "      },{\n", m->level, SECONDS(m));
		json_text(out, m->text);
		fputc('\n', out);
	}
	fputs("      }\n   ]\n}\n", out);
}

/* What the system says beside the kernel must not be taken for the kernel's words. */
static const char *const others[] = {
	"Memory: 1K/2K available (3K kernel code, 4K rwdata, 5K rodata, 6K init, 7K bss, 8K reserved, 9K cma-reserved)",
	"BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
};

static void journal_json(const struct log *log, FILE *out, const char *separator)
{
	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "{%s\"__CURSOR\":\"s=1;i=%zu\",%s\"_TRANSPORT\":\"kernel\",%s\"PRIORITY\":\"%d\",%s", separator,
			(size_t)(m - log->v), separator, separator, m->level, separator);
		fprintf(out, "\"_SOURCE_MONOTONIC_TIMESTAMP\":\"%" PRIu64 "\",%s\"MESSAGE\":", m->usec, separator);
		json_text(out, m->text);
		fprintf(out, "%s}\n", separator);
		fprintf(out, "{\"_TRANSPORT\":\"stdout\",%s\"SYSLOG_IDENTIFIER\":\"cat\",\"MESSAGE\":\"%s\"}\n", separator, others[m->usec % 2]);
	}
}

static void write_journal_json(const struct log *log, FILE *out) { journal_json(log, out, ""); }
static void write_journal_pretty(const struct log *log, FILE *out) { journal_json(log, out, "\n\t"); }

static void write_journal_bytes(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "{\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":[");
		for (const char *p = m->text; *p; p++)
			fprintf(out, "%s%d", p == m->text ? "" : ",", (unsigned char)*p);
		fputs("]}\n", out);
	}
}

static void write_journal_array(const struct log *log, FILE *out)
{
	fputc('[', out);
	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "%s{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":", m == log->v ? "" : ",");
		json_text(out, m->text);
		fputc('}', out);
	}
	fputs("]", out);
}

/* A collector that knows nothing of kernels. */
static void write_container_json(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		char line[4096];

		snprintf(line, sizeof(line), "<%d>[%5" PRIu64 ".%06" PRIu64 "] %s", m->level, SECONDS(m), m->text);
		fputs("- {\"dt\": \"2026-11-20T22:29:01\", \"lvl\": \"target\", \"msg\": ", out);
		json_text(out, line);
		fputs("}\n", out);
	}
}

static void export_binary(FILE *out, const char *key, const char *text)
{
	size_t n = strlen(text);

	fprintf(out, "%s\n", key);
	for (int i = 0; i < 8; i++)
		fputc(i < 4 ? (int)(n >> 8 * i & 0xff) : 0, out);
	fprintf(out, "%s\n", text);
}

static void write_export(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		fprintf(out, "__CURSOR=s=1;i=%zu\n__REALTIME_TIMESTAMP=1\n_BOOT_ID=abc\nPRIORITY=%d\n_TRANSPORT=kernel\n",
			(size_t)(m - log->v), m->level);
		if (m->usec % 2)
			export_binary(out, "MESSAGE", m->text);
		else
			fprintf(out, "MESSAGE=%s\n", m->text);
		fprintf(out, "_SOURCE_MONOTONIC_TIMESTAMP=%" PRIu64 "\n\n", m->usec);
		fprintf(out, "__CURSOR=s=2\n_TRANSPORT=syslog\nSYSLOG_IDENTIFIER=cat\n");
		export_binary(out, "MESSAGE", others[m->usec % 2]);
		fputc('\n', out);
	}
}

/* folds */

/* Where a line of at most @width is cut between words; 0 for a word that does not fit. */
static size_t cut_at(const char *line, size_t width)
{
	for (size_t i = width; i > 0; i--)
		if (line[i] == ' ' && line[i + 1] != ' ' && strspn(line, " ") < i)
			return i;
	return 0;
}

/* @keep_blank: format=flowed leaves the blank at the end of a line that goes on. */
static void folded(const struct log *log, FILE *out, size_t width, bool keep_blank, const char *quote)
{
	FOR_EACH_MESSAGE(m, log)
	{
		char line[8192];
		const char *p = line;

		snprintf(line, sizeof(line), "[%5" PRIu64 ".%06" PRIu64 "] %s", SECONDS(m), m->text);
		while (strlen(p) > width) {
			/* Never inside the time. */
			size_t cut = cut_at(p, width);

			if (cut < 20 && p == line)
				break;
			if (!cut)
				break;
			fprintf(out, "%s%.*s\n", quote, (int)(keep_blank ? cut + 1 : cut), p);
			p += cut + 1;
		}
		fprintf(out, "%s%s\n", quote, p);
	}
}

static void write_flowed(const struct log *log, FILE *out) { folded(log, out, 72, true, ""); }
static void write_folded(const struct log *log, FILE *out) { folded(log, out, 76, false, ""); }
static void write_folded_quotes(const struct log *log, FILE *out) { folded(log, out, 74, false, "> "); }

static void write_cut_at_column(const struct log *log, FILE *out)
{
	FOR_EACH_MESSAGE(m, log)
	{
		char line[8192];
		const char *p = line;

		snprintf(line, sizeof(line), "[%5" PRIu64 ".%06" PRIu64 "] %s", SECONDS(m), m->text);
		for (; strlen(p) > 80; p += 80)
			fprintf(out, "%.80s\n", p);
		fprintf(out, "%s\n", p);
	}
}

static const struct format formats[] = {
	{ "dmesg -r", write_raw, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg", write_dmesg, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg -t", write_notime, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg -x", write_decoded, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg -T", write_ctime, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg -H", write_human, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg -d", write_delta, KEEPS_LINES | KEEPS_TEXT },
	{ "dmesg --time-format iso", write_iso_dmesg, KEEPS_LINES | KEEPS_TEXT },
	{ "caller ids", write_caller, KEEPS_LINES | KEEPS_TEXT },
	{ "caller ids of util-linux", write_caller_apart, KEEPS_LINES | KEEPS_TEXT },
	{ "/dev/kmsg", write_kmsg, KEEPS_LINES | KEEPS_TEXT },
	{ "syslog", write_syslog, KEEPS_LINES | KEEPS_TEXT },
	{ "syslog without times", write_syslog_notime, KEEPS_LINES | KEEPS_TEXT },
	{ "syslog of another language", write_syslog_local, KEEPS_LINES | KEEPS_TEXT },
	{ "syslog with a process id", write_syslog_pid, KEEPS_LINES | KEEPS_TEXT },
	{ "ISO syslog", write_iso_syslog, KEEPS_LINES | KEEPS_TEXT },
	{ "journalctl -o short-precise", write_precise, KEEPS_LINES | KEEPS_TEXT },
	{ "journalctl -o short-monotonic", write_short_monotonic, KEEPS_LINES | KEEPS_TEXT },
	{ "busybox logread", write_busybox, KEEPS_LINES | KEEPS_TEXT },
	{ "tag behind the time", write_tag_behind_time, KEEPS_LINES | KEEPS_TEXT },
	{ "LKP", write_lkp, KEEPS_LINES | KEEPS_TEXT },
	{ "terminal server", write_terminal_server, KEEPS_LINES | KEEPS_TEXT },
	{ "indented", write_indented, KEEPS_LINES | KEEPS_TEXT },
	{ "quoted", write_quoted, KEEPS_LINES | KEEPS_TEXT },
	{ "quoted tightly", write_tight_quotes, KEEPS_LINES | KEEPS_TEXT },
	{ "CRLF", write_crlf, KEEPS_LINES | KEEPS_TEXT },
	{ "CR", write_cr, KEEPS_LINES | KEEPS_TEXT },
	{ "NULs", write_nuls, KEEPS_LINES | KEEPS_TEXT },
	{ "colours", write_coloured, KEEPS_LINES | KEEPS_TEXT },
	{ "markdown", write_markdown, KEEPS_TEXT },
	{ "byte order mark", write_with_mark, KEEPS_LINES | KEEPS_TEXT },
	{ "hard blanks", write_hard_blanks, KEEPS_LINES | KEEPS_TEXT },
	{ "interleaved", write_interleaved, KEEPS_TEXT },
	{ "UTF-16, little endian", write_utf16le, KEEPS_LINES | KEEPS_TEXT },
	{ "UTF-16, big endian", write_utf16be, KEEPS_LINES | KEEPS_TEXT },
	{ "HTML", write_html, KEEPS_TEXT },
	{ "HTML with breaks", write_html_breaks, KEEPS_TEXT },
	{ "dmesg -J", write_dmesg_json, KEEPS_TEXT },
	{ "journalctl -o json", write_journal_json, KEEPS_TEXT },
	{ "journalctl -o json-pretty", write_journal_pretty, KEEPS_TEXT },
	{ "journal, bytes", write_journal_bytes, KEEPS_LINES | KEEPS_TEXT },
	{ "journal, one array on one line", write_journal_array, KEEPS_LINES | KEEPS_TEXT },
	{ "a collector's JSON", write_container_json, KEEPS_LINES | KEEPS_TEXT },
	{ "journalctl -o export", write_export, KEEPS_TEXT },
	{ "format=flowed", write_flowed, 0 },
	{ "folded", write_folded, 0 },
	{ "folded quotes", write_folded_quotes, 0 },
	{ "cut at the column", write_cut_at_column, 0 },
};

static bool same_str(struct str a, struct str b)
{
	return str_eq(str_trim(a), str_trim(b));
}

static bool same_fact(const struct fact *a, const struct fact *b, int keeps)
{
	if (a->kind != b->kind || a->tag != b->tag || memcmp(a->v, b->v, sizeof(a->v)))
		return false;
	if ((keeps & KEEPS_LINES) && a->line != b->line)
		return false;
	return !(keeps & KEEPS_TEXT) ||
	       (same_str(a->text, b->text) && same_str(a->s[0], b->s[0]) && same_str(a->s[1], b->s[1]));
}

static void compare(const struct log *log, const struct format *format, const struct boot_records *want,
		    const struct boot_records *have)
{
	const struct facts *w = &want->v[0].log, *h = have->nr ? &have->v[0].log : NULL;

	if (have->nr != want->nr)
		fail_msg("%s as %s: %zu boots instead of %zu", log->name, format->name, have->nr, want->nr);
	for (size_t i = 0; i < w->nr && i < h->nr; i++) {
		if (!same_fact(&w->v[i], &h->v[i], format->keeps))
			fail_msg("%s as %s: fact %zu is line %u \"%.*s\" instead of line %u \"%.*s\"", log->name, format->name, i,
				 h->v[i].line, STR_ARG(h->v[i].text), w->v[i].line, STR_ARG(w->v[i].text));
	}
	if (w->nr != h->nr)
		fail_msg("%s as %s: %zu facts instead of %zu", log->name, format->name, h->nr, w->nr);
}

static void check_log(struct arena *arena, const struct log *log, const struct format *format)
{
	struct boot_records want = { 0 }, have = { 0 };
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);

	format->write(log, out);
	fclose(out);
	dmesg_parse(arena, (struct str){ log->bytes, log->n }, &want);
	assert_true(want.nr > 0 && want.v[0].log.nr > 20);
	dmesg_parse(arena, (struct str){ bytes, n }, &have);
	compare(log, format, &want, &have);
	arena_reset(arena);
	free(bytes);
}

static void says_the_same(void **state)
{
	struct arena *arena = arena_create((size_t)1 << 30);

	assert_non_null(arena);
	assert_true(nr_logs > 0);
	if (arena_guard(arena))
		fail_msg("out of memory");
	for (size_t i = 0; i < nr_logs; i++)
		check_log(arena, &logs[i], *state);
	arena_destroy(arena);
}

/* single lines */

static void strips_to(const char *raw, const char *text, int level, bool has_time, uint64_t usec)
{
	struct log_line line = { 0 };
	char have[512];

	log_line_strip(str_of(raw), &line);
	snprintf(have, sizeof(have), "%.*s", STR_ARG(line.text));
	assert_string_equal(have, text);
	assert_int_equal(line.level, level);
	assert_int_equal(line.has_time, has_time);
	if (has_time)
		assert_int_equal(line.usec, usec);
}

static void lines_lose_their_prefix_only(void **state)
{
	(void)state;
	strips_to("<6>[    0.000000]  BIOS-e820: x", " BIOS-e820: x", 6, true, 0);
	strips_to("[   12.345678] text", "text", -1, true, 12345678);
	strips_to("[    1.5] no time of the kernel", "[    1.5] no time of the kernel", -1, false, 0);
	strips_to("[Firmware Bug]: TSC", "[Firmware Bug]: TSC", -1, false, 0);
	strips_to("[    0.100000] [Firmware Bug]: TSC", "[Firmware Bug]: TSC", -1, true, 100000);
	strips_to("kernel: alone", "alone", -1, false, 0);
	strips_to("the kernels: two", "the kernels: two", -1, false, 0);
	strips_to("12,5,7000000,-;a, b;c", "a, b;c", 4, true, 7000000);
	strips_to("BIOS-e820: [mem 0x0-0x1] usable", "BIOS-e820: [mem 0x0-0x1] usable", -1, false, 0);
	strips_to("  > > [    0.000001] x\r", "x", -1, true, 1);
	/* What a tool tells of a log is not the log. */
	strips_to("{'message': '[    1.400214] RETBleed: x'}", "{'message': '[    1.400214] RETBleed: x'}", -1, false, 0);
	strips_to("", "", -1, false, 0);
	strips_to("[", "[", -1, false, 0);
	strips_to("<6>", "", 6, false, 0);
}

struct counted {
	size_t nr;
	uint32_t last;
	char text[8][128];
};

static void count(void *context, const struct log_line *line)
{
	struct counted *c = context;

	if (c->nr < 8)
		snprintf(c->text[c->nr], sizeof(c->text[0]), "%.*s", STR_ARG(line->text));
	c->nr++;
	c->last = line->nr;
}

static struct counted read_text(const char *text)
{
	struct arena *arena = arena_create((size_t)1 << 24);
	struct counted c = { 0 };

	assert_non_null(arena);
	if (arena_guard(arena))
		fail_msg("out of memory");
	log_read(arena, str_of(text), count, &c);
	arena_destroy(arena);
	return c;
}

static void a_console_is_not_a_fold(void **state)
{
	static const char console[] = "[    1.000000] Run /init as init process\n"
				      "Loading, please wait...\n"
				      "[    1.100000] Freeing unused kernel image (initmem) memory: 2692K\n"
				      "Begin: Running /scripts/init-premount ... done.\n"
				      "[    1.200000] a message that is as long as messages of the kernel often are, to be sure of it\n"
				      "login:\n"
				      "[    1.300000] x\n";
	struct counted c = read_text(console);

	(void)state;
	assert_int_equal(c.nr, 7);
	assert_string_equal(c.text[2], "Freeing unused kernel image (initmem) memory: 2692K");
}

static void two_messages_in_one_line_are_two(void **state)
{
	struct counted c = read_text("[    0.000000] e820: upd<6>[    0.000000] smp: one[    0.250000] two\n");

	(void)state;
	assert_int_equal(c.nr, 3);
	assert_string_equal(c.text[0], "e820: upd");
	assert_string_equal(c.text[1], "smp: one");
	assert_string_equal(c.text[2], "two");
	assert_int_equal(c.last, 1);
}

static void broken_json_costs_itself_only(void **state)
{
	struct counted c = read_text("{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"one\"}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"br\"oken}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"two\\nthree\"}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":null}\n"
				     "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"four\"}\n");

	(void)state;
	assert_string_equal(c.text[0], "one");
	assert_string_equal(c.text[c.nr - 1], "four");
	assert_int_equal(c.last, 6);
	assert_string_equal(c.text[c.nr - 2], "three");
}

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

int main(void)
{
	struct CMUnitTest tests[NR_FORMATS + 4] = {
		cmocka_unit_test(lines_lose_their_prefix_only),
		cmocka_unit_test(a_console_is_not_a_fold),
		cmocka_unit_test(two_messages_in_one_line_are_two),
		cmocka_unit_test(broken_json_costs_itself_only),
	};

	for (size_t i = 0; i < NR_FORMATS; i++)
		tests[4 + i] = (struct CMUnitTest){ .name = formats[i].name, .test_func = says_the_same,
						    .initial_state = (void *)&formats[i] };
	return cmocka_run_group_tests(tests, load_all, NULL);
}
