/* Messages with descriptors. */
#include "functions.h"
#include "message.h"

#include <errno.h>
#include <stdlib.h>

/* Absent means none. */
static bool get_fd_list(napi_env env, napi_value value, int *ret_fds, size_t *ret_count) {
    napi_valuetype type;
    bool is_array = false;
    uint32_t count;

    *ret_count = 0;
    if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined)
        return true;
    if (napi_is_array(env, value, &is_array) != napi_ok || !is_array ||
        napi_get_array_length(env, value, &count) != napi_ok || count > MAX_PASSED_FDS) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE",
                              "a short array of descriptors is wanted");
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        napi_value item;

        if (napi_get_element(env, value, i, &item) != napi_ok || !get_fd(env, item, &ret_fds[i]))
            return false;
    }
    *ret_count = count;
    return true;
}

napi_value send_message(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    const uint8_t *data;
    int fds[MAX_PASSED_FDS];
    size_t length;
    size_t fd_count;
    ssize_t sent;
    int fd;

    if (!get_arguments(env, info, 3, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_bytes(env, arguments[1], &data, &length) ||
        !get_fd_list(env, arguments[2], fds, &fd_count))
        return NULL;
    /* A stream carries descriptors only with a byte; an empty packet would look like the end. */
    if (length == 0)
        return throw_errno(env, EINVAL, "sendmsg");
    sent = message_send(fd, data, length, fds, fd_count);
    if (sent < 0)
        return sent == -EAGAIN ? make_null(env) : throw_errno(env, (int)-sent, "sendmsg");
    return make_integer(env, sent);
}

napi_value receive_message(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    napi_value result;
    struct received message;
    int64_t max_bytes;
    int64_t max_fds;
    uint8_t *data;
    int fd;
    int error;

    if (!get_arguments(env, info, 3, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_integer(env, arguments[1], 1, 16 << 20, &max_bytes) ||
        !get_integer(env, arguments[2], 0, MAX_PASSED_FDS, &max_fds))
        return NULL;
    data = malloc((size_t)max_bytes);
    if (data == NULL)
        return throw_errno(env, ENOMEM, "recvmsg");
    error = -message_receive(fd, data, (size_t)max_bytes, (size_t)max_fds, &message);
    if (error == EAGAIN)
        result = make_null(env);
    else
        result = error == 0 ? message_to_value(env, &message) : throw_errno(env, error, "recvmsg");
    free(data);
    return result;
}
