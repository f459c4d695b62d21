#ifndef JAILD_ADDON_MESSAGE_H
#define JAILD_ADDON_MESSAGE_H

#include "arguments.h"

#include <sys/types.h>

/* One received message. The descriptors in `fds` are close-on-exec and belong to whoever asked. */
struct received {
    uint8_t *data;
    size_t length;
    int fds[MAX_PASSED_FDS];
    size_t fd_count;
};

/* Sends without waiting and without SIGPIPE. Returns the bytes taken or -errno (-EAGAIN: would
 * block). */
ssize_t message_send(int fd, const void *data, size_t length, const int *fds, size_t fd_count);

/* Receives without waiting into `data` (`size` bytes). Returns 0 or -errno: -EAGAIN would block;
 * -EBADMSG when more than `max_fds` descriptors or other control data came (all of them closed);
 * -EMSGSIZE when a packet was longer than `size`. */
int message_receive(int fd, uint8_t *data, size_t size, size_t max_fds,
                    struct received *ret_message);

/* {data, fds} for JavaScript, which owns the descriptors from then on; closes them when it cannot
 * be made. */
napi_value message_to_value(napi_env env, const struct received *message);

#endif
