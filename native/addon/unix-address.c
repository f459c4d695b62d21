#include "unix-address.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A run directory that lies deep (tests, a jail with a long name) makes paths longer than the 107
 * bytes of sun_path. */
static int shorten(const char *path, struct unix_address *address) {
    char directory[UNIX_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t length;
    int written;

    if (slash == NULL || slash == path || (length = (size_t)(slash - path)) >= sizeof directory)
        return -ENAMETOOLONG;
    memcpy(directory, path, length);
    directory[length] = '\0';
    address->directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (address->directory_fd < 0)
        return -errno;
    written = snprintf(address->name.sun_path, sizeof address->name.sun_path, "/proc/self/fd/%d/%s",
                       address->directory_fd, slash + 1);
    if (written < 0 || (size_t)written >= sizeof address->name.sun_path) {
        unix_address_done(address);
        return -ENAMETOOLONG;
    }
    return 0;
}

int unix_address_make(const char *path, struct unix_address *ret_address) {
    size_t length = strlen(path);
    int result = 0;

    memset(ret_address, 0, sizeof *ret_address);
    ret_address->directory_fd = -1;
    ret_address->name.sun_family = AF_UNIX;
    ret_address->length = sizeof ret_address->name;
    if (length == 0)
        return -EINVAL;
    if (path[0] == '@') {
        if (length > sizeof ret_address->name.sun_path)
            return -ENAMETOOLONG;
        memcpy(ret_address->name.sun_path + 1, path + 1, length - 1);
        ret_address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    } else if (length < sizeof ret_address->name.sun_path) {
        memcpy(ret_address->name.sun_path, path, length + 1);
    } else {
        result = shorten(path, ret_address);
    }
    return result;
}

void unix_address_done(struct unix_address *address) {
    if (address->directory_fd >= 0)
        close(address->directory_fd);
    address->directory_fd = -1;
}
