/*
 * input_archive.c - compressed files and archives, unfolded in memory; see input_private.h.
 *
 * libarchive does it, with the filters and formats named here only: it knows others for which it would start programs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_lib.h"
#include "guard.h"
#include "input_private.h"

#define READ_BYTES ORIGIN_READ_BYTES
/* Enough of a member to tell a text from anything else. */
#define SNIFF_BYTES 4096

struct unpacker {
	const struct archive_lib *lib;
	struct arena *arena;
	const struct origin *origin;
	struct archive *archive;
	size_t at;           /* in origin->bytes */
	bool at_end;         /* libarchive asked for more than there is */
	bool cut;            /* the data ended early */
	char *block;
	uint64_t kept;       /* bytes of members */
	size_t nr_members;
	struct unpacked *ret;
};

static const char no_data[] = "the data ends before anything can be read";

static const char *why_not_unpacked(int error)
{
	return error == EFBIG ? "more data than a log has, when unpacked" : strerror(error);
}

static la_ssize_t read_block(struct archive *archive, void *context, const void **ret)
{
	struct unpacker *u = context;
	ssize_t n = origin_read(u->origin, &u->at, u->block, ret);

	if (n < 0)
		u->lib->archive_set_error(archive, errno, "%s", strerror(errno));
	u->at_end |= n == 0;
	return n;
}

