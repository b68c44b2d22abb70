/*
 * gaps.c - what the inputs do not tell, and what that leaves open.
 *
 * A gap is neither an error (the analysis was done) nor a finding (nothing disagrees): it says why a number is missing, is a
 * range or could not be checked. Each row is a question about the record or the boot.
 */
#include <ctype.h>

#include "mia/arena.h"
#include "mia/verdict.h"

static bool is_prediction(const struct verdict *v) { return v->prediction != NULL; }

static bool is_log(const struct verdict *v) { return v->record && !v->prediction; }

static bool no_map(const struct verdict *v) { return !v->boot->e820_steps.nr || !v->boot->physpages; }

static bool head_missing(const struct verdict *v) { return is_log(v) && v->record->head_missing; }

static bool tail_missing(const struct verdict *v) { return is_log(v) && v->record->tail_missing; }

static bool end_missing(const struct verdict *v)
{
	return is_log(v) && !v->record->tail_missing && v->boot->balance.known && !is_known(v->kernel->initmem_kib);
}

static bool no_version(const struct verdict *v) { return !no_map(v) && !v->kernel->release.parsed; }

static bool not_installed(const struct verdict *v)
{
	const struct ledger_row *root = ledger_find(&v->ledger, "installed");

	return root && root->basis != AMOUNT_EXACT;
}

static bool map_lost(const struct verdict *v) { return v->machine->map_from_nodes; }

static bool release_guessed(const struct verdict *v) { return v->kernel->release.guessed; }

static bool debug_missing(const struct verdict *v) { return v->record && v->record->debug_missing; }

static bool line_cut(const struct verdict *v) { return is_log(v) && v->boot->cmdline->cut; }

static bool map_taken(const struct verdict *v) { return v->boot->user_map_taken && !v->boot->cmdline->cut; }

static bool place_unknown(const struct verdict *v) { return is_log(v) && !no_map(v) && !v->boot->kernel_base_known; }

static bool image_estimated(const struct verdict *v) { return is_log(v) && !no_map(v) && !is_known(v->kernel->image.span); }

static bool no_profile(const struct verdict *v) { return is_log(v) && !no_map(v) && !v->kernel->has_profile && !v->boot->replay.on; }

static bool silent_return(const struct verdict *v) { return v->boot->balance.silent; }

/* Its map, which only efi=debug prints, would tell. */
static bool efi_scattered(const struct verdict *v) { return v->boot->balance.unplaced_pages && !v->machine->efi.nr; }

static bool distances_unknown(const struct verdict *v) { return v->boot->nr_online > 1 && !machine_distances_known(v->machine); }

static bool lists_float(const struct verdict *v)
{
	for (size_t n = 0; n < v->boot->nr_nodes; n++)
		for (size_t z = 0; z < v->boot->nr_zones; z++) {
			const struct zone *zone = &v->boot->node[n].zone[v->boot->zone_order[z]];

			if (zone->present && !zone->pcp_high_known)
				return true;
		}
	return false;
}

static bool room_for_modules(const struct verdict *v) { return is_log(v) && !v->machine->modules_known && boot_room_for_modules(v->boot); }

static bool zones_grow(const struct verdict *v) { return v->boot->zones_grow; }

static bool onlined(const struct verdict *v) { return v->boot->onlined_later; }

static bool log_only(const struct verdict *v)
{
	return is_log(v) && !no_map(v) && !record_zones(v->record)->nr && !v->record->meminfo.nr;
}

