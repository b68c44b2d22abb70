/* archive_lib.c - see archive_lib.h. */
#include "archive_lib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* All of 3.x are one ABI. */
#define SONAME "libarchive.so.13"
_Static_assert(ARCHIVE_VERSION_NUMBER / 1000000 == 3, "another ABI than that of " SONAME);

static struct archive_lib lib;
static char trouble[256];

/* POSIX has it that an object pointer can hold a function; C has not. */
static void find(void *handle, const char *name, void *ret)
{
	void *symbol = dlsym(handle, name);

	if (symbol)
		memcpy(ret, &symbol, sizeof(symbol));
	else
		snprintf(trouble, sizeof(trouble), "%s lacks %s", SONAME, name);
}

static void load(void)
{
	void *handle = dlopen(SONAME, RTLD_LAZY | RTLD_LOCAL);

	if (!handle) {
		snprintf(trouble, sizeof(trouble), "%s", dlerror());
		return;
	}
#define CALL(name) find(handle, #name, &lib.name);
#include "archive_calls.def"
#undef CALL
}

const struct archive_lib *archive_lib(const char **why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	*why = trouble;
	return *trouble ? NULL : &lib;
}
