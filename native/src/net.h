/* A jail's network: loopback, and for `nat` a routed veth pair.
 *
 *   host:  NET-INTERFACE  gateway/32, route to the jail's /32, strict source check, forwarding on
 *          this interface only, no IPv6
 *   jail:  eth0           address/32, route to the gateway, default route by it
 *
 * Addresses are translated and filtered by the broker's nft table, not here. */
#ifndef JAILD_NET_H
#define JAILD_NET_H

#include "fail.h"
#include "spec.h"

/* Called by the keeper while the jail's init waits; leaves the caller's namespaces as they were.
 * When it fails nothing remains but what goes with the jail's namespace. */
int net_set_up(const struct jail_spec *spec, int init_pidfd, int proc, struct failure *ret_failure);

/* Removes the host's end, and with it the pair. Harmless when it is gone already. */
void net_remove(const char *interface);

#endif
