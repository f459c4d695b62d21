/* SHA-256 (FIPS 180-4), with the processor's own instructions where it has them. */
#ifndef JAILD_SHA256_H
#define JAILD_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_BLOCK 64

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[SHA256_BLOCK];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t len);
void sha256_finish(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES]);

/* The two ways to digest whole blocks; the second only where sha256_has_instructions(). */
void sha256_blocks_plain(uint32_t state[8], const uint8_t *data, size_t n_blocks);
void sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t n_blocks);
int sha256_has_instructions(void);

/* The 64 round constants. */
extern const uint32_t sha256_constants[64];

#endif
