/*
 * wrap_export.c - journalctl -o export: "KEY=value" lines, entries apart by empty lines. A value that is no plain text is
 * "KEY", newline, its length in 64 bits, its bytes, newline.
 */
#include "wrappers.h"

struct entry {
	struct str message, transport, identifier, priority, monotonic;
	uint32_t line; /* of the message */
};

bool export_log_detect(struct str bytes)
{
	struct str head = { bytes.p, bytes.n < 4096 ? bytes.n : 4096 };

	if (str_starts(head, STR("__CURSOR=")) || str_starts(head, STR("__REALTIME_TIMESTAMP=")))
		return true;
	return str_find(head, STR("\n_BOOT_ID=")) > 0 && str_find(head, STR("\n__MONOTONIC_TIMESTAMP=")) > 0;
}

static uint32_t count_lines(struct str s)
{
	uint32_t n = 0;
	struct str line;

	while (str_cut(&s, '\n', &line))
		n++;
	return n;
}

static bool length_take(struct str *rest, struct str *ret)
{
	uint64_t n = 0;

	if (rest->n < 8)
		return false;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | (unsigned char)rest->p[i];
	*rest = str_skip(*rest, 8);
	if (n > rest->n)
		return false;
	*ret = (struct str){ rest->p, (size_t)n };
	*rest = str_skip(*rest, (size_t)n);
	if (rest->n && *rest->p == '\n')
		*rest = str_skip(*rest, 1);
	return true;
}

static void entry_take(struct entry *e, struct str key, struct str value, uint32_t line)
{
	if (str_is(key, "MESSAGE")) {
		e->message = value;
		e->line = line;
	} else if (str_is(key, "_TRANSPORT")) {
		e->transport = value;
	} else if (str_is(key, "SYSLOG_IDENTIFIER")) {
		e->identifier = value;
	} else if (str_is(key, "PRIORITY")) {
		e->priority = value;
	} else if (str_is(key, "_SOURCE_MONOTONIC_TIMESTAMP")) {
		e->monotonic = value;
	}
}

static void entry_emit(struct log_reader *reader, struct entry *e)
{
	struct log_line line = { .nr = e->line, .level = -1 };
	bool kernel = str_is(e->transport, "kernel") || str_is(e->identifier, "kernel") || (!e->transport.n && !e->identifier.n);
	uint64_t level;

	if (e->message.p && kernel) {
		if (str_to_u64(e->priority, 10, &level) && level < 8)
			line.level = (int)level;
		line.has_time = str_to_u64(e->monotonic, 10, &line.usec);
		message_emit(reader, &line, e->message);
	}
	*e = (struct entry){ 0 };
}

void export_log_read(struct log_reader *reader, struct str bytes)
{
	struct entry e = { 0 };
	struct str text, value;

	for (uint32_t nr = 1; str_cut(&bytes, '\n', &text); nr++) {
		ptrdiff_t equals = str_find_char(text, '=');
		uint32_t line = nr;

		if (!text.n) {
			entry_emit(reader, &e);
		} else if (equals >= 0) {
			entry_take(&e, (struct str){ text.p, (size_t)equals }, str_skip(text, (size_t)equals + 1), line);
		} else {
			const char *from = bytes.p;

			if (!length_take(&bytes, &value))
				break;
			nr += count_lines((struct str){ from, (size_t)(bytes.p - from) });
			entry_take(&e, text, value, line);
		}
	}
	entry_emit(reader, &e);
}
