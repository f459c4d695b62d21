/* Locks and sealed memory files. */
#include "arguments.h"
#include "functions.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static const struct {
    const char *name;
    int operation;
} lock_kinds[] = {
    {"exclusive", LOCK_EX},
    {"shared", LOCK_SH},
    {"unlock", LOCK_UN},
};

napi_value lock_file(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    napi_value result;
    char name[16];
    bool non_blocking;
    int operation = 0;
    int status;
    int fd;

    if (!get_arguments(env, info, 3, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_text(env, arguments[1], name, sizeof name) ||
        !get_boolean(env, arguments[2], &non_blocking))
        return NULL;
    for (size_t i = 0; i < sizeof lock_kinds / sizeof lock_kinds[0]; i++)
        if (strcmp(lock_kinds[i].name, name) == 0)
            operation = lock_kinds[i].operation;
    if (operation == 0)
        return throw_errno(env, EINVAL, "flock");
    do
        status = flock(fd, operation | (non_blocking ? LOCK_NB : 0));
    while (status < 0 && errno == EINTR);
    if (status < 0 && errno != EWOULDBLOCK)
        return throw_errno(env, errno, "flock");
    return napi_get_boolean(env, status == 0, &result) == napi_ok ? result : NULL;
}

static int fill_and_seal(int fd, const uint8_t *data, size_t length) {
    size_t done = 0;

    while (done < length) {
        ssize_t written = write(fd, data + done, length - done);

        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0)
            done += (size_t)written;
    }
    if (lseek(fd, 0, SEEK_SET) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -errno;
    return 0;
}

napi_value memory_file(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    const uint8_t *data;
    size_t length;
    char name[128];
    int fd;
    int result;

    if (!get_arguments(env, info, 2, arguments) ||
        !get_text(env, arguments[0], name, sizeof name) ||
        !get_bytes(env, arguments[1], &data, &length))
        return NULL;
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    /* Kernels before 6.3 do not know the last flag. */
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return throw_errno(env, errno, "memfd_create");
    result = fill_and_seal(fd, data, length);
    if (result < 0) {
        close(fd);
        return throw_errno(env, -result, "memfd_create");
    }
    return make_integer(env, fd);
}
