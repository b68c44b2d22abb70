/* map_grid.c - see map_grid.h. */
#include "map_grid.h"

#include "mia/arena.h"
#include "swatch.h"

/* Rows that memory without holes takes. */
#define ROWS 16

static uint64_t managed_bytes(const struct physmap *map)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].kind != PHYS_HOLE && map->v[i].nid != NUMA_NO_NODE)
			bytes += phys_len(map->v[i].range);
	return bytes;
}

static bool folds(const struct map_grid *grid, const struct phys_segment *s)
{
	return s->kind == PHYS_HOLE && (s->nid == NUMA_NO_NODE || phys_len(s->range) > grid->columns * grid->cell_bytes);
}

static bool continues(const struct strip *strip, const struct phys_segment *s)
{
	return strip && strip->range.end == s->range.start && strip->nid == s->nid && strip->zone == s->zone;
}

void map_grid_build(struct arena *arena, const struct physmap *map, unsigned columns, struct map_grid *ret)
{
	*ret = (struct map_grid){ .map = map, .columns = columns };
	ret->cell_bytes = max_u64(roundup_pow_of_two(div_up(managed_bytes(map), (uint64_t)columns * ROWS)), PAGE_SIZE);
	for (size_t i = 0; i < map->nr; i++) {
		const struct phys_segment *s = &map->v[i];
		struct strip *last = ret->nr ? &ret->v[ret->nr - 1] : NULL;

		if (folds(ret, s))
			continue;
		if (continues(last, s))
			last->range.end = s->range.end;
		else
			*vec_push(arena, ret) = (struct strip){ s->range, s->nid, s->zone };
	}
}

/*
 * A cell shows what holds most of it. Where that is free memory or a hole, and something small is in it too, the largest of the
 * small things shows, as part of the cell: nothing disappears because it is small.
 */
struct map_cell map_grid_cell(const struct map_grid *grid, uint64_t start, uint64_t end, size_t *segment)
{
	uint64_t bytes[NR_SWATCHES] = { 0 };
	enum swatch_id most = SWATCH_HOLE, taken = SWATCH_HOLE;

	while (*segment < grid->map->nr && grid->map->v[*segment].range.end <= start)
		++*segment;
	for (size_t i = *segment; i < grid->map->nr && grid->map->v[i].range.start < end; i++)
		bytes[swatch_of(&grid->map->v[i])] += phys_len(phys_clip(grid->map->v[i].range, (struct phys_range){ start, end }));
	for (enum swatch_id s = SWATCH_HOLE; s < NR_SWATCHES; s++) {
		if (bytes[s] > bytes[most])
			most = s;
		if (s > SWATCH_FREE && bytes[s] > (taken == SWATCH_HOLE ? 0 : bytes[taken]))
			taken = s;
	}
	if (most > SWATCH_FREE || taken == SWATCH_HOLE)
		return (struct map_cell){ (unsigned char)most, false };
	return (struct map_cell){ (unsigned char)taken, true };
}

void physmap_totals(const struct physmap *map, bool in_zones, uint64_t *bytes)
{
	for (size_t i = 0; i < NR_SWATCHES; i++)
		bytes[i] = 0;
	for (size_t i = 0; i < map->nr; i++)
		if ((map->v[i].nid != NUMA_NO_NODE) == in_zones)
			bytes[swatch_of(&map->v[i])] += phys_len(map->v[i].range);
}
