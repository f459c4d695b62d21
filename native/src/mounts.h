/* Making and attaching mounts by descriptor, so that no path is looked up twice.
 *
 * Everything made here is detached until mount_attach(). The step of a failure is the caller's. */
#ifndef JAILD_MOUNTS_H
#define JAILD_MOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"

/* One option of a new file system; value NULL = a flag. */
struct mount_option {
    const char *name;
    const char *value;
};

/* What may not be done on any mount that holds neither programs nor devices. */
#define MOUNT_INERT (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Makes a new file system of `type`, shown as `source` in mount tables. The kernel's own words,
 * when it gave some, go into the failure. */
int mount_new(const char *type, const char *source, const struct mount_option *options,
              size_t n_options, unsigned attributes, const char *step, int *ret_mount,
              struct failure *ret_failure);

/* A tmpfs of at most `bytes` and `inodes` (0: one inode per 4 KiB). */
int mount_new_tmpfs(uint64_t bytes, uint64_t inodes, const char *mode, unsigned attributes,
                    const char *step, int *ret_mount, struct failure *ret_failure);

/* A detached copy of the mount at dirfd/path from that place on, without what is mounted below it;
 * the last part of the path may not be a link. `attributes` are added. When `userns_fd` is not
 * negative, its ids are mapped. */
int mount_clone(int dirfd, const char *path, uint64_t attributes, int userns_fd, const char *step,
                int *ret_mount, struct failure *ret_failure);

/* Puts a detached mount on top of the directory or file behind `target` (any descriptor). */
int mount_attach(int mount, int target, const char *step, const char *path,
                 struct failure *ret_failure);

#endif
