#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct address address_v4(struct in_addr bytes) {
    struct address address = {.len = sizeof address.name.v4};
    address.name.v4.sin_family = AF_INET;
    address.name.v4.sin_addr = bytes;
    return address;
}

struct address address_v6(const struct in6_addr *bytes) {
    if (IN6_IS_ADDR_V4MAPPED(bytes)) {
        struct in_addr inner;
        memcpy(&inner, bytes->s6_addr + 12, sizeof inner);
        return address_v4(inner);
    }
    struct address address = {.len = sizeof address.name.v6};
    address.name.v6.sin6_family = AF_INET6;
    address.name.v6.sin6_addr = *bytes;
    return address;
}

/* The last part is digits only or hexadecimal: then the whole was meant as a number (as browsers
 * decide it), and is never looked up. */
static bool ends_in_number(const char *host) {
    const char *dot = strrchr(host, '.');
    const char *last = dot == NULL ? host : dot + 1;
    if (last[0] == '\0')
        return false;
    if (last[strspn(last, "0123456789")] == '\0')
        return true;
    return last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
           last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
}

static int parse_v6(const char *host, struct address *ret_address) {
    char text[ADDRESS_TEXT_MAX];
    struct in6_addr bytes;
    size_t len = strcspn(host, "%");
    if (len >= sizeof text)
        return -EINVAL;
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, &bytes) != 1)
        return -EINVAL;
    *ret_address = address_v6(&bytes);
    return 1;
}

int address_parse(const char *host, struct address *ret_address) {
    char text[256];
    struct in_addr bytes;
    size_t len = strlen(host);
    if (strchr(host, ':') != NULL)
        return parse_v6(host, ret_address);
    if (len == 0 || len >= sizeof text)
        return -EINVAL;
    /* inet_aton() would stop at a blank and take what came before. */
    for (const char *at = host; *at != '\0'; at++)
        if (isspace((unsigned char)*at) || iscntrl((unsigned char)*at))
            return -EINVAL;
    memcpy(text, host, len + 1);
    if (text[len - 1] == '.')
        text[len - 1] = '\0';
    if (!ends_in_number(text))
        return 0;
    if (inet_aton(text, &bytes) == 0)
        return -EINVAL;
    *ret_address = address_v4(bytes);
    return 1;
}

void address_set_port(struct address *address, in_port_t port) {
    if (address->name.any.sa_family == AF_INET)
        address->name.v4.sin_port = htons(port);
    else
        address->name.v6.sin6_port = htons(port);
}

in_port_t address_port(const struct address *address) {
    return ntohs(address->name.any.sa_family == AF_INET ? address->name.v4.sin_port
                                                        : address->name.v6.sin6_port);
}

void address_text(const struct address *address, char ret_text[ADDRESS_TEXT_MAX]) {
    bool v4 = address->name.any.sa_family == AF_INET;
    const void *bytes =
        v4 ? (const void *)&address->name.v4.sin_addr : (const void *)&address->name.v6.sin6_addr;
    if (inet_ntop(address->name.any.sa_family, bytes, ret_text, ADDRESS_TEXT_MAX) == NULL)
        ret_text[0] = '\0';
}

bool address_equals(const struct address *left, const struct address *right) {
    if (left->name.any.sa_family != right->name.any.sa_family)
        return false;
    if (left->name.any.sa_family == AF_INET)
        return left->name.v4.sin_addr.s_addr == right->name.v4.sin_addr.s_addr;
    return IN6_ARE_ADDR_EQUAL(&left->name.v6.sin6_addr, &right->name.v6.sin6_addr);
}

void address_add(struct address_list *list, const struct address *address) {
    for (size_t i = 0; i < list->n; i++)
        if (address_equals(&list->items[i], address))
            return;
    if (list->n < ADDRESSES_MAX)
        list->items[list->n++] = *address;
}

void address_resolve_unspecified(struct address *address) {
    if (address->name.any.sa_family == AF_INET) {
        if (address->name.v4.sin_addr.s_addr == htonl(INADDR_ANY))
            address->name.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (IN6_IS_ADDR_UNSPECIFIED(&address->name.v6.sin6_addr)) {
        address->name.v6.sin6_addr = in6addr_loopback;
    }
}
