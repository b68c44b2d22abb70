/* kaslr_likely.c - see kaslr_likely.h. */
#include "kaslr_likely.h"

#include <stddef.h>
#include <string.h>

#include "mia/arena.h"

/* Numbers of a zone that depend on how many pages it has. */
static const size_t zone_numbers[] = {
	offsetof(struct zone, managed.v), offsetof(struct zone, min), offsetof(struct zone, low), offsetof(struct zone, high),
	offsetof(struct zone, promo), offsetof(struct zone, pcp_high), offsetof(struct zone, pcp_high_min),
	offsetof(struct zone, pcp_high_max), offsetof(struct zone, pcp_batch), offsetof(struct zone, stat_threshold),
};

_Static_assert(ARRAY_SIZE(zone_numbers) == ARRAY_SIZE(((struct zone_numbers *)0)->single), "a place for each");

/* A list that holds or not as a whole. */
struct number {
	size_t offset; /* in struct zone */
	size_t kept;   /* in struct zone_numbers */
	size_t nr;
};

static struct number nth_number(size_t i)
{
	if (i < ARRAY_SIZE(zone_numbers))
		return (struct number){ zone_numbers[i], offsetof(struct zone_numbers, single) + i * sizeof(uint64_t), 1 };
	return (struct number){ offsetof(struct zone, protection), offsetof(struct zone_numbers, protection), NR_ZONE_TYPES };
}

struct zone_numbers *zone_numbers_new(struct arena *arena, size_t nr_nodes) { return arena_array(arena, struct zone_numbers, nr_nodes * NR_ZONE_TYPES); }

void zone_numbers_keep(const struct boot *b, struct zone_numbers *ret)
{
	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++, ret++)
			for (size_t i = 0; i <= ARRAY_SIZE(zone_numbers); i++) {
				struct number number = nth_number(i);

				memcpy((char *)ret + number.kept, (const char *)&b->node[n].zone[z] + number.offset, number.nr * sizeof(uint64_t));
			}
}

static const uint64_t *in_zone(const struct possible_boot *v, size_t node, size_t zone, struct number n)
{
	return (const uint64_t *)(const void *)((const char *)&v->zone[node * NR_ZONE_TYPES + zone] + n.kept);
}

static bool same(const uint64_t *a, const uint64_t *b, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static uint64_t weight_of(const struct possible_boot *v, size_t nr, size_t node, size_t zone, struct number n, const uint64_t *value)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < nr; i++)
		if (same(in_zone(&v[i], node, zone, n), value, n.nr))
			weight += v[i].weight;
	return weight;
}

/* How many boots are looked at for another value: those of the same place give the same, and more than a few values have no weight. */
#define MAX_VALUES 8
/* Numbers of one boot agree with each other: they are given up only for what is likelier by more than this part. */
#define CLEARLY 16

static void settle_number(struct boot *b, const struct possible_boot *v, size_t nr, size_t node, size_t zone, struct number n)
{
	uint64_t *mine = (uint64_t *)(void *)((char *)&b->node[node].zone[zone] + n.offset);
	const uint64_t *best = mine;
	uint64_t most = weight_of(v, nr, node, zone, n, mine);

	for (size_t i = 0, tried = 0; i < nr && tried < MAX_VALUES; i++) {
		const uint64_t *other = in_zone(&v[i], node, zone, n);
		uint64_t weight;

		if (same(other, best, n.nr))
			continue;
		tried++;
		weight = weight_of(v, nr, node, zone, n, other);
		if (weight > most + most / CLEARLY) {
			most = weight;
			best = other;
		}
	}
	for (size_t i = 0; i < n.nr && best != mine; i++)
		mine[i] = best[i];
}

static void settle_zone(struct boot *b, const struct possible_boot *v, size_t nr, size_t node, size_t zone)
{
	struct amount *managed = &b->node[node].zone[zone].managed;

	for (size_t i = 0; i <= ARRAY_SIZE(zone_numbers); i++)
		settle_number(b, v, nr, node, zone, nth_number(i));
	managed->min = min_u64(managed->min, managed->v);
	managed->max = max_u64(managed->max, managed->v);
}

static uint64_t weight_of_total(const struct possible_boot *v, size_t nr, uint64_t total)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < nr; i++)
		weight += v[i].total == total ? v[i].weight : 0;
	return weight;
}

size_t kaslr_likeliest(const struct possible_boot *v, size_t nr)
{
	size_t best = 0;

	for (size_t i = 1; i < nr; i++) {
		uint64_t mine = weight_of_total(v, nr, v[i].total), most = weight_of_total(v, nr, v[best].total);

		if (mine > most || (mine == most && v[i].weight > v[best].weight))
			best = i;
	}
	return best;
}

void kaslr_likely_values(struct boot *boot, const struct possible_boot *v, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (v[i].nr_nodes != boot->nr_nodes)
			return;
	for (size_t n = 0; n < boot->nr_nodes; n++)
		for (size_t z = 0; z < NR_ZONE_TYPES; z++)
			settle_zone(boot, v, nr, n, z);
}
