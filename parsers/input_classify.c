/* input_classify.c - what a document is: by what it says first, and by its name where that says nothing. */
#include <ctype.h>
#include <strings.h>

#include "input_private.h"
#include "log_line.h"

#define HEAD_BYTES 8192

static struct str head_of(struct str s, size_t n) { return (struct str){ s.p, s.n < n ? s.n : n }; }

static bool contains(struct str s, struct str needle) { return str_find(s, needle) >= 0; }

static size_t count_hex(struct str s)
{
	size_t n = 0;

	while (n < s.n && isxdigit((unsigned char)s.p[n]))
		n++;
	return n;
}

static size_t count_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && isdigit((unsigned char)s.p[n]))
		n++;
	return n;
}

/* "00001000-0009fbff : System RAM"; I/O ports have four digits. */
static bool is_iomem(struct str line)
{
	size_t start = count_hex(line), end;

	if (start < 8 || start > 16)
		return false;
	line = str_skip(line, start);
	if (!str_starts(line, STR("-")))
		return false;
	end = count_hex(str_skip(line, 1));
	return end >= 8 && end <= 16 && str_starts(str_skip(line, end + 1), STR(" : "));
}

/* "0 0x0 0x9fbff System RAM" */
static bool is_firmware_memmap(struct str line)
{
	struct str index, start, end;
	uint64_t number;

	return str_cut_word(&line, &index) && str_cut_word(&line, &start) && str_cut_word(&line, &end) &&
	       str_to_u64(index, 10, &number) && str_starts(start, STR("0x")) && str_starts(end, STR("0x"));
}

static bool is_one_line(struct str bytes) { return str_find_char(str_trim(bytes), '\n') < 0; }

/* "node0 cpus=0-1 distance=10 20", "Node 0 MemTotal:        2017400 kB" */
static bool is_nodes(struct str line)
{
	static const struct str lower = STR("node"), upper = STR("Node ");
	struct str rest = str_skip(line, 4 + str_starts(line, upper));
	size_t digits = count_digits(rest);

	rest = str_skip(rest, digits);
	return digits && ((str_starts(line, lower) && str_starts(rest, STR(" cpus="))) ||
			  (str_starts(line, upper) && str_starts(rest, STR(" MemTotal:"))));
}

static bool is_numactl(struct str line)
{
	static const struct str available = STR("available: ");

	return str_starts(line, available) && count_digits(str_skip(line, available.n)) && contains(line, STR(" node"));
}

/* "              total        used        free      shared  buff/cache   available" */
static bool is_free(struct str line) { return str_starts(line, STR("total ")) && contains(line, STR(" used ")) && contains(line, STR(" free ")); }

static bool is_config(struct str head)
{
	return str_starts(head, STR("CONFIG_")) || contains(head_of(head, 256), STR(" Kernel Configuration\n")) ||
	       (str_starts(head, STR("#")) && contains(head, STR("\nCONFIG_")));
}

static bool is_dmidecode(struct str head)
{
	return str_starts(head, STR("# dmidecode")) || (contains(head, STR("Handle 0x")) && contains(head, STR(", DMI type ")));
}

/* "processor\t: 0" */
static bool is_cpuinfo(struct str line)
{
	ptrdiff_t colon = str_find_char(line, ':');

	return colon > 0 && str_is(str_trim((struct str){ line.p, (size_t)colon }), "processor");
}

static enum source_kind kind_of_node_rows(struct str head)
{
	return contains(head, STR("pages free")) || contains(head, STR("per-node stats")) ? SOURCE_ZONEINFO : SOURCE_BUDDYINFO;
}

static enum source_kind kind_of_first_words(struct str line)
{
	static const struct {
		struct str words;
		enum source_kind kind;
	} table[] = {
		{ STR("Page block order:"), SOURCE_PAGETYPEINFO }, { STR("MemTotal:"), SOURCE_MEMINFO },
		{ STR("nr_free_pages "), SOURCE_VMSTAT },          { STR("block_size "), SOURCE_MEMORY_BLOCKS },
		{ STR("reg00:"), SOURCE_MTRR },                    { STR("RANGE "), SOURCE_LSMEM },
		{ STR("---[ User Space ]---"), SOURCE_DIRECT_MAP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_starts(line, table[i].words))
			return table[i].kind;
	return NR_SOURCES;
}

static enum source_kind kind_of_content(struct str bytes)
{
	struct str head = str_trim(head_of(bytes, HEAD_BYTES)), rest = head, line;
	enum source_kind kind;

