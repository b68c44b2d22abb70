/* hypotheses.c - see hypotheses.h. */
#include "hypotheses.h"

#include "mia/arena.h"
#include "stages.h"

#define MAX_VALUES 2

/* A size that the configuration decides, and the values that it can have. */
static const struct hypothesis {
	size_t offset;
	uint64_t values[MAX_VALUES];
	enum trait_id only; /* kernels with this trait */
} hypotheses[] = {
	/* With CONFIG_PAGE_EXTENSION a section points to its page_ext too. Kernel: struct mem_section, include/linux/mmzone.h. */
	{ offsetof(struct kernel, mem_section), { 16, 32 }, TRAIT_NONE },
	/* Without CONFIG_MEMORY_HOTPLUG wait tables are as large as their zones need. Kernel: wait_table_hash_nr_entries(). */
	{ offsetof(struct kernel, wait_by_size), { 0, 1 }, TRAIT_WAIT_TABLES },
};

static struct quantity *quantity_of(struct kernel *k, const struct hypothesis *h) { return (struct quantity *)((char *)k + h->offset); }

/* Pages that do not add up: what not even an image of another size explains. */
static uint64_t misfit(const struct boot *b)
{
	int64_t rest = balance_unexplained(b);

	rest -= balance_image_share(b, rest);
	return rest < 0 ? (uint64_t)-rest : (uint64_t)rest;
}

/* Only a total that was stated decides, and none does where it already went into the size of the image or of silent frees. */
static bool decides(const struct boot *b)
{
	return b->balance.known && !b->replay.on && !b->balance.silent && (b->image_measured || b->kernel->image_in_2m);
}

static void choose(struct arena *arena, const struct machine *machine, struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record, const struct hypothesis *h)
{
	const struct quantity before = *quantity_of(kernel, h);
	struct quantity best = before;
	uint64_t best_misfit = UINT64_MAX, worst_misfit = 0;

	for (size_t i = 0; i < MAX_VALUES; i++) {
		struct boot *boot = arena_new(arena, struct boot);

		*quantity_of(kernel, h) = (struct quantity){ .v = h->values[i], .known = KNOWN_ASSUMED };
		boot_run_part(arena, machine, kernel, cmdline, record, BOOT_PLACES, boot);
		if (!decides(boot)) {
			best = before;
			break;
		}
		worst_misfit = max_u64(worst_misfit, misfit(boot));
		if (misfit(boot) < best_misfit) {
			best_misfit = misfit(boot);
			best = (struct quantity){ .v = h->values[i], .known = before.known ? before.known : KNOWN_ASSUMED };
		}
	}
	/* Where all fit alike, the era's value stays. */
	*quantity_of(kernel, h) = best_misfit < worst_misfit ? best : before;
}

/* What the zonelists line counts, where zones pay for their struct pages first and no other line shows how large those are. */
static const struct fact *total_pages_line(const struct kernel *kernel, const struct boot_record *record)
{
	bool hidden = kernel->struct_page.known <= KNOWN_NEIGHBOUR && trait(&kernel->traits, TRAIT_MEMMAP_ESTIMATE) == MEMMAP_SPARSE;

	return hidden ? facts_first(&record->log, FACT_ZONELISTS) : NULL;
}

/*
 * The configuration decides about a few words of struct page. A size is taken only if it is the one multiple of a word that
 * leads to the very number of the line.
 */
static void choose_struct_page(struct arena *arena, const struct machine *machine, struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record)
{
	static const uint64_t sizes_64[] = { 64, 56, 72, 80 }, sizes_32[] = { 40, 36, 32, 44, 48 };
	bool wide = machine->arch == ARCH_X86_64;
	const struct fact *line = total_pages_line(kernel, record);
	const struct quantity before = kernel->struct_page;

	for (size_t i = 0; line && i < (wide ? ARRAY_SIZE(sizes_64) : ARRAY_SIZE(sizes_32)); i++) {
		struct boot *boot = arena_new(arena, struct boot);

		kernel->struct_page = (struct quantity){ .v = wide ? sizes_64[i] : sizes_32[i], .known = KNOWN_SAID, .line = line->line };
		boot_run(arena, machine, kernel, cmdline, record, boot);
		if (boot->totalpages_built == line->v[1])
			return;
		kernel->struct_page = before;
		/* Where other things are unknown too, the number proves nothing. */
		if (boot->dma_reserve_unknown)
			return;
	}
}

/* Less than this is no memory that was left out; and this much is noise, a few tables more or less. */
#define XEN_STEP_PAGES ((int64_t)(MIB >> PAGE_SHIFT))
#define XEN_NOISE_PAGES 8
#define XEN_ROUNDS 4

/* Who asks for an amount (dom0_mem=) asks for whole MiB. */
static uint64_t whole_mib(uint64_t pages)
{
	uint64_t whole = (pages + XEN_NOISE_PAGES) / (uint64_t)XEN_STEP_PAGES * (uint64_t)XEN_STEP_PAGES;

	return whole + XEN_NOISE_PAGES >= pages ? whole : pages;
}

/*
 * With how many pages the first domain of Xen starts, where the log leaves a range: what the kernel holds more than any owner
 * is memory that it may get later. That shrinks what is sized by free memory, so once more.
 */
void hypotheses_xen(struct arena *arena, struct machine *machine, const struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record)
{
	uint64_t most = machine->xen_pages ? machine->xen_pages : e820_bytes(&machine->e820, E820_TYPE_RAM) >> PAGE_SHIFT;

	if (!machine_is_xen_first(machine) || !machine->xen_pages_least || machine->xen_pages_least >= most)
		return;
	machine->xen_pages = most;
	for (int i = 0; i < XEN_ROUNDS; i++) {
		struct boot *boot = arena_new(arena, struct boot);
		int64_t rest;

		boot_run_part(arena, machine, kernel, cmdline, record, BOOT_PLACES, boot);
		rest = balance_unexplained(boot);
		rest -= balance_image_share(boot, rest);
		if (!decides(boot) || rest < XEN_STEP_PAGES || (uint64_t)rest > machine->xen_pages - machine->xen_pages_least)
			break;
		machine->xen_pages = whole_mib(machine->xen_pages - (uint64_t)rest);
	}
}

void hypotheses_choose(struct arena *arena, const struct machine *machine, struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record)
{
	choose_struct_page(arena, machine, kernel, cmdline, record);
	for (size_t i = 0; i < ARRAY_SIZE(hypotheses); i++)
		if (quantity_of(kernel, &hypotheses[i])->known <= KNOWN_NEIGHBOUR && (!hypotheses[i].only || trait(&kernel->traits, hypotheses[i].only)))
			choose(arena, machine, kernel, cmdline, record, &hypotheses[i]);
}
