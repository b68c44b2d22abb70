/* triage_zones.c - rules about zones, and about memory that comes later or not at all. */
#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "triage.h"

#define DMA32_LEAST GIB
#define DMA32_MACHINE (4 * GIB)

/* --- protection --- */

static const struct zoneinfo_zone *zone_file(const struct triage *t, int nid, const char *name)
{
	for (size_t i = 0; i < t->record->zoneinfo.nr; i++)
		if (t->record->zoneinfo.v[i].nid == nid && !strcmp(t->record->zoneinfo.v[i].name, name))
			return &t->record->zoneinfo.v[i];
	return NULL;
}

/* The zone that an ordinary request of this machine starts from. */
static enum zone_type ordinary_zone(const struct boot *b)
{
	enum zone_type best = ZONE_DMA;

	for (size_t n = 0; n < b->nr_nodes; n++)
		for (size_t i = 0; i < b->nr_zones; i++) {
			enum zone_type z = b->zone_order[i];

			if (b->node[n].zone[z].present && z <= ZONE_HIGHMEM && z > best)
				best = z;
		}
	return best;
}

/* Kernel: vm.lowmem_reserve_ratio, as it is until someone sets it. */
#define RESERVE_RATIO 256

/* How the protection comes about, where the default ratio explains it: managed pages above, when it was set, by the ratio. */
static const char *protection_rule(struct triage *t, size_t nid, enum zone_type zone, enum zone_type from)
{
	const struct pgdat *node = &t->boot->node[nid];
	uint64_t above = 0;

	for (size_t i = 0; i < t->boot->nr_zones; i++)
		if (t->boot->zone_order[i] > zone && t->boot->zone_order[i] <= from)
			above += node->zone[t->boot->zone_order[i]].managed_wmark;
	if (above / RESERVE_RATIO != node->zone[zone].protection[from])
		return "";
	return triage_text(t, " = %" PRIu64 " / ratio %d", above, RESERVE_RATIO);
}

void rule_dma_protect(struct triage *t)
{
	enum zone_type from = ordinary_zone(t->boot);
	struct strbuf which = { .arena = t->arena };
	uint64_t bytes = 0;
	uint32_t line = 0;
	struct finding *f;

	for (size_t n = 0; n < t->boot->nr_nodes && !t->boot->onlined_later; n++)
		for (size_t i = 0; i < t->boot->nr_zones; i++) {
			const struct zone *z = &t->boot->node[n].zone[t->boot->zone_order[i]];
			const struct zoneinfo_zone *file = zone_file(t, (int)n, zone_type_name(z->type));
			uint64_t free = file && file->free.line ? file->free.value : z->managed.v;

			if (z->type >= from || !z->managed.v || free >= z->min + z->protection[from])
				continue;
			strbuf_printf(&which,
				      "%snode %zu zone %s (%" PRIu64 " pages free, min %" PRIu64 " + protection %" PRIu64 "%s)",
				      which.n ? ", " : "", n, zone_type_name(z->type), free, z->min, z->protection[from],
				      protection_rule(t, n, z->type, from));
			bytes += PFN_PHYS(z->managed.v);
			line = file && !line ? file->protection_line : line;
		}
	if (!which.n)
		return;
	f = triage_add(t, SEVERITY_NOTE, "%s are closed to ordinary requests: %s", triage_size(t, bytes),
		       strbuf_str(&which).p);
	triage_bytes(f, bytes);
	f->weight = 0;
}

void rule_dma32_small(struct triage *t)
{
	uint64_t managed = 0, reserved = 0;
	bool has = false;
	struct finding *f;

	for (size_t n = 0; n < t->boot->nr_nodes; n++) {
		const struct zone *z = &t->boot->node[n].zone[ZONE_DMA32];

		has |= z->configured;
		managed += z->managed.v;
		reserved += sub_sat(z->present, z->managed.v);
	}
	if (!has || triage_ram(t) <= DMA32_MACHINE || PFN_PHYS(managed) >= DMA32_LEAST)
		return;
	f = triage_add(t, SEVERITY_WARNING, "Zone DMA32 manages only %s of %s", triage_size(t, PFN_PHYS(managed)),
		       triage_size(t, triage_ram(t)));
	f->detail = triage_text(t, "%s of what lies below 4 GiB are reserved; the largest block that is free there has %s.",
				triage_size(t, PFN_PHYS(reserved)), triage_size(t, phys_len(triage_largest_free(t, 4 * GIB))));
	triage_bytes(f, PFN_PHYS(managed));
}

/* --- later, or not yet --- */

void rule_deferred(struct triage *t)
{
	const struct fact *lazy = facts_first(t->log, FACT_DEFERRED_LAZY);
	uint64_t pages = lazy ? lazy->v[0] : 0;
	struct finding *f;

	/* From 6.11 the line comes after them, and lacks nothing. */
	if (!lazy && boot_trait(t->boot, TRAIT_MEMORY_LATE))
		return;
	if (!lazy)
		for (each_fact(d, t->log, FACT_DEFERRED))
			pages += d->v[1];
	if (!pages && facts_first(t->log, FACT_DEFERRED_SILENT))
		pages = boot_waiting_pages(t->boot);
	if (!pages)
		return;
	f = triage_add(
		t, SEVERITY_NOTE, "%s",
		lazy ? triage_text(
			       t,
			       "%s are initialised only when they are needed: the zones grow while the machine runs%s",
			       triage_size(t, PFN_PHYS(pages)), triage_at(t, lazy->line))
		     : triage_text(t, "The Memory: line lacks %s that were initialised later", triage_size(t, PFN_PHYS(pages))));
	if (lazy)
		f->detail =
			"MemTotal counts them from the start, and so does MemFree; zones and nodes (/proc/zoneinfo, numactl) count what is initialised. Watermarks, reserves and per-CPU lists follow the zones: they are computed anew each time one grows.";
	triage_bytes(f, PFN_PHYS(pages));
	/* Nothing is lost, but with lazy initialisation tools disagree. */
	f->weight = lazy ? f->bytes : 0;
	triage_line(f, lazy ? lazy->line : 0);
	triage_lines(t, f, FACT_DEFERRED);
	triage_lines(t, f, FACT_DEFERRED_SILENT);
}

