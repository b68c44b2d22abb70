/*
 * html.h - a page that is HTML and well-formed XML at once, and in which no text of a log comes alive.
 *
 * Every text and every attribute value goes through these functions; only our own markup is written as it is.
 */
#ifndef MIA_HTML_H
#define MIA_HTML_H

#include <stdio.h>

#include "mia/str.h"

/* Text between tags or inside a quoted attribute: & < > " ' ` become numbers, controls and broken bytes are shown as \xNN. */
void html_text(FILE *out, struct arena *arena, struct str s);

#endif
