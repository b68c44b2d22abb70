/* takers.c - see include/mia/takers.h. */
#include "mia/takers.h"

#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"

/* Whose memory a row of what came back was. */
static const struct {
	const char *returned, *owner;
} givers[] = {
	{ "returned.initrd", "initrd" },
	{ "returned.alternatives", "kernel.image" },
	{ "returned.initmem", "kernel.image" },
	{ "returned.text_gap", "kernel.image" },
	{ "returned.rodata_gap", "kernel.image" },
	{ "returned.decrypted", "kernel.image" },
	{ "returned.efi_boot", "efi.boot_services" },
	{ "returned.cma", "cma" },
	{ "returned.gigantic", "hugetlb.gigantic" },
	{ "returned.swiotlb", "swiotlb" },
};

const char *taker_of_returned(const char *returned)
{
	for (size_t i = 0; i < ARRAY_SIZE(givers); i++)
		if (!strcmp(givers[i].returned, returned))
			return givers[i].owner;
	return NULL;
}

/* A row that stands for one owner: no part of another's, and none of the trunk. */
static bool is_owner(const struct ledger_row *row)
{
	static const char *const parents[] = { "firmware", "cut", "reserved" };

	for (size_t i = 0; row->parent && i < ARRAY_SIZE(parents); i++)
		if (!strcmp(row->parent, parents[i]))
			return true;
	return false;
}

static int64_t given_back(const struct ledger *ledger, const struct ledger_row *owner)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(givers); i++) {
		const struct ledger_row *row = strcmp(givers[i].owner, owner->id) ? NULL : ledger_find(ledger, givers[i].returned);

		bytes += row ? row->bytes : 0;
	}
	return bytes;
}

static int by_size(const void *a, const void *b)
{
	const struct taker *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->row->id, y->row->id);
}

void takers_rank(struct arena *arena, const struct ledger *ledger, struct takers *ret)
{
	*ret = (struct takers){ 0 };
	for (size_t i = 0; i < ledger->nr; i++) {
		const struct ledger_row *row = &ledger->v[i];
		int64_t bytes = is_owner(row) ? row->bytes + given_back(ledger, row) : 0;

		if (bytes > 0)
			*vec_push(arena, ret) = (struct taker){ row, bytes };
	}
	if (ret->nr)
		qsort(ret->v, ret->nr, sizeof(*ret->v), by_size);
}
