/*
 * learn_align.c - what a kernel asked memblock for that the model does not, from a log of memblock's own.
 *
 * The boot is run again without those lines, and its requests are laid beside the real ones. What has no partner tells sizes
 * that the model had wrong, or is kept as an allocation of this build, at its place.
 */
#include <string.h>

#include "learn_private.h"
#include "mia/arena.h"

#define MAX_REQUESTS 1500

struct alignment {
	struct arena *arena;
	const struct allocations *real, *model;
	ptrdiff_t *real_to, *model_to; /* partner, or -1 */
};

/* Struct pages come one block at a time, which the model does in one go; nothing is to be learnt from them. */
static struct allocations without_memmap(struct arena *arena, const struct allocations *all)
{
	struct allocations ret = { 0 };

	for (size_t i = 0; i < all->nr; i++)
		if (all->v[i].owner != OWNER_MEMMAP)
			*vec_push(arena, &ret) = all->v[i];
	return ret;
}

static bool same_request(const struct allocation *a, const struct allocation *b)
{
	if (a->request.size != b->request.size)
		return false;
	return a->request.nid < 0 || b->request.nid < 0 || a->request.nid == b->request.nid;
}

/* Longest common subsequence. */
static void align_sequences(struct alignment *a)
{
	size_t n = a->real->nr, m = a->model->nr, width = m + 1;
	uint16_t *length = arena_array(a->arena, uint16_t, (n + 1) * width);
	size_t i = 0, j = 0;

	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;) {
			uint16_t *at = &length[i * width + j];

			if (same_request(&a->real->v[i], &a->model->v[j]))
				*at = (uint16_t)(at[width + 1] + 1);
			else
				*at = at[width] > at[1] ? at[width] : at[1];
		}
	for (i = j = 0; i < n && j < m;) {
		const uint16_t *at = &length[i * width + j];

		if (same_request(&a->real->v[i], &a->model->v[j]) && *at == at[width + 1] + 1) {
			a->real_to[i] = (ptrdiff_t)j;
			a->model_to[j++] = (ptrdiff_t)i++;
		} else if (at[width] >= at[1]) {
			i++;
		} else {
			j++;
		}
	}
}

/* The same request at another time is no other request. */
static void pair_strays(struct alignment *a)
{
	for (size_t i = 0; i < a->real->nr; i++)
		for (size_t j = 0; a->real_to[i] < 0 && j < a->model->nr; j++)
			if (a->model_to[j] < 0 && same_request(&a->real->v[i], &a->model->v[j])) {
				a->real_to[i] = (ptrdiff_t)j;
				a->model_to[j] = (ptrdiff_t)i;
			}
}

/* Partner of the last request before @i that has one; NULL for none. */
static const struct allocation *anchor_of(const struct alignment *a, size_t i)
{
	while (i-- > 0)
		if (a->real_to[i] >= 0)
			return &a->model->v[a->real_to[i]];
	return NULL;
}

/* A request of the model without a partner, of this owner, that could be @i under another size. */
static ptrdiff_t misfit(const struct alignment *a, enum owner owner)
{
	for (size_t j = 0; j < a->model->nr; j++)
		if (a->model_to[j] < 0 && a->model->v[j].owner == owner)
			return (ptrdiff_t)j;
	return -1;
}

static void pair(struct alignment *a, size_t i, ptrdiff_t j)
{
	a->real_to[i] = j;
	a->model_to[j] = (ptrdiff_t)i;
}

/* Given back before the boot was over: costs nothing in the end. */
static bool was_freed(const struct boot_record *record, const struct allocation *a)
{
	for (each_fact(f, &record->log, FACT_MB_FREE))
		if (f->line > a->line && f->v[0] <= a->base && f->v[1] >= a->base + a->request.size)
			return true;
	return false;
}