static bool filters_init(const struct archive_lib *lib, struct archive *a, bool formats)
{
	int bad = 0;

	bad |= lib->archive_read_support_filter_gzip(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_filter_bzip2(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_filter_xz(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_filter_lzma(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_filter_zstd(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_filter_lz4(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_filter_compress(a) < ARCHIVE_WARN;
	bad |= lib->archive_read_support_format_raw(a) < ARCHIVE_WARN;
	if (formats) {
		bad |= lib->archive_read_support_format_tar(a) < ARCHIVE_WARN;
		bad |= lib->archive_read_support_format_zip(a) < ARCHIVE_WARN;
		bad |= lib->archive_read_support_format_cpio(a) < ARCHIVE_WARN;
	}
	return !bad;
}

/* An end in the middle of the data, rather than wrong data. */
static bool ended_early(struct unpacker *u)
{
	const char *text = u->lib->archive_error_string(u->archive);

	u->cut |= u->at_end || (text && (strstr(text, "runcated") || strstr(text, "end of file")));
	return u->cut;
}

static struct mia_error *broken(struct unpacker *u)
{
	const char *text = u->lib->archive_error_string(u->archive);

	if (ended_early(u))
		text = no_data;
	return input_error(u->arena, u->origin->name, text ? text : "damaged");
}

/* Append what the current entry holds, up to @limit bytes in all. Returns an errno, EFBIG for more than that. */
static int entry_read(struct unpacker *u, uint64_t limit, struct scratch *to, bool *cut)
{
	for (;;) {
		la_ssize_t n;

		if (to->n >= limit)
			return EFBIG;
		if (!scratch_reserve(to, READ_BYTES))
			return ENOMEM;
		n = u->lib->archive_read_data(u->archive, to->p + to->n, min_u64(to->cap - to->n, limit - to->n));
		if (n == 0)
			return 0;
		if (n < 0) {
			*cut = ended_early(u);
			return *cut ? 0 : EIO;
		}
		to->n += (size_t)n;
	}
}

/* A text with the lines of a boot may be long; anything else that is long is none of ours, or a bomb. */
static int entry_read_all(struct unpacker *u, struct scratch *to, bool *cut)
{
	int error = entry_read(u, MAX_OTHER_BYTES, to, cut);

	if (error == EFBIG && has_boot_lines((struct str){ to->p, to->n }))
		error = entry_read(u, MAX_LOG_BYTES, to, cut);
	return error;
}

static struct mia_error *read_error(struct unpacker *u, const char *name, int error)
{
	if (error == EIO)
		return broken(u);
	return input_error(u->arena, name, why_not_unpacked(error));
}

static struct mia_error *stream_unpack(struct unpacker *u)
{
	struct unpacked *ret = u->ret;
	int error;

	ret->scratch.n = 0;
	error = entry_read_all(u, &ret->scratch, &ret->truncated);
	ret->too_large = error == EFBIG;
	if (error)
		return read_error(u, u->origin->name, error);
	return ret->truncated && !ret->scratch.n ? broken(u) : NULL;
}

/* Without "./" in front; NULL for a name that is absolute or leads upwards. */
static const char *safe_path(const char *path)
{
	const char *p;

	if (!path)
		return NULL;
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (!*path || *path == '/')
		return NULL;
	for (p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
			return NULL;
	}
	return path;
}

static bool is_plain_file(const struct archive_lib *lib, struct archive_entry *entry)
{
	return lib->archive_entry_filetype(entry) == AE_IFREG && !lib->archive_entry_hardlink(entry) && !lib->archive_entry_symlink(entry) &&
	       !lib->archive_entry_is_encrypted(entry);
}

static int inner_read(struct unpacker *u, const struct origin *origin)
{
	struct unpacker inner = { .lib = u->lib, .arena = u->arena, .origin = origin, .archive = u->lib->archive_read_new() };
	struct archive_entry *entry;
	int error = ENOMEM;
	bool cut = false;

	if (inner.archive && filters_init(u->lib, inner.archive, false) &&
	    u->lib->archive_read_open(inner.archive, &inner, NULL, read_block, NULL) == ARCHIVE_OK &&
	    u->lib->archive_read_next_header(inner.archive, &entry) == ARCHIVE_OK)
		error = entry_read_all(&inner, &u->ret->inner, &cut);
	u->lib->archive_read_free(inner.archive);
	return error;
}

/* "dmesg.gz" in an archive: compressed once more. */
static struct str inner_unpack(struct unpacker *u, struct str bytes, bool *cut)
{
	struct origin origin = { .name = u->origin->name, .fd = -1, .bytes = bytes };
	int error;

	u->ret->inner.n = 0;
	error = gzip_is_stream(&origin) ? gzip_read(&origin, &u->ret->inner, cut) : inner_read(u, &origin);
	return error ? (struct str){ 0 } : (struct str){ u->ret->inner.p, u->ret->inner.n };
}

/* Is it worth reading on, now that its first bytes are known? */
static bool may_be_ours(const char *path, struct str head)
{
	return is_sys_path(path) || is_packed(head) || is_text(head);
}

static bool is_ours(const char *path, struct str bytes)
{
	if (is_sys_path(path))
		return bytes.n <= READ_BYTES;
	return kind_of_name(path) != NR_SOURCES ? is_text(bytes) : has_boot_lines(bytes) || is_section_file(path, bytes);
}

static struct mia_error *member_keep(struct unpacker *u, const char *path, struct str bytes, bool cut)
{
	struct member *member;

	u->kept += bytes.n;
	if (u->kept > MAX_ARCHIVE_BYTES)
		return input_error(u->arena, u->origin->name, "more than 1 GiB of logs in one archive");
	member = vec_push(u->arena, &u->ret->members);
	*member = (struct member){
		.path = arena_strndup(u->arena, path, strlen(path)),
		.bytes = { arena_strndup(u->arena, bytes.p, bytes.n), bytes.n },
		.order = u->nr_members,
		.cut = cut,
	};
	return NULL;
}

static struct mia_error *member_read(struct unpacker *u, const char *path)
{
	struct scratch *to = &u->ret->scratch;
	bool cut = false;
	struct str bytes;
	int error;

	to->n = 0;
	error = entry_read(u, SNIFF_BYTES, to, &cut);
	bytes = (struct str){ to->p, to->n };
	if (error && error != EFBIG)
		return read_error(u, u->origin->name, error);
	if (!may_be_ours(path, bytes))
		return NULL;
	if (error) {
		error = entry_read_all(u, to, &cut);
		if (error == EFBIG && kind_of_name(path) == NR_SOURCES)
			return NULL;
		if (error)
			return read_error(u, path, error);
		bytes = (struct str){ to->p, to->n };
	}
	u->ret->truncated |= cut;
	if (is_packed(bytes))
		bytes = inner_unpack(u, bytes, &cut);
	return is_ours(path, bytes) ? member_keep(u, path, bytes, cut) : NULL;
}

static struct mia_error *archive_unpack(struct unpacker *u, struct archive_entry *entry)
{
	int status = ARCHIVE_OK;

	u->ret->is_archive = true;
	while ((status == ARCHIVE_OK || status == ARCHIVE_WARN) && !u->ret->truncated) {
		const char *path = safe_path(u->lib->archive_entry_pathname(entry));
		struct mia_error *error = NULL;

		if (path && is_plain_file(u->lib, entry))
			error = member_read(u, path);
		if (error)
			return error;
		if (++u->nr_members > MAX_MEMBERS || (uint64_t)u->lib->archive_filter_bytes(u->archive, 0) > MAX_UNPACKED_BYTES)
			return input_error(u->arena, u->origin->name, "too much in one archive");
		status = u->lib->archive_read_next_header(u->archive, &entry);
	}
	if (status < ARCHIVE_WARN && !ended_early(u))
		return broken(u);
	u->ret->truncated |= status < ARCHIVE_WARN;
	/* Who knows what is missing; the last document is the one that may be short. */
	if (u->ret->truncated && u->ret->members.nr)
		u->ret->members.v[u->ret->members.nr - 1].cut = true;
	return NULL;
}

static struct mia_error *unpack_opened(struct unpacker *u)
{
	struct archive_entry *entry;
	int status;

	if (u->lib->archive_read_open(u->archive, u, NULL, read_block, NULL) < ARCHIVE_WARN)
		return broken(u);
	status = u->lib->archive_read_next_header(u->archive, &entry);
	if (status == ARCHIVE_EOF)
		return input_error(u->arena, u->origin->name, "an empty archive");
	if (status < ARCHIVE_WARN)
		return broken(u);
	return u->lib->archive_format(u->archive) == ARCHIVE_FORMAT_RAW ? stream_unpack(u) : archive_unpack(u, entry);
}

static struct mia_error *unpack_guarded(struct unpacker *u)
{
	struct mia_error *error;
	struct guard guard;

	guard_enter(&guard, u->arena);
	if (guard_caught(&guard)) {
		u->lib->archive_read_free(u->archive);
		free(u->block);
		guard_pass_on(&guard);
	}
	error = unpack_opened(u);
	guard_leave(&guard);
	return error;
}

/* @cut: whether the origin ends early. */
static struct mia_error *unpack_once(struct arena *arena, const struct origin *origin, struct unpacked *ret, bool *cut)
{
	const char *why;
	struct unpacker u = { .lib = archive_lib(&why), .arena = arena, .origin = origin, .ret = ret };
	struct mia_error *error = &mia_enomem;

	*cut = false;
	if (!u.lib)
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: cannot be unpacked: %s", origin->name, why);
	u.archive = u.lib->archive_read_new();
	u.block = origin->fd < 0 ? NULL : malloc(READ_BYTES);
	if (u.archive && (u.block || origin->fd < 0) && filters_init(u.lib, u.archive, true))
		error = unpack_guarded(&u);
	u.lib->archive_read_free(u.archive);
	free(u.block);
	*cut = u.cut;
	return error;
}

static struct mia_error *gzip_error(struct arena *arena, const char *name, int error)
{
	return input_error(arena, name, error == EIO ? "damaged gzip data" : error == ENODATA ? no_data : why_not_unpacked(error));
}

static void unpacked_clear(struct unpacked *unpacked)
{
	unpacked->members = (struct members){ 0 };
	unpacked->is_archive = unpacked->truncated = unpacked->too_large = false;
}

struct mia_error *unpack(struct arena *arena, const struct origin *origin, struct unpacked *ret)
{
	struct mia_error *error;
	struct origin inside;
	bool cut;
	int status;

	unpacked_clear(ret);
	if (gzip_is_stream(origin)) {
		status = gzip_read(origin, &ret->scratch, &ret->truncated);
		ret->too_large = status == EFBIG;
		return status ? gzip_error(arena, origin->name, status) : NULL;
	}
	error = unpack_once(arena, origin, ret, &cut);
	/* libarchive gives nothing of the last 64 KiB of a gzip stream that ends early; that may be all of it. */
	if (!cut || !is_gzip(origin) || gzip_read(origin, &ret->salvaged, &cut))
		return error;
	inside = (struct origin){ .name = origin->name, .fd = -1, .bytes = { ret->salvaged.p, ret->salvaged.n } };
	unpacked_clear(ret);
	error = unpack_once(arena, &inside, ret, &cut);
	ret->truncated = true;
	return error;
}

void unpacked_deinit(struct unpacked *unpacked)
{
	scratch_free(&unpacked->scratch);
	scratch_free(&unpacked->inner);
	scratch_free(&unpacked->salvaged);
	*unpacked = (struct unpacked){ 0 };
}

/* A tar archive of the first days has no magic, but each header has the sum of its bytes. */
static bool is_old_tar(struct str head)
{
	uint64_t want, sum = 0;
	struct str field;

	if (head.n < 512 || !head.p[0])
		return false;
	field = str_trim((struct str){ head.p + 148, 8 });
	while (field.n && !field.p[field.n - 1])
		field.n--;
	if (!str_to_u64(str_trim(field), 8, &want))
		return false;
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)head.p[i];
	return sum == want;
}

bool is_packed(struct str head)
{
	static const struct str magic[] = {
		STR("\x1f\x8b"), STR("\xfd" "7zXZ"), STR("\x28\xb5\x2f\xfd"), STR("BZh"), STR("\x04\x22\x4d\x18"), STR("\x1f\x9d"),
		STR("\x5d\0\0"), STR("PK\3\4"), STR("PK\5\6"), STR("070701"), STR("070702"), STR("070707"), STR("\xc7\x71"),
		STR("\x71\xc7"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(magic); i++)
		if (str_starts(head, magic[i]))
			return true;
	return (head.n > 262 && !memcmp(head.p + 257, "ustar", 5)) || is_old_tar(head);
}
