/*
 * sink_json.h - the documents of the contract as JSON.
 */
#ifndef MIA_SINK_JSON_H
#define MIA_SINK_JSON_H

#include "json_out.h"
#include "sink.h"

/* The verdict document, meminit-analyze/verdict/1. */
void verdict_write_json(struct json_out *w, const struct verdict *verdict);

extern const struct sink_ops sink_json;

#endif
