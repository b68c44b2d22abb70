/* replay_seeds.c - run a fuzz target over files, without a fuzzer: each argument is a seed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_MAX ((size_t)4 << 20)

/* The whole file and its two halves: where a text is cut must not matter. */
static int replay(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = malloc(SEED_MAX);
	size_t n;

	if (!in || !bytes) {
		perror(path);
		return 1;
	}
	n = fread(bytes, 1, SEED_MAX, in);
	LLVMFuzzerTestOneInput(bytes, n);
	LLVMFuzzerTestOneInput(bytes, n / 2);
	LLVMFuzzerTestOneInput(bytes + n / 2, n - n / 2);
	fclose(in);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	int status = argc < 2;

	for (int i = 1; i < argc; i++)
		status |= replay(argv[i]);
	return status;
}
