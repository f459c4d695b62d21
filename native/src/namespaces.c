#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "boot-channel.h"
#include "init.h"
#include "io.h"
#include "jail-limits.h"
#include "loop.h"
#include "process.h"

/* A time namespace is optional: kernels before 5.6 have none, then uptime is the host's. */
static bool has_time_namespaces(int proc) { return faccessat(proc, "self/ns/time", F_OK, 0) == 0; }

/* Capabilities are kept over the change: a host may forbid user namespaces to ordinary users. */
static int become_base(uint32_t base) {
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
        setresgid(base, base, base) < 0 || setresuid(base, base, base) < 0)
        return -errno;
    return process_hide();
}

/* Only in `nesting` does the jail own its cgroup namespace: with rights over it, its root could
 * mount a cgroup v1 hierarchy of the host. */
static int unshare_all(const struct jail_spec *spec, int proc, struct failure *ret_failure) {
    int namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    if (has_time_namespaces(proc))
        namespaces |= CLONE_NEWTIME;
    if (spec->network != NETWORK_HOST)
        namespaces |= CLONE_NEWNET;
    if (spec->profile == PROFILE_NESTING)
        namespaces |= CLONE_NEWCGROUP;
    else if (unshare(CLONE_NEWCGROUP) < 0)
        return failure_set(ret_failure, "unshare-cgroup", "", errno, "%s", strerror(errno));
    int r = become_base(spec->base);
    if (r < 0)
        return failure_set(ret_failure, "become-base", "", -r, "%s", strerror(-r));
    if (unshare(namespaces) < 0)
        return failure_set(ret_failure, "unshare", "", errno, "%s", strerror(errno));
    process_drop_keyring();
    return 0;
}

static int make(const struct jail_spec *spec, const struct jail_runtime *runtime, int proc,
                int channel, struct failure *ret_failure) {
    const int keep[] = {proc, channel};
    int r = io_close_all_but(keep, sizeof keep / sizeof *keep);
    if (r < 0)
        return failure_set(ret_failure, "close", "", -r, "%s", strerror(-r));
    r = limits_apply(runtime->limits, ret_failure);
    if (r == 0)
        r = unshare_all(spec, proc, ret_failure);
    if (r == 0)
        r = boot_tell(channel, 0, NULL, 0);
    if (r == 0)
        r = boot_hear(channel, -1, "configure", NULL, NULL, 0, ret_failure);
    return r;
}

static _Noreturn void maker_main(const struct jail_spec *spec, const struct jail_runtime *runtime,
                                 int proc, int channel) {
    struct failure failure = failure_in("boot");
    process_title("init");
    signals_reset();
    if (boot_begin_child(&failure) == 0 && make(spec, runtime, proc, channel, &failure) == 0) {
        struct clone_args arguments = {.flags = CLONE_PARENT};
        long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
        if (pid == 0)
            init_main(spec, proc, channel);
        if (pid > 0 && boot_tell(channel, (pid_t)pid, NULL, 0) == 0)
            _exit(EXIT_SUCCESS);
        failure_set(&failure, "start-init", "", errno, "%s", strerror(errno));
    }
    boot_tell_failure(channel, &failure);
    _exit(EXIT_FAILURE);
}

pid_t namespaces_start(const struct jail_spec *spec, const struct jail_runtime *runtime, int proc,
                       int channel, struct failure *ret_failure) {
    pid_t pid = process_fork(runtime->payload_fd);
    if (pid == 0)
        maker_main(spec, runtime, proc, channel);
    if (pid < 0)
        return failure_set(ret_failure, "fork", "", -pid, "%s", strerror(-pid));
    return pid;
}

/* The negative of a clock as "-seconds nanoseconds" with nanoseconds counted upwards. */
static void format_offset(clockid_t clock, char *ret_text, size_t size) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    bool whole = now.tv_nsec == 0;
    snprintf(ret_text, size, "%" PRId64 " %ld", -(int64_t)now.tv_sec - (whole ? 0 : 1),
             whole ? 0 : 1000000000 - now.tv_nsec);
}

static int set_clocks(int maker_dir) {
    char monotonic[48];
    char boottime[48];
    char text[160];
    format_offset(CLOCK_MONOTONIC, monotonic, sizeof monotonic);
    format_offset(CLOCK_BOOTTIME, boottime, sizeof boottime);
    snprintf(text, sizeof text, "monotonic %s\nboottime %s\n", monotonic, boottime);
    return io_write_file(maker_dir, "timens_offsets", text);
}

int namespaces_configure(const struct jail_spec *spec, int proc, pid_t maker,
                         struct failure *ret_failure) {
    char name[16];
    char map[48];
    snprintf(name, sizeof name, "%d", maker);
    snprintf(map, sizeof map, "0 %" PRIu32 " %u\n", spec->base, JAIL_IDS);
    CLEANUP_CLOSE int dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return failure_set(ret_failure, "map-ids", "", errno, "%s", strerror(errno));
    int r = io_write_file(dir, "uid_map", map);
    if (r == 0)
        r = io_write_file(dir, "gid_map", map);
    if (r < 0)
        return failure_set(ret_failure, "map-ids", "", -r, "%s", strerror(-r));
    r = io_write_file(dir, "oom_score_adj", "0");
    if (r < 0)
        return failure_set(ret_failure, "oom-score", "", -r, "%s", strerror(-r));
    r = set_clocks(dir);
    if (r < 0 && r != -ENOENT)
        return failure_set(ret_failure, "set-clocks", "", -r, "%s", strerror(-r));
    return 0;
}
