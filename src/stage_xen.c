/*
 * stage_xen.c - what a paravirtual guest of Xen reserves: pages that it does not have yet, and the list of its frames.
 *
 *   in:   the map, "Remapped" pages of the log
 *   out:  RAM of the map that Xen has not given; pages of the list
 *
 * The map shows all RAM that the guest may ever have. What it has lies at the bottom; its pages that fall into holes of the map are
 * moved behind it. The rest is reserved, and the balloon driver's to fill. How many pages there are stands in no line, but how many
 * fell into holes does.
 *
 * Kernel: xen_memory_setup(), xen_add_extra_mem(), xen_remap_memory() (arch/x86/xen/setup.c), xen_rebuild_p2m_list() (p2m.c).
 */
#include "mia/ranges.h"
#include "stages.h"

#define FRAMES_PER_PAGE (PAGE_SIZE / 8)

static uint64_t ram_pages_below(const struct e820_table *map, uint64_t pfn)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < map->nr; i++)
		if (map->v[i].type == E820_TYPE_RAM)
			pages += sub_sat(min_u64(PFN_DOWN(map->v[i].end), pfn), PFN_UP(map->v[i].start));
	return pages;
}

/*
 * How many pages the guest has: the holes below that many hold those that were moved. Where the number lies in RAM, any page of
 * that range would do, but for one that is all RAM that there is. 0 if it is not known.
 */
static uint64_t pages_given(const struct e820_table *map, uint64_t moved)
{
	uint64_t at = 0, ram = ram_pages_below(map, UINT64_MAX);

	for (size_t i = 0; i < map->nr && moved; i++) {
		uint64_t start = PFN_UP(map->v[i].start), end = PFN_DOWN(map->v[i].end);

		if (map->v[i].type != E820_TYPE_RAM || end <= start)
			continue;
		if (start > at && moved < start - at)
			return at + moved;
		moved -= sub_sat(start, at);
		at = end;
		if (!moved && start == ram)
			return ram;
	}
	return 0;
}

/* RAM of the map from page @pfn on. */
static void reserve_above(struct boot *b, const struct e820_table *map, uint64_t pfn)
{
	for (size_t i = 0; i < map->nr; i++) {
		struct pfn_range r = { max_u64(PFN_UP(map->v[i].start), pfn), PFN_DOWN(map->v[i].end) };

		if (map->v[i].type == E820_TYPE_RAM && r.end > r.start)
			boot_reserve(b, OWNER_XEN_EXTRA, PFN_PHYS(r.start), PFN_PHYS(r.end));
	}
}

static uint64_t moved_pages(const struct boot *b)
{
	const struct fact *f = b->record && b->machine->firmware == FIRMWARE_XEN && !b->replay.on ? facts_first(&b->record->log, FACT_XEN_REMAPPED) : NULL;

	return f ? f->v[0] : 0;
}

/* Until the moved pages have their place, nothing of what lies behind those that the guest has can be used. */
void xen_run(struct boot *b)
{
	uint64_t given = pages_given(&b->machine->e820, moved_pages(b));

	if (given)
		reserve_above(b, &b->machine->e820, given);
}

/* Moved pages take the lowest of what was reserved for them. Kernel: xen_remap_memory(). */
static void place_moved(struct boot *b)
{
	const struct e820_table *map = &b->machine->e820;
	uint64_t moved = moved_pages(b), given = pages_given(map, moved);

	for (size_t i = 0; i < map->nr && given; i++) {
		uint64_t start = max_u64(PFN_UP(map->v[i].start), given), end = PFN_DOWN(map->v[i].end);

		if (map->v[i].type != E820_TYPE_RAM || end <= start)
			continue;
		end = min_u64(end, start + moved);
		boot_free(b, PFN_PHYS(start), PFN_PHYS(end));
		moved -= end - start;
	}
}

/* A page of the list for each run of pages that are not all holes, or all missing. The hypervisor's own list comes back. */
void xen_p2m_run(struct boot *b)
{
	struct phys_ranges runs = { 0 };

	if (b->machine->firmware != FIRMWARE_XEN || b->machine->arch != ARCH_X86_64)
		return;
	place_moved(b);
	for (size_t i = 0; i < b->memblock.memory.nr; i++)
		ranges_add(b->arena, &runs,
			   (struct phys_range){ align_down(b->memblock.memory.v[i].base, PFN_PHYS(FRAMES_PER_PAGE)),
						align_up(b->memblock.memory.v[i].end, PFN_PHYS(FRAMES_PER_PAGE)) });
	for (size_t i = 0; i < b->owned.nr; i++)
		if (b->owned.v[i].owner == OWNER_XEN_EXTRA)
			ranges_remove(b->arena, &runs,
				      (struct phys_range){ align_up(b->owned.v[i].range.start, PFN_PHYS(FRAMES_PER_PAGE)), b->owned.v[i].range.end });
	boot_alloc_bytes(b, OWNER_XEN_P2M, ranges_bytes(&runs) / PFN_PHYS(FRAMES_PER_PAGE) * PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE);
}
