/* sysfiles.c - the files of /sys beside a log, gathered into one text a kind, and the tools that show the same. */
#include <stdlib.h>

#include "files.h"
#include "mia/arena.h"

#define MAX_NODES 1024
/* 128 TiB in the smallest blocks that x86 makes. */
#define MAX_BLOCKS (1u << 20)

/* The words of /sys/firmware/memmap, which are those of /proc/iomem. */
static uint32_t memmap_type(struct str name)
{
	static const struct {
		const char *name;
		uint32_t type;
	} names[] = {
		{ "System RAM", E820_TYPE_RAM },
		{ "Reserved", E820_TYPE_RESERVED },
		{ "reserved", E820_TYPE_RESERVED },
		{ "ACPI Tables", E820_TYPE_ACPI },
		{ "ACPI Non-volatile Storage", E820_TYPE_NVS },
		{ "Unusable memory", E820_TYPE_UNUSABLE },
		{ "Persistent Memory", E820_TYPE_PMEM },
		{ "Persistent Memory (legacy)", E820_TYPE_PRAM },
		{ "Soft Reserved", E820_TYPE_SOFT_RESERVED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_is(name, names[i].name))
			return names[i].type;
	return E820_TYPE_UNKNOWN;
}

static bool hex_parse(struct str word, uint64_t *ret)
{
	return str_starts(word, STR("0x")) && str_to_u64(str_skip(word, 2), 16, ret);
}

static int by_start(const void *a, const void *b)
{
	const struct e820_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void firmware_memmap_parse(struct arena *arena, struct str bytes, struct e820_table *ret)
{
	struct str raw, word;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct e820_entry entry = { .line = line };
		uint64_t index, last;

		if (!str_cut_word(&raw, &word) || !str_to_u64(word, 10, &index) || !str_cut_word(&raw, &word) ||
		    !hex_parse(word, &entry.start) || !str_cut_word(&raw, &word) || !hex_parse(word, &last) || last < entry.start)
			continue;
		entry.end = add_sat(last, 1);
		entry.type = memmap_type(str_trim(raw));
		*vec_push(arena, ret) = entry;
	}
	if (ret->nr)
		qsort(ret->v, ret->nr, sizeof(*ret->v), by_start);
}

static int by_index(const void *a, const void *b)
{
	const struct memory_block *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static void blocks_sort(struct memory_blocks *blocks)
{
	if (blocks->nr)
		qsort(blocks->v, blocks->nr, sizeof(*blocks->v), by_index);
}

static bool block_size_parse(struct str number, uint32_t line, struct said *ret)
{
	uint64_t bytes;

	if (ret->line || !str_to_u64(number, 16, &bytes) || !bytes || bytes & (bytes - 1))
		return false;
	*ret = (struct said){ bytes, line };
	return true;
}

void memory_blocks_parse(struct arena *arena, struct str bytes, struct memory_blocks *ret)
{
	struct str raw, key, word;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct memory_block block = { 0 };

		if (!str_cut_word(&raw, &key) || !str_cut_word(&raw, &word))
			continue;
		if (str_is(key, "block_size")) {
			block_size_parse(word, line, &ret->size_bytes);
			continue;
		}
		if (!str_starts(key, STR("memory")) || !str_to_u64(str_skip(key, 6), 10, &block.index))
			continue;
		block.online = str_is(word, "online");
		/* The first zone is the block's own; others are where it could go. */
		if (str_cut_word(&raw, &word) && word.n < sizeof(block.zone))
			memcpy(block.zone, word.p, word.n);
		*vec_push(arena, ret) = block;
	}
	blocks_sort(ret);
}

/* "Memory block size:       128M" */
static uint64_t lsmem_block_size(struct str bytes, uint32_t *line)
{
	static const struct str label = STR("Memory block size:");
	struct str raw, rest;

	for (*line = 1; str_cut_line(&bytes, &raw); ++*line) {
		uint64_t size;

		if (!str_starts(raw, label))
			continue;
		size = str_memparse(str_trim(str_skip(raw, label.n)), &rest);
		return size && !(size & (size - 1)) ? size : 0;
	}
	return 0;
}

/* "0x0000000000000000-0x000000007fffffff    2G online       no  0-15" */
static bool lsmem_range_parse(struct str text, struct phys_range *ret, bool *online)
{
	struct str range, word;
	ptrdiff_t hyphen;
	uint64_t last;

	if (!str_cut_word(&text, &range) || (hyphen = str_find_char(range, '-')) < 0)
		return false;
	if (!hex_parse((struct str){ range.p, (size_t)hyphen }, &ret->start) ||
	    !hex_parse(str_skip(range, (size_t)hyphen + 1), &last) || last < ret->start || last >= PHYS_LIMIT)
		return false;
	ret->end = last + 1;
	*online = str_cut_word(&text, &word) && str_cut_word(&text, &word) && str_is(word, "online");
	return true;
}

void lsmem_parse(struct arena *arena, struct str bytes, struct memory_blocks *ret)
{
	uint32_t line;
	uint64_t size = lsmem_block_size(bytes, &line);
	struct phys_range range;
	struct str raw;
	bool online;

	if (!size)
		return;
	ret->size_bytes = (struct said){ size, line };
	while (str_cut_line(&bytes, &raw)) {
		if (!lsmem_range_parse(raw, &range, &online))
			continue;
		for (uint64_t i = range.start / size; i < range.end / size && ret->nr < MAX_BLOCKS; i++)
			*vec_push(arena, ret) = (struct memory_block){ .index = i, .online = online };
	}
	blocks_sort(ret);
}

/* Nodes by number, so that a file of any length is read in one pass. */
struct node_index {
	struct arena *arena;
	struct node_files *nodes;
	size_t place[MAX_NODES]; /* 1 + index in nodes->v, 0 for none */
};

static struct node_file *node_at(struct node_index *index, struct str number, uint32_t line)
{
	struct node_file *node;
	uint64_t id;

	if (!str_to_u64(number, 10, &id) || id >= MAX_NODES)
		return NULL;
	if (!index->place[id]) {
		node = vec_push(index->arena, index->nodes);
		*node = (struct node_file){ .id = (int)id, .line = line };
		index->place[id] = index->nodes->nr;
	}
	return &index->nodes->v[index->place[id] - 1];
}

static void distances_parse(struct str list, struct node_file *node)
{
	struct str word;
	uint64_t value;

	node->nr_distance = 0;
	while (node->nr_distance < ARRAY_SIZE(node->distance) && str_cut_word(&list, &word) && str_to_u64(word, 10, &value))
		node->distance[node->nr_distance++] = value;
}

/* "node0 cpus=0-1 distance=10 20" */
static void node_line_parse(struct node_index *index, struct str text, uint32_t line)
{
	static const struct str cpus = STR("cpus="), distance = STR("distance=");
	const char *end = text.p + text.n;
	struct node_file *node;
	struct str word;

	if (!str_cut_word(&text, &word))
		return;
	node = node_at(index, str_skip(word, 4), line);
	while (node && str_cut_word(&text, &word)) {
		if (str_starts(word, cpus)) {
			node->cpus = str_skip(word, cpus.n);
		} else if (str_starts(word, distance)) {
			word = str_skip(word, distance.n);
			distances_parse((struct str){ word.p, (size_t)(end - word.p) }, node);
			return;
		}
	}
}

/* "Node 0 MemTotal:        2017400 kB" */
static void node_meminfo_parse(struct node_index *index, struct str text, uint32_t line)
{
	struct str number, key, value;
	struct node_file *node;
	uint64_t kib;

	if (!str_cut_word(&text, &key) || !str_cut_word(&text, &number) || !str_cut_word(&text, &key) ||
	    !str_cut_word(&text, &value) || !str_is(key, "MemTotal:") || !str_to_u64(value, 10, &kib))
		return;
	node = node_at(index, number, line);
	if (node && !node->mem_total_kib.line)
		node->mem_total_kib = (struct said){ kib, line };
}

void nodes_parse(struct arena *arena, struct str bytes, struct node_files *ret)
{
	struct node_index index = { .arena = arena, .nodes = ret };
	struct str raw;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		if (str_starts(raw, STR("node")))
			node_line_parse(&index, raw, line);
		else if (str_starts(raw, STR("Node ")))
			node_meminfo_parse(&index, raw, line);
	}
}

