/* limit.c - see limit.h. */
#include "limit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mia/str.h"

int limit_parse(const struct cli *cli, struct limit *ret)
{
	const char *s = cli->value[OPTION_MAX_UNEXPLAINED];
	struct str rest;
	char *end;
	unsigned long long number;
	double percent;

	*ret = (struct limit){ .given = s != NULL };
	if (!s)
		return STATUS_OK;
	percent = strtod(s, &end);
	if (end != s && !strcmp(end, "%") && percent >= 0 && percent <= 100) {
		ret->is_percent = true;
		ret->n = (uint64_t)(percent * 1000);
		return STATUS_OK;
	}
	ret->n = str_memparse(str_of(s), &rest);
	errno = 0;
	number = strtoull(s, NULL, 0);
	/* A size that does not fit would be a smaller one. */
	if (rest.n || s[0] < '0' || s[0] > '9' || errno || ret->n < number)
		return cli_usage_error(cli, "--max-unexplained wants a size or a percentage, not '%s'", s);
	return STATUS_OK;
}

bool limit_exceeded(const struct limit *limit, uint64_t bytes, uint64_t whole)
{
	return limit->given && bytes > (limit->is_percent ? whole / 100000 * limit->n : limit->n);
}
