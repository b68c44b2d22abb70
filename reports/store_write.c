/*
 * store_write.c - one verdict into rows, whole or not at all. Computes nothing: every number is taken from the verdict as it stands.
 */
#include <inttypes.h>
#include <string.h>

#include "claims.h"
#include "store_private.h"

/* A writer that imports thousands of boots lets others in after each batch. */
#define BATCH_MSEC 50

static struct maybe_int said(struct said s) { return known_if(s.line, s.value); }

static struct mia_error *insert(struct writer *w, enum table_id table, const void *row) { return store_insert(w->store, w->arena, table, row); }

/* "1 2 3"; NULL where there is none. */
static struct str number_list(struct arena *arena, const uint64_t *v, size_t nr)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < nr; i++)
		strbuf_printf(&out, i ? " %" PRIu64 : "%" PRIu64, v[i]);
	return out.n ? strbuf_str(&out) : (struct str){ 0 };
}

static struct str line_list(struct arena *arena, const uint32_t *lines, size_t nr)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < nr && lines[i]; i++)
		strbuf_printf(&out, i ? " %" PRIu32 : "%" PRIu32, lines[i]);
	return out.n ? strbuf_str(&out) : (struct str){ 0 };
}

/* --- nodes and zones --- */

static struct mia_error *write_nodes(struct writer *w)
{
	const struct boot *b = w->v->boot;
	struct mia_error *error = NULL;

	for (size_t n = 0; n < b->nr_nodes && !error; n++) {
		const struct pgdat *node = &b->node[n];
		uint64_t distance[MAX_NUMNODES];
		struct row_nodes row = {
			.boot = w->boot,
			.nid = (int64_t)n,
			.start_pfn = (int64_t)node->span.start,
			.spanned_pages = (int64_t)node->spanned,
			.present_pages = (int64_t)node->present,
			.cpus = node->cpus,
		};

		if (!node->online)
			continue;
		for (size_t i = 0; i < b->nr_nodes; i++)
			distance[i] = machine_distance(w->v->machine, (int)n, (int)i);
		row.distance = number_list(w->arena, distance, b->nr_nodes);
		error = insert(w, TABLE_nodes, &row);
	}
	return error;
}

static void predict_zone(struct writer *w, const struct zone *z, struct row_zones *row)
{
	const struct boot *b = w->v->boot;
	struct zone_claims claim = zone_claims(b, z);
	uint64_t protection[NR_ZONE_TYPES];

	for (size_t i = 0; i < b->nr_zones; i++)
		protection[i] = z->protection[b->zone_order[i]];
	row->start_pfn = known_if(claim.start, z->span.start);
	row->spanned_pages = known_if(claim.spanned, z->spanned);
	row->present_pages = known_if(claim.present, z->present_shown);
	row->managed_pages = known_if(claim.managed, z->managed.v);
	row->managed_basis = str_of(basis_name(z->managed.basis));
	row->managed_min_pages = known_if(claim.managed_range, z->managed.min);
	row->managed_max_pages = known_if(claim.managed_range, z->managed.max);
	row->min_pages = known_if(claim.marks, z->min);
	row->low_pages = known_if(claim.marks, z->low);
	row->high_pages = known_if(claim.marks, z->high);
	row->promo_pages = known_if(claim.promo, z->promo);
	row->protection = claim.marks ? number_list(w->arena, protection, b->nr_zones) : (struct str){ 0 };
	row->pcp_high = known_if(claim.pcp_high, z->pcp_high);
	row->pcp_high_min = known_if(claim.pcp_range, z->pcp_high_min);
	row->pcp_high_max = known_if(claim.pcp_range, z->pcp_high_max);
	row->pcp_batch = known_if(claim.lists, z->pcp_batch);
	row->stat_threshold = known_if(claim.lists, z->stat_threshold);
}

