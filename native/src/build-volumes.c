/* Volumes: directories and files of the host that the administrator shows to the jail. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "build.h"
#include "io.h"
#include "mounts.h"
#include "targets.h"

/* A link in the template may lead a volume into /proc or /sys, over a mask. */
static int refuse_kernel_place(const struct build *build, int place, const char *target) {
    struct statfs status;
    if (fstatfs(place, &status) < 0)
        return failure_set(build->failure, "volume-target", target, errno, "%s", strerror(errno));
    if (status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC ||
        status.f_type == CGROUP2_SUPER_MAGIC || status.f_type == DEVPTS_SUPER_MAGIC)
        return failure_set(build->failure, "volume-target", target, EPERM,
                           "leads into a file system of the kernel");
    return 0;
}

static int mount_volume(const struct build *build, const struct spec_volume *volume) {
    CLEANUP_CLOSE int mount = -EBADF;
    CLEANUP_CLOSE int place = -EBADF;
    struct stat status;
    uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    if (!volume->writable)
        attributes |= MOUNT_ATTR_RDONLY;
    int r = mount_clone(AT_FDCWD, volume->source, attributes, -EBADF, "volume-source", &mount,
                        build->failure);
    if (r < 0)
        return r;
    if (fstat(mount, &status) < 0)
        return failure_set(build->failure, "volume-source", volume->source, errno, "%s",
                           strerror(errno));
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
        return failure_set(build->failure, "volume-source", volume->source, EINVAL,
                           "is neither a directory nor a regular file");
    r = target_volume(build->root, volume->target, S_ISDIR(status.st_mode), &place, build->failure);
    if (r == 0)
        r = refuse_kernel_place(build, place, volume->target);
    return r < 0 ? r : mount_attach(mount, place, "mount-volume", volume->target, build->failure);
}

int build_volumes(struct build *build) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < build->spec->n_volumes; i++)
        r = mount_volume(build, &build->spec->volumes[i]);
    return r;
}
