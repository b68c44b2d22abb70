/*
 * machine.h - the machine that the firmware and the boot loader describe to the kernel.
 *
 * The first of the three inputs of a boot (Machine x Kernel x Command line). Extracted from a log by machine_extract(),
 * read from and written to JSON by machine_json.c. Nothing in it depends on the kernel, except where the loader puts it.
 */
#ifndef MIA_MACHINE_H
#define MIA_MACHINE_H

#include "mia/e820.h"
#include "mia/record.h"

struct arena;
struct mia_error;

#define MAX_NUMNODES 1024
#define MAX_CPUS 65536
#define LOCAL_DISTANCE 10
#define REMOTE_DISTANCE 20

enum arch { ARCH_UNKNOWN, ARCH_X86_64, ARCH_I386, ARCH_MIPS, ARCH_OTHER };
enum firmware { FIRMWARE_UNKNOWN, FIRMWARE_BIOS, FIRMWARE_EFI, FIRMWARE_XEN };

/* EFI memory types, numbered as in the UEFI specification. */
enum efi_type {
	EFI_RESERVED, EFI_LOADER_CODE, EFI_LOADER_DATA, EFI_BOOT_CODE, EFI_BOOT_DATA, EFI_RUNTIME_CODE, EFI_RUNTIME_DATA,
	EFI_CONVENTIONAL, EFI_UNUSABLE, EFI_ACPI_RECLAIM, EFI_ACPI_NVS, EFI_MMIO, EFI_MMIO_PORT, EFI_PAL_CODE, EFI_PERSISTENT,
	EFI_UNACCEPTED, NR_EFI_TYPES
};

struct efi_region {
	struct phys_range range;
	uint32_t type;
	bool runtime; /* EFI_MEMORY_RUNTIME */
	uint32_t line;
};

struct srat_memory {
	int node, pxm;
	struct phys_range range;
	unsigned flags; /* enum srat_flag */
	uint32_t line;
};

struct acpi_table {
	char signature[5], oem[7]; /* oem: empty if the log does not say */
	uint64_t address, length;
	uint32_t line;
};

/* A variable range register that is on. */
struct mtrr_range {
	struct phys_range range;
	uint8_t type; /* enum mtrr_type */
};
enum mtrr_type { MTRR_UNCACHABLE = 0, MTRR_WRITE_COMBINING = 1, MTRR_WRITE_THROUGH = 4, MTRR_WRITE_PROTECT = 5, MTRR_WRITE_BACK = 6 };

struct mtrr_state {
	bool known;          /* the log shows the registers */
	uint8_t default_type;
	bool fixed_enabled;
	struct mtrr_range *v;
	size_t nr, cap;
};

struct efi_regions {
	struct efi_region *v;
	size_t nr, cap;
};

struct srat {
	struct srat_memory *v;
	size_t nr, cap;
};

struct acpi_tables {
	struct acpi_table *v;
	size_t nr, cap;
};

/* A change of the map for which the model has no cause: quirks, GART, tables that firmware drivers keep. */
struct map_edit {
	struct phys_range range;
	uint32_t from, to; /* types */
	bool late;         /* made when memblock was full: it keeps its memory, but whole pages are reserved */
};

struct map_edits {
	struct map_edit *v;
	size_t nr, cap;
};

struct node_ids {
	int *v;
	size_t nr, cap;
};

struct machine {
	enum arch arch;
	bool wide;                   /* MIPS: of 64 bits */
	const char *arch_words;      /* "an ARM" of "an ARM kernel"; never NULL once extracted */
	enum firmware firmware;
	struct str dmi, bios;
	bool hypervisor;             /* the CPU says it is a guest */
	struct str hypervisor_name;

