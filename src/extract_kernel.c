/*
 * extract_kernel.c - what a boot record says of the kernel that booted: release, traits, sizes.
 */
#include "kconfig.h"
#include "mia/arena.h"
#include "mia/kernel.h"
#include "mia/learn.h"
#include "traits_table.h"

static struct quantity said(uint64_t v, uint32_t line) { return (struct quantity){ v, KNOWN_SAID, line }; }

/* Sizes of the image's sections as the Memory: line gives them, KiB. */
static void extract_sections(const struct boot_record *r, struct kernel *k)
{
	const struct fact *m = facts_last(&r->log, FACT_MEMORY), *old = facts_last(&r->log, FACT_MEMORY_X86);

	if (m) {
		k->code_kib = said(m->v[2], m->line);
		k->rwdata_kib = said(m->v[3], m->line);
		k->rodata_kib = said(m->v[4], m->line);
		k->init_kib = said(m->v[5], m->line);
		k->bss_kib = said(m->v[6], m->line);
	} else if (old) {
		k->code_kib = said(old->v[2], old->line);
		k->rwdata_kib = said(old->v[5], old->line);
		k->init_kib = said(old->v[6], old->line);
	}
}

static void extract_free(const struct boot_record *r, enum fact_kind kind, struct quantity *ret)
{
	const struct fact *f = facts_last(&r->log, kind);

	if (f)
		*ret = said(f->v[0], f->line);
}

/* To 5.4 three lines with the same words: initmem, then the two gaps. */
static void extract_init_lines(const struct boot_record *r, struct kernel *k)
{
	struct quantity *const in_order[] = { &k->initmem_kib, &k->text_gap_kib, &k->rodata_gap_kib };
	size_t i = 0;

	for (each_fact(f, &r->log, FACT_FREE_INIT))
		if (i < ARRAY_SIZE(in_order))
			*in_order[i++] = said(f->v[0], f->line);
}

static void extract_frees(const struct boot_record *r, struct kernel *k)
{
	extract_init_lines(r, k);
	extract_free(r, FACT_FREE_SMP_ALTERNATIVES, &k->alternatives_kib);
	extract_free(r, FACT_FREE_INITMEM, &k->initmem_kib);
	extract_free(r, FACT_FREE_TEXT_GAP, &k->text_gap_kib);
	extract_free(r, FACT_FREE_RODATA_GAP, &k->rodata_gap_kib);
	extract_free(r, FACT_FREE_DECRYPTED, &k->decrypted_kib);
}

/* The blob that starts other CPUs; said until 5.5. */
static void extract_real_mode(const struct boot_record *r, struct kernel *k)
{
	const struct fact *f = facts_first(&r->log, FACT_TRAMPOLINE), *hashed = facts_first(&r->log, FACT_TRAMPOLINE_HASHED);

	if (f)
		k->real_mode = said(f->v[2], f->line);
	else if (hashed)
		k->real_mode = said(hashed->v[1], hashed->line);
}

/* Its place is random, but how long it is shows in /proc/iomem. */
static void extract_image(const struct boot_record *r, struct kernel *k)
{
	uint64_t span = learn_image_span(r);

	if (span)
		k->image.span = said(span, 0);
}

/* The line of something that is built only together with CONFIG_PAGE_EXTENSION, used or not. */
static const struct fact *page_extension_user(const struct facts *log)
{
	const struct fact *f = facts_first(log, FACT_PAGE_OWNER_OFF);

	for (each_fact(debug, log, FACT_DEBUG_MEMORY))
		if (debug->tag == DEBUG_PAGE_OWNER)
			f = debug;
	return f ? f : facts_first(log, FACT_PAGE_EXT);
}

/*
 * With CONFIG_PAGE_EXTENSION a section points to its page_ext too, and the size stays a power of two.
 * Kernel: struct mem_section (include/linux/mmzone.h).
 */
