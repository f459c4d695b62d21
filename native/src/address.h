/* Network addresses as text and as sockets, and which of them a forwarding may reach. */
#ifndef JAILD_ADDRESS_H
#define JAILD_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 16
#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name;
    socklen_t len;
};

struct address_list {
    struct address items[ADDRESSES_MAX];
    size_t n;
};

struct address address_v4(struct in_addr bytes);
/* An IPv4-mapped address becomes the IPv4 address that it is. */
struct address address_v6(const struct in6_addr *bytes);

/* A host that is written as a number, in any spelling that the C library's inet_aton() takes
 * (127.1, 2130706433, 0x7f.1) or as IPv6: 1 and the address that it means. 0: it is a name.
 * -EINVAL: it is neither (999.1, "1.2.3.4 x", ::g). A scope (fe80::1%eth0) is dropped. */
int address_parse(const char *host, struct address *ret_address);

void address_set_port(struct address *address, in_port_t port);
in_port_t address_port(const struct address *address);
void address_text(const struct address *address, char ret_text[ADDRESS_TEXT_MAX]);
bool address_equals(const struct address *left, const struct address *right);

/* Adds unless it is there or the list is full. */
void address_add(struct address_list *list, const struct address *address);

/* The unspecified address means this host when one connects to it: the loopback address is put in
 * its place, so that it is judged and shown as what it is. */
void address_resolve_unspecified(struct address *address);

/* Whether a forwarding may connect to this address: not link-local, not a cloud's metadata service,
 * no multicast, broadcast or reserved one, nor one of these wrapped into IPv6 (NAT64, 6to4). The
 * jail's own loopback is its own. The network rules say the same again for what runs inside. */
bool address_allowed(const struct address *address);

#endif
