/*
 * fuzz_wrappers.c - any bytes through the log reader alone: messages lie in the input or the arena, lines count upwards,
 * and a small arena runs out without a leak.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "log_line.h"
#include "mia/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	size_t nr, bytes;
	uint32_t last;
};

static void take(void *context, const struct log_line *line)
{
	struct reading *r = context;

	for (size_t i = 0; i < line->text.n; i++)
		r->bytes += line->text.p[i] != 0;
	if (!line->nr || line->nr < r->last || line->level < -1 || line->level > 7)
		abort();
	r->last = line->nr;
	r->nr++;
}

static void read_with(size_t arena_bytes, struct str bytes)
{
	struct arena *arena = arena_create(arena_bytes);
	struct reading reading = { 0 };

	if (!arena)
		return;
	if (!arena_guard(arena))
		log_read(arena, bytes, take, &reading);
	arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };

	read_with((size_t)64 << 20, bytes);
	read_with(size / 2, bytes);
	return 0;
}