	if (!str_cut_line(&rest, &line))
		return NR_SOURCES;
	kind = kind_of_first_words(line);
	if (kind != NR_SOURCES)
		return kind;
	if (str_starts(line, STR("Node ")) && contains(line, STR(", zone")))
		return kind_of_node_rows(head);
	if (str_starts(line, STR("Linux version ")) && is_one_line(bytes))
		return SOURCE_VERSION;
	if (str_starts(line, STR("BOOT_IMAGE=")) && is_one_line(bytes))
		return SOURCE_CMDLINE;
	if (is_nodes(line))
		return SOURCE_NODES;
	if (is_iomem(line))
		return SOURCE_IOMEM;
	if (is_firmware_memmap(line))
		return SOURCE_FIRMWARE_MEMMAP;
	if (is_numactl(line))
		return SOURCE_NUMACTL;
	if (is_free(line))
		return SOURCE_FREE;
	if (is_cpuinfo(line))
		return SOURCE_CPUINFO;
	if (is_dmidecode(head))
		return SOURCE_DMIDECODE;
	return is_config(head) ? SOURCE_CONFIG : NR_SOURCES;
}

/* "dmesg.txt", "proc_zoneinfo.gz": the name without what tools put around it. */
static struct str bare_name(const char *path)
{
	static const char *const ends[] = { ".txt", ".log", ".out", ".gz", ".xz", ".zst", ".bz2", ".lz4", ".json", ".html" };
	static const char *const starts[] = { "proc_", "proc-", "proc.", "sysctl_", "vm." };
	const char *slash = strrchr(path, '/');
	struct str s = str_of(slash ? slash + 1 : path);
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
			if (s.n > strlen(ends[i]) && str_ends(s, str_of(ends[i]))) {
				s.n -= strlen(ends[i]);
				again = true;
			}
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (str_starts(s, str_of(starts[i])))
			return str_skip(s, strlen(starts[i]));
	return s;
}

enum source_kind kind_of_name(const char *path)
{
	static const struct {
		const char *name;
		enum source_kind kind;
		bool is_start; /* tools add their options: "lsmem_-a_-o_RANGE" */
	} names[] = {
		{ "dmesg", SOURCE_DMESG },
		{ "dmesg_", SOURCE_DMESG, true },
		{ "vmcore-dmesg", SOURCE_DMESG },
		{ "boot.msg", SOURCE_DMESG },
		{ "kmsg", SOURCE_DMESG },
		{ "zoneinfo", SOURCE_ZONEINFO },
		{ "meminfo", SOURCE_MEMINFO },
		{ "iomem", SOURCE_IOMEM },
		{ "buddyinfo", SOURCE_BUDDYINFO },
		{ "pagetypeinfo", SOURCE_PAGETYPEINFO },
		{ "vmstat", SOURCE_VMSTAT },
		{ "cmdline", SOURCE_CMDLINE },
		{ "version", SOURCE_VERSION },
		{ "cpuinfo", SOURCE_CPUINFO },
		{ "firmware_memmap", SOURCE_FIRMWARE_MEMMAP },
		{ "memory_blocks", SOURCE_MEMORY_BLOCKS },
		{ "nodes", SOURCE_NODES },
		{ "config", SOURCE_CONFIG },
		{ "config-", SOURCE_CONFIG, true },
		{ "mtrr", SOURCE_MTRR },
		{ "min_free_kbytes", SOURCE_SYSCTL_MIN_FREE },
		{ "lowmem_reserve_ratio", SOURCE_SYSCTL_RESERVE_RATIO },
		{ "percpu_pagelist_high_fraction", SOURCE_SYSCTL_PCP_FRACTION },
		{ "percpu_pagelist_fraction", SOURCE_SYSCTL_PCP_FRACTION },
		{ "watermark_scale_factor", SOURCE_SYSCTL_SCALE_FACTOR },
		{ "dmidecode", SOURCE_DMIDECODE },
		{ "numactl", SOURCE_NUMACTL },
		{ "numactl_", SOURCE_NUMACTL, true },
		{ "lsmem", SOURCE_LSMEM },
		{ "lsmem_", SOURCE_LSMEM, true },
		{ "kernel_page_tables", SOURCE_DIRECT_MAP },
		{ "page_tables_kernel", SOURCE_DIRECT_MAP },
		{ "kexec_crash_loaded", SOURCE_CRASH_LOADED },
		{ "free", SOURCE_FREE },
		{ "free_", SOURCE_FREE, true },
	};
	struct str name = bare_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].is_start ? str_starts(name, str_of(names[i].name)) : str_is(name, names[i].name))
			return names[i].kind;
	return NR_SOURCES;
}

