/* kaslr_doubt.c - see kaslr_doubt.h. */
#include "kaslr_doubt.h"

#include <stdlib.h>

#include "mia/arena.h"
#include "stages.h"

/* --- what was said, as numbers that can be looked up --- */

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t mix(uint64_t hash, uint64_t v)
{
	return (hash ^ v) * FNV_PRIME;
}

static uint64_t mix_text(uint64_t hash, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = mix(hash, (unsigned char)s.p[i]);
	return mix(hash, s.n);
}

static uint64_t digest_of(const struct fact *f)
{
	uint64_t hash = mix(mix(FNV_START, f->kind), f->tag);

	for (size_t i = 0; i < FACT_VALUES; i++)
		hash = mix(hash, f->v[i]);
	for (size_t i = 0; i < FACT_TEXTS; i++)
		hash = mix_text(hash, f->s[i]);
	return hash;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t *digests_of(struct arena *arena, const struct sayings *said)
{
	uint64_t *ret = arena_array(arena, uint64_t, said->nr + 1);

	for (size_t i = 0; i < said->nr; i++)
		ret[i] = digest_of(&said->v[i].fact);
	return ret;
}

/* --- one boot of the others --- */

/* How likely each number of a zone, or of the map, is to be the one shown. */
struct zone_weights {
	uint64_t start, spanned, present;
};

struct map_weights {
	uint64_t announced, max_pfn, physpages, map;
};

struct doubter {
	struct boot *boot;
	uint64_t *digest, *weight; /* of each of its lines: what it says, and how likely it is */
	struct zone_weights *zone; /* NR_ZONE_TYPES of each node */
	struct map_weights map;
};

static bool same_map(const struct e820_table *a, const struct e820_table *b)
{
	bool same = a->nr == b->nr;

	for (size_t i = 0; same && i < a->nr; i++)
		same = a->v[i].start == b->v[i].start && a->v[i].end == b->v[i].end && a->v[i].type == b->v[i].type;
	return same;
}

static void count_numbers(struct doubter *d, const struct boot *other, uint64_t weight)
{
	const struct boot *b = d->boot;

	for (size_t n = 0; n < b->nr_nodes && n < other->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++) {
			const struct zone *mine = &b->node[n].zone[z], *theirs = &other->node[n].zone[z];
			struct zone_weights *w = &d->zone[n * NR_ZONE_TYPES + z];

			w->start += mine->span.start == theirs->span.start ? weight : 0;
			w->spanned += mine->spanned == theirs->spanned ? weight : 0;
			w->present += mine->present == theirs->present ? weight : 0;
		}
	d->map.announced += b->announced_max_pfn == other->announced_max_pfn ? weight : 0;
	d->map.max_pfn += b->max_pfn == other->max_pfn ? weight : 0;
	d->map.physpages += b->physpages == other->physpages ? weight : 0;
	d->map.map += same_map(&b->e820, &other->e820) ? weight : 0;
}

/* Lists that a boot for its numbers alone leaves out; they do not hang on where the image lies. */
static bool same_everywhere(const struct fact *f) { return f->kind == FACT_FALLBACK || f->kind == FACT_PCPU_GROUPS; }

static void count_lines(struct doubter *d, const struct boot *other, uint64_t weight)
{
	uint64_t *theirs = digests_of(other->arena, &other->said);

	qsort(theirs, other->said.nr, sizeof(*theirs), by_number);
	for (size_t i = 0; i < d->boot->said.nr; i++)
		if (same_everywhere(&d->boot->said.v[i].fact) || bsearch(&d->digest[i], theirs, other->said.nr, sizeof(*theirs), by_number))
			d->weight[i] += weight;
}

static void boot_other(struct doubter *d, const struct boot *begun, const struct other_base *o)
{
	struct arena_mark mark = arena_mark(begun->arena);
	struct machine *machine = arena_new(begun->arena, struct machine);
	struct boot *other = arena_new(begun->arena, struct boot);

	*machine = *d->boot->machine;
	machine->kernel_base = o->base;
	boot_go_on(begun, machine, BOOT_NUMBERS, other);
	count_numbers(d, other, o->weight);
	count_lines(d, other, o->weight);
	arena_rewind(begun->arena, mark);
}

/* --- what comes of it --- */

static void open_numbers(struct doubter *d, uint64_t half)
{
	struct boot *b = d->boot;

	for (size_t i = 0; i < b->nr_nodes * NR_ZONE_TYPES; i++) {
		struct zone *zone = &b->node[i / NR_ZONE_TYPES].zone[i % NR_ZONE_TYPES];

		zone->start_open = d->zone[i].start <= half;
		zone->spanned_open = d->zone[i].spanned <= half;
		zone->present_open = d->zone[i].present <= half;
	}
	b->announced_open = d->map.announced <= half;
	b->max_pfn_open = d->map.max_pfn <= half;
	b->physpages_open = d->map.physpages <= half;
	b->map_open = d->map.map <= half;
}

static void forget_unlikely(struct doubter *d, uint64_t half)
{
	struct sayings *said = &d->boot->said;
	size_t kept = 0;

	for (size_t i = 0; i < said->nr; i++)
		if (d->weight[i] > half)
			said->v[kept++] = said->v[i];
	said->nr = kept;
}

void kaslr_doubt(const struct boot *begun, struct boot *boot, uint64_t weight, const struct other_bases *others)
{
	struct arena *arena = begun->arena;
	struct doubter d = {
		.boot = boot, .digest = digests_of(arena, &boot->said), .weight = arena_array(arena, uint64_t, boot->said.nr + 1),
		.zone = arena_array(arena, struct zone_weights, boot->nr_nodes * NR_ZONE_TYPES + 1),
	};
	uint64_t total = weight;

	for (size_t i = 0; i < boot->said.nr; i++)
		d.weight[i] = weight;
	count_numbers(&d, boot, weight);
	for (size_t i = 0; i < others->nr; i++) {
		boot_other(&d, begun, &others->v[i]);
		total += others->v[i].weight;
	}
	open_numbers(&d, total / 2);
	forget_unlikely(&d, total / 2);
}
