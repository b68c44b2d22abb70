/*
 * traits_infer.c - the version of a kernel whose log lost its head, by the words of the lines that are left.
 *
 * Each mainline version at which a trait changed is a candidate. The one that has most of what the log proves, and least of
 * what it disproves, is taken; of several that fit alike, the newest.
 */
#include <stdlib.h>

#include "traits_table.h"

/* What the machine or the configuration decides says nothing of the version. */
static const enum trait_id not_of_version[] = {
	TRAIT_ZONE_DMA, TRAIT_ZONE_DMA32, TRAIT_ZONE_HIGHMEM, TRAIT_ZONE_DEVICE, TRAIT_PAE, TRAIT_FIVE_LEVEL, TRAIT_KASLR_MEMORY, TRAIT_THP, TRAIT_MEM_MODEL, TRAIT_NUMA_EMU,
};

static bool tells_version(enum trait_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_of_version); i++)
		if (not_of_version[i] == id)
			return false;
	return true;
}

static void release_of_code(unsigned code, struct release *ret)
{
	ret->major = code >> 24;
	ret->minor = code >> 16 & 0xff;
	ret->patch = code & 0xffff;
	ret->inferred = true;
}

/* Traits that the version shares with the evidence, less those that it contradicts; both count. */
static int fit(enum arch arch, const struct release *candidate, const struct traits *evidence, int *nr_proved)
{
	struct traits version;
	int agree = 0;

	traits_of_version(candidate, arch, &version);
	*nr_proved = 0;
	for (int id = 1; id < NR_TRAITS; id++) {
		if (evidence->t[id].basis != BASIS_EVIDENCE || !tells_version((enum trait_id)id))
			continue;
		++*nr_proved;
		agree += version.t[id].value == evidence->t[id].value ? 1 : -1;
	}
	return agree;
}

void traits_infer_release(enum arch arch, const struct boot_record *record, struct release *ret)
{
	struct traits evidence = { 0 };
	unsigned best_code = 0;
	int best = 0;

	traits_of_evidence(record, &evidence);
	for (size_t i = 0; i < nr_trait_rows; i++) {
		struct release candidate = { 0 };
		int proved, agree;

		if (trait_rows[i].stable)
			continue;
		release_of_code(trait_rows[i].since, &candidate);
		agree = fit(arch, &candidate, &evidence, &proved);
		/* Half of it must agree, or the words are of no kernel known. */
		if (agree <= 0 || agree < best || (agree == best && trait_rows[i].since < best_code))
			continue;
		best = agree;
		best_code = trait_rows[i].since;
	}
	if (best)
		release_of_code(best_code, ret);
}
