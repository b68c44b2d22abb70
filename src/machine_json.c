/* machine_json.c - see machine_json.h. One table says what is written and read; the rest refuses what cannot be. */
#include "machine_json.h"

#include <inttypes.h>
#include <string.h>

#include "json_map.h"
#include "json_text.h"
#include "mia/arena.h"

#define SCHEMA "meminit-analyze/machine/1"
#define MAX_LIST 65536
#define MIN_PHYS_BITS 32
#define MAX_PHYS_BITS 52

/* --- kinds of members that only a machine has --- */

static struct json_object *write_e820_type(const struct json_field *field, const void *member)
{
	char buf[32];

	(void)field;
	return json_object_new_string(e820_type_text(*(const uint32_t *)member, buf));
}

static void read_e820_type(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	uint64_t number;

	(void)field;
	if (json_object_is_type(value, json_type_string)) {
		if (!e820_type_from_text(str_of(json_object_get_string(value)), member))
			json_fail(r, "no memory type; there are usable, reserved, ACPI data, ACPI NVS, unusable, soft reserved, and \"type N\"");
	} else if (json_get_u64(r, value, UINT32_MAX, &number)) {
		*(uint32_t *)member = (uint32_t)number;
	}
}

static const struct json_codec e820_type = { write_e820_type, read_e820_type };

static const char *const mtrr_types[] = { "uncachable", "write-combining", "type 2", "type 3", "write-through", "write-protect", "write-back", NULL };
static const char *const map_sources[] = { "BIOS-e820", "BIOS-e801", "BIOS-88", "Xen", NULL };

/* Enums kept in a byte or two. */
static struct json_object *write_name8(const struct json_field *field, const void *member)
{
	return json_object_new_string(((const char *const *)field->arg)[*(const uint8_t *)member]);
}

static void read_name8(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	int v = 0;

	as_name.read(r, field, value, &v);
	*(uint8_t *)member = (uint8_t)v;
}

static const struct json_codec name8 = { write_name8, read_name8 };

static struct json_object *write_name16(const struct json_field *field, const void *member)
{
	return json_object_new_string(((const char *const *)field->arg)[*(const uint16_t *)member]);
}

static void read_name16(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	int v = 0;

	as_name.read(r, field, value, &v);
	*(uint16_t *)member = (uint16_t)v;
}

static const struct json_codec name16 = { write_name16, read_name16 };

/* A few letters in place; arg is how many fit. A log may have any bytes there: one that is no letter is a question mark, not more than one. */
static struct json_object *write_letters(const struct json_field *field, const void *member)
{
	char text[32] = "";

	for (size_t i = 0; i < (size_t)(uintptr_t)field->arg && i + 1 < sizeof(text) && ((const char *)member)[i]; i++) {
		char c = ((const char *)member)[i];

		text[i] = '?';
		if (c >= ' ' && c < 0x7f)
			text[i] = c;
	}
	return json_object_new_string(text);
}

static void read_letters(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	const size_t room = (size_t)(uintptr_t)field->arg;

	if (json_object_is_type(value, json_type_string) && (size_t)json_object_get_string_len(value) <= room)
		memcpy(member, json_object_get_string(value), (size_t)json_object_get_string_len(value));
	else
		json_fail(r, "a text of at most %zu characters is wanted", room);
}

static const struct json_codec letters = { write_letters, read_letters };

static struct json_object *write_flag(const struct json_field *field, const void *member)
{
	return json_object_new_boolean(*(const unsigned *)member & (unsigned)(uintptr_t)field->arg);
}

static void read_flag(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	bool on = false;

	as_bool.read(r, field, value, &on);
	if (on)
		*(unsigned *)member |= (unsigned)(uintptr_t)field->arg;
}

static const struct json_codec flag = { write_flag, read_flag };

/* Rows of distances; the member is the whole machine. */
static struct json_object *write_slit(const struct json_field *field, const void *member)
{
	const struct machine *m = member;
	struct json_object *rows = json_object_new_array();

