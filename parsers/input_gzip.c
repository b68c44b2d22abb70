/*
 * input_gzip.c - gzip streams, read with zlib itself: libarchive does not check their sums, and gives nothing of the last
 * 64 KiB of one that ends early, which is all of most logs.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "input_private.h"

#define HEAD_BYTES 512

struct inflater {
	const struct origin *origin;
	size_t at;
	char *block;
	z_stream z;
	bool at_end; /* of the origin */
};

ssize_t origin_read(const struct origin *origin, size_t *at, char *block, const void **ret)
{
	ssize_t n;

	if (origin->fd < 0) {
		struct str rest = str_skip(origin->bytes, *at);

		n = (ssize_t)min_u64(rest.n, ORIGIN_READ_BYTES);
		*ret = rest.p;
		*at += (size_t)n;
		return n;
	}
	do
		n = read(origin->fd, block, ORIGIN_READ_BYTES);
	while (n < 0 && errno == EINTR);
	*ret = block;
	return n;
}

static size_t origin_head(const struct origin *origin, char *head, size_t n)
{
	ssize_t got;

	if (origin->fd < 0) {
		n = min_u64(n, origin->bytes.n);
		memcpy(head, origin->bytes.p, n);
		return n;
	}
	got = pread(origin->fd, head, n, 0);
	return got > 0 ? (size_t)got : 0;
}

bool is_gzip(const struct origin *origin)
{
	char head[2];

	return origin_head(origin, head, sizeof(head)) == sizeof(head) && !memcmp(head, "\x1f\x8b", 2);
}

bool gzip_is_stream(const struct origin *origin)
{
	char packed[HEAD_BYTES], head[HEAD_BYTES];
	z_stream z = { 0 };

	if (!is_gzip(origin) || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	z.next_in = (Bytef *)packed;
	z.avail_in = (uInt)origin_head(origin, packed, sizeof(packed));
	z.next_out = (Bytef *)head;
	z.avail_out = sizeof(head);
	inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return !is_packed((struct str){ head, sizeof(head) - z.avail_out });
}

static bool refill(struct inflater *i)
{
	const void *p;
	ssize_t n;

	if (i->z.avail_in)
		return true;
	n = origin_read(i->origin, &i->at, i->block, &p);
	i->at_end = n <= 0;
	if (i->at_end)
		return false;
	i->z.next_in = (Bytef *)p;
	i->z.avail_in = (uInt)n;
	return true;
}

/* One stream of possibly several that were put together; returns as inflate() does, Z_BUF_ERROR at @limit. */
static int stream_inflate(struct inflater *i, uint64_t limit, struct scratch *to)
{
	int status = Z_OK;

	while (status == Z_OK) {
		if (to->n >= limit)
			return Z_BUF_ERROR;
		if (!scratch_reserve(to, ORIGIN_READ_BYTES))
			return Z_MEM_ERROR;
		if (!refill(i))
			return Z_OK;
		i->z.next_out = (Bytef *)to->p + to->n;
		i->z.avail_out = ORIGIN_READ_BYTES;
		status = inflate(&i->z, Z_NO_FLUSH);
		to->n += ORIGIN_READ_BYTES - i->z.avail_out;
		if (status == Z_BUF_ERROR)
			status = Z_OK;
	}
	return status;
}

static int inflate_all(struct inflater *i, struct scratch *to, bool *cut)
{
	uint64_t limit = MAX_OTHER_BYTES;
	int status;

	for (;;) {
		status = stream_inflate(i, limit, to);
		if (status == Z_BUF_ERROR && limit < MAX_LOG_BYTES && has_boot_lines((struct str){ to->p, to->n })) {
			limit = MAX_LOG_BYTES;
			continue;
		}
		if (status != Z_STREAM_END)
			break;
		/* Zeros or anything else may follow the last stream. */
		if (!refill(i) || *i->z.next_in != 0x1f || inflateReset(&i->z) != Z_OK)
			return 0;
	}
	*cut = status == Z_OK;
	switch (status) {
	case Z_OK:
		return to->n ? 0 : ENODATA;
	case Z_BUF_ERROR:
		return EFBIG;
	case Z_MEM_ERROR:
		return ENOMEM;
	default:
		return EIO;
	}
}

int gzip_read(const struct origin *origin, struct scratch *to, bool *cut)
{
	struct inflater i = { .origin = origin, .block = malloc(ORIGIN_READ_BYTES) };
	int error = ENOMEM;

	*cut = false;
	to->n = 0;
	if (origin->fd >= 0 && lseek(origin->fd, 0, SEEK_SET))
		error = errno;
	else if (i.block && inflateInit2(&i.z, 16 + MAX_WBITS) == Z_OK)
		error = inflate_all(&i, to, cut);
	inflateEnd(&i.z);
	free(i.block);
	return error;
}
