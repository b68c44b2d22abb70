/*
 * ledger_reserved.c - who holds what at the moment when memblock's free memory goes to the page allocator.
 *
 * Every reservation of the model knows its owner. A byte has one owner, the first that took it; a page of which a part is
 * taken is gone as a whole, and its rest is a row of its own. What the kernel stated and no one claims is the residue.
 */
#include "ledger.h"

#include "mia/arena.h"
#include "mia/owned.h"

/* The line that shows an owner's share. */
static uint32_t proof_of(const struct ledger_builder *l, enum owner owner)
{
	static const struct {
		enum owner owner;
		enum fact_kind kind;
	} proofs[] = {
		{ OWNER_IMAGE, FACT_MEMORY }, { OWNER_IMAGE, FACT_MEMORY_X86 }, { OWNER_INITRD, FACT_RAMDISK }, { OWNER_CRASHKERNEL, FACT_CRASHKERNEL },
		{ OWNER_CRASHKERNEL, FACT_CRASHKERNEL_HEX }, { OWNER_CRASHKERNEL_LOW, FACT_CRASHKERNEL_LOW }, { OWNER_CRASHKERNEL_LOW, FACT_CRASHKERNEL_LOW_HEX },
		{ OWNER_CMA, FACT_CMA_RESERVED }, { OWNER_CMA, FACT_CMA_RESERVED_NODE }, { OWNER_SWIOTLB, FACT_SWIOTLB }, { OWNER_NODE_DATA, FACT_NODE_DATA },
		{ OWNER_NODE_DATA, FACT_NODE_DATA_OLD }, { OWNER_PERCPU, FACT_PERCPU }, { OWNER_LOG_BUF, FACT_LOG_BUF_LEN }, { OWNER_GIGANTIC, FACT_HUGETLB },
		{ OWNER_EFI_BOOT, FACT_FREE_EFI }, { OWNER_REAL_MODE, FACT_TRAMPOLINE }, { OWNER_KFENCE, FACT_KFENCE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(proofs); i++)
		if (proofs[i].owner == owner && ledger_line_of(l, proofs[i].kind))
			return ledger_line_of(l, proofs[i].kind);
	return 0;
}

/* The image by section, as far as the Memory: line tells them. */
static void add_image_parts(struct ledger_builder *l, int64_t bytes)
{
	const struct kernel *k = l->boot->kernel;
	const struct {
		const char *id, *label;
		uint64_t kib;
	} parts[] = {
		{ "kernel.text", "Code", k->code_kib.v }, { "kernel.rodata", "Read-only data", k->rodata_kib.v }, { "kernel.data", "Writable data", k->rwdata_kib.v },
		{ "kernel.init", "Init code and data", k->init_kib.v }, { "kernel.bss", "Zeroed data", k->bss_kib.v },
		{ "kernel.gaps", "Gaps between sections", k->text_gap_kib.v + k->rodata_gap_kib.v },
	};
	int64_t rest = bytes;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		rest -= (int64_t)(parts[i].kib * KIB);
	/* Sections that do not fit into the image are none of it. */
	if (rest < 0 || rest == bytes)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		ledger_add(l, parts[i].id, "kernel.image", parts[i].label, (int64_t)(parts[i].kib * KIB), AMOUNT_EXACT, ledger_line_of(l, FACT_MEMORY));
	ledger_add(l, "kernel.tables", "kernel.image", "Tables and padding that no section counts", rest, AMOUNT_EXACT, 0);
}

/* Struct pages that describe pages, and those that describe holes. */
static void add_memmap_parts(struct ledger_builder *l, int64_t bytes)
{
	const struct boot *b = l->boot;
	uint64_t size = is_known(b->kernel->struct_page) ? b->kernel->struct_page.v : (uint64_t)boot_trait(b, TRAIT_STRUCT_PAGE);
	int64_t present = (int64_t)(b->physpages * size);

	if (present >= bytes || !present)
		return;
	ledger_add(l, "memmap.present", "memmap", "Of pages that are there", present, AMOUNT_EXACT, 0);
	ledger_add(l, "memmap.holes", "memmap", "Of holes, and rest of their pages", bytes - present, AMOUNT_EXACT, 0);
}

static enum basis basis_of(const struct boot *b, enum owner owner)
{
	bool sized = b->replay.on || b->kernel->has_profile;

	switch (owner) {
	case OWNER_IMAGE:
		return b->image_measured ? AMOUNT_EXACT : AMOUNT_ESTIMATED;
	case OWNER_XEN_EXTRA:
		return b->machine->xen_pages_least == b->machine->xen_pages ? AMOUNT_EXACT : AMOUNT_ESTIMATED;
	case OWNER_EFI_BOOT:
		return b->balance.silent ? AMOUNT_BOUNDED : AMOUNT_EXACT;
	case OWNER_INITRD: case OWNER_CRASHKERNEL: case OWNER_CRASHKERNEL_LOW: case OWNER_CMA: case OWNER_GIGANTIC: case OWNER_SWIOTLB:
	case OWNER_HASH_DENTRY: case OWNER_HASH_INODE: case OWNER_MEMMAP: case OWNER_PERCPU: case OWNER_LOW_MEMORY: case OWNER_LOG_BUF:
		return AMOUNT_EXACT;
	default:
		return sized ? AMOUNT_EXACT : AMOUNT_ESTIMATED;
	}
}

static void add_owner(struct ledger_builder *l, enum owner owner, int64_t bytes)
{
	if (!ledger_add(l, owner_id(owner), "reserved", owner_label(owner), bytes, basis_of(l->boot, owner), proof_of(l, owner)))
		return;
	if (owner == OWNER_IMAGE)
		add_image_parts(l, bytes);
	if (owner == OWNER_MEMMAP)
		add_memmap_parts(l, bytes);
}

int64_t ledger_reserved(struct ledger_builder *l)
{
	const struct boot *b = l->boot;
	struct owned_ranges claims = owned_by_address(l->arena, b);
	uint64_t bytes[NR_OWNERS] = { 0 };
	int64_t owned = 0, image = b->balance.image_pages, efi = (int64_t)b->balance.unplaced_pages, rest = b->balance.residue - image - efi;
	int64_t pages = (int64_t)b->model_reserved + b->balance.residue;

	ledger_trunk(l, "reserved", "present", "Reserved by the kernel at boot", pages * (int64_t)PAGE_SIZE,
		     b->balance.known || b->replay.on ? AMOUNT_EXACT : AMOUNT_ESTIMATED, b->balance.line);
	for (size_t i = 0; i < claims.nr; i++) {
		bytes[claims.v[i].owner] += phys_len(claims.v[i].range);
		owned += (int64_t)phys_len(claims.v[i].range);
	}
	bytes[OWNER_IMAGE] = (uint64_t)((int64_t)bytes[OWNER_IMAGE] + image * (int64_t)PAGE_SIZE);
	bytes[OWNER_EFI_BOOT] += (uint64_t)efi * PAGE_SIZE;
	bytes[OWNER_HOLES] = sub_sat(PFN_PHYS(b->physpages), memblock_bytes(&b->memblock.memory));
	owned += (int64_t)bytes[OWNER_HOLES];
	for (int o = OWNER_NONE + 1; o < NR_OWNERS; o++)
		if (o != OWNER_ROUNDING)
			add_owner(l, (enum owner)o, (int64_t)bytes[o]);
	add_owner(l, OWNER_ROUNDING, (int64_t)PFN_PHYS(b->model_reserved) - owned);
	ledger_add(l, owner_id(OWNER_NONE), "reserved", owner_label(OWNER_NONE), rest * (int64_t)PAGE_SIZE + (int64_t)bytes[OWNER_NONE], AMOUNT_EXACT, b->balance.line);
	return rest * (int64_t)PAGE_SIZE + (int64_t)bytes[OWNER_NONE];
}