static bool is_utf16(struct str s)
{
	if (s.n < 4)
		return false;
	return str_starts(s, STR("\xff\xfe")) || str_starts(s, STR("\xfe\xff")) || (s.p[0] && !s.p[1] && s.p[2] && !s.p[3]) ||
	       (!s.p[0] && s.p[1] && !s.p[2] && s.p[3]);
}

bool is_text(struct str head)
{
	/* Bell, backspace, tab to carriage return, and escape are in any terminal's log. */
	static const uint32_t in_texts = 1u << '\a' | 1u << '\b' | 1u << '\t' | 1u << '\n' | 1u << '\v' | 1u << '\f' |
					 1u << '\r' | 1u << 27;
	size_t zeros = 0, controls = 0;

	if (is_utf16(head))
		return true;
	/* A machine that crashed leaves blocks of zeros in its log. */
	while (head.n && !*head.p)
		head = str_skip(head, 1);
	head = head_of(head, 1024);
	for (size_t i = 0; i < head.n; i++) {
		unsigned char c = (unsigned char)head.p[i];

		zeros += !c;
		controls += c && c < ' ' && !(in_texts >> c & 1);
	}
	return head.n && zeros * 4 <= head.n && controls * 50 <= head.n;
}

/* "Linux version 6.1", "BIOS-e820: [mem", "BIOS-e820: 0000": words that a text about logs seldom has in this way. */
static bool says(struct str bytes, struct str words, const char *next)
{
	ptrdiff_t at;

	while ((at = str_find(bytes, words)) >= 0) {
		bytes = str_skip(bytes, (size_t)at + words.n);
		if (bytes.n && *bytes.p && strchr(next, *bytes.p))
			return true;
	}
	return false;
}

/* "Memory: 2012132K/2096632K available" */
static bool says_memory(struct str bytes)
{
	static const struct str label = STR("Memory: ");
	ptrdiff_t at;

	while ((at = str_find(bytes, label)) >= 0) {
		bytes = str_skip(bytes, (size_t)at + label.n);
		if (count_digits(bytes) && contains(head_of(bytes, 48), STR(" available")))
			return true;
	}
	return false;
}

bool has_boot_lines(struct str bytes)
{
	static const struct str wide = STR("L\0i\0n\0u\0x\0 \0v\0e\0r\0s\0i\0o\0n\0 ");

	return says(bytes, STR("Linux version "), "0123456789") || says(bytes, STR("BIOS-e820: "), "[0") ||
	       says(bytes, STR("BIOS-provided physical RAM map:"), "\r\n\"") || says_memory(bytes) ||
	       (is_utf16(bytes) && contains(bytes, wide));
}

/* Lines with the kernel's time near the start. */
static bool has_kernel_times(struct str bytes)
{
	struct str rest = head_of(bytes, HEAD_BYTES), raw;
	struct log_line line;

	for (size_t i = 0; i < 64 && str_cut_line(&rest, &raw); i++) {
		log_line_strip(raw, &line);
		if (line.has_time)
			return true;
	}
	return false;
}

static bool starts_with_number(struct str bytes)
{
	struct str word;
	uint64_t value;

	bytes = head_of(bytes, 64);
	return str_cut_word(&bytes, &word) && str_to_u64(word, 10, &value);
}

