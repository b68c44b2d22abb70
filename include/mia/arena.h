/*
 * arena.h - all memory of one analysis.
 *
 * An arena hands out zeroed memory that lives until the arena is destroyed; nothing in it is freed one by one.
 * It never returns NULL: where memory runs out, or the analysis asks for more than its limit (hostile input must not
 * take the machine down), control goes back to the arena_guard() of the caller that owns the arena.
 */
#ifndef MIA_ARENA_H
#define MIA_ARENA_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

/* NULL if there is no memory even for the arena itself. @limit_bytes bounds all that the arena will ever hand out. */
struct arena *arena_create(size_t limit_bytes);
void arena_destroy(struct arena *arena);

/* Forget everything, keep one chunk, of the size that was needed, for reuse: what a loop over many boots calls between two of them. */
void arena_reset(struct arena *arena);

/*
 * Memory for work that is done again and again, with arena_reset() between: it has the parent's limit and guard, and lives no
 * longer than until the parent is reset or destroyed.
 */
struct arena *arena_child(struct arena *parent);

/* Forget what was handed out since the mark: for attempts of which only numbers are kept. Nothing older may have grown meanwhile. */
struct arena_mark {
	const void *chunk;
	size_t chunk_used, used;
};

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

size_t arena_used(const struct arena *arena);

/*
 * if (arena_guard(arena)) return out_of_memory;   - evaluates to nonzero when a later allocation failed.
 * The frame that holds the guard must outlive every allocation.
 */
jmp_buf *arena_guard_frame(struct arena *arena);
#define arena_guard(arena) setjmp(*arena_guard_frame(arena))

void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_alloc_array(struct arena *arena, size_t nr, size_t size);
char *arena_strndup(struct arena *arena, const char *s, size_t n);

#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))
#define arena_array(arena, type, nr) ((type *)arena_alloc_array(arena, nr, sizeof(type)))

/* Room for twice as many as the @nr that @v is full with; it is not zeroed. */
void *arena_grow(struct arena *arena, void *v, size_t nr, size_t *cap, size_t size);
/* One more at the end of a struct with members v, nr and cap: a pointer to the new, zeroed element. */
#define vec_push(arena, vec)                                                                                          \
	((vec)->v = (vec)->nr < (vec)->cap ? (vec)->v : arena_grow(arena, (vec)->v, (vec)->nr, &(vec)->cap, sizeof(*(vec)->v)), \
	 memset(&(vec)->v[(vec)->nr], 0, sizeof(*(vec)->v)), &(vec)->v[(vec)->nr++])

#endif
