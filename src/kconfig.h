/* kconfig.h - the kernel's configuration, where a bundle holds it. */
#ifndef MIA_KCONFIG_H
#define MIA_KCONFIG_H

#include "mia/record.h"

enum config { CONFIG_UNKNOWN, CONFIG_NO, CONFIG_YES };

/* Whether @option ("CONFIG_KASAN") has a value; unknown without a record or a configuration in it. */
enum config config_of(const struct boot_record *record, struct str option);

#endif
