/*
 * input.h - from what the user names to documents in memory.
 *
 * A file, a folder, an archive (tar, zip, cpio; any compression that libarchive reads, by content and not by name), "-" for
 * standard input, or the running machine. Everything is read, never executed or extracted to disk; links and names that
 * lead out of an archive or folder are refused.
 */
#ifndef MIA_INPUT_H
#define MIA_INPUT_H

#include "mia/error.h"
#include "mia/record.h"
#include "mia/str.h"

struct arena;

/* One document of a bundle, decompressed. */
struct input_doc {
	const char *name; /* path inside the bundle, or the file's name */
	enum source_kind kind;
	struct str bytes;
};

/* One boot's worth of documents (a log may still hold several boots). */
struct input {
	const char *name;   /* as the user would name it */
	struct input_doc *v;
	size_t nr, cap;
	char sha256[65];    /* of the log's bytes; of all documents in order of kind where there is no log */
	bool truncated;     /* a compressed stream or archive ended early; what could be read is here */
};

/*
 * Calls @visit for every input under @path, in order of names: once for a file or a bundle, once a log for a folder of
 * logs, once a bundle for a folder of bundles. An input that cannot be read is given as @error, and the walk goes on.
 * @visit owns nothing: it is given a fresh @arena for each input, which is reset after it returns. It returns false to stop.
 * The returned error is about @path itself (missing, no permission).
 */
typedef bool input_visit_fn(void *context, struct arena *arena, const struct input *input, const struct mia_error *error);
struct mia_error *input_walk(struct arena *arena, const char *path, input_visit_fn *visit, void *context);

/* The running machine: /dev/kmsg or the kernel's ring buffer, /proc and /sys below @root ("" for the machine itself). */
struct mia_error *input_live(struct arena *arena, const char *root, struct input *ret);

/* What a document is, by its content first and its name second; NR_SOURCES for something else. */
enum source_kind input_classify(const char *name, struct str bytes);

#endif
