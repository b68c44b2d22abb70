/*
 * log_formats.h - a log written down again in each format that logs come in.
 *
 * Included once by a test.
 */
#ifndef TEST_LOG_FORMATS_H
#define TEST_LOG_FORMATS_H

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

#endif