/* Is the name to be believed where the content is silent? Some names are used for many things. */
static bool name_will_do(enum source_kind kind, struct str bytes)
{
	switch (kind) {
	case SOURCE_DMESG:
		return true;
	case SOURCE_ZONEINFO:
	case SOURCE_BUDDYINFO:
		return contains(bytes, STR(", zone "));
	case SOURCE_MEMINFO:
		return contains(bytes, STR("MemTotal:"));
	case SOURCE_CMDLINE:
		return is_one_line(bytes);
	case SOURCE_SYSCTL_MIN_FREE:
	case SOURCE_SYSCTL_RESERVE_RATIO:
	case SOURCE_SYSCTL_PCP_FRACTION:
	case SOURCE_SYSCTL_SCALE_FACTOR:
	case SOURCE_CRASH_LOADED:
		return is_one_line(bytes) && starts_with_number(bytes);
	default:
		return false;
	}
}

enum source_kind input_classify(const char *name, struct str bytes)
{
	enum source_kind kind = kind_of_content(bytes), by_name;

	if (kind != NR_SOURCES)
		return kind;
	if (!is_text(bytes))
		return NR_SOURCES;
	by_name = kind_of_name(name);
	/* A pasted file may have words in front. */
	if (by_name != NR_SOURCES && by_name != SOURCE_DMESG && name_will_do(by_name, bytes))
		return by_name;
	if (has_boot_lines(bytes) || has_kernel_times(bytes))
		return SOURCE_DMESG;
	return by_name == SOURCE_DMESG ? by_name : NR_SOURCES;
}

static const char *looks_like_binary(struct str bytes)
{
	static const struct {
		size_t offset;
		struct str magic;
		const char *what;
	} table[] = {
		{ 0, STR("\x89PNG"), "a PNG image" },
		{ 0, STR("\xff\xd8\xff"), "a JPEG image" },
		{ 0, STR("GIF8"), "a GIF image" },
		{ 8, STR("WEBP"), "a WebP image" },
		{ 0, STR("%PDF"), "a PDF document" },
		{ 0, STR("\177ELF"), "an ELF file, a program or a core dump" },
		{ 0, STR("MZ"), "a program or a kernel image" },
		{ 0x202, STR("HdrS"), "a kernel image" },
		{ 0, STR("LPKSHHRH"), "a binary journal; journalctl -k -b -o export makes a text of it" },
		{ 0, STR("SQLite format 3"), "an SQLite database" },
		{ 0, STR("KDUMP   "), "a crash dump; the log can be taken out with crash or makedumpfile --dump-dmesg" },
		{ 0, STR("makedumpfile"), "a crash dump; the log can be taken out with makedumpfile --dump-dmesg" },
		{ 0, STR("\xed\xab\xee\xdb"), "an RPM package" },
		{ 0, STR("!<arch>"), "a Debian package or a library" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (bytes.n >= table[i].offset && str_starts(str_skip(bytes, table[i].offset), table[i].magic))
			return table[i].what;
	return NULL;
}

static const char *looks_like_text(struct str bytes)
{
	static const struct {
		struct str words;
		const char *what;
	} table[] = {
		{ STR("(XEN) "), "a Xen hypervisor console, not a Linux log" },
		{ STR("OpenBSD "), "an OpenBSD dmesg" },
		{ STR("FreeBSD"), "a FreeBSD dmesg" },
		{ STR("NetBSD "), "a NetBSD dmesg" },
		{ STR("DragonFly v"), "a DragonFly BSD dmesg" },
		{ STR("Darwin Kernel Version"), "a macOS log" },
		{ STR("SunOS Release"), "a Solaris log" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (contains(head_of(bytes, 65536), table[i].words))
			return table[i].what;
	return NULL;
}

const char *looks_like(struct str bytes)
{
	const char *what = looks_like_binary(bytes);

	if (what)
		return what;
	if (!is_text(bytes))
		return "binary data";
	what = looks_like_text(bytes);
	if (what)
		return what;
	return has_kernel_times(bytes) ? "kernel messages, but none of them from the start of a boot" : NULL;
}
