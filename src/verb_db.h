/*
 * verb_db.h - the parts of the verb "db".
 */
#ifndef MIA_VERB_DB_H
#define MIA_VERB_DB_H

#include "cli.h"
#include "grid.h"
#include "mia/arena.h"
#include "mia/base.h"
#include "store.h"

/* What every part is given: the arguments behind its name, and memory for its whole life. */
struct db_run {
	const struct cli *cli;
	char **args;
	int nr_args;
	struct arena *arena;
	const char *path; /* of the database */
};

typedef int db_fn(struct db_run *run);

db_fn db_import, db_merge, db_list, db_show, db_query, db_export, db_regress, db_trend;

/* Complains of @error and returns its status. */
int db_failed(const struct mia_error *error);
/* --json and --format: text, json or csv. */
int db_format(const struct db_run *run, const struct grid_format **ret);

#endif