static void observe_zone(struct writer *w, const struct zoneinfo_zone *z, struct row_zones *row)
{
	row->observed_start_pfn = said(z->start_pfn);
	row->observed_spanned_pages = said(z->spanned);
	row->observed_present_pages = said(z->present);
	row->observed_managed_pages = said(z->managed);
	row->observed_min_pages = said(z->min);
	row->observed_low_pages = said(z->low);
	row->observed_high_pages = said(z->high);
	row->observed_promo_pages = said(z->promo);
	row->observed_protection = number_list(w->arena, z->protection, z->nr_protection);
	row->observed_pcp_high = said(z->pcp_high);
	row->observed_pcp_high_min = said(z->pcp_high_min);
	row->observed_pcp_high_max = said(z->pcp_high_max);
	row->observed_pcp_batch = said(z->pcp_batch);
	row->observed_stat_threshold = said(z->stat_threshold);
}

static const struct zoneinfo_zone *zoneinfo_find(const struct zoneinfo *zi, size_t nr, int nid, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (zi->v[i].nid == nid && !strcmp(zi->v[i].name, name))
			return &zi->v[i];
	return NULL;
}

static bool is_predicted(const struct boot *b, const struct zoneinfo_zone *z)
{
	if (z->nid < 0 || (size_t)z->nid >= b->nr_nodes || !b->node[z->nid].online)
		return false;
	for (size_t i = 0; i < b->nr_zones; i++)
		if (!strcmp(zone_type_name(b->zone_order[i]), z->name))
			return true;
	return false;
}

static struct mia_error *write_predicted_zones(struct writer *w)
{
	const struct boot *b = w->v->boot;
	const struct zoneinfo *zi = record_zones(w->v->record);
	struct mia_error *error = NULL;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones && b->node[n].online && !error; i++) {
			const struct zone *z = &b->node[n].zone[b->zone_order[i]];
			const char *name = zone_type_name(z->type);
			const struct zoneinfo_zone *seen = zoneinfo_find(zi, zi->nr, (int)n, name);
			struct row_zones row = { .boot = w->boot, .nid = (int64_t)n, .zone = str_of(name) };

			predict_zone(w, z, &row);
			if (seen)
				observe_zone(w, seen, &row);
			error = insert(w, TABLE_zones, &row);
		}
	return error;
}

/* What was seen and the model has not. */
static struct mia_error *write_other_zones(struct writer *w)
{
	const struct zoneinfo *zi = record_zones(w->v->record);
	struct mia_error *error = NULL;

	for (size_t i = 0; i < zi->nr && !error; i++) {
		const struct zoneinfo_zone *z = &zi->v[i];
		struct row_zones row = { .boot = w->boot, .nid = z->nid, .zone = str_of(z->name) };

		/* A damaged file may list a zone twice: the first counts, as above. */
		if (is_predicted(w->v->boot, z) || zoneinfo_find(zi, i, z->nid, z->name))
			continue;
		observe_zone(w, z, &row);
		error = insert(w, TABLE_zones, &row);
	}
	return error;
}

/* --- ledger, checks, findings, log --- */

static struct mia_error *write_ledger(struct writer *w)
{
	const struct ledger *ledger = &w->v->ledger;
	struct mia_error *error = NULL;

	for (size_t i = 0; i < ledger->nr && !error; i++) {
		const struct ledger_row *r = &ledger->v[i];
		struct row_owners owner = { .owner = str_of(r->id), .parent = str_of(r->parent), .label = text_or_empty(r->label) };
		bool added;

		error = store_intern(w->store, w->arena, TABLE_owners, &owner, &added);
		if (!error)
			error = insert(w, TABLE_ledger, &(struct row_ledger){
				.boot = w->boot, .seq = (int64_t)i, .owner = owner.id, .bytes = r->bytes, .basis = str_of(basis_name(r->basis)), .depth = r->depth,
				.lines = line_list(w->arena, r->lines, ARRAY_SIZE(r->lines)),
			});
	}
	return error;
}

static struct maybe_int single(const struct value *v) { return known_if(v->known && !v->nr, v->v[0]); }
static struct str list(struct arena *arena, const struct value *v) { return v->known ? number_list(arena, v->v, v->nr) : (struct str){ 0 }; }

static struct mia_error *write_checks(struct writer *w)
{
	const struct checks *checks = &w->v->checks;
	struct mia_error *error = NULL;

