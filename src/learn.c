/*
 * learn.c - what one kernel build costs, from boots of it.
 *
 * Sizes that any boot of the build shares are taken from whichever record shows them: the image from /proc/iomem or from
 * memblock's first dump, structures from the requests of a memblock=debug log, the rest from ordinary lines.
 */
#include "learn_private.h"

#include "mia/cmdline.h"
#include "mia/arena.h"

static struct quantity from_log(uint64_t v, uint32_t line) { return (struct quantity){ v, KNOWN_SAID, line }; }

static void keep(struct quantity *q, uint64_t v, uint32_t line)
{
	if (q->known <= KNOWN_ASSUMED)
		*q = from_log(v, line);
}

/* --- the image --- */

static const struct iomem_entry *resource(const struct boot_record *r, const char *name)
{
	for (size_t i = 0; i < r->iomem.nr; i++)
		if (str_is(r->iomem.v[i].name, name))
			return &r->iomem.v[i];
	return NULL;
}

static void learn_sections(const struct boot_record *r, struct image *image)
{
	const struct iomem_entry *code = resource(r, "Kernel code"), *rodata = resource(r, "Kernel rodata");
	const struct iomem_entry *data = resource(r, "Kernel data"), *bss = resource(r, "Kernel bss");
	uint64_t base;

	if (!code || !bss || code->end == code->start)
		return;
	base = code->start;
	keep(&image->text_end, code->end - base, code->line);
	if (rodata) {
		keep(&image->rodata_start, rodata->start - base, rodata->line);
		keep(&image->rodata_end, rodata->end - base, rodata->line);
	}
	if (data) {
		keep(&image->data_start, data->start - base, data->line);
		keep(&image->data_end, data->end - base, data->line);
	}
	keep(&image->bss_start, bss->start - base, bss->line);
	keep(&image->bss_end, bss->end - base, bss->line);
}

/* The brk area is the first thing that setup_arch() reserves by itself, right behind the image. */
bool learn_image_place(const struct boot_record *r, struct phys_range *image, struct phys_range *brk)
{
	const struct fact *dump = facts_first(&r->log, FACT_MB_DUMP), *next;

	if (!dump)
		return false;
	next = facts_next(&r->log, FACT_MB_DUMP, dump);
	for (each_fact(f, &r->log, FACT_MB_RESERVE)) {
		if (f > dump)
			return false;
		if (!str_starts(f->s[0], STR("setup_arch")) || f->v[0] < 16 * MIB || f->v[0] % PAGE_SIZE)
			continue;
		for (const struct fact *g = facts_next(&r->log, FACT_MB_DUMP_REGION, dump); g && (!next || g < next); g = facts_next(&r->log, FACT_MB_DUMP_REGION, g)) {
			if (!str_is(g->s[0], "reserved") || g->v[1] >= f->v[0] || g->v[2] != f->v[1])
				continue;
			*image = (struct phys_range){ g->v[1], f->v[0] };
			*brk = (struct phys_range){ f->v[0], f->v[1] };
			return true;
		}
	}
	return false;
}

static void learn_image(const struct boot_record *r, struct kernel *k)
{
	struct phys_range image, brk;

	learn_sections(r, &k->image);
	if (learn_image_place(r, &image, &brk)) {
		keep(&k->image.span, phys_len(image), 1);
		keep(&k->image.brk, phys_len(brk), 1);
	}
	if (is_known(k->image.bss_end))
		keep(&k->image.span, align_up(k->image.bss_end.v, PAGE_SIZE), k->image.bss_end.line);
}

uint64_t learn_image_span(const struct boot_record *r)
{
	const struct iomem_entry *code = resource(r, "Kernel code"), *bss = resource(r, "Kernel bss");
	struct phys_range image, brk;

	/* Addresses that are hidden from users are all 0. */
	if (code && bss && code->start && bss->end > code->start)
		return align_up(bss->end, PAGE_SIZE) - code->start;
	return learn_image_place(r, &image, &brk) ? phys_len(image) : 0;
}

/* --- structures, from requests --- */

static bool by(const struct fact *f, const char *caller) { return str_starts(f->s[1], str_of(caller)); }

static void learn_real_mode(const struct boot_record *r, struct kernel *k)
{
	for (each_fact(f, &r->log, FACT_MB_ALLOC))
		if (by(f, "reserve_real_mode"))
			keep(&k->real_mode, f->v[0], f->line);
	for (each_fact(f, &r->log, FACT_MB_RESERVE))
		if (str_starts(f->s[0], STR("reserve_real_mode")) && f->v[0])
			keep(&k->real_mode, f->v[1] - f->v[0], f->line);
}

