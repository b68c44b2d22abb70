/* artifact.h - a log as other programs name it: by a URI and a line. */
#ifndef MIA_ARTIFACT_H
#define MIA_ARTIFACT_H

#include "mia/verdict.h"

/* Where a document of the input can be found: a relative URI, or file: for an absolute path. @kind: which document. */
const char *artifact_uri(struct arena *arena, const struct verdict *v, enum source_kind kind);
/* "dmesg.txt", "dmesg.txt boot 1" where the log holds several. */
const char *boot_label(struct arena *arena, const struct verdict *v);

#endif