	(void)field;
	for (size_t i = 0; i < m->nr_distance; i++) {
		struct json_object *row = json_object_new_array();

		for (size_t j = 0; j < m->nr_distance; j++)
			json_object_array_add(row, json_object_new_int(m->distance[i * m->nr_distance + j]));
		json_object_array_add(rows, row);
	}
	if (m->nr_distance)
		return rows;
	json_object_put(rows);
	return NULL;
}

static void read_slit_row(struct json_reader *r, struct json_object *row, size_t n, uint8_t *ret)
{
	if (!json_object_is_type(row, json_type_array) || json_object_array_length(row) != n) {
		json_fail(r, "%zu distances are wanted, as many as there are rows", n);
		return;
	}
	for (size_t j = 0; j < n && !r->error; j++) {
		size_t back = json_enter_index(r, j);
		uint64_t v;

		if (json_get_u64(r, json_object_array_get_idx(row, j), UINT8_MAX, &v))
			ret[j] = (uint8_t)v;
		json_leave(r, back);
	}
}

static void read_slit(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	struct machine *m = member;
	size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;

	(void)field;
	if (!n || n > MAX_NUMNODES) {
		json_fail(r, "a list of 1 to %d rows is wanted", MAX_NUMNODES);
		return;
	}
	m->nr_distance = n;
	m->distance = arena_array(r->arena, uint8_t, n * n);
	for (size_t i = 0; i < n && !r->error; i++) {
		size_t back = json_enter_index(r, i);

		read_slit_row(r, json_object_array_get_idx(value, i), n, m->distance + i * n);
		json_leave(r, back);
	}
}

static const struct json_codec slit = { write_slit, read_slit };

/* The node of each possible CPU; the member is the whole machine. */
static struct json_object *write_cpu_nodes(const struct json_field *field, const void *member)
{
	const struct machine *m = member;
	struct json_object *a;

	(void)field;
	if (!m->cpu_node)
		return NULL;
	a = json_object_new_array();
	for (size_t i = 0; i < m->possible_cpus; i++)
		json_object_array_add(a, json_object_new_int(m->cpu_node[i]));
	return a;
}

static void read_cpu_nodes(struct json_reader *r, const struct json_field *field, struct json_object *value, void *member)
{
	struct machine *m = member;
	struct node_ids ids = { 0 };

	as_ints.read(r, field, value, &ids);
	if (ids.nr != m->possible_cpus)
		json_fail(r, "%zu nodes for %" PRIu32 " possible CPUs", ids.nr, m->possible_cpus);
	m->cpu_node = ids.v;
}

static const struct json_codec cpu_nodes = { write_cpu_nodes, read_cpu_nodes };

/* --- the tables --- */

#define FIELD(key, codec, type, member) { key, &(codec), offsetof(type, member), JSON_OPTIONAL, NULL, 0 }
#define NEEDED(key, codec, type, member) { key, &(codec), offsetof(type, member), JSON_REQUIRED, NULL, 0 }
#define MAYBE(key, codec, type, member) { key, &(codec), offsetof(type, member), JSON_ZERO_IS_NULL, NULL, 0 }
#define WITH(key, codec, type, member, arg) { key, &(codec), offsetof(type, member), JSON_OPTIONAL, arg, 0 }
/* The bool beside it says whether it is known. */
#define KNOWN(key, codec, type, member, is_known, arg) { key, &(codec), offsetof(type, member), JSON_OPTIONAL, arg, offsetof(type, is_known) + 1 }

static const char *const arch_names[] = { "unknown", "x86_64", "i386", "mips", "other", NULL };
static const char *const firmware_names[] = { "unknown", "bios", "efi", "xen", NULL };
static const char *const efi_types[] = { "reserved", "loader code", "loader data", "boot code", "boot data", "runtime code", "runtime data", "conventional", "unusable",
					 "ACPI reclaim", "ACPI NVS", "MMIO", "MMIO port", "PAL code", "persistent", "unaccepted", "unknown", NULL };

