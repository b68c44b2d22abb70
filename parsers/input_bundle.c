/*
 * input_bundle.c - the documents of one boot, wherever in a folder they stand: by plain names, as /proc and /sys have them,
 * in an sos report, in what hw-probe or Insights collects.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "input_private.h"
#include "mia/arena.h"
#include "mia/sha256.h"

#define MAX_SMALL_BYTES 65536

void input_add(struct arena *arena, struct input *input, const char *name, enum source_kind kind, struct str bytes)
{
	*vec_push(arena, input) = (struct input_doc){ .name = name, .kind = kind, .bytes = bytes };
}

bool input_has(const struct input *input, enum source_kind kind)
{
	for (size_t i = 0; i < input->nr; i++)
		if (input->v[i].kind == kind)
			return true;
	return false;
}

static int by_kind(const void *a, const void *b)
{
	const struct input_doc *x = a, *y = b;

	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

void input_finish(struct input *input)
{
	struct sha256 sha;

	if (input->nr)
		qsort(input->v, input->nr, sizeof(*input->v), by_kind);
	sha256_init(&sha);
	for (size_t i = 0; i < input->nr; i++) {
		sha256_add(&sha, input->v[i].bytes.p, input->v[i].bytes.n);
		if (input->v[i].kind == SOURCE_DMESG)
			break;
	}
	sha256_hex(&sha, input->sha256);
}

bool document_read(struct bundle_state *s, const char *path, struct str *ret)
{
	struct origin origin = { .name = path, .fd = -1 };
	bool cut;

	if (tree_read(s->tree, s->arena, path, MAX_LOG_BYTES, &s->unpacked->inner, ret, &cut))
		return false;
	if (is_packed(*ret)) {
		origin.bytes = *ret;
		if (unpack(s->arena, &origin, s->unpacked) || s->unpacked->is_archive)
			return false;
		cut |= s->unpacked->truncated;
		*ret = (struct str){ s->unpacked->scratch.p, s->unpacked->scratch.n };
	}
	s->input->truncated |= cut;
	return ret->n > 0;
}

/* Take the document at @path if it is what its name says. */
static bool document_take(struct bundle_state *s, const char *path, enum source_kind kind)
{
	const char *full = path_join(s->arena, s->folder, path);
	struct str bytes;

	if (!document_read(s, full, &bytes) || input_classify(path, bytes) != kind)
		return false;
	bytes.p = arena_strndup(s->arena, bytes.p, bytes.n);
	input_add(s->arena, s->input, path, kind, bytes);
	return true;
}

/* A log that lost its start is taken only where no other has it. */
static void log_take(struct bundle_state *s, const char *path, bool need_start)
{
	struct input *input = s->input;

	for (size_t i = 0; i < input->nr; i++) {
		if (input->v[i].kind != SOURCE_DMESG)
			continue;
		if (has_boot_lines(input->v[i].bytes))
			return;
		if (document_take(s, path, SOURCE_DMESG)) {
			if (has_boot_lines(input->v[input->nr - 1].bytes))
				input->v[i] = input->v[input->nr - 1];
			input->nr--;
		}
		return;
	}
	if (document_take(s, path, SOURCE_DMESG) && need_start && !has_boot_lines(input->v[input->nr - 1].bytes))
		input->nr--;
}

static void named_take(struct bundle_state *s, const char *path, enum source_kind kind)
{
	if (kind == SOURCE_DMESG)
		log_take(s, path, false);
	else if (kind != NR_SOURCES && !input_has(s->input, kind))
		document_take(s, path, kind);
}

static bool has_entry(const struct tree_entries *entries, struct str name)
{
	for (size_t i = 0; i < entries->nr; i++)
		if (str_is(name, entries->v[i].name))
			return entries->v[i].is_folder;
	return false;
}

/* Is there this folder in the bundle? */
static bool has_folder(const struct bundle_state *s, const char *path)
{
	struct str rest = str_of(path), first;

	return str_cut(&rest, '/', &first) && has_entry(s->entries, first) &&
	       tree_has(s->tree, s->arena, path_join(s->arena, s->folder, path));
}

/* What the names of the files in a folder of the bundle say. */
static void take_by_name(struct bundle_state *s, const char *folder, const struct tree_entries *entries, bool logs_only)
{
	for (size_t i = 0; i < entries->nr; i++) {
		enum source_kind kind = entries->v[i].is_folder ? NR_SOURCES : kind_of_name(entries->v[i].name);

		if (kind != NR_SOURCES && (!logs_only || kind == SOURCE_DMESG))
			named_take(s, path_join(s->arena, folder, entries->v[i].name), kind);
	}
}

static void take_folder(struct bundle_state *s, const char *folder, bool logs_only)
{
	struct tree_entries entries = { 0 };

	if (has_folder(s, folder) && !tree_list(s->tree, s->arena, path_join(s->arena, s->folder, folder), &entries))
		take_by_name(s, folder, &entries, logs_only);
}

