#include "connect-socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "deadline.h"
#include "io.h"
#include "loop.h"
#include "resolver.h"

#define BACKLOG 128
#define RETRY_MS 20 /* a Unix listener's queue is full: there is nothing to poll for */

static int report(struct failure *failure, const char *step, const char *what, int error) {
    return failure_set(failure, step, what, error, "%s", strerror(error));
}

static void keep_allowed(struct address_list *list) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct address address = list->items[i];
        address_resolve_unspecified(&address);
        if (address_allowed(&address))
            list->items[n++] = address;
    }
    list->n = n;
}

int connect_tcp(int root_fd, const char *host, in_port_t port, uint64_t deadline_ms,
                struct address *ret_address, int *ret_fd, struct failure *ret_failure) {
    struct address_list list;
    if (port == 0)
        return report(ret_failure, "check", host, EINVAL);
    int r = resolver_find(root_fd, host, deadline_ms, &list, ret_failure);
    if (r < 0)
        return r;
    keep_allowed(&list);
    if (list.n == 0)
        return failure_set(ret_failure, "policy", host, EACCES, "the address is not allowed");
    for (size_t i = 0; i < list.n; i++) {
        struct address *address = &list.items[i];
        uint64_t now = clock_ms();
        uint64_t share = now < deadline_ms ? (deadline_ms - now) / (list.n - i) : 0;
        address_set_port(address, port);
        r = deadline_connect(address, now + share, ret_fd);
        if (r == 0) {
            *ret_address = *address;
            return 0;
        }
    }
    return report(ret_failure, "connect", host, -r);
}

static int unix_address(const char *path, struct sockaddr_un *ret_name,
                        struct failure *ret_failure) {
    *ret_name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] != '/')
        return failure_set(ret_failure, "check", path, EINVAL, "is no absolute path");
    if (strlen(path) >= sizeof ret_name->sun_path)
        return report(ret_failure, "check", path, ENAMETOOLONG);
    memcpy(ret_name->sun_path, path, strlen(path) + 1);
    return 0;
}

static int open_unix(struct failure *ret_failure) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? report(ret_failure, "socket", "", errno) : fd;
}

int connect_path(const char *path, uint64_t deadline_ms, int *ret_fd, struct failure *ret_failure) {
    struct sockaddr_un name;
    int r = unix_address(path, &name, ret_failure);
    if (r < 0)
        return r;
    CLEANUP_CLOSE int fd = open_unix(ret_failure);
    if (fd < 0)
        return fd;
    while (connect(fd, (const struct sockaddr *)&name, sizeof name) < 0) {
        if (errno != EAGAIN && errno != EINTR)
            return report(ret_failure, "connect", path, errno);
        if (clock_ms() >= deadline_ms)
            return report(ret_failure, "connect", path, ETIMEDOUT);
        poll(NULL, 0, RETRY_MS);
    }
    *ret_fd = io_take(&fd);
    return 0;
}

static int listen_at(const struct address *address, int *ret_fd) {
    const int yes = 1;
    const int no = 0;
    CLEANUP_CLOSE int fd =
        socket(address->name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* An address whose old connections linger can be listened at again; a taken port cannot. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0)
        return -errno;
    if (address->name.any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) < 0)
        return -errno;
    if (bind(fd, &address->name.any, address->len) < 0 || listen(fd, BACKLOG) < 0)
        return -errno;
    *ret_fd = io_take(&fd);
    return 0;
}

/* Every address: IPv6 takes IPv4, too, where the jail has it. */
static void every_address(struct address_list *ret_list) {
    struct address v6 = address_v6(&in6addr_any);
    struct address v4 = address_v4((struct in_addr){.s_addr = INADDR_ANY});
    ret_list->n = 0;
    address_add(ret_list, &v6);
    address_add(ret_list, &v4);
}

int listen_tcp(int root_fd, const char *host, in_port_t port, uint64_t deadline_ms,
               in_port_t *ret_port, int *ret_fd, struct failure *ret_failure) {
    struct address_list list;
    struct address bound = {.len = sizeof bound.name};
    int r = 0;
    if (host[0] == '\0' || strcmp(host, "*") == 0)
        every_address(&list);
    else
        r = resolver_find(root_fd, host, deadline_ms, &list, ret_failure);
    if (r < 0)
        return r;
    CLEANUP_CLOSE int fd = -EBADF;
    for (size_t i = 0; fd < 0 && i < list.n; i++) {
        address_set_port(&list.items[i], port);
        r = listen_at(&list.items[i], &fd);
        if (r == -EADDRINUSE || r == -EACCES)
            break;
    }
    if (r < 0)
        return report(ret_failure, "listen", host, -r);
    if (getsockname(fd, &bound.name.any, &bound.len) < 0)
        return report(ret_failure, "listen", host, errno);
    *ret_port = address_port(&bound);
    *ret_fd = io_take(&fd);
    return 0;
}

int listen_path(const char *path, int *ret_fd, struct failure *ret_failure) {
    struct sockaddr_un name;
    int r = unix_address(path, &name, ret_failure);
    if (r < 0)
        return r;
    CLEANUP_CLOSE int fd = open_unix(ret_failure);
    if (fd < 0)
        return fd;
    umask(0177);
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) < 0 || listen(fd, BACKLOG) < 0)
        return report(ret_failure, "listen", path, errno);
    *ret_fd = io_take(&fd);
    return 0;
}