static void extract_mem_section(const struct boot_record *r, struct kernel *k)
{
	enum config extension = config_of(r, STR("CONFIG_PAGE_EXTENSION"));
	const struct fact *user = page_extension_user(&r->log);

	if (k->arch != ARCH_X86_64 || !trait(&k->traits, TRAIT_PAGE_EXTENSION))
		return;
	if (extension != CONFIG_UNKNOWN)
		k->mem_section = said(extension == CONFIG_YES ? 32 : 16, 0);
	else if (user)
		k->mem_section = said(32, user->line);
}

static void extract_percpu(const struct boot_record *r, struct kernel *k)
{
	const struct fact *percpu = facts_first(&r->log, FACT_PERCPU), *setup = facts_first(&r->log, FACT_SETUP_PERCPU);

	if (percpu) {
		k->percpu_static = said(percpu->v[1], percpu->line);
		k->percpu_reserved = said(percpu->v[2], percpu->line);
		k->percpu_dynamic = said(percpu->v[3], percpu->line);
	}
	if (setup) {
		k->nr_cpus = said(setup->v[0], setup->line);
		k->cpumask_bits = said(setup->v[1], setup->line);
	}
}

static void extract_node_data(const struct boot_record *r, struct kernel *k)
{
	const struct fact *f = facts_first(&r->log, FACT_NODE_DATA), *old = facts_first(&r->log, FACT_NODE_DATA_OLD);

	if (f)
		k->pglist_data = said(f->v[2] - f->v[1], f->line);
	else if (old)
		k->pglist_data = said(old->v[1] - old->v[0], old->line);
}

/* Pages of the zone that a "used for memmap" line counts: those present, or in the flat model all that it spans. */
static uint64_t memmap_base_pages(const struct boot_record *r, const struct kernel *k, const struct fact *pages)
{
	if (k->arch != ARCH_I386)
		return pages->v[0];
	for (each_fact(f, &r->log, FACT_ZONE_RANGE))
		if (str_eq(f->s[0], pages->s[0]))
			return PFN_DOWN(f->v[1]) - PFN_DOWN(f->v[0]);
	for (each_fact(f, &r->log, FACT_ZONE_RANGE_PFN))
		if (str_eq(f->s[0], pages->s[0]))
			return f->v[1] - f->v[0];
	return pages->v[0];
}

/* sizeof(struct page), from the estimate that old kernels print. */
static void extract_struct_page(const struct boot_record *r, struct kernel *k)
{
	uint64_t memmap = 0;

	for (each_fact(f, &r->log, FACT_ZONE_MEMMAP))
		memmap = max_u64(memmap, f->v[0]);
	for (each_fact(f, &r->log, FACT_ZONE_PAGES)) {
		uint64_t pages = memmap_base_pages(r, k, f);
		const struct fact *m = NULL;

		for (const struct fact *p = r->log.v; p < f; p++)
			if (p->kind == FACT_ZONE_MEMMAP && str_eq(p->s[0], f->s[0]))
				m = p;
		/* Rounded up to pages, and of up to a sixteenth more than what is present: never less than the size, never 8 more. */
		if (m && m->v[0] == memmap && pages > 10000 && (k->arch == ARCH_I386 || trait(&k->traits, TRAIT_MEMMAP_ESTIMATE) == MEMMAP_SPARSE))
			k->struct_page = said((m->v[0] + (trait(&k->traits, TRAIT_MEMMAP_ESTIMATE) == MEMMAP_SPANNED_DOWN)) * PAGE_SIZE / pages / 8 * 8, m->line);
	}
}

static bool said_any(const struct boot_record *r, enum fact_kind kind) { return facts_first(&r->log, kind) != NULL; }