/* Sizes of structures that differ between builds show as one request too many on either side. */
static void learn_sizes(struct alignment *a, const struct boot_record *record, struct kernel *k, uint64_t section_bytes)
{
	for (size_t i = 0; i < a->real->nr; i++) {
		uint64_t size = a->real->v[i].request.size;
		ptrdiff_t j;

		if (a->real_to[i] >= 0 || was_freed(record, &a->real->v[i]))
			continue;
		j = misfit(a, OWNER_MEM_SECTION);
		if (j >= 0 && (size == a->model->v[j].request.size * 2 || size * 2 == a->model->v[j].request.size)) {
			k->mem_section = (struct quantity){ section_bytes * size / a->model->v[j].request.size, KNOWN_SAID, a->real->v[i].line };
			pair(a, i, j);
			continue;
		}
		j = misfit(a, OWNER_PERCPU_META);
		if (j >= 0 && size < PAGE_SIZE / 8 && anchor_of(a, i) && anchor_of(a, i)->owner == OWNER_PERCPU_META) {
			k->pcpu_chunk = (struct quantity){ size, KNOWN_SAID, a->real->v[i].line };
			pair(a, i, j);
		}
	}
}

/* Masks of CPUs that are allocated one by one: some for the machine, one for each node. */
static void learn_masks(struct alignment *a, const struct boot *forward, struct kernel *k)
{
	uint64_t bytes = round_up_to(max_u64(forward->machine->possible_cpus, 1), 64) / 8, count = 0;
	uint32_t line = 0;

	if (is_known(k->cpumask_vars))
		return;
	for (size_t i = 0; i < a->real->nr; i++) {
		const struct allocation *anchor = anchor_of(a, i);

		if (a->real_to[i] >= 0 || a->real->v[i].request.size != bytes || !anchor || anchor->stage != STAGE_PERCPU)
			continue;
		a->real_to[i] = anchor - a->model->v;
		line = a->real->v[i].line;
		count++;
	}
	if (count >= forward->nr_nodes)
		k->cpumask_vars = (struct quantity){ count - forward->nr_nodes, KNOWN_SAID, line };
}

/* How many page tables randomised entry areas take is chance, not the build's: one more or fewer is no request of its own. */
static void forget_random_tables(struct alignment *a, const struct boot *forward)
{
	if (!boot_trait(forward, TRAIT_ENTRY_RANDOM) || cmdline_has(forward->cmdline, "nokaslr"))
		return;
	for (size_t i = 0; i < a->real->nr; i++) {
		const struct allocation *anchor = anchor_of(a, i);

		if (a->real_to[i] < 0 && anchor && anchor->owner == OWNER_ENTRY_AREA && a->real->v[i].request.size == PAGE_SIZE)
			a->real_to[i] = anchor - a->model->v;
	}
}

static struct extra_alloc *same_extra(struct kernel *k, const struct extra_alloc *e)
{
	for (size_t i = 0; i < k->extra.nr; i++)
		if (!strcmp(k->extra.v[i].after, e->after) && !strcmp(k->extra.v[i].caller, e->caller) && k->extra.v[i].bytes == e->bytes)
			return &k->extra.v[i];
	return NULL;
}

static void copy_word(char *to, size_t room, struct str from)
{
	size_t n = 0;

	/* The name alone, without "+0x12/0x34". */
	while (n < from.n && n + 1 < room && from.p[n] != '+')
		n++;
	memcpy(to, from.p, n);
	to[n] = '\0';
}

static void collect_extras(struct alignment *a, const struct boot_record *record, uint32_t nodes, struct kernel *ret)
{
	for (size_t i = 0; i < a->real->nr; i++) {
		const struct allocation *real = &a->real->v[i], *anchor = anchor_of(a, i);
		struct extra_alloc e = { .bytes = real->request.size, .align = real->request.align, .count = 1, .nodes = nodes }, *old;

		if (a->real_to[i] >= 0 || !anchor || was_freed(record, real))
			continue;
		copy_word(e.after, sizeof(e.after), str_of(stage_name(anchor->stage)));
		copy_word(e.caller, sizeof(e.caller), real->caller);
		if (e.align & (e.align - 1))
			e.align = 0;
		old = same_extra(ret, &e);
		if (old)
			old->count++;
		else
			*vec_push(a->arena, &ret->extra) = e;
	}
}

