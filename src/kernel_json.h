/*
 * kernel_json.h - kernel profiles as JSON, meminit-analyze/kernel/1 (doc/schema/kernel.json).
 */
#ifndef MIA_KERNEL_JSON_H
#define MIA_KERNEL_JSON_H

#include <json-c/json.h>

#include "mia/error.h"
#include "mia/kernel.h"

/* The caller owns the object. */
struct json_object *kernel_to_json(const struct kernel *kernel);
/* Refuses another schema or architecture, and numbers that are none; @name is for messages. */
struct mia_error *kernel_from_json(struct arena *arena, struct json_object *doc, const char *name, struct kernel *ret);
struct mia_error *kernel_load(struct arena *arena, const char *path, struct kernel *ret);

#endif
