/* Terminals. */
#include "arguments.h"
#include "functions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The slave comes from the master, not from a path: /dev/pts may be another instance or hold a
 * link. */
napi_value open_pty(napi_env env, napi_callback_info info) {
    napi_value result;
    int unlock = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int slave;

    (void)info;
    if (master < 0)
        return throw_errno(env, errno, "openpt");
    slave = ioctl(master, TIOCSPTLCK, &unlock) < 0
                ? -1
                : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) {
        int error = errno;

        close(master);
        return throw_errno(env, error, "openpt");
    }
    if (napi_create_object(env, &result) != napi_ok) {
        close(slave);
        close(master);
        return NULL;
    }
    napi_set_named_property(env, result, "master", make_integer(env, master));
    napi_set_named_property(env, result, "slave", make_integer(env, slave));
    return result;
}

napi_value set_window_size(napi_env env, napi_callback_info info) {
    napi_value arguments[5];
    int64_t numbers[4];
    struct winsize size;
    int fd;

    if (!get_arguments(env, info, 5, arguments) || !get_fd(env, arguments[0], &fd))
        return NULL;
    for (size_t i = 0; i < 4; i++)
        if (!get_integer(env, arguments[i + 1], 0, UINT16_MAX, &numbers[i]))
            return NULL;
    size.ws_col = (unsigned short)numbers[0];
    size.ws_row = (unsigned short)numbers[1];
    size.ws_xpixel = (unsigned short)numbers[2];
    size.ws_ypixel = (unsigned short)numbers[3];
    if (ioctl(fd, TIOCSWINSZ, &size) < 0)
        return throw_errno(env, errno, "ioctl");
    return make_undefined(env);
}
