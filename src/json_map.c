/* json_map.c - see json_map.h. */
#include "json_map.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "mia/arena.h"
#include "mia/base.h"

/* --- where we are, and what is wrong there --- */

void json_fail(struct json_reader *r, const char *format, ...)
{
	char why[512];
	va_list args;

	if (r->error)
		return;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	r->error = mia_error_new(r->arena, MIA_ERROR_INPUT, "%s: %s%s%s", r->name, r->path, r->path_length ? ": " : "", why);
}

static void append(struct json_reader *r, const char *text, size_t n)
{
	n = min_u64(n, sizeof(r->path) - 1 - r->path_length);
	memcpy(r->path + r->path_length, text, n);
	r->path_length += n;
	r->path[r->path_length] = '\0';
}

size_t json_enter(struct json_reader *r, const char *key)
{
	size_t here = r->path_length;

	append(r, ".", here > 0);
	append(r, key, strlen(key));
	return here;
}

size_t json_enter_index(struct json_reader *r, size_t index)
{
	size_t here = r->path_length, at;
	char text[24];

	/* Written by hand: a list may have thousands of numbers, and only a wrong one needs this. */
	at = sizeof(text);
	text[--at] = ']';
	do
		text[--at] = (char)('0' + index % 10);
	while (index /= 10);
	text[--at] = '[';
	append(r, text + at, sizeof(text) - at);
	return here;
}

void json_leave(struct json_reader *r, size_t to)
{
	r->path_length = to;
	r->path[to] = '\0';
}

/* --- numbers --- */

static bool u64_of(struct json_object *value, uint64_t *ret)
{
	if (json_object_is_type(value, json_type_string))
		return str_to_size((struct str){ json_object_get_string(value), (size_t)json_object_get_string_len(value) }, ret);
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*ret = json_object_get_uint64(value);
	return true;
}

bool json_get_u64(struct json_reader *r, struct json_object *value, uint64_t max, uint64_t *ret)
{
	uint64_t v;

	if (!u64_of(value, &v)) {
		json_fail(r, "a number of 0 or more is wanted, or a text like \"0x1000\" or \"4G\"");
		return false;
	}
	if (v > max) {
		json_fail(r, "%" PRIu64 " is too large, the limit is %" PRIu64, v, max);
		return false;
	}
	*ret = v;
	return true;
}

static struct json_object *write_u64(const struct json_field *field, const void *member)
{
	uint64_t v = *(const uint64_t *)member;

	return !v && field->presence == JSON_ZERO_IS_NULL ? NULL : json_object_new_uint64(v);
}

static void read_u64(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	(void)field;
	json_get_u64(r, value, UINT64_MAX, member);
}

static struct json_object *write_end(const struct json_field *field, const void *member)
{
	uint64_t v = *(const uint64_t *)member;

	(void)field;
	return json_object_new_uint64(v == UINT64_MAX ? v : v - 1);
}

static void read_end(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	uint64_t v;

	(void)field;
	if (json_get_u64(r, value, UINT64_MAX, &v))
		*(uint64_t *)member = add_sat(v, 1);
}

static struct json_object *write_u32(const struct json_field *field, const void *member)
{
	uint32_t v = *(const uint32_t *)member;

	return !v && field->presence == JSON_ZERO_IS_NULL ? NULL : json_object_new_uint64(v);
}

static void read_u32(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	uint64_t v;

	(void)field;
	if (json_get_u64(r, value, UINT32_MAX, &v))
		*(uint32_t *)member = (uint32_t)v;
}

static struct json_object *write_u8(const struct json_field *field, const void *member)
{
	(void)field;
	return json_object_new_uint64(*(const uint8_t *)member);
}

static void read_u8(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	uint64_t v;

	(void)field;
	if (json_get_u64(r, value, UINT8_MAX, &v))
		*(uint8_t *)member = (uint8_t)v;
}

static struct json_object *write_i32(const struct json_field *field, const void *member)
{
	(void)field;
	return json_object_new_int(*(const int *)member);
}

