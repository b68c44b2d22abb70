/* json_prediction.c - see json_parts.h: the part of the verdict document about a boot that has not happened. */
#include "json_parts.h"

static void prediction_groups(struct json_out *w, const struct prediction *p)
{
	json_out_object(w, "basis");
	for (int g = 0; g < NR_VALUE_GROUPS; g++) {
		json_out_object(w, value_group_name((enum value_group)g));
		json_out_text(w, "basis", basis_name(p->group[g].basis));
		json_out_list(w, "because");
		for (int u = 0; u < NR_UNKNOWNS; u++)
			if (p->group[g].because[u])
				json_out_text(w, NULL, unknown_name((enum unknown_id)u));
		json_out_end_list(w);
		json_out_end_object(w);
	}
	json_out_end_object(w);
}

static void prediction_unknowns(struct json_out *w, const struct prediction *p)
{
	json_out_list(w, "unknowns");
	for (int u = 0; u < NR_UNKNOWNS; u++) {
		if (!p->unknown[u])
			continue;
		json_out_object(w, NULL);
		json_out_text(w, "id", unknown_name((enum unknown_id)u));
		json_out_text(w, "title", unknown_title((enum unknown_id)u));
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

static void prediction_answers(struct json_out *w, const struct outcomes *answers)
{
	json_out_list(w, "answers");
	for (size_t i = 0; i < answers->nr; i++) {
		json_out_object(w, NULL);
		json_out_text(w, "id", answers->v[i].id);
		json_out_bool(w, "ok", !answers->v[i].bad);
		json_out_text(w, "text", answers->v[i].text);
		json_out_end_object(w);
	}
	json_out_end_list(w);
}

/* null for a range that is not there */
static void hole(struct json_out *w, const char *key, struct phys_range r)
{
	if (phys_len(r)) {
		json_out_object(w, key);
		json_out_u64(w, "start", r.start);
		json_out_u64(w, "end", r.end - 1);
		json_out_end_object(w);
	} else {
		json_out_null(w, key);
	}
}

static void prediction_room(struct json_out *w, const struct prediction *p, const struct boot *b)
{
	json_out_object(w, "room");
	json_out_u64(w, "crashkernel_low_min_bytes", p->crash_hole_min);
	json_out_u64(w, "crashkernel_low_max_bytes", p->crash_hole_max);
	hole(w, "crashkernel_low", b->crash_hole_low);
	hole(w, "crashkernel_high", b->crash_hole_high);
	hole(w, "swiotlb", b->swiotlb_hole);
	json_out_list(w, "gigantic_pages");
	for (size_t n = 0; n < b->nr_nodes; n++) {
		if (!b->node[n].online)
			continue;
		json_out_object(w, NULL);
		json_out_u64(w, "node", n);
		json_out_u64(w, "pages", b->node[n].gigantic_room);
		json_out_end_object(w);
	}
	json_out_end_list(w);
	json_out_end_object(w);
}

static void prediction_requests(struct json_out *w, const struct boot *b)
{
	json_out_object(w, "requests");
	json_out_u64(w, "crashkernel_bytes", b->crash_asked_bytes);
	hole(w, "crashkernel", b->crashkernel);
	json_out_u64(w, "crashkernel_low_bytes", b->crash_low_bytes);
	json_out_u64(w, "gigantic_pages", b->gigantic_asked);
	json_out_u64(w, "gigantic_pages_got", b->gigantic.nr);
	hole(w, "swiotlb", b->swiotlb);
	hole(w, "cma", b->cma);
	json_out_end_object(w);
}

static void spread(struct json_out *w, const char *key, const struct spread *s, uint64_t unit)
{
	json_out_object(w, key);
	json_out_u64(w, "min", s->min * unit);
	json_out_u64(w, "p05", s->p05 * unit);
	json_out_u64(w, "median", s->median * unit);
	json_out_u64(w, "p95", s->p95 * unit);
	json_out_u64(w, "max", s->max * unit);
	json_out_end_object(w);
}

static void prediction_trials(struct json_out *w, const struct kaslr_trials *t)
{
	json_out_object(w, "kaslr");
	json_out_u64(w, "trials", t->nr);
	json_out_u64(w, "seed", t->seed);
	json_out_u64(w, "slots", t->slots);
	spread(w, "mem_total_kib", &t->mem_total, PAGE_SIZE / KIB);
	spread(w, "crashkernel_low_room_bytes", &t->crash_hole, 1);
	json_out_list(w, "zones");
	for (size_t i = 0; i < t->nr_zones; i++) {
		json_out_object(w, NULL);
		json_out_i64(w, "node", t->zone[i].nid);
		json_out_text(w, "name", zone_type_name(t->zone[i].zone));
		spread(w, "managed", &t->zone[i].managed, 1);
		json_out_end_object(w);
	}
	json_out_end_list(w);
	json_out_u64(w, "crashkernel_failed", t->crash_failed);
	json_out_u64(w, "gigantic_pages_short", t->gigantic_short);
	json_out_u64(w, "gigantic_pages_least", t->least_gigantic);
	json_out_u64(w, "swiotlb_failed", t->swiotlb_failed);
	json_out_u64(w, "image_hit", t->image_hit);
	json_out_end_object(w);
}

static void prediction_places(struct json_out *w, const struct prediction *p)
{
	json_out_list(w, "image_places");
	for (size_t i = 0; i < p->places.nr; i++)
		json_range(w, p->places.v[i].start, p->places.v[i].end);
	json_out_end_list(w);
	json_out_u64(w, "image_slots", p->nr_places);
	json_out_u64(w, "boots_tried", p->nr_boots);
}

void json_prediction(struct json_out *w, const struct verdict *v)
{
	const struct prediction *p = v->prediction;

	if (!p)
		return;
	json_out_object(w, "prediction");
	prediction_answers(w, &p->outcomes);
	prediction_unknowns(w, p);
	prediction_groups(w, p);
	prediction_places(w, p);
	prediction_requests(w, v->boot);
	prediction_room(w, p, v->boot);
	json_out_maybe(w, "mem_total_before_kib", p->has_before, p->before_kib);
	json_out_u64(w, "memory_regions", p->memory_regions);
	json_out_u64(w, "partial_sections", p->straddled_sections);
	json_out_u64(w, "memmap_of_holes_bytes", p->hole_memmap_bytes);
	if (p->trials)
		prediction_trials(w, p->trials);
	if (p->hotplug) {
		json_out_object(w, "hotplug");
		json_out_u64(w, "bytes", p->hotplug->bytes);
		json_out_u64(w, "memmap_bytes", p->hotplug->memmap_bytes);
		json_out_u64(w, "most_bytes", p->hotplug->most_bytes);
		json_out_end_object(w);
	}
	json_out_end_object(w);
}
