#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "loop.h"
#include "process.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define KEEP_MAX 16

int join_prepare(const int *keep, size_t n_keep, struct failure *ret_failure) {
    int kept[KEEP_MAX] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    if (n_keep > KEEP_MAX - 3)
        return failure_set(ret_failure, "close", "", E2BIG, "too many descriptors to keep");
    int r = process_hide();
    if (r < 0)
        return failure_set(ret_failure, "hide", "", -r, "cannot be made non-dumpable");
    process_title("jail-enter");
    signals_reset();
    memcpy(kept + 3, keep, n_keep * sizeof *keep);
    r = io_close_all_but(kept, n_keep + 3);
    if (r < 0)
        return failure_set(ret_failure, "close", "", -r, "descriptors cannot be closed");
    return 0;
}

static int set_limits(const struct jail_runtime *runtime, struct failure *ret_failure) {
    for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
        const struct rlimit *wanted = &runtime->limits[resource];
        struct rlimit now;
        if (getrlimit(resource, &now) == 0 && now.rlim_cur == wanted->rlim_cur &&
            now.rlim_max == wanted->rlim_max)
            continue;
        if (setrlimit(resource, wanted) < 0)
            return failure_set(ret_failure, "set-limits", "", errno, "resource limit %d: %s",
                               resource, strerror(errno));
    }
    return 0;
}

/* All at once: the kernel checks every namespace with the rights in the new user namespace and
 * switches only when all are allowed. A kernel without time namespaces refuses their flag. */
static int set_namespaces(int init_pidfd, struct failure *ret_failure) {
    const int all =
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
    if (setns(init_pidfd, all | CLONE_NEWTIME) == 0)
        return 0;
    if (errno == EINVAL && setns(init_pidfd, all) == 0)
        return 0;
    return failure_set(ret_failure, "join-namespaces", "", errno, "%s", strerror(errno));
}

static int switch_ids(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups) {
    if (setgroups(n_groups, groups) < 0 || setresgid(gid, gid, gid) < 0)
        return -errno;
    int r = process_hide(); /* an id change has reset it */
    if (r < 0)
        return r;
    if (setresuid(uid, uid, uid) < 0)
        return -errno;
    return process_hide();
}

int join_jail(const struct jail_runtime *runtime, struct failure *ret_failure) {
    int r = set_limits(runtime, ret_failure);
    if (r == 0)
        r = set_namespaces(runtime->init_pidfd, ret_failure);
    if (r < 0)
        return r;
    r = process_hide();
    if (r == 0)
        r = switch_ids(0, 0, NULL, 0);
    if (r < 0)
        return failure_set(ret_failure, "become-root", "", -r, "%s", strerror(-r));
    umask(022);
    return 0;
}

int join_become_user(const struct passwd_user *user, struct failure *ret_failure) {
    int r = switch_ids(user->uid, user->gid, user->groups, user->n_groups);
    if (r < 0)
        return failure_set(ret_failure, "become-user", "", -r, "%s", strerror(-r));
    if (geteuid() != user->uid || getegid() != user->gid)
        return failure_set(ret_failure, "become-user", "", EPERM, "ids did not change");
    return 0;
}
