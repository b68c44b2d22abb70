/*
 * diff_side.c - one side of a comparison: an analysed boot, or a verdict document.
 */
#include "diff_private.h"

#include <string.h>

#include "json_map.h"
#include "mia/arena.h"

#define SCHEMA "meminit-analyze/verdict/1"

static uint32_t line_of_command_line(const struct boot_record *record)
{
	const struct fact *f = record ? facts_first(&record->log, FACT_COMMAND_LINE) : NULL;

	if (record && !f)
		f = facts_first(&record->log, FACT_KERNEL_COMMAND_LINE);
	return f ? f->line : 0;
}

/* Memory that was onlined without a line: what meminfo has beyond the model is that. */
static void add_onlined(struct arena *arena, const struct boot *b, struct diff_side *side)
{
	int64_t more = side->mem_total_bytes - (int64_t)PFN_PHYS(b->totalram.v);
	struct ledger own = { 0 };

	if (!b->onlined_later || !side->mem_total_observed || more <= 0 || ledger_find(&side->ledger, "returned.onlined"))
		return;
	for (size_t i = 0; i < side->ledger.nr; i++)
		*vec_push(arena, &own) = side->ledger.v[i];
	*vec_push(arena, &own) = (struct ledger_row){ .id = "returned.onlined", .parent = "returned", .label = "Memory plugged in later", .bytes = -more, .basis = AMOUNT_ESTIMATED };
	side->ledger = own;
}

void diff_side_of(struct arena *arena, const struct verdict *v, struct diff_side *ret)
{
	const struct key_value *total = v->record ? key_values_find(&v->record->meminfo, "MemTotal") : NULL;
	const struct boot *b = v->boot;

	*ret = (struct diff_side){
		.name = v->input_name, .release = v->kernel->release.text, .command_line = b->cmdline->text, .dmi = v->machine->dmi, .arch = str_of(arch_name(v->kernel->arch)),
		.command_line_number = line_of_command_line(v->record), .ledger = v->ledger, .ram_bytes = PFN_PHYS(b->physpages), .ramdisk = v->machine->ramdisk,
		.cpus = v->machine->possible_cpus, .e820 = v->machine->e820, .verdict = v, .is_prediction = v->prediction != NULL,
	};
	ret->mem_total_observed = total != NULL;
	ret->mem_total_known = total || (b->totalram.basis != AMOUNT_UNKNOWN && v->ledger.nr);
	ret->mem_total_bytes = total ? (int64_t)(total->value * KIB) : (int64_t)PFN_PHYS(b->totalram.v);
	ret->mem_total_basis = total ? AMOUNT_EXACT : b->totalram.basis;
	add_onlined(arena, b, ret);
}

/* --- from a document --- */

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *ret = NULL;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &ret) ? ret : NULL;
}

static struct str text_of(struct arena *arena, struct json_object *o)
{
	const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;

	return s ? str_of(arena_strndup(arena, s, strlen(s))) : (struct str){ 0 };
}

static enum basis basis_of(struct json_object *o)
{
	const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";

	for (int b = AMOUNT_UNKNOWN; b <= AMOUNT_EXACT; b++)
		if (!strcmp(s, basis_name((enum basis)b)))
			return (enum basis)b;
	return AMOUNT_UNKNOWN;
}

