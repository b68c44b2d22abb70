/*
 * stage_early.c - small things between the direct map and the nodes: log buffer, RAM disk, ACPI tables.
 *
 * Kernel: setup_log_buf() (kernel/printk/printk.c), reserve_initrd() (arch/x86/kernel/setup.c), acpi_table_init_complete()
 *         and acpi_reserve_initial_tables() (drivers/acpi/tables.c).
 */
#include "mia/ranges.h"
#include "stages.h"

#define LOG_ALIGN 8
#define LOG_CPU_MAX_BUF_BYTES 4096
#define DESCRIPTOR_BYTES 24
#define AVERAGE_RECORD_BYTES 32

/* Kernels that say what the records cost say it of the static buffer, too. */
static void say_meta(struct boot *b, uint64_t bytes)
{
	uint64_t meta = bytes / AVERAGE_RECORD_BYTES * (DESCRIPTOR_BYTES + (uint64_t)boot_trait(b, TRAIT_LOG_BUF));

	if (boot_trait(b, TRAIT_LOG_BUF_TEXT) == LOG_BUF_TEXT_META)
		SAY(b, LOG_BUF_META, 0, bytes, meta, bytes + meta);
}

/* All parts of it or none: where one does not fit, the others are given back and the static buffer stays. */
static bool take_log_buf(struct boot *b, const uint64_t *size, size_t nr, uint64_t align)
{
	uint64_t base[3] = { 0 };

	for (size_t i = 0; i < nr; i++) {
		base[i] = boot_alloc_bytes(b, OWNER_LOG_BUF, size[i], align, NUMA_NO_NODE);
		if (base[i] || b->replay.on)
			continue;
		while (i-- > 0)
			boot_free(b, base[i], base[i] + size[i]);
		return false;
	}
	return true;
}

/* Text, then one descriptor and one info record for every 32 bytes of it. */
static void alloc_log_buf(struct boot *b, uint64_t bytes)
{
	uint64_t info = (uint64_t)boot_trait(b, TRAIT_LOG_BUF);
	const uint64_t size[] = { bytes, bytes / AVERAGE_RECORD_BYTES * DESCRIPTOR_BYTES, bytes / AVERAGE_RECORD_BYTES * info };

	if (!take_log_buf(b, size, info ? ARRAY_SIZE(size) : 1, info ? LOG_ALIGN : 0))
		return;
	b->log_buf_bytes = bytes;
	if (boot_trait(b, TRAIT_LOG_BUF_TEXT) != LOG_BUF_TEXT_META)
		SAY(b, LOG_BUF_LEN, (unsigned)boot_trait(b, TRAIT_LOG_BUF_TEXT), bytes);
	say_meta(b, bytes);
}

static uint64_t asked_log_buf(const struct boot *b)
{
	const struct cmdline_option *o = cmdline_last(b->cmdline, "log_buf_len");
	uint64_t bytes = o && o->value.p ? str_memparse(o->value, NULL) : 0;

	return bytes ? roundup_pow_of_two(min_u64(bytes, UINT64_C(1) << 31)) : 0;
}

static uint64_t static_log_buf(const struct boot *b) { return is_known(b->kernel->log_buf) ? b->kernel->log_buf.v : 256 * KIB; }

/* The log of this boot would name a larger buffer, and names none, or another than the one that is asked for. */
static bool stays_static(const struct boot *b)
{
	return b->record && (b->kernel->log_buf_kept || (is_known(b->kernel->log_buf_used) && b->kernel->log_buf_used.v != asked_log_buf(b)));
}

static void log_buf_by_option(struct boot *b)
{
	uint64_t bytes = asked_log_buf(b);

	if (bytes > static_log_buf(b) && !stays_static(b))
		alloc_log_buf(b, bytes);
}

/* First call: only what the command line asks for. Before memblock the option itself was the call, when all others were obeyed. */
void log_buf_run(struct boot *b)
{
	if (boot_trait(b, TRAIT_EARLY_ALLOC) == EARLY_MEMBLOCK)
		log_buf_by_option(b);
}

