/* SHA-256: the published vectors, and both implementations against each other at every length. */
#include "check.h"
#include "sha256.h"

static const char *digest(const void *data, size_t len, size_t step) {
    static char hex[65];
    uint8_t bytes[SHA256_BYTES];
    struct sha256 hash;
    sha256_start(&hash);
    for (size_t at = 0; at < len; at += step)
        sha256_add(&hash, (const char *)data + at, len - at < step ? len - at : step);
    sha256_finish(&hash, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return hex;
}

static void published_vectors(void) {
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    CHECK_TEXT(digest("", 0, 1),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_TEXT(digest("abc", 3, 3),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_TEXT(digest(two_blocks, sizeof two_blocks - 1, 7),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    CHECK(million != NULL);
    memset(million, 'a', 1000000);
    CHECK_TEXT(digest(million, 1000000, 999),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void pieces_do_not_matter(void) {
    uint8_t data[300];
    char whole[65];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    for (size_t len = 1; len <= sizeof data; len++) {
        snprintf(whole, sizeof whole, "%s", digest(data, len, len));
        CHECK_TEXT(digest(data, len, 1), whole);
        CHECK_TEXT(digest(data, len, 63), whole);
    }
}

static void implementations_agree(void) {
    static const uint32_t start[8] = {1, 2, 3, 4, 0xffffffff, 6, 7, 8};
    uint8_t blocks[5 * SHA256_BLOCK];
    uint32_t plain[8];
    uint32_t fast[8];
    if (!sha256_has_instructions()) {
        puts("test-sha256: this processor has no SHA instructions");
        return;
    }
    for (size_t i = 0; i < sizeof blocks; i++)
        blocks[i] = (uint8_t)(i * i + 3);
    for (size_t n = 0; n <= 5; n++) {
        memcpy(plain, start, sizeof plain);
        memcpy(fast, start, sizeof fast);
        sha256_blocks_plain(plain, blocks, n);
        sha256_blocks_instructions(fast, blocks, n);
        CHECK(memcmp(plain, fast, sizeof plain) == 0);
    }
}

int main(void) {
    published_vectors();
    pieces_do_not_matter();
    implementations_agree();
    return checks_end("test-sha256");
}