/* "node 0 cpus: 0 1 2", "node 0 size: 2015 MB" */
static void numactl_node_parse(struct node_index *index, struct str text, uint32_t line)
{
	struct str number, key, word;
	struct node_file *node;
	uint64_t mib;

	if (!str_cut_word(&text, &number) || !str_cut_word(&text, &key))
		return;
	if (!str_is(key, "cpus:") && !str_is(key, "size:"))
		return;
	node = node_at(index, number, line);
	if (!node)
		return;
	if (str_is(key, "cpus:") && !node->cpus.n)
		node->cpus = str_trim(text);
	else if (str_is(key, "size:") && str_cut_word(&text, &word) && str_to_u64(word, 10, &mib) && str_is(str_trim(text), "MB"))
		node->numactl_mib = (struct said){ mib, line };
}

/* In the table of distances, "  0:  10  20". */
static void numactl_distance_parse(struct node_index *index, struct str text, uint32_t line)
{
	struct node_file *node;
	struct str number;

	if (!str_cut_word(&text, &number) || !str_ends(number, STR(":")))
		return;
	number.n--;
	node = node_at(index, number, line);
	if (node && !node->nr_distance)
		distances_parse(text, node);
}

void numactl_parse(struct arena *arena, struct str bytes, struct node_files *ret)
{
	struct node_index index = { .arena = arena, .nodes = ret };
	bool in_table = false;
	struct str raw;

	for (size_t i = 0; i < ret->nr; i++)
		index.place[ret->v[i].id] = i + 1;
	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		struct str text = raw, word;

		if (str_starts(raw, STR("node distances:")))
			in_table = true;
		else if (in_table)
			numactl_distance_parse(&index, raw, line);
		else if (str_cut_word(&text, &word) && str_is(word, "node"))
			numactl_node_parse(&index, text, line);
	}
}

