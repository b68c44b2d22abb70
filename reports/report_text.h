/*
 * report_text.h - words that the text and the HTML report share.
 *
 * Everything returned is safe for a terminal where it holds text of a log, and not yet escaped for anything else.
 */
#ifndef MIA_REPORT_TEXT_H
#define MIA_REPORT_TEXT_H

#include "mia/verdict.h"

/* "Linux 6.1.0-56-amd64 on QEMU Standard PC (i440FX + PIIX, 1996)" */
struct str headline(struct arena *arena, const struct verdict *v);
/* "x86_64, BIOS, 2 CPUs, 1 node" */
struct str machine_line(struct arena *arena, const struct verdict *v);
/* "dmesg.txt, boot 1 (0 to 2), 17 sources"; a long name loses its beginning to fit into @columns. */
struct str origin_line(struct arena *arena, const struct verdict *v, size_t columns);
/* From installed memory to MemTotal, and who took most. Empty where there is no ledger. */
struct str summary_sentence(struct arena *arena, const struct verdict *v, bool in_bytes);
struct str takers_sentence(struct arena *arena, const struct verdict *v, bool in_bytes);
struct str unexplained_sentence(struct arena *arena, const struct verdict *v, bool in_bytes);

/* What a picture of physical memory cannot show for certain; empty where all is certain. */
struct str map_caveat(const struct verdict *v);

/* "3840", "~3840", "3800-3900", "?" */
struct str amount_text(struct arena *arena, const struct amount *a);
/* "3840" or "0 1941 1941" or "none" */
struct str value_text(struct arena *arena, const struct value *v);
/* What stands behind a number that is not exact: "~" estimated, "*" within bounds, "?" unknown. */
const char *basis_mark(enum basis basis);

/* Rows of the way from installed to MemTotal; the others hang below them. */
bool is_trunk(const struct ledger_row *row);
/* Rows in the order in which they are shown: children of a row by size, what no one owns last. */
const struct ledger_row **ledger_in_order(struct arena *arena, const struct ledger *ledger);
/* Depth of a row below the trunk: 0 for the trunk. */
unsigned depth_below_trunk(const struct ledger *ledger, const struct ledger_row *row);

/* Findings, most severe and largest first. */
const struct finding **findings_in_order(struct arena *arena, const struct findings *findings);

struct check_count {
	size_t nr[CHECK_NOT_PREDICTED + 1];
};

struct check_count count_checks(const struct checks *checks);

/* The message of a line of the log; empty if no rule knew it. */
struct str line_text(const struct verdict *v, uint32_t line);

#endif