	for (size_t i = 0; i < checks->nr && !error; i++) {
		const struct check *c = &checks->v[i];
		struct row_check_names name = {
			.name = str_of(c->id), .place = text_or_empty(c->where), .stage = text_or_empty(c->stage), .source = str_of(source_name(c->source)),
		};
		bool added;

		error = store_intern(w->store, w->arena, TABLE_check_names, &name, &added);
		if (!error)
			error = insert(w, TABLE_checks, &(struct row_checks){
				.boot = w->boot, .seq = (int64_t)i, .name = name.id, .verdict = str_of(check_verdict_name(c->verdict)),
				.predicted = single(&c->predicted), .observed = single(&c->observed),
				.predicted_list = list(w->arena, &c->predicted), .observed_list = list(w->arena, &c->observed),
				.slack = (int64_t)min_u64(c->slack, INT64_MAX), .line = known_if(c->line, c->line),
			});
	}
	return error;
}

static struct mia_error *write_findings(struct writer *w)
{
	const struct findings *findings = &w->v->findings;
	struct mia_error *error = NULL;

	for (size_t i = 0; i < findings->nr && !error; i++) {
		const struct finding *f = &findings->v[i];

		error = insert(w, TABLE_findings, &(struct row_findings){
			.boot = w->boot, .seq = (int64_t)i, .rule = text_or_empty(f->id), .name = text_or_empty(f->name), .severity = str_of(severity_name(f->severity)),
			.title = text_or_empty(f->title), .detail = str_of(f->detail), .advice = str_of(f->advice), .bytes = known_if(f->bytes_known, f->bytes),
			.lines = line_list(w->arena, f->lines, f->nr_lines),
		});
	}
	return error;
}

static struct mia_error *write_gaps(struct writer *w)
{
	const struct gaps *gaps = &w->v->gaps;
	struct mia_error *error = NULL;

	for (size_t i = 0; i < gaps->nr && !error; i++) {
		const struct gap *g = &gaps->v[i];
		struct row_gap_names name = { .name = text_or_empty(g->id), .what = text_or_empty(g->what), .why = text_or_empty(g->why) };
		bool added;

		error = store_intern(w->store, w->arena, TABLE_gap_names, &name, &added);
		if (!error)
			error = insert(w, TABLE_gaps, &(struct row_gaps){ .boot = w->boot, .seq = (int64_t)i, .name = name.id, .line = known_if(g->line, g->line) });
	}
	return error;
}

static struct mia_error *write_log(struct writer *w)
{
	struct strbuf text = { .arena = w->arena };

	for (size_t i = 0; i < w->v->record->messages.nr; i++) {
		strbuf_add(&text, w->v->record->messages.v[i]);
		strbuf_char(&text, '\n');
	}
	return insert(w, TABLE_logs, &(struct row_logs){ .boot = w->boot, .text = strbuf_str(&text) });
}

/* --- the boot itself --- */

static struct str source_list(struct writer *w)
{
	struct strbuf out = { .arena = w->arena };

	for (int s = 0; s < NR_SOURCES; s++)
		if (w->v->record->has_source[s])
			strbuf_printf(&out, out.n ? " %s" : "%s", source_name((enum source_kind)s));
	return strbuf_str(&out);
}

static struct maybe_int ledger_bytes(const struct verdict *v, const char *id)
{
	const struct ledger_row *row = ledger_find(&v->ledger, id);

	return row ? (struct maybe_int){ row->bytes, true } : (struct maybe_int){ 0 };
}

static void count_verdicts(const struct verdict *v, struct row_boots *row)
{
	int64_t *by_severity[] = { [SEVERITY_NOTE] = &row->notes, [SEVERITY_WARNING] = &row->warnings, [SEVERITY_ERROR] = &row->errors };

	for (size_t i = 0; i < v->checks.nr; i++) {
		row->matches += v->checks.v[i].verdict == CHECK_MATCH;
		row->mismatches += v->checks.v[i].verdict == CHECK_MISMATCH;
	}
	for (size_t i = 0; i < v->findings.nr; i++)
		(*by_severity[v->findings.v[i].severity])++;
}

