/*
 * sink_json.h - the documents of the contract as JSON.
 */
#ifndef MIA_SINK_JSON_H
#define MIA_SINK_JSON_H

#include <json-c/json.h>
#include <stdio.h>

#include "sink.h"

/* The verdict document, meminit-analyze/verdict/1. The caller owns the object. */
struct json_object *verdict_to_json(const struct verdict *verdict);

extern const struct sink_ops sink_json;

#endif
