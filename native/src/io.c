#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void io_close(int *fd) {
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    errno = saved;
    *fd = -EBADF;
}

void io_free(void *pointer) { free(*(void **)pointer); }

int io_take(int *fd) {
    int taken = *fd;
    *fd = -EBADF;
    return taken;
}

void io_close_array(int *fds, size_t n) {
    for (size_t i = 0; i < n; i++)
        io_close(&fds[i]);
}

int io_send(int socket, const void *data, size_t len, const int *fds, size_t n_fds, int flags) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * IO_FDS_MAX)];
    } control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n_fds > IO_FDS_MAX)
        return -EINVAL;
    if (n_fds > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return -errno;
    return (size_t)sent == len ? 0 : -EMSGSIZE;
}

/* Takes the descriptors out of received control data. 0, or -EBADMSG (and all are closed). */
static int take_fds(struct msghdr *message, int *ret_fds, size_t max_fds, size_t *ret_n_fds) {
    bool bad = (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    size_t n = 0;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg != NULL;
         cmsg = CMSG_NXTHDR(message, cmsg)) {
        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) {
            bad = true;
            continue;
        }
        size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof fd);
            if (n < max_fds && !bad) {
                ret_fds[n++] = fd;
            } else {
                bad = true;
                close(fd);
            }
        }
    }
    if (bad) {
        io_close_array(ret_fds, n);
        return -EBADMSG;
    }
    *ret_n_fds = n;
    return 0;
}

int io_receive(int socket, void *buffer, size_t size, size_t *ret_len, int *ret_fds, size_t max_fds,
               size_t *ret_n_fds, int flags) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * IO_FDS_MAX)];
    } control;
    struct iovec iov = {.iov_base = buffer, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t received;
    do
        received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0)
        return -errno;
    size_t n_fds = 0;
    int r = take_fds(&message, ret_fds, max_fds, &n_fds);
    if (r < 0)
        return r;
    if (ret_n_fds != NULL)
        *ret_n_fds = n_fds;
    *ret_len = (size_t)received;
    return 0;
}

int io_socket_pair(int *ret_near, int *ret_far) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    *ret_near = pair[0];
    *ret_far = pair[1];
    return 0;
}

static int unix_address(int dirfd, const char *name, struct sockaddr_un *ret_address) {
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(ret_address->sun_path, sizeof ret_address->sun_path, "/proc/self/fd/%d/%s",
                       dirfd, name);
    return len < 0 || (size_t)len >= sizeof ret_address->sun_path ? -ENAMETOOLONG : 0;
}

int io_listen(int dirfd, const char *name, mode_t mode, int *ret_fd) {
    CLEANUP_CLOSE int fd = -EBADF;
    struct sockaddr_un address;
    int r = unix_address(dirfd, name, &address);
    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
        return -errno;
    mode_t umask_before = umask((mode_t)0777 & ~mode);
    r = bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
    umask(umask_before);
    if (r < 0)
        return r;
    if (listen(fd, 64) < 0)
        return -errno;
    *ret_fd = io_take(&fd);
    return 0;
}

int io_connect(int dirfd, const char *name, int *ret_fd) {
    CLEANUP_CLOSE int fd = -EBADF;
    struct sockaddr_un address;
    int r = unix_address(dirfd, name, &address);
    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    *ret_fd = io_take(&fd);
    return 0;
}

int io_peer_uid(int socket, uid_t *ret_uid) {
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return -errno;
    *ret_uid = peer.uid;
    return 0;
}
