/* input.c - walk what the user names and hand over one input after the other; see input.h. */
#include "input.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input_private.h"
#include "mia/arena.h"

#define HEAD_BYTES 512
/* An analysis may need some times the memory of its input. */
#define INPUT_ARENA_BYTES (2 * GIB)
/* Names of files, and the documents of one archive. */
#define NAMES_ARENA_BYTES (512 * MIB)
#define MEMBERS_ARENA_BYTES (MAX_ARCHIVE_BYTES + 256 * MIB)

struct walker {
	input_visit_fn *visit;
	void *context;
	struct arena *arena;      /* of the input that is visited, reset after each */
	struct arena *names;      /* of folders on the way */
	struct unpacked unpacked; /* memory for files, used again */
	/* What is open below @names' guard; one at a time, since archives in archives are not opened. */
	struct arena *members;
	struct unpacked packed;
	int fd;
	size_t nr_visits;
	bool stopped;
};

/* What one visit is about; it lives in the caller of the function with the guard. */
struct visit {
	struct walker *walker;
	struct input input;
	const struct mia_error *error;
	const struct tree *tree;
	const char *path, *name;
	const struct tree_entries *entries;
	struct str bytes;
	bool truncated, gathered;
};

struct mia_error *input_error(struct arena *arena, const char *name, const char *why)
{
	return mia_error_new(arena, MIA_ERROR_INPUT, "%s: %s", name, why);
}

static const char *why_not(int error)
{
	switch (error) {
	case ENOTSUP:
		return "neither a file nor a folder";
	case EFBIG:
		return "too large for a log";
	default:
		return strerror(error);
	}
}

static void visit_call(struct visit *v)
{
	struct walker *w = v->walker;

	w->nr_visits++;
	if (!w->visit(w->context, w->arena, &v->input, v->error))
		w->stopped = true;
}

/* Visit with nothing but the error; the arena must be empty. */
static void visit_out_of_memory(struct visit *v)
{
	arena_reset(v->walker->arena);
	if (arena_guard(v->walker->arena))
		return;
	v->input = (struct input){ .name = v->name };
	v->error = mia_error_new(v->walker->arena, MIA_ERROR_INTERNAL, "%s: needs more memory than there is",
				 v->name);
	visit_call(v);
}

/* Run @work on a fresh arena; it fills the input, and visits. */
static void visit_guarded(struct visit *v, void (*work)(struct visit *))
{
	struct arena *arena = v->walker->arena;

	arena_reset(arena);
	if (arena_guard(arena)) {
		visit_out_of_memory(v);
	} else {
		v->input.name = v->name;
		work(v);
	}
	arena_reset(arena);
}

static void visit_with_error(struct visit *v) { visit_call(v); }

/* Tell of something that cannot be read. @why may have the name in front already. */
static void report(struct walker *w, const char *name, const char *why)
{
	struct mia_error error = { MIA_ERROR_INPUT, NULL };
	struct visit v = { .walker = w, .name = name, .error = &error };
	char text[1024];
	size_t n;

	/* The name may be long, the reason must not get lost. */
	if (!strncmp(why, name, strlen(name)))
		snprintf(text, sizeof(text), "%s", why);
	else
		snprintf(text, sizeof(text), "%.*s: %s", (int)(sizeof(text) - 300), name, why);
	n = strlen(text);
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)text[i]))
			text[i] = '?';
	error.message = text;
	visit_guarded(&v, visit_with_error);
}

/* one document */

static void visit_document(struct visit *v)
{
	struct arena *arena = v->walker->arena;

	if (!v->bytes.n) {
		v->error = input_error(arena, v->name, "an empty file");
	} else {
		input_add(arena, &v->input, v->name, input_classify(v->name, v->bytes), v->bytes);
		v->input.truncated = v->truncated;
		input_finish(&v->input);
	}
	visit_call(v);
}

static void visit_bytes(struct walker *w, const char *name, struct str bytes, bool truncated)
{
	struct visit v = { .walker = w, .name = name, .bytes = bytes, .truncated = truncated };

	visit_guarded(&v, visit_document);
}

/* bundles */

static void visit_bundle(struct visit *v)
{
	struct bundle_state state = {
		.arena = v->walker->arena, .tree = v->tree, .folder = v->path, .entries = v->entries,
		.unpacked = &v->walker->unpacked, .input = &v->input,
	};

	v->gathered = bundle_gather(&state);
	if (!v->gathered)
		return;
	input_finish(&v->input);
	visit_call(v);
}

