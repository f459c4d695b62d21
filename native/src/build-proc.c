/* /proc and /sys of the jail, and what is covered in them.
 *
 * The wall is the id map: what only the host's root may read or write, the jail's root may not.
 * Masks are for what the kernel shows to everybody, and for depth. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "io.h"
#include "mounts.h"
#include "targets.h"

#define PLAIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

static const char *const proc_masks[] = {
    "acpi",        "bus",   "diskstats",     "driver",     "fs",   "interrupts", "irq",
    "kallsyms",    "kcore", "key-users",     "keys",       "kmsg", "partitions", "latency_stats",
    "sched_debug", "scsi",  "sysrq-trigger", "timer_list", NULL,
};
static const char *const proc_masks_strict[] = {
    "allocinfo",   "asound",       "config.gz",   "crypto",     "dma",        "dynamic_debug",
    "iomem",       "ioports",      "kpagecgroup", "kpagecount", "kpageflags", "modules",
    "mtrr",        "pagetypeinfo", "pressure",    "slabinfo",   "softirqs",   "timer_stats",
    "vmallocinfo", "zoneinfo",     NULL,
};
static const char *const sys_masks[] = {
    "block",
    "class/block",
    "dev/block",
    "devices/virtual/dmi",
    "devices/virtual/powercap",
    "devices/virtual/thermal",
    "firmware",
    NULL,
};

static int mask_one(const struct build *build, int tree, const char *path, const char *step) {
    CLEANUP_CLOSE int mask = -EBADF;
    struct stat status;
    CLEANUP_CLOSE int place = open_resolved(tree, path, O_PATH | O_NOFOLLOW, PLAIN);
    if (place == -ENOENT)
        return 0;
    if (place < 0)
        return failure_set(build->failure, step, path, -place, "%s", strerror(-place));
    if (fstat(place, &status) < 0)
        return failure_set(build->failure, step, path, errno, "%s", strerror(errno));
    int r = mount_clone(build->staging, S_ISDIR(status.st_mode) ? "empty" : "blank",
                        MOUNT_ATTR_RDONLY | MOUNT_INERT, -EBADF, step, &mask, build->failure);
    return r < 0 ? r : mount_attach(mask, place, step, path, build->failure);
}

int build_masks(const struct build *build, int tree, const char *const *paths, const char *step) {
    int r = 0;
    for (size_t i = 0; r == 0 && paths[i] != NULL; i++)
        r = mask_one(build, tree, paths[i], step);
    return r;
}

/* Copies proc/path with `attributes` on top of `place`. */
static int cover(const struct build *build, int tree, const char *path, uint64_t attributes,
                 int place, int *ret_mount) {
    int r =
        mount_clone(tree, path, attributes, -EBADF, "mount-proc-sys", ret_mount, build->failure);
    return r < 0 ? r : mount_attach(*ret_mount, place, "mount-proc-sys", path, build->failure);
}

/* /proc/sys read-only, but for the switches of the jail's own network. The kernel checks the
 * owner of each of these by namespace; the host's are not among them. */
static int mount_proc_sys(const struct build *build, int proc) {
    const struct jail_spec *spec = build->spec;
    bool own_network = spec->network != NETWORK_HOST && spec->profile != PROFILE_STRICT;
    CLEANUP_CLOSE int sys = -EBADF;
    CLEANUP_CLOSE int net = -EBADF;
    CLEANUP_CLOSE int net_clone = -EBADF;
    CLEANUP_CLOSE int sys_place = open_resolved(proc, "sys", O_PATH | O_DIRECTORY, PLAIN);
    if (sys_place < 0)
        return failure_set(build->failure, "mount-proc-sys", "sys", -sys_place, "%s",
                           strerror(-sys_place));
    if (own_network) {
        int r = mount_clone(proc, "sys/net", MOUNT_INERT, -EBADF, "mount-proc-sys", &net_clone,
                            build->failure);
        if (r < 0)
            return r;
    }
    int r = cover(build, proc, "sys", MOUNT_ATTR_RDONLY | MOUNT_INERT, sys_place, &sys);
    if (r < 0 || !own_network)
        return r;
    net = open_resolved(sys, "net", O_PATH | O_DIRECTORY, PLAIN);
    if (net < 0)
        return failure_set(build->failure, "mount-proc-sys", "sys/net", -net, "%s", strerror(-net));
    return mount_attach(net_clone, net, "mount-proc-sys", "sys/net", build->failure);
}

