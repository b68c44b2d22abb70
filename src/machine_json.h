/*
 * machine_json.h - machines as JSON, meminit-analyze/machine/1 (doc/schema/machine-1.schema.json).
 */
#ifndef MIA_MACHINE_JSON_H
#define MIA_MACHINE_JSON_H

#include <json-c/json.h>

#include "mia/boot.h"
#include "mia/error.h"

/* A machine, and the boot that it was seen in. */
struct machine_doc {
	struct machine machine;
	struct str release, command_line; /* empty where they are not known */
};

/* What @boot ran on, without guesses: the image's place only where it is certain, edits of the map that the model has no cause for. */
void machine_of_boot(const struct boot *boot, struct machine_doc *ret);

/* The caller owns the object. */
struct json_object *machine_to_json(const struct machine_doc *machine);
/* Refuses what no machine can be, naming the key; @name is for messages. */
struct mia_error *machine_from_json(struct arena *arena, struct json_object *doc, const char *name, struct machine_doc *ret);

#endif