/* The log of a kernel that was asked for an area and says nothing of it, or calls the option unknown. */
static bool cma_denied(const struct boot_record *r, const struct kernel *k)
{
	const struct fact *unknown = facts_first(&r->log, FACT_UNKNOWN_PARAMETERS), *line = facts_first(&r->log, FACT_COMMAND_LINE);

	if (unknown && str_find(unknown->s[0], STR("cma=")) >= 0)
		return true;
	return !k->has_cma && line && str_find(line->s[0], STR("cma=")) >= 0 && said_any(r, FACT_LAST_PFN);
}

/* Words of the lines that tell of a larger log buffer are as old as the option; they stand before the zonelists or near them. */
static bool log_buf_kept(const struct boot_record *r)
{
	bool whole = said_any(r, FACT_LINUX_VERSION) && (said_any(r, FACT_ZONELISTS) || said_any(r, FACT_ZONELISTS_ORDER) || said_any(r, FACT_MEMORY)) && said_any(r, FACT_HASH);

	return whole && !said_any(r, FACT_LOG_BUF_LEN) && !said_any(r, FACT_LOG_BUF_META);
}

/* An area that nobody asked for is as large as the build has it. */
static void extract_cma_default(const struct boot_record *r, struct kernel *k)
{
	const struct fact *f = facts_first(&r->log, FACT_CMA_RESERVED), *line = facts_first(&r->log, FACT_KERNEL_COMMAND_LINE);

	if (!line)
		line = facts_first(&r->log, FACT_COMMAND_LINE);
	if (!f)
		f = facts_first(&r->log, FACT_CMA_RESERVED_NODE);
	if (f && line && str_find(line->s[0], STR("cma=")) < 0)
		k->cma_default = said(f->v[0] * MIB, f->line);
}

static void extract_config(const struct boot_record *r, struct kernel *k)
{
	k->has_numa = said_any(r, FACT_NUMA_NONE) || said_any(r, FACT_NUMA_OFF) || said_any(r, FACT_NODE_DATA) || said_any(r, FACT_NODE_DATA_OLD) ||
		      said_any(r, FACT_SRAT_MEM) || said_any(r, FACT_POLICY_ZONE) || !r->log.nr;
	if (k->arch == ARCH_I386)
		k->has_numa = said_any(r, FACT_POLICY_ZONE);
	k->numa_denied = !k->has_numa && said_any(r, FACT_ZONE_HEADER) && said_any(r, FACT_LAST_PFN);
	k->has_hotplug = k->arch == ARCH_X86_64;
	k->has_hibernation = said_any(r, FACT_NOSAVE) || !said_any(r, FACT_PCI_GAP);
	k->has_cma = said_any(r, FACT_CMA_RESERVED) || said_any(r, FACT_CMA_RESERVED_NODE) || said_any(r, FACT_CMA_FAILED) ||
		     (trait(&k->traits, TRAIT_CMA_SHOWN) && key_values_find(&r->meminfo, "CmaTotal"));
	extract_cma_default(r, k);
	k->cma_denied = cma_denied(r, k);
	k->log_buf_kept = log_buf_kept(r);
	if (said_any(r, FACT_LOG_BUF_META) && !said_any(r, FACT_LOG_BUF_CPU))
		k->log_buf_used = said(facts_first(&r->log, FACT_LOG_BUF_META)->v[0], facts_first(&r->log, FACT_LOG_BUF_META)->line);
	if (r->pagetypes.block_order.line)
		k->pageblock_order = said(r->pagetypes.block_order.value, r->pagetypes.block_order.line);
}

/*
 * Options that this build does not know. From 5.14 on the log lists them; debug_pagealloc needs its own configuration, and would
 * have kept the direct map from using pages of 1 GiB.
 */
static void extract_unknown_options(const struct boot_record *r, struct kernel *k)
{
	const struct fact *f = facts_first(&r->log, FACT_UNKNOWN_PARAMETERS), *line = facts_first(&r->log, FACT_COMMAND_LINE);

	if (f)
		k->unknown_options = f->s[0];
	else if (line && str_find(line->s[0], STR("debug_pagealloc")) >= 0 && said_any(r, FACT_GBPAGES))
		k->unknown_options = STR("debug_pagealloc");
}

