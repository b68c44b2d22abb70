/* e820_names.c - names of memory types in the two vocabularies of the kernel. */
#include <stdio.h>

#include "rules.h"

struct type_name {
	uint32_t type;
	const char *to_6_19, *from_7_0;
};

static const struct type_name names[] = {
	{ E820_TYPE_RAM, "usable", "System RAM" },
	{ E820_TYPE_RESERVED, "reserved", "device reserved" },
	{ E820_TYPE_ACPI, "ACPI data", "ACPI data" },
	{ E820_TYPE_NVS, "ACPI NVS", "ACPI NVS" },
	{ E820_TYPE_UNUSABLE, "unusable", "unusable" },
	{ E820_TYPE_SOFT_RESERVED, "soft reserved", "soft reserved" },
	/* printed like RAM; never read as this */
	{ E820_TYPE_RESERVED_KERN, "usable", "System RAM" },
};

/* "type 20", "persistent (type 12)", and from 7.0 "persistent RAM (type 12)" and "type 20". */
static bool numbered_type_parse(struct str name, uint32_t *ret)
{
	static const struct { struct str before, after; } forms[] = {
		{ STR("type "), STR("") },
		{ STR("persistent (type "), STR(")") },
		{ STR("persistent RAM (type "), STR(")") },
	};
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!str_starts(name, forms[i].before) || !str_ends(name, forms[i].after))
			continue;
		name = str_skip(name, forms[i].before.n);
		name.n -= forms[i].after.n;
		if (!str_to_u64(name, 10, &number) || number > UINT32_MAX)
			return false;
		*ret = (uint32_t)number;
		return true;
	}
	return false;
}

bool e820_type_parse(struct str name, bool words_of_7_0, uint32_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_is(name, words_of_7_0 ? names[i].from_7_0 : names[i].to_6_19)) {
			*ret = names[i].type;
			return true;
		}
	}
	if (str_starts(name, STR("persistent RAM")) != words_of_7_0 && !str_starts(name, STR("type ")))
		return false;
	return numbered_type_parse(name, ret);
}

const char *e820_type_name(uint32_t type, bool words_of_7_0, char buf[32])
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return words_of_7_0 ? names[i].from_7_0 : names[i].to_6_19;
	if (type == E820_TYPE_PMEM || type == E820_TYPE_PRAM)
		snprintf(buf, 32, words_of_7_0 ? "persistent RAM (type %u)" : "persistent (type %u)", type);
	else
		snprintf(buf, 32, "type %u", type);
	return buf;
}