static void read_i32(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	uint64_t v;

	(void)field;
	if (json_get_u64(r, value, INT32_MAX, &v))
		*(int *)member = (int)v;
}

static struct json_object *write_bool(const struct json_field *field, const void *member)
{
	(void)field;
	return json_object_new_boolean(*(const bool *)member);
}

static void read_bool(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	(void)field;
	if (json_object_is_type(value, json_type_boolean))
		*(bool *)member = json_object_get_boolean(value);
	else
		json_fail(r, "true or false is wanted");
}

/* --- texts --- */

static struct json_object *write_text(const struct json_field *field, const void *member)
{
	const struct str *s = member;

	return !s->n && field->presence == JSON_ZERO_IS_NULL ? NULL : json_text(*s);
}

static void read_text(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	struct str *s = member;

	(void)field;
	if (!json_object_is_type(value, json_type_string)) {
		json_fail(r, "a text is wanted");
		return;
	}
	s->n = (size_t)json_object_get_string_len(value);
	s->p = arena_strndup(r->arena, json_object_get_string(value), s->n);
}

static struct json_object *write_name(const struct json_field *field, const void *member)
{
	const char *const *names = field->arg;

	return json_object_new_string(names[*(const int *)member]);
}

static void fail_name(struct json_reader *r, const char *const *names)
{
	char list[256] = "";

	for (size_t i = 0, n = 0; names[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", names[i]);
	json_fail(r, "one of these is wanted: %s", list);
}

static void read_name(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	const char *const *names = field->arg;

	for (int i = 0; json_object_is_type(value, json_type_string) && names[i]; i++) {
		if (!strcmp(json_object_get_string(value), names[i])) {
			*(int *)member = i;
			return;
		}
	}
	fail_name(r, names);
}

/* --- objects and lists --- */

static bool is_known_member(const struct json_field *f, const void *object)
{
	return !f->known || *((const bool *)object + f->known - 1);
}

struct json_object *json_map_write(const struct json_fields *fields, const void *object)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < fields->nr; i++) {
		const struct json_field *f = &fields->v[i];

		json_object_object_add_ex(o, f->key, is_known_member(f, object) ? f->codec->write(f, (const char *)object + f->offset) : NULL,
					  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT);
	}
	return o;
}

static void refuse_unknown_keys(struct json_reader *r, const struct json_fields *fields, struct json_object *from)
{
	json_object_object_foreach(from, key, value) {
		bool known = !strcmp(key, "comment") || !strcmp(key, "schema");

		(void)value;
		for (size_t i = 0; i < fields->nr; i++)
			known |= !strcmp(key, fields->v[i].key);
		if (!known) {
			size_t back = json_enter(r, key);

			json_fail(r, "no such key");
			json_leave(r, back);
		}
	}
}

void json_map_read(struct json_reader *r, const struct json_fields *fields, struct json_object *from, void *object)
{
	if (!json_object_is_type(from, json_type_object)) {
		json_fail(r, "an object { } is wanted");
		return;
	}
	for (size_t i = 0; i < fields->nr && !r->error; i++) {
		const struct json_field *f = &fields->v[i];
		struct json_object *value = NULL;
		size_t back = json_enter(r, f->key);

		json_object_object_get_ex(from, f->key, &value);
		if (value) {
			f->codec->read(r, f, value, (char *)object + f->offset);
			if (f->known)
				*((bool *)object + f->known - 1) = true;
		} else if (f->presence == JSON_REQUIRED) {
			json_fail(r, "is missing");
		}
		json_leave(r, back);
	}
	refuse_unknown_keys(r, fields, from);
}

static struct json_object *write_group(const struct json_field *field, const void *member)
{
	return json_map_write(field->arg, member);
}

static void read_group(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	json_map_read(r, field->arg, value, member);
}

/* What every vector looks like. */
struct any_vector {
	void *v;
	size_t nr, cap;
};

static struct json_object *write_list(const struct json_field *field, const void *member)
{
	const struct json_element *element = field->arg;
	struct json_object *a = json_object_new_array();
	struct any_vector vector;

