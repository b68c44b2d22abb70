/*
 * unit.h - what a unit test begins with: cmocka and the headers it wants first, and an arena that is new for each test.
 *
 *   static void it_holds(void **state)
 *   {
 *           GUARD();
 *           ...
 *   }
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mia/arena.h"

#define UNIT_ARENA_BYTES ((size_t)1 << 28)

static struct arena *arena;

static inline int unit_setup(void **state)
{
	(void)state;
	arena = arena_create(UNIT_ARENA_BYTES);
	return arena ? 0 : -1;
}

static inline int unit_teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

/* Comes back when memory ran out; the frame that has it must outlive every allocation. */
#define GUARD()                                                                                                       \
	do {                                                                                                          \
		(void)state;                                                                                          \
		if (arena_guard(arena))                                                                               \
			fail_msg("out of memory");                                                                    \
	} while (0)

#define TEST(function) cmocka_unit_test_setup_teardown(function, unit_setup, unit_teardown)

#endif
