/*
 * verify_meminfo.c - totals of the running system: meminfo, vmstat, sysctls.
 */
#include <string.h>

#include "verify.h"

#define KIB_4K 4u
#define KIB_2M 2048u
#define KIB_1G 1048576u

struct meminfo_value {
	bool known;
	uint64_t kib;
	uint32_t line;
};

static struct meminfo_value find(const struct verifier *v, const char *key)
{
	const struct key_value *kv = key_values_find(&v->record->meminfo, key);

	return kv ? (struct meminfo_value){ true, kv->value, kv->line } : (struct meminfo_value){ 0 };
}

static void verify_total(struct verifier *v)
{
	struct meminfo_value total = find(v, "MemTotal");
	struct check_of of = { "mem_total_kib", "machine", SOURCE_MEMINFO, total.line, STAGE_LATE };
	const struct amount *ram = &v->boot->totalram;
	struct check *c;

	if (!total.known)
		return;
	c = verify_add(v, &of, ram->basis == AMOUNT_UNKNOWN ? value_unknown : value_number(pages_to_kib(ram->v)), value_number(total.kib));
	verify_allow_amount(c, *ram, kib_to_pages(total.kib), "bounded");
	verify_excuse(c, verify_changed_since(v));
	if (c->verdict == CHECK_NOT_PREDICTED && v->boot->onlined_later)
		c->slack_why = "memory was onlined after the boot";
}

/* --- the direct map --- */

/* Pages of ZONE_DEVICE, which drivers set up. Kernel: devm_memremap_pages(). */
static uint64_t device_pages(const struct verifier *v)
{
	const struct zoneinfo *zones = &v->record->zoneinfo;
	uint64_t pages = 0;

	for (size_t i = 0; i < zones->nr; i++)
		if (!strcmp(zones->v[i].name, "Device"))
			pages += zones->v[i].spanned.value;
	return pages;
}

/*
 * Large pages are split later, where pieces get other permissions: then their bytes move to the smaller sizes and the sum stays.
 * EFI of 2.6.32 maps runtime services behind the end of RAM into it.
 */
static void verify_direct_map(struct verifier *v)
{
	struct meminfo_value k4 = find(v, "DirectMap4k"), m2 = find(v, "DirectMap2M"), m4 = find(v, "DirectMap4M"), g1 = find(v, "DirectMap1G");
	struct check_of sum = { "direct_map.total_kib", "machine", SOURCE_MEMINFO, k4.line, STAGE_DIRECT_MAP };
	struct check_of split = { "direct_map.at_least_4k_kib", "machine", SOURCE_MEMINFO, k4.line, STAGE_DIRECT_MAP };
	const struct boot *b = v->boot;
	uint64_t total = k4.kib + m2.kib + m4.kib + g1.kib, model = b->direct_4k * KIB_4K + b->direct_2m * KIB_2M + b->direct_1g * KIB_1G, added = verify_added_bytes(v) / KIB;
	struct check *c;

	if (!k4.known || !model)
		return;
	c = verify_add(v, &sum, value_number(model), value_number(total));
	if (c->verdict == CHECK_MISMATCH && added && total == model + added)
		verify_excuse(c, "memory was plugged in after the boot, and mapped then");
	if (c->verdict == CHECK_MISMATCH && device_pages(v) && total == model + pages_to_kib(device_pages(v)))
		verify_excuse(c, "a driver gave persistent memory struct pages, and mapped it");
	if (b->onlined_later && total > model)
		verify_excuse(c, "memory was plugged in after the boot, and mapped then");
	if (b->machine->firmware == FIRMWARE_EFI && boot_trait(b, TRAIT_EARLY_ALLOC) == EARLY_RES_BOOTMEM)
		verify_excuse(c, "EFI runtime services are mapped behind the end of RAM");
	c = verify_add(v, &split, value_number(b->direct_4k * KIB_4K), value_number(k4.kib));
	if (c->verdict == CHECK_MISMATCH && k4.kib > b->direct_4k * KIB_4K)
		verify_allow(c, UINT64_MAX, "large pages are split later, never joined");
}