/* Sections that the record's memory touches, and how many root pages they need. */
static uint64_t count_sections(const struct boot *b)
{
	uint64_t nr = 0, done = 0;

	for (size_t i = 0; i < b->memblock.memory.nr; i++) {
		uint64_t from = max_u64(b->memblock.memory.v[i].base >> 27, done), to = div_up(b->memblock.memory.v[i].end, UINT64_C(1) << 27);

		nr += to > from ? to - from : 0;
		done = max_u64(done, to);
	}
	return nr;
}

/* The root array holds a pointer for every page of section descriptors that could be. */
static void learn_sparse(const struct boot_record *r, const struct boot *b, struct kernel *k)
{
	uint64_t sections = UINT64_C(1) << ((b->five_level ? 52 : 46) - 27), usemaps = 0;
	uint32_t line = 0;

	/* The model's own requests teach nothing. */
	for (size_t i = 0; b->replay.on && i < b->allocations.nr; i++) {
		const struct allocation *a = &b->allocations.v[i];

		if (a->owner == OWNER_MEM_SECTION && a->request.size != PAGE_SIZE && a->request.size && boot_trait(b, TRAIT_MEM_SECTION_ROOTS))
			keep(&k->mem_section, PAGE_SIZE / (sections * 8 / a->request.size), a->line);
		if (a->owner == OWNER_USEMAP && a->request.size < MIB) {
			usemaps += a->request.size;
			line = a->line;
		}
	}
	if (usemaps && boot_trait(b, TRAIT_MEM_MODEL) == MODEL_SPARSE && usemaps % count_sections(b) == 0)
		keep(&k->usemap, usemaps / count_sections(b), line);
	(void)r;
}

static uint64_t count_requests(const struct boot_record *r, const char *caller, uint32_t *line)
{
	uint64_t nr = 0;

	for (each_fact(f, &r->log, FACT_MB_ALLOC)) {
		if (by(f, caller)) {
			nr++;
			*line = f->line;
		}
	}
	return nr;
}

static void learn_counts(const struct boot_record *r, const struct boot *b, struct kernel *k)
{
	uint32_t line = 0;
	uint64_t pages = count_requests(r, "spp_getpage", &line), masks, copies = 0;

	/* Kernels that do not print these requests print the page they got. */
	for (each_fact(f, &r->log, FACT_MB_RESERVE)) {
		const struct fact *built = facts_first(&r->log, FACT_KERNEL_COMMAND_LINE);

		if (built && f > built && str_starts(f->s[0], STR("__alloc_memory_core_early")) && f->v[1] - f->v[0] == PAGE_SIZE) {
			pages++;
			line = f->line;
		}
	}
	/* A log without memblock's lines shows none of them, and random places say nothing of the build. */
	if ((facts_first(&r->log, FACT_MB_ALLOC) || facts_first(&r->log, FACT_MB_RESERVE)) && (!boot_trait(b, TRAIT_ENTRY_RANDOM) || cmdline_has(b->cmdline, "nokaslr")))
		keep(&k->entry_area_pages, pages, line ? line : 1);
	masks = count_requests(r, "alloc_bootmem_cpumask_var", &line);
	if (masks > b->nr_nodes)
		keep(&k->cpumask_vars, masks - b->nr_nodes, line);
	for (each_fact(f, &r->log, FACT_MB_ALLOC))
		copies += f->v[0] == b->cmdline->text.n + 1 && (int64_t)f->v[2] == NUMA_NO_NODE && f->v[1] <= 64;
	if (copies)
		keep(&k->cmdline_copies, copies, line ? line : 1);
}

static void learn_percpu_meta(const struct boot_record *r, struct kernel *k)
{
	const struct fact *last = NULL;

	for (each_fact(f, &r->log, FACT_MB_ALLOC))
		if (by(f, "pcpu_alloc_first_chunk")) {
			/* The chunk comes first, then its maps. */
			keep(&k->pcpu_chunk, f->v[0], f->line);
			return;
		}
	/* Before 4.10 the chunk is the last that pcpu_setup_first_chunk() takes. */
	for (each_fact(f, &r->log, FACT_MB_ALLOC))
		if (by(f, "pcpu_setup_first_chunk"))
			last = f;
	if (last && k->traits.t[TRAIT_PCPU_META].value == PCPU_META_MAP)
		keep(&k->pcpu_chunk, last->v[0], last->line);
}

