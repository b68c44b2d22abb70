/* input_live.c - the documents of the running machine; see input.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "input_private.h"
#include "log_line.h"
#include "mia/arena.h"

/* A record of /dev/kmsg is at most 8 KiB. */
#define RECORD_BYTES 16384
#define MAX_KMSG_BYTES (256 * MIB)

/* From <linux/syslog.h>, which the C library does not repeat. */
enum { SYSLOG_READ_ALL = 3, SYSLOG_SIZE_BUFFER = 10 };

struct live {
	struct arena *arena;
	const char *root;
	struct unpacked unpacked;
	struct input *input;
	struct str log;
};

/* Every record that is there now. Returns an errno. */
static int kmsg_gather(int fd, struct scratch *ret)
{
	ret->n = 0;
	while (ret->n < MAX_KMSG_BYTES) {
		ssize_t n;

		if (!scratch_reserve(ret, RECORD_BYTES))
			return ENOMEM;
		n = read(fd, ret->p + ret->n, RECORD_BYTES);
		if (n == 0 || (n < 0 && errno == EAGAIN))
			break;
		if (n > 0)
			ret->n += (size_t)n;
		/* EPIPE: the oldest records were overwritten meanwhile, reading goes on behind them. */
		else if (errno != EINTR && errno != EPIPE)
			return errno;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The text of a record, "\x0a" for a newline, as lines that dmesg -r would print. */
static void record_add(const struct log_line *line, struct strbuf *out)
{
	struct str text = line->text;

	strbuf_printf(out, "<%d>[%5llu.%06llu] ", line->level, (unsigned long long)(line->usec / 1000000),
		      (unsigned long long)(line->usec % 1000000));
	for (size_t i = 0; i < text.n; i++) {
		int high = -1, low = -1;

		if (text.p[i] == '\\' && i + 3 < text.n && text.p[i + 1] == 'x') {
			high = hex_digit(text.p[i + 2]);
			low = hex_digit(text.p[i + 3]);
		}
		if (high < 0 || low < 0) {
			strbuf_char(out, text.p[i]);
			continue;
		}
		strbuf_char(out, (char)(high << 4 | low));
		i += 3;
	}
	strbuf_char(out, '\n');
}

/* "6,339,5140900,-;text" to "<6>[    5.140900] text"; lines with a blank in front are the record's properties. */
static struct str kmsg_to_lines(struct arena *arena, struct str records)
{
	struct strbuf out = { .arena = arena };
	struct str raw;

	while (str_cut(&records, '\n', &raw)) {
		struct log_line line;

		if (!raw.n || *raw.p == ' ')
			continue;
		log_line_strip(raw, &line);
		if (line.has_time)
			record_add(&line, &out);
	}
	return out.n ? strbuf_str(&out) : (struct str){ 0 };
}

static const char *below(struct live *l, const char *path)
{
	struct strbuf full = { .arena = l->arena };

	strbuf_printf(&full, "%s%s", l->root, path);
	return strbuf_str(&full).p;
}

static bool from_kmsg(struct live *l)
{
	int fd = open(below(l, "/dev/kmsg"), O_RDONLY | O_NONBLOCK | O_CLOEXEC), error;

	if (fd < 0)
		return false;
	error = kmsg_gather(fd, &l->unpacked.inner);
	close(fd);
	if (error)
		return false;
	l->log = kmsg_to_lines(l->arena, (struct str){ l->unpacked.inner.p, l->unpacked.inner.n });
	return l->log.n > 0;
}

/* Without /dev/kmsg, as in a container: the machine's own buffer, not that of another root. */
static bool from_ring_buffer(struct live *l)
{
	int size = *l->root ? -1 : klogctl(SYSLOG_SIZE_BUFFER, NULL, 0), n;
	char *p;

	if (size <= 0)
		return false;
	p = arena_alloc(l->arena, (size_t)size);
	n = klogctl(SYSLOG_READ_ALL, p, size);
	l->log = (struct str){ p, n > 0 ? (size_t)n : 0 };
	return n > 0;
}

/* Seconds since 1970 at which the kernel started; 0 unknown. */
static uint64_t boot_time(struct live *l)
{
	static const struct str label = STR("btime ");
	struct scratch *scratch = &l->unpacked.scratch;
	struct str rest, raw;
	uint64_t seconds = 0;
	int fd;

	if (file_open(below(l, "/proc/stat"), &fd))
		return 0;
	if (!file_read(fd, MAX_OTHER_BYTES, scratch)) {
		rest = (struct str){ scratch->p, scratch->n };
		while (str_cut_line(&rest, &raw))
			if (str_starts(raw, label))
				str_to_u64(str_trim(str_skip(raw, label.n)), 10, &seconds);
	}
	close(fd);
	return seconds;
}

/* The log that was saved when this boot was done, for a ring buffer that has wrapped since. */
static bool from_saved_log(struct live *l, const char *path)
{
	struct scratch *scratch = &l->unpacked.scratch;
	uint64_t started = boot_time(l);
	struct stat st;
	int fd, error;

	if (!started || file_open(below(l, path), &fd))
		return false;
	error = fstat(fd, &st) || (uint64_t)st.st_mtime < started ? EINVAL : file_read(fd, MAX_LOG_BYTES, scratch);
	close(fd);
	if (error || !has_boot_lines((struct str){ scratch->p, scratch->n }))
		return false;
	l->log = (struct str){ arena_strndup(l->arena, scratch->p, scratch->n), scratch->n };
	return true;
}

static void gather_log(struct live *l)
{
	static const char *const saved[] = { "/var/log/dmesg", "/var/log/boot.msg" };

	if (!from_kmsg(l))
		from_ring_buffer(l);
	for (size_t i = 0; i < ARRAY_SIZE(saved) && str_find(l->log, STR("Linux version ")) < 0; i++)
		from_saved_log(l, saved[i]);
	if (l->log.n)
		input_add(l->arena, l->input, "dmesg", SOURCE_DMESG, l->log);
}

/* Without privileges every address of /proc/iomem is 0. */
static bool has_addresses(struct str bytes)
{
	struct str raw;

	while (str_cut_line(&bytes, &raw))
		if (!str_starts(str_trim(raw), STR("00000000-00000000 ")))
			return true;
	return false;
}

static void drop_empty_iomem(struct input *input)
{
	for (size_t i = 0; i < input->nr; i++) {
		if (input->v[i].kind != SOURCE_IOMEM || has_addresses(input->v[i].bytes))
			continue;
		input->v[i] = input->v[--input->nr];
		return;
	}
}

static void gather_files(struct live *l)
{
	struct tree tree = { .name = *l->root ? l->root : "/", .common = "" };
	struct tree_entries entries = { 0 };
	struct bundle_state state = { .arena = l->arena, .tree = &tree, .folder = "", .entries = &entries,
				      .unpacked = &l->unpacked, .input = l->input };
	char *real = realpath(tree.name, NULL);

	if (!real)
		return;
	tree.real_root = arena_strndup(l->arena, real, strlen(real));
	free(real);
	if (!tree_list(&tree, l->arena, "", &entries))
		bundle_gather_system(&state);
	drop_empty_iomem(l->input);
}

static void live_guarded(struct live *l)
{
	struct guard guard;

	guard_enter(&guard, l->arena);
	if (guard_caught(&guard)) {
		unpacked_deinit(&l->unpacked);
		guard_pass_on(&guard);
	}
	gather_log(l);
	gather_files(l);
	guard_leave(&guard);
}

struct mia_error *input_live(struct arena *arena, const char *root, struct input *ret)
{
	struct input input = { .name = "live" };
	struct live l = { .arena = arena, .root = root, .input = &input };

	live_guarded(&l);
	unpacked_deinit(&l.unpacked);
	if (!input.nr)
		return mia_error_new(arena, MIA_ERROR_INPUT, "the running machine: neither its log nor /proc can be read");
	input_finish(&input);
	*ret = input;
	return NULL;
}
