#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd < 0 ? -errno : fd;
}

/* Room for `len` bytes at the end, zeroed up to the alignment. */
static void *extend(struct netlink_request *request, size_t len) {
    size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
    if (at + NLMSG_ALIGN(len) > sizeof request->bytes)
        abort();
    memset(request->bytes + at, 0, NLMSG_ALIGN(len));
    request->header.nlmsg_len = (uint32_t)(at + len);
    return request->bytes + at;
}

void netlink_begin(struct netlink_request *ret_request, uint16_t type, uint16_t flags,
                   const void *body, size_t len) {
    ret_request->header = (struct nlmsghdr){
        .nlmsg_len = NLMSG_HDRLEN,
        .nlmsg_type = type,
        .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
    };
    netlink_put_struct(ret_request, body, len);
}

void netlink_put_struct(struct netlink_request *request, const void *data, size_t len) {
    memcpy(extend(request, len), data, len);
}

void netlink_put(struct netlink_request *request, uint16_t type, const void *data, size_t len) {
    struct rtattr attribute = {.rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type};
    uint8_t *at = extend(request, RTA_LENGTH(len));
    memcpy(at, &attribute, sizeof attribute);
    if (len > 0)
        memcpy(at + RTA_LENGTH(0), data, len);
}

size_t netlink_nest(struct netlink_request *request, uint16_t type) {
    size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
    netlink_put(request, type, NULL, 0);
    return at;
}

void netlink_end_nest(struct netlink_request *request, size_t nest) {
    uint16_t len = (uint16_t)(request->header.nlmsg_len - nest);
    memcpy(request->bytes + nest, &len, sizeof len);
}

int netlink_do(int socket, struct netlink_request *request) {
    union {
        struct nlmsghdr header;
        uint8_t bytes[2048];
    } answer;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t len;
    if (sendto(socket, request->bytes, request->header.nlmsg_len, 0,
               (const struct sockaddr *)&kernel, sizeof kernel) < 0)
        return -errno;
    do
        len = recv(socket, answer.bytes, sizeof answer.bytes, 0);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -errno;
    if ((size_t)len < NLMSG_LENGTH(sizeof(struct nlmsgerr)) ||
        answer.header.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
    return error->error;
}
