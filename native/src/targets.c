#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io.h"
#include "spec.h"

int open_resolved(int dirfd, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
    long fd;
    int tries = 8; /* EAGAIN: a rename somewhere raced with the walk */
    do
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    while (fd < 0 && (errno == EAGAIN || errno == EINTR) && --tries > 0);
    return fd < 0 ? -errno : (int)fd;
}

#define PLAIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#define AS_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
#define PLACE_DIR (O_PATH | O_DIRECTORY | O_NOFOLLOW)

int target_system_dir(int root, const char *name, const char *step, int *ret_fd,
                      struct failure *ret_failure) {
    int fd = open_resolved(root, name, PLACE_DIR, PLAIN | RESOLVE_NO_XDEV);
    if (fd == -ELOOP || fd == -ENOTDIR) {
        if (unlinkat(root, name, 0) < 0)
            return failure_set(ret_failure, step, name, errno, "is no directory: %s",
                               strerror(errno));
        fd = -ENOENT;
    }
    if (fd == -ENOENT) {
        if (mkdirat(root, name, 0755) < 0 && errno != EEXIST)
            return failure_set(ret_failure, step, name, errno, "cannot be made: %s",
                               strerror(errno));
        fd = open_resolved(root, name, PLACE_DIR, PLAIN | RESOLVE_NO_XDEV);
    }
    if (fd < 0)
        return failure_set(ret_failure, step, name, -fd, "%s", strerror(-fd));
    *ret_fd = fd;
    return 0;
}

/* The directory of everything but the last part; *ret_name is that part inside `path`. */
static int open_parent(int root, const char *path, const char **ret_name, int *ret_fd,
                       struct failure *ret_failure) {
    char parent[SPEC_PATH_MAX + 1];
    const char *slash = strrchr(path, '/');
    size_t len = (size_t)(slash - path);
    if (len >= sizeof parent)
        return failure_set(ret_failure, "volume-target", path, ENAMETOOLONG, "path is too long");
    memcpy(parent, path, len);
    parent[len] = '\0';
    *ret_name = slash + 1;
    if (len > 0)
        return target_volume(root, parent, true, ret_fd, ret_failure);
    int fd = open_resolved(root, "/", PLACE_DIR, AS_ROOT);
    if (fd < 0)
        return failure_set(ret_failure, "volume-target", path, -fd, "%s", strerror(-fd));
    *ret_fd = fd;
    return 0;
}

static int make_last(int parent, const char *name, bool directory) {
    if (directory)
        return mkdirat(parent, name, 0755) < 0 ? -errno : 0;
    CLEANUP_CLOSE int fd =
        openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
    return fd < 0 ? -errno : 0;
}

int target_volume(int root, const char *path, bool directory, int *ret_fd,
                  struct failure *ret_failure) {
    uint64_t kind = O_PATH | (directory ? O_DIRECTORY : 0);
    int fd = open_resolved(root, path, kind, AS_ROOT);
    if (fd == -ENOENT) {
        CLEANUP_CLOSE int parent = -EBADF;
        const char *name = "";
        int r = open_parent(root, path, &name, &parent, ret_failure);
        if (r < 0)
            return r;
        r = make_last(parent, name, directory);
        if (r < 0)
            return failure_set(ret_failure, "volume-target", path, -r, "%s",
                               r == -EEXIST ? "is a link that leads nowhere" : strerror(-r));
        fd = open_resolved(parent, name, kind | O_NOFOLLOW, PLAIN);
    }
    if (fd < 0)
        return failure_set(ret_failure, "volume-target", path, -fd, "%s", strerror(-fd));
    struct stat status;
    if (!directory && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
        io_close(&fd);
        return failure_set(ret_failure, "volume-target", path, EISDIR, "is no regular file");
    }
    *ret_fd = fd;
    return 0;
}