/* --- large takers that meminfo names --- */

static void verify_cma(struct verifier *v)
{
	struct meminfo_value cma = find(v, "CmaTotal");
	struct check_of of = { "cma_total_kib", "machine", SOURCE_MEMINFO, cma.line, STAGE_CMA };

	if (cma.known)
		verify_add(v, &of, value_number(pages_to_kib(v->boot->cma_pages)), value_number(cma.kib));
}

/* Gigantic pages come from the command line only, and nothing changes their number by itself. */
static void verify_gigantic(struct verifier *v)
{
	struct meminfo_value total = find(v, "HugePages_Total"), size = find(v, "Hugepagesize");
	struct check_of of = { "hugepages_total", "machine", SOURCE_MEMINFO, total.line, STAGE_HUGETLB };

	if (!total.known || size.kib != KIB_1G)
		return;
	verify_excuse(verify_add(v, &of, value_number(v->boot->gigantic_pages / (KIB_1G / KIB_4K)), value_number(total.kib)), "vm.nr_hugepages may have been changed since");
}

static void verify_high(struct verifier *v)
{
	struct meminfo_value high = find(v, "HighTotal");
	struct check_of of = { "high_total_kib", "machine", SOURCE_MEMINFO, high.line, STAGE_LATE };
	struct amount sum = { .basis = AMOUNT_EXACT };
	struct check *c;

	if (!high.known || !v->boot->nr_nodes)
		return;
	for (size_t n = 0; n < v->boot->nr_nodes; n++)
		if (v->boot->node[n].zone[ZONE_HIGHMEM].present)
			amount_sum(&sum, v->boot->node[n].zone[ZONE_HIGHMEM].managed);
	c = verify_add(v, &of, sum.basis == AMOUNT_UNKNOWN ? value_unknown : value_number(pages_to_kib(sum.v)), value_number(high.kib));
	verify_allow_amount(c, sum, kib_to_pages(high.kib), "bounded");
}

/* VmallocTotal says how many levels the page tables have. */
#define VMALLOC_KIB_4 UINT64_C(34359738367)
#define VMALLOC_KIB_5 UINT64_C(13743895347199)

static void verify_vmalloc(struct verifier *v)
{
	struct meminfo_value total = find(v, "VmallocTotal");
	struct check_of of = { "vmalloc_total_kib", "machine", SOURCE_MEMINFO, total.line, STAGE_SETUP };

	if (total.known && v->boot->machine->arch == ARCH_X86_64)
		verify_add(v, &of, value_number(v->boot->five_level ? VMALLOC_KIB_5 : VMALLOC_KIB_4), value_number(total.kib));
}

/* Pages of boot-time struct pages, from 6.12. */
static void verify_memmap(struct verifier *v)
{
	const struct key_value *kv = key_values_find(&v->record->vmstat, "nr_memmap_boot_pages");
	struct check_of of = { "memmap_boot_pages", "machine", SOURCE_VMSTAT, kv ? kv->line : 0, STAGE_SPARSE };
	const struct boot *b = v->boot;
	uint64_t bytes = 0;

	if (!kv)
		return;
	for (size_t i = 0; i < b->owned.nr; i++)
		if (b->owned.v[i].owner == OWNER_MEMMAP)
			bytes += phys_len(b->owned.v[i].range);
	verify_excuse(verify_add(v, &of, bytes ? value_number(PFN_DOWN(bytes)) : value_unknown, value_number(kv->value)), verify_added_bytes(v) ? "memory was plugged in after the boot" : NULL);
}

void verify_meminfo(struct verifier *v)
{
	verify_total(v);
	verify_direct_map(v);
	verify_cma(v);
	verify_gigantic(v);
	verify_high(v);
	verify_vmalloc(v);
	verify_memmap(v);
}