/* Visit the bundle whose root is @folder; false if it is none. */
static bool try_bundle(struct walker *w, const struct tree *tree, const char *folder, const struct tree_entries *entries)
{
	struct visit v = { .walker = w, .tree = tree, .path = folder, .entries = entries,
			   .name = tree_path_name(tree, w->names, folder) };

	visit_guarded(&v, visit_bundle);
	return v.gathered;
}

/* files */

static void walk_tree(struct walker *w, const struct tree *tree, const char *folder, unsigned depth);

/* The inputs in an archive. @asked: the user named it, so that finding nothing is an error. */
static void walk_members(struct walker *w, const char *name, struct arena *arena, struct members *members, bool asked)
{
	struct tree tree = { .name = name, .members = members };
	size_t before = w->nr_visits;

	members_sort(members);
	tree.common = members_common_folder(arena, members);
	walk_tree(w, &tree, "", 0);
	if (asked && w->nr_visits == before)
		report(w, name, "no Linux boot log in this archive");
}

/* Of the files in a folder, those named like a kernel log are told of whatever is in them. */
static bool is_wanted(const char *name, struct str bytes)
{
	return has_boot_lines(bytes) || (kind_of_name(name) == SOURCE_DMESG && (!bytes.n || is_text(bytes)));
}

/* One that the user did not name may be so many things. */
static bool worth_telling(const struct unpacked *packed, bool asked) { return asked || !packed->too_large; }

static void walk_unpacked(struct walker *w, const struct origin *origin, bool asked)
{
	struct unpacked *packed = &w->packed;
	struct mia_error *error;
	struct str bytes;

	if (arena_guard(w->members)) {
		report(w, origin->name, "needs more memory than there is");
		return;
	}
	error = unpack(w->members, origin, packed);
	bytes = (struct str){ packed->scratch.p, packed->scratch.n };
	if (error && worth_telling(packed, asked))
		report(w, origin->name, error->message);
	else if (!error && packed->is_archive)
		walk_members(w, origin->name, w->members, &packed->members, asked);
	else if (!error && (asked || is_wanted(origin->name, bytes)))
		visit_bytes(w, origin->name, bytes, packed->truncated);
}

static void packed_deinit(struct walker *w)
{
	arena_destroy(w->members);
	unpacked_deinit(&w->packed);
	w->members = NULL;
}

static void walk_packed(struct walker *w, const struct origin *origin, bool asked)
{
	w->members = arena_create(MEMBERS_ARENA_BYTES);
	if (w->members)
		walk_unpacked(w, origin, asked);
	else
		report(w, origin->name, "needs more memory than there is");
	packed_deinit(w);
}

/* A long text is read to its end if it is a log. */
static int log_read_fd(int fd, bool asked, struct scratch *ret)
{
	int error = file_read(fd, asked ? MAX_LOG_BYTES : MAX_OTHER_BYTES, ret);

	if (error != EFBIG || asked)
		return error;
	if (!has_boot_lines((struct str){ ret->p, ret->n }) || lseek(fd, 0, SEEK_SET)) {
		ret->n = 0;
		return 0;
	}
	return file_read(fd, MAX_LOG_BYTES, ret);
}

/* A file that is open: a log, something packed, or none of ours. */
static void walk_fd(struct walker *w, const char *name, bool asked)
{
	struct scratch *scratch = &w->unpacked.inner;
	struct origin origin = { .name = name, .fd = w->fd };
	char head[HEAD_BYTES];
	ssize_t n = pread(w->fd, head, sizeof(head), 0);
	struct str bytes;
	int error;

	if (n > 0 && is_packed((struct str){ head, (size_t)n })) {
		walk_packed(w, &origin, asked);
		return;
	}
	if (n > 0 && !asked && !is_text((struct str){ head, (size_t)n }))
		return;
	error = log_read_fd(w->fd, asked, scratch);
	bytes = (struct str){ scratch->p, scratch->n };
	if (error)
		report(w, name, why_not(error));
	else if (asked || is_wanted(name, bytes))
		visit_bytes(w, name, bytes, false);
}

static void walk_open(struct walker *w, const char *name, int fd, bool asked)
{
	w->fd = fd;
	walk_fd(w, name, asked);
	w->fd = -1;
	close(fd);
}

static void walk_file(struct walker *w, const struct tree *tree, const char *path)
{
	const char *name = tree_path_name(tree, w->names, path);
	struct str bytes;
	int error, fd;
	bool cut;

	if (tree->members) {
		if (!tree_read(tree, w->names, path, MAX_LOG_BYTES, NULL, &bytes, &cut) && is_wanted(path, bytes))
			visit_bytes(w, name, bytes, cut);
		return;
	}
	error = tree_open(tree, w->names, path, &fd);
	if (!error)
		walk_open(w, name, fd, false);
	else if (error != ENOTSUP && error != ENOENT && error != EISDIR)
		report(w, name, why_not(error));
}

