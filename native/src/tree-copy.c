/* Snapshots and copies of trusted trees. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "tree.h"
#include "walk.h"

#define DEPTH_MAX 512 /* each level keeps its target open */

struct copying {
    struct tree_copy *copy;
    struct failure *failure;
    int targets[DEPTH_MAX];
};

static int report(const struct copying *copying, const struct walk_dir *dir, const char *name,
                  int error) {
    char path[512];
    return failure_set(copying->failure, "copy", walk_path(dir, name, path, sizeof path), error,
                       "%s", strerror(error));
}

static bool is_excluded(const struct tree_copy *copy, const struct walk_dir *dir,
                        const char *name) {
    size_t len = strlen(dir->path);
    for (size_t i = 0; i < copy->n_exclude; i++) {
        const char *path = copy->exclude[i];
        if (len > 0 && (strncmp(path, dir->path, len) != 0 || path[len] != '/'))
            continue;
        if (strcmp(path + (len == 0 ? 0 : len + 1), name) == 0)
            return true;
    }
    return false;
}

static bool is_public(mode_t mode) {
    mode_t needed = S_ISDIR(mode) ? S_IROTH | S_IXOTH : S_IROTH;
    return S_ISLNK(mode) || (mode & needed) == needed;
}

static int copy_symlink(int source, int target, const char *name) {
    char text[PATH_MAX];
    struct stat status;
    ssize_t len = readlinkat(source, name, text, sizeof text - 1);
    if (len < 0 || fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    text[len] = '\0';
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    if (symlinkat(text, target, name) < 0 ||
        fchownat(target, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        utimensat(target, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return 0;
}

/* 1: linked; 0: has to be copied. The link is made before it is judged: looked at first, the file
 * could be another one by then (the host's package manager replaces files by rename). */
static int try_link(struct copying *copying, const struct walk_dir *dir, int target,
                    const char *name) {
    struct tree_copy *copy = copying->copy;
    struct stat status;
    if (!copy->link)
        return 0;
    if (linkat(dir->fd, name, target, name, 0) < 0) {
        if (errno == EXDEV || errno == EPERM || errno == EOPNOTSUPP)
            copy->link = false; /* not between these two file systems */
        else if (errno != EMLINK)
            return errno == ENOENT ? 1 : -errno;
        return 0;
    }
    if (fstatat(target, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (copy->public_only && !is_public(status.st_mode)) {
        copy->skipped++;
        return unlinkat(target, name, 0) < 0 ? -errno : 1;
    }
    copy->files++;
    copy->bytes += S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    return 1;
}

static int copy_entry(struct copying *copying, const struct walk_dir *dir, int target,
                      const char *name) {
    struct tree_copy *copy = copying->copy;
    struct stat status;
    uint64_t bytes = 0;
    if (fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (copy->public_only && !is_public(status.st_mode)) {
        copy->skipped++;
        return 0;
    }
    int r = S_ISLNK(status.st_mode) ? copy_symlink(dir->fd, target, name)
                                    : tree_copy_file(dir->fd, target, name, &bytes);
    if (r == 0) {
        copy->files++;
        copy->bytes += bytes;
    }
    return r;
}

static int take_directory(struct copying *copying, const struct walk_dir *dir, int target,
                          const char *name) {
    struct stat status;
    if (fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (copying->copy->public_only && !is_public(status.st_mode)) {
        copying->copy->skipped++;
        return 0;
    }
    if (dir->depth + 1 >= DEPTH_MAX)
        return -ELOOP;
    return mkdirat(target, name, 0700) < 0 ? -errno : WALK_DESCEND;
}

static int entry(void *context, const struct walk_dir *dir, const char *name, unsigned char type) {
    struct copying *copying = context;
    int target = copying->targets[dir->depth];
    int r = 0;
    if (copying->copy->n_exclude > 0 && is_excluded(copying->copy, dir, name))
        return 0;
    if (type == DT_DIR) {
        r = take_directory(copying, dir, target, name);
    } else if (type == DT_REG || type == DT_LNK) {
        r = try_link(copying, dir, target, name);
        if (r == 0)
            r = copy_entry(copying, dir, target, name);
        else if (r > 0)
            r = 0;
    } else {
        copying->copy->skipped++;
    }
    return r < 0 ? report(copying, dir, name, -r) : r;
}

static int enter(void *context, const struct walk_dir *dir) {
    struct copying *copying = context;
    if (dir->depth == 0)
        return 0;
    int fd = openat(copying->targets[dir->depth - 1], dir->name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return report(copying, dir, "", errno);
    copying->targets[dir->depth] = fd;
    return 0;
}

/* Times of a directory are right only when nothing is made in it any more. */
static int leave(void *context, const struct walk_dir *dir, const char *name) {
    struct copying *copying = context;
    CLEANUP_CLOSE int target = io_take(&copying->targets[dir->depth + 1]);
    CLEANUP_CLOSE int source =
        openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = source < 0 ? -errno : tree_copy_attributes(source, target);
    return r < 0 ? report(copying, dir, name, -r) : 0;
}

int tree_copy(int source, int target, struct tree_copy *copy, struct failure *ret_failure) {
    const struct walk_visitor visitor = {.enter = enter, .entry = entry, .leave = leave};
    CLEANUP_FREE struct copying *copying = calloc(1, sizeof *copying);
    if (copying == NULL)
        return failure_set(ret_failure, "copy", "", ENOMEM, "no memory");
    copying->copy = copy;
    copying->failure = ret_failure;
    for (size_t i = 0; i < DEPTH_MAX; i++)
        copying->targets[i] = -EBADF;
    copying->targets[0] = target;
    int r = walk_tree(source, &visitor, copying, ret_failure);
    io_close_array(copying->targets + 1, DEPTH_MAX - 1);
    if (r == 0)
        r = tree_copy_attributes(source, target);
    return r < 0 ? failure_set(ret_failure, "copy", "", -r, "%s", strerror(-r)) : 0;
}
