#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "io.h"

#define BYTES_PER_INODE ((uint64_t)4 * 1024)
#define INODES_MIN ((uint64_t)1024)

/* "e overlay: upper fs does not support ..." as the failure's sentence, else the errno's. */
static int fail_new(int context, const char *type, int error, const char *step,
                    struct failure *ret_failure) {
    char words[200];
    ssize_t len = read(context, words, sizeof words - 1);
    if (len <= 2)
        return failure_set(ret_failure, step, type, error, "%s", strerror(error));
    words[len] = '\0';
    words[strcspn(words, "\n")] = '\0';
    return failure_set(ret_failure, step, type, error, "%s: %s", strerror(error), words + 2);
}

int mount_new(const char *type, const char *source, const struct mount_option *options,
              size_t n_options, unsigned attributes, const char *step, int *ret_mount,
              struct failure *ret_failure) {
    CLEANUP_CLOSE int context = fsopen(type, FSOPEN_CLOEXEC);
    if (context < 0)
        return failure_set(ret_failure, step, type, errno, "no file system %s: %s", type,
                           strerror(errno));
    if (fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0) < 0)
        return fail_new(context, type, errno, step, ret_failure);
    for (size_t i = 0; i < n_options; i++) {
        unsigned command = options[i].value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        if (fsconfig(context, command, options[i].name, options[i].value, 0) < 0)
            return fail_new(context, type, errno, step, ret_failure);
    }
    if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return fail_new(context, type, errno, step, ret_failure);
    int mount = fsmount(context, FSOPEN_CLOEXEC, attributes);
    if (mount < 0)
        return fail_new(context, type, errno, step, ret_failure);
    *ret_mount = mount;
    return 0;
}

int mount_new_tmpfs(uint64_t bytes, uint64_t inodes, const char *mode, unsigned attributes,
                    const char *step, int *ret_mount, struct failure *ret_failure) {
    char size_text[24];
    char inodes_text[24];
    if (inodes == 0)
        inodes = bytes / BYTES_PER_INODE;
    if (inodes < INODES_MIN)
        inodes = INODES_MIN;
    snprintf(size_text, sizeof size_text, "%" PRIu64, bytes);
    snprintf(inodes_text, sizeof inodes_text, "%" PRIu64, inodes);
    const struct mount_option options[] = {
        {"size", size_text},
        {"nr_inodes", inodes_text},
        {"mode", mode},
    };
    return mount_new("tmpfs", "tmpfs", options, sizeof options / sizeof *options, attributes, step,
                     ret_mount, ret_failure);
}

int mount_clone(int dirfd, const char *path, uint64_t attributes, int userns_fd, const char *step,
                int *ret_mount, struct failure *ret_failure) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    CLEANUP_CLOSE int mount = open_tree(dirfd, path, flags);
    if (mount < 0)
        return failure_set(ret_failure, step, path, errno, "%s", strerror(errno));
    struct mount_attr change = {
        .attr_set = attributes,
        .propagation = MS_PRIVATE,
    };
    if (userns_fd >= 0) {
        change.attr_set |= MOUNT_ATTR_IDMAP;
        change.userns_fd = (unsigned)userns_fd;
    }
    if (mount_setattr(mount, "", AT_EMPTY_PATH, &change, sizeof change) < 0)
        return failure_set(ret_failure, step, path, errno, "%s%s", strerror(errno),
                           userns_fd >= 0 && errno == EINVAL
                               ? " (does this file system support idmapped mounts?)"
                               : "");
    *ret_mount = io_take(&mount);
    return 0;
}

int mount_attach(int mount, int target, const char *step, const char *path,
                 struct failure *ret_failure) {
    if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return failure_set(ret_failure, step, path, errno, "%s", strerror(errno));
    return 0;
}
