/* /dev, /run and /tmp: sized tmpfs of the jail's own. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "build.h"
#include "io.h"
#include "mounts.h"
#include "targets.h"

#define DEV_BYTES ((uint64_t)1024 * 1024)
#define DEV_INODES 2048
#define TTY_GROUP 5 /* "tty" in every distribution */
#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

int build_tmpfs(const struct build *build, uint64_t bytes, uint64_t inodes, const char *mode,
                unsigned attributes, const char *step, int *ret_mount) {
    uid_t base = build->spec->base;
    build_as(build, false);
    int r = mount_new_tmpfs(bytes, inodes, mode, attributes, step, ret_mount, build->failure);
    build_as(build, true);
    if (r == 0 && fchownat(*ret_mount, "", base, base, AT_EMPTY_PATH) < 0)
        r = failure_set(build->failure, step, "", errno, "%s", strerror(errno));
    return r;
}

int build_attach(const struct build *build, int mount, const char *name, const char *step) {
    CLEANUP_CLOSE int place = -EBADF;
    int r = target_system_dir(build->root, name, step, &place, build->failure);
    return r < 0 ? r : mount_attach(mount, place, step, name, build->failure);
}

static int make_node(const struct build *build, int dev, const char *name, unsigned major_number,
                     unsigned minor_number) {
    if (mknodat(dev, name, S_IFCHR | 0666, makedev(major_number, minor_number)) < 0)
        return failure_set(build->failure, "make-device", name, errno, "%s", strerror(errno));
    return 0;
}

static int make_devices(const struct build *build, int dev) {
    static const struct {
        const char *name;
        unsigned minor;
    } memory[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof memory / sizeof *memory; i++)
        r = make_node(build, dev, memory[i].name, 1, memory[i].minor);
    if (r == 0)
        r = make_node(build, dev, "tty", 5, 0);
    if (r == 0 && (build->spec->devices & DEVICE_FUSE))
        r = make_node(build, dev, "fuse", 10, 229);
    if (r == 0 && (build->spec->devices & DEVICE_NET_TUN)) {
        if (mkdirat(dev, "net", 0755) < 0)
            return failure_set(build->failure, "make-device", "net", errno, "%s", strerror(errno));
        r = make_node(build, dev, "net/tun", 10, 200);
    }
    return r;
}

static int make_links(const struct build *build, int dev) {
    static const char *const links[][2] = {
        {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
        {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlinkat(links[i][1], dev, links[i][0]) < 0)
            return failure_set(build->failure, "make-device", links[i][0], errno, "%s",
                               strerror(errno));
    return 0;
}

/* Makes the directory dev/name and covers it; the tmpfs is fresh, so nothing can be in the way. */
static int attach_in_dev(const struct build *build, int dev, int mount, const char *name,
                         const char *step) {
    if (mkdirat(dev, name, 0755) < 0)
        return failure_set(build->failure, step, name, errno, "%s", strerror(errno));
    CLEANUP_CLOSE int place = openat(dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return failure_set(build->failure, step, name, errno, "%s", strerror(errno));
    return mount_attach(mount, place, step, name, build->failure);
}

static int mount_devpts(const struct build *build, int dev) {
    char group[16];
    char max[16];
    CLEANUP_CLOSE int mount = -EBADF;
    snprintf(group, sizeof group, "%" PRIu32, build->spec->base + TTY_GROUP);
    snprintf(max, sizeof max, "%u", build->spec->pts_max);
    const struct mount_option options[] = {
        {"newinstance", NULL}, {"gid", group}, {"mode", "0620"}, {"ptmxmode", "0666"}, {"max", max},
    };
    int r =
        mount_new("devpts", "devpts", options, sizeof options / sizeof *options,
                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "mount-devpts", &mount, build->failure);
    return r < 0 ? r : attach_in_dev(build, dev, mount, "pts", "mount-devpts");
}

static int mount_mqueue(const struct build *build, int dev) {
    CLEANUP_CLOSE int mount = -EBADF;
    int r =
        mount_new("mqueue", "mqueue", NULL, 0, MOUNT_INERT, "mount-mqueue", &mount, build->failure);
    return r < 0 ? r : attach_in_dev(build, dev, mount, "mqueue", "mount-mqueue");
}

static int mount_shm(const struct build *build, int dev) {
    CLEANUP_CLOSE int mount = -EBADF;
    int r = build_tmpfs(build, build->spec->shm_bytes, 0, "1777", QUIET, "mount-shm", &mount);
    return r < 0 ? r : attach_in_dev(build, dev, mount, "shm", "mount-shm");
}

/* The host keeper's copy of the toolbox, a mount of its own; a keeper without one makes jails
 * without one. */
static int mount_toolbox(const struct build *build, int dev) {
    CLEANUP_CLOSE int mount = -EBADF;
    struct statx status;
    if (statx(AT_FDCWD, TOOLBOX_STAGE, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) < 0 ||
        !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return 0;
    int r = mount_clone(AT_FDCWD, TOOLBOX_STAGE, MOUNT_ATTR_RDONLY | QUIET, -EBADF, "mount-toolbox",
                        &mount, build->failure);
    if (r < 0)
        return r;
    return attach_in_dev(build, dev, mount, &TOOLBOX_INSIDE[strlen("/dev/")], "mount-toolbox");
}

int build_dev(struct build *build) {
    CLEANUP_CLOSE int dev = -EBADF;
    int r = build_tmpfs(build, DEV_BYTES, DEV_INODES, "0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                        "mount-dev", &dev);
    if (r == 0)
        r = build_attach(build, dev, "dev", "mount-dev");
    if (r == 0)
        r = make_devices(build, dev);
    if (r == 0)
        r = make_links(build, dev);
    if (r == 0)
        r = mount_devpts(build, dev);
    if (r == 0)
        r = mount_shm(build, dev);
    if (r == 0)
        r = mount_mqueue(build, dev);
    return r < 0 ? r : mount_toolbox(build, dev);
}

int build_run_and_tmp(struct build *build) {
    CLEANUP_CLOSE int run = -EBADF;
    CLEANUP_CLOSE int tmp = -EBADF;
    int r = build_tmpfs(build, build->spec->run_bytes, 0, "0755", QUIET, "mount-run", &run);
    if (r == 0)
        r = build_attach(build, run, "run", "mount-run");
    if (r == 0 && mkdirat(run, "lock", 01777) < 0)
        r = failure_set(build->failure, "mount-run", "lock", errno, "%s", strerror(errno));
    if (r == 0)
        r = build_tmpfs(build, build->spec->tmp_bytes, 0, "1777", QUIET, "mount-tmp", &tmp);
    return r < 0 ? r : build_attach(build, tmp, "tmp", "mount-tmp");
}
