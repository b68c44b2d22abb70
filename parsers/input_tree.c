/* input_tree.c - a folder or the members of an archive as one tree of files, none of which lies outside of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "input_private.h"

/* What is read at a time where nobody knows how long a file is. */
#define READ_BYTES 65536

bool scratch_reserve(struct scratch *scratch, size_t more)
{
	size_t cap = scratch->cap ? scratch->cap : READ_BYTES;
	char *p;

	if (scratch->cap - scratch->n >= more)
		return true;
	while (cap - scratch->n < more)
		cap *= 2;
	p = realloc(scratch->p, cap);
	if (!p)
		return false;
	scratch->p = p;
	scratch->cap = cap;
	return true;
}

void scratch_free(struct scratch *scratch) { free(scratch->p); }

int file_open(const char *path, int *ret)
{
	struct stat st;
	int fd;

	/* Looking first: to open a device may do something, to open a pipe may wait. */
	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return ENOTSUP;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno;
	*ret = fd;
	return 0;
}

int file_read(int fd, uint64_t limit, struct scratch *ret)
{
	struct stat st;

	ret->n = 0;
	/* One byte more, so that the end is seen without a second round. */
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size < limit && !scratch_reserve(ret, (size_t)st.st_size + 1))
		return ENOMEM;
	for (;;) {
		ssize_t n;

		if (ret->n >= limit)
			return EFBIG;
		if (ret->n == ret->cap && !scratch_reserve(ret, READ_BYTES))
			return ENOMEM;
		n = read(fd, ret->p + ret->n, min_u64(ret->cap - ret->n, limit - ret->n));
		if (n == 0)
			return 0;
		if (n > 0)
			ret->n += (size_t)n;
		else if (errno != EINTR)
			return errno;
	}
}

const char *path_join(struct arena *arena, const char *folder, const char *name)
{
	struct strbuf path = { .arena = arena };

	if (!*folder)
		return name;
	if (!*name)
		return folder;
	strbuf_printf(&path, "%s%s%s", folder, str_ends(str_of(folder), STR("/")) ? "" : "/", name);
	return strbuf_str(&path).p;
}

const char *tree_path_name(const struct tree *tree, struct arena *arena, const char *path)
{
	struct strbuf name = { .arena = arena };

	if (!tree->members)
		return path_join(arena, tree->name, path);
	if (!strcmp(path, tree->common))
		return tree->name;
	strbuf_printf(&name, "%s:%s", tree->name, path);
	return strbuf_str(&name).p;
}

/* members */

