/* fuzz_archive.c - any bytes as a compressed file or an archive: members have safe names and are texts, and nothing is left behind. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "input_private.h"
#include "mia/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct unpacked *u)
{
	for (size_t i = 0; i < u->members.nr; i++) {
		const struct member *m = &u->members.v[i];

		if (m->path[0] == '/' || !strncmp(m->path, "../", 3) || strstr(m->path, "/../") || (m->bytes.n && !m->bytes.p))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct origin origin = { .name = "x", .fd = -1, .bytes = { (const char *)data, size } };
	struct arena *arena = arena_create((size_t)64 << 20);
	struct unpacked unpacked = { .is_archive = false };

	if (!arena)
		return 0;
	if (!arena_guard(arena) && !unpack(arena, &origin, &unpacked))
		check(&unpacked);
	unpacked_deinit(&unpacked);
	arena_destroy(arena);
	return 0;
}