static const struct {
	const char *id;
	bool (*holds)(const struct verdict *v);
	const char *what, *why;
} gaps[] = {
	{ "prediction", is_prediction, "Whether it comes true", "This boot is predicted from a machine, a kernel and a command line: there is nothing to hold it against." },
	{ "log.head", head_missing, "What the kernel said first", "The log does not begin at the start of the boot: the ring buffer had wrapped, or the log was cut. journalctl -k -b has all of it, and log_buf_len= makes the buffer larger." },
	{ "machine.map", no_map, "The ledger, the zones and all that follows", "No map of the firmware's could be read, so there is no machine to run the boot on." },
	{ "machine.map_lost", map_lost, "The firmware's own map", "The log begins behind it. The RAM of the nodes' list stands for it, so what the firmware keeps, the PCI gap and RAM buffers are not known." },
	{ "command_line.cut", line_cut, "The end of the command line", "The log had no room for all of it, so options behind its last whole word are not obeyed here. /proc/cmdline has all of them." },
	{ "machine.map_taken", map_taken, "Who defined the memory map", "The log shows a map that the user defined, but nothing on the command line defines one; it is taken as it stands." },
	{ "kernel.release_guessed", release_guessed, "The kernel's version", "The line that names it is lost; the name of the image on the command line stands for it." },
	{ "kernel.version", no_version, "Which kernel it was", "No line names its version. Its rules are those of the version that the words of the other lines fit best." },
	{ "log.debug", debug_missing, "Lines of the debug level", "The log was kept without them, so edits of the map, MTRRs and sizes that kernels print at that level could not be checked." },
	{ "log.tail", tail_missing, "What was reserved, and MemTotal", "The log ends before its Memory: line, so the model's own count stands unchecked." },
	{ "log.end", end_missing, "What came back at the end of the boot", "The log ends before the kernel frees its init sections; MemTotal takes their usual sizes." },
	{ "installed", not_installed, "How much memory is installed", "Only the sizes of the modules (dmidecode in a bundle) tell. The ledger starts from what the firmware or its registers show." },
	{ "kernel.place", place_unknown, "Where the kernel image lies", "Its address is randomised and no line shows it: the zone that lacks its pages is not certain, so managed is a range in some zones." },
	{ "kernel.image", image_estimated, "How large the kernel image is", "Neither a line nor a profile of this build tells." },
	{ "kernel.profile", no_profile, "Sizes of small boot-time allocations", "No profile of this very build is at hand; they are taken from similar kernels (marked ~). 'meminit-analyze kernel learn' makes a profile from a boot with memblock=debug." },
	{ "efi.silent", silent_return, "How much of the firmware's boot services memory came back", "This kernel gives it back without a line, so MemTotal lies within a range." },
	{ "efi.place", efi_scattered, "In which zones the firmware's boot services memory lies", "Its map, which efi=debug prints, would tell. Until it comes back, the zones below 4 GiB lack it, and reserves set at that time count with it." },
	{ "numa.distance", distances_unknown, "How far the nodes are from each other", "No line gives the SLIT, so the order in which nodes fall back on others is not known." },
	{ "pcp.high", lists_float, "How long the per-CPU lists are", "This kernel lets them grow and shrink with use, between limits that are known." },
	{ "hotplug.room", room_for_modules, "Whether modules were plugged in", "The SRAT keeps a place for them. One that is there but offline shows in /proc/iomem, and in no line of the log." },
	{ "zones.grow", zones_grow, "How large the zones have become", "This kernel initialises pages a section at a time, when a zone runs short of others (deferred_init=lazy): managed lies between what it had at first and all. Watermarks, reserves and per-CPU lists follow it each time. Where /proc/zoneinfo is at hand, they are held against what its own managed counts come to." },
	{ "hotplug", onlined, "How much memory was plugged in later", "It was put to use after the boot without a line." },
	{ "observed", log_only, "What /proc shows", "Only a log was given: zones could not be checked. Give a folder or archive with /proc/zoneinfo, meminfo and iomem." },
};

static void add_gap(struct arena *arena, struct verdict *v, const char *id, const char *what, const char *why, uint32_t line)
{
	*vec_push(arena, &v->gaps) = (struct gap){ id, what, why, line };
}

/* What a prediction does not know, and which of its values hang on it. */
static void add_unknown(struct arena *arena, struct verdict *v, enum unknown_id id)
{
	const struct prediction *p = v->prediction;
	struct strbuf why = { .arena = arena };
	const char *between = "Not exact because of it: ";
	char *what = str_dup(arena, str_of(unknown_title(id)));

	for (int g = 0; g < NR_VALUE_GROUPS; g++) {
		if (p->group[g].basis == AMOUNT_EXACT || !p->group[g].because[id])
			continue;
		strbuf_printf(&why, "%s%s (%s)", between, value_group_name((enum value_group)g), basis_name(p->group[g].basis));
		between = ", ";
	}
	if (!why.n)
		return;
	strbuf_char(&why, '.');
	what[0] = (char)toupper((unsigned char)what[0]);
	add_gap(arena, v, unknown_name(id), what, strbuf_str(&why).p, 0);
}

/* A boot of another architecture: what the input states was read, and that is all. */
static void foreign_gap(struct arena *arena, struct verdict *verdict)
{
	struct strbuf why = { .arena = arena };

	strbuf_printf(&why, "This is %s kernel's %s. Only x86 boots, and MIPS ones up to their zones, are re-executed.", verdict->machine->arch_words,
		      verdict->record->has_source[SOURCE_DMESG] ? "log" : "boot");
	add_gap(arena, verdict, "machine.arch", "The ledger, the zones and all that follows", strbuf_str(&why).p, 0);
}

void gaps_collect(struct arena *arena, struct verdict *verdict)
{
	if (verdict->machine->arch == ARCH_OTHER) {
		foreign_gap(arena, verdict);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++)
		if (gaps[i].holds(verdict))
			add_gap(arena, verdict, gaps[i].id, gaps[i].what, gaps[i].why, gaps[i].holds == silent_return ? verdict->boot->balance.line : 0);
	for (int u = 0; verdict->prediction && u < NR_UNKNOWNS; u++)
		if (verdict->prediction->unknown[u])
			add_unknown(arena, verdict, (enum unknown_id)u);
	for (size_t i = 0; verdict->record && i < verdict->record->notes.nr; i++)
		add_gap(arena, verdict, "input", "What a line means", verdict->record->notes.v[i].text, verdict->record->notes.v[i].line);
}
