/* files.c - the files of /proc beside a log, and what tools print; see files.h. */
#include "files.h"

#include "log_line.h"
#include "mia/arena.h"

/* "MemTotal:        2017400 kB" */
static bool key_value_split(struct str text, struct key_value *ret)
{
	struct str number;

	if (!str_cut_word(&text, &ret->key) || !str_cut_word(&text, &number))
		return false;
	if (str_ends(ret->key, STR(":")))
		ret->key.n--;
	return ret->key.n && str_to_u64(number, 10, &ret->value);
}

void key_values_parse(struct arena *arena, struct str bytes, struct key_values *ret)
{
	struct str raw;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct key_value kv = { .line = line };

		if (key_value_split(log_line_unquote(raw), &kv))
			*vec_push(arena, ret) = kv;
	}
}

static size_t leading_blanks(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

/* "  77600000-78401d31 : Kernel code" */
static bool iomem_line_parse(struct str text, struct iomem_entry *ret)
{
	size_t blanks = leading_blanks(text);
	ptrdiff_t colon, hyphen;
	struct str range;
	uint64_t last;

	text = str_skip(text, blanks);
	colon = str_find(text, STR(" : "));
	if (colon < 0)
		return false;
	range = (struct str){ text.p, (size_t)colon };
	hyphen = str_find_char(range, '-');
	if (hyphen < 0 || !str_to_u64((struct str){ range.p, (size_t)hyphen }, 16, &ret->start) ||
	    !str_to_u64(str_skip(range, (size_t)hyphen + 1), 16, &last) || last < ret->start)
		return false;
	ret->end = add_sat(last, 1);
	ret->depth = (unsigned)(blanks / 2);
	ret->name = str_trim(str_skip(text, (size_t)colon + 3));
	return true;
}

void iomem_parse(struct arena *arena, struct str bytes, struct iomem *ret)
{
	struct str raw;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct iomem_entry entry = { .line = line };

		if (iomem_line_parse(raw, &entry) && entry.end > 1)
			*vec_push(arena, ret) = entry;
	}
}

/* "Node 0, zone      DMA      0      1 ..." */
static bool buddy_row_parse(struct str text, struct buddy_row *ret)
{
	struct str word, name;
	uint64_t nid;
	size_t order = 0;

	text = str_trim(text);
	if (!str_starts(text, STR("Node")))
		return false;
	text = str_skip(text, 4);
	if (!str_cut_word(&text, &word) || !str_ends(word, STR(",")))
		return false;
	word.n--;
	if (!str_to_u64(word, 10, &nid) || nid > INT16_MAX || !str_cut_word(&text, &word) || !str_is(word, "zone") ||
	    !str_cut_word(&text, &name) || name.n >= sizeof(ret->zone))
		return false;
	for (; order < NR_ORDERS && str_cut_word(&text, &word); order++)
		if (!str_to_u64(word, 10, &ret->free[order]))
			return false;
	ret->nid = (int)nid;
	memcpy(ret->zone, name.p, name.n);
	return order > 0;
}

void buddyinfo_parse(struct arena *arena, struct str bytes, struct buddyinfo *ret)
{
	struct str raw;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct buddy_row row = { .line = line };

		if (buddy_row_parse(log_line_unquote(raw), &row))
			*vec_push(arena, ret) = row;
	}
}

static bool has_word(struct str text, const char *wanted)
{
	struct str word;

	while (str_cut_word(&text, &word))
		if (str_is(word, wanted))
			return true;
	return false;
}

/* "address sizes	: 46 bits physical, 48 bits virtual" */
static void address_sizes_parse(struct str value, uint32_t line, struct boot_record *ret)
{
	uint64_t bits;
	struct str word;

	if (!ret->cpu_phys_bits.line && str_cut_word(&value, &word) && str_to_u64(word, 10, &bits) && bits <= 64)
		ret->cpu_phys_bits = (struct said){ bits, line };
}

/* Packages are numbered, with gaps perhaps: two different numbers are two packages at least. */
static void package_parse(struct str value, uint32_t line, struct boot_record *ret)
{
	uint64_t id;

	if (!str_to_u64(value, 10, &id))
		return;
	if (!ret->cpu_packages.line)
		ret->cpu_packages = (struct said){ 1, line };
	else if (id != ret->last_package)
		ret->cpu_packages.value = max_u64(ret->cpu_packages.value, 2);
	ret->last_package = id;
}

