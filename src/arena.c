/* arena.c - see include/mia/arena.h. */
#include "mia/arena.h"

#include <stdbool.h>
#include <stdlib.h>

#define CHUNK_BYTES ((size_t)64 * 1024)
/* A chunk kept between two analyses is no larger than this. */
#define KEPT_BYTES ((size_t)8 << 20)
#define ALIGNMENT sizeof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t size, used;
	max_align_t data[];
};

struct arena {
	struct chunk *head, *spare; /* spare: of attempts that were taken back */
	size_t used, limit;
	struct arena *parent; /* of a child: who fails for it */
	struct arena *children, *sibling;
	jmp_buf guard;
};

static struct chunk *chunk_create(size_t bytes)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + bytes);

	if (chunk)
		*chunk = (struct chunk){ .size = bytes };
	return chunk;
}

static void chunks_free(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

static struct arena *create(size_t limit_bytes, size_t chunk_bytes)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->head = chunk_create(chunk_bytes);
	if (!arena->head) {
		free(arena);
		return NULL;
	}
	arena->limit = limit_bytes;
	return arena;
}

struct arena *arena_create(size_t limit_bytes) { return create(limit_bytes, CHUNK_BYTES); }

static void children_destroy(struct arena *arena)
{
	while (arena->children)
		arena_destroy(arena->children);
}

static void leave_parent(struct arena *arena)
{
	struct arena **link = &arena->parent->children;

	while (*link != arena)
		link = &(*link)->sibling;
	*link = arena->sibling;
}

void arena_destroy(struct arena *arena)
{
	if (!arena)
		return;
	if (arena->parent)
		leave_parent(arena);
	children_destroy(arena);
	chunks_free(arena->head);
	chunks_free(arena->spare);
	free(arena);
}

/* One chunk for all that the last analysis needed, so that a loop over many boots asks the system for nothing any more. */
static void join_chunks(struct arena *arena)
{
	struct chunk *joined;
	size_t bytes = 0;

	for (struct chunk *chunk = arena->head; chunk; chunk = chunk->next)
		bytes += chunk->size;
	for (struct chunk *chunk = arena->spare; chunk; chunk = chunk->next)
		bytes += chunk->size;
	joined = bytes <= KEPT_BYTES ? chunk_create(bytes) : NULL;
	if (!joined)
		return;
	chunks_free(arena->head);
	arena->head = joined;
}

void arena_reset(struct arena *arena)
{
	children_destroy(arena);
	if (arena->head->next || arena->spare)
		join_chunks(arena);
	chunks_free(arena->spare);
	arena->spare = NULL;
	chunks_free(arena->head->next);
	arena->head->next = NULL;
	arena->head->used = 0;
	arena->used = 0;
}

struct arena_mark arena_mark(const struct arena *arena) { return (struct arena_mark){ arena->head, arena->head->used, arena->used }; }

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->head != mark.chunk) {
		struct chunk *newest = arena->head;

		arena->head = newest->next;
		newest->next = arena->spare;
		arena->spare = newest;
	}
	arena->head->used = mark.chunk_used;
	arena->used = mark.used;
}

size_t arena_used(const struct arena *arena) { return arena->used; }

jmp_buf *arena_guard_frame(struct arena *arena) { return &arena->guard; }

static void arena_fail(struct arena *arena)
{
	while (arena->parent)
		arena = arena->parent;
	longjmp(arena->guard, 1);
}

struct arena *arena_child(struct arena *parent)
{
	/* What is not touched costs nothing, and what is need not be moved to one chunk. */
	struct arena *child = create(parent->limit, KEPT_BYTES / 2);

	if (!child)
		arena_fail(parent);
	child->parent = parent;
	child->sibling = parent->children;
	parent->children = child;
	return child;
}

static size_t rounded(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* One of an attempt that was taken back, if it is large enough; else a new one, larger with the arena, so that a large analysis does not walk thousands. */
static struct chunk *next_chunk(struct arena *arena, size_t need)
{
	size_t size = arena->used / 4 > CHUNK_BYTES ? arena->used / 4 : CHUNK_BYTES;
	struct chunk *chunk = arena->spare;

	if (!chunk || chunk->size < need)
		return chunk_create(need > size ? need : size);
	arena->spare = chunk->next;
	chunk->used = 0;
	return chunk;
}

/* Not zeroed. */
static void *take(struct arena *arena, size_t bytes)
{
	size_t need = rounded(bytes);
	struct chunk *chunk = arena->head;
	void *p;

	if (need < bytes || need > arena->limit - arena->used)
		arena_fail(arena);
	if (chunk->size - chunk->used < need) {
		chunk = next_chunk(arena, need);
		if (!chunk)
			arena_fail(arena);
		chunk->next = arena->head;
		arena->head = chunk;
	}
	p = (char *)chunk->data + chunk->used;
	chunk->used += need;
	arena->used += need;
	return p;
}

void *arena_alloc(struct arena *arena, size_t bytes) { return memset(take(arena, bytes), 0, bytes); }

void *arena_alloc_array(struct arena *arena, size_t nr, size_t size)
{
	if (size && nr > SIZE_MAX / size)
		arena_fail(arena);
	return arena_alloc(arena, nr * size);
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	char *p = arena_alloc(arena, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

/* What was handed out last can become longer where it is. */
static bool extend(struct arena *arena, const void *v, size_t old_bytes, size_t new_bytes)
{
	struct chunk *chunk = arena->head;
	size_t more = rounded(new_bytes) - rounded(old_bytes);

	if ((const char *)v + rounded(old_bytes) != (char *)chunk->data + chunk->used || chunk->size - chunk->used < more || more > arena->limit - arena->used)
		return false;
	chunk->used += more;
	arena->used += more;
	return true;
}

void *arena_grow(struct arena *arena, void *v, size_t nr, size_t *cap, size_t size)
{
	size_t bigger = *cap ? *cap * 2 : 8;
	void *old = v;

	if (bigger > SIZE_MAX / 2 / size)
		arena_fail(arena);
	if (!old || !extend(arena, old, *cap * size, bigger * size)) {
		v = take(arena, bigger * size);
		if (nr)
			memcpy(v, old, nr * size);
	}
	*cap = bigger;
	return v;
}