/* "3.8Gi", "3913M", "4007132"; what has no letter has a unit that only the one who called free knows. */
static uint64_t free_unit(struct str suffix)
{
	static const struct {
		const char *letters;
		uint64_t bytes;
	} units[] = { { "Bb", 1 }, { "Kk", KIB }, { "Mm", MIB }, { "Gg", GIB }, { "Tt", TIB } };

	for (size_t i = 0; suffix.n && i < ARRAY_SIZE(units); i++)
		if (strchr(units[i].letters, *suffix.p) && *suffix.p)
			return units[i].bytes;
	return 0;
}

bool free_parse(struct str bytes, struct boot_record *ret)
{
	struct str raw, word;

	for (uint32_t line = 1; str_cut_line(&bytes, &raw); line++) {
		uint64_t whole = 0, tenth = 0, unit;
		size_t n = 0;

		if (!str_cut_word(&raw, &word) || !str_is(word, "Mem:") || !str_cut_word(&raw, &word))
			continue;
		for (; n < word.n && word.p[n] >= '0' && word.p[n] <= '9' && whole < PHYS_LIMIT / 16; n++)
			whole = whole * 10 + (uint64_t)(word.p[n] - '0');
		if (!n)
			continue;
		if (word.n > n + 1 && word.p[n] == '.') {
			tenth = word.p[n + 1] >= '0' && word.p[n + 1] <= '9' ? (uint64_t)(word.p[n + 1] - '0') : 0;
			n += 2;
		}
		unit = free_unit(str_skip(word, n));
		if (unit && whole > PHYS_LIMIT / unit)
			return false;
		ret->free_unit = unit > KIB && tenth ? unit / 10 : unit;
		ret->free_total = (struct said){ unit ? whole * unit + tenth * unit / 10 : whole, line };
		return true;
	}
	return false;
}