static const struct json_field e820_rows[] = {
	NEEDED("start", as_u64, struct e820_entry, start),
	NEEDED("end", as_end, struct e820_entry, end),
	NEEDED("type", e820_type, struct e820_entry, type),
};
static const struct json_element e820_element = { JSON_FIELDS(e820_rows), sizeof(struct e820_entry) };

static const struct json_field efi_rows[] = {
	NEEDED("start", as_u64, struct efi_region, range.start),
	NEEDED("end", as_end, struct efi_region, range.end),
	WITH("type", as_name, struct efi_region, type, efi_types),
	FIELD("runtime", as_bool, struct efi_region, runtime),
};
static const struct json_element efi_element = { JSON_FIELDS(efi_rows), sizeof(struct efi_region) };

static const struct json_field edit_rows[] = {
	NEEDED("start", as_u64, struct map_edit, range.start),
	NEEDED("end", as_end, struct map_edit, range.end),
	NEEDED("from", e820_type, struct map_edit, from),
	NEEDED("to", e820_type, struct map_edit, to),
	FIELD("late", as_bool, struct map_edit, late),
};
static const struct json_element edit_element = { JSON_FIELDS(edit_rows), sizeof(struct map_edit) };

static const struct json_field srat_rows[] = {
	NEEDED("node", as_i32, struct srat_memory, node),
	FIELD("pxm", as_i32, struct srat_memory, pxm),
	NEEDED("start", as_u64, struct srat_memory, range.start),
	NEEDED("end", as_end, struct srat_memory, range.end),
	WITH("hotplug", flag, struct srat_memory, flags, (const void *)(uintptr_t)SRAT_HOT_PLUGGABLE),
	WITH("non_volatile", flag, struct srat_memory, flags, (const void *)(uintptr_t)SRAT_NON_VOLATILE),
};
static const struct json_element srat_element = { JSON_FIELDS(srat_rows), sizeof(struct srat_memory) };

static const struct json_field acpi_rows[] = {
	{ "signature", &letters, offsetof(struct acpi_table, signature), JSON_REQUIRED, (const void *)(uintptr_t)4, 0 },
	WITH("oem", letters, struct acpi_table, oem, (const void *)(uintptr_t)6),
	NEEDED("address", as_u64, struct acpi_table, address),
	FIELD("length", as_u64, struct acpi_table, length),
};
static const struct json_element acpi_element = { JSON_FIELDS(acpi_rows), sizeof(struct acpi_table) };

static const struct json_field mtrr_range_rows[] = {
	NEEDED("start", as_u64, struct mtrr_range, range.start),
	NEEDED("end", as_end, struct mtrr_range, range.end),
	WITH("type", name8, struct mtrr_range, type, mtrr_types),
};
static const struct json_element mtrr_range_element = { JSON_FIELDS(mtrr_range_rows), sizeof(struct mtrr_range) };

static const struct json_field mtrr_rows[] = {
	WITH("default", name8, struct mtrr_state, default_type, mtrr_types),
	FIELD("fixed_enabled", as_bool, struct mtrr_state, fixed_enabled),
	{ "ranges", &as_list, offsetof(struct mtrr_state, v), JSON_OPTIONAL, &mtrr_range_element, 0 },
};
static const struct json_fields mtrr_fields = JSON_FIELDS(mtrr_rows);

static const struct json_field cpu_rows[] = {
	MAYBE("possible", as_u32, struct machine, possible_cpus),
	MAYBE("online", as_u32, struct machine, online_cpus),
	{ "nodes", &cpu_nodes, 0, JSON_OPTIONAL, NULL, 0 },
	KNOWN("physical_address_bits", as_u32, struct machine, phys_bits, phys_bits_known, NULL),
	KNOWN("gbpages", as_bool, struct machine, gbpages, gbpages_known, NULL),
	KNOWN("five_level", as_bool, struct machine, five_level, five_level_known, NULL),
};
static const struct json_fields cpu_fields = JSON_FIELDS(cpu_rows);

