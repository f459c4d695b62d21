#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io.h"
#include "targets.h"
#include "tree.h"
#include "walk.h"

/* Why an entry could not be removed, when a flag on it or on its directory forbids that. */
static const char *find_flag(int dir, const char *name) {
    CLEANUP_CLOSE int fd = open_resolved(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    long flags = 0;
    if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 &&
        (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0)
        return "is marked immutable or append-only (chattr -i -a)";
    if (ioctl(dir, FS_IOC_GETFLAGS, &flags) == 0 && (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0)
        return "lies in a directory marked immutable or append-only (chattr -i -a)";
    return NULL;
}

static int report(struct failure *failure, const struct walk_dir *dir, const char *name,
                  int error) {
    char path[512];
    const char *flag = error == EPERM ? find_flag(dir->fd, name) : NULL;
    return failure_set(failure, "remove", walk_path(dir, name, path, sizeof path), error, "%s",
                       flag != NULL ? flag : strerror(error));
}

static int remove_entry(void *context, const struct walk_dir *dir, const char *name,
                        unsigned char type) {
    if (type == DT_DIR)
        return WALK_DESCEND;
    if (unlinkat(dir->fd, name, 0) < 0 && errno != ENOENT)
        return report(context, dir, name, errno);
    return WALK_REMOVED;
}

static int remove_directory(void *context, const struct walk_dir *dir, const char *name) {
    if (unlinkat(dir->fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return report(context, dir, name, errno);
    return WALK_REMOVED;
}

int tree_empty(int root, uint64_t *progress, struct failure *ret_failure) {
    const struct walk_visitor visitor = {
        .entry = remove_entry,
        .leave = remove_directory,
        .progress = progress,
    };
    return walk_tree(root, &visitor, ret_failure, ret_failure);
}
