/*
 * explain.h - all that the model knows of one thing: an address, a page frame, a log line, a zone, a node, an owner, an early map.
 *
 * An answer is a list of rows: a name, a value (or none, where it cannot be known), and a sentence that says why.
 */
#ifndef MIA_EXPLAIN_H
#define MIA_EXPLAIN_H

#include "mia/verdict.h"

enum what_kind {
	WHAT_PHYS, WHAT_VIRT, WHAT_LINE, WHAT_ZONE, WHAT_NODE, WHAT_OWNER, WHAT_SECTION, WHAT_BLOCK, WHAT_LAYOUT, WHAT_FIXMAP, WHAT_SLOT,
	WHAT_IOREMAP
};

/* A question, read from text such as "pfn:0x1000" or "zone:0/DMA32". */
struct what {
	enum what_kind kind;
	struct str text;      /* as asked */
	uint64_t n;           /* address, line, number, size */
	bool bare;            /* an address without a word in front: on 32 bits it may be of either kind */
	bool has_at;
	uint64_t at;          /* WHAT_IOREMAP: the physical address */
	int nid;              /* WHAT_ZONE */
	struct str name;      /* WHAT_ZONE, WHAT_OWNER */
};

enum answer_kind { ANSWER_UNKNOWN, ANSWER_NUMBER, ANSWER_ADDRESS, ANSWER_RANGE, ANSWER_BYTES, ANSWER_PAGES, ANSWER_TEXT, ANSWER_BOOL };

struct answer_row {
	const char *id, *label;
	enum answer_kind kind;
	uint64_t v[2];        /* a range is [v[0], v[1]) */
	struct str text;      /* ANSWER_TEXT; may be the log's own words */
	struct str why;
	enum source_kind source;
	uint32_t lines[4];    /* of @source, 0 for none */
	const char *stage, *function;
};

struct answer {
	struct what what;
	const char *kind;     /* "physical address" */
	struct str sentence;  /* the answer in one */
	bool found;           /* false: there is no such thing in this boot */
	struct answer_row *v;
	size_t nr, cap;
};

struct answers {
	struct answer *v;
	size_t nr, cap;
};

/* False if @s is none of the forms. */
bool what_parse(struct str s, struct what *ret);
/* The forms, one a line, for a help text; NULL behind the last. */
const char *what_form(size_t i);

/* Adds one answer, or two: a virtual address is also explained as the physical one that it stands for. */
void explain(struct arena *arena, const struct verdict *verdict, const struct what *what, struct answers *ret);

#endif