/* How often a request was made, wherever. */
static uint64_t count_of(const struct kernel *k, const struct extra_alloc *e)
{
	uint64_t count = 0;

	for (size_t i = 0; i < k->extra.nr; i++)
		if (!strcmp(k->extra.v[i].caller, e->caller) && k->extra.v[i].bytes == e->bytes)
			count += k->extra.v[i].count;
	return count;
}

/* What one boot showed, against what earlier ones did: only what all of them show belongs to the build. */
static void merge_extras(struct kernel *to, const struct kernel *from, uint32_t nodes)
{
	size_t kept = 0;

	for (size_t i = 0; i < to->extra.nr; i++) {
		struct extra_alloc *e = &to->extra.v[i];
		uint64_t now = count_of(from, e);

		if (!now)
			continue;
		if (now != e->count && now * e->nodes == e->count * nodes) {
			e->count /= e->nodes;
			e->nodes = 1;
			e->per_node = true;
		}
		to->extra.v[kept++] = *e;
	}
	to->extra.nr = kept;
}

/* The same boot by the model alone. */
static const struct boot *run_forward(struct arena *arena, const struct boot_record *record, const struct boot *boot, const struct kernel *profile)
{
	struct boot_record *plain = arena_new(arena, struct boot_record);
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct boot *ret = arena_new(arena, struct boot);

	*plain = *record;
	plain->log = (struct facts){ 0 };
	for (size_t i = 0; i < record->log.nr; i++)
		if (record->log.v[i].kind < FACT_MB_ADD || record->log.v[i].kind > FACT_MB_DOUBLED)
			*vec_push(arena, &plain->log) = record->log.v[i];
	*kernel = *boot->kernel;
	kernel->extra.nr = 0;
	kernel_apply_profile(kernel, profile);
	kernel->extra.nr = 0;
	boot_run(arena, boot->machine, kernel, boot->cmdline, plain, ret);
	return ret;
}

static uint32_t online_nodes(const struct boot *b)
{
	uint32_t nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		nr += b->node[n].online;
	return nr;
}

void learn_requests(struct arena *arena, const struct boot_record *record, const struct boot *boot, struct kernel *ret)
{
	const struct boot *forward;
	struct kernel seen = { 0 };
	struct allocations real, model;
	struct alignment a = { .arena = arena, .real = &real, .model = &model };
	bool first = !ret->has_requests;

	if (!boot->replay.on || !boot->allocations.nr)
		return;
	forward = run_forward(arena, record, boot, ret);
	real = without_memmap(arena, &boot->allocations);
	model = without_memmap(arena, &forward->allocations);
	if (real.nr > MAX_REQUESTS || model.nr > MAX_REQUESTS)
		return;
	a.real_to = arena_array(arena, ptrdiff_t, a.real->nr + 1);
	a.model_to = arena_array(arena, ptrdiff_t, a.model->nr + 1);
	memset(a.real_to, 0xff, a.real->nr * sizeof(*a.real_to));
	memset(a.model_to, 0xff, a.model->nr * sizeof(*a.model_to));
	align_sequences(&a);
	pair_strays(&a);
	learn_sizes(&a, record, ret, is_known(forward->kernel->mem_section) ? forward->kernel->mem_section.v : (uint64_t)boot_trait(forward, TRAIT_MEM_SECTION_BYTES));
	learn_masks(&a, forward, ret);
	forget_random_tables(&a, forward);
	collect_extras(&a, record, online_nodes(forward), &seen);
	if (first)
		ret->extra = seen.extra;
	else
		merge_extras(ret, &seen, online_nodes(forward));
	ret->has_requests = true;
}
