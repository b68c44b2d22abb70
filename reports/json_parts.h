/* json_parts.h - parts of the verdict document that have files of their own. */
#ifndef MIA_JSON_PARTS_H
#define MIA_JSON_PARTS_H

#include "json_out.h"
#include "mia/verdict.h"

/* [first, last] of a half-open range. */
void json_range(struct json_out *w, uint64_t start, uint64_t end);
void json_resource(struct json_out *w, uint64_t start, uint64_t end, struct str name);

/* Of a boot that has not happened; nothing for one that has. */
void json_prediction(struct json_out *w, const struct verdict *verdict);
/* What the inputs say; @record is NULL for a boot that has not happened. */
void json_observed(struct json_out *w, const struct boot_record *record);

#endif
