/* Making and asking Unix sockets. Every socket is close-on-exec and non-blocking. */
#include "arguments.h"
#include "functions.h"
#include "unix-address.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool get_socket_type(napi_env env, napi_value value, int *ret_type) {
    char text[16];

    if (!get_text(env, value, text, sizeof text))
        return false;
    if (strcmp(text, "stream") == 0) {
        *ret_type = SOCK_STREAM;
    } else if (strcmp(text, "seqpacket") == 0) {
        *ret_type = SOCK_SEQPACKET;
    } else {
        napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE",
                              "the socket type is stream or seqpacket");
        return false;
    }
    *ret_type |= SOCK_CLOEXEC | SOCK_NONBLOCK;
    return true;
}

napi_value socket_pair(napi_env env, napi_callback_info info) {
    napi_value argument;
    napi_value pair;
    int type;
    int fds[2];

    if (!get_arguments(env, info, 1, &argument) || !get_socket_type(env, argument, &type))
        return NULL;
    if (socketpair(AF_UNIX, type, 0, fds) < 0)
        return throw_errno(env, errno, "socketpair");
    if (napi_create_array_with_length(env, 2, &pair) != napi_ok)
        return NULL;
    napi_set_element(env, pair, 0, make_integer(env, fds[0]));
    napi_set_element(env, pair, 1, make_integer(env, fds[1]));
    return pair;
}

napi_value connect_unix(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char path[UNIX_PATH_BYTES];
    struct unix_address address;
    int type;
    int fd;
    int error;

    if (!get_arguments(env, info, 2, arguments) ||
        !get_text(env, arguments[0], path, sizeof path) ||
        !get_socket_type(env, arguments[1], &type))
        return NULL;
    error = -unix_address_make(path, &address);
    if (error != 0)
        return throw_errno(env, error, "connect");
    fd = socket(AF_UNIX, type, 0);
    error = fd < 0 || connect(fd, (struct sockaddr *)&address.name, address.length) < 0 ? errno : 0;
    unix_address_done(&address);
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        return throw_errno(env, error, "connect");
    }
    return make_integer(env, fd);
}

/* Nobody can connect before listen(), so the mode is final by then whatever the umask is. */
static int bind_and_listen(int fd, const struct unix_address *address, mode_t mode) {
    int error = 0;

    if (bind(fd, (const struct sockaddr *)&address->name, address->length) < 0)
        return errno;
    if (address->name.sun_path[0] == '\0')
        return listen(fd, SOMAXCONN) < 0 ? errno : 0;
    if (chmod(address->name.sun_path, mode) < 0 || listen(fd, SOMAXCONN) < 0) {
        error = errno;
        unlink(address->name.sun_path);
    }
    return error;
}

napi_value listen_unix(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    char path[UNIX_PATH_BYTES];
    struct unix_address address;
    int64_t mode;
    int type;
    int fd;
    int error;

    if (!get_arguments(env, info, 3, arguments) ||
        !get_text(env, arguments[0], path, sizeof path) ||
        !get_socket_type(env, arguments[1], &type) ||
        !get_integer(env, arguments[2], 0, 0777, &mode))
        return NULL;
    error = -unix_address_make(path, &address);
    if (error != 0)
        return throw_errno(env, error, "bind");
    fd = socket(AF_UNIX, type, 0);
    error = fd < 0 ? errno : bind_and_listen(fd, &address, (mode_t)mode);
    unix_address_done(&address);
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        return throw_errno(env, error, "bind");
    }
    return make_integer(env, fd);
}

napi_value peer_credentials(napi_env env, napi_callback_info info) {
    napi_value argument;
    napi_value result;
    struct ucred peer;
    socklen_t length = sizeof peer;
    int fd;

    if (!get_arguments(env, info, 1, &argument) || !get_fd(env, argument, &fd))
        return NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return throw_errno(env, errno, "getsockopt");
    if (napi_create_object(env, &result) != napi_ok)
        return NULL;
    napi_set_named_property(env, result, "pid", make_integer(env, peer.pid));
    napi_set_named_property(env, result, "uid", make_integer(env, peer.uid));
    napi_set_named_property(env, result, "gid", make_integer(env, peer.gid));
    return result;
}

napi_value set_receive_low_water(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int64_t bytes;
    int value;
    int fd;

    if (!get_arguments(env, info, 2, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_integer(env, arguments[1], 1, INT_MAX, &bytes))
        return NULL;
    value = (int)bytes;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value) < 0)
        return throw_errno(env, errno, "setsockopt");
    return make_undefined(env);
}

napi_value notify_service(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    char path[UNIX_PATH_BYTES];
    char text[4096];
    struct unix_address address;
    int fd;
    int error;

    if (!get_arguments(env, info, 2, arguments) ||
        !get_text(env, arguments[0], path, sizeof path) ||
        !get_text(env, arguments[1], text, sizeof text))
        return NULL;
    error = -unix_address_make(path, &address);
    if (error != 0)
        return throw_errno(env, error, "sendto");
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    error = fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                             (struct sockaddr *)&address.name, address.length) < 0
                ? errno
                : 0;
    unix_address_done(&address);
    if (fd >= 0)
        close(fd);
    return error == 0 ? make_undefined(env) : throw_errno(env, error, "sendto");
}
