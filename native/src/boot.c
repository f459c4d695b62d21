#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot-channel.h"
#include "build.h"
#include "cgroup.h"
#include "filter.h"
#include "init.h"
#include "io.h"
#include "jail-limits.h"
#include "namespaces.h"
#include "net.h"
#include "process.h"

#define DEADLINE_MS 6000 /* for each of four steps */

/* A boot under way; everything in it is undone by undo(). */
struct boot {
    const struct jail_spec *spec;
    struct jail_runtime *runtime;
    struct failure *failure;
    int proc;
    int channel; /* to the maker, then to init */
    int userns;
    pid_t maker;
    pid_t builder;
    int built; /* from the builder */
    bool network;
};

/* Everything is read and written below one descriptor that is proved to be the kernel's. */
static int open_proc(struct boot *boot) {
    struct statfs status;
    boot->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (boot->proc < 0 || fstatfs(boot->proc, &status) < 0)
        return failure_set(boot->failure, "open-proc", "/proc", errno, "%s", strerror(errno));
    if (status.f_type != PROC_SUPER_MAGIC)
        return failure_set(boot->failure, "open-proc", "/proc", EMEDIUMTYPE,
                           "is not the kernel's proc file system");
    return 0;
}

static int reap(pid_t *pid) {
    int status = 0;
    pid_t got;
    if (*pid <= 0)
        return 0;
    do
        got = waitpid(*pid, &status, 0);
    while (got < 0 && errno == EINTR);
    *pid = 0;
    return got >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int open_init(struct boot *boot) {
    char path[32];
    boot->runtime->init_pidfd = pidfd_open(boot->runtime->init_pid, 0);
    if (boot->runtime->init_pidfd < 0)
        return failure_set(boot->failure, "open-init", "", errno, "%s", strerror(errno));
    snprintf(path, sizeof path, "%d/ns/user", boot->runtime->init_pid);
    boot->userns = openat(boot->proc, path, O_RDONLY | O_CLOEXEC);
    if (boot->userns < 0)
        return failure_set(boot->failure, "open-init", "", errno, "%s", strerror(errno));
    return 0;
}

/* Ends with an init that waits for its mounts. */
static int make_namespaces(struct boot *boot) {
    CLEANUP_CLOSE int far = -EBADF;
    int r = io_socket_pair(&boot->channel, &far);
    if (r < 0)
        return failure_set(boot->failure, "socket-pair", "", -r, "%s", strerror(-r));
    r = namespaces_start(boot->spec, boot->runtime, boot->proc, far, boot->failure);
    if (r < 0)
        return r;
    boot->maker = r;
    io_close(&far);
    r = boot_hear(boot->channel, DEADLINE_MS, "make-namespaces", NULL, NULL, 0, boot->failure);
    if (r == 0)
        r = namespaces_configure(boot->spec, boot->proc, boot->maker, boot->failure);
    if (r == 0 && (r = boot_tell(boot->channel, 0, NULL, 0)) < 0)
        failure_set(boot->failure, "start-init", "", -r, "%s", strerror(-r));
    if (r == 0)
        r = boot_hear(boot->channel, DEADLINE_MS, "start-init", &boot->runtime->init_pid, NULL, 0,
                      boot->failure);
    return r < 0 ? r : open_init(boot);
}

/* A proc file system shows the pid namespace in which its mounter lives, not the one of its
 * children, so the builder is born in the jail's. */
static int start_builder(struct boot *boot) {
    CLEANUP_CLOSE int far = -EBADF;
    CLEANUP_CLOSE int own = openat(boot->proc, "self/ns/pid", O_RDONLY | O_CLOEXEC);
    int r = own < 0 ? -errno : io_socket_pair(&boot->built, &far);
    if (r == 0 && setns(boot->runtime->init_pidfd, CLONE_NEWPID) < 0)
        r = -errno;
    if (r < 0)
        return failure_set(boot->failure, "start-builder", "", -r, "%s", strerror(-r));
    boot->builder = process_fork(-EBADF);
    if (boot->builder == 0)
        build_main(boot->spec, boot->proc, boot->runtime->init_pidfd, boot->userns, far);
    r = setns(own, CLONE_NEWPID) < 0 ? -errno : boot->builder < 0 ? boot->builder : 0;
    if (r < 0)
        return failure_set(boot->failure, "start-builder", "", -r, "%s", strerror(-r));
    return 0;
}

/* Mounts and network are made side by side. */
static int build(struct boot *boot) {
    int fds[3] = {-EBADF, -EBADF, -EBADF};
    int r = start_builder(boot);
    if (r == 0)
        r = net_set_up(boot->spec, boot->runtime->init_pidfd, boot->proc, boot->failure);
    boot->network = r == 0 && boot->spec->network == NETWORK_NAT;
    if (r == 0)
        r = boot_hear(boot->built, DEADLINE_MS, "build-mounts", NULL, fds, 3, boot->failure);
    if (r < 0)
        return r;
    boot->runtime->root_fd = fds[1];
    boot->runtime->devpts_fd = fds[2];
    r = boot_tell(boot->channel, 0, fds, 1);
    io_close(&fds[0]);
    if (r < 0)
        return failure_set(boot->failure, "hand-over-mounts", "", -r, "%s", strerror(-r));
    return 0;
}

/* An init of the template's own says nothing when it is executed: the channel just closes. */
static int wait_ready(struct boot *boot) {
    struct failure failure = failure_in("boot");
    int r = boot_hear(boot->channel, DEADLINE_MS, "ready", NULL, NULL, 0, &failure);
    if (r == -EPIPE && boot->spec->init_argv[0] != NULL) {
        siginfo_t info = {0};
        r = waitid(P_PIDFD, (id_t)boot->runtime->init_pidfd, &info, WEXITED | WNOHANG | WNOWAIT);
        if (r == 0 && info.si_pid == 0)
            return 0;
        r = failure_set(boot->failure, "execute-init", boot->spec->init_argv[0], ECHILD,
                        "has ended at once");
    }
    if (r < 0 && boot->failure->error == 0)
        *boot->failure = failure;
    return r;
}

static void undo(struct boot *boot) {
    pid_t init = boot->runtime->init_pid;
    if (boot->maker > 0)
        kill(boot->maker, SIGKILL);
    if (boot->builder > 0)
        kill(boot->builder, SIGKILL);
    if (init > 0)
        kill(init, SIGKILL);
    reap(&boot->maker);
    reap(&boot->builder);
    reap(&init);
    if (boot->network)
        net_remove(boot->spec->net_interface);
    boot_release(boot->runtime);
    *boot->runtime = jail_runtime_empty();
}

static int run(struct boot *boot) {
    int r = filter_prepare(boot->failure);
    if (r == 0)
        r = open_proc(boot);
    if (r == 0)
        r = limits_plan(boot->spec, boot->runtime->limits, boot->failure);
    if (r == 0 && boot->spec->cgroup != NULL)
        r = cgroup_make(boot->spec, boot->runtime, boot->failure);
    if (r == 0)
        r = make_namespaces(boot);
    if (r == 0)
        r = build(boot);
    return r < 0 ? r : wait_ready(boot);
}

int boot_jail(const struct jail_spec *spec, struct jail_runtime *ret_runtime,
              struct failure *ret_failure) {
    struct failure failure = failure_in("boot");
    *ret_runtime = jail_runtime_empty();
    ret_runtime->base = spec->base;
    ret_runtime->profile = spec->profile;
    struct boot boot = {
        .spec = spec,
        .runtime = ret_runtime,
        .failure = &failure,
        .proc = -EBADF,
        .channel = -EBADF,
        .userns = -EBADF,
        .built = -EBADF,
    };
    int r = run(&boot);
    if (r < 0)
        undo(&boot);
    reap(&boot.maker);
    reap(&boot.builder);
    io_close(&boot.proc);
    io_close(&boot.channel);
    io_close(&boot.userns);
    io_close(&boot.built);
    if (r < 0 && ret_failure != NULL)
        *ret_failure = failure;
    return r;
}

void boot_release(struct jail_runtime *runtime) {
    if (runtime->cgroup_fd >= 0)
        cgroup_remove(runtime->cgroup_fd);
    jail_runtime_close(runtime);
}
