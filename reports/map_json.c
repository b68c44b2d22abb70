/* map_json.c - see map_out.h. */
#include "map_out.h"

#include "json_out.h"
#include "mia/physmap.h"
#include "swatch.h"

#define SCHEMA "meminit-analyze/map/1"

static void write_segment(struct json_out *w, const struct phys_segment *s)
{
	bool in_zone = s->nid != NUMA_NO_NODE;
	char buf[32];

	json_out_object(w, NULL);
	json_out_u64(w, "start", s->range.start);
	json_out_u64(w, "end", s->range.end - 1);
	json_out_text(w, "kind", phys_kind_name(s->kind));
	json_out_text(w, "owner", segment_ledger_id(s));
	json_out_text(w, "label", segment_label(s));
	json_out_text(w, "type", s->type ? e820_type_text(s->type, buf) : NULL);
	json_out_maybe(w, "node", in_zone, (uint64_t)s->nid);
	json_out_text(w, "zone", in_zone ? zone_type_name(s->zone) : NULL);
	json_out_bool(w, "returned", s->returned);
	json_out_end_object(w);
}

void map_write_json(const struct verdict *v, FILE *out)
{
	struct physmap map;
	struct json_out w;

	physmap_build(v->boot->arena, v->boot, &map);
	json_out_init(&w, out);
	json_out_object(&w, NULL);
	json_out_text(&w, "schema", SCHEMA);
	json_out_text(&w, "input", v->input_name);
	json_out_u64(&w, "boot", v->boot_index);
	json_out_str(&w, "release", v->kernel->release.text);
	json_out_list(&w, "segments");
	for (size_t i = 0; i < map.nr; i++)
		write_segment(&w, &map.v[i]);
	json_out_end_list(&w);
	json_out_end_object(&w);
	json_out_end_line(&w);
}
