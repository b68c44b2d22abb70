/* swatch.h - which colour and letter a piece of physical memory has, in the terminal and on the page. */
#ifndef MIA_SWATCH_H
#define MIA_SWATCH_H

#include "mia/physmap.h"

enum swatch_id {
#define SWATCH(name, id, letter, ansi, light, dark, label) SWATCH_##name,
#include "swatches.def"
#undef SWATCH
	NR_SWATCHES
};

struct swatch {
	const char *id;
	char letter;
	unsigned ansi;            /* of the terminal's 256 colours */
	const char *light, *dark; /* #rrggbb */
	const char *label;
};

extern const struct swatch swatches[NR_SWATCHES];

enum swatch_id swatch_of(const struct phys_segment *s);
/* The row of the ledger that counts this piece; NULL if none does. */
const char *segment_ledger_id(const struct phys_segment *s);
/* The colour of a row of the ledger; NULL if it has none of its own. */
const struct swatch *swatch_of_ledger(const char *id);
/* What it is, in words: "Struct pages", "Reserved by the firmware", "Free". */
const char *segment_label(const struct phys_segment *s);

#endif