/* "dmesg:12" */
static uint32_t line_of(struct json_object *o)
{
	struct str s = str_of(json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "");
	uint64_t n;

	return str_starts(s, STR("dmesg:")) && str_to_u64(str_skip(s, 6), 10, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void read_row(struct arena *arena, struct json_object *o, struct ledger *ledger)
{
	struct json_object *source = member(o, "source");
	struct ledger_row *row;

	if (!text_of(arena, member(o, "owner")).n || !json_object_is_type(member(o, "bytes"), json_type_int))
		return;
	row = vec_push(arena, ledger);
	*row = (struct ledger_row){
		.id = text_of(arena, member(o, "owner")).p, .parent = text_of(arena, member(o, "parent")).p, .label = text_of(arena, member(o, "label")).p,
		.bytes = json_object_get_int64(member(o, "bytes")), .basis = basis_of(member(o, "basis")),
	};
	if (!row->label)
		row->label = row->id;
	for (size_t i = 0, n = 0; json_object_is_type(source, json_type_array) && i < json_object_array_length(source) && n < ARRAY_SIZE(row->lines); i++)
		if (line_of(json_object_array_get_idx(source, i)))
			row->lines[n++] = line_of(json_object_array_get_idx(source, i));
}

static uint32_t type_of(struct json_object *o)
{
	static const uint32_t types[] = {
		E820_TYPE_RAM, E820_TYPE_RESERVED, E820_TYPE_ACPI, E820_TYPE_NVS, E820_TYPE_UNUSABLE, E820_TYPE_PMEM, E820_TYPE_PRAM, E820_TYPE_RESERVED_KERN, E820_TYPE_SOFT_RESERVED,
	};
	const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(s, e820_type_text(types[i], buf)))
			return types[i];
	return E820_TYPE_UNKNOWN;
}

static void read_map(struct arena *arena, struct json_object *list, struct e820_table *ret)
{
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		*vec_push(arena, ret) = (struct e820_entry){
			.start = json_object_get_uint64(member(o, "start")), .end = json_object_get_uint64(member(o, "end")) + 1, .type = type_of(member(o, "type")),
		};
	}
}

static void read_total(struct json_object *doc, struct diff_side *ret)
{
	struct json_object *observed = member(member(doc, "observed"), "mem_total_kib"), *predicted = member(member(doc, "predicted"), "mem_total_kib");
	struct json_object *total = observed ? observed : predicted;

	ret->mem_total_observed = observed != NULL;
	ret->mem_total_known = json_object_is_type(total, json_type_int);
	ret->mem_total_bytes = ret->mem_total_known ? json_object_get_int64(total) * (int64_t)KIB : 0;
	ret->mem_total_basis = observed ? AMOUNT_EXACT : basis_of(member(member(doc, "predicted"), "mem_total_basis"));
}

/* A prediction says so first among what is not known. */
static bool is_prediction(struct json_object *gaps)
{
	for (size_t i = 0; json_object_is_type(gaps, json_type_array) && i < json_object_array_length(gaps); i++) {
		struct json_object *id = member(json_object_array_get_idx(gaps, i), "id");

		if (json_object_is_type(id, json_type_string) && !strcmp(json_object_get_string(id), "prediction"))
			return true;
	}
	return false;
}

struct mia_error *diff_side_load(struct arena *arena, const char *path, struct diff_side *ret)
{
	struct json_object *doc = NULL, *ledger, *kernel, *machine;
	struct mia_error *error = json_load(arena, path, &doc);

	if (error)
		return error;
	if (!str_is(text_of(arena, member(doc, "schema")), SCHEMA)) {
		json_object_put(doc);
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: no verdict document (%s); 'predict --json' and 'analyze --json' write them", path, SCHEMA);
	}
	kernel = member(doc, "kernel");
	machine = member(doc, "machine");
	ledger = member(doc, "ledger");
	*ret = (struct diff_side){
		.name = path, .release = text_of(arena, member(kernel, "release")), .command_line = text_of(arena, member(kernel, "command_line")), .dmi = text_of(arena, member(machine, "dmi")),
		.arch = text_of(arena, member(kernel, "arch")), .cpus = (uint32_t)json_object_get_int64(member(machine, "cpus")),
		.ram_bytes = PFN_PHYS(json_object_get_uint64(member(member(doc, "predicted"), "physpages"))),
	};
	for (size_t i = 0; json_object_is_type(ledger, json_type_array) && i < json_object_array_length(ledger); i++)
		read_row(arena, json_object_array_get_idx(ledger, i), &ret->ledger);
	read_map(arena, member(machine, "e820"), &ret->e820);
	read_total(doc, ret);
	ret->is_prediction = is_prediction(member(doc, "gaps"));
	json_object_put(doc);
	return ret->ledger.nr ? NULL : mia_error_new(arena, MIA_ERROR_INPUT, "%s: the verdict has no ledger: its boot showed no memory map", path);
}
