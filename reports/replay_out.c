/* replay_out.c - see replay_out.h. */
#include "replay_out.h"

#include <inttypes.h>

#include "json_text.h"
#include "safe_text.h"

#define SCHEMA "meminit-analyze/replay/1"

static struct json_object *line_json(const struct replay_line *l)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "line", l->line ? json_object_new_uint64(l->line) : NULL);
	json_object_object_add(o, "stage", json_text(str_of(l->stage)));
	json_object_object_add(o, "predicted", json_text(l->predicted));
	json_object_object_add(o, "observed", json_text(l->observed));
	json_object_object_add(o, "verdict", json_text(str_of(replay_verdict_name(l->verdict))));
	return o;
}

void replay_write_json(const struct verdict *v, const struct replay *replay, FILE *out)
{
	struct json_object *doc = json_object_new_object(), *lines = json_object_new_array();

	json_object_object_add(doc, "schema", json_object_new_string(SCHEMA));
	json_object_object_add(doc, "input", json_text(str_of(v->input_name)));
	json_object_object_add(doc, "boot", json_object_new_uint64(v->boot_index));
	for (size_t i = 0; i < replay->nr; i++)
		json_object_array_add(lines, line_json(&replay->v[i]));
	json_object_object_add(doc, "lines", lines);
	json_write_line(doc, out);
	json_object_put(doc);
}

/* --- for the terminal --- */

static void put_line(FILE *out, bool color, const char *paint, char mark, uint32_t line, struct str words)
{
	fputs(color ? paint : "", out);
	fputc(mark, out);
	if (line)
		fprintf(out, "%6" PRIu32 " ", line);
	else
		fputs("       ", out);
	safe_put(words, out);
	fputs(color && *paint ? "\033[0m\n" : "\n", out);
}

static void put_replay_line(FILE *out, bool color, const struct replay_line *l)
{
	static const char same[] = "", gone[] = "\033[31m", new[] = "\033[32m", dim[] = "\033[2m";

	switch (l->verdict) {
	case REPLAY_MATCH:
		put_line(out, color, same, ' ', l->line, l->observed);
		break;
	case REPLAY_MISMATCH:
		put_line(out, color, gone, '-', l->line, l->observed);
		put_line(out, color, new, '+', 0, l->predicted);
		break;
	case REPLAY_MISSING:
		put_line(out, color, new, '+', 0, l->predicted);
		break;
	case REPLAY_EXTRA:
		put_line(out, color, gone, '-', l->line, l->observed);
		break;
	case REPLAY_INPUT:
		put_line(out, color, dim, '.', l->line, l->observed);
		break;
	case REPLAY_NOT_MODELLED:
		put_line(out, color, dim, '?', l->line, l->observed);
		break;
	}
}

/* What the stage of that name re-executes. */
static const char *kernel_functions(const char *stage)
{
	for (int id = 0; id < NR_STAGES; id++)
		if (stage_name((enum stage_id)id) == stage)
			return stage_kernel((enum stage_id)id);
	return "?";
}

void replay_write_text(const struct verdict *v, const struct replay *replay, bool color, FILE *out)
{
	size_t nr[REPLAY_NOT_MODELLED + 1] = { 0 };
	const char *stage = NULL;

	fputs("--- ", out);
	safe_put(str_of(v->input_name), out);
	fputs(" (what the kernel printed)\n+++ the model (what it would print)\n", out);
	for (size_t i = 0; i < replay->nr; i++) {
		const struct replay_line *l = &replay->v[i];

		/* A heading where the boot enters another stage. */
		if (l->stage && l->stage != stage) {
			fprintf(out, "%s@@ %s: %s @@%s\n", color ? "\033[36m" : "", l->stage, kernel_functions(l->stage), color ? "\033[0m" : "");
			stage = l->stage;
		}
		nr[l->verdict]++;
		put_replay_line(out, color, l);
	}
	fprintf(out, "%zu lines match, %zu differ, %zu only the model says, %zu only the kernel; %zu are input, %zu not modelled\n", nr[REPLAY_MATCH], nr[REPLAY_MISMATCH],
		nr[REPLAY_MISSING], nr[REPLAY_EXTRA], nr[REPLAY_INPUT], nr[REPLAY_NOT_MODELLED]);
}