static int by_path(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

void members_sort(struct members *members)
{
	if (members->nr)
		qsort(members->v, members->nr, sizeof(*members->v), by_path);
}

/* First member whose path is not below @path in order. */
static size_t members_from(const struct members *members, const char *path)
{
	size_t low = 0, high = members->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(members->v[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *members_common_folder(struct arena *arena, const struct members *members)
{
	const char *first, *last;
	size_t n = 0, slash = 0;

	if (!members->nr)
		return "";
	first = members->v[0].path;
	last = members->v[members->nr - 1].path;
	for (; first[n] && first[n] == last[n]; n++)
		if (first[n] == '/')
			slash = n;
	return arena_strndup(arena, first, slash);
}

static int members_list(const struct members *members, struct arena *arena, const char *folder, struct tree_entries *ret)
{
	const char *prefix = *folder ? path_join(arena, folder, "") : "";
	struct strbuf with_slash = { .arena = arena };
	size_t n;

	if (*prefix)
		strbuf_printf(&with_slash, "%s/", prefix);
	prefix = *prefix ? strbuf_str(&with_slash).p : "";
	n = strlen(prefix);
	for (size_t i = members_from(members, prefix); i < members->nr && !strncmp(members->v[i].path, prefix, n); i++) {
		const char *name = members->v[i].path + n, *slash = strchr(name, '/');
		size_t length = slash ? (size_t)(slash - name) : strlen(name);
		struct tree_entry *before = ret->nr ? &ret->v[ret->nr - 1] : NULL;

		if (!length || (before && !strncmp(before->name, name, length) && !before->name[length] && before->is_folder == !!slash))
			continue;
		*vec_push(arena, ret) = (struct tree_entry){ .name = arena_strndup(arena, name, length), .is_folder = slash };
	}
	return 0;
}

static const struct member *member_find(const struct members *members, const char *path)
{
	size_t i = members_from(members, path);

	if (i >= members->nr || strcmp(members->v[i].path, path))
		return NULL;
	/* The last of one name counts, as when an archive is unpacked. */
	while (i + 1 < members->nr && !strcmp(members->v[i + 1].path, path))
		i++;
	return &members->v[i];
}

static bool members_have_folder(const struct members *members, struct arena *arena, const char *path)
{
	struct strbuf prefix = { .arena = arena };
	size_t i;

	strbuf_printf(&prefix, "%s/", path);
	i = members_from(members, strbuf_str(&prefix).p);
	return i < members->nr && !strncmp(members->v[i].path, prefix.p, prefix.n);
}

/* folders */

/* Does the path, with all links followed, stay below the root? */
static bool stays_inside(const struct tree *tree, const char *full)
{
	char real[PATH_MAX];
	size_t n = strlen(tree->real_root);

	if (!realpath(full, real))
		return false;
	if (n == 1)
		return true;
	return !strncmp(real, tree->real_root, n) && (real[n] == '/' || !real[n]);
}

static bool is_folder(const char *full)
{
	struct stat st;

	return stat(full, &st) == 0 && S_ISDIR(st.st_mode);
}

static int entries_by_name(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->name, ((const struct tree_entry *)b)->name);
}

/* A folder's stream, which must be closed whatever happens. */
struct lister {
	const struct tree *tree;
	struct arena *arena;
	const char *folder;
	DIR *stream;
	struct tree_entries *ret;
};

static void entry_add(struct lister *l, const struct dirent *d)
{
	struct tree_entry entry = { .is_link = d->d_type == DT_LNK, .is_folder = d->d_type == DT_DIR };
	const char *full;

	if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
		return;
	/* Anything but files, folders and links is none of ours. */
	if (d->d_type != DT_REG && d->d_type != DT_DIR && d->d_type != DT_LNK && d->d_type != DT_UNKNOWN)
		return;
	if (d->d_type == DT_LNK || d->d_type == DT_UNKNOWN) {
		full = path_join(l->arena, path_join(l->arena, l->tree->name, l->folder), d->d_name);
		entry.is_link = true;
		if (!stays_inside(l->tree, full))
			return;
		entry.is_folder = is_folder(full);
	}
	entry.name = arena_strndup(l->arena, d->d_name, strlen(d->d_name));
	*vec_push(l->arena, l->ret) = entry;
}

static void list_guarded(struct lister *l)
{
	struct guard guard;
	struct dirent *d;

	guard_enter(&guard, l->arena);
	if (guard_caught(&guard)) {
		closedir(l->stream);
		guard_pass_on(&guard);
	}
	while ((d = readdir(l->stream)))
		entry_add(l, d);
	guard_leave(&guard);
}

int tree_list(const struct tree *tree, struct arena *arena, const char *folder, struct tree_entries *ret)
{
	struct lister l = { .tree = tree, .arena = arena, .folder = folder, .ret = ret };
	const char *full;

	if (tree->members)
		return members_list(tree->members, arena, folder, ret);
	full = path_join(arena, tree->name, folder);
	if (*folder && !stays_inside(tree, full))
		return ENOENT;
	l.stream = opendir(full);
	if (!l.stream)
		return errno;
	list_guarded(&l);
	closedir(l.stream);
	if (ret->nr)
		qsort(ret->v, ret->nr, sizeof(*ret->v), entries_by_name);
	return 0;
}

bool tree_has(const struct tree *tree, struct arena *arena, const char *path)
{
	const char *full;

	if (tree->members)
		return member_find(tree->members, path) || members_have_folder(tree->members, arena, path);
	full = path_join(arena, tree->name, path);
	return access(full, F_OK) == 0 && stays_inside(tree, full);
}

int tree_open(const struct tree *tree, struct arena *arena, const char *path, int *ret)
{
	const char *full;
	struct stat st;

	if (tree->members)
		return ENOTSUP;
	full = path_join(arena, tree->name, path);
	if (lstat(full, &st) < 0)
		return errno;
	if (S_ISLNK(st.st_mode) && !stays_inside(tree, full))
		return ENOENT;
	return file_open(full, ret);
}

int tree_read(const struct tree *tree, struct arena *arena, const char *path, uint64_t limit, struct scratch *scratch,
	      struct str *ret, bool *cut)
{
	const struct member *member;
	int error, fd;

	*cut = false;
	if (tree->members) {
		member = member_find(tree->members, path);
		if (!member)
			return ENOENT;
		*ret = member->bytes;
		*cut = member->cut;
		return 0;
	}
	error = tree_open(tree, arena, path, &fd);
	if (error)
		return error;
	error = file_read(fd, limit, scratch);
	close(fd);
	*ret = (struct str){ scratch->p, scratch->n };
	return error;
}