/* folders */

static void walk_entries(struct walker *w, const struct tree *tree, const char *folder, const struct tree_entries *entries,
			 unsigned depth)
{
	for (size_t i = 0; i < entries->nr && !w->stopped; i++) {
		const struct tree_entry *entry = &entries->v[i];
		const char *path = path_join(w->names, folder, entry->name);

		/* A folder behind a link is in the tree, and is seen there. */
		if (!entry->is_folder)
			walk_file(w, tree, path);
		else if (!entry->is_link)
			walk_tree(w, tree, path, depth + 1);
	}
}

static void walk_tree(struct walker *w, const struct tree *tree, const char *folder, unsigned depth)
{
	struct tree_entries entries = { 0 };
	int error = depth > MAX_DEPTH ? ELOOP : tree_list(tree, w->names, folder, &entries);

	if (error)
		report(w, tree_path_name(tree, w->names, folder), why_not(error));
	else if (!try_bundle(w, tree, folder, &entries))
		walk_entries(w, tree, folder, &entries, depth);
}

/* what the user named */

struct named {
	struct walker walker;
	const char *path;
	char message[1024]; /* of an error about the path itself */
};

static void named_error(struct named *n, const char *why)
{
	snprintf(n->message, sizeof(n->message), "%.*s: %s", (int)(sizeof(n->message) - 300), n->path, why);
}

static void walk_stdin(struct named *n)
{
	struct walker *w = &n->walker;
	struct scratch *scratch = &w->unpacked.inner;
	struct origin origin = { .name = "-", .fd = -1 };
	int error = file_read(STDIN_FILENO, MAX_LOG_BYTES, scratch);

	origin.bytes = (struct str){ scratch->p, scratch->n };
	if (error)
		named_error(n, why_not(error));
	else if (is_packed(origin.bytes))
		walk_packed(w, &origin, true);
	else
		visit_bytes(w, "-", origin.bytes, false);
}

static void walk_named_folder(struct named *n)
{
	struct tree tree = { .name = n->path, .common = "" };
	char *real = realpath(n->path, NULL);
	struct walker *w = &n->walker;
	size_t length = strlen(n->path);

	if (!real) {
		named_error(n, why_not(errno));
		return;
	}
	/* The names below are joined with "/". */
	while (length > 1 && n->path[length - 1] == '/')
		length--;
	tree.name = arena_strndup(w->names, n->path, length);
	tree.real_root = arena_strndup(w->names, real, strlen(real));
	free(real);
	if (faccessat(AT_FDCWD, n->path, R_OK | X_OK, AT_EACCESS))
		named_error(n, why_not(errno));
	else
		walk_tree(w, &tree, "", 0);
	if (!w->nr_visits && !*n->message)
		named_error(n, "no Linux boot log in this folder");
}

static void walk_named(struct named *n)
{
	struct stat st;
	int error, fd;

	if (arena_guard(n->walker.names)) {
		named_error(n, "needs more memory than there is");
		return;
	}
	if (!strcmp(n->path, "-") || !strcmp(n->path, "/dev/stdin")) {
		walk_stdin(n);
		return;
	}
	if (stat(n->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		walk_named_folder(n);
		return;
	}
	error = file_open(n->path, &fd);
	if (error) {
		named_error(n, why_not(error));
		return;
	}
	walk_open(&n->walker, n->path, fd, true);
}

struct mia_error *input_walk(struct arena *arena, const char *path, input_visit_fn *visit, void *context)
{
	struct named n = {
		.walker = { .visit = visit, .context = context, .arena = arena_create(INPUT_ARENA_BYTES),
			    .names = arena_create(NAMES_ARENA_BYTES), .fd = -1 },
		.path = path,
	};
	bool have_memory = n.walker.arena && n.walker.names;

	if (have_memory)
		walk_named(&n);
	/* Running out of names may have left these. */
	if (n.walker.fd >= 0)
		close(n.walker.fd);
	packed_deinit(&n.walker);
	arena_destroy(n.walker.arena);
	arena_destroy(n.walker.names);
	unpacked_deinit(&n.walker.unpacked);
	if (!have_memory)
		return &mia_enomem;
	return *n.message ? mia_error_new(arena, MIA_ERROR_INPUT, "%s", n.message) : NULL;
}