void rule_unaccepted(struct triage *t)
{
	const struct key_value *meminfo = key_values_find(&t->record->meminfo, "Unaccepted"),
			       *vmstat = key_values_find(&t->record->vmstat, "nr_unaccepted");
	uint64_t map = 0, now = meminfo ? meminfo->value * KIB : vmstat ? PFN_PHYS(vmstat->value) : 0;
	struct finding *f;

	for (size_t i = 0; i < t->machine->efi.nr; i++)
		if (t->machine->efi.v[i].type == EFI_UNACCEPTED)
			map += phys_len(t->machine->efi.v[i].range);
	if (!map && !now)
		return;
	f = triage_add(t, SEVERITY_NOTE, "%s",
		       now ? triage_text(t, "%s are not accepted yet: they count as free and are not lost", triage_size(t, now))
			   : triage_text(t, "The firmware left %s to be accepted by the kernel, when they are needed",
					 triage_size(t, map)));
	triage_bytes(f, now ? now : map);
	for (size_t i = 0; i < t->machine->efi.nr; i++)
		if (t->machine->efi.v[i].type == EFI_UNACCEPTED)
			triage_line(f, t->machine->efi.v[i].line);
}

/* --- what the hypervisor decides --- */

static uint64_t offline_bytes(const struct triage *t)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < t->record->blocks.nr; i++)
		blocks += !t->record->blocks.v[i].online;
	return blocks * t->record->blocks.size_bytes.value;
}

static void hypervisor_finding(struct triage *t, const char *title, uint64_t bytes, bool known, uint32_t line)
{
	struct finding *f = triage_add(t, SEVERITY_NOTE, "%s", title);

	if (known)
		triage_bytes(f, bytes);
	/* What the hypervisor keeps is not known; it may be most of the machine. */
	f->weight = known ? bytes : triage_ram(t);
	triage_line(f, line);
}

static void virtio_mem(struct triage *t)
{
	uint64_t region = 0, plugged = 0;
	uint32_t line = 0;

	for (each_fact(f, t->log, FACT_VIRTIO_MEM)) {
		region += f->tag == VIRTIO_MEM_REGION ? f->v[0] : 0;
		plugged = f->tag == VIRTIO_MEM_PLUGGED ? f->v[0] : plugged;
		line = f->line;
	}
	if (region)
		hypervisor_finding(t,
				   triage_text(t, "virtio-mem gives this guest %s of %s that it may get%s",
					       triage_size(t, plugged), triage_size(t, region), triage_at(t, line)),
				   sub_sat(region, plugged), true, line);
}

/* Least that a balloon is said to hold: drivers' allocations and rounding are less. */
#define BALLOON_LEAST (64 * MIB)

/* What MemTotal lacks of what the guest booted with; 0 where that is not known. */
static uint64_t balloon_bytes(const struct triage *t)
{
	const struct key_value *total = key_values_find(&t->record->meminfo, "MemTotal");
	uint64_t booted = PFN_PHYS(t->boot->totalram.v),
		 bytes = total && t->boot->totalram.basis != AMOUNT_UNKNOWN ? sub_sat(booted, total->value * KIB) : 0;

	return bytes >= BALLOON_LEAST ? bytes : 0;
}

static void balloon_finding(struct triage *t, const struct fact *balloon, const struct fact *max)
{
	uint64_t held = balloon_bytes(t), size = is_known(t->kernel->struct_page)
							 ? t->kernel->struct_page.v
							 : (uint64_t)boot_trait(t->boot, TRAIT_STRUCT_PAGE);
	uint32_t line = max ? max->line : balloon->line;

	if (held)
		hypervisor_finding(
			t,
			triage_text(t, "The balloon holds %s of this guest: it booted with %s; struct pages for them take %s%s",
				    triage_size(t, held), triage_size(t, triage_ram(t)), triage_size(t, held / PAGE_SIZE * size),
				    triage_at(t, line)),
			held, true, line);
	else if (max)
		hypervisor_finding(t,
				   triage_text(t, "A balloon takes and gives memory while the guest runs, up to %s%s",
					       triage_size(t, max->v[0] * MIB), triage_at(t, line)),
				   0, false, line);
	else
		hypervisor_finding(t,
				   triage_text(t, "A balloon takes and gives memory while the guest runs%s", triage_at(t, line)),
				   0, false, line);
}

void rule_hypervisor(struct triage *t)
{
	const struct fact *balloon = facts_first(t->log, FACT_BALLOON), *max = facts_first(t->log, FACT_BALLOON_MAX);
	uint64_t offline = offline_bytes(t);

	if (offline)
		hypervisor_finding(t,
				   triage_text(t,
					       "%s of memory blocks are offline: plugged in, and not used until they are onlined",
					       triage_size(t, offline)),
				   offline, true, 0);
	virtio_mem(t);
	if (t->machine->firmware == FIRMWARE_XEN)
		hypervisor_finding(
			t,
			triage_text(t, "Xen decides how much memory there is: it gives this domain %s; the machine may have more",
				    triage_size(t, triage_ram(t))),
			0, false, triage_line_of(t, FACT_E820_ENTRY));
	else if (balloon || max)
		balloon_finding(t, balloon, max);
}
