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

int fail_on_parse(const struct cli *cli, enum severity *ret)
{
	const char *s = cli->value[OPTION_FAIL_ON];

	*ret = SEVERITY_ERROR;
	if (!s)
		return STATUS_OK;
	for (int i = SEVERITY_NOTE; i <= SEVERITY_ERROR; i++) {
		if (!strcmp(s, severity_name((enum severity)i))) {
			*ret = (enum severity)i;
			return STATUS_OK;
		}
	}
	return cli_usage_error(cli, "--fail-on wants note, warning or error, not '%s'", s);
}

bool fail_on_finds(enum severity at_least, const struct verdict *v)
{
	for (size_t i = 0; i < v->findings.nr; i++)
		if (v->findings.v[i].severity >= at_least)
			return true;
	return false;
}

bool limit_exceeded(const struct limit *limit, uint64_t bytes, uint64_t whole)
{
	return limit->given && bytes > (limit->is_percent ? whole / 100000 * limit->n : limit->n);
}