static void learn_log_buf(const struct boot_record *r, struct kernel *k)
{
	const struct fact *meta = facts_first(&r->log, FACT_LOG_BUF_META), *min = facts_first(&r->log, FACT_LOG_BUF_MIN);

	if (min)
		keep(&k->log_buf, min->v[0], min->line);
	else if (meta && !facts_first(&r->log, FACT_LOG_BUF_LEN))
		keep(&k->log_buf, meta->v[0], meta->line);
}

static void merge_traits(struct traits *to, const struct traits *from)
{
	for (size_t i = 1; i < NR_TRAITS; i++) {
		if (from->t[i].basis == BASIS_EVIDENCE && to->t[i].basis < BASIS_EVIDENCE)
			to->t[i] = from->t[i];
		else if (from->t[i].basis == BASIS_DISTRIBUTION && to->t[i].basis < BASIS_DISTRIBUTION)
			to->t[i] = from->t[i];
	}
}

static void merge_quantities(struct kernel *to, const struct kernel *from)
{
#define QUANTITY(member, shared, group, key, doc)                                                                             \
	if (to->member.known < from->member.known)                                                                    \
		to->member = from->member;
#include "mia/quantities.def"
#undef QUANTITY
}

#define RESIDUE_MAX_PAGES 64

/*
 * Kernels before memblock do not show who asks for what. A few pages that the Memory: line has and the model does not are kept
 * as such.
 */
static void learn_residue(struct arena *arena, const struct boot *b, struct kernel *ret)
{
	struct extra_alloc e = { .after = "hashes", .bytes = PAGE_SIZE, .align = PAGE_SIZE, .nodes = 1 };
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct boot *again = arena_new(arena, struct boot);

	if (b->replay.on || ret->has_requests || ret->extra.nr || !b->balance.known)
		return;
	*kernel = *b->kernel;
	kernel_apply_profile(kernel, ret);
	boot_run(arena, b->machine, kernel, b->cmdline, b->record, again);
	if (again->balance.residue <= 0 || again->balance.residue > RESIDUE_MAX_PAGES)
		return;
	e.count = (uint64_t)again->balance.residue;
	*vec_push(arena, &ret->extra) = e;
}

/* Names alone: values are the boot's, and hold paths. */
static void learn_unknown_options(struct arena *arena, const struct kernel *extracted, struct kernel *ret)
{
	struct cmdline options = { 0 }, known = { 0 };

	cmdline_parse(arena, extracted->unknown_options, &options);
	cmdline_parse(arena, ret->unknown_options, &known);
	for (size_t i = 0; i < options.nr; i++) {
		struct str name = options.v[i].name;

		if (!name.n || cmdline_has(&known, str_dup(arena, name)))
			continue;
		*vec_push(arena, &known) = options.v[i];
		ret->unknown_options = str_printf(arena, "%.*s%s%.*s", STR_ARG(ret->unknown_options), ret->unknown_options.n ? " " : "", STR_ARG(name));
	}
}

void learn_boot(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct kernel *ret)
{
	const struct kernel *extracted = boot->kernel;

	if (!ret->release.text.n) {
		ret->release = extracted->release;
		ret->release.text = str_of(str_dup(arena, extracted->release.text));
		ret->arch = extracted->arch;
		ret->has_numa = ret->has_hotplug = ret->has_hibernation = false;
		ret->has_cma = extracted->has_cma;
		ret->traits = extracted->traits;
	}
	ret->has_numa |= extracted->has_numa;
	ret->has_hotplug |= extracted->has_hotplug;
	ret->has_hibernation |= extracted->has_hibernation;
	ret->has_cma |= extracted->has_cma;
	merge_traits(&ret->traits, &extracted->traits);
	merge_quantities(ret, extracted);
	learn_image(record, ret);
	learn_real_mode(record, ret);
	learn_sparse(record, boot, ret);
	learn_counts(record, boot, ret);
	learn_percpu_meta(record, ret);
	learn_log_buf(record, ret);
	learn_unknown_options(arena, extracted, ret);
	if (boot->machine->gbpages_known)
		keep(&ret->seen_gbpages, boot->machine->gbpages, 1);
	if (boot->machine->five_level_known)
		keep(&ret->seen_five_level, boot->machine->five_level, 1);
	learn_requests(arena, record, boot, ret);
	learn_residue(arena, boot, ret);
}

