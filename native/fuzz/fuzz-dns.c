/* Any bytes as the answer to a question, and as the two files that the resolver reads. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns.h"
#include "resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t query[DNS_QUERY_MAX];
    static uint8_t answer[DNS_ANSWER_MAX];
    static struct resolver_settings settings;
    struct address_list list = {.n = 0};
    int len = dns_make_query("a.example", DNS_TYPE_A, 7, query);
    if (len < 0 || size > sizeof answer - (size_t)len)
        return 0;
    dns_read_answer(data, size, query, (size_t)len, &list);
    /* Behind a header and question that fit, so that the records are reached. */
    memcpy(answer, query, (size_t)len);
    answer[2] = 0x80;
    answer[7] = 9;
    memcpy(answer + len, data, size);
    dns_read_answer(answer, (size_t)len + size, query, (size_t)len, &list);
    resolver_parse_settings((const char *)data, size, &settings);
    resolver_parse_hosts((const char *)data, size, "a", &list);
    if (list.n > ADDRESSES_MAX || settings.n_search > RESOLVER_SEARCH_MAX ||
        settings.client.n_servers < 1 || settings.client.n_servers > DNS_SERVERS_MAX)
        abort();
    return 0;
}
