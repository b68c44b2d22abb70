/* shipped.c - see shipped.h. */
#include "mia/shipped.h"

#include <stdlib.h>

#include "kernel_json.h"
#include "mia/arena.h"
#include "shipped_data.h"

#define PROFILES_ARENA_BYTES (64 * MIB)

struct shipped {
	struct arena *arena;
	const struct kernel **kernel; /* one for each row of shipped_data, NULL until it is asked for */
	bool *tried;
};

struct shipped *shipped_create(void)
{
	struct arena *arena = arena_create(PROFILES_ARENA_BYTES);
	struct shipped *s;

	if (!arena)
		return NULL;
	if (arena_guard(arena)) {
		arena_destroy(arena);
		return NULL;
	}
	s = arena_new(arena, struct shipped);
	s->arena = arena;
	s->kernel = arena_array(arena, const struct kernel *, nr_shipped_data);
	s->tried = arena_array(arena, bool, nr_shipped_data);
	return s;
}

void shipped_destroy(struct shipped *s)
{
	if (s)
		arena_destroy(s->arena);
}

static const struct kernel *load(struct shipped *s, size_t i)
{
	struct json_object *doc = json_tokener_parse(shipped_data[i].json);
	struct kernel *k;

	if (!doc)
		return NULL;
	if (arena_guard(s->arena)) {
		json_object_put(doc);
		return NULL;
	}
	k = arena_new(s->arena, struct kernel);
	if (kernel_from_json(s->arena, doc, shipped_data[i].release, k))
		k = NULL;
	json_object_put(doc);
	return k;
}

const struct kernel *shipped_find(struct shipped *s, struct str release, enum arch arch)
{
	for (size_t i = 0; s && i < nr_shipped_data; i++) {
		if (!str_is(release, shipped_data[i].release))
			continue;
		if (!s->tried[i]) {
			s->tried[i] = true;
			s->kernel[i] = load(s, i);
		}
		if (s->kernel[i] && s->kernel[i]->arch == arch)
			return s->kernel[i];
	}
	return NULL;
}

const char *shipped_name(size_t i) { return i < nr_shipped_data ? shipped_data[i].release : NULL; }