	struct e820_table e820;      /* as the firmware gave it, unsorted perhaps */
	bool map_from_nodes;         /* the log lacks it; the RAM of the nodes stands for it */
	uint16_t e820_tag;           /* who gave it: TAG_NONE for e820, see parsers/rules.h */
	struct phys_ranges setup_data;
	struct efi_regions efi;
	struct phys_range efi_memmap; /* where the loader left the EFI map; empty if not known */
	uint64_t efi_boot_bytes;       /* boot services memory that a boot had, where the map does not show it; 0: not known */
	uint64_t efi_entries_seen;     /* a line named the one before this many; 0: none did */
	struct phys_range efi_memattr;   /* the memory attributes table, as far as it is known */
	struct phys_ranges efi_reserved; /* other tables the kernel keeps: ESRT, BGRT, ... */
	struct phys_ranges mmio_removed; /* EFI MMIO ranges taken out of the map */
	struct map_edits edits;      /* used where there is no log to take them from */

	struct srat srat;
	struct node_ids apic_node;          /* node of each CPU of the SRAT, in table order */
	bool has_srat, srat_rejected;
	int max_node;                /* highest node id that anything names, 0 at least */
	uint8_t *distance;           /* nr_distance * nr_distance, NULL if there is no SLIT */
	size_t nr_distance;
	bool slit_invalid;           /* the kernel refused the table */

	uint32_t possible_cpus, online_cpus; /* 0: not known */
	int *cpu_node;               /* node of each possible CPU; NULL if not known */
	bool *cpu_said;              /* of each CPU: a line told its node as it started, which is the emulated one; NULL: of none */
	bool gbpages, gbpages_known;       /* the CPU has pages of 1 GiB */
	bool five_level, five_level_known; /* it can walk 5 levels of page tables */
	bool phys_bits_known;
	unsigned phys_bits;

	struct phys_range ramdisk;   /* byte exact; empty if there is none */
	struct acpi_tables acpi;
	uint64_t acpi_in_ramdisk_bytes; /* tables that the RAM disk brings to replace the firmware's */
	uint64_t acpi_new_base;         /* where the first of them was put; 0 if the log does not say */
	struct phys_range mptable, mpc;
	uint32_t ioapics;
	uint32_t xsave_bytes;     /* state of the floating point unit as old kernels save it; 0: the CPU cannot, or it is not said */
	struct mtrr_state mtrr;
	uint64_t tom2;               /* AMD top of memory above 4 GiB; 0 if there is none */

	uint64_t kernel_base;        /* physical address of _text; 0 if not known */
	bool kernel_base_guessed;    /* it is one place of several where it may be: */
	struct phys_ranges kernel_elsewhere; /* the others */
	bool image_not_ram;          /* the kernel complains that its image lies outside of the map's RAM */
	uint64_t brk_table;          /* first page table page that the kernel took from its brk area; 0 if not known */
	uint64_t ebda_base;          /* end of conventional memory; 0 if not known */
	uint64_t installed_bytes;    /* DIMMs; 0 if not known */
	struct phys_range hotplug_dimm; /* memory that came after the boot; empty if none is known */
	bool encrypted;              /* memory encryption is active */
	bool modules_known;          /* modules that were plugged in would show in the inputs */
	bool no_dmi;                 /* the firmware describes nothing by DMI */
	bool pv_spinlocks;           /* the hypervisor lets a CPU wait for a lock without running */
	uint64_t xen_pages;          /* that a paravirtual guest of Xen starts with, at most; 0 if not known: as many as its map has */
	uint64_t xen_pages_least;    /* and at least; 0 if not known */
};

/* What a boot record says of its machine. */
void machine_extract(struct arena *arena, const struct boot_record *record, struct machine *ret);

uint8_t machine_distance(const struct machine *machine, int from, int to);
/* False where a SLIT was there and what it says is not known. */
bool machine_distances_known(const struct machine *machine);

bool machine_has_table(const struct machine *machine, const char *signature);

static inline bool machine_is_32bit(const struct machine *m) { return m->arch == ARCH_I386 || (m->arch == ARCH_MIPS && !m->wide); }

/* The first domain of Xen has the machine's devices, and its firmware's tables with them. */
static inline bool machine_is_xen_first(const struct machine *m) { return m->firmware == FIRMWARE_XEN && (m->acpi.nr || m->dmi.n); }

const char *arch_name(enum arch arch);
const char *firmware_name(enum firmware firmware);

#endif