/* What is there before each CPU adds its share, which is a matter of configuration. */
static void extract_log_buf(const struct boot_record *r, struct kernel *k)
{
	const struct fact *min = facts_first(&r->log, FACT_LOG_BUF_MIN);

	if (min)
		k->log_buf = said(min->v[0], min->line);
}

/* Buckets of the tables that the configuration may leave out. */
static void extract_buckets(const struct boot_record *r, struct kernel *k)
{
	struct quantity *const of[NR_HASH_TABLES] = {
		[HASH_TCP_EST] = &k->tcp_established, [HASH_TCP_BIND] = &k->tcp_bind, [HASH_UDP] = &k->udp, [HASH_UDP_LITE] = &k->udp_lite, [HASH_FUTEX] = &k->futex,
	};

	for (each_fact(f, &r->log, FACT_HASH))
		if (f->tag < NR_HASH_TABLES && of[f->tag] && f->v[0])
			*of[f->tag] = said(f->v[2] / f->v[0], f->line);
}

static void extract_low_ram(const struct boot_record *r, struct kernel *k)
{
	const struct fact *f = facts_first(&r->log, FACT_LOW_RAM), *high = facts_first(&r->log, FACT_HIGHMEM_AVAILABLE);

	/* Where nothing is left above it, it is the end of RAM and no limit of the kernel. */
	if (f && !(high && !high->v[0]))
		k->low_ram_limit = said(f->v[1], f->line);
}

/* "BOOT_IMAGE=/boot/vmlinuz-4.18.0-147.el8.x86_64": what the loader calls the kernel, where the kernel's own line is lost. */
static struct str image_release(const struct boot_record *r)
{
	const struct fact *f = facts_first(&r->log, FACT_COMMAND_LINE);
	struct str line = f ? f->s[0] : facts_first(&r->log, FACT_KERNEL_COMMAND_LINE) ? facts_first(&r->log, FACT_KERNEL_COMMAND_LINE)->s[0] : r->cmdline, word;
	ptrdiff_t at = str_find(line, STR("BOOT_IMAGE="));

	if (at < 0)
		return (struct str){ 0 };
	line = str_skip(line, (size_t)at);
	if (!str_cut_word(&line, &word) || (at = str_find(word, STR("vmlinuz-"))) < 0)
		return (struct str){ 0 };
	return str_skip(word, (size_t)at + 8);
}

void kernel_extract(struct arena *arena, const struct boot_record *record, const struct machine *machine, struct kernel *ret)
{
	const struct fact *version = facts_first(&record->log, FACT_LINUX_VERSION);
	struct str release = version ? version->s[0] : (struct str){ 0 };

	(void)arena;
	*ret = (struct kernel){ .arch = machine->arch };
	if (!release.n && record->version.n) {
		struct str rest = record->version;

		/* "Linux version 6.1.0 (...)" of /proc/version */
		for (int word = 0; word < 3; word++)
			str_cut_word(&rest, &release);
	}
	release_parse(release.n ? release : image_release(record), &ret->release);
	ret->release.guessed = !release.n && ret->release.parsed;
	release_refine(version ? version->s[1] : record->version, &ret->release);
	if (!ret->release.parsed)
		traits_infer_release(machine->arch, record, &ret->release);
	traits_resolve(&ret->release, machine->arch, record, &ret->traits);
	extract_sections(record, ret);
	extract_frees(record, ret);
	extract_percpu(record, ret);
	extract_node_data(record, ret);
	extract_struct_page(record, ret);
	extract_config(record, ret);
	extract_buckets(record, ret);
	extract_low_ram(record, ret);
	extract_log_buf(record, ret);
	extract_unknown_options(record, ret);
	extract_real_mode(record, ret);
	extract_image(record, ret);
	extract_mem_section(record, ret);
}
