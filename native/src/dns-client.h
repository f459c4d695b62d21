/* Asks name servers. */
#ifndef JAILD_DNS_CLIENT_H
#define JAILD_DNS_CLIENT_H

#include <stdint.h>

#include "address.h"

#define DNS_SERVERS_MAX 3

struct dns_client {
    struct address servers[DNS_SERVERS_MAX]; /* with their port */
    size_t n_servers;
    uint64_t timeout_ms;  /* of one question to one server */
    unsigned attempts;    /* rounds over all servers */
    uint64_t deadline_ms; /* of all of it, on the monotonic clock */
};

/* Looks up a name's IPv4 and IPv6 addresses (in this order in the list). 0 with at least one
 * address; -ENOENT: a server said that there is none; -EAGAIN: no server gave an answer;
 * -ETIMEDOUT: the deadline passed; -EINVAL: not a name. */
int dns_look_up(const struct dns_client *client, const char *name, struct address_list *ret_list);

#endif
