/* DNS messages: questions, true answers and hostile ones. */
#include <errno.h>

#include "check.h"
#include "dns.h"

static uint8_t query[DNS_QUERY_MAX];
static size_t query_len;
static uint8_t answer[2048];
static size_t answer_len;

static void ask(const char *name, uint16_t type) {
    int len = dns_make_query(name, type, 0x1234, query);
    CHECK(len > 0);
    query_len = (size_t)len;
    memcpy(answer, query, query_len);
    answer_len = query_len;
    answer[2] = 0x81; /* an answer, recursion wanted */
    answer[3] = 0x80; /* recursion available */
}

static void add(const char *bytes, size_t len) {
    memcpy(answer + answer_len, bytes, len);
    answer_len += len;
}

/* A record whose name points back to the question's. */
static void add_record(uint16_t type, const char *data, uint16_t len) {
    const char head[12] = {(char)0xc0, 12, (char)(type >> 8), (char)type, 0, 1, 0, 0,
                           0,          60, (char)(len >> 8),  (char)len};
    add(head, sizeof head);
    add(data, len);
    answer[7]++;
}

static struct address_list list;

static enum dns_outcome judge(void) {
    list.n = 0;
    return dns_read_answer(answer, answer_len, query, query_len, &list);
}

static void questions(void) {
    char name[300];
    ask("www.Example.org", DNS_TYPE_A);
    static const uint8_t wanted[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\3www\7Example\3org\0\0\1\0\1";
    CHECK(query_len == sizeof wanted - 1 && memcmp(query, wanted, query_len) == 0);
    ask("example.org.", DNS_TYPE_AAAA);
    CHECK(query_len == 12 + 13 + 4 && query[query_len - 3] == 28);
    CHECK(dns_make_query("", 1, 0, query) == -EINVAL);
    CHECK(dns_make_query(".", 1, 0, query) == -EINVAL);
    CHECK(dns_make_query("a..b", 1, 0, query) == -EINVAL);
    CHECK(dns_make_query("a b", 1, 0, query) == -EINVAL);
    CHECK(dns_make_query("a\xc3\xa4", 1, 0, query) == -EINVAL);
    memset(name, 'a', sizeof name);
    name[64] = '\0';
    CHECK(dns_make_query(name, 1, 0, query) == -EINVAL);
    name[63] = '\0';
    CHECK(dns_make_query(name, 1, 0, query) > 0);
    for (size_t i = 0; i < 256; i++)
        name[i] = i % 2 ? '.' : 'a';
    name[254] = '\0'; /* 127 labels, encoded 255 bytes */
    CHECK(dns_make_query(name, 1, 0, query) == 12 + 255 + 4);
    name[254] = 'a';
    name[255] = '\0';
    CHECK(dns_make_query(name, 1, 0, query) == -EINVAL);
}

static void true_answers(void) {
    char text[ADDRESS_TEXT_MAX];
    ask("example.org", DNS_TYPE_A);
    CHECK(judge() == DNS_ADDRESSES && list.n == 0);
    add_record(5, "\3www\xc0\x0c", 6); /* CNAME */
    add_record(DNS_TYPE_A, "\x0a\0\0\1", 4);
    add_record(DNS_TYPE_AAAA, "0123456789abcdef", 16); /* not what was asked */
    add_record(DNS_TYPE_A, "\x0a\0\0\2", 4);
    CHECK(judge() == DNS_ADDRESSES && list.n == 2);
    address_text(&list.items[1], text);
    CHECK_TEXT(text, "10.0.0.2");
    ask("example.org", DNS_TYPE_AAAA);
    add_record(DNS_TYPE_AAAA, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xa9\xfe\xa9\xfe", 16);
    CHECK(judge() == DNS_ADDRESSES && list.n == 1);
    address_text(&list.items[0], text);
    CHECK_TEXT(text, "169.254.169.254"); /* mapped: judged as what it is */
    answer[12 + 1] = 'E';                /* servers may change the case */
    CHECK(judge() == DNS_ADDRESSES);
}

static void codes(void) {
    ask("example.org", DNS_TYPE_A);
    answer[3] = 0x83;
    CHECK(judge() == DNS_NO_NAME);
    answer[3] = 0x82;
    CHECK(judge() == DNS_FAILED);
    answer[3] = 0x85;
    CHECK(judge() == DNS_FAILED);
    answer[3] = 0x80;
    answer[2] = 0x83;
    CHECK(judge() == DNS_TRUNCATED);
}

static void foreign_ones(void) {
    ask("example.org", DNS_TYPE_A);
    answer[0] ^= 1;
    CHECK(judge() == DNS_FOREIGN);
    ask("example.org", DNS_TYPE_A);
    answer[2] = 0x01; /* a question */
    CHECK(judge() == DNS_FOREIGN);
    ask("example.org", DNS_TYPE_A);
    answer[14] = 'y'; /* another name */
    CHECK(judge() == DNS_FOREIGN);
    ask("example.org", DNS_TYPE_A);
    answer[query_len - 3] = 28; /* another type */
    CHECK(judge() == DNS_FOREIGN);
    ask("example.org", DNS_TYPE_A);
    answer[5] = 2;
    CHECK(judge() == DNS_FOREIGN);
    for (answer_len = 0; answer_len < query_len; answer_len++)
        CHECK(judge() == DNS_FOREIGN);
}

static void cut_and_lying_ones(void) {
    ask("example.org", DNS_TYPE_A);
    add_record(DNS_TYPE_A, "\x0a\0\0\1", 4);
    size_t whole = answer_len;
    for (answer_len = query_len; answer_len < whole; answer_len++)
        CHECK(judge() == DNS_FAILED && list.n == 0);
    answer_len = whole;
    answer[6] = 0xff; /* says 65,281 records */
    CHECK(judge() == DNS_FAILED);
    ask("example.org", DNS_TYPE_A);
    add_record(DNS_TYPE_A, "\x0a\0\0\1", 4);
    answer[whole - 5] = 200; /* longer than the message */
    CHECK(judge() == DNS_FAILED);
    ask("example.org", DNS_TYPE_A);
    add_record(DNS_TYPE_A, "\x0a\0\0\1\0", 5); /* no address */
    CHECK(judge() == DNS_ADDRESSES && list.n == 0);
    ask("example.org", DNS_TYPE_A);
    add("\x80", 1); /* a label of a kind that does not exist */
    answer[7] = 1;
    CHECK(judge() == DNS_FAILED);
}

int main(void) {
    questions();
    true_answers();
    codes();
    foreign_ones();
    cut_and_lying_ones();
    return checks_end("test-dns");
}
