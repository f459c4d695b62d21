#include "dns.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define HEADER_BYTES 12
#define NAME_BYTES_MAX 255
#define RECORDS_MAX 256
#define CLASS_IN 1
#define FLAG_ANSWER 0x8000u
#define FLAGS_OPCODE 0x7800u
#define FLAG_TRUNCATED 0x0200u
#define FLAG_RECURSION 0x0100u
#define FLAGS_CODE 0x000fu
#define CODE_NO_NAME 3

static void put16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }

static bool is_name_byte(char c) { return isalnum((unsigned char)c) || c == '-' || c == '_'; }

/* Returns the length of the encoded name or -EINVAL. */
static int put_name(const char *name, uint8_t *at) {
    size_t used = 0;
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        if (len == 0 || len > 63 || used + 1 + len + 1 > NAME_BYTES_MAX)
            return -EINVAL;
        at[used++] = (uint8_t)len;
        for (size_t i = 0; i < len; i++) {
            if (!is_name_byte(name[i]))
                return -EINVAL;
            at[used++] = (uint8_t)name[i];
        }
        name += len + (name[len] == '.');
    }
    if (used == 0)
        return -EINVAL;
    at[used++] = 0;
    return (int)used;
}

int dns_make_query(const char *name, uint16_t type, uint16_t id, uint8_t ret_query[DNS_QUERY_MAX]) {
    memset(ret_query, 0, DNS_QUERY_MAX);
    int len = put_name(name, ret_query + HEADER_BYTES);
    if (len < 0)
        return len;
    put16(ret_query, id);
    put16(ret_query + 2, FLAG_RECURSION);
    put16(ret_query + 4, 1);
    put16(ret_query + HEADER_BYTES + len, type);
    put16(ret_query + HEADER_BYTES + len + 2, CLASS_IN);
    return HEADER_BYTES + len + 4;
}

/* The question comes back as it was sent, but for the case of its letters. */
static bool same_question(const uint8_t *answer, size_t answer_len, const uint8_t *query,
                          size_t query_len) {
    if (answer_len < query_len || get16(answer + 4) != 1)
        return false;
    for (size_t i = HEADER_BYTES; i < query_len; i++)
        if (tolower(answer[i]) != tolower(query[i]))
            return false;
    return true;
}

/* Steps over a name, which may end in a pointer to an earlier one. 0: it leaves the message. */
static size_t skip_name(const uint8_t *message, size_t len, size_t at) {
    while (at < len) {
        uint8_t size = message[at];
        if (size == 0)
            return at + 1;
        if ((size & 0xc0) == 0xc0)
            return at + 2 <= len ? at + 2 : 0;
        if (size > 63)
            return 0;
        at += 1u + size;
    }
    return 0;
}

static void add_record(unsigned type, const uint8_t *data, size_t len, struct address_list *list) {
    struct address address;
    if (type == DNS_TYPE_A && len == sizeof(struct in_addr)) {
        struct in_addr bytes;
        memcpy(&bytes, data, sizeof bytes);
        address = address_v4(bytes);
    } else if (type == DNS_TYPE_AAAA && len == sizeof(struct in6_addr)) {
        struct in6_addr bytes;
        memcpy(&bytes, data, sizeof bytes);
        address = address_v6(&bytes);
    } else {
        return;
    }
    address_add(list, &address);
}

static bool read_records(const uint8_t *answer, size_t len, size_t at, unsigned wanted,
                         struct address_list *list) {
    unsigned count = get16(answer + 6);
    for (unsigned i = 0; i < count && i < RECORDS_MAX; i++) {
        at = skip_name(answer, len, at);
        if (at == 0 || len - at < 10)
            return false;
        unsigned type = get16(answer + at);
        unsigned class = get16(answer + at + 2);
        size_t data_len = get16(answer + at + 8);
        at += 10;
        if (len - at < data_len)
            return false;
        if (type == wanted && class == CLASS_IN)
            add_record(type, answer + at, data_len, list);
        at += data_len;
    }
    return true;
}

enum dns_outcome dns_read_answer(const uint8_t *answer, size_t answer_len, const uint8_t *query,
                                 size_t query_len, struct address_list *list) {
    if (answer_len < HEADER_BYTES || get16(answer) != get16(query))
        return DNS_FOREIGN;
    unsigned flags = get16(answer + 2);
    if ((flags & FLAG_ANSWER) == 0 || (flags & FLAGS_OPCODE) != 0)
        return DNS_FOREIGN;
    unsigned code = flags & FLAGS_CODE;
    /* A server that cannot read the question may send it back empty. */
    if (code != 0 && code != CODE_NO_NAME)
        return DNS_FAILED;
    if (!same_question(answer, answer_len, query, query_len))
        return DNS_FOREIGN;
    if (code == CODE_NO_NAME)
        return DNS_NO_NAME;
    if ((flags & FLAG_TRUNCATED) != 0)
        return DNS_TRUNCATED;
    unsigned type = get16(query + query_len - 4);
    return read_records(answer, answer_len, query_len, type, list) ? DNS_ADDRESSES : DNS_FAILED;
}
