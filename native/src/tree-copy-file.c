/* One file or directory of a copy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io.h"
#include "tree.h"

#define CHUNK_BYTES ((size_t)1 << 20)

static int copy_xattr(int source, int target, const char *name, char *value) {
    ssize_t len = fgetxattr(source, name, value, XATTR_SIZE_MAX);
    if (len < 0)
        return errno == ENODATA ? 0 : -errno;
    if (fsetxattr(target, name, value, (size_t)len, 0) == 0)
        return 0;
    /* Labels of the host's security modules are not ours to carry over. */
    bool optional = strcmp(name, "security.capability") != 0 && strncmp(name, "security.", 9) == 0;
    return optional ? 0 : -errno;
}

static int copy_xattrs(int source, int target) {
    if (flistxattr(source, NULL, 0) == 0)
        return 0;
    CLEANUP_FREE char *names = malloc(XATTR_LIST_MAX);
    CLEANUP_FREE char *value = malloc(XATTR_SIZE_MAX);
    if (names == NULL || value == NULL)
        return -ENOMEM;
    ssize_t len = flistxattr(source, names, XATTR_LIST_MAX);
    if (len < 0)
        return errno == ENOTSUP ? 0 : -errno;
    int r = 0;
    for (ssize_t at = 0; r == 0 && at < len; at += (ssize_t)strlen(names + at) + 1)
        r = copy_xattr(source, target, names + at, value);
    return r;
}

/* The owner first: changing it takes set-id bits and capabilities away. Times last. */
int tree_copy_attributes(int source, int target) {
    struct stat status;
    if (fstat(source, &status) < 0 || fchown(target, status.st_uid, status.st_gid) < 0)
        return -errno;
    int r = copy_xattrs(source, target);
    if (r < 0)
        return r;
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    if (fchmod(target, status.st_mode & 07777) < 0 || futimens(target, times) < 0)
        return -errno;
    return 0;
}

/* Where the kernel cannot copy between the two file systems by itself. */
static int copy_by_hand(int source, int target, off_t from, off_t end) {
    CLEANUP_FREE char *buffer = malloc(CHUNK_BYTES);
    if (buffer == NULL)
        return -ENOMEM;
    while (from < end) {
        size_t wanted = (uint64_t)(end - from) < CHUNK_BYTES ? (size_t)(end - from) : CHUNK_BYTES;
        ssize_t len = pread(source, buffer, wanted, from);
        if (len <= 0)
            return len < 0 ? -errno : 0;
        if (lseek(target, from, SEEK_SET) < 0)
            return -errno;
        int r = io_write_all(target, buffer, (size_t)len);
        if (r < 0)
            return r;
        from += len;
    }
    return 0;
}

static int copy_range(int source, int target, off_t from, off_t end) {
    off_t in = from;
    off_t out = from;
    while (in < end) {
        ssize_t len = copy_file_range(source, &in, target, &out, (size_t)(end - in), 0);
        if (len < 0 &&
            (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS))
            return copy_by_hand(source, target, in, end);
        if (len <= 0)
            return len < 0 ? -errno : 0; /* 0: cut meanwhile */
    }
    return 0;
}

/* Holes stay holes. */
static int copy_content(int source, int target, off_t size) {
    off_t at = 0;
    if (ioctl(target, FICLONE, source) == 0)
        return 0;
    if (ftruncate(target, size) < 0)
        return -errno;
    while (at < size) {
        off_t start = lseek(source, at, SEEK_DATA);
        if (start < 0)
            return errno == ENXIO ? 0 : -errno;
        off_t end = lseek(source, start, SEEK_HOLE);
        if (end < 0)
            return -errno;
        int r = copy_range(source, target, start, end);
        if (r < 0)
            return r;
        at = end;
    }
    return 0;
}

int tree_copy_file(int source_dir, int target_dir, const char *name, uint64_t *ret_bytes) {
    struct stat status;
    CLEANUP_CLOSE int source =
        openat(source_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (source < 0 || fstat(source, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -ESTALE;
    CLEANUP_CLOSE int target =
        openat(target_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return -errno;
    int r = copy_content(source, target, status.st_size);
    if (r == 0)
        r = tree_copy_attributes(source, target);
    if (r < 0)
        unlinkat(target_dir, name, 0);
    else
        *ret_bytes = (uint64_t)status.st_size;
    return r;
}
