#include "deadline.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io.h"
#include "loop.h"

int deadline_wait(int fd, short events, uint64_t deadline_ms) {
    for (;;) {
        struct pollfd item = {.fd = fd, .events = events};
        uint64_t now = clock_ms();
        int count = poll(&item, 1, now < deadline_ms ? (int)(deadline_ms - now) : 0);
        if (count > 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0 && now >= deadline_ms)
            return -ETIMEDOUT;
    }
}

int deadline_connect(const struct address *address, uint64_t deadline_ms, int *ret_fd) {
    CLEANUP_CLOSE int fd =
        socket(address->name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;
    socklen_t len = sizeof error;
    if (fd < 0)
        return -errno;
    if (connect(fd, &address->name.any, address->len) < 0) {
        if (errno != EINPROGRESS)
            return -errno;
        int r = deadline_wait(fd, POLLOUT, deadline_ms);
        if (r < 0)
            return r;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
            return -errno;
        if (error != 0)
            return -error;
    }
    *ret_fd = io_take(&fd);
    return 0;
}

int deadline_send(int fd, const void *data, size_t len, uint64_t deadline_ms) {
    const char *at = data;
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        int r = deadline_wait(fd, POLLOUT, deadline_ms);
        if (r < 0)
            return r;
    }
    return 0;
}

int deadline_receive(int fd, void *data, size_t len, uint64_t deadline_ms) {
    char *at = data;
    while (len > 0) {
        ssize_t got = recv(fd, at, len, 0);
        if (got == 0)
            return -ECONNRESET;
        if (got > 0) {
            at += got;
            len -= (size_t)got;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        int r = deadline_wait(fd, POLLIN, deadline_ms);
        if (r < 0)
            return r;
    }
    return 0;
}