static void fill_ledger_sums(const struct verdict *v, struct row_boots *row)
{
	struct maybe_int returned = ledger_bytes(v, "returned");

	row->installed_bytes = v->ledger.nr ? (struct maybe_int){ v->ledger.v[0].bytes, true } : (struct maybe_int){ 0 };
	row->usable_bytes = ledger_bytes(v, "usable");
	row->present_bytes = ledger_bytes(v, "present");
	row->reserved_bytes = ledger_bytes(v, "reserved");
	row->returned_bytes = (struct maybe_int){ -returned.v, returned.known };
	row->unexplained_bytes = known_if(v->unexplained_known, v->unexplained_bytes);
}

/* As in the verdict document: nothing is predicted without a map. */
static void fill_totals(const struct verdict *v, struct row_boots *row)
{
	const struct boot *b = v->boot;
	const struct key_value *total = key_values_find(&v->record->meminfo, "MemTotal");
	bool model = b->e820.nr || b->nr_nodes, totalram = model && b->totalram.basis != AMOUNT_UNKNOWN;

	row->max_pfn = known_if(model, b->announced_max_pfn);
	row->end_pfn = known_if(model, b->max_pfn);
	row->physpages = known_if(model, b->physpages);
	row->mem_total_bytes = known_if(totalram, PFN_PHYS(b->totalram.v));
	row->mem_total_basis = str_of(basis_name(totalram ? b->totalram.basis : AMOUNT_UNKNOWN));
	row->mem_total_min_bytes = known_if(totalram, PFN_PHYS(b->totalram.min));
	row->mem_total_max_bytes = known_if(totalram, PFN_PHYS(b->totalram.max));
	row->min_free_bytes = known_if(model && b->min_free_known, b->min_free_kbytes * KIB);
	row->observed_mem_total_bytes = known_if(total && total->value < INT64_MAX / KIB, total ? total->value * KIB : 0);
	row->observed_min_free_bytes = known_if(v->record->min_free_kbytes.line && v->record->min_free_kbytes.value < INT64_MAX / KIB, v->record->min_free_kbytes.value * KIB);
}

static void fill_boot(struct writer *w, struct row_boots *row)
{
	const struct verdict *v = w->v;

	row->id = w->boot;
	row->input = text_or_empty(v->input_name);
	row->input_sha256 = text_or_empty(v->sha256);
	row->boot_index = (int64_t)v->boot_index;
	row->sources = source_list(w);
	row->truncated = v->truncated || v->record->head_missing || v->record->tail_missing;
	row->analyser = STR(PACKAGE_VERSION);
	row->stamp = str_of(w->options->stamp);
	row->bios = if_any(v->machine->bios);
	row->cpus = known_if(v->machine->online_cpus, v->machine->online_cpus);
	fill_totals(v, row);
	fill_ledger_sums(v, row);
	count_verdicts(v, row);
}

/* The parts of a boot, in the order that they are written. */
static struct mia_error *(*const parts[])(struct writer *) = { write_nodes, write_predicted_zones, write_other_zones, write_ledger, write_checks, write_findings, write_gaps };

static struct mia_error *write_boot(struct writer *w, const char *key)
{
	struct row_boots row = { .key = str_of(key) };
	struct mia_error *error = write_names(w, &row);

	fill_boot(w, &row);
	if (!error)
		error = insert(w, TABLE_boots, &row);
	w->boot = w->boot ? w->boot : sqlite3_last_insert_rowid(w->store->db);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && !error; i++)
		error = parts[i](w);
	if (!error && w->options->keep_log && w->v->record->messages.nr)
		error = write_log(w);
	return error;
}

/* --- boots that are known --- */

struct known_boot {
	int64_t id; /* 0: not known */
	size_t nr_sources;
};

static size_t count_words(struct str s)
{
	struct str word;
	size_t nr = 0;

	while (str_cut_word(&s, &word))
		nr++;
	return nr;
}

static struct mia_error *find_boot(struct store *store, const char *key, struct known_boot *ret)
{
	struct mia_error *error = store->find_boot ? NULL : store_prepare(store, "SELECT id, sources FROM boots WHERE key = ?", &store->find_boot);
	sqlite3_stmt *stmt = store->find_boot;
	int rc;

