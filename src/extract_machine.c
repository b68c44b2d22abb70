/*
 * extract_machine.c - the machine that a boot record shows.
 *
 * Only what the firmware, the loader and the CPU give is taken; what the kernel derived from it is the model's to compute.
 */
#include <stdlib.h>

#include "extract_guest.h"
#include "kconfig.h"
#include "mia/arena.h"
#include "mia/learn.h"
#include "mia/machine.h"

const char *arch_name(enum arch arch)
{
	static const char *const names[] = { "unknown", "x86_64", "i386", "mips", "other" };

	return names[arch];
}

const char *firmware_name(enum firmware firmware)
{
	static const char *const names[] = { "unknown", "bios", "efi", "xen" };

	return names[firmware];
}

uint8_t machine_distance(const struct machine *m, int from, int to)
{
	if (m->distance && (size_t)from < m->nr_distance && (size_t)to < m->nr_distance)
		return m->distance[(size_t)from * m->nr_distance + (size_t)to];
	return from == to ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

static const char *hint_words(enum arch_hint hint)
{
	static const char *const words[] = {
		[0] = "another processor's", [ARCH_HINT_ARM] = "an ARM", [ARCH_HINT_DEVICE_TREE] = "a device tree machine's", [ARCH_HINT_MIPS] = "a MIPS",
		[ARCH_HINT_POWERPC] = "a PowerPC", [ARCH_HINT_RISCV] = "a RISC-V", [ARCH_HINT_S390] = "an S/390", [ARCH_HINT_USER_MODE] = "a User Mode",
	};

	return (size_t)hint < ARRAY_SIZE(words) ? words[hint] : words[0];
}

static enum arch_hint config_hint(const struct boot_record *r)
{
	static const struct {
		struct str option;
		enum arch_hint hint;
	} table[] = {
		{ STR("CONFIG_ARM64"), ARCH_HINT_ARM }, { STR("CONFIG_ARM"), ARCH_HINT_ARM }, { STR("CONFIG_MIPS"), ARCH_HINT_MIPS },
		{ STR("CONFIG_PPC"), ARCH_HINT_POWERPC }, { STR("CONFIG_RISCV"), ARCH_HINT_RISCV }, { STR("CONFIG_S390"), ARCH_HINT_S390 },
	};

	for (size_t i = 0; r->config.n && i < ARRAY_SIZE(table); i++)
		if (config_of(r, table[i].option) == CONFIG_YES)
			return table[i].hint;
	return ARCH_HINT_NONE;
}

/* Many architectures have device trees: a line that names one of them says more. */
static enum arch_hint best_hint(const struct boot_record *r)
{
	enum arch_hint hint = facts_first(&r->log, FACT_ARCH_HINT) ? ARCH_HINT_DEVICE_TREE : ARCH_HINT_NONE;

	for (each_fact(f, &r->log, FACT_ARCH_HINT))
		if (f->tag != ARCH_HINT_DEVICE_TREE)
			return (enum arch_hint)f->tag;
	if (r->cpuinfo_arch)
		return r->cpuinfo_arch;
	return hint ? hint : config_hint(r);
}

/* Something that only x86 has, or a log, whose own marks are asked first. */
static bool any_sign_of_x86(const struct boot_record *r)
{
	return r->has_source[SOURCE_DMESG] || r->firmware_memmap.nr || r->cpuinfo_has_flags || r->cpu_phys_bits.line || config_of(r, STR("CONFIG_X86")) == CONFIG_YES;
}

/* On x86 the DMA zone ends at 16 MiB. */
static bool foreign_zones(const struct boot_record *r)
{
	for (each_fact(f, &r->log, FACT_ZONE_RANGE))
		if (str_is(f->s[0], "DMA") && f->v[1] > 16 * MIB)
			return true;
	return false;
}

static void extract_arch(const struct boot_record *r, struct machine *m)
{
	const struct fact *last = facts_first(&r->log, FACT_LAST_PFN);
	enum arch_hint hint = best_hint(r);

	m->arch = any_sign_of_x86(r) ? ARCH_X86_64 : ARCH_UNKNOWN;
	m->arch_words = "x86";
	if (facts_first(&r->log, FACT_MIPS_MAP))
		m->arch = ARCH_MIPS;
	else if (facts_first(&r->log, FACT_HIGHMEM_AVAILABLE) || facts_first(&r->log, FACT_LOWMEM_AVAILABLE) || facts_first(&r->log, FACT_LOW_RAM) ||
		 facts_first(&r->log, FACT_HIGHMEM_INIT) || (last && last->v[1] <= UINT64_C(1) << 24))
		m->arch = ARCH_I386;
	else if ((hint || foreign_zones(r)) && !facts_first(&r->log, FACT_E820_ENTRY)) {
		m->arch = ARCH_OTHER;
		m->arch_words = hint_words(hint);
	}
}

/* The log begins inside the map: what it lost was at the low end, and a part of a map is none. */
static bool map_is_cut(const struct boot_record *r)
{
	const struct fact *entry = facts_first(&r->log, FACT_E820_ENTRY);

	return r->head_missing && entry && entry->v[0] && !facts_first(&r->log, FACT_LINUX_VERSION) && !facts_first(&r->log, FACT_E820_BANNER);
}

/*
 * The front of the log is lost, and the firmware's map with it, or part of it: what the kernel made of it stands in the list of
 * nodes' ranges. Whole pages of RAM are all that it tells.
 */
static void map_from_nodes(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	const struct fact *map = facts_first(&r->log, FACT_E820_BANNER);

	if (m->arch == ARCH_MIPS || !r->head_missing || (map && map->tag == TAG_NONE) || (!facts_first(&r->log, FACT_NODE_RANGE) && !facts_first(&r->log, FACT_NODE_RANGE_PFN)))
		return;
	m->e820.nr = 0;
	m->map_from_nodes = true;
	for (each_fact(f, &r->log, FACT_NODE_RANGE))
		e820_range_add(arena, &m->e820, f->v[1], f->v[2], E820_TYPE_RAM, f->line);
	for (each_fact(f, &r->log, FACT_NODE_RANGE_PFN))
		e820_range_add(arena, &m->e820, PFN_PHYS(f->v[1]), PFN_PHYS(f->v[2]), E820_TYPE_RAM, f->line);
}

/* MIPS: what the board's code found, which stands before the map that the user may have defined. */
static void map_of_mips(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	const struct fact *user = facts_first(&r->log, FACT_MIPS_USER_MAP);

	for (each_fact(f, &r->log, FACT_MIPS_RANGE)) {
		bool usable = str_is(f->s[0], "usable");

		if (user && f > user)
			break;
		m->wide = f->tag;
		e820_range_add(arena, &m->e820, f->v[1], add_sat(f->v[1], f->v[0]), usable ? E820_TYPE_RAM : E820_TYPE_RESERVED, f->line);
	}
}

/* Where the head of the log is lost, with what EFI says of itself, later words tell. */
static bool started_by_efi(const struct boot_record *r)
{
	return facts_first(&r->log, FACT_EFI_VERSION) || facts_first(&r->log, FACT_EFI_MEM) || (r->head_missing && facts_first(&r->log, FACT_EFI_BOOT));
}

static void extract_e820(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	if (map_is_cut(r))
		return;
	for (each_fact(f, &r->log, FACT_E820_ENTRY)) {
		bool from_firmware = f->tag == TAG_NONE || f->tag == TAG_BIOS_E801 || f->tag == TAG_BIOS_88 || f->tag == TAG_XEN;

		if (!from_firmware)
			continue;
		m->e820_tag = f->tag;
		e820_range_add(arena, &m->e820, f->v[0], f->v[1], (uint32_t)f->v[2], f->line);
	}
	if (m->arch == ARCH_MIPS)
		map_of_mips(arena, r, m);
	map_from_nodes(arena, r, m);
	if (m->e820_tag == TAG_XEN)
		m->firmware = FIRMWARE_XEN;
	else if (m->e820.nr && m->arch != ARCH_MIPS)
		m->firmware = started_by_efi(r) ? FIRMWARE_EFI : FIRMWARE_BIOS;
}

static void add_range(struct arena *arena, struct phys_ranges *ranges, uint64_t start, uint64_t end)
{
	*vec_push(arena, ranges) = (struct phys_range){ start, end };
}

/*
 * setup_data ranges: said by the edits that mark them, or else by the places where the map was cut although both sides are RAM.
 */
static void extract_setup_data(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	const struct fact *last = NULL;
	uint64_t cut = 0;

	for (each_fact(f, &r->log, FACT_E820_UPDATE)) {
		bool known = false;

		if (f->v[2] != E820_TYPE_RAM || f->v[3] != E820_TYPE_RAM)
			continue;
		for (size_t i = 0; i < m->setup_data.nr; i++)
			known |= m->setup_data.v[i].start == f->v[0];
		if (!known)
			add_range(arena, &m->setup_data, f->v[0], f->v[1]);
	}
	if (m->setup_data.nr)
		return;
	for (each_fact(f, &r->log, FACT_E820_ENTRY)) {
		if (f->tag != TAG_SETUP_DATA)
			continue;
		if (last && last->v[2] == E820_TYPE_RAM && f->v[2] == E820_TYPE_RAM && last->v[1] == f->v[0]) {
			if (cut)
				add_range(arena, &m->setup_data, cut, f->v[0]);
			cut = cut ? 0 : f->v[0];
		}
		last = f;
	}
}

/* "Boot Code   |   |  |..." up to the first '|'. */
static bool efi_type_parse(struct str text, uint32_t *type, bool *runtime)
{
	static const struct { const char *name; enum efi_type type; } names[] = {
		{ "Reserved", EFI_RESERVED }, { "Loader Code", EFI_LOADER_CODE }, { "Loader Data", EFI_LOADER_DATA },
		{ "Boot Code", EFI_BOOT_CODE }, { "Boot Data", EFI_BOOT_DATA }, { "Runtime Code", EFI_RUNTIME_CODE },
		{ "Runtime Data", EFI_RUNTIME_DATA }, { "Conventional Memory", EFI_CONVENTIONAL }, { "Conventional", EFI_CONVENTIONAL },
		{ "Unusable Memory", EFI_UNUSABLE }, { "Unusable", EFI_UNUSABLE }, { "ACPI Reclaim Memory", EFI_ACPI_RECLAIM },
		{ "ACPI Reclaim", EFI_ACPI_RECLAIM }, { "ACPI Memory NVS", EFI_ACPI_NVS }, { "ACPI Mem NVS", EFI_ACPI_NVS },
		{ "Memory Mapped I/O", EFI_MMIO }, { "MMIO", EFI_MMIO }, { "MMIO Port", EFI_MMIO_PORT }, { "MM I/O Port Space", EFI_MMIO_PORT },
		{ "PAL Code", EFI_PAL_CODE }, { "Persistent", EFI_PERSISTENT }, { "Persistent Memory", EFI_PERSISTENT }, { "Unaccepted", EFI_UNACCEPTED },
	};
	struct str rest = text, name, attribute;

	if (!str_cut(&rest, '|', &name))
		return false;
	*runtime = str_cut(&rest, '|', &attribute) && str_is(str_trim(attribute), "RUN");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_is(str_trim(name), names[i].name)) {
			*type = names[i].type;
			return true;
		}
	}
	return false;
}

