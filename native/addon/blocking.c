/* The two calls that wait: ssh2 wants a signature at once, so its worker stands still until the
 * broker has answered. */
#include "functions.h"
#include "message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for readiness until the deadline (of the monotonic clock). Returns 0 or -errno. */
static int wait_for(int fd, short events, int64_t deadline_ms) {
    for (;;) {
        struct pollfd item = {.fd = fd, .events = events};
        int64_t left = deadline_ms - now_ms();
        int count = poll(&item, 1, left > 0 ? (int)left : 0);

        if (count > 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0 && left <= 0)
            return -ETIMEDOUT;
    }
}

static int send_all(int fd, const uint8_t *data, size_t length, int64_t deadline_ms) {
    while (length > 0) {
        ssize_t sent = message_send(fd, data, length, NULL, 0);

        if (sent == -EAGAIN) {
            int result = wait_for(fd, POLLOUT, deadline_ms);

            if (result < 0)
                return result;
        } else if (sent < 0) {
            return (int)sent;
        } else {
            data += sent;
            length -= (size_t)sent;
        }
    }
    return 0;
}

/* No byte more than wanted is taken: what follows belongs to the event loop's reader. */
static int receive_all(int fd, uint8_t *data, size_t length, int64_t deadline_ms) {
    while (length > 0) {
        struct received part;
        int result = message_receive(fd, data, length, 0, &part);

        if (result == -EAGAIN)
            result = wait_for(fd, POLLIN, deadline_ms);
        else if (result == 0 && part.length == 0)
            result = -ECONNRESET;
        else if (result == 0) {
            data += part.length;
            length -= part.length;
        }
        if (result < 0)
            return result;
    }
    return 0;
}

/* Reads one frame with its length prefix into memory of its own. */
static int receive_frame(int fd, size_t max_bytes, int64_t deadline_ms, uint8_t **ret_frame,
                         size_t *ret_length) {
    uint32_t prefix;
    size_t length;
    uint8_t *frame;
    int result = receive_all(fd, (uint8_t *)&prefix, sizeof prefix, deadline_ms);

    if (result < 0)
        return result;
    length = ntohl(prefix);
    if (length > max_bytes)
        return -EMSGSIZE;
    frame = malloc(sizeof prefix + length);
    if (frame == NULL)
        return -ENOMEM;
    memcpy(frame, &prefix, sizeof prefix);
    result = receive_all(fd, frame + sizeof prefix, length, deadline_ms);
    if (result < 0) {
        free(frame);
        return result;
    }
    *ret_frame = frame;
    *ret_length = sizeof prefix + length;
    return 0;
}

napi_value call_blocking(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    napi_value result;
    const uint8_t *frame;
    uint8_t *reply = NULL;
    size_t length;
    size_t reply_length = 0;
    int64_t max_bytes;
    int64_t wait_ms;
    int64_t deadline_ms;
    int fd;
    int status;

    if (!get_arguments(env, info, 4, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &frame, &length) ||
        !get_integer(env, arguments[2], 1, 16 << 20, &max_bytes) ||
        !get_integer(env, arguments[3], 0, 600000, &wait_ms))
        return NULL;
    deadline_ms = now_ms() + wait_ms;
    status = send_all(fd, frame, length, deadline_ms);
    if (status < 0)
        return throw_errno(env, -status, "sendmsg");
    status = receive_frame(fd, (size_t)max_bytes, deadline_ms, &reply, &reply_length);
    if (status < 0)
        return throw_errno(env, -status, "recvmsg");
    result = make_buffer(env, reply, reply_length);
    free(reply);
    return result;
}

napi_value receive_blocking(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    napi_value result;
    struct received message;
    int64_t max_bytes;
    int64_t max_fds;
    int64_t wait_ms;
    int64_t deadline_ms;
    uint8_t *data;
    int fd;
    int status;

    if (!get_arguments(env, info, 4, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_integer(env, arguments[1], 1, 16 << 20, &max_bytes) ||
        !get_integer(env, arguments[2], 0, MAX_PASSED_FDS, &max_fds) ||
        !get_integer(env, arguments[3], 0, 600000, &wait_ms))
        return NULL;
    data = malloc((size_t)max_bytes);
    if (data == NULL)
        return throw_errno(env, ENOMEM, "recvmsg");
    deadline_ms = now_ms() + wait_ms;
    do {
        status = message_receive(fd, data, (size_t)max_bytes, (size_t)max_fds, &message);
    } while (status == -EAGAIN && (status = wait_for(fd, POLLIN, deadline_ms)) == 0);
    if (status == -ETIMEDOUT)
        result = make_null(env);
    else
        result =
            status < 0 ? throw_errno(env, -status, "recvmsg") : message_to_value(env, &message);
    free(data);
    return result;
}
