#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "address.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* IPv4, in the host's byte order. */
static const struct {
    uint32_t start;
    unsigned bits;
} refused4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8, "this network" (0.0.0.0 itself has become the loopback) */
    {0xa9fe0000, 16}, /* 169.254.0.0/16, link-local: where most clouds keep their metadata */
    {0x646464c8, 32}, /* 100.100.100.200, metadata at Alibaba */
    {0xa83f8110, 32}, /* 168.63.129.16, the host's agent at Azure */
    {0xc00000c0, 32}, /* 192.0.0.192, metadata at Oracle */
    {0xe0000000, 4},  /* 224.0.0.0/4, multicast */
    {0xf0000000, 4},  /* 240.0.0.0/4, reserved, and the broadcast address */
};

static const struct {
    uint8_t start[16];
    unsigned bits;
} refused6[] = {
    {{0xfe, 0x80}, 10},                                        /* link-local */
    {{0xff}, 8},                                               /* multicast */
    {{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128}, /* fd00:ec2::254, Amazon */
    {{0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54}, 128}, /* fd20:ce::254, Google */
    {{0xfd, 0x00, 0x00, 0x42, [15] = 0x42}, 128},              /* fd00:42::42, Scaleway */
};

/* IPv6 forms that some router turns into IPv4: where the IPv4 address stands in them. */
static const struct {
    uint8_t start[16];
    unsigned bits;
    size_t offset;
} wrapping6[] = {
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},       /* 64:ff9b::/96, NAT64 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, 12}, /* 64:ff9b:1::/48, NAT64 of one's own */
    {{0x20, 0x02}, 16, 2},                    /* 2002::/16, 6to4 */
    {{0}, 96, 12},                            /* ::/96, IPv4-compatible */
};

static bool has_prefix(const uint8_t *address, const uint8_t *start, unsigned bits) {
    unsigned whole = bits / 8;
    unsigned mask = 0xff00u >> bits % 8 & 0xffu;
    if (memcmp(address, start, whole) != 0)
        return false;
    return bits % 8 == 0 || (address[whole] & mask) == (start[whole] & mask);
}

static bool allowed4(uint32_t address) {
    for (size_t i = 0; i < COUNT(refused4); i++) {
        unsigned shift = 32 - refused4[i].bits;
        if (address >> shift == refused4[i].start >> shift)
            return false;
    }
    return true;
}

static bool allowed6(const struct in6_addr *address) {
    const uint8_t *bytes = address->s6_addr;
    if (IN6_IS_ADDR_LOOPBACK(address))
        return true;
    for (size_t i = 0; i < COUNT(refused6); i++)
        if (has_prefix(bytes, refused6[i].start, refused6[i].bits))
            return false;
    for (size_t i = 0; i < COUNT(wrapping6); i++) {
        uint32_t inner;
        if (!has_prefix(bytes, wrapping6[i].start, wrapping6[i].bits))
            continue;
        memcpy(&inner, bytes + wrapping6[i].offset, sizeof inner);
        return allowed4(ntohl(inner));
    }
    return true;
}

bool address_allowed(const struct address *address) {
    if (address->name.any.sa_family == AF_INET)
        return allowed4(ntohl(address->name.v4.sin_addr.s_addr));
    return address->name.any.sa_family == AF_INET6 && allowed6(&address->name.v6.sin6_addr);
}
