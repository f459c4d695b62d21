/* DNS messages (RFC 1035), as far as looking up addresses needs them. Answers are hostile. */
#ifndef JAILD_DNS_H
#define JAILD_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28
#define DNS_QUERY_MAX 272 /* header, name of 255 bytes, type, class */
#define DNS_ANSWER_MAX 65535

/* Writes a question for one name ("example.org", a final dot is allowed) that wants recursion.
 * Returns its length, or -EINVAL: no labels of 1 to 63 bytes, more than 253 in all, or a byte that
 * is not a letter, digit, '-' or '_'. */
int dns_make_query(const char *name, uint16_t type, uint16_t id, uint8_t ret_query[DNS_QUERY_MAX]);

enum dns_outcome {
    DNS_FOREIGN,   /* not the answer to this question: to be ignored */
    DNS_ADDRESSES, /* those in it were added, perhaps none */
    DNS_NO_NAME,   /* there is no such name */
    DNS_TRUNCATED, /* ask again over TCP */
    DNS_FAILED,    /* the server cannot or will not say, or speaks nonsense */
};

/* Judges an answer to the question `query`. Addresses of that type are added whoever owns them: the
 * names between are aliases, and which server is asked is the jail's own choice. */
enum dns_outcome dns_read_answer(const uint8_t *answer, size_t answer_len, const uint8_t *query,
                                 size_t query_len, struct address_list *list);

#endif
