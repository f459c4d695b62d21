#include "sha256.h"

#include <string.h>

/* Fractional parts of the cube roots of the first 64 primes. */
const uint32_t sha256_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t value, int bits) {
    return (value >> bits) | (value << (32 - bits));
}

static uint32_t load_be(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void expand(const uint8_t *data, uint32_t schedule[64]) {
    for (int i = 0; i < 16; i++)
        schedule[i] = load_be(data + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t early = schedule[i - 15];
        uint32_t late = schedule[i - 2];
        schedule[i] = schedule[i - 16] + schedule[i - 7] +
                      (rotate(early, 7) ^ rotate(early, 18) ^ (early >> 3)) +
                      (rotate(late, 17) ^ rotate(late, 19) ^ (late >> 10));
    }
}

static void digest_block(uint32_t state[8], const uint8_t *data) {
    uint32_t schedule[64];
    uint32_t v[8];
    expand(data, schedule);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
                         ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha256_constants[i] + schedule[i];
        uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
                          ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void sha256_blocks_plain(uint32_t state[8], const uint8_t *data, size_t n_blocks) {
    for (; n_blocks > 0; n_blocks--, data += SHA256_BLOCK)
        digest_block(state, data);
}

static void digest_blocks(uint32_t state[8], const uint8_t *data, size_t n_blocks) {
    if (sha256_has_instructions())
        sha256_blocks_instructions(state, data, n_blocks);
    else
        sha256_blocks_plain(state, data, n_blocks);
}

void sha256_start(struct sha256 *hash) {
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, initial, sizeof initial);
    hash->length = 0;
}

void sha256_add(struct sha256 *hash, const void *data, size_t len) {
    const uint8_t *at = data;
    size_t held = hash->length % SHA256_BLOCK;
    hash->length += len;
    if (held > 0) {
        size_t taken = len < SHA256_BLOCK - held ? len : SHA256_BLOCK - held;
        memcpy(hash->block + held, at, taken);
        at += taken;
        len -= taken;
        if (held + taken < SHA256_BLOCK)
            return;
        digest_blocks(hash->state, hash->block, 1);
    }
    digest_blocks(hash->state, at, len / SHA256_BLOCK);
    if (len % SHA256_BLOCK > 0)
        memcpy(hash->block, at + len / SHA256_BLOCK * SHA256_BLOCK, len % SHA256_BLOCK);
}

void sha256_finish(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES]) {
    uint64_t bits = hash->length * 8;
    uint8_t tail[2 * SHA256_BLOCK] = {0x80};
    size_t held = hash->length % SHA256_BLOCK;
    size_t padding = (held < 56 ? 56 : 120) - held;
    for (size_t i = 0; i < 8; i++)
        tail[padding + i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(hash, tail, padding + 8);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        ret_digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
