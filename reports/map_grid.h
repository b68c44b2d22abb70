/*
 * map_grid.h - physical memory as rows of cells, each cell the same number of bytes.
 *
 * A strip is a stretch of one node and zone; it starts a row of its own, so that rows tell where zones begin. Holes longer than a
 * row are folded between two strips: a hole of 64 TiB takes no more room than one of 2 GiB. What lies outside of every zone is no
 * memory that the kernel manages; such pieces stand one behind the other and take one row each at most.
 */
#ifndef MIA_MAP_GRID_H
#define MIA_MAP_GRID_H

#include "mia/physmap.h"

struct strip {
	struct phys_range range;
	int nid; /* NUMA_NO_NODE: outside of every zone */
	enum zone_type zone;
};

struct map_grid {
	const struct physmap *map;
	uint64_t cell_bytes;
	unsigned columns; /* cells in a row */
	struct strip *v;
	size_t nr, cap;
};

void map_grid_build(struct arena *arena, const struct physmap *map, unsigned columns, struct map_grid *ret);

/* What fills a cell: an enum swatch_id, and whether it holds most of the cell or only part of it. */
struct map_cell {
	unsigned char swatch;
	bool partly;
};

/* The cell that starts at @start. @*segment is where to look from; it is moved on. */
struct map_cell map_grid_cell(const struct map_grid *grid, uint64_t start, uint64_t end, size_t *segment);

/* Bytes of each swatch inside (or outside) of zones. */
void physmap_totals(const struct physmap *map, bool in_zones, uint64_t *bytes);

#endif
