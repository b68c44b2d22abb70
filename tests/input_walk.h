/*
 * input_walk.h - a temporary folder to put files and archives into, and what a walk over them visits, as text.
 *
 * Included once by a test.
 */
#ifndef TEST_INPUT_WALK_H
#define TEST_INPUT_WALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "mia/arena.h"

#define LINE_1 "[    0.000000] Linux version 6.1.0-test (a@b) (gcc) #1 SMP\n"
#define LINE_2 "[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
#define LINE_3 "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007ffdffff] usable\n"
#define LOG LINE_1 LINE_2 LINE_3
#define ZONEINFO "Node 0, zone      DMA\n  pages free     3712\n        min      86\n        spanned  4095\n"
#define MEMINFO "MemTotal:        2012132 kB\nMemFree:         1983964 kB\n"
#define IOMEM "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n"

static char top[] = "/tmp/test_input.XXXXXX";

/* What one walk visited: "NAME kind,kind" or "NAME ! message", a line each. */
static struct {
	char text[16384];
	size_t n, visits, stop_after;
	char sha256[65], log[1 << 18];
	size_t log_bytes;
	bool truncated;
} seen;

static struct arena *arena;
static const char *returned;

static inline void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	seen.n += (size_t)vsnprintf(seen.text + seen.n, sizeof(seen.text) - seen.n, format, args);
	va_end(args);
	assert_true(seen.n < sizeof(seen.text));
}

static inline const char *relative(const char *name)
{
	size_t n = strlen(top);

	return strncmp(name, top, n) ? name : name[n] == '/' ? name + n + 1 : name + n;
}

static inline bool look(void *context, struct arena *a, const struct input *input, const struct mia_error *error)
{
	(void)context;
	assert_non_null(a);
	assert_non_null(input);
	assert_non_null(input->name);
	seen.visits++;
	note("%s", relative(input->name));
	if (error) {
		assert_null(strchr(error->message, '\n'));
		note(" ! %s\n", relative(error->message));
		return true;
	}
	for (size_t i = 0; i < input->nr; i++) {
		note("%c%s", i ? ',' : ' ', input->v[i].kind < NR_SOURCES ? source_name(input->v[i].kind) : "?");
		if (!i) {
			seen.log_bytes = input->v[i].bytes.n;
			memcpy(seen.log, input->v[i].bytes.p, seen.log_bytes < sizeof(seen.log) ? seen.log_bytes : sizeof(seen.log));
		}
	}
	note("\n");
	seen.truncated = input->truncated;
	memcpy(seen.sha256, input->sha256, sizeof(seen.sha256));
	return seen.visits != seen.stop_after;
}

static inline const char *at(const char *name)
{
	static char path[4][4096];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", top, name);
	return p;
}

/* Walk, and return what was visited. */
static inline const char *walk(const char *name)
{
	size_t stop_after = seen.stop_after;
	struct mia_error *error;

	memset(&seen, 0, sizeof(seen));
	seen.stop_after = stop_after;
	arena_reset(arena);
	if (arena_guard(arena))
		fail_msg("out of memory");
	error = input_walk(arena, strcmp(name, "-") ? at(name) : name, look, NULL);
	returned = error ? relative(error->message) : NULL;
	return seen.text;
}

static inline void make_folders(const char *path)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(copy, 0755);
		*p = '/';
	}
}

static inline void put_bytes(const char *name, const void *bytes, size_t n)
{
	const char *path = at(name);
	FILE *file;

	make_folders(path);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

static inline void put(const char *name, const char *text) { put_bytes(name, text, strlen(text)); }

struct file {
	const char *name, *text, *link;
	mode_t type;
};

/* An archive of the files; filter and format by number of libarchive. */
static inline void put_archive(const char *name, int format, int filter, const struct file *files, size_t nr)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	make_folders(at(name));
	assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(a, at(name)), ARCHIVE_OK);
	for (size_t i = 0; i < nr; i++) {
		const struct file *f = &files[i];

		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, f->name);
		archive_entry_set_filetype(entry, f->type ? f->type : AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, f->text ? (la_int64_t)strlen(f->text) : 0);
		if (f->link && f->type == AE_IFLNK)
			archive_entry_set_symlink(entry, f->link);
		else if (f->link)
			archive_entry_set_hardlink(entry, f->link);
		assert_true(archive_write_header(a, entry) >= ARCHIVE_WARN);
		if (f->text)
			assert_int_equal(archive_write_data(a, f->text, strlen(f->text)), strlen(f->text));
	}
	archive_entry_free(entry);
	archive_write_close(a);
	archive_write_free(a);
}

#define PUT_ARCHIVE(name, format, filter, files) put_archive(name, format, filter, files, sizeof(files) / sizeof(files[0]))

/* @n bytes compressed, without an archive around them. */
static inline void put_compressed(const char *name, int filter, const char *bytes, size_t n)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	make_folders(at(name));
	archive_write_set_format_raw(a);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(a, at(name)), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "x");
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, bytes, n), n);
	archive_entry_free(entry);
	archive_write_close(a);
	archive_write_free(a);
}

static inline size_t get(const char *name, char *bytes, size_t cap)
{
	FILE *file = fopen(at(name), "rb");
	size_t n;

	assert_non_null(file);
	n = fread(bytes, 1, cap, file);
	fclose(file);
	return n;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int setup(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/test_input.XXXXXX");
	arena = arena_create((size_t)1 << 28);
	seen.stop_after = 0;
	return arena && mkdtemp(top) ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
