/*
 * fuzz_machine.c - any bytes as a machine description and as a kernel profile: what is taken is written and read again to the same, and a boot
 * on any machine that is taken keeps the invariants of a boot.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "json_map.h"
#include "kernel_json.h"
#include "machine_json.h"
#include "mia/arena.h"
#include "mia/boot.h"
#include "mia/verdict.h"
#include "stages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(struct json_object *a, struct json_object *b)
{
	if (!json_object_equal(a, b))
		abort();
	json_object_put(a);
	json_object_put(b);
}

static void boot_on(struct arena *arena, const struct machine_doc *machine)
{
	struct kernel kernel = { .arch = machine->machine.arch };
	struct cmdline cmdline = { 0 };
	struct boot boot;
	struct verdict verdict = { .machine = &machine->machine, .kernel = &kernel, .boot = &boot };

	release_parse(machine->release, &kernel.release);
	traits_resolve(&kernel.release, kernel.arch, NULL, &kernel.traits);
	cmdline_parse(arena, machine->command_line, &cmdline);
	boot_run(arena, &machine->machine, &kernel, &cmdline, NULL, &boot);
	if (machine_check(arena, &verdict))
		abort();
}

static void as_machine(struct arena *arena, struct json_object *doc)
{
	struct machine_doc one = { 0 }, two = { 0 };
	struct json_object *written;

	if (machine_from_json(arena, doc, "x", &one))
		return;
	written = machine_to_json(&one);
	if (machine_from_json(arena, written, "x", &two))
		abort();
	same_again(written, machine_to_json(&two));
	boot_on(arena, &one);
}

static void as_kernel(struct arena *arena, struct json_object *doc)
{
	struct kernel one = { 0 }, two = { 0 };
	struct json_object *written;

	if (kernel_from_json(arena, doc, "x", &one))
		return;
	written = kernel_to_json(&one);
	if (kernel_from_json(arena, written, "x", &two))
		abort();
	same_again(written, kernel_to_json(&two));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create((size_t)256 << 20);
	struct json_object *doc = NULL;

	if (!arena)
		return 0;
	if (!arena_guard(arena) && !json_parse(arena, "x", (struct str){ (const char *)data, size }, &doc)) {
		as_machine(arena, doc);
		as_kernel(arena, doc);
	}
	json_object_put(doc);
	arena_destroy(arena);
	return 0;
}