/* "MEMATTR=0x7e05e018": a table that the kernel keeps where it is. Its size is not said; it hardly ever is more than a page. */
static struct phys_range efi_table(struct str tables, struct str name)
{
	ptrdiff_t at = str_find(tables, name);
	uint64_t address = at < 0 ? 0 : str_memparse(str_skip(tables, (size_t)at + name.n), NULL);

	return address ? (struct phys_range){ address, align_up(address + 1, PAGE_SIZE) } : (struct phys_range){ 0 };
}

static void extract_efi(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	for (each_fact(f, &r->log, FACT_EFI_MEM)) {
		struct efi_region region = { .line = f->line };

		/* With efi=debug the map is printed again once virtual addresses are set; its second copy is not the firmware's. */
		if (m->efi.nr && f->v[0] < m->efi.nr)
			break;
		if (f->tag == EFI_MEM_NUMBERS) {
			region.type = (uint32_t)f->v[1];
			region.runtime = f->v[2] >> 63;
			region.range = (struct phys_range){ f->v[3], f->v[4] };
		} else {
			region.range = (struct phys_range){ f->v[1], f->v[2] };
			if (!efi_type_parse(f->s[0], &region.type, &region.runtime))
				region.type = NR_EFI_TYPES;
		}
		*vec_push(arena, &m->efi) = region;
	}
	for (each_fact(f, &r->log, FACT_EFI_TABLES))
		m->efi_memattr = efi_table(f->text, STR("MEMATTR="));
	for (each_fact(f, &r->log, FACT_EFI_REMOVE_MMIO)) {
		add_range(arena, &m->mmio_removed, f->v[1], f->v[2]);
		m->efi_entries_seen = max_u64(m->efi_entries_seen, f->v[0] + 1);
	}
	for (each_fact(f, &r->log, FACT_ESRT))
		add_range(arena, &m->efi_reserved, align_down(f->v[0], PAGE_SIZE), align_up(f->v[1], PAGE_SIZE));
}

