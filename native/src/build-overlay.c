/* The jail's root file system. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "build.h"
#include "io.h"
#include "mounts.h"

void build_as(const struct build *build, bool jail) {
    uid_t id = jail ? build->spec->base : 0;
    setfsgid(id);
    setfsuid(id);
}

static int make_dir(const struct build *build, const char *name) {
    if (mkdirat(build->staging, name, 0755) < 0)
        return failure_set(build->failure, "staging", name, errno, "%s", strerror(errno));
    return 0;
}

static int fill_staging(const struct build *build) {
    char name[24];
    int r = make_dir(build, "r");
    if (r == 0)
        r = make_dir(build, "j");
    if (r == 0)
        r = make_dir(build, "empty");
    for (size_t i = 0; r == 0 && i < build->spec->n_layers; i++) {
        snprintf(name, sizeof name, "l%zu", i);
        r = make_dir(build, name);
    }
    CLEANUP_CLOSE int blank =
        openat(build->staging, "blank", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
    if (r == 0 && blank < 0)
        r = failure_set(build->failure, "staging", "blank", errno, "%s", strerror(errno));
    return r;
}

int build_staging(struct build *build) {
    const char *run_dir = build->spec->run_dir;
    if (unshare(CLONE_NEWNS) < 0)
        return failure_set(build->failure, "unshare-mounts", "", errno, "%s", strerror(errno));
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return failure_set(build->failure, "make-private", "", errno, "%s", strerror(errno));
    CLEANUP_CLOSE int place = open(run_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return failure_set(build->failure, "staging", run_dir, errno, "%s", strerror(errno));
    /* Without a size, so that `df` in the jail does not list the masks. All that the jail ever sees
     * of it is two empty read-only places. */
    const struct mount_option options[] = {{"size", "0"}, {"mode", "0755"}};
    int r = mount_new("tmpfs", "jail", options, 2, MOUNT_INERT, "staging", &build->staging,
                      build->failure);
    if (r == 0)
        r = mount_attach(build->staging, place, "staging", run_dir, build->failure);
    if (r == 0)
        r = fill_staging(build);
    if (r == 0 && fchdir(build->staging) < 0)
        r = failure_set(build->failure, "staging", run_dir, errno, "%s", strerror(errno));
    return r;
}

/* A copy of a host directory at staging/name. */
static int stage(const struct build *build, const char *path, const char *name, uint64_t attributes,
                 int userns, const char *step) {
    CLEANUP_CLOSE int mount = -EBADF;
    CLEANUP_CLOSE int place = -EBADF;
    int r = mount_clone(AT_FDCWD, path, attributes, userns, step, &mount, build->failure);
    if (r < 0)
        return r;
    place = openat(build->staging, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return failure_set(build->failure, step, path, errno, "%s", strerror(errno));
    return mount_attach(mount, place, step, path, build->failure);
}

/* A wrong owner would make an overlay in which the jail's root owns nothing, or everything. */
static int check_owner(const struct build *build, const char *path) {
    struct stat status;
    if (fstatat(build->staging, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return failure_set(build->failure, "check-upper", path, errno, "%s", strerror(errno));
    if (!S_ISDIR(status.st_mode) || status.st_uid != build->spec->base ||
        status.st_gid != build->spec->base)
        return failure_set(build->failure, "check-upper", path, EPERM,
                           "is no directory that belongs to the jail's root");
    return 0;
}

static int become_mounter(const struct build *build) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0 ||
        syscall(SYS_capget, &header, data) < 0)
        return failure_set(build->failure, "become-mounter", "", errno, "%s", strerror(errno));
    data[0].effective &= ~(1u << CAP_SYS_RESOURCE);
    data[0].permitted &= ~(1u << CAP_SYS_RESOURCE);
    data[0].inheritable = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0)
        return failure_set(build->failure, "become-mounter", "", errno, "%s", strerror(errno));
    build_as(build, true);
    return 0;
}

static int mount_overlay(struct build *build) {
    char layers[SPEC_LAYERS_MAX * 4];
    size_t len = 0;
    for (size_t i = 0; i < build->spec->n_layers; i++)
        len += (size_t)snprintf(layers + len, sizeof layers - len, i == 0 ? "l%zu" : ":l%zu", i);
    /* Redirects, and files that are only metadata, could be planted in an upper directory that came
     * from outside; a jail needs neither. */
    const struct mount_option options[] = {
        {"lowerdir", layers},         {"upperdir", "j/upper"}, {"workdir", "j/work"},
        {"redirect_dir", "nofollow"}, {"metacopy", "off"},     {"index", "off"},
    };
    return mount_new("overlay", "overlay", options, sizeof options / sizeof *options,
                     MOUNT_ATTR_NODEV, "mount-overlay", &build->root, build->failure);
}

int build_overlay(struct build *build) {
    const struct jail_spec *spec = build->spec;
    char name[24];
    int r = 0;
    for (size_t i = 0; r == 0 && i < spec->n_layers; i++) {
        snprintf(name, sizeof name, "l%zu", i);
        r = stage(build, spec->layers[i], name, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, build->userns,
                  "mount-layer");
    }
    if (r == 0)
        r = stage(build, spec->dir, "j", MOUNT_ATTR_NODEV, -EBADF, "mount-upper");
    if (r == 0)
        r = check_owner(build, "j/upper");
    if (r == 0)
        r = check_owner(build, "j/work");
    if (r == 0)
        r = become_mounter(build);
    if (r == 0)
        r = mount_overlay(build);
    if (r < 0)
        return r;
    CLEANUP_CLOSE int place = openat(build->staging, "r", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place < 0)
        return failure_set(build->failure, "mount-overlay", "", errno, "%s", strerror(errno));
    return mount_attach(build->root, place, "mount-overlay", "", build->failure);
}
