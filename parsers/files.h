/*
 * files.h - parsers of the files beside a log; each reads one document into its place in a boot record.
 *
 * All take any text: what they do not know they skip, and numbers that do not fit are not taken.
 */
#ifndef MIA_FILES_H
#define MIA_FILES_H

#include "mia/record.h"

struct arena;

void zoneinfo_parse(struct arena *arena, struct str bytes, struct zoneinfo *ret);
/* One line of a log, which may be of a report of the kernel's memory. */
void show_mem_line(struct arena *arena, struct show_mem *report, struct str text, uint32_t line);
/* "Key: 123 kB" (meminfo) and "key 123" (vmstat). */
void key_values_parse(struct arena *arena, struct str bytes, struct key_values *ret);
/* Without the rows that an ordinary user sees: "00000000-00000000 : System RAM". */
void iomem_parse(struct arena *arena, struct str bytes, struct iomem *ret);
void buddyinfo_parse(struct arena *arena, struct str bytes, struct buddyinfo *ret);
void page_tables_parse(struct arena *arena, struct str bytes, struct layout_marks *ret);
void pagetypeinfo_parse(struct arena *arena, struct str bytes, struct pagetypes *ret);
/* Lines "N 0xstart 0xend name" gathered from /sys/firmware/memmap; sorted by start. */
void firmware_memmap_parse(struct arena *arena, struct str bytes, struct e820_table *ret);
/* "block_size HEX" and "memoryN STATE ZONES..." gathered from /sys/devices/system/memory; sorted by index. */
void memory_blocks_parse(struct arena *arena, struct str bytes, struct memory_blocks *ret);
/* The output of lsmem: the same blocks, without their zones. */
void lsmem_parse(struct arena *arena, struct str bytes, struct memory_blocks *ret);
/* "nodeN cpus=LIST distance=A B ..." and "Node N Key: 123 kB" gathered from /sys/devices/system/node. */
void nodes_parse(struct arena *arena, struct str bytes, struct node_files *ret);
/* The output of numactl -H: sizes, in whole MiB; CPUs and distances where /sys did not give them. */
void numactl_parse(struct arena *arena, struct str bytes, struct node_files *ret);
/* The output of free: the total of memory. */
bool free_parse(struct str bytes, struct boot_record *ret);
void cpuinfo_parse(struct str bytes, struct boot_record *ret);
/* Sum of the sizes of installed modules in dmidecode's output; 0 if it names none. */
uint64_t dmidecode_parse(struct str bytes);
/* The first number of a one-line file. */
bool single_number_parse(struct str bytes, struct said *ret);

#endif
