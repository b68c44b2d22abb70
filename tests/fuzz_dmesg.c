/* fuzz_dmesg.c - any bytes as a log: no crash, and facts that keep to the input's lines. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "dmesg.h"
#include "mia/arena.h"

#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct boot_records *boots)
{
	for (size_t i = 0; i < boots->nr; i++) {
		const struct facts *log = &boots->v[i].log;

		for (size_t j = 0; j < log->nr; j++)
			if (log->v[j].kind >= NR_FACTS || !log->v[j].line || (j && log->v[j].line < log->v[j - 1].line))
				abort();
	}
}

static void parse(struct arena *arena, struct str bytes)
{
	struct boot_records boots = { 0 };

	dmesg_parse(arena, bytes, &boots);
	check(&boots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(ARENA_BYTES);

	if (!arena)
		return 0;
	if (!arena_guard(arena))
		parse(arena, (struct str){ (const char *)data, size });
	arena_destroy(arena);
	return 0;
}
