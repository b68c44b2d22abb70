/* limit.h - how many bytes may be without an owner: --max-unexplained BYTES|%. */
#ifndef MIA_LIMIT_H
#define MIA_LIMIT_H

#include <stdint.h>

#include "cli.h"

struct limit {
	bool given, is_percent;
	uint64_t n; /* bytes, or thousandths of a percent */
};

/* A status; STATUS_OK and no limit where the option was not given. */
int limit_parse(const struct cli *cli, struct limit *ret);
/* Of @whole bytes, are @bytes more than may be? */
bool limit_exceeded(const struct limit *limit, uint64_t bytes, uint64_t whole);

#endif
