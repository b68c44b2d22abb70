/* shipped_data.h - data/kernels/ as C, made by scripts/embed-kernels. */
#ifndef MIA_SHIPPED_DATA_H
#define MIA_SHIPPED_DATA_H

#include <stddef.h>

struct shipped_datum {
	const char *release, *json;
};

extern const struct shipped_datum shipped_data[];
extern const size_t nr_shipped_data;

#endif
