/* SHA-256 with the SHA extensions of x86-64: four rounds per turn, five times as fast. */
#include "sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

int sha256_has_instructions(void) {
    static int known = -1; /* 0 or 1 once asked */
    if (known < 0) {
        unsigned a, b = 0, c = 0, d;
        int sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
        int sse = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0;
        known = sha && sse;
    }
    return known;
}

/* One block. The instructions keep the state as ABEF and CDGH. */
__attribute__((target("sha,sse4.1"))) static void digest_block(__m128i *abef, __m128i *cdgh,
                                                               const uint8_t *data) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    const __m128i abef_before = *abef;
    const __m128i cdgh_before = *cdgh;
    __m128i words[4];
    for (int i = 0; i < 4; i++) {
        words[i] = _mm_loadu_si128((const __m128i *)(const void *)(data + 16 * i));
        words[i] = _mm_shuffle_epi8(words[i], swap);
    }
    for (int turn = 0; turn < 16; turn++) {
        __m128i now = words[turn % 4];
        __m128i constants =
            _mm_load_si128((const __m128i *)(const void *)(sha256_constants + 4 * turn));
        __m128i sum = _mm_add_epi32(now, constants);
        *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
        *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0e));
        if (turn >= 12)
            continue;
        /* The words sixteen further on take the place of those just used. */
        __m128i next = _mm_sha256msg1_epu32(now, words[(turn + 1) % 4]);
        next =
            _mm_add_epi32(next, _mm_alignr_epi8(words[(turn + 3) % 4], words[(turn + 2) % 4], 4));
        words[turn % 4] = _mm_sha256msg2_epu32(next, words[(turn + 3) % 4]);
    }
    *abef = _mm_add_epi32(*abef, abef_before);
    *cdgh = _mm_add_epi32(*cdgh, cdgh_before);
}

__attribute__((target("sha,sse4.1"))) void
sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t n_blocks) {
    __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
    __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
    for (; n_blocks > 0; n_blocks--, data += SHA256_BLOCK)
        digest_block(&abef, &cdgh, data);
    state[0] = (uint32_t)_mm_extract_epi32(abef, 3);
    state[1] = (uint32_t)_mm_extract_epi32(abef, 2);
    state[4] = (uint32_t)_mm_extract_epi32(abef, 1);
    state[5] = (uint32_t)_mm_extract_epi32(abef, 0);
    state[2] = (uint32_t)_mm_extract_epi32(cdgh, 3);
    state[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
    state[6] = (uint32_t)_mm_extract_epi32(cdgh, 1);
    state[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

#else

int sha256_has_instructions(void) { return 0; }

void sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t n_blocks) {
    sha256_blocks_plain(state, data, n_blocks);
}

#endif