	memcpy(&vector, member, sizeof(vector));
	for (size_t i = 0; i < vector.nr; i++)
		json_object_array_add(a, json_map_write(&element->fields, (const char *)vector.v + i * element->size));
	return a;
}

static bool is_list(struct json_reader *r, struct json_object *value)
{
	if (json_object_is_type(value, json_type_array))
		return true;
	json_fail(r, "a list [ ] is wanted");
	return false;
}

static void read_list(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	const struct json_element *element = field->arg;
	struct any_vector vector = { 0 };

	if (!is_list(r, value))
		return;
	vector.nr = vector.cap = json_object_array_length(value);
	vector.v = arena_alloc_array(r->arena, vector.nr, element->size);
	for (size_t i = 0; i < vector.nr && !r->error; i++) {
		size_t back = json_enter_index(r, i);

		json_map_read(r, &element->fields, json_object_array_get_idx(value, i), (char *)vector.v + i * element->size);
		json_leave(r, back);
	}
	memcpy(member, &vector, sizeof(vector));
}

static struct json_object *write_ints(const struct json_field *field, const void *member)
{
	struct json_object *a = json_object_new_array();
	struct any_vector vector;

	(void)field;
	memcpy(&vector, member, sizeof(vector));
	for (size_t i = 0; i < vector.nr; i++)
		json_object_array_add(a, json_object_new_int(((const int *)vector.v)[i]));
	return a;
}

static void read_ints(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	struct any_vector vector = { 0 };

	if (!is_list(r, value))
		return;
	vector.nr = vector.cap = json_object_array_length(value);
	vector.v = arena_array(r->arena, int, vector.nr);
	for (size_t i = 0; i < vector.nr; i++) {
		size_t back = json_enter_index(r, i);

		read_i32(r, field, json_object_array_get_idx(value, i), (int *)vector.v + i);
		json_leave(r, back);
	}
	memcpy(member, &vector, sizeof(vector));
}

/* --- ranges --- */

static const struct json_field range_rows[] = {
	{ "start", &as_u64, offsetof(struct phys_range, start), JSON_REQUIRED, NULL, 0 },
	{ "end", &as_end, offsetof(struct phys_range, end), JSON_REQUIRED, NULL, 0 },
};
static const struct json_fields range_fields = JSON_FIELDS(range_rows);

static struct json_object *write_range(const struct json_field *field, const void *member)
{
	(void)field;
	return phys_len(*(const struct phys_range *)member) ? json_map_write(&range_fields, member) : NULL;
}

static void read_range(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	struct phys_range range = { 0, 0 };

	(void)field;
	json_map_read(r, &range_fields, value, &range);
	if (range.end < range.start)
		json_fail(r, "ends before it starts");
	else
		*(struct phys_range *)member = range;
}

static const struct json_element range_element = { JSON_FIELDS(range_rows), sizeof(struct phys_range) };
static const struct json_field ranges_as_list = { "", NULL, 0, JSON_OPTIONAL, &range_element, 0 };

static struct json_object *write_ranges(const struct json_field *field, const void *member)
{
	(void)field;
	return write_list(&ranges_as_list, member);
}

static void read_ranges(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	struct phys_ranges *ranges = member;

	(void)field;
	read_list(r, &ranges_as_list, value, member);
	for (size_t i = 0; i < ranges->nr; i++) {
		size_t back = json_enter_index(r, i);

		if (ranges->v[i].end < ranges->v[i].start)
			json_fail(r, "ends before it starts");
		json_leave(r, back);
	}
}

const struct json_codec as_u64 = { write_u64, read_u64 }, as_u32 = { write_u32, read_u32 }, as_u8 = { write_u8, read_u8 }, as_i32 = { write_i32, read_i32 },
			as_bool = { write_bool, read_bool }, as_text = { write_text, read_text }, as_end = { write_end, read_end }, as_name = { write_name, read_name },
			as_range = { write_range, read_range }, as_ranges = { write_ranges, read_ranges }, as_ints = { write_ints, read_ints },
			as_group = { write_group, read_group }, as_list = { write_list, read_list };
