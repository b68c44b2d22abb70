/*
 * map_scale.h - from addresses to places in a picture.
 *
 * Memory inside of zones is drawn to scale. Holes, and what the firmware lists outside of zones, take a few units each however
 * large they are: they would leave no room for memory.
 */
#ifndef MIA_MAP_SCALE_H
#define MIA_MAP_SCALE_H

#include "mia/physmap.h"

struct map_scale {
	double width;
	double *x; /* of each segment's start; one more than there are segments */
};

void map_scale_build(struct arena *arena, const struct physmap *map, double width, struct map_scale *ret);
/* Drawn shorter than it is? */
bool map_scale_folds(const struct phys_segment *s);

#endif
