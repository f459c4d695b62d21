#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    char bytes[CMSG_SPACE(sizeof(int) * MAX_PASSED_FDS)];
    struct cmsghdr align;
};

ssize_t message_send(int fd, const void *data, size_t length, const int *fds, size_t fd_count) {
    union control control;
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = length};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (fd_count > MAX_PASSED_FDS)
        return -E2BIG;
    if (fd_count > 0) {
        struct cmsghdr *item;

        memset(&control, 0, sizeof control);
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(item), fds, sizeof(int) * fd_count);
    }
    do
        sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

static void close_all(struct received *message) {
    for (size_t i = 0; i < message->fd_count; i++)
        close(message->fds[i]);
    message->fd_count = 0;
}

/* Takes every descriptor out of the control data, so that none stays open unseen. Returns false for
 * data that is no descriptor. */
static bool collect_fds(struct msghdr *header, struct received *message) {
    bool clean = true;

    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL;
         item = CMSG_NXTHDR(header, item)) {
        size_t count;

        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) {
            clean = false;
            continue;
        }
        count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(item) + i * sizeof fd, sizeof fd);
            if (message->fd_count == MAX_PASSED_FDS) {
                close(fd);
                clean = false;
            } else {
                message->fds[message->fd_count++] = fd;
            }
        }
    }
    return clean;
}

int message_receive(int fd, uint8_t *data, size_t size, size_t max_fds,
                    struct received *ret_message) {
    union control control;
    struct iovec part = {.iov_base = data, .iov_len = size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t length;
    bool clean;

    memset(ret_message, 0, sizeof *ret_message);
    if (max_fds > 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * max_fds);
    }
    do
        length = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -errno;
    clean = collect_fds(&header, ret_message);
    /* CMSG_SPACE rounds up, so that one more than asked for can fit. */
    if (!clean || (header.msg_flags & MSG_CTRUNC) != 0 || ret_message->fd_count > max_fds) {
        close_all(ret_message);
        return -EBADMSG;
    }
    if ((header.msg_flags & MSG_TRUNC) != 0) {
        close_all(ret_message);
        return -EMSGSIZE;
    }
    ret_message->data = data;
    ret_message->length = (size_t)length;
    return 0;
}

napi_value message_to_value(napi_env env, const struct received *message) {
    struct received copy = *message;
    napi_value result;
    napi_value fds;
    napi_value data = make_buffer(env, message->data, message->length);

    if (data == NULL || napi_create_object(env, &result) != napi_ok ||
        napi_create_array_with_length(env, message->fd_count, &fds) != napi_ok) {
        close_all(&copy);
        return NULL;
    }
    for (size_t i = 0; i < message->fd_count; i++)
        napi_set_element(env, fds, (uint32_t)i, make_integer(env, message->fds[i]));
    napi_set_named_property(env, result, "data", data);
    napi_set_named_property(env, result, "fds", fds);
    return result;
}
