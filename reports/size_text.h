/*
 * size_text.h - amounts of memory as people read them.
 *
 * Two places behind the point, always: KiB, MiB and GiB are powers of 1024, and what the kernel calls kB or K is KiB.
 */
#ifndef MIA_SIZE_TEXT_H
#define MIA_SIZE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct short_text {
	char s[48];
};

/* For a column: "52.00 MiB", "0.64 KiB", "-8.84 MiB"; nothing above MiB, so that rows can be compared. @plain: "54525952". */
struct short_text size_column(int64_t bytes, bool plain);
/* For a sentence: up to TiB. @plain: "54525952 bytes". */
struct short_text size_prose(int64_t bytes, bool plain);
/* "2.54%"; empty where the whole is 0. */
struct short_text percent_text(int64_t part, int64_t whole);

#endif