	if (error)
		return error;
	rc = sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		ret->id = sqlite3_column_int64(stmt, 0);
		ret->nr_sources = count_words(str_of((const char *)sqlite3_column_text(stmt, 1)));
	} else if (rc != SQLITE_DONE) {
		error = store_error(store, NULL);
	}
	sqlite3_reset(stmt);
	return error;
}

/* Its parts go with it. */
static struct mia_error *delete_boot(struct store *store, int64_t id)
{
	struct mia_error *error = store->delete_boot ? NULL : store_prepare(store, "DELETE FROM boots WHERE id = ?", &store->delete_boot);
	int rc;

	if (error)
		return error;
	rc = sqlite3_bind_int64(store->delete_boot, 1, id);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(store->delete_boot);
	if (rc != SQLITE_DONE)
		error = store_error(store, NULL);
	sqlite3_reset(store->delete_boot);
	return error;
}

static struct mia_error *write_or_replace(struct writer *w, enum store_outcome *ret)
{
	struct known_boot old = { 0 };
	struct mia_error *error;
	char key[65];

	store_boot_key(w->v, key);
	error = find_boot(w->store, key, &old);
	if (error)
		return error;
	*ret = old.id ? STORE_REPLACED : STORE_NEW;
	if (old.id && !w->options->refresh && old.nr_sources >= count_words(source_list(w))) {
		*ret = STORE_KNOWN;
		return NULL;
	}
	w->boot = old.id;
	if (old.id)
		error = delete_boot(w->store, old.id);
	return error ? error : write_boot(w, key);
}

/* --- transactions --- */

void store_abandon(struct store *store)
{
	/* SQLite may have rolled back by itself: on a full disk it does. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->in_batch = store->in_boot = false;
	store->pending = (struct store_counts){ { 0 } };
	store_forget(store);
}

/*
 * A savepoint makes each boot whole or absent, whatever becomes of the others of its batch. On a full disk SQLite may roll back all
 * that is not committed: importing again brings it back.
 */
static void undo_boot(struct store *store)
{
	store_forget(store);
	store->in_boot = false;
	if (sqlite3_get_autocommit(store->db) || store_exec(store, "ROLLBACK TO boot; RELEASE boot"))
		store_abandon(store);
}

struct mia_error *store_commit(struct store *store)
{
	struct mia_error *error;

	/* Writing it was given up half way: memory ran out. */
	if (store->in_boot)
		undo_boot(store);
	error = store->in_batch ? store_exec(store, "COMMIT") : NULL;
	if (error) {
		store_abandon(store);
		return error;
	}
	store->in_batch = false;
	for (size_t i = 0; i < NR_STORE_OUTCOMES; i++)
		store->done.boots[i] += store->pending.boots[i];
	store->pending = (struct store_counts){ { 0 } };
	return NULL;
}

static struct mia_error *begin_boot(struct store *store)
{
	struct mia_error *error = store->in_batch ? NULL : store_exec(store, "BEGIN IMMEDIATE");

	if (!error && !store->in_batch) {
		store->in_batch = true;
		store->batch_end_msec = store_clock_msec() + BATCH_MSEC;
	}
	if (!error)
		error = store_exec(store, "SAVEPOINT boot");
	store->in_boot = !error;
	return error;
}

struct mia_error *store_add(struct store *store, struct arena *arena, const struct verdict *verdict, const struct store_add_options *options)
{
	struct writer w = { .store = store, .arena = arena, .v = verdict, .options = options };
	enum store_outcome outcome = STORE_KNOWN;
	struct mia_error *error = begin_boot(store);

	if (error)
		return error;
	error = write_or_replace(&w, &outcome);
	if (!error)
		error = store_exec(store, "RELEASE boot");
	if (error) {
		undo_boot(store);
		return error;
	}
	store->in_boot = false;
	store->pending.boots[outcome]++;
	return store_clock_msec() >= store->batch_end_msec ? store_commit(store) : NULL;
}

struct store_counts store_counts(const struct store *store) { return store->done; }
