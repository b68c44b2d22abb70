/* fuzz_zoneinfo.c - any bytes as /proc/zoneinfo: zones come in order, their names fit, their numbers have lines. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "files.h"
#include "mia/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct zoneinfo *zones)
{
	for (size_t i = 0; i < zones->nr; i++) {
		const struct zoneinfo_zone *z = &zones->v[i];

		if (!z->line || z->nid < 0 || !memchr(z->name, 0, sizeof(z->name)) || z->nr_protection > MAX_ZONES ||
		    (i && z->nid < zones->v[i - 1].nid) || (z->managed.line && z->managed.line <= z->line) ||
		    z->present.value >= PFN_LIMIT)
			abort();
	}
}

static void parse(struct arena *arena, struct str bytes)
{
	struct zoneinfo zones = { 0 };

	zoneinfo_parse(arena, bytes, &zones);
	check(&zones);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create((size_t)64 << 20);

	if (!arena)
		return 0;
	if (!arena_guard(arena))
		parse(arena, (struct str){ (const char *)data, size });
	arena_destroy(arena);
	return 0;
}
