/* diff_json.c - a comparison as JSON; see diff_out.h. */
#include "diff_out.h"

#include <inttypes.h>

#include "json_text.h"

#define SCHEMA "meminit-analyze/diff/1"

static void add(struct json_object *to, const char *key, struct json_object *value) { json_object_object_add(to, key, value); }

static struct json_object *text(const char *s) { return json_text(str_of(s)); }

static struct json_object *side_json(const struct diff_side *s)
{
	struct json_object *o = json_object_new_object();

	add(o, "input", text(s->name));
	add(o, "boot", s->verdict ? json_object_new_uint64(s->verdict->boot_index) : NULL);
	add(o, "sha256", s->verdict ? text(s->verdict->sha256) : NULL);
	add(o, "release", json_text(s->release));
	add(o, "arch", json_text(s->arch));
	add(o, "command_line", json_text(s->command_line));
	add(o, "dmi", json_text(s->dmi));
	add(o, "predicted", json_object_new_boolean(s->is_prediction));
	add(o, "mem_total_kib", s->mem_total_known ? json_object_new_int64(s->mem_total_bytes / 1024) : NULL);
	add(o, "mem_total_observed", json_object_new_boolean(s->mem_total_observed));
	add(o, "present_bytes", json_object_new_uint64(s->ram_bytes));
	return o;
}

static struct json_object *lines_json(const uint32_t lines[4])
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < 4 && lines[i]; i++)
		json_object_array_add(a, json_object_new_uint64(lines[i]));
	return a;
}

static struct json_object *shares_json(const int64_t share[NR_FACTORS])
{
	struct json_object *o = json_object_new_object();

	for (int f = 0; f < NR_FACTORS; f++)
		add(o, diff_factor_name((enum diff_factor)f), json_object_new_int64(share[f]));
	return o;
}

static struct json_object *row_json(const struct diff *d, const struct diff_row *r)
{
	struct json_object *o = json_object_new_object();

	add(o, "owner", text(r->id));
	add(o, "label", text(r->label));
	add(o, "parent", text(r->parent));
	add(o, "kind", text(diff_kind_name(r->kind)));
	add(o, "a_bytes", json_object_new_int64(r->a));
	add(o, "b_bytes", json_object_new_int64(r->b));
	add(o, "mem_total_bytes", json_object_new_int64(r->effect));
	add(o, "basis", text(basis_name(r->basis)));
	add(o, "cause", r->effect && r->separated ? text(diff_factor_name(r->cause)) : NULL);
	add(o, "because", text(r->because));
	add(o, "shares", d->separated ? shares_json(r->share) : NULL);
	add(o, "a_start", r->a_start ? json_object_new_uint64(r->a_start) : NULL);
	add(o, "b_start", r->b_start ? json_object_new_uint64(r->b_start) : NULL);
	add(o, "a_lines", lines_json(r->a_lines));
	add(o, "b_lines", lines_json(r->b_lines));
	return o;
}

static struct json_object *inputs_json(const struct diff *d)
{
	struct json_object *o = json_object_new_object();

	add(o, "dmi", d->machine_known ? json_object_new_boolean(d->same_machine) : NULL);
	add(o, "firmware_map", json_object_new_boolean(d->same_map));
	add(o, "numa_tables", json_object_new_boolean(d->same_tables));
	add(o, "kernel", json_object_new_boolean(d->same_kernel));
	add(o, "command_line", json_object_new_boolean(d->same_command_line));
	add(o, "initrd_size", json_object_new_boolean(d->same_ramdisk));
	add(o, "cpus", json_object_new_boolean(d->same_cpus));
	return o;
}

static struct json_object *findings_json(const struct findings *findings)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < findings->nr; i++) {
		const struct finding *f = &findings->v[i];
		struct json_object *o = json_object_new_object();

		add(o, "id", text(f->id));
		add(o, "name", text(f->name));
		add(o, "severity", text(severity_name(f->severity)));
		add(o, "title", text(f->title));
		add(o, "detail", text(f->detail));
		add(o, "bytes", f->bytes_known ? json_object_new_uint64(f->bytes) : NULL);
		add(o, "advice", text(f->advice));
		json_object_array_add(a, o);
	}
	return a;
}

void diff_write_json(const struct diff *d, FILE *out)
{
	struct json_object *doc = json_object_new_object(), *rows = json_object_new_array();

	add(doc, "schema", json_object_new_string(SCHEMA));
	add(doc, "a", side_json(&d->a));
	add(doc, "b", side_json(&d->b));
	add(doc, "sentence", json_text(d->sentence));
	add(doc, "same", inputs_json(d));
	add(doc, "mem_total_change_bytes", d->change_known ? json_object_new_int64(d->change) : NULL);
	add(doc, "residue_bytes", d->change_known ? json_object_new_int64(d->residue) : NULL);
	add(doc, "by_input", d->separated ? shares_json(d->by_factor) : NULL);
	add(doc, "not_separated_bytes", d->separated ? json_object_new_int64(d->unseparated) : NULL);
	for (size_t i = 0; i < d->nr; i++)
		json_object_array_add(rows, row_json(d, &d->v[i]));
	add(doc, "rows", rows);
	add(doc, "findings", findings_json(&d->findings));
	json_write_line(doc, out);
	json_object_put(doc);
}
