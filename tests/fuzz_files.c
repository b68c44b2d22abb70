/* fuzz_files.c - any bytes as any of the files: what it is, then every parser, each on the whole text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "bundle.h"
#include "files.h"
#include "mia/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a bundle: once as what it looks like, once as each kind, whatever it looks like. */
static void parse_as(struct arena *arena, struct str bytes, enum source_kind kind)
{
	struct input_doc doc = { .name = "x", .kind = kind, .bytes = bytes };
	struct input input = { .name = "x", .v = &doc, .nr = 1 };
	struct boot_records boots = { 0 };
	struct mia_error *error = bundle_parse(arena, &input, &boots);

	if ((error != NULL) != (boots.nr == 0))
		abort();
	for (size_t i = 0; i < boots.nr; i++) {
		const struct boot_record *boot = &boots.v[i];

		for (size_t j = 1; j < boot->blocks.nr; j++)
			if (boot->blocks.v[j].index < boot->blocks.v[j - 1].index)
				abort();
		for (size_t j = 0; j < boot->iomem.nr; j++)
			if (boot->iomem.v[j].end < boot->iomem.v[j].start)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create((size_t)64 << 20);
	struct str bytes = { (const char *)data, size };

	if (!arena)
		return 0;
	if (!arena_guard(arena)) {
		parse_as(arena, bytes, input_classify("x", bytes));
		for (int kind = SOURCE_DMESG + 1; kind < NR_SOURCES; kind++)
			parse_as(arena, bytes, (enum source_kind)kind);
	}
	arena_destroy(arena);
	return 0;
}