static void name_node(struct machine *m, uint64_t node)
{
	if (node < MAX_NUMNODES && (int)node > m->max_node)
		m->max_node = (int)node;
}

static void extract_srat(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	for (each_fact(f, &r->log, FACT_SRAT_MEM)) {
		if (f->v[0] >= MAX_NUMNODES)
			continue;
		*vec_push(arena, &m->srat) = (struct srat_memory){ (int)f->v[0], (int)f->v[1], { f->v[2], f->v[3] }, f->tag, f->line };
		name_node(m, f->v[0]);
		m->has_srat = true;
	}
	/* Old kernels print the part that is not there yet on a line of its own, behind the node it belongs to. */
	for (each_fact(f, &r->log, FACT_SRAT_HOTPLUG)) {
		int node = 0;

		for (const struct fact *p = r->log.v; p < f; p++)
			if (p->kind == FACT_SRAT_MEM)
				node = (int)p->v[0];
		*vec_push(arena, &m->srat) = (struct srat_memory){ node, node, { f->v[0], f->v[1] }, SRAT_HOT_PLUGGABLE, f->line };
	}
	for (each_fact(f, &r->log, FACT_SRAT_CPU)) {
		if (f->v[2] >= MAX_NUMNODES)
			continue;
		*vec_push(arena, &m->apic_node) = (int)f->v[2];
		name_node(m, f->v[2]);
	}
	m->srat_rejected = facts_first(&r->log, FACT_SRAT_UNUSED) != NULL;
	m->slit_invalid = facts_first(&r->log, FACT_SLIT_INVALID) != NULL;
}