/* With nested user namespaces the kernel allows a new proc or sysfs only where a whole one is
 * already mounted: it lies below a directory that nobody in the jail can enter (its owner is no
 * id of the jail's, so no capability helps). */
static int mount_uncovered(const struct build *build, const char *type, int hidden) {
    CLEANUP_CLOSE int mount = -EBADF;
    int r = mount_new(type, type, NULL, 0, MOUNT_INERT, "mount-uncovered", &mount, build->failure);
    if (r < 0)
        return r;
    if (mkdirat(hidden, type, 0) < 0)
        return failure_set(build->failure, "mount-uncovered", type, errno, "%s", strerror(errno));
    CLEANUP_CLOSE int place = openat(hidden, type, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place < 0)
        return failure_set(build->failure, "mount-uncovered", type, errno, "%s", strerror(errno));
    return mount_attach(mount, place, "mount-uncovered", type, build->failure);
}

static int mount_nesting(const struct build *build) {
    CLEANUP_CLOSE int hidden = -EBADF;
    CLEANUP_CLOSE int dev = open_resolved(build->root, "dev", O_PATH | O_DIRECTORY, PLAIN);
    if (dev < 0)
        return failure_set(build->failure, "mount-uncovered", "dev", -dev, "%s", strerror(-dev));
    build_as(build, false);
    int r = mkdirat(dev, ".kernel", 0) < 0 ? -errno : 0;
    if (r == 0)
        hidden = openat(dev, ".kernel", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (r < 0 || hidden < 0)
        r = failure_set(build->failure, "mount-uncovered", ".kernel", errno, "%s", strerror(errno));
    if (r == 0)
        r = mount_uncovered(build, "proc", hidden);
    if (r == 0)
        r = mount_uncovered(build, "sysfs", hidden);
    build_as(build, true);
    return r;
}

int build_proc(struct build *build) {
    CLEANUP_CLOSE int proc = -EBADF;
    int r = mount_new("proc", "proc", NULL, 0, MOUNT_INERT, "mount-proc", &proc, build->failure);
    if (r == 0)
        r = build_attach(build, proc, "proc", "mount-proc");
    if (r == 0)
        r = mount_proc_sys(build, proc);
    if (r == 0)
        r = build_masks(build, proc, proc_masks, "mask-proc");
    if (r == 0 && build->spec->profile == PROFILE_STRICT)
        r = build_masks(build, proc, proc_masks_strict, "mask-proc");
    if (r == 0 && build->spec->profile == PROFILE_NESTING)
        r = mount_nesting(build);
    return r;
}

/* The jail's own group as the whole tree; only nesting may make groups below it. */
static int mount_cgroup(const struct build *build, int sys) {
    CLEANUP_CLOSE int mount = -EBADF;
    unsigned attributes = build->spec->profile == PROFILE_NESTING ? 0 : MOUNT_ATTR_RDONLY;
    CLEANUP_CLOSE int place = open_resolved(sys, "fs/cgroup", O_PATH | O_DIRECTORY, PLAIN);
    if (place < 0)
        return failure_set(build->failure, "mount-cgroup", "fs/cgroup", -place, "%s",
                           strerror(-place));
    int r = mount_new("cgroup2", "cgroup2", NULL, 0, attributes | MOUNT_INERT, "mount-cgroup",
                      &mount, build->failure);
    return r < 0 ? r : mount_attach(mount, place, "mount-cgroup", "fs/cgroup", build->failure);
}

int build_sys(struct build *build) {
    CLEANUP_CLOSE int sys = -EBADF;
    int r = mount_new("sysfs", "sysfs", NULL, 0, MOUNT_ATTR_RDONLY | MOUNT_INERT, "mount-sys", &sys,
                      build->failure);
    if (r == 0)
        r = build_attach(build, sys, "sys", "mount-sys");
    if (r == 0)
        r = build_masks(build, sys, sys_masks, "mask-sys");
    if (r == 0 && build->spec->cgroup != NULL)
        r = mount_cgroup(build, sys);
    return r;
}
