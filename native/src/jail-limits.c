#include "jail-limits.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "io.h"

#define SIGNALS_PENDING_MAX 16384
#define QUEUE_BYTES_MAX ((rlim_t)8 << 20)
#define LOCKED_BYTES_MAX ((rlim_t)64 << 20)

static void lower(struct rlimit *limit, rlim_t most) {
    if (limit->rlim_max > most)
        limit->rlim_max = most;
    if (limit->rlim_cur > limit->rlim_max)
        limit->rlim_cur = limit->rlim_max;
}

int limits_plan(const struct jail_spec *spec, struct rlimit ret_limits[RLIM_NLIMITS],
                struct failure *ret_failure) {
    bool may_raise = prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 1;
    struct rlimit now[RLIM_NLIMITS];
    for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
        if (getrlimit(i, &now[i]) < 0)
            return failure_set(ret_failure, "plan-limits", "", errno, "%s", strerror(errno));
        ret_limits[i] = now[i];
    }
    ret_limits[RLIMIT_NPROC] = (struct rlimit){spec->pids_max, spec->pids_max};
    lower(&ret_limits[RLIMIT_SIGPENDING], SIGNALS_PENDING_MAX);
    lower(&ret_limits[RLIMIT_MSGQUEUE], QUEUE_BYTES_MAX);
    lower(&ret_limits[RLIMIT_MEMLOCK], LOCKED_BYTES_MAX);
    for (size_t i = 0; i < spec->n_rlimits; i++)
        ret_limits[spec->rlimits[i].resource] = spec->rlimits[i].value;
    if (ret_limits[RLIMIT_NPROC].rlim_max > spec->pids_max)
        ret_limits[RLIMIT_NPROC].rlim_max = spec->pids_max;
    /* The one value at which the kernel runs no core_pattern program of the host's. */
    ret_limits[RLIMIT_CORE] = (struct rlimit){1, 1};
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        lower(&ret_limits[i], may_raise ? ret_limits[i].rlim_max : now[i].rlim_max);
    return 0;
}

int limits_apply(const struct rlimit limits[RLIM_NLIMITS], struct failure *ret_failure) {
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        if (setrlimit(i, &limits[i]) < 0)
            return failure_set(ret_failure, "set-limits", "", errno, "resource limit %d: %s", i,
                               strerror(errno));
    return 0;
}

struct setting {
    const char *file;
    const char *standard;
    const char *strict;
    const char *nesting;
};

/* A cgroup namespace of the jail's own would let its root mount the host's cgroup v1 trees. */
static const struct setting namespaces[] = {
    {"sys/user/max_user_namespaces", "0", "0", "256"},
    {"sys/user/max_cgroup_namespaces", "0", "0", "256"},
    {"sys/user/max_mnt_namespaces", "256", "4", "1024"},
    {"sys/user/max_net_namespaces", "16", "4", "128"},
    {"sys/user/max_pid_namespaces", "64", "4", "256"},
    {"sys/user/max_ipc_namespaces", "64", "4", "256"},
    {"sys/user/max_uts_namespaces", "64", "4", "256"},
    {"sys/user/max_time_namespaces", "16", "4", "64"},
};

static const struct setting network[] = {
    {"sys/net/ipv4/ping_group_range", "0 65535", "0 65535", "0 65535"},
    {"sys/net/ipv4/ip_unprivileged_port_start", "0", "0", "0"},
};

static int set_all(const struct setting *settings, size_t n, enum jail_profile profile, int proc,
                   struct failure *ret_failure) {
    for (size_t i = 0; i < n; i++) {
        const char *value = profile == PROFILE_STRICT    ? settings[i].strict
                            : profile == PROFILE_NESTING ? settings[i].nesting
                                                         : settings[i].standard;
        int r = io_write_file(proc, settings[i].file, value);
        if (r < 0 && r != -ENOENT) /* a kernel without this kind has nothing to limit */
            return failure_set(ret_failure, "set-sysctl", settings[i].file, -r, "%s", strerror(-r));
    }
    return 0;
}

int limits_set_switches(const struct jail_spec *spec, int proc, struct failure *ret_failure) {
    int r = set_all(namespaces, sizeof namespaces / sizeof *namespaces, spec->profile, proc,
                    ret_failure);
    if (r == 0 && spec->network != NETWORK_HOST)
        r = set_all(network, sizeof network / sizeof *network, spec->profile, proc, ret_failure);
    return r;
}