/* Words that the processors' own cpuinfo has, each on one architecture alone. */
static enum arch_hint foreign_cpu(struct str key, struct str value)
{
	static const struct {
		struct str key, value; /* how the value begins */
		enum arch_hint hint;
	} table[] = {
		{ STR("CPU implementer"), STR(""), ARCH_HINT_ARM }, { STR("CPU architecture"), STR(""), ARCH_HINT_ARM }, { STR("cpu model"), STR("MIPS"), ARCH_HINT_MIPS },
		{ STR("ASEs implemented"), STR(""), ARCH_HINT_MIPS }, { STR("cpu"), STR("POWER"), ARCH_HINT_POWERPC }, { STR("isa"), STR("rv"), ARCH_HINT_RISCV },
		{ STR("vendor_id"), STR("IBM/S390"), ARCH_HINT_S390 }, { STR("model name"), STR("UML"), ARCH_HINT_USER_MODE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_is(key, table[i].key.p) && str_starts(value, table[i].value))
			return table[i].hint;
	return ARCH_HINT_NONE;
}

void cpuinfo_parse(struct str bytes, struct boot_record *ret)
{
	struct str raw;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		bool known = raw.n && *raw.p && strchr("paf", *raw.p);
		ptrdiff_t colon = known || !ret->cpuinfo_has_flags ? str_find_char(raw, ':') : -1;
		struct str key, value;

		if (colon < 0)
			continue;
		key = str_trim((struct str){ raw.p, (size_t)colon });
		value = str_skip(raw, (size_t)colon + 1);
		if (!ret->cpuinfo_arch && !ret->cpuinfo_has_flags)
			ret->cpuinfo_arch = foreign_cpu(key, str_trim(value));
		if (str_is(key, "processor")) {
			ret->cpus_online.value++;
			if (!ret->cpus_online.line)
				ret->cpus_online.line = line;
		} else if (str_is(key, "physical id")) {
			package_parse(str_trim(value), line, ret);
		} else if (str_is(key, "address sizes")) {
			address_sizes_parse(value, line, ret);
		} else if (str_is(key, "flags") && !ret->cpuinfo_has_flags) {
			ret->cpuinfo_has_flags = true;
			ret->cpu_gbpages = has_word(value, "pdpe1gb");
			ret->cpu_la57 = has_word(value, "la57");
		}
	}
}

/* "8192 MB", "16 GB", "1024 kB"; 0 for "No Module Installed", "None", "Unknown". */
static uint64_t module_bytes(struct str text)
{
	static const struct {
		struct str name;
		uint64_t bytes;
	} units[] = { { STR("kB"), KIB }, { STR("KB"), KIB }, { STR("MB"), MIB }, { STR("GB"), GIB }, { STR("TB"), TIB },
		      { STR("bytes"), 1 } };
	struct str number, unit;
	uint64_t value;

	if (!str_cut_word(&text, &number) || !str_to_u64(number, 10, &value) || !str_cut_word(&text, &unit))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (str_eq(unit, units[i].name))
			return value > PHYS_LIMIT / units[i].bytes ? 0 : value * units[i].bytes;
	return 0;
}

/* One "Memory Device" of dmidecode's output. */
struct memory_device {
	bool inside, is_flash;
	uint64_t size, volatile_size, lasting_size;
};

/* Memory that keeps its content without power is not installed RAM; neither is the firmware's flash. */
static uint64_t installed(const struct memory_device *d)
{
	if (!d->inside || d->is_flash)
		return 0;
	return d->lasting_size ? d->volatile_size : d->size;
}

static void memory_device_line(struct memory_device *d, struct str text)
{
	static const struct str type = STR("Type:"), size = STR("Size:"), lasting = STR("Non-Volatile Size:"),
				left = STR("Volatile Size:");

	if (str_starts(text, size))
		d->size = module_bytes(str_skip(text, size.n));
	else if (str_starts(text, left))
		d->volatile_size = module_bytes(str_skip(text, left.n));
	else if (str_starts(text, lasting))
		d->lasting_size = module_bytes(str_skip(text, lasting.n));
	else if (str_starts(text, type))
		d->is_flash = str_is(str_trim(str_skip(text, type.n)), "Flash");
}

uint64_t dmidecode_parse(struct str bytes)
{
	struct memory_device device = { 0 };
	uint64_t sum = 0;
	struct str raw;

	while (str_cut_line(&bytes, &raw)) {
		struct str text = str_trim(raw);

		if (str_starts(text, STR("Handle 0x"))) {
			sum = add_sat(sum, installed(&device));
			device = (struct memory_device){ 0 };
		} else if (str_is(text, "Memory Device")) {
			device.inside = true;
		} else if (device.inside) {
			memory_device_line(&device, text);
		}
	}
	return add_sat(sum, installed(&device));
}

bool single_number_parse(struct str bytes, struct said *ret)
{
	uint64_t value;
	struct str word;

	if (!str_cut_word(&bytes, &word) || !str_to_u64(word, 10, &value))
		return false;
	*ret = (struct said){ value, 1 };
	return true;
}
