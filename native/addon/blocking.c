/* The one call that waits: ssh2 wants a signature at once, so its worker stands still until the
 * broker has answered. */
#include "functions.h"
#include "message.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
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
