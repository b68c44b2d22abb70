/*
 * json_map.h - structs as JSON objects, by tables.
 *
 * A table has a row for each member: its key, where it lies, how it is written and read. Writing and reading walk the same
 * table, so that a document always reads back as what was written. A key that no row knows is an error when reading: it is
 * more likely a slip of the pen than the future. "comment" is allowed everywhere, and ignored.
 */
#ifndef MIA_JSON_MAP_H
#define MIA_JSON_MAP_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mia/error.h"
#include "mia/str.h"

struct json_field;

struct json_reader {
	struct arena *arena;
	const char *name;        /* of the file, for messages */
	char path[256];          /* of keys, down to the value that is read now */
	size_t path_length;
	struct mia_error *error; /* the first one */
};

/* How one kind of member is written and read. A reader leaves the member as it is where it fails. */
struct json_codec {
	struct json_object *(*write)(const struct json_field *field, const void *member);
	void (*read)(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member);
};

enum json_presence {
	JSON_OPTIONAL,    /* may be missing or null; is written as it stands */
	JSON_REQUIRED,    /* must be there */
	JSON_ZERO_IS_NULL /* optional; 0, an empty text or an empty range is unknown and written as null */
};

struct json_field {
	const char *key;
	const struct json_codec *codec;
	size_t offset;
	enum json_presence presence;
	const void *arg;   /* of the codec: names, fields of an object, a list's element */
	size_t known;      /* offset + 1 of a bool that says whether the member is known; 0: there is none */
};

struct json_fields {
	const struct json_field *v;
	size_t nr;
};

/* A vector { v, nr, cap } of structs. */
struct json_element {
	struct json_fields fields;
	size_t size;
};

#define JSON_FIELDS(array) { array, sizeof(array) / sizeof((array)[0]) }

extern const struct json_codec as_u64, as_u32, as_u8, as_i32, as_bool, as_text;
/* End of a range: inclusive in the document, exclusive in the struct. */
extern const struct json_codec as_end;
/* An int-sized enum; arg is an array of names that ends with NULL. */
extern const struct json_codec as_name;
/* struct phys_range as { "start", "end" }. */
extern const struct json_codec as_range;
/* struct phys_ranges, and a vector of int. */
extern const struct json_codec as_ranges, as_ints;
/* arg is a struct json_fields: members of an embedded struct (offset) or of the same struct (offset 0). */
extern const struct json_codec as_group;
/* arg is a struct json_element. */
extern const struct json_codec as_list;

/* The members of @object as a JSON object, and back. */
struct json_object *json_map_write(const struct json_fields *fields, const void *object);
void json_map_read(struct json_reader *r, const struct json_fields *fields, struct json_object *from, void *object);

/* "FILE: e820[3].end: why"; only the first failure counts. */
__attribute__((format(printf, 2, 3))) void json_fail(struct json_reader *r, const char *format, ...);
/* Go down to a key or an index, and back. */
size_t json_enter(struct json_reader *r, const char *key);
size_t json_enter_index(struct json_reader *r, size_t index);
void json_leave(struct json_reader *r, size_t to);

/* A number of 0 or more, or a text like "0x1000" or "4G"; false (and a failure) on anything else. */
bool json_get_u64(struct json_reader *r, struct json_object *value, uint64_t max, uint64_t *ret);

/*
 * A document from a file; "-" is standard input. Syntax errors, depth bombs and files of more than 64 MiB are refused with a
 * line that says where. The caller owns *ret.
 */
struct mia_error *json_load(struct arena *arena, const char *path, struct json_object **ret);
struct mia_error *json_parse(struct arena *arena, const char *name, struct str text, struct json_object **ret);

#endif
