/*
 * markdown_text.h - text of a log inside Markdown.
 *
 * Words of a log stand in code spans, where nothing of them is markup; sentences that quote it have every mark escaped, and those
 * that would call a person or an issue are taken apart.
 */
#ifndef MIA_MARKDOWN_TEXT_H
#define MIA_MARKDOWN_TEXT_H

#include <stdio.h>

#include "mia/str.h"

void markdown_text(FILE *out, struct arena *arena, struct str raw);
/* Between more backticks than any that are inside. */
void markdown_code(FILE *out, struct arena *arena, struct str raw);

#endif
