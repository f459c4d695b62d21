#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io.h"
#include "targets.h"

#define OPEN_GROUP (O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
#define PLAIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

static bool is_cgroup2(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

/* "memory.max" needs controller "memory"; files of the core ("cgroup.max.depth") need none. */
static size_t controller_len(const char *file) {
    size_t len = strcspn(file, ".");
    return len == strlen("cgroup") && strncmp(file, "cgroup", len) == 0 ? 0 : len;
}

/* Lets the children of `group` have the controllers that the limits need. Whether that worked is
 * seen when the limits are written: a group may have them from elsewhere. */
static void enable_controllers(int group, const struct jail_spec *spec) {
    char text[72];
    for (size_t i = 0; i < spec->n_cgroup_limits; i++) {
        const char *file = spec->cgroup_limits[i].file;
        size_t len = controller_len(file);
        if (len == 0)
            continue;
        snprintf(text, sizeof text, "+%.*s", (int)len, file);
        io_write_file(group, "cgroup.subtree_control", text);
    }
}

/* Opens `group`/`name`, made when missing. */
static int open_child(int group, const char *name, int *ret_fd) {
    int fd = open_resolved(group, name, OPEN_GROUP, PLAIN);
    if (fd == -ENOENT && is_cgroup2(group)) {
        if (mkdirat(group, name, 0755) < 0 && errno != EEXIST)
            return -errno;
        fd = open_resolved(group, name, OPEN_GROUP, PLAIN);
    }
    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return 0;
}

/* Walks to the group's parent, making what is missing. */
static int open_parent(const struct jail_spec *spec, const char **ret_name, int *ret_fd) {
    char part[SPEC_PATH_MAX + 1];
    CLEANUP_CLOSE int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -errno;
    const char *rest = spec->cgroup + 1;
    for (const char *slash; (slash = strchr(rest, '/')) != NULL; rest = slash + 1) {
        int next = -EBADF;
        snprintf(part, sizeof part, "%.*s", (int)(slash - rest), rest);
        int r = open_child(at, part, &next);
        if (r < 0)
            return r;
        io_close(&at);
        at = next;
        if (is_cgroup2(at))
            enable_controllers(at, spec);
    }
    if (!is_cgroup2(at))
        return -EMEDIUMTYPE;
    *ret_name = rest;
    *ret_fd = io_take(&at);
    return 0;
}

static int write_limits(int group, const struct jail_spec *spec, struct failure *ret_failure) {
    for (size_t i = 0; i < spec->n_cgroup_limits; i++) {
        const struct spec_cgroup_limit *limit = &spec->cgroup_limits[i];
        int r = io_write_file(group, limit->file, limit->value);
        if (r == -ENOENT)
            return failure_set(ret_failure, "cgroup-limit", limit->file, ENOENT,
                               "controller %.*s is not available in %s",
                               (int)strcspn(limit->file, "."), limit->file, spec->cgroup);
        if (r < 0)
            return failure_set(ret_failure, "cgroup-limit", limit->file, -r,
                               "value %.64s was not taken: %s", limit->value, strerror(-r));
    }
    return 0;
}

/* The jail's root may make groups below payload/ and move its processes among them, in bounds; the
 * limit files stay ours. */
static int delegate(int payload, const struct jail_spec *spec) {
    static const char *const files[] = {"cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
    bool nesting = spec->profile == PROFILE_NESTING;
    int r = io_write_file(payload, "cgroup.max.descendants", nesting ? "1024" : "64");
    if (r == 0)
        r = io_write_file(payload, "cgroup.max.depth", nesting ? "16" : "8");
    if (r == 0 && fchown(payload, spec->base, spec->base) < 0)
        r = -errno;
    for (size_t i = 0; r == 0 && i < sizeof files / sizeof *files; i++)
        if (fchownat(payload, files[i], spec->base, spec->base, AT_SYMLINK_NOFOLLOW) < 0)
            r = -errno;
    return r;
}

static int fill(const struct jail_spec *spec, struct jail_runtime *runtime,
                struct failure *ret_failure) {
    int r = write_limits(runtime->cgroup_fd, spec, ret_failure);
    if (r < 0)
        return r;
    if (spec->profile == PROFILE_NESTING)
        enable_controllers(runtime->cgroup_fd, spec);
    r = open_child(runtime->cgroup_fd, "payload", &runtime->payload_fd);
    if (r == 0)
        r = open_child(runtime->cgroup_fd, "sessions", &runtime->sessions_fd);
    if (r == 0)
        r = delegate(runtime->payload_fd, spec);
    if (r < 0)
        return failure_set(ret_failure, "cgroup-make", spec->cgroup, -r, "%s", strerror(-r));
    return 0;
}

int cgroup_make(const struct jail_spec *spec, struct jail_runtime *runtime,
                struct failure *ret_failure) {
    CLEANUP_CLOSE int parent = -EBADF;
    const char *name = "";
    int r = open_parent(spec, &name, &parent);
    if (r < 0)
        return failure_set(ret_failure, "cgroup-open", spec->cgroup, -r, "%s",
                           r == -EMEDIUMTYPE ? "is not in a cgroup2 file system" : strerror(-r));
    CLEANUP_CLOSE int old = open_resolved(parent, name, OPEN_GROUP, PLAIN);
    if (old >= 0) {
        r = cgroup_remove(old);
        if (r < 0)
            return failure_set(ret_failure, "cgroup-make", spec->cgroup, -r,
                               "an old group of that name cannot be removed: %s", strerror(-r));
    }
    r = open_child(parent, name, &runtime->cgroup_fd);
    if (r < 0)
        return failure_set(ret_failure, "cgroup-make", spec->cgroup, -r, "%s", strerror(-r));
    r = fill(spec, runtime, ret_failure);
    if (r < 0)
        cgroup_remove(runtime->cgroup_fd);
    return r;
}
