/* map_scale.c - see map_scale.h. */
#include "map_scale.h"

#include "mia/arena.h"

/* The largest part of the picture that a folded segment takes. */
#define FOLD_PART 0.012

bool map_scale_folds(const struct phys_segment *s) { return s->kind == PHYS_HOLE || s->nid == NUMA_NO_NODE; }

static double weight(const struct phys_segment *s, double whole)
{
	double part = (double)phys_len(s->range) / whole;

	return map_scale_folds(s) && part > FOLD_PART ? FOLD_PART : part;
}

void map_scale_build(struct arena *arena, const struct physmap *map, double width, struct map_scale *ret)
{
	double whole = 0, sum = 0, at = 0;

	for (size_t i = 0; i < map->nr; i++)
		whole += map_scale_folds(&map->v[i]) ? 0 : (double)phys_len(map->v[i].range);
	if (whole <= 0)
		whole = 1;
	for (size_t i = 0; i < map->nr; i++)
		sum += weight(&map->v[i], whole);
	*ret = (struct map_scale){ .width = width, .x = arena_array(arena, double, map->nr + 1) };
	for (size_t i = 0; i < map->nr; i++) {
		ret->x[i] = at;
		at += weight(&map->v[i], whole) / sum * width;
	}
	ret->x[map->nr] = width;
}
