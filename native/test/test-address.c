/* Addresses: every spelling means what it means, and the policy judges that. */
#include <arpa/inet.h>
#include <errno.h>

#include "address.h"
#include "check.h"

/* The address in the kernel's spelling; "name" or "junk" when it is none. */
static const char *meaning(const char *host) {
    static char text[ADDRESS_TEXT_MAX];
    struct address address;
    int r = address_parse(host, &address);
    if (r != 1)
        return r == 0 ? "name" : "junk";
    address_resolve_unspecified(&address);
    address_text(&address, text);
    return text;
}

static void spellings(void) {
    static const char *const loopback[] = {
        "127.0.0.1",    "127.1",      "2130706433",       "0x7f.1",
        "0x7f000001",   "0177.0.0.1", "127.0.1",          "0",
        "0.0.0.0",      "0x0",        "::ffff:127.0.0.1", "127.0.0.1.",
        "017700000001", "00000177.1", "::ffff:7f00:1",    "::FFFF:127.0.0.1",
    };
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
        CHECK_TEXT(meaning(loopback[i]), "127.0.0.1");
    CHECK_TEXT(meaning("::"), "::1");
    CHECK_TEXT(meaning("0:0:0:0:0:0:0:1"), "::1");
    CHECK_TEXT(meaning("fe80::1%eth0"), "fe80::1");
    CHECK_TEXT(meaning("0xa9fea9fe"), "169.254.169.254");
    CHECK_TEXT(meaning("2852039166"), "169.254.169.254");
    CHECK_TEXT(meaning("::ffff:a9fe:a9fe"), "169.254.169.254");
}

static void names_and_junk(void) {
    static const char *const names[] = {"localhost", "a",   "example.org",     "1password.com",
                                        "x.1a",      "0xg", "1.2.3.4.example", "_srv.x",
                                        "-",         "a..b"};
    static const char *const junk[] = {
        "",        "999.1",       "1.2.3.4.5", "256.0.0.1", "4294967296", "1.2.3.4 x", "1.2.3.4\n",
        ":",       "::g",         "1::2::3",   "[::1]",     "a.1",        "08",        "x y",
        "127.1\t", "0x100000000", "fe80::1 ",  "1.2.3.0x",  "%eth0:1",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_TEXT(meaning(names[i]), "name");
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        if (strcmp(meaning(junk[i]), "junk") != 0)
            fprintf(stderr, "\"%s\" is %s\n", junk[i], meaning(junk[i]));
        CHECK_TEXT(meaning(junk[i]), "junk");
    }
}

static bool allowed(const char *host) {
    struct address address;
    CHECK(address_parse(host, &address) == 1);
    address_resolve_unspecified(&address);
    return address_allowed(&address);
}

static void policy(void) {
    static const char *const good[] = {
        "127.0.0.1",
        "0",
        "::1",
        "::",
        "10.0.0.1",
        "192.168.1.1",
        "8.8.8.8",
        "1.0.0.0",
        "169.253.0.1",
        "169.255.0.1",
        "223.255.255.255",
        "2001:db8::1",
        "fec0::1",
        "fd00::1",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "fe7f::1",
        "100.100.100.201",
    };
    static const char *const bad[] = {
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "0xa9fea9fe",
        "::ffff:169.254.169.254",
        "0.0.0.1",
        "0.255.255.255",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "febf::1",
        "fe80::1%lo",
        "ff02::1",
        "ff0e::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fd00:42::42",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "::2",
        "2002:e000:1::",
        "64:ff9b::",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!allowed(good[i]))
            fprintf(stderr, "%s is refused\n", good[i]);
        CHECK(allowed(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (allowed(bad[i]))
            fprintf(stderr, "%s is allowed\n", bad[i]);
        CHECK(!allowed(bad[i]));
    }
}

static void lists(void) {
    struct address_list list = {.n = 0};
    struct address address;
    CHECK(address_parse("10.0.0.1", &address) == 1);
    address_add(&list, &address);
    CHECK(address_parse("::ffff:10.0.0.1", &address) == 1);
    address_add(&list, &address);
    CHECK(list.n == 1); /* the same one */
    for (uint32_t i = 0; i < 100; i++) {
        address = address_v4((struct in_addr){.s_addr = htonl(0x0a000000u + i)});
        address_add(&list, &address);
    }
    CHECK(list.n == ADDRESSES_MAX);
    address_set_port(&address, 8080);
    CHECK(address_port(&address) == 8080 && address.name.v4.sin_port == htons(8080));
}

int main(void) {
    spellings();
    names_and_junk();
    policy();
    lists();
    return checks_end("test-address");
}
