/*
 * explain_owner.c - all that one owner holds: ranges, bytes, the stage that took it, the lines that prove it.
 */
#include "explain_private.h"

#include <inttypes.h>

#include "mia/owned.h"

/* Ranges listed one by one; more are summed. */
#define RANGES_SHOWN 32

static bool owner_of(struct str name, enum owner *ret)
{
	for (int o = 0; o < NR_OWNERS; o++)
		if (str_is(name, owner_id((enum owner)o))) {
			*ret = (enum owner)o;
			return true;
		}
	return false;
}

static uint64_t say_ranges(struct explainer *e, enum owner owner)
{
	struct owned_ranges claims = owned_by_address(e->arena, e->b);
	uint64_t bytes = 0, more = 0, shown = 0;

	for (size_t i = 0; i < claims.nr; i++) {
		const struct owned_range *c = &claims.v[i];
		struct answer_row *r;
		const struct zone *zone;
		int nid;

		if (c->owner != owner)
			continue;
		bytes += phys_len(c->range);
		if (shown++ >= RANGES_SHOWN) {
			more++;
			continue;
		}
		r = row_range(e, "range", "Range", c->range.start, c->range.end);
		zone = boot_zone_of(e->b, PFN_DOWN(c->range.start), &nid);
		if (zone)
			row_why(e, r, "%.*s, node %d, zone %s.", STR_ARG(bytes_text(e, phys_len(c->range))), nid, zone_type_name(zone->type));
		row_stage(r, c->stage);
	}
	if (more)
		row_number(e, "more", "More ranges", more);
	return bytes;
}

static void say_requests(struct explainer *e, enum owner owner)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < e->b->allocations.nr; i++) {
		const struct allocation *a = &e->b->allocations.v[i];
		struct answer_row *r;

		if (a->owner != owner || !a->base)
			continue;
		if (nr++ >= RANGES_SHOWN)
			continue;
		r = row_bytes(e, "request", "Asked of memblock", a->request.size);
		row_why(e, r, "Aligned to %" PRIu64 "%s; it got 0x%" PRIx64 ".", a->request.align ? a->request.align : 64, a->request.nid == NUMA_NO_NODE ? "" : ", for a node", a->base);
		row_stage(r, a->stage);
		row_line(r, a->line);
	}
	if (nr > RANGES_SHOWN)
		row_number(e, "more_requests", "More requests", nr - RANGES_SHOWN);
}

static void say_children(struct explainer *e, const char *parent)
{
	const struct ledger *ledger = &e->verdict->ledger;

	for (size_t i = 0; i < ledger->nr; i++) {
		const struct ledger_row *l = &ledger->v[i];
		struct answer_row *r;

		if (!l->parent || !str_is(str_of(l->parent), parent) || l->bytes < 0)
			continue;
		r = row_bytes(e, l->id, l->label, (uint64_t)l->bytes);
		for (size_t k = 0; k < ARRAY_SIZE(l->lines); k++)
			row_line(r, l->lines[k]);
	}
}

static void list_owners(struct explainer *e)
{
	const struct ledger *ledger = &e->verdict->ledger;
	struct strbuf s = { .arena = e->arena };

	for (size_t i = 0; i < ledger->nr; i++)
		strbuf_printf(&s, "%s%s", s.n ? ", " : "", ledger->v[i].id);
	if (s.n)
		row_str(e, "owners", "Owners in this boot", strbuf_str(&s));
}

void explain_owner(struct explainer *e, const struct what *what)
{
	const struct ledger_row *row = ledger_find(&e->verdict->ledger, str_dup(e->arena, what->name));
	enum owner owner = OWNER_NONE;
	bool takes = owner_of(what->name, &owner);
	struct answer_row *r;
	uint64_t bytes = 0;

	explain_begin(e, what, "owner");
	if (!row) {
		explain_answer(e)->found = false;
		explain_sentence(e, takes ? "\"%s\" has nothing in this boot." : "No owner has that name%s", takes ? owner_label(owner) : ".");
		list_owners(e);
		return;
	}
	row_text(e, "label", "Name", "%s", row->label);
	r = row->bytes < 0 ? row_text(e, "bytes", "Bytes", "%" PRId64, row->bytes) : row_bytes(e, "bytes", "Bytes", (uint64_t)row->bytes);
	row_why(e, r, "Its row of the ledger (%s)%s.", basis_name(row->basis), row->bytes < 0 ? ": given back, so it counts the other way" : "");
	for (size_t k = 0; k < ARRAY_SIZE(row->lines); k++)
		row_line(r, row->lines[k]);
	if (row->parent)
		row_text(e, "parent", "Part of", "%s", row->parent);
	say_children(e, row->id);
	if (takes) {
		bytes = say_ranges(e, owner);
		say_requests(e, owner);
		if ((int64_t)bytes != row->bytes && row->bytes >= 0) {
			r = row_text(e, "unplaced", "Of unknown place", "%" PRId64 " bytes", row->bytes - (int64_t)bytes);
			row_why(e, r, "Counted by what the kernel stated in sum.");
		}
	}
	explain_sentence(e, "%s: %" PRId64 " bytes.", row->label, row->bytes);
}
