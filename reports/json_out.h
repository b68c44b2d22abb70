/*
 * json_out.h - JSON written as it is thought of, without a tree in memory.
 *
 * The writer puts the commas; keys come with their values, and every object and list that is begun is ended. Text of a log is
 * made valid on the way: bytes that are no UTF-8 become U+FFFD.
 */
#ifndef MIA_JSON_OUT_H
#define MIA_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "mia/str.h"

struct json_out {
	FILE *out;
	bool comma;     /* something stands before the next value */
	size_t n;
	char buf[16384];
};

void json_out_init(struct json_out *w, FILE *out);
/* What is still in the buffer, and a newline. */
void json_out_end_line(struct json_out *w);

/* @key is NULL inside a list. */
void json_out_object(struct json_out *w, const char *key);
void json_out_end_object(struct json_out *w);
void json_out_list(struct json_out *w, const char *key);
void json_out_end_list(struct json_out *w);
void json_out_u64(struct json_out *w, const char *key, uint64_t v);
void json_out_i64(struct json_out *w, const char *key, int64_t v);
void json_out_bool(struct json_out *w, const char *key, bool v);
void json_out_null(struct json_out *w, const char *key);
/* null for a text that is not there. */
void json_out_str(struct json_out *w, const char *key, struct str s);
void json_out_text(struct json_out *w, const char *key, const char *s);

/* null unless it is known. */
static inline void json_out_maybe(struct json_out *w, const char *key, bool known, uint64_t v)
{
	if (known)
		json_out_u64(w, key, v);
	else
		json_out_null(w, key);
}

#endif