bool machine_has_table(const struct machine *m, const char *signature)
{
	for (size_t i = 0; i < m->acpi.nr; i++)
		if (!strcmp(m->acpi.v[i].signature, signature))
			return true;
	return false;
}

bool machine_distances_known(const struct machine *m) { return m->distance || !machine_has_table(m, "SLIT"); }

/* Distances are in no log line; /sys tells them, and so may the files beside the log. */
static void extract_distance(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	size_t n = r->nodes.nr;

	for (size_t i = 0; i < n; i++)
		if (r->nodes.v[i].nr_distance < n || r->nodes.v[i].id != (int)i)
			return;
	if (n < 2)
		return;
	m->nr_distance = n;
	m->distance = arena_array(arena, uint8_t, n * n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			m->distance[i * n + j] = (uint8_t)min_u64(r->nodes.v[i].distance[j], 255);
	if (m->max_node < (int)n - 1)
		m->max_node = (int)n - 1;
}

static void extract_cpus(const struct boot_record *r, struct machine *m)
{
	const struct fact *allowed = facts_first(&r->log, FACT_CPUS_ALLOWED), *percpu = facts_first(&r->log, FACT_SETUP_PERCPU);
	const struct fact *up = facts_last(&r->log, FACT_CPUS_BROUGHT_UP), *up_old = facts_last(&r->log, FACT_CPUS_BROUGHT_UP_OLD);
	uint64_t possible = percpu ? percpu->v[2] : 0, online = 0;

	if (allowed && !possible)
		possible = allowed->tag ? allowed->v[0] + allowed->v[1] : allowed->v[0];
	if (up)
		online = up->v[1];
	else if (up_old)
		online = up_old->v[0];
	else if (allowed)
		online = allowed->tag ? allowed->v[0] : allowed->v[0] - min_u64(allowed->v[0], allowed->v[1]);
	m->possible_cpus = (uint32_t)min_u64(possible, MAX_CPUS);
	m->online_cpus = (uint32_t)min_u64(online, possible ? possible : MAX_CPUS);
}

/* "  #2 #3" -> cpu_node[2] = cpu_node[3] = node. */
static void set_cpu_list(struct machine *m, struct str list, int node)
{
	struct str word;

	while (str_cut_word(&list, &word)) {
		uint64_t cpu;

		while (word.n && (word.p[word.n - 1] == ',' || word.p[word.n - 1] == '.'))
			word.n--;
		if (word.n && *word.p == '#' && str_to_u64(str_skip(word, 1), 10, &cpu) && cpu < m->possible_cpus) {
			m->cpu_node[cpu] = node;
			m->cpu_said[cpu] = true;
		}
	}
}

/* Node of each CPU: said as they start, by old kernels one by one, or in the order of the SRAT. */
static void extract_cpu_nodes(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	bool said = false;

	if (!m->possible_cpus)
		return;
	m->cpu_node = arena_array(arena, int, m->possible_cpus);
	m->cpu_said = arena_array(arena, bool, m->possible_cpus);
	for (size_t cpu = 0; cpu < m->possible_cpus && cpu < m->apic_node.nr; cpu++)
		m->cpu_node[cpu] = m->apic_node.v[cpu];
	for (each_fact(f, &r->log, FACT_CPU_LIST_OF_NODE)) {
		if (f->v[0] >= MAX_NUMNODES)
			continue;
		set_cpu_list(m, f->s[0], (int)f->v[0]);
		name_node(m, f->v[0]);
		said = true;
	}
	for (each_fact(f, &r->log, FACT_CPU_NODE)) {
		if (said || f->v[0] >= m->possible_cpus || f->v[2] >= MAX_NUMNODES)
			continue;
		m->cpu_node[f->v[0]] = (int)f->v[2];
		m->cpu_said[f->v[0]] = true;
		name_node(m, f->v[2]);
	}
}

/* "... (v01 BOCHS  BXPC     00000001 ...": six letters behind the revision. */
static void extract_oem(struct str text, struct acpi_table *t)
{
	ptrdiff_t at = str_find(text, STR(" (v"));
	struct str oem = at < 0 ? (struct str){ 0 } : str_skip(text, (size_t)at + 6);

	if (oem.n > 6)
		oem.n = 6;
	oem = str_trim(oem);
	for (size_t i = 0; i < oem.n; i++)
		t->oem[i] = oem.p[i];
}

static void extract_acpi(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	const struct fact *mp = facts_first(&r->log, FACT_MPTABLE), *mp_old = facts_first(&r->log, FACT_MPTABLE_OLD);

	for (each_fact(f, &r->log, FACT_ACPI_TABLE)) {
		struct acpi_table *t = vec_push(arena, &m->acpi);
		struct str name = f->s[0];

		/* FACS and RSDP stand in rows without a header text. */
		if (f->text.n && !str_ends(f->text, STR(")")))
			name = STR("FACS");
		for (size_t i = 0; i < 4 && i < name.n; i++)
			t->signature[i] = name.p[i];
		extract_oem(f->text, t);
		t->address = f->v[0];
		t->length = f->v[1];
		t->line = f->line;
	}
	if (mp)
		m->mptable = (struct phys_range){ mp->v[0], mp->v[1] };
	else if (mp_old)
		m->mptable = (struct phys_range){ mp_old->v[1], mp_old->v[1] + 16 };
	for (each_fact(f, &r->log, FACT_IOAPIC))
		m->ioapics = (uint32_t)min_u64(f->v[0] + 1, 256);
}

/* A few KiB at most. */
#define XSAVE_MAX (16 * KIB)

static void extract_xsave(const struct boot_record *r, struct machine *m)
{
	const struct fact *f = facts_first(&r->log, FACT_XSAVE);

	if (f)
		m->xsave_bytes = (uint32_t)min_u64(f->v[1], XSAVE_MAX);
}

static bool mtrr_type_parse(struct str name, uint8_t *ret)
{
	static const struct { const char *name; uint8_t type; } names[] = {
		{ "uncachable", MTRR_UNCACHABLE }, { "write-combining", MTRR_WRITE_COMBINING }, { "write-through", MTRR_WRITE_THROUGH },
		{ "write-protect", MTRR_WRITE_PROTECT }, { "write-back", MTRR_WRITE_BACK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_is(name, names[i].name)) {
			*ret = names[i].type;
			return true;
		}
	}
	return false;
}

/* A range register covers base..base + size, where the mask is what the CPU's address bits leave of -size. */
static void extract_mtrr(struct arena *arena, const struct boot_record *r, struct machine *m)
{
	const struct fact *type = facts_first(&r->log, FACT_MTRR_DEFAULT), *tom2 = facts_first(&r->log, FACT_MTRR_TOM2);

	if (type && mtrr_type_parse(type->s[0], &m->mtrr.default_type) && facts_first(&r->log, FACT_MTRR_VARIABLE_ENABLED))
		m->mtrr.known = true;
	m->mtrr.fixed_enabled = facts_first(&r->log, FACT_MTRR_FIXED_ENABLED) != NULL;
	for (each_fact(f, &r->log, FACT_MTRR_RANGE)) {
		struct mtrr_range range;
		uint64_t size = f->v[2] ? f->v[2] & -f->v[2] : 0;

		if (!size || !mtrr_type_parse(f->s[0], &range.type))
			continue;
		range.range = (struct phys_range){ f->v[1], add_sat(f->v[1], size) };
		*vec_push(arena, &m->mtrr) = range;
	}
	if (tom2)
		m->tom2 = tom2->v[0];
}

static bool names_hypervisor(struct str dmi)
{
	static const struct str marks[] = {
		STR("QEMU"), STR("VMware"), STR("VirtualBox"), STR("KVM"), STR("Bochs"), STR("Xen"), STR("Virtual Machine"), STR("BHYVE"),
		STR("Google Compute Engine"), STR("OpenStack"), STR("Parallels"), STR("crosvm"), STR("Amazon EC2"), STR("RHEV"), STR("Alibaba"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (str_find(dmi, marks[i]) >= 0)
			return true;
	return false;
}

/* Tables for an update come with the RAM disk, one line each. */
static void extract_acpi_in_ramdisk(const struct boot_record *r, struct machine *m)
{
	for (each_fact(f, &r->log, FACT_ACPI_IN_RAMDISK))
		m->acpi_in_ramdisk_bytes = add_sat(m->acpi_in_ramdisk_bytes, f->v[0]);
	for (each_fact(f, &r->log, FACT_ACPI_OVERRIDE))
		m->acpi_new_base = m->acpi_new_base ? min_u64(m->acpi_new_base, f->v[1]) : f->v[1];
}

static void extract_platform(const struct boot_record *r, struct machine *m)
{
	const struct fact *dmi = facts_first(&r->log, FACT_DMI), *hypervisor = facts_first(&r->log, FACT_HYPERVISOR);
	const struct fact *ramdisk = facts_first(&r->log, FACT_RAMDISK), *move = facts_first(&r->log, FACT_RAMDISK_MOVE);
	const struct fact *last = facts_first(&r->log, FACT_LAST_PFN);

	if (dmi) {
		m->dmi = dmi->s[0];
		m->bios = dmi->s[1];
	}
	m->hypervisor = hypervisor || (dmi && names_hypervisor(dmi->s[0]));
	if (hypervisor)
		m->hypervisor_name = hypervisor->s[0];
	/* A damaged line may name what no machine can reach. */
	if (ramdisk && ramdisk->v[1] <= PHYS_LIMIT)
		m->ramdisk = (struct phys_range){ ramdisk->v[0], ramdisk->v[1] };
	/* The RAMDISK line rounds its end up to a page; a move names the true one. */
	if (phys_len(m->ramdisk) && move && move->v[1] > ramdisk->v[0] && move->v[1] <= ramdisk->v[1])
		m->ramdisk.end = move->v[1];
	/* Where the lines around it were kept, a line that is not there says no. */
	m->gbpages = facts_first(&r->log, FACT_GBPAGES) != NULL || r->cpu_gbpages;
	m->gbpages_known = m->gbpages || last || r->cpuinfo_has_flags;
	m->five_level = last && last->v[1] == UINT64_C(1) << 40;
	m->five_level_known = last != NULL;
	if (r->cpu_phys_bits.line) {
		m->phys_bits = (unsigned)r->cpu_phys_bits.value;
		m->phys_bits_known = true;
	}
	m->encrypted = facts_first(&r->log, FACT_SECURE_ENCRYPTION) != NULL;
	m->installed_bytes = r->dimm_bytes;
	m->modules_known = r->iomem.nr > 0;
}

/*
 * Where the kernel lies is said by its resources, by the edit that makes its own range RAM, or by the page tables that it took
 * from its brk area.
 */
/* 32 bits: to 5.4 the log says where the image lies in the direct map, and where that starts. */
static uint64_t base_of_layout(const struct facts *log)
{
	const struct fact *text = NULL, *lowmem = NULL;

	for (each_fact(f, log, FACT_LAYOUT)) {
		text = f->tag == LAYOUT_TEXT ? f : text;
		lowmem = f->tag == LAYOUT_LOWMEM ? f : lowmem;
	}
	return text && lowmem && text->v[0] > lowmem->v[0] ? text->v[0] - lowmem->v[0] : 0;
}

static void extract_kernel_base(const struct boot_record *r, struct machine *m)
{
	const struct fact *table = facts_first(&r->log, FACT_BRK_PGTABLE);
	struct phys_range image, brk;

	for (each_fact(f, &r->log, FACT_E820_REMOVE))
		if (f->tag == REMOVE_ANY && !m->kernel_base)
			m->kernel_base = f->v[0];
	for (size_t i = 0; i < r->iomem.nr; i++)
		if (str_is(r->iomem.v[i].name, "Kernel code") && r->iomem.v[i].start)
			m->kernel_base = r->iomem.v[i].start;
	m->image_not_ram = facts_first(&r->log, FACT_KERNEL_NOT_RAM) != NULL;
	if (table)
		m->brk_table = table->v[0];
	if (!m->kernel_base && learn_image_place(r, &image, &brk))
		m->kernel_base = image.start;
	if (!m->kernel_base)
		m->kernel_base = base_of_layout(&r->log);
}

void machine_extract(struct arena *arena, const struct boot_record *record, struct machine *ret)
{
	*ret = (struct machine){ 0 };
	extract_arch(record, ret);
	extract_e820(arena, record, ret);
	extract_setup_data(arena, record, ret);
	extract_efi(arena, record, ret);
	extract_srat(arena, record, ret);
	extract_distance(arena, record, ret);
	extract_cpus(record, ret);
	extract_cpu_nodes(arena, record, ret);
	extract_acpi(arena, record, ret);
	extract_xsave(record, ret);
	extract_mtrr(arena, record, ret);
	extract_platform(record, ret);
	extract_acpi_in_ramdisk(record, ret);
	extract_xen_pages(record, ret);
	ret->no_dmi = facts_first(&record->log, FACT_DMI_ABSENT) != NULL;
	extract_pv_spinlocks(record, ret);
	extract_kernel_base(record, ret);
}
