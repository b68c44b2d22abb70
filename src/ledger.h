/* ledger.h - what the parts of the ledger share. */
#ifndef MIA_LEDGER_H
#define MIA_LEDGER_H

#include "mia/verdict.h"

struct ledger_builder {
	struct arena *arena;
	struct ledger *ledger;
	const struct boot *boot;
	const struct boot_record *record;
};

/* Add a row; a row of 0 bytes is left out unless it is one of the trunk, which @always keeps. */
struct ledger_row *ledger_add(struct ledger_builder *l, const char *id, const char *parent, const char *label, int64_t bytes, enum basis basis, uint32_t line);
struct ledger_row *ledger_trunk(struct ledger_builder *l, const char *id, const char *parent, const char *label, int64_t bytes, enum basis basis, uint32_t line);
void ledger_add_line(struct ledger_row *row, uint32_t line);
uint32_t ledger_line_of(const struct ledger_builder *l, enum fact_kind kind);

/* ledger_firmware.c: from what is installed to what the firmware calls usable; returns the usable bytes. */
uint64_t ledger_firmware(struct ledger_builder *l, const struct dram *dram);
/* ledger_reserved.c: who holds what when the kernel counts. Returns bytes that no one owns. */
int64_t ledger_reserved(struct ledger_builder *l);

#endif
