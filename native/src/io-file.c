/* Descriptors of files: bounded reading, atomic writing, closing everything else. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

#define IO_KEEP_MAX 16

int io_write_all(int fd, const void *data, size_t len) {
    const char *at = data;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        if (written == 0)
            return -EIO;
        at += written;
        len -= (size_t)written;
    }
    return 0;
}

int io_write_file(int dirfd, const char *path, const char *text) {
    CLEANUP_CLOSE int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    if (fd < 0)
        return -errno;
    size_t len = strlen(text);
    ssize_t written = write(fd, text, len);
    if (written < 0)
        return -errno;
    return (size_t)written == len ? 0 : -EIO;
}

int io_read_regular(int fd, size_t limit, char **ret_data, size_t *ret_len) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size < 0 || (uint64_t)status.st_size > limit)
        return -EFBIG;
    size_t size = (size_t)status.st_size;
    CLEANUP_FREE char *data = malloc(size + 1);
    if (data == NULL)
        return -ENOMEM;
    size_t len = 0;
    while (len < size) {
        ssize_t got = pread(fd, data + len, size - len, (off_t)len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    data[len] = '\0';
    *ret_data = data;
    data = NULL;
    *ret_len = len;
    return 0;
}

int io_replace_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
                    bool durable) {
    char fresh[NAME_MAX + 1];
    int n = snprintf(fresh, sizeof fresh, ".%s.new", name);
    if (n < 0 || (size_t)n >= sizeof fresh)
        return -ENAMETOOLONG;
    if (unlinkat(dirfd, fresh, 0) < 0 && errno != ENOENT)
        return -errno;
    CLEANUP_CLOSE int fd =
        openat(dirfd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    int r = io_write_all(fd, data, len);
    if (r == 0 && durable && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && renameat(dirfd, fresh, dirfd, name) < 0)
        r = -errno;
    if (r < 0) {
        unlinkat(dirfd, fresh, 0);
        return r;
    }
    return durable && fsync(dirfd) < 0 ? -errno : 0;
}

static int compare_ints(const void *left, const void *right) {
    int a = *(const int *)left;
    int b = *(const int *)right;
    return (a > b) - (a < b);
}

int io_close_all_but(const int *keep, size_t n) {
    int sorted[IO_KEEP_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (keep[i] < 0)
            continue;
        if (count == IO_KEEP_MAX)
            return -E2BIG;
        sorted[count++] = keep[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_ints);
    unsigned first = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned fd = (unsigned)sorted[i];
        if (fd > first && close_range(first, fd - 1, 0) < 0)
            return -errno;
        if (fd >= first)
            first = fd + 1;
    }
    return close_range(first, UINT_MAX, 0) < 0 ? -errno : 0;
}