/* Second call, when the number of CPUs is known: each may add its part. Kernel: log_buf_add_cpu(). */
void log_buf_run_cpus(struct boot *b)
{
	uint64_t extra = b->machine->possible_cpus ? (b->machine->possible_cpus - 1) * (uint64_t)LOG_CPU_MAX_BUF_BYTES : 0, bytes = static_log_buf(b);
	unsigned tag = boot_trait(b, TRAIT_LOG_BUF_TEXT) >= LOG_BUF_TEXT_PRINTK;

	if (boot_trait(b, TRAIT_EARLY_ALLOC) != EARLY_MEMBLOCK)
		log_buf_by_option(b);
	if (b->log_buf_bytes)
		return;
	if (!boot_trait(b, TRAIT_LOG_CPU) || stays_static(b) || asked_log_buf(b) || extra <= bytes / 2) {
		if (is_known(b->kernel->log_buf))
			say_meta(b, bytes);
		return;
	}
	SAY(b, LOG_BUF_CPU, tag, LOG_CPU_MAX_BUF_BYTES);
	SAY(b, LOG_BUF_EXTRA, tag, extra);
	SAY(b, LOG_BUF_MIN, tag, bytes);
	alloc_log_buf(b, roundup_pow_of_two(extra + bytes));
}

#define PARAMETERS_LINE_MAX 900

/* start_kernel() repeats the command line; a long one is cut into lines from 6.19 on. */
void parameters_run(struct boot *b)
{
	struct str text = b->cmdline->text;
	bool given = !b->record || facts_first(&b->record->log, FACT_COMMAND_LINE);

	if (given && text.n && text.n <= PARAMETERS_LINE_MAX)
		SAY_TEXT(b, KERNEL_COMMAND_LINE, 0, str_dup(b->arena, text), NULL, 0);
}

/* A RAM disk that lies outside of mapped memory is moved to its top. */
void initrd_run(struct boot *b)
{
	struct phys_range r = b->machine->ramdisk;
	uint64_t bytes = align_up(phys_len(r), PAGE_SIZE), limit, base;
	struct memblock_request request = { .size = bytes, .align = PAGE_SIZE, .nid = NUMA_NO_NODE, .ranged = true };

	if (!phys_len(r))
		return;
	SAY(b, RAMDISK, 0, r.start, align_up(r.end, PAGE_SIZE));
	b->initrd = (struct phys_range){ r.start, align_up(r.end, PAGE_SIZE) };
	limit = b->machine->arch == ARCH_I386 ? PFN_PHYS(b->max_low_pfn) : b->max_mapped;
	if (ranges_overlap(&b->direct_ranges, r) == phys_len(r) && r.end <= limit)
		return;
	request.max = limit;
	b->initrd_moves = true;
	base = boot_alloc(b, OWNER_INITRD, &request);
	if (!base)
		return;
	SAY(b, RAMDISK_NEW, 0, base, base + phys_len(r));
	SAY(b, RAMDISK_MOVE, 0, r.start, r.end, base, base + phys_len(r));
	boot_free(b, r.start, b->initrd.end);
	b->initrd = (struct phys_range){ base, base + bytes };
}

/*
 * Tables of the RAM disk that replace the firmware's get memory of their own, below the end of low memory, which the map shows
 * as the firmware's from then on. Kernel: acpi_table_upgrade() (drivers/acpi/tables.c), arch_reserve_mem_area().
 *
 * What EFI's boot services hold there is in the way. Where their map is not known, the line that names the table's new place
 * is input.
 */
static void acpi_upgrade(struct boot *b)
{
	struct memblock_request request = { .size = b->machine->acpi_in_ramdisk_bytes, .align = PAGE_SIZE, .max = PFN_PHYS(b->max_low_pfn), .nid = NUMA_NO_NODE, .ranged = true };
	uint64_t base;

	if (!request.size)
		return;
	if (b->machine->firmware == FIRMWARE_EFI && !b->machine->efi.nr && b->machine->acpi_new_base) {
		base = b->machine->acpi_new_base;
		boot_reserve(b, OWNER_FIRMWARE_TABLES, base, base + request.size);
	} else {
		base = boot_alloc(b, OWNER_FIRMWARE_TABLES, &request);
	}
	if (!base)
		return;
	e820_range_add(b->arena, &b->e820, base, base + request.size, E820_TYPE_ACPI, 0);
	e820_modified_map(b, STEP_ACPI_TABLES);
}

/* Tables hardly ever lie in RAM; where one does, it is kept. */
void acpi_run(struct boot *b)
{
	acpi_upgrade(b);
	if (!boot_trait(b, TRAIT_ACPI_RESERVE))
		return;
	for (size_t i = 0; i < b->machine->acpi.nr; i++) {
		const struct acpi_table *t = &b->machine->acpi.v[i];

		/* The root pointer and the list itself are not in the list. */
		if (!strcmp(t->signature, "RSDP") || !strcmp(t->signature, "RSDT") || !strcmp(t->signature, "XSDT"))
			continue;
		boot_reserve(b, OWNER_FIRMWARE_TABLES, t->address, add_sat(t->address, t->length));
	}
}
