/* json_text.h - text of a log as JSON: bytes that are no UTF-8 become U+FFFD, so that the document stays valid. */
#ifndef MIA_JSON_TEXT_H
#define MIA_JSON_TEXT_H

#include <json-c/json.h>
#include <stdio.h>

#include "mia/str.h"

/* NULL (null) for a str without text. */
struct json_object *json_text(struct str s);
/* "\\u009b", for one beyond 16 bits a pair; returns its length. */
size_t json_escape(uint32_t c, char ret[16]);
/* JSON that is text already. In a string, the only place for them, characters that a terminal would obey are written as \uNNNN. */
void json_put(struct str json, FILE *out);
/* The document, and nothing behind it. */
void json_write(struct json_object *doc, FILE *out);
/* For people: indented, with objects and lists that hold no others on one line. */
void json_write_pretty(struct json_object *doc, FILE *out);
/* One document on one line. */
void json_write_line(struct json_object *doc, FILE *out);

#endif
