/*
 * sha256.h - the name of an input by its content (FIPS 180-4).
 */
#ifndef MIA_SHA256_H
#define MIA_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *p, size_t n);
/* The digest in hexadecimal; @sha is used up. */
void sha256_hex(struct sha256 *sha, char ret[65]);

#endif
