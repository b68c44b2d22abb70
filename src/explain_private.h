/* explain_private.h - what the parts of explain share. */
#ifndef MIA_EXPLAIN_PRIVATE_H
#define MIA_EXPLAIN_PRIVATE_H

#include "mia/arena.h"
#include "mia/explain.h"
#include "mia/layout.h"
#include "mia/pages.h"

struct explainer {
	struct arena *arena;
	const struct verdict *verdict;
	const struct boot *b;
	const struct boot_record *record; /* NULL for a prediction */
	struct layout layout;
	struct answers *out;
	size_t current;                   /* answer that is being written */
};

struct answer *explain_answer(struct explainer *e);
/* A new answer; rows go to it until the next one. */
struct answer *explain_begin(struct explainer *e, const struct what *what, const char *kind);
__attribute__((format(printf, 2, 3))) void explain_sentence(struct explainer *e, const char *format, ...);

/* A row of the current answer. The pointer holds until the next row. */
struct answer_row *row_unknown(struct explainer *e, const char *id, const char *label);
struct answer_row *row_number(struct explainer *e, const char *id, const char *label, uint64_t n);
struct answer_row *row_address(struct explainer *e, const char *id, const char *label, uint64_t addr);
struct answer_row *row_range(struct explainer *e, const char *id, const char *label, uint64_t start, uint64_t end);
struct answer_row *row_bytes(struct explainer *e, const char *id, const char *label, uint64_t bytes);
struct answer_row *row_pages(struct explainer *e, const char *id, const char *label, uint64_t pages);
struct answer_row *row_bool(struct explainer *e, const char *id, const char *label, bool yes);
struct answer_row *row_str(struct explainer *e, const char *id, const char *label, struct str text);
__attribute__((format(printf, 4, 5))) struct answer_row *row_text(struct explainer *e, const char *id, const char *label, const char *format, ...);
__attribute__((format(printf, 3, 4))) void row_why(struct explainer *e, struct answer_row *row, const char *format, ...);
void row_line(struct answer_row *row, uint32_t line);
void row_stage(struct answer_row *row, enum stage_id stage);

struct str explain_printf(struct explainer *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "0x1000-0x9ffff", for sentences. */
struct str range_text(struct explainer *e, uint64_t start, uint64_t end);
/* "256 MiB", exact. */
struct str bytes_text(struct explainer *e, uint64_t bytes);

void explain_phys(struct explainer *e, const struct what *what);
void explain_virt(struct explainer *e, const struct what *what);
void explain_line(struct explainer *e, const struct what *what);
void explain_zone(struct explainer *e, const struct what *what);
void explain_node(struct explainer *e, const struct what *what);
void explain_owner(struct explainer *e, const struct what *what);
void explain_section(struct explainer *e, const struct what *what);
void explain_block(struct explainer *e, const struct what *what);
void explain_layout(struct explainer *e, const struct what *what);
void explain_fixmap(struct explainer *e, const struct what *what);
void explain_slot(struct explainer *e, const struct what *what);
void explain_ioremap(struct explainer *e, const struct what *what);

#endif