static const struct json_field doc_rows[] = {
	MAYBE("release", as_text, struct machine_doc, release),
	MAYBE("command_line", as_text, struct machine_doc, command_line),
	WITH("arch", as_name, struct machine_doc, machine.arch, arch_names),
	WITH("firmware", as_name, struct machine_doc, machine.firmware, firmware_names),
	MAYBE("dmi", as_text, struct machine_doc, machine.dmi),
	MAYBE("bios", as_text, struct machine_doc, machine.bios),
	FIELD("guest", as_bool, struct machine_doc, machine.hypervisor),
	MAYBE("hypervisor", as_text, struct machine_doc, machine.hypervisor_name),
	FIELD("encrypted", as_bool, struct machine_doc, machine.encrypted),
	FIELD("no_dmi", as_bool, struct machine_doc, machine.no_dmi),
	FIELD("pv_spinlocks", as_bool, struct machine_doc, machine.pv_spinlocks),
	MAYBE("installed_bytes", as_u64, struct machine_doc, machine.installed_bytes),
	MAYBE("xen_pages", as_u64, struct machine_doc, machine.xen_pages),
	{ "cpus", &as_group, offsetof(struct machine_doc, machine), JSON_OPTIONAL, &cpu_fields, 0 },
	WITH("e820_source", name16, struct machine_doc, machine.e820_tag, map_sources),
	{ "e820", &as_list, offsetof(struct machine_doc, machine.e820), JSON_REQUIRED, &e820_element, 0 },
	{ "setup_data", &as_ranges, offsetof(struct machine_doc, machine.setup_data), JSON_OPTIONAL, NULL, 0 },
	{ "edits", &as_list, offsetof(struct machine_doc, machine.edits), JSON_OPTIONAL, &edit_element, 0 },
	{ "efi", &as_list, offsetof(struct machine_doc, machine.efi), JSON_OPTIONAL, &efi_element, 0 },
	FIELD("efi_memmap", as_range, struct machine_doc, machine.efi_memmap),
	FIELD("efi_memattr", as_range, struct machine_doc, machine.efi_memattr),
	FIELD("efi_tables", as_ranges, struct machine_doc, machine.efi_reserved),
	MAYBE("efi_boot_services_bytes", as_u64, struct machine_doc, machine.efi_boot_bytes),
	FIELD("efi_mmio_removed", as_ranges, struct machine_doc, machine.mmio_removed),
	{ "srat", &as_list, offsetof(struct machine_doc, machine.srat), JSON_OPTIONAL, &srat_element, 0 },
	FIELD("srat_cpus", as_ints, struct machine_doc, machine.apic_node),
	FIELD("srat_rejected", as_bool, struct machine_doc, machine.srat_rejected),
	{ "slit", &slit, offsetof(struct machine_doc, machine), JSON_OPTIONAL, NULL, 0 },
	FIELD("slit_invalid", as_bool, struct machine_doc, machine.slit_invalid),
	KNOWN("mtrr", as_group, struct machine_doc, machine.mtrr, machine.mtrr.known, &mtrr_fields),
	FIELD("modules_known", as_bool, struct machine_doc, machine.modules_known),
	MAYBE("tom2", as_u64, struct machine_doc, machine.tom2),
	FIELD("ramdisk", as_range, struct machine_doc, machine.ramdisk),
	{ "acpi", &as_list, offsetof(struct machine_doc, machine.acpi), JSON_OPTIONAL, &acpi_element, 0 },
	MAYBE("acpi_in_ramdisk_bytes", as_u64, struct machine_doc, machine.acpi_in_ramdisk_bytes),
	FIELD("mptable", as_range, struct machine_doc, machine.mptable),
	FIELD("mpc", as_range, struct machine_doc, machine.mpc),
	MAYBE("ioapics", as_u32, struct machine_doc, machine.ioapics),
	MAYBE("xsave_bytes", as_u32, struct machine_doc, machine.xsave_bytes),
	MAYBE("ebda", as_u64, struct machine_doc, machine.ebda_base),
	MAYBE("kernel_base", as_u64, struct machine_doc, machine.kernel_base),
};
static const struct json_fields doc_fields = JSON_FIELDS(doc_rows);

