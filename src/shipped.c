/* shipped.c - see shipped.h. */
#include "mia/shipped.h"

#include <stdlib.h>

#include "kernel_json.h"
#include "mia/arena.h"
#include "mia/learn.h"
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

static const struct kernel *loaded(struct shipped *s, size_t i)
{
	if (!s->tried[i]) {
		s->tried[i] = true;
		s->kernel[i] = load(s, i);
	}
	return s->kernel[i];
}

const struct kernel *shipped_find(struct shipped *s, struct str release, enum arch arch)
{
	for (size_t i = 0; s && i < nr_shipped_data; i++) {
		const struct kernel *k = str_is(release, shipped_data[i].release) ? loaded(s, i) : NULL;

		if (k && k->arch == arch)
			return k;
	}
	return NULL;
}

/* Releases of mainline between two kernels, roughly. */
static unsigned distance(const struct kernel *a, const struct kernel *b)
{
	static const unsigned releases_before[] = { 0, 0, 0, 40, 60, 80, 100, 120 };
	const struct release *r[2] = { &a->release, &b->release };
	unsigned at[2];

	for (size_t i = 0; i < 2; i++)
		at[i] = releases_before[r[i]->major < ARRAY_SIZE(releases_before) ? r[i]->major : ARRAY_SIZE(releases_before) - 1] +
			(r[i]->major == 2 ? r[i]->patch : r[i]->minor);
	return at[0] > at[1] ? at[0] - at[1] : at[1] - at[0];
}

/* Another way to keep CPU masks marks another kind of build. */
static unsigned unlike(const struct kernel *a, const struct kernel *b)
{
	return kernel_masks_allocated(a) == kernel_masks_allocated(b) ? 0 : 30;
}

/* Flavours of one release are built with other options. */
static unsigned flavour_differs(const struct kernel *a, const struct kernel *b)
{
	static const char *const flavours[] = { "cloud", "rt", "pae" };
	unsigned nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		nr += (str_find(a->release.text, str_of(flavours[i])) >= 0) != (str_find(b->release.text, str_of(flavours[i])) >= 0);
	return nr;
}

const struct kernel *shipped_neighbour(struct shipped *s, const struct kernel *kernel, bool alike)
{
	const struct kernel *best = NULL;
	unsigned best_distance = 0;

	for (size_t i = 0; s && i < nr_shipped_data; i++) {
		const struct kernel *k = loaded(s, i);

		unsigned d;

		if (!k || k->arch != kernel->arch)
			continue;
		d = 4 * (distance(k, kernel) + (alike ? unlike(k, kernel) : 0)) + flavour_differs(k, kernel);
		if (!best || d < best_distance) {
			best = k;
			best_distance = d;
		}
	}
	return best;
}

const char *shipped_name(size_t i) { return i < nr_shipped_data ? shipped_data[i].release : NULL; }
