#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot-channel.h"
#include "caps.h"
#include "filter.h"
#include "io.h"
#include "jail-limits.h"
#include "loop.h"
#include "process.h"

/* The mounts are made by somebody else meanwhile; what needs no mount is done before. */
static int enter_root(int channel, struct failure *ret_failure) {
    CLEANUP_CLOSE int mounts = -EBADF;
    int r = boot_hear(channel, -1, "wait-mounts", NULL, &mounts, 1, ret_failure);
    if (r < 0)
        return r;
    if (setns(mounts, CLONE_NEWNS) < 0 || chdir("/") < 0)
        return failure_set(ret_failure, "enter-mounts", "", errno, "%s", strerror(errno));
    return 0;
}

static int set_up(const struct jail_spec *spec, int proc, int channel,
                  struct failure *ret_failure) {
    umask(022);
    setsid();
    int r = limits_set_switches(spec, proc, ret_failure);
    if (r == 0 && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
        r = failure_set(ret_failure, "set-hostname", "", errno, "%s", strerror(errno));
    if (r == 0)
        r = enter_root(channel, ret_failure);
    if (r == 0)
        r = filter_install(spec->profile, ret_failure);
    return r < 0 ? r : caps_apply(spec->profile, ret_failure);
}

/* Standard descriptors of its own, and none of ours. */
static int execute(const struct jail_spec *spec, int channel, struct failure *ret_failure) {
    static char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=jaild",
        "HOME=/root", NULL};
    const int keep[] = {channel};
    int r = io_close_all_but(keep, 1);
    int null = open("/dev/null", O_RDWR | O_NOCTTY);
    for (int fd = 0; r == 0 && fd <= STDERR_FILENO; fd++)
        if (null < 0 || (fd != null && dup2(null, fd) < 0))
            r = -errno;
    if (r < 0)
        return failure_set(ret_failure, "init-stdio", "/dev/null", -r, "%s", strerror(-r));
    if (null > STDERR_FILENO)
        close(null);
    signals_reset();
    execve(spec->init_argv[0], (char *const *)(uintptr_t)spec->init_argv, environment);
    return failure_set(ret_failure, "execute-init", spec->init_argv[0], errno, "%s",
                       strerror(errno));
}

_Noreturn void init_main(const struct jail_spec *spec, int proc, int channel) {
    struct failure failure = failure_in("boot");
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* what is blocked is kept for init_reap() */
    int r = boot_begin_child(&failure);
    if (r == 0)
        r = set_up(spec, proc, channel, &failure);
    if (r == 0 && spec->init_argv[0] != NULL)
        r = execute(spec, channel, &failure);
    else if (r == 0)
        r = boot_tell(channel, 0, NULL, 0);
    if (r < 0) {
        boot_tell_failure(channel, &failure);
        _exit(EXIT_FAILURE);
    }
    io_close_all_but(NULL, 0);
    init_reap();
}
