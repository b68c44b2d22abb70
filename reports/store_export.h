/*
 * store_export.h - the whole database as text: documents, tables, or SQL for another database. The order is always the same.
 */
#ifndef MIA_STORE_EXPORT_H
#define MIA_STORE_EXPORT_H

#include <stdio.h>

#include "store_read.h"

/* The parts of one boot as a document: { "schema": "meminit-analyze/stored/1", "boot": {...}, "ledger": [...], ... } */
enum stored_part { STORED_BOOT, STORED_LEDGER, STORED_NODES, STORED_ZONES, STORED_FINDINGS, STORED_MISMATCHES, STORED_GAPS, STORED_E820, NR_STORED_PARTS };

/* Fills @ret[NR_STORED_PARTS] for the boot with number @id. */
struct mia_error *stored_boot_read(struct store *store, struct arena *arena, int64_t id, struct grid *ret);
void stored_boot_write_json(const struct grid *part, FILE *out);

/* One document a line for every boot. */
struct mia_error *store_export_boots(struct store *store, FILE *out);
/* Every row of a table or view. */
struct mia_error *store_export_table(struct store *store, const char *name, const struct grid_format *format, FILE *out);
/* CREATE TABLE and INSERT, as PostgreSQL reads them. */
struct mia_error *store_export_sql(struct store *store, FILE *out);

#endif
