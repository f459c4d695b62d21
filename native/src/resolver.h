/* Names to addresses, as programs in the jail would find them: the jail's /etc/hosts, then the name
 * servers of its /etc/resolv.conf. No NSS, no libc resolver: both would load the jail's files and
 * libraries. Both files are hostile and read without trust (RESOLVE_IN_ROOT, regular, capped). */
#ifndef JAILD_RESOLVER_H
#define JAILD_RESOLVER_H

#include <stdint.h>

#include "address.h"
#include "dns-client.h"
#include "fail.h"
#include "fields.h"

#define RESOLVER_SEARCH_MAX 6
#define RESOLVER_NAME_MAX 254 /* with a final dot and the terminator */

/* What resolv.conf says. */
struct resolver_settings {
    struct dns_client client;
    char search[RESOLVER_SEARCH_MAX][RESOLVER_NAME_MAX];
    size_t n_search;
    unsigned dots; /* a name with so many is tried as it is first */
};

/* Junk lines are passed over; without a name server it is the one on the loopback. */
void resolver_parse_settings(const char *text, size_t len, struct resolver_settings *ret_settings);

/* Adds the addresses that a hosts file gives a name. */
void resolver_parse_hosts(const char *text, size_t len, const char *name,
                          struct address_list *list);

/* The addresses of a host, a number or a name. Steps "check" (EINVAL: neither), "resolve" (ENOENT,
 * EAGAIN, ETIMEDOUT). */
int resolver_find(int root_fd, const char *host, uint64_t deadline_ms,
                  struct address_list *ret_list, struct failure *ret_failure);

#endif
