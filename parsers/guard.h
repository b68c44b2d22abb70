/*
 * guard.h - hold something outside the arena (a descriptor, an archive, a JSON tree) while the arena is in use.
 *
 * Where the arena runs out, control goes to the innermost guard, which lets go of what it holds and passes on. The state
 * that is to be let go must live in the caller of the function with the guard, since longjmp() leaves locals undefined:
 *
 *	guard_enter(&guard, arena);
 *	if (guard_caught(&guard)) {
 *		thing_close(thing);
 *		guard_pass_on(&guard);
 *	}
 *	... work ...
 *	guard_leave(&guard);
 */
#ifndef MIA_GUARD_H
#define MIA_GUARD_H

#include <string.h>

#include "mia/arena.h"

struct guard {
	struct arena *arena;
	jmp_buf outer;
};

static inline void guard_enter(struct guard *guard, struct arena *arena)
{
	guard->arena = arena;
	memcpy(&guard->outer, arena_guard_frame(arena), sizeof(guard->outer));
}

#define guard_caught(guard) setjmp(*arena_guard_frame((guard)->arena))

static inline void guard_leave(struct guard *guard)
{
	memcpy(arena_guard_frame(guard->arena), &guard->outer, sizeof(guard->outer));
}

static inline _Noreturn void guard_pass_on(struct guard *guard)
{
	guard_leave(guard);
	longjmp(*arena_guard_frame(guard->arena), 1);
}

#endif
