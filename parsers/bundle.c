/* bundle.c - from documents to boot records; see bundle.h. */
#include "bundle.h"

#include <stdio.h>

#include "files.h"
#include "input_private.h"
#include "mia/arena.h"

/* Facts that only the start of a boot says; others may be the tail of an earlier boot, or words in a mail. */
static bool is_boot(const struct boot_record *boot)
{
	static const enum fact_kind kinds[] = {
		FACT_LINUX_VERSION, FACT_E820_ENTRY, FACT_E820_UPDATE, FACT_MEMORY, FACT_MEMORY_X86, FACT_MEMORY_I386,
		FACT_ZONE_RANGE, FACT_ZONE_RANGE_PFN, FACT_NODE_RANGE, FACT_NODE_RANGE_PFN, FACT_MB_RESERVE, FACT_MB_ALLOC,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (facts_first(&boot->log, kinds[i]))
			return true;
	return false;
}

static void keep_boots(struct boot_records *boots)
{
	size_t nr = 0;

	for (size_t i = 0; i < boots->nr; i++)
		if (is_boot(&boots->v[i]))
			boots->v[nr++] = boots->v[i];
	boots->nr = nr;
}

/* Each boot's part of the log: from its first line to the next boot. */
static void take_log_bytes(struct str bytes, struct boot_records *boots)
{
	struct str rest = bytes, raw;
	uint32_t at = 1;

	for (size_t i = 0; i < boots->nr; i++) {
		while (at < boots->v[i].first_line && str_cut(&rest, '\n', &raw))
			at++;
		/* All on one line, as JSON may be: then lines are messages. */
		boots->v[i].log_bytes = rest.n ? rest : bytes;
		if (i && rest.n)
			boots->v[i - 1].log_bytes.n = (size_t)(rest.p - boots->v[i - 1].log_bytes.p);
	}
}

static void log_parse(struct arena *arena, struct str bytes, struct boot_records *ret)
{
	struct boot_records boots = { 0 };

	dmesg_parse(arena, bytes, &boots);
	keep_boots(&boots);
	take_log_bytes(bytes, &boots);
	*ret = boots;
}

/* Returns whether the document says anything. */
static bool take_list(struct arena *arena, const struct input_doc *doc, struct boot_record *boot)
{
	switch (doc->kind) {
	case SOURCE_ZONEINFO:
		zoneinfo_parse(arena, doc->bytes, &boot->zoneinfo);
		return boot->zoneinfo.nr > 0;
	case SOURCE_MEMINFO:
		key_values_parse(arena, doc->bytes, &boot->meminfo);
		return boot->meminfo.nr > 0;
	case SOURCE_VMSTAT:
		key_values_parse(arena, doc->bytes, &boot->vmstat);
		return boot->vmstat.nr > 0;
	case SOURCE_IOMEM:
		iomem_parse(arena, doc->bytes, &boot->iomem);
		return boot->iomem.nr > 0;
	case SOURCE_BUDDYINFO:
		buddyinfo_parse(arena, doc->bytes, &boot->buddyinfo);
		return boot->buddyinfo.nr > 0;
	case SOURCE_PAGETYPEINFO:
		pagetypeinfo_parse(arena, doc->bytes, &boot->pagetypes);
		return boot->pagetypes.nr > 0;
	case SOURCE_DIRECT_MAP:
		page_tables_parse(arena, doc->bytes, &boot->page_tables);
		return boot->page_tables.nr > 0;
	case SOURCE_FIRMWARE_MEMMAP:
		firmware_memmap_parse(arena, doc->bytes, &boot->firmware_memmap);
		return boot->firmware_memmap.nr > 0;
	case SOURCE_MEMORY_BLOCKS:
		memory_blocks_parse(arena, doc->bytes, &boot->blocks);
		return boot->blocks.nr > 0;
	case SOURCE_LSMEM:
		/* Documents come in order of kind: the blocks themselves say more. */
		if (!boot->blocks.nr)
			lsmem_parse(arena, doc->bytes, &boot->blocks);
		return boot->blocks.nr > 0;
	case SOURCE_NODES:
		nodes_parse(arena, doc->bytes, &boot->nodes);
		return boot->nodes.nr > 0;
	case SOURCE_NUMACTL:
		numactl_parse(arena, doc->bytes, &boot->nodes);
		return boot->nodes.nr > 0;
	default:
		return false;
	}
}

static bool take_document(struct arena *arena, const struct input_doc *doc, struct boot_record *boot)
{
	switch (doc->kind) {
	case SOURCE_CMDLINE:
		boot->cmdline = str_trim(doc->bytes);
		return boot->cmdline.n > 0;
	case SOURCE_VERSION:
		boot->version = str_trim(doc->bytes);
		return boot->version.n > 0;
	case SOURCE_CONFIG:
		boot->config = doc->bytes;
		return true;
	case SOURCE_CPUINFO:
		cpuinfo_parse(doc->bytes, boot);
		return boot->cpus_online.line || boot->cpuinfo_has_flags;
	case SOURCE_SYSCTL_MIN_FREE:
		return single_number_parse(doc->bytes, &boot->min_free_kbytes);
	case SOURCE_SYSCTL_PCP_FRACTION:
		return single_number_parse(doc->bytes, &boot->pcp_fraction);
	case SOURCE_SYSCTL_SCALE_FACTOR:
		return single_number_parse(doc->bytes, &boot->scale_factor);
	case SOURCE_CRASH_LOADED:
		return single_number_parse(doc->bytes, &boot->crash_loaded);
	case SOURCE_DMIDECODE:
		boot->dimm_bytes = dmidecode_parse(doc->bytes);
		return boot->dimm_bytes > 0;
	case SOURCE_FREE:
		return free_parse(doc->bytes, boot);
	case SOURCE_MTRR:
	case SOURCE_SYSCTL_RESERVE_RATIO:
		return doc->bytes.n > 0;
	default:
		return take_list(arena, doc, boot);
	}
}

static struct mia_error *nothing_in(struct arena *arena, const struct input *input)
{
	const char *what = NULL;

	for (size_t i = 0; i < input->nr && !what; i++)
		what = looks_like(input->v[i].bytes);
	return mia_error_new(arena, MIA_ERROR_INPUT, "%s: no Linux boot log in it%s%s", input->name,
			     what ? ", it looks like " : "", what ? what : "");
}

struct mia_error *bundle_parse(struct arena *arena, const struct input *input, struct boot_records *ret)
{
	struct boot_records boots = { 0 };
	struct boot_record files = { 0 }, *boot;
	bool have_files = false;

	for (size_t i = 0; i < input->nr; i++) {
		const struct input_doc *doc = &input->v[i];

		/* A text that nobody knows may still have a boot in it. */
		if ((doc->kind == SOURCE_DMESG || doc->kind == NR_SOURCES) && !boots.nr)
			log_parse(arena, doc->bytes, &boots);
	}
	boot = boots.nr ? &boots.v[boots.nr - 1] : &files;
	for (size_t i = 0; i < input->nr; i++) {
		const struct input_doc *doc = &input->v[i];

		if (doc->kind == SOURCE_DMESG || doc->kind == NR_SOURCES || !take_document(arena, doc, boot))
			continue;
		boot->has_source[doc->kind] = true;
		have_files = true;
	}
	if (!boots.nr && !have_files)
		return nothing_in(arena, input);
	if (!boots.nr)
		*vec_push(arena, &boots) = files;
	/* What is cut off belonged to the last boot. */
	boots.v[boots.nr - 1].cut_short = input->truncated;
	*ret = boots;
	return NULL;
}
