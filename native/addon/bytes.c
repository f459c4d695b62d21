/* Reading and writing without waiting, also on descriptors whose open description is shared with
 * another process and must therefore keep its flags (the terminal of whoever runs jailctl). */
#include "arguments.h"
#include "functions.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* One page: what a pipe that says "writable" takes at once for certain. */
#define SAFE_WRITE_BYTES 4096

enum kind { KIND_DIRECT, KIND_PIPE, KIND_OTHER };

static bool is_terminal_master(int fd) {
    unsigned int number;

    return ioctl(fd, TIOCGPTN, &number) == 0;
}

/* How the descriptor must be treated so that a call cannot wait. The description of a master is
 * ours alone and gets the flag: "writable" means one byte of room there, and "readable" may be a
 * hang-up that a program inside takes back by opening the slave again before we read. */
static int find_kind(int fd, enum kind *ret_kind) {
    struct stat status;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &status) < 0)
        return -errno;
    if ((flags & O_NONBLOCK) != 0 || S_ISREG(status.st_mode)) {
        *ret_kind = KIND_DIRECT;
    } else if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) {
        *ret_kind = KIND_PIPE;
    } else if (is_terminal_master(fd)) {
        if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
            return -errno;
        *ret_kind = KIND_DIRECT;
    } else {
        *ret_kind = KIND_OTHER;
    }
    return 0;
}

static bool is_ready(int fd, short events) {
    struct pollfd item = {.fd = fd, .events = events};

    return poll(&item, 1, 0) > 0;
}

/* Returns the bytes read or -errno. */
static ssize_t read_now(int fd, void *data, size_t size) {
    struct iovec part = {.iov_base = data, .iov_len = size};
    enum kind kind = KIND_OTHER;
    ssize_t length;
    int result = find_kind(fd, &kind);

    if (result < 0)
        return result;
    if (kind == KIND_PIPE) {
        length = preadv2(fd, &part, 1, -1, RWF_NOWAIT);
        if (length >= 0 || errno != EOPNOTSUPP)
            return length < 0 ? -errno : length;
    }
    if (kind != KIND_DIRECT && !is_ready(fd, POLLIN))
        return -EAGAIN;
    length = read(fd, data, size);
    /* A terminal master says EIO once the last slave is closed: that is its end of file. */
    if (length < 0 && errno == EIO && isatty(fd))
        return 0;
    return length < 0 ? -errno : length;
}

/* Returns the bytes written or -errno. */
static ssize_t write_now(int fd, const void *data, size_t size) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    enum kind kind = KIND_OTHER;
    ssize_t length;
    int result = find_kind(fd, &kind);

    if (result < 0)
        return result;
    if (kind == KIND_PIPE) {
        length = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);
        if (length >= 0 || errno != EOPNOTSUPP)
            return length < 0 ? -errno : length;
    }
    if (kind != KIND_DIRECT) {
        if (!is_ready(fd, POLLOUT))
            return -EAGAIN;
        if (size > SAFE_WRITE_BYTES)
            size = SAFE_WRITE_BYTES;
    }
    length = write(fd, data, size);
    return length < 0 ? -errno : length;
}

static ssize_t peek_now(int fd, void *data, size_t size) {
    ssize_t length = recv(fd, data, size, MSG_PEEK | MSG_DONTWAIT);

    return length < 0 ? -errno : length;
}

/* The common part of read and peek: (fd, maxBytes) -> Buffer | null. */
static napi_value take_bytes(napi_env env, napi_callback_info info,
                             ssize_t (*take)(int, void *, size_t), const char *syscall_name) {
    napi_value arguments[2];
    napi_value result;
    int64_t max_bytes;
    ssize_t length;
    void *data;
    int fd;

    if (!get_arguments(env, info, 2, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_integer(env, arguments[1], 1, 16 << 20, &max_bytes))
        return NULL;
    data = malloc((size_t)max_bytes);
    if (data == NULL)
        return throw_errno(env, ENOMEM, syscall_name);
    do
        length = take(fd, data, (size_t)max_bytes);
    while (length == -EINTR);
    if (length == -EAGAIN)
        result = make_null(env);
    else
        result = length < 0 ? throw_errno(env, (int)-length, syscall_name)
                            : make_buffer(env, data, (size_t)length);
    free(data);
    return result;
}

napi_value read_bytes(napi_env env, napi_callback_info info) {
    return take_bytes(env, info, read_now, "read");
}

napi_value peek_bytes(napi_env env, napi_callback_info info) {
    return take_bytes(env, info, peek_now, "recv");
}

napi_value write_bytes(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    const uint8_t *data;
    size_t size;
    ssize_t length;
    int fd;

    if (!get_arguments(env, info, 2, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &data, &size))
        return NULL;
    do
        length = write_now(fd, data, size);
    while (length == -EINTR);
    if (length == -EAGAIN)
        return make_null(env);
    return length < 0 ? throw_errno(env, (int)-length, "write") : make_integer(env, length);
}

napi_value close_fd(napi_env env, napi_callback_info info) {
    napi_value argument;
    int fd;

    if (!get_arguments(env, info, 1, &argument) || !get_fd(env, argument, &fd))
        return NULL;
    /* After EINTR the descriptor is gone all the same (close(2)). */
    if (close(fd) < 0 && errno != EINTR)
        return throw_errno(env, errno, "close");
    return make_undefined(env);
}
