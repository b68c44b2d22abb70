/* sha256.c - see include/mia/sha256.h; with the CPU's own instructions where it has them. */
#include "mia/sha256.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 64

static const uint32_t round_constant[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

static uint32_t word_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void schedule(const unsigned char *block, uint32_t w[64])
{
	for (int i = 0; i < 16; i++)
		w[i] = word_at(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void rounds(uint32_t state[8], const uint32_t w[64])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	for (int i = 0; i < 64; i++) {
		uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + round_constant[i] + w[i];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

static void blocks_portable(uint32_t state[8], const unsigned char *p, size_t nr)
{
	uint32_t w[64];

	for (; nr; nr--, p += BLOCK_BYTES) {
		schedule(p, w);
		rounds(state, w);
	}
}

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

/* Digesting costs a third of a boot's analysis without these. */
static bool have_sha_instructions(void)
{
	static int known; /* 0 unknown, 1 no, 2 yes: the same whoever finds it out */
	int value = __atomic_load_n(&known, __ATOMIC_RELAXED);
	unsigned a, b = 0, c = 0, d;

	if (!value) {
		bool sse41 = __get_cpuid(1, &a, &b, &c, &d) && (c >> 19 & 1) && (c >> 9 & 1);

		value = sse41 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) ? 2 : 1;
		__atomic_store_n(&known, value, __ATOMIC_RELAXED);
	}
	return value == 2;
}

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* The four words of the schedule behind @m[0..3]. */
SHA_TARGET static __m128i next_words(const __m128i m[4])
{
	__m128i w = _mm_add_epi32(_mm_sha256msg1_epu32(m[0], m[1]), _mm_alignr_epi8(m[3], m[2], 4));

	return _mm_sha256msg2_epu32(w, m[3]);
}

SHA_TARGET static void blocks_sha(uint32_t state[8], const unsigned char *p, size_t nr)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);

	for (; nr; nr--, p += BLOCK_BYTES) {
		__m128i abef_before = abef, cdgh_before = cdgh, m[4];

		for (int i = 0; i < 4; i++)
			m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
		for (int i = 0; i < 16; i++) {
			__m128i k = _mm_add_epi32(m[0], _mm_load_si128((const __m128i *)round_constant + i));
			__m128i next = next_words(m);

			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0e));
			m[0] = m[1];
			m[1] = m[2];
			m[2] = m[3];
			m[3] = next;
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	low = _mm_shuffle_epi32(abef, 0x1b);
	high = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

static void blocks(uint32_t state[8], const unsigned char *p, size_t nr)
{
	(have_sha_instructions() ? blocks_sha : blocks_portable)(state, p, nr);
}
#else
static void blocks(uint32_t state[8], const unsigned char *p, size_t nr) { blocks_portable(state, p, nr); }
#endif

void sha256_init(struct sha256 *sha)
{
	*sha = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
					   0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *sha, const void *data, size_t n)
{
	size_t held = sha->length % BLOCK_BYTES;
	const unsigned char *p = data;

	if (!n)
		return;
	sha->length += n;
	if (held) {
		size_t take = n < BLOCK_BYTES - held ? n : BLOCK_BYTES - held;

		memcpy(sha->block + held, p, take);
		p += take;
		n -= take;
		if (held + take < BLOCK_BYTES)
			return;
		blocks(sha->state, sha->block, 1);
	}
	blocks(sha->state, p, n / BLOCK_BYTES);
	memcpy(sha->block, p + n / BLOCK_BYTES * BLOCK_BYTES, n % BLOCK_BYTES);
}

void sha256_hex(struct sha256 *sha, char ret[65])
{
	static const unsigned char padding[BLOCK_BYTES] = { 0x80 };
	uint64_t bits = sha->length * 8;
	unsigned char length[8];

	sha256_add(sha, padding, (BLOCK_BYTES + 55 - sha->length % BLOCK_BYTES) % BLOCK_BYTES + 1);
	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(sha, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		snprintf(ret + 8 * i, 9, "%08x", sha->state[i]);
}
