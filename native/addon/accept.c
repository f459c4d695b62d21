/* Taking a connection from a listening socket, and saying where it comes from. */
#include "arguments.h"
#include "functions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    const char *family;
    char address[INET6_ADDRSTRLEN];
    in_port_t port;
};

static void describe_ipv6(const struct sockaddr_in6 *name, struct peer *ret_peer) {
    ret_peer->port = ntohs(name->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&name->sin6_addr)) {
        ret_peer->family = "IPv4";
        inet_ntop(AF_INET, name->sin6_addr.s6_addr + 12, ret_peer->address,
                  sizeof ret_peer->address);
        return;
    }
    ret_peer->family = "IPv6";
    inet_ntop(AF_INET6, &name->sin6_addr, ret_peer->address, sizeof ret_peer->address);
}

static void describe(const struct sockaddr_storage *name, struct peer *ret_peer) {
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    memset(ret_peer, 0, sizeof *ret_peer);
    ret_peer->family = "unix";
    if (name->ss_family == AF_INET) {
        memcpy(&ipv4, name, sizeof ipv4);
        ret_peer->family = "IPv4";
        ret_peer->port = ntohs(ipv4.sin_port);
        inet_ntop(AF_INET, &ipv4.sin_addr, ret_peer->address, sizeof ret_peer->address);
    } else if (name->ss_family == AF_INET6) {
        memcpy(&ipv6, name, sizeof ipv6);
        describe_ipv6(&ipv6, ret_peer);
    }
}

/* The address at which the connection arrived. */
static void add_local(napi_env env, napi_value result, int fd) {
    struct sockaddr_storage name;
    struct peer local;
    socklen_t length = sizeof name;
    napi_value text;

    memset(&name, 0, sizeof name);
    if (getsockname(fd, (struct sockaddr *)&name, &length) < 0)
        return;
    describe(&name, &local);
    if (local.address[0] == '\0' ||
        napi_create_string_utf8(env, local.address, NAPI_AUTO_LENGTH, &text) != napi_ok)
        return;
    napi_set_named_property(env, result, "localAddress", text);
    napi_set_named_property(env, result, "localPort", make_integer(env, local.port));
}

static napi_value make_accepted(napi_env env, int fd, const struct peer *peer) {
    napi_value result;
    napi_value text;

    if (napi_create_object(env, &result) != napi_ok ||
        napi_create_string_utf8(env, peer->family, NAPI_AUTO_LENGTH, &text) != napi_ok)
        return NULL;
    napi_set_named_property(env, result, "fd", make_integer(env, fd));
    napi_set_named_property(env, result, "family", text);
    if (peer->address[0] != '\0' &&
        napi_create_string_utf8(env, peer->address, NAPI_AUTO_LENGTH, &text) == napi_ok) {
        napi_set_named_property(env, result, "address", text);
        napi_set_named_property(env, result, "port", make_integer(env, peer->port));
        add_local(env, result, fd);
    }
    return result;
}

napi_value accept_connection(napi_env env, napi_callback_info info) {
    napi_value argument;
    napi_value result;
    struct sockaddr_storage name;
    struct peer peer;
    socklen_t length;
    int listener;
    int fd;

    if (!get_arguments(env, info, 1, &argument) || !get_fd(env, argument, &listener))
        return NULL;
    do {
        length = sizeof name;
        memset(&name, 0, sizeof name);
        fd = accept4(listener, (struct sockaddr *)&name, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        /* A connection that was reset while it waited is no reason to stop accepting. */
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
    if (fd < 0)
        return errno == EAGAIN ? make_null(env) : throw_errno(env, errno, "accept4");
    describe(&name, &peer);
    result = make_accepted(env, fd, &peer);
    if (result == NULL)
        close(fd);
    return result;
}
