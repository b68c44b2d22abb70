/* verb_machine.c - what the firmware and the loader gave, as a machine description. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "machine_json.h"
#include "session.h"

struct machine_output {
	const struct cli *cli;
	FILE *out;
	size_t nr;
};

static int each(void *context, struct arena *arena, struct verdict *verdict)
{
	struct machine_output *o = context;
	struct machine_doc doc;
	struct json_object *json;

	(void)arena;
	if (!verdict->machine->e820.nr) {
		cli_complain("%s: the log does not show the firmware's memory map", verdict->input_name);
		return STATUS_INPUT;
	}
	machine_of_boot(verdict->boot, &doc);
	json = machine_to_json(&doc);
	/* One document for a person to read; several, or for a program, one a line. */
	if (cli_has(o->cli, OPTION_JSON))
		json_write_line(json, o->out);
	else
		json_write_pretty(json, o->out);
	json_object_put(json);
	o->nr++;
	return STATUS_OK;
}

int verb_machine(const struct cli *cli)
{
	const char *path = cli->value[OPTION_OUTPUT];
	bool to_file = path && strcmp(path, "-");
	struct machine_output o = { .cli = cli, .out = to_file ? fopen(path, "w") : stdout };
	int status;

	if (!o.out) {
		cli_complain("%s: %s", path, strerror(errno));
		return STATUS_INTERNAL;
	}
	status = session_run(cli, cli->args, cli->nr_args, each, &o);
	if (to_file && fclose(o.out)) {
		cli_complain("%s: %s", path, strerror(errno));
		status = STATUS_INTERNAL;
	}
	return status;
}
