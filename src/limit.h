/* limit.h - what gives status 1: bytes without an owner (--max-unexplained BYTES|%), findings (--fail-on SEVERITY). */
#ifndef MIA_LIMIT_H
#define MIA_LIMIT_H

#include <stdint.h>

#include "cli.h"
#include "mia/verdict.h"

struct limit {
	bool given, is_percent;
	uint64_t n; /* bytes, or thousandths of a percent */
};

/* A status; STATUS_OK and no limit where the option was not given. */
int limit_parse(const struct cli *cli, struct limit *ret);
/* Of @whole bytes, are @bytes more than may be? */
bool limit_exceeded(const struct limit *limit, uint64_t bytes, uint64_t whole);

/* The severity that counts; SEVERITY_ERROR where the option was not given. */
int fail_on_parse(const struct cli *cli, enum severity *ret);
bool fail_on_finds(enum severity at_least, const struct verdict *verdict);

#endif
