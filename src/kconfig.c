/* kconfig.c - see kconfig.h. */
#include "kconfig.h"

enum config config_of(const struct boot_record *record, struct str option)
{
	struct str rest = record ? record->config : (struct str){ 0 }, line;

	if (!rest.n)
		return CONFIG_UNKNOWN;
	while (str_cut_line(&rest, &line))
		if (str_starts(line, option) && line.n > option.n && line.p[option.n] == '=')
			return CONFIG_YES;
	return CONFIG_NO;
}
