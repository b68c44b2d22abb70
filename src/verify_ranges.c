/*
 * verify_ranges.c - the model's resources against /proc/iomem, and its firmware map against /sys/firmware/memmap.
 *
 * The log's own map is what the model starts from; the two files show what became of it. An ordinary user sees iomem without
 * addresses: then its rows are not there, and nothing is compared.
 */
#include "verify.h"

#include <string.h>

/* What lies in RAM, or is RAM: names that the model makes. Devices have others. */
static bool is_image(struct str name) { return str_starts(name, STR("Kernel ")); }

static bool is_ram_name(struct str name) { return str_is(name, "System RAM"); }

static bool has_name(const struct boot *b, struct str name)
{
	for (size_t i = 0; i < b->iomem.nr; i++)
		if (str_is(name, b->iomem.v[i].name))
			return true;
	return false;
}

/* The model's resource of that name that has most of @e; NULL if none overlaps. */
static const struct range_list_entry *model_of(const struct boot *b, const struct iomem_entry *e)
{
	const struct range_list_entry *best = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < b->iomem.nr; i++) {
		const struct range_list_entry *r = &b->iomem.v[i];
		uint64_t n = phys_len(phys_clip(r->range, (struct phys_range){ e->start, e->end }));

		if (n > most && str_is(e->name, r->name)) {
			most = n;
			best = r;
		}
	}
	return best;
}

static void verify_resource(struct verifier *v, const struct iomem_entry *e)
{
	const struct range_list_entry *model = model_of(v->boot, e);
	struct check_of of = { "iomem.range", verify_name(v, "%.*s", STR_ARG(e->name)), SOURCE_IOMEM, e->line, STAGE_RESOURCES };
	struct check *c = verify_add(v, &of, model ? value_range(model->range.start, model->range.end) : value_unknown, value_range(e->start, e->end));

	if (!model && is_ram_name(e->name))
		c->slack_why = verify_added_bytes(v) || v->boot->onlined_later ? "memory was plugged in after the boot" : NULL;
	if (is_image(e->name) && !v->boot->kernel_base_known)
		verify_excuse(c, "where the image lies is not known");
	/* A device inside a reserved range that reaches over its border makes the kernel widen the range. */
	if (model && !is_ram_name(e->name) && !is_image(e->name) && e->start <= model->range.start && e->end >= model->range.end)
		verify_excuse(c, "a resource that was found later reaches over the border");
}

static void verify_iomem(struct verifier *v)
{
	for (size_t i = 0; i < v->record->iomem.nr; i++)
		if (has_name(v->boot, v->record->iomem.v[i].name))
			verify_resource(v, &v->record->iomem.v[i]);
}

/* Every piece of RAM of the model must be there. */
static void verify_all_ram(struct verifier *v)
{
	struct check_of of = { "iomem.ram_bytes", "machine", SOURCE_IOMEM, 0, STAGE_RESOURCES };
	uint64_t model = 0, file = 0, added = 0;

	for (size_t i = 0; i < v->record->iomem.nr; i++) {
		const struct iomem_entry *e = &v->record->iomem.v[i];

		if (!is_ram_name(e->name))
			continue;
		of.line = of.line ? of.line : e->line;
		if (model_of(v->boot, e))
			file += e->end - e->start;
		else
			added += e->end - e->start;
	}
	for (size_t i = 0; i < v->boot->iomem.nr; i++)
		if (is_ram_name(str_of(v->boot->iomem.v[i].name)))
			model += phys_len(v->boot->iomem.v[i].range);
	if (of.line && model)
		verify_add(v, &of, value_number(model), value_number(file));
	if (added) {
		of.id = "iomem.added_ram_bytes";
		verify_add(v, &of, value_unknown, value_number(added))->slack_why = "plugged in after the boot";
	}
}

/* --- the firmware's own map --- */

static const struct e820_entry *firmware_entry(const struct boot *b, const struct e820_entry *e)
{
	for (size_t i = 0; i < b->e820_kexec.nr; i++)
		if (b->e820_kexec.v[i].start == e->start && b->e820_kexec.v[i].end > e->start)
			return &b->e820_kexec.v[i];
	return NULL;
}

static void verify_firmware_map(struct verifier *v)
{
	const struct e820_table *file = &v->record->firmware_memmap;

	for (size_t i = 0; i < file->nr; i++) {
		const struct e820_entry *e = &file->v[i], *model = firmware_entry(v->boot, e);
		char buf[32];
		struct check_of of = { "firmware_memmap.entry", verify_name(v, "%s", e820_type_text(e->type, buf)), SOURCE_FIRMWARE_MEMMAP, e->line, STAGE_E820 };
		struct check *c;

		if (!v->boot->e820_kexec.nr)
			return;
		c = verify_add(v, &of, model ? value_range(model->start, model->end) : value_unknown, value_range(e->start, e->end));
		/* Memory that is plugged in gets an entry too. */
		if (!model && e->type == E820_TYPE_RAM)
			c->slack_why = "plugged in after the boot";
	}
}

void verify_ranges(struct verifier *v)
{
	verify_iomem(v);
	verify_all_ram(v);
	verify_firmware_map(v);
}