/* --- both ways --- */

/* Distances between emulated nodes are those between the nodes that they were cut from. */
static void undo_distances(const struct boot *b, struct machine *m)
{
	size_t nr = 0;
	uint8_t *distance;

	if (!b->record || !b->record->nodes.nr || !m->distance)
		return;
	for (size_t i = 0; i < b->fakes.nr; i++)
		nr = (size_t)b->fakes.v[i].physical >= nr ? (size_t)b->fakes.v[i].physical + 1 : nr;
	distance = arena_array(b->arena, uint8_t, nr * nr);
	for (size_t i = 0; i < b->fakes.nr; i++)
		for (size_t j = 0; j < b->fakes.nr; j++)
			distance[(size_t)b->fakes.v[i].physical * nr + (size_t)b->fakes.v[j].physical] = machine_distance(m, b->fakes.v[i].nid, b->fakes.v[j].nid);
	m->distance = distance;
	m->nr_distance = nr;
}

/* CPUs that a log shows on emulated nodes belong to the nodes that those were cut from. */
static void undo_emulation(const struct boot *b, struct machine *m)
{
	int *node;

	if (!b->numa_fake)
		return;
	undo_distances(b, m);
	if (!m->cpu_node)
		return;
	node = arena_array(b->arena, int, m->possible_cpus);
	for (size_t cpu = 0; cpu < m->possible_cpus; cpu++) {
		node[cpu] = m->cpu_node[cpu];
		for (size_t i = 0; m->cpu_said && m->cpu_said[cpu] && i < b->fakes.nr; i++)
			if (b->fakes.v[i].nid == m->cpu_node[cpu])
				node[cpu] = b->fakes.v[i].physical;
	}
	m->cpu_node = node;
	m->cpu_said = NULL;
}

void machine_of_boot(const struct boot *b, struct machine_doc *ret)
{
	struct machine *m = &ret->machine;

	*m = *b->machine;
	m->kernel_base = b->kernel_base_known ? b->kernel_base : m->kernel_base_guessed ? 0 : m->kernel_base;
	m->kernel_base_guessed = false;
	m->kernel_elsewhere = (struct phys_ranges){ 0 };
	m->brk_table = 0;
	m->edits = b->input_edits;
	m->efi_boot_bytes = b->record ? PFN_PHYS(b->balance.unplaced_pages) : m->efi_boot_bytes;
	undo_emulation(b, m);
	ret->release = b->kernel->release.text;
	ret->command_line = b->cmdline->text;
}

struct json_object *machine_to_json(const struct machine_doc *machine)
{
	struct json_object *doc = json_object_new_object(), *members = json_map_write(&doc_fields, machine);

	json_object_object_add(doc, "schema", json_object_new_string(SCHEMA));
	json_object_object_foreach(members, key, value) json_object_object_add(doc, key, json_object_get(value));
	json_object_put(members);
	return doc;
}

static void check_e820(struct json_reader *r, const struct machine *m)
{
	size_t back = json_enter(r, "e820");

	/* What the kernel, too, refuses a whole map for; then it asks the BIOS in older ways, and their answers are not here. */
	if (m->e820.nr < 2 && m->arch != ARCH_MIPS)
		json_fail(r, "at least two ranges are wanted: no kernel takes a map with fewer");
	if (m->e820.nr > MAX_LIST)
		json_fail(r, "%zu ranges; the limit is %d", m->e820.nr, MAX_LIST);
	for (size_t i = 0; i < m->e820.nr && !r->error; i++) {
		const struct e820_entry *e = &m->e820.v[i];
		size_t at = json_enter_index(r, i);

		if (e->end < e->start)
			json_fail(r, "ends before it starts: such a range wraps around the end of the address space");
		else if (e->type == E820_TYPE_RAM && e->end > PHYS_LIMIT)
			json_fail(r, "memory above 4 PiB (0x%" PRIx64 "), which no processor has addresses for", PHYS_LIMIT);
		json_leave(r, at);
	}
	json_leave(r, back);
}