void kernel_apply_profile(struct kernel *kernel, const struct kernel *profile)
{
#define QUANTITY(member, shared, group, key, doc)                                                                             \
	if (kernel->member.known <= KNOWN_ASSUMED && is_known(profile->member)) {                                                 \
		kernel->member = profile->member;                                                                     \
		kernel->member.known = KNOWN_PROFILE;                                                                 \
	}
#include "mia/quantities.def"
#undef QUANTITY
	for (size_t i = 1; i < NR_TRAITS; i++) {
		const struct trait *t = &profile->traits.t[i];

		if (t->basis >= BASIS_PROFILE && kernel->traits.t[i].basis < BASIS_PROFILE)
			kernel->traits.t[i] = (struct trait){ t->value, BASIS_PROFILE, 0 };
	}
	kernel->has_numa |= profile->has_numa && !kernel->numa_denied;
	kernel->has_hotplug |= profile->has_hotplug;
	kernel->has_hibernation |= profile->has_hibernation;
	kernel->has_cma |= profile->has_cma && !kernel->cma_denied;
	if (!kernel->unknown_options.n)
		kernel->unknown_options = profile->unknown_options;
	kernel->extra = profile->extra;
	kernel->has_profile = true;
}

/* More need CONFIG_CPUMASK_OFFSTACK. Kernel: NR_CPUS_RANGE_END (arch/x86/Kconfig). */
#define NR_CPUS_ON_STACK 512

bool kernel_masks_allocated(const struct kernel *k)
{
	if (k->cpumask_vars.known == KNOWN_PROFILE)
		return true;
	if (!is_known(k->nr_cpus) || !is_known(k->cpumask_bits))
		return false;
	return trait(&k->traits, TRAIT_CPUMASK_BITS) ? k->nr_cpus.v != k->cpumask_bits.v : k->nr_cpus.v > NR_CPUS_ON_STACK;
}

/* What the sections of the Memory: line and the gaps between them come to. */
static uint64_t sections_bytes(const struct kernel *k)
{
	return (k->code_kib.v + k->text_gap_kib.v + k->rodata_kib.v + k->rodata_gap_kib.v + k->rwdata_kib.v + k->init_kib.v + k->bss_kib.v) * KIB;
}

/*
 * The image is larger than its sections by tables that are not counted; a neighbour knows by how much. Where part of bss is
 * decrypted for hypervisors, the image ends at a border of 2 MiB.
 */
static void estimate_image(struct kernel *k, const struct kernel *neighbour)
{
	uint64_t extra = neighbour ? sub_sat(neighbour->image.span.v, sections_bytes(neighbour)) : 0, bytes = sections_bytes(k) + extra;

	if (k->image.span.known > KNOWN_ASSUMED || !bytes)
		return;
	k->image_in_2m = is_known(k->decrypted_kib);
	bytes = k->image_in_2m ? align_down(bytes + MIB, 2 * MIB) : align_up(bytes, PAGE_SIZE);
	k->image.span = (struct quantity){ bytes, KNOWN_ASSUMED, 0 };
}

enum { OF_BUILD, OF_ERA, OF_VERSION };

static void borrow(struct kernel *kernel, const struct kernel *from, int what)
{
#define QUANTITY(member, shared, group, key, doc)                                                                     \
	if ((shared) == what && kernel->member.known <= KNOWN_ASSUMED && is_known(from->member)) {                    \
		kernel->member = from->member;                                                                        \
		kernel->member.known = KNOWN_NEIGHBOUR;                                                               \
	}
#include "mia/quantities.def"
#undef QUANTITY
}

void kernel_apply_neighbours(struct kernel *kernel, const struct kernel *nearest, const struct kernel *alike)
{
	estimate_image(kernel, alike);
	if (nearest)
		borrow(kernel, nearest, OF_VERSION);
	if (alike)
		borrow(kernel, alike, OF_ERA);
	/* Masks are allocated one by one only where NR_CPUS is too large for the stack. */
	if (!kernel_masks_allocated(kernel))
		kernel->cpumask_vars = (struct quantity){ 0 };
}

void kernel_lend(struct kernel *kernel, const struct kernel *from)
{
	borrow(kernel, from, OF_VERSION);
	borrow(kernel, from, OF_ERA);
	borrow(kernel, from, OF_BUILD);
	kernel->has_numa = from->has_numa;
	kernel->has_hotplug = from->has_hotplug;
	kernel->has_hibernation = from->has_hibernation;
	kernel->has_cma = from->has_cma;
}

void kernel_assume_cpu(struct machine *machine, const struct kernel *kernel)
{
	if (!machine->gbpages_known)
		machine->gbpages = is_known(kernel->seen_gbpages) ? kernel->seen_gbpages.v : true;
	if (!machine->five_level_known)
		machine->five_level = kernel->seen_five_level.v;
}
