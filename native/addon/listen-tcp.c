/* Listening for TCP connections at one address. The socket is close-on-exec and non-blocking. */
#include "arguments.h"
#include "functions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcp_address {
    struct sockaddr_storage name;
    socklen_t length;
    bool any_ipv6;
};

static bool make_address(const char *host, uint16_t port, struct tcp_address *ret_address) {
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, host, &ipv4.sin_addr) == 1) {
        memcpy(&ret_address->name, &ipv4, sizeof ipv4);
        ret_address->length = sizeof ipv4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &ipv6.sin6_addr) != 1)
        return false;
    memcpy(&ret_address->name, &ipv6, sizeof ipv6);
    ret_address->length = sizeof ipv6;
    ret_address->any_ipv6 = IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr);
    return true;
}

static int set_flag(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? errno : 0;
}

/* Linux hands TCP_NODELAY and SO_KEEPALIVE on to every accepted socket. */
static int set_options(int fd, const struct tcp_address *address) {
    int error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);

    if (error == 0)
        error = set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (error == 0)
        error = set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (error == 0 && address->name.ss_family == AF_INET6)
        error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, address->any_ipv6 ? 0 : 1);
    return error;
}

static int open_listener(const struct tcp_address *address, int backlog, int *ret_fd) {
    int fd = socket(address->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (fd < 0)
        return errno;
    error = set_options(fd, address);
    if (error == 0 && bind(fd, (const struct sockaddr *)&address->name, address->length) < 0)
        error = errno;
    if (error == 0 && listen(fd, backlog) < 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

static napi_value make_listening(napi_env env, int fd) {
    struct sockaddr_in6 name = {0};
    socklen_t length = sizeof name;
    napi_value result;

    /* The port is at the same place in both families. */
    _Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                       offsetof(struct sockaddr_in6, sin6_port),
                   "sin_port");
    if (getsockname(fd, (struct sockaddr *)&name, &length) < 0 ||
        napi_create_object(env, &result) != napi_ok) {
        close(fd);
        return throw_errno(env, errno, "getsockname");
    }
    napi_set_named_property(env, result, "fd", make_integer(env, fd));
    napi_set_named_property(env, result, "port", make_integer(env, ntohs(name.sin6_port)));
    return result;
}

napi_value listen_tcp(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    char host[INET6_ADDRSTRLEN];
    struct tcp_address address;
    int64_t port;
    int64_t backlog;
    int fd = -1;
    int error;

    if (!get_arguments(env, info, 3, arguments) ||
        !get_text(env, arguments[0], host, sizeof host) ||
        !get_integer(env, arguments[1], 0, UINT16_MAX, &port) ||
        !get_integer(env, arguments[2], 1, INT_MAX, &backlog))
        return NULL;
    if (!make_address(host, (uint16_t)port, &address))
        return throw_errno(env, EINVAL, "inet_pton");
    error = open_listener(&address, (int)backlog, &fd);
    return error == 0 ? make_listening(env, fd) : throw_errno(env, error, "listen");
}
