/* sink_text.c - the report for people: what was lost and found, ledger, zones, findings. */
#include "sink_text.h"

#include <inttypes.h>

static void write_zones(struct sink *s, const struct verdict *v)
{
	const struct boot *b = v->boot;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones; i++) {
			const struct zone *z = &b->node[n].zone[b->zone_order[i]];

			if (z->present)
				fprintf(s->out, "  %zu %-8s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %s\n", n, zone_type_name(z->type), z->spanned, z->present, z->managed.v, basis_name(z->managed.basis));
		}
}

static void write_verdict(struct sink *s, const struct verdict *v) { write_zones(s, v); }

const struct sink_ops sink_text = { .name = "text", .verdict = write_verdict };
