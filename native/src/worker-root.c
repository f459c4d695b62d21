/* A worker's root directory. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io.h"
#include "worker.h"

#define PATH_BYTES 4096

static int fail(struct failure *ret_failure, const char *step, const char *path) {
    int error = errno;
    return failure_set(ret_failure, step, path, error, "%s", strerror(error));
}

/* Makes the parents of a path below the stage, and its last part as a directory or a file. */
static int make_target(const char *target, bool directory) {
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s", target) >= (int)sizeof path)
        return -ENAMETOOLONG;
    for (char *at = path + sizeof WORKER_STAGE; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return -errno;
    }
    if (directory)
        return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);
    return fd < 0 ? -errno : 0;
}

/* Clones one mount (without what is mounted below it), restricts it, attaches it. */
static int bind_one(const char *source, const char *target, uint64_t attributes) {
    struct stat status;
    struct mount_attr restrict_to = {.attr_set = attributes};
    CLEANUP_CLOSE int tree =
        (int)syscall(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || fstat(tree, &status) < 0)
        return -errno;
    int r = make_target(target, S_ISDIR(status.st_mode));
    if (r < 0)
        return r;
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &restrict_to, sizeof restrict_to) < 0 ||
        syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return -errno;
    return 0;
}

static bool inside_path_ok(const char *path) {
    return path[0] == '/' && path[1] != '\0' && strstr(path, "//") == NULL &&
           strstr(path, "/./") == NULL && strstr(path, "/../") == NULL &&
           path[strlen(path) - 1] != '/' && strcmp(path + strlen(path) - 2, "/.") != 0 &&
           (strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..") != 0);
}

static int bind_all(const struct fields_view *message, struct failure *ret_failure) {
    struct field field;
    struct span parts[2];
    char source[PATH_BYTES], inside[PATH_BYTES], target[PATH_BYTES];
    for (size_t cursor = 0; fields_find_next(message, "bind", &cursor, &field);) {
        if (span_split(field.value, parts, 2) < 0 ||
            span_text(parts[0], source, sizeof source) < 0 ||
            span_text(parts[1], inside, sizeof inside) < 0 || source[0] != '/' ||
            !inside_path_ok(inside))
            return failure_set(ret_failure, "bind", "", EINVAL, "not a pair of absolute paths");
        int n = snprintf(target, sizeof target, WORKER_STAGE "%s", inside);
        int r =
            n < (int)sizeof target
                ? bind_one(source, target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
                : -ENAMETOOLONG;
        if (r < 0)
            return failure_set(ret_failure, "bind", source, -r, "%s", strerror(-r));
    }
    return 0;
}

static int make_dev(struct failure *ret_failure) {
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};
    char target[64];
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        snprintf(target, sizeof target, WORKER_STAGE "%s", devices[i]);
        int r = bind_one(devices[i], target, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        if (r < 0)
            return failure_set(ret_failure, "mount-dev", devices[i], -r, "%s", strerror(-r));
    }
    if (mkdir(WORKER_STAGE "/dev/pts", 0755) < 0 ||
        mount("devpts", WORKER_STAGE "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0600,max=16") < 0 ||
        symlink("pts/ptmx", WORKER_STAGE "/dev/ptmx") < 0)
        return fail(ret_failure, "mount-dev", "/dev/pts");
    return 0;
}

/* Node asks /proc for itself: its path, its memory. It shows this pid namespace and nothing else.
 */
static int make_proc(struct failure *ret_failure) {
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
    if (mkdir(WORKER_STAGE "/proc", 0555) < 0 ||
        mount("proc", WORKER_STAGE "/proc", "proc", flags, "subset=pid") < 0)
        return fail(ret_failure, "mount-proc", "/proc");
    return 0;
}

static int enter_root(struct failure *ret_failure) {
    if (chdir(WORKER_STAGE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail(ret_failure, "pivot", "/");
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
        return fail(ret_failure, "pivot", "read-only");
    return 0;
}

int worker_root(const struct fields_view *message, struct failure *ret_failure) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("worker", WORKER_STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") < 0)
        return fail(ret_failure, "mount-root", "/");
    int r = bind_all(message, ret_failure);
    if (r == 0)
        r = make_dev(ret_failure);
    if (r == 0)
        r = make_proc(ret_failure);
    return r < 0 ? r : enter_root(ret_failure);
}
