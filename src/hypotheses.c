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
		boot_run(arena, machine, kernel, cmdline, record, boot);
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

void hypotheses_choose(struct arena *arena, const struct machine *machine, struct kernel *kernel, const struct cmdline *cmdline, const struct boot_record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(hypotheses); i++)
		if (quantity_of(kernel, &hypotheses[i])->known <= KNOWN_NEIGHBOUR && (!hypotheses[i].only || trait(&kernel->traits, hypotheses[i].only)))
			choose(arena, machine, kernel, cmdline, record, &hypotheses[i]);
}
