#include "spec-values.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "spec.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool spec_path_ok(const char *path) {
    size_t len = strlen(path);
    if (len < 2 || len > SPEC_PATH_MAX || path[0] != '/')
        return false;
    for (const char *part = path; *part != '\0';) {
        part++; /* the slash */
        size_t part_len = strcspn(part, "/");
        if (part_len == 0 || part_len > NAME_MAX)
            return false;
        if (part[0] == '.' && (part_len == 1 || (part_len == 2 && part[1] == '.')))
            return false;
        part += part_len;
    }
    return true;
}

bool spec_jail_name_ok(const char *name) {
    size_t account = strspn(name, LOWER DIGITS "_-");
    if (account < 1 || account > 32 || strchr(LOWER "_", name[0]) == NULL)
        return false;
    if (name[account] == '\0')
        return true;
    const char *label = name + account + 1;
    size_t label_len = strspn(label, LOWER DIGITS "_-");
    return name[account] == '+' && label_len >= 1 && label_len <= 31 &&
           strchr("_-", label[0]) == NULL && label[label_len] == '\0';
}

bool spec_hostname_ok(const char *name) {
    size_t len = strspn(name, LOWER UPPER DIGITS ".-");
    return len >= 1 && len <= 64 && name[len] == '\0' && strchr(".-", name[0]) == NULL &&
           strchr(".-", name[len - 1]) == NULL;
}

bool spec_interface_ok(const char *name) {
    size_t len = strspn(name, LOWER DIGITS "._-");
    return len >= 1 && len <= 15 && name[len] == '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && strcmp(name, "all") != 0 && strcmp(name, "default") != 0 &&
           strcmp(name, "lo") != 0;
}

bool spec_cgroup_file_ok(const char *name) {
    static const char *const controllers[] = {"cpu.",     "cpuset.", "io.",   "memory.",
                                              "hugetlb.", "pids.",   "rdma.", "misc."};
    size_t len = strspn(name, LOWER UPPER DIGITS "._-");
    if (len > 64 || name[len] != '\0')
        return false;
    if (strcmp(name, "cgroup.max.depth") == 0 || strcmp(name, "cgroup.max.descendants") == 0)
        return true;
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
        size_t prefix = strlen(controllers[i]);
        if (strncmp(name, controllers[i], prefix) == 0 && len > prefix)
            return true;
    }
    return false;
}

int spec_rlimit_number(struct span name) {
    static const char *const names[RLIM_NLIMITS] = {
        [RLIMIT_AS] = "as",
        [RLIMIT_CORE] = "core",
        [RLIMIT_CPU] = "cpu",
        [RLIMIT_DATA] = "data",
        [RLIMIT_FSIZE] = "fsize",
        [RLIMIT_LOCKS] = "locks",
        [RLIMIT_MEMLOCK] = "memlock",
        [RLIMIT_MSGQUEUE] = "msgqueue",
        [RLIMIT_NICE] = "nice",
        [RLIMIT_NOFILE] = "nofile",
        [RLIMIT_NPROC] = "nproc",
        [RLIMIT_RSS] = "rss",
        [RLIMIT_RTPRIO] = "rtprio",
        [RLIMIT_RTTIME] = "rttime",
        [RLIMIT_SIGPENDING] = "sigpending",
        [RLIMIT_STACK] = "stack",
    };
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        if (names[i] != NULL && span_is(name, names[i]))
            return i;
    return -1;
}

int spec_rlimit_value(struct span text, rlim_t *ret_value) {
    uint64_t number;
    if (span_is(text, "unlimited")) {
        *ret_value = RLIM_INFINITY;
        return 0;
    }
    int r = span_number(text, &number);
    if (r < 0)
        return r;
    *ret_value = number;
    return 0;
}

int spec_signal_number(const char *name) {
    static const struct {
        const char *name;
        int number;
    } signals[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},     {"QUIT", SIGQUIT},
        {"TERM", SIGTERM}, {"USR1", SIGUSR1},   {"USR2", SIGUSR2},
        {"PWR", SIGPWR},   {"WINCH", SIGWINCH}, {"KILL", SIGKILL},
    };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(name, signals[i].name) == 0)
            return signals[i].number;
    if (strncmp(name, "RTMIN+", 6) == 0 && strlen(name) == 7 && name[6] >= '0' && name[6] <= '9')
        return SIGRTMIN + (name[6] - '0');
    return 0;
}
