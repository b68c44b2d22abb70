/* library.c - a program that knows nothing but meminit.h; compiled and run by library.test. */
#include <meminit.h>
#include <stdio.h>
#include <string.h>

static int each(void *context, const struct meminit_boot *boot)
{
	uint64_t total = 0, unexplained = 1;
	const char *json = meminit_boot_report(boot, "json");

	*(int *)context += 1;
	printf("%s %zu %s status=%d", meminit_boot_input(boot), meminit_boot_index(boot), meminit_boot_release(boot), meminit_boot_status(boot));
	if (meminit_boot_mem_total_kib(boot, &total))
		printf(" total=%llu", (unsigned long long)total);
	if (meminit_boot_unexplained_bytes(boot, &unexplained))
		printf(" unexplained=%llu", (unsigned long long)unexplained);
	printf(" json=%s text=%s other=%s\n", json && strstr(json, "meminit-analyze/verdict/1") ? "yes" : "no",
	       meminit_boot_report(boot, "text") ? "yes" : "no", meminit_boot_report(boot, "no such format") ? "yes" : "no");
	return 0;
}

static int stop(void *context, const struct meminit_boot *boot)
{
	(void)boot;
	*(int *)context += 1;
	return 1;
}

int main(int argc, char **argv)
{
	static char bytes[1 << 20];
	struct meminit *m = meminit_create();
	int boots = 0, stopped = 0;
	FILE *log;
	size_t n;

	if (!m || argc != 2)
		return 9;
	printf("version %s\n", meminit_version());
	printf("file: %d\n", meminit_analyze(m, argv[1], each, &boots));
	log = fopen(argv[1], "rb");
	n = log ? fread(bytes, 1, sizeof(bytes), log) : 0;
	if (log)
		fclose(log);
	printf("memory: %d\n", meminit_analyze_log(m, "mine", bytes, n, each, &boots));
	printf("missing: %d %s\n", meminit_analyze(m, "/nowhere", each, &boots), meminit_error(m));
	printf("no log: %d %s\n", meminit_analyze_log(m, "prose", "hello\n", 6, each, &boots), meminit_error(m));
	printf("no profile: %d\n", meminit_load_kernel(m, "/nowhere.json"));
	meminit_analyze(m, argv[1], stop, &stopped);
	printf("boots %d, stopped after %d, error '%s'\n", boots, stopped, meminit_error(m));
	meminit_destroy(m);
	meminit_destroy(NULL);
	return 0;
}
