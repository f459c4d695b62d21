#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot-channel.h"
#include "io.h"
#include "loop.h"
#include "process.h"

/* Kernel file systems show what belongs to the namespaces of whoever mounts them. */
static int join_init(struct build *build) {
    int namespaces = CLONE_NEWIPC | CLONE_NEWCGROUP;
    if (build->spec->network != NETWORK_HOST)
        namespaces |= CLONE_NEWNET;
    if (setns(build->init, namespaces) < 0)
        return failure_set(build->failure, "join-init", "", errno, "%s", strerror(errno));
    return 0;
}

/* The new root takes the place of everything else; the old tree lies on top of it for a moment
 * and is taken off. */
static int pivot(struct build *build) {
    if (fchdir(build->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return failure_set(build->failure, "pivot-root", "", errno, "%s", strerror(errno));
    return 0;
}

/* From here on the mounts are the jail's and locked; ret_fds: namespace, root, terminals. */
static int lock(struct build *build, int *ret_fds) {
    if (setns(build->userns, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
        return failure_set(build->failure, "lock-mounts", "", errno, "%s", strerror(errno));
    ret_fds[0] = openat(build->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    ret_fds[1] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ret_fds[2] = open("/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (size_t i = 0; i < 3; i++)
        if (ret_fds[i] < 0)
            return failure_set(build->failure, "lock-mounts", "", errno, "%s", strerror(errno));
    return 0;
}

static int build_all(struct build *build, int *ret_fds) {
    static int (*const parts[])(struct build *) = {
        join_init, build_staging,     build_overlay, build_dev,       build_proc,
        build_sys, build_run_and_tmp, build_volumes, build_etc_files, pivot,
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof parts / sizeof *parts; i++)
        r = parts[i](build);
    return r < 0 ? r : lock(build, ret_fds);
}

_Noreturn void build_main(const struct jail_spec *spec, int proc, int init, int userns,
                          int channel) {
    struct failure failure = failure_in("boot");
    struct build build = {
        .spec = spec,
        .proc = proc,
        .init = init,
        .userns = userns,
        .staging = -EBADF,
        .root = -EBADF,
        .failure = &failure,
    };
    int fds[3] = {-EBADF, -EBADF, -EBADF};
    process_title("jail-build");
    signals_reset();
    umask(0);
    if (boot_begin_child(&failure) < 0 || build_all(&build, fds) < 0 ||
        boot_tell(channel, 0, fds, 3) < 0) {
        boot_tell_failure(channel, &failure);
        _exit(EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}
