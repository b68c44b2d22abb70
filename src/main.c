/* main.c - the command line: which verb, which options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "input.h"
#include "mia/analysis.h"
#include "mia/arena.h"
#include "sink_json.h"

#define ARENA_LIMIT ((size_t)2 << 30)

struct run {
	bool json;
	int status;
};

static void analyse_boot(struct run *run, struct arena *arena, const struct input *input, const struct boot_records *boots, size_t i)
{
	struct analysis_options options = { 0 };
	struct verdict verdict;

	analysis_run(arena, &boots->v[i], &options, &verdict);
	verdict.input_name = input->name;
	verdict.sha256 = input->sha256;
	verdict.boot_index = i;
	verdict.nr_boots = boots->nr;
	verdict.truncated = input->truncated;
	if (run->json) {
		struct json_object *doc = verdict_to_json(&verdict);

		json_write_line(doc, stdout);
		json_object_put(doc);
	}
}

static bool visit(void *context, struct arena *arena, const struct input *input, const struct mia_error *error)
{
	struct run *run = context;
	struct boot_records boots = { 0 };

	if (!error)
		error = bundle_parse(arena, input, &boots);
	if (error) {
		fprintf(stderr, "meminit-analyze: %s\n", error->message);
		run->status = (int)error->code;
		return true;
	}
	analyse_boot(run, arena, input, &boots, boots.nr - 1);
	return true;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_create(ARENA_LIMIT);
	struct run run = { 0 };

	if (!arena || arena_guard(arena))
		return 4;
	for (int i = 1; i < argc; i++) {
		struct mia_error *error;

		if (!strcmp(argv[i], "--json")) {
			run.json = true;
			continue;
		}
		error = input_walk(arena, argv[i], visit, &run);
		if (error) {
			fprintf(stderr, "meminit-analyze: %s\n", error->message);
			run.status = (int)error->code;
		}
	}
	arena_destroy(arena);
	return run.status;
}
