/*
 * meminit.h - libmeminit: analyse Linux boots from a program.
 *
 *   static int each(void *context, const struct meminit_boot *boot)
 *   {
 *           puts(meminit_boot_report(boot, "json"));
 *           return 0;
 *   }
 *
 *   struct meminit *m = meminit_create();
 *   int status = m ? meminit_analyze(m, "dmesg.log", each, NULL) : MEMINIT_INTERNAL;
 *
 *   if (status >= MEMINIT_USAGE)
 *           fprintf(stderr, "%s\n", m ? meminit_error(m) : "out of memory");
 *   meminit_destroy(m);
 *
 * Compile with $(pkg-config --cflags --libs libmeminit).
 *
 * The library writes nothing and reads nothing but what it is told to. Different contexts may be used by different threads at the
 * same time; one context is for one thread at a time. Texts are UTF-8, and what they hold of the input has no control characters
 * but newlines. Nothing that is not here belongs to the interface.
 */
#ifndef MEMINIT_H
#define MEMINIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MEMINIT_API __attribute__((visibility("default")))

/* How an analysis ended; the exit statuses of the command. The worst of several boots counts. */
enum meminit_status {
	MEMINIT_OK = 0,       /* analysed, and nothing speaks against the model */
	MEMINIT_MISMATCH = 1, /* analysed; a count of the kernel's differs, or there is a finding of severity error */
	MEMINIT_USAGE = 2,    /* the call makes no sense */
	MEMINIT_INPUT = 3,    /* missing, unreadable, cut short beyond use, or no Linux boot log */
	MEMINIT_INTERNAL = 4, /* out of memory, or a bug */
};

/* What analyses share: profiles of kernels, and the last error. */
struct meminit;
/* One analysed boot; it lives until the callback that was given it returns, and so do all texts that were asked of it. */
struct meminit_boot;

/* NULL if there is no memory. */
MEMINIT_API struct meminit *meminit_create(void);
/* NULL is fine. */
MEMINIT_API void meminit_destroy(struct meminit *m);

/* The version of the library: "0.1.0". */
MEMINIT_API const char *meminit_version(void);

/* The first thing that went wrong in the last call, in one line; "" if nothing did. */
MEMINIT_API const char *meminit_error(const struct meminit *m);

/* Use this profile of the kernel, as "meminit-analyze kernel learn" writes it, instead of those that come with the library. */
MEMINIT_API enum meminit_status meminit_load_kernel(struct meminit *m, const char *path);

/* Called for each boot, in order. To go on it returns 0; with anything else the analysis stops. */
typedef int meminit_boot_fn(void *context, const struct meminit_boot *boot);

/*
 * Analyse every boot in @path: a log in any form, a folder or an archive of one boot's files, a folder of logs, "-" for standard
 * input; NULL for the running machine. What cannot be read among other things is passed over, and counts for the status.
 */
MEMINIT_API enum meminit_status meminit_analyze(struct meminit *m, const char *path, meminit_boot_fn *each, void *context);

/* The same for a log that is in memory already; @name is what the reports call it. */
MEMINIT_API enum meminit_status meminit_analyze_log(struct meminit *m, const char *name, const void *bytes, size_t size, meminit_boot_fn *each, void *context);

/* Where the boot was found, and its number among the boots of that log. */
MEMINIT_API const char *meminit_boot_input(const struct meminit_boot *boot);
MEMINIT_API size_t meminit_boot_index(const struct meminit_boot *boot);

/* "6.1.0-56-amd64"; "" if the log does not say. */
MEMINIT_API const char *meminit_boot_release(const struct meminit_boot *boot);

/* The boot's own status: MEMINIT_OK or MEMINIT_MISMATCH. */
MEMINIT_API enum meminit_status meminit_boot_status(const struct meminit_boot *boot);

/* Numbers of the model. False if it is not known, and then @ret is left alone. */
MEMINIT_API bool meminit_boot_mem_total_kib(const struct meminit_boot *boot, uint64_t *ret);
MEMINIT_API bool meminit_boot_unexplained_bytes(const struct meminit_boot *boot, uint64_t *ret);

/*
 * The report in one of the formats of the command: "text", "json" (meminit-analyze/verdict/1, on one line), and so on.
 * NULL if there is no such format.
 */
MEMINIT_API const char *meminit_boot_report(const struct meminit_boot *boot, const char *format);

#ifdef __cplusplus
}
#endif

#endif
