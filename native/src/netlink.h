/* Just enough rtnetlink to set up a veth pair: build one request, send it, wait for its answer. */
#ifndef JAILD_NETLINK_H
#define JAILD_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_REQUEST_MAX 512

struct netlink_request {
    union {
        struct nlmsghdr header;
        uint8_t bytes[NETLINK_REQUEST_MAX];
    };
};

/* A socket in the calling thread's network namespace, or -errno. */
int netlink_open(void);

/* Begins a request; `body` is the type's fixed struct. */
void netlink_begin(struct netlink_request *ret_request, uint16_t type, uint16_t flags,
                   const void *body, size_t len);

/* Adds an attribute; there is room for all that is added here (checked, aborts). */
void netlink_put(struct netlink_request *request, uint16_t type, const void *data, size_t len);

/* Opens and closes a nested attribute; the return value names it. */
size_t netlink_nest(struct netlink_request *request, uint16_t type);
void netlink_end_nest(struct netlink_request *request, size_t nest);

/* Adds a fixed struct in the middle (the peer of a veth pair). */
void netlink_put_struct(struct netlink_request *request, const void *data, size_t len);

/* Sends and waits for the kernel's acknowledgement: 0 or -errno. */
int netlink_do(int socket, struct netlink_request *request);

#endif