static void name_node(struct json_reader *r, struct machine *m, int node)
{
	if (node < 0 || node >= MAX_NUMNODES)
		json_fail(r, "node %d; the limit is %d", node, MAX_NUMNODES - 1);
	else if (node > m->max_node)
		m->max_node = node;
}

static void check_nodes(struct json_reader *r, struct machine *m)
{
	size_t back = json_enter(r, "srat");

	for (size_t i = 0; i < m->srat.nr && !r->error; i++) {
		size_t at = json_enter_index(r, i);

		name_node(r, m, m->srat.v[i].node);
		if (m->srat.v[i].range.end < m->srat.v[i].range.start)
			json_fail(r, "ends before it starts");
		json_leave(r, at);
	}
	json_leave(r, back);
	back = json_enter(r, "srat_cpus");
	for (size_t i = 0; i < m->apic_node.nr && !r->error; i++)
		name_node(r, m, m->apic_node.v[i]);
	json_leave(r, back);
	back = json_enter(r, "cpus");
	for (size_t i = 0; m->cpu_node && i < m->possible_cpus && !r->error; i++)
		name_node(r, m, m->cpu_node[i]);
	if (m->possible_cpus > MAX_CPUS || m->online_cpus > MAX_CPUS)
		json_fail(r, "the limit is %d CPUs", MAX_CPUS);
	json_leave(r, back);
	if (m->nr_distance && m->max_node < (int)m->nr_distance - 1)
		m->max_node = (int)m->nr_distance - 1;
	m->has_srat = m->srat.nr > 0;
}

static void check_cpu(struct json_reader *r, const struct machine *m)
{
	if (m->phys_bits_known && (m->phys_bits < MIN_PHYS_BITS || m->phys_bits > MAX_PHYS_BITS))
		json_fail(r, "cpus.physical_address_bits: %" PRIu32 "; processors have %d to %d", m->phys_bits, MIN_PHYS_BITS, MAX_PHYS_BITS);
	if (m->kernel_base % PAGE_SIZE || m->kernel_base >= PHYS_LIMIT)
		json_fail(r, "kernel_base: an address of a page below 4 PiB is wanted");
}

/* What a hand-written machine does not say. */
static void fill_in(struct machine *m)
{
	if (m->arch == ARCH_UNKNOWN)
		m->arch = ARCH_X86_64;
	if (m->firmware == FIRMWARE_UNKNOWN)
		m->firmware = m->efi.nr ? FIRMWARE_EFI : FIRMWARE_BIOS;
	if (!m->possible_cpus)
		m->possible_cpus = m->online_cpus;
	if (!m->online_cpus)
		m->online_cpus = m->possible_cpus;
}

struct mia_error *machine_from_json(struct arena *arena, struct json_object *json, const char *name, struct machine_doc *ret)
{
	struct json_reader r = { .arena = arena, .name = name };
	struct machine_doc doc = { 0 };
	struct json_object *schema = NULL;

	if (!json_object_is_type(json, json_type_object) || !json_object_object_get_ex(json, "schema", &schema) || !json_object_is_type(schema, json_type_string) ||
	    strcmp(json_object_get_string(schema), SCHEMA))
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: not a machine description (\"schema\": \"" SCHEMA "\")", name);
	json_map_read(&r, &doc_fields, json, &doc);
	if (!r.error)
		check_e820(&r, &doc.machine);
	if (!r.error)
		check_nodes(&r, &doc.machine);
	if (!r.error)
		check_cpu(&r, &doc.machine);
	if (r.error)
		return r.error;
	fill_in(&doc.machine);
	*ret = doc;
	return NULL;
}
