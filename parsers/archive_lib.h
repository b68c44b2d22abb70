/*
 * archive_lib.h - libarchive, loaded when the first container asks for it.
 *
 * It brings a dozen libraries along (XML, Unicode, C++), and to load them takes as long as to analyse a log: most runs see none of them.
 */
#ifndef MIA_ARCHIVE_LIB_H
#define MIA_ARCHIVE_LIB_H

#include <archive.h>
#include <archive_entry.h>

struct archive_lib {
#define CALL(name) __typeof__(&name) name;
#include "archive_calls.def"
#undef CALL
};

/* NULL if it cannot be loaded; *@why says what the system says. */
const struct archive_lib *archive_lib(const char **why);

#endif
