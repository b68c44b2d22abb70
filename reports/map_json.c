/* map_json.c - see map_out.h. */
#include "map_out.h"

#include "json_text.h"
#include "mia/physmap.h"
#include "swatch.h"

#define SCHEMA "meminit-analyze/map/1"

static void add(struct json_object *to, const char *key, struct json_object *value) { json_object_object_add(to, key, value); }

static struct json_object *segment_json(const struct phys_segment *s)
{
	struct json_object *o = json_object_new_object();
	bool in_zone = s->nid != NUMA_NO_NODE;
	char buf[32];

	add(o, "start", json_object_new_uint64(s->range.start));
	add(o, "end", json_object_new_uint64(s->range.end - 1));
	add(o, "kind", json_text(str_of(phys_kind_name(s->kind))));
	add(o, "owner", json_text(str_of(segment_ledger_id(s))));
	add(o, "label", json_text(str_of(segment_label(s))));
	add(o, "type", s->type ? json_text(str_of(e820_type_text(s->type, buf))) : NULL);
	add(o, "node", in_zone ? json_object_new_int(s->nid) : NULL);
	add(o, "zone", in_zone ? json_text(str_of(zone_type_name(s->zone))) : NULL);
	add(o, "returned", json_object_new_boolean(s->returned));
	return o;
}

void map_write_json(const struct verdict *v, FILE *out)
{
	struct json_object *doc = json_object_new_object(), *segments = json_object_new_array();
	struct physmap map;

	physmap_build(v->boot->arena, v->boot, &map);
	for (size_t i = 0; i < map.nr; i++)
		json_object_array_add(segments, segment_json(&map.v[i]));
	add(doc, "schema", json_object_new_string(SCHEMA));
	add(doc, "input", json_text(str_of(v->input_name)));
	add(doc, "boot", json_object_new_uint64(v->boot_index));
	add(doc, "release", json_text(v->kernel->release.text));
	add(doc, "segments", segments);
	json_write_line(doc, out);
	json_object_put(doc);
}