static void take_proc(struct bundle_state *s)
{
	static const char *const paths[] = {
		"proc/zoneinfo", "proc/meminfo", "proc/iomem", "proc/buddyinfo", "proc/pagetypeinfo", "proc/vmstat", "proc/cmdline",
		"proc/version", "proc/cpuinfo", "proc/mtrr", "proc/config.gz", "proc/sys/vm/min_free_kbytes",
		"proc/sys/vm/lowmem_reserve_ratio", "proc/sys/vm/percpu_pagelist_high_fraction",
		"proc/sys/vm/percpu_pagelist_fraction", "proc/sys/vm/watermark_scale_factor",
	};
	bool has_vm = has_folder(s, "proc/sys/vm");

	if (!has_folder(s, "proc"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (has_vm || !strstr(paths[i], "/vm/"))
			named_take(s, paths[i], kind_of_name(paths[i]));
}

/* Logs of the whole system, where nobody kept the kernel's own. */
static void take_system_logs(struct bundle_state *s)
{
	static const char *const paths[] = {
		"sos_commands/logs/journalctl_--no-pager_--boot", "sos_commands/logs/journalctl_--no-pager_--catalog_--boot",
		"var/log/kern.log", "var/log/messages", "var/log/syslog",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (has_folder(s, i < 2 ? "sos_commands/logs" : "var/log"))
			log_take(s, paths[i], true);
}

/* sys */

static bool small_read(struct bundle_state *s, const char *path, struct str *ret)
{
	bool cut;

	if (tree_read(s->tree, s->arena, path_join(s->arena, s->folder, path), MAX_SMALL_BYTES, &s->unpacked->inner, ret, &cut))
		return false;
	*ret = str_trim(*ret);
	return true;
}

/* Add the text of the file, its blanks kept, to the line; a file that is not there adds nothing. */
static void small_add(struct bundle_state *s, const char *folder, const char *name, const char *before, struct strbuf *line)
{
	struct str text;

	if (small_read(s, path_join(s->arena, folder, name), &text) && str_find_char(text, '\n') < 0)
		strbuf_printf(line, "%s%.*s", before, STR_ARG(text));
}

/* "memory12" below "memory9": by number. */
static int by_number(const void *a, const void *b)
{
	const char *x = ((const struct tree_entry *)a)->name, *y = ((const struct tree_entry *)b)->name;
	size_t m = strlen(x), n = strlen(y);

	return m != n ? (m < n ? -1 : 1) : strcmp(x, y);
}

/* Folders "PREFIXn" of a folder of /sys, by number. */
static bool numbered_folders(struct bundle_state *s, const char *folder, const char *prefix, struct tree_entries *ret)
{
	struct tree_entries all = { 0 };

	if (!has_folder(s, folder) || tree_list(s->tree, s->arena, path_join(s->arena, s->folder, folder), &all))
		return false;
	for (size_t i = 0; i < all.nr; i++) {
		struct str name = str_of(all.v[i].name), number = str_skip(name, strlen(prefix));
		uint64_t value;

		if (all.v[i].is_folder && !all.v[i].is_link && str_starts(name, str_of(prefix)) && str_to_u64(number, 10, &value))
			*vec_push(s->arena, ret) = all.v[i];
	}
	if (ret->nr)
		qsort(ret->v, ret->nr, sizeof(*ret->v), by_number);
	return ret->nr > 0;
}

static void gathered(struct bundle_state *s, const char *name, enum source_kind kind, struct strbuf *text)
{
	if (text->n)
		input_add(s->arena, s->input, name, kind, strbuf_str(text));
}

static void gather_firmware_memmap(struct bundle_state *s)
{
	static const char base[] = "sys/firmware/memmap";
	struct strbuf text = { .arena = s->arena };
	struct tree_entries entries = { 0 };

	if (!numbered_folders(s, base, "", &entries))
		return;
	for (size_t i = 0; i < entries.nr; i++) {
		const char *folder = path_join(s->arena, base, entries.v[i].name);

		strbuf_printf(&text, "%s", entries.v[i].name);
		small_add(s, folder, "start", " ", &text);
		small_add(s, folder, "end", " ", &text);
		small_add(s, folder, "type", " ", &text);
		strbuf_char(&text, '\n');
	}
	gathered(s, "firmware_memmap", SOURCE_FIRMWARE_MEMMAP, &text);
}

static void gather_memory_blocks(struct bundle_state *s)
{
	static const char base[] = "sys/devices/system/memory";
	struct strbuf text = { .arena = s->arena };
	struct tree_entries entries = { 0 };
	struct str size;

	if (!numbered_folders(s, base, "memory", &entries) ||
	    !small_read(s, path_join(s->arena, base, "block_size_bytes"), &size))
		return;
	strbuf_printf(&text, "block_size %.*s\n", STR_ARG(size));
	for (size_t i = 0; i < entries.nr; i++) {
		const char *folder = path_join(s->arena, base, entries.v[i].name);

		strbuf_printf(&text, "%s", entries.v[i].name);
		small_add(s, folder, "state", " ", &text);
		small_add(s, folder, "valid_zones", " ", &text);
		strbuf_char(&text, '\n');
	}
	gathered(s, "memory_blocks", SOURCE_MEMORY_BLOCKS, &text);
}

static void gather_nodes(struct bundle_state *s)
{
	static const char base[] = "sys/devices/system/node";
	struct strbuf text = { .arena = s->arena };
	struct tree_entries entries = { 0 };
	struct str meminfo;

	if (!numbered_folders(s, base, "node", &entries))
		return;
	for (size_t i = 0; i < entries.nr; i++) {
		const char *folder = path_join(s->arena, base, entries.v[i].name);

		strbuf_printf(&text, "%s", entries.v[i].name);
		small_add(s, folder, "cpulist", " cpus=", &text);
		small_add(s, folder, "distance", " distance=", &text);
		strbuf_char(&text, '\n');
		if (small_read(s, path_join(s->arena, folder, "meminfo"), &meminfo))
			strbuf_printf(&text, "%.*s\n", STR_ARG(meminfo));
	}
	gathered(s, "nodes", SOURCE_NODES, &text);
}

bool is_sys_path(const char *path)
{
	static const char *const inside[] = { "sys/firmware/memmap/", "sys/devices/system/memory/", "sys/devices/system/node/", "sys/kernel/kexec_crash_loaded" };

	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		if (strstr(path, inside[i]))
			return true;
	return false;
}

void bundle_gather_system(struct bundle_state *s)
{
	take_proc(s);
	if (!input_has(s->input, SOURCE_FIRMWARE_MEMMAP))
		gather_firmware_memmap(s);
	if (!input_has(s->input, SOURCE_MEMORY_BLOCKS))
		gather_memory_blocks(s);
	if (!input_has(s->input, SOURCE_NODES))
		gather_nodes(s);
	if (has_folder(s, "sys/kernel"))
		named_take(s, "sys/kernel/kexec_crash_loaded", SOURCE_CRASH_LOADED);
	if (has_folder(s, "sys/kernel/debug"))
		named_take(s, "sys/kernel/debug/kernel_page_tables", SOURCE_DIRECT_MAP);
}

/* Could it be a bundle, going by names alone? Logs and nothing else are so many inputs. */
static bool may_be_bundle(const struct bundle_state *s)
{
	static const char *const folders[] = { "proc", "sys", "sos_commands", "insights_commands", "logs" };

	for (size_t i = 0; i < s->entries->nr; i++) {
		const struct tree_entry *entry = &s->entries->v[i];
		enum source_kind kind = entry->is_folder ? NR_SOURCES : kind_of_name(entry->name);

		if (kind != NR_SOURCES && kind != SOURCE_DMESG)
			return true;
		for (size_t j = 0; entry->is_folder && j < ARRAY_SIZE(folders); j++)
			if (!strcmp(entry->name, folders[j]))
				return true;
	}
	return false;
}

/* Documents that speak of memory even without a log. */
static bool speaks_of_memory(enum source_kind kind)
{
	switch (kind) {
	case SOURCE_ZONEINFO:
	case SOURCE_MEMINFO:
	case SOURCE_IOMEM:
	case SOURCE_BUDDYINFO:
	case SOURCE_PAGETYPEINFO:
	case SOURCE_FIRMWARE_MEMMAP:
	case SOURCE_MEMORY_BLOCKS:
	case SOURCE_NODES:
	case SOURCE_NUMACTL:
	case SOURCE_LSMEM:
		return true;
	default:
		return false;
	}
}

static bool is_bundle(const struct input *input)
{
	for (size_t i = 0; i < input->nr; i++)
		if (speaks_of_memory(input->v[i].kind))
			return true;
	return input->nr > 1 && input_has(input, SOURCE_DMESG);
}

bool bundle_gather(struct bundle_state *s)
{
	static const char *const folders[] = {
		"sos_commands/kernel", "sos_commands/memory", "sos_commands/hardware", "sos_commands/numa", "sos_commands/numactl",
		"insights_commands", "logs",
	};

	if (is_supportconfig(s->entries)) {
		sections_gather(s);
		return is_bundle(s->input);
	}
	if (!may_be_bundle(s))
		return false;
	take_by_name(s, "", s->entries, false);
	bundle_gather_system(s);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		take_folder(s, folders[i], false);
	take_folder(s, "var/log", true);
	take_system_logs(s);
	return is_bundle(s->input);
}
