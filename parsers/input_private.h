/*
 * input_private.h - the parts of the input layer; input.h is what the rest of the program uses.
 */
#ifndef MIA_INPUT_PRIVATE_H
#define MIA_INPUT_PRIVATE_H

#include <sys/types.h>

#include "input.h"
#include "mia/base.h"

/* What may be read: a log of this size, anything else that stands beside one, and an archive's documents together. */
#define MAX_LOG_BYTES (512 * MIB)
#define MAX_OTHER_BYTES (64 * MIB)
#define MAX_ARCHIVE_BYTES GIB
/* What an archive may unfold to on the way, and how many names it may have: more is made to waste time. */
#define MAX_UNPACKED_BYTES (16 * GIB)
#define MAX_MEMBERS 1000000u
/* Folders in folders. */
#define MAX_DEPTH 64

/* Memory outside of arenas that is used again for the next file; .n is what is in it. */
struct scratch {
	char *p;
	size_t n, cap;
};

bool scratch_reserve(struct scratch *scratch, size_t more);
void scratch_free(struct scratch *scratch);

/* A file's bytes to be read, from a descriptor or from memory. */
struct origin {
	const char *name; /* for messages */
	int fd;           /* -1: bytes */
	struct str bytes;
};

#define ORIGIN_READ_BYTES 65536

/* The next bytes, in @block where they come from a descriptor; 0 at the end, -1 and errno on failure. */
ssize_t origin_read(const struct origin *origin, size_t *at, char *block, const void **ret);

bool is_gzip(const struct origin *origin);
/* Is there a text rather than an archive inside? */
bool gzip_is_stream(const struct origin *origin);
/* All of it. Returns an errno: EIO for wrong data, EFBIG for too much of it, ENODATA if it ends before anything. */
int gzip_read(const struct origin *origin, struct scratch *to, bool *cut);

/* One line about a file: "NAME: WHY". */
struct mia_error *input_error(struct arena *arena, const char *name, const char *why);

/* Regular files only; nothing that could block is opened. Returns 0 and a descriptor, or an errno. */
int file_open(const char *path, int *ret);
/* All of @fd, at most @limit bytes (EFBIG). Returns an errno. */
int file_read(int fd, uint64_t limit, struct scratch *ret);

/* Is this the beginning of something that unpack() takes apart? */
bool is_packed(struct str head);

struct member {
	const char *path;
	struct str bytes;
	size_t order; /* in the archive */
	bool cut;     /* the archive ended in it */
};

struct members {
	struct member *v;
	size_t nr, cap;
};

/*
 * A compressed file goes to @scratch, an archive's documents to @members; @is_archive says which. Members that are no
 * document of ours are left out.
 */
struct unpacked {
	struct scratch scratch, inner, salvaged;
	struct members members;
	bool is_archive, truncated;
	bool too_large; /* and has no lines of a boot: why unpack() failed */
};

struct mia_error *unpack(struct arena *arena, const struct origin *origin, struct unpacked *ret);
void unpacked_deinit(struct unpacked *unpacked);

/*
 * A tree of files: a folder, or an archive's members. Paths are relative to its root, "" is the root itself.
 */
struct tree_entry {
	const char *name;
	bool is_folder, is_link;
};

struct tree_entries {
	struct tree_entry *v;
	size_t nr, cap;
};

struct tree {
	const char *name;              /* of the root, as the user would name it */
	const char *common;            /* the folder that all members share: its input has the archive's own name */
	const char *real_root;         /* a folder's, NULL for members */
	const struct members *members; /* sorted by path */
};

void members_sort(struct members *members);
const char *members_common_folder(struct arena *arena, const struct members *members);

/* Sorted by name. Returns an errno. */
int tree_list(const struct tree *tree, struct arena *arena, const char *folder, struct tree_entries *ret);
/* Is there a file or a folder? Links that lead out of the tree are not there. */
bool tree_has(const struct tree *tree, struct arena *arena, const char *path);
/* One file's bytes as they are, in the tree's memory or in @scratch; its folder was found by the two above. Returns an errno. */
int tree_read(const struct tree *tree, struct arena *arena, const char *path, uint64_t limit, struct scratch *scratch,
	      struct str *ret, bool *cut);
/* A descriptor of a folder's file; ENOTSUP for members. */
int tree_open(const struct tree *tree, struct arena *arena, const char *path, int *ret);
/* "FOLDER/NAME", "NAME" in the root. */
const char *path_join(struct arena *arena, const char *folder, const char *name);
/* What the user would call this file of the tree. */
const char *tree_path_name(const struct tree *tree, struct arena *arena, const char *path);

/* Kind by file name alone: "zoneinfo", "dmesg.txt", "sysctl_min_free_kbytes"; NR_SOURCES for none. */
enum source_kind kind_of_name(const char *name);
/* Is the member at this path one of the files of /sys that are gathered? */
bool is_sys_path(const char *path);
/* Text rather than an image, a program, a database. */
bool is_text(struct str head);
/* Does a line of it come from the start of a Linux boot? */
bool has_boot_lines(struct str bytes);
/* What it looks like, for a message: "a PNG image"; NULL for nothing known. */
const char *looks_like(struct str bytes);

struct bundle_state {
	struct arena *arena;
	const struct tree *tree;
	const char *folder;                 /* of the tree: the bundle's root */
	const struct tree_entries *entries; /* of that folder */
	struct unpacked *unpacked;          /* for compressed documents */
	struct input *input;
};

/* Every document of the bundle; false if the folder is none, which is so where there are logs and nothing else. */
bool bundle_gather(struct bundle_state *state);
/* The document at @path, unpacked; false if it cannot be read. Its bytes are in memory that the next call uses again. */
bool document_read(struct bundle_state *state, const char *path, struct str *ret);
/* SUSE's supportconfig: documents as sections of its files. */
bool is_supportconfig(const struct tree_entries *entries);
bool is_section_file(const char *path, struct str bytes);
void sections_gather(struct bundle_state *state);
/* The files of /proc and /sys below the folder, each once. */
void bundle_gather_system(struct bundle_state *state);
void input_add(struct arena *arena, struct input *input, const char *name, enum source_kind kind, struct str bytes);
bool input_has(const struct input *input, enum source_kind kind);
/* Order the documents by kind, and name the input by the digest of its content. */
void input_finish(struct input *input);

#endif
