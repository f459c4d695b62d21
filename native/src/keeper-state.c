/* What a jail keeper leaves in files, and what it counts. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fields.h"
#include "io.h"
#include "keeper.h"
#include "signal-names.h"

#define COUNT_MAX 65536u

void keeper_write_state(const struct keeper *keeper, const char *state, const char *how,
                        int status) {
    char text[512];
    char name[16];
    int len =
        snprintf(text, sizeof text,
                 "state = %s\nkeeper_pid = %d\ninit_pid = %d\n"
                 "started = %llu\nrestarts = %llu\n",
                 state, getpid(), keeper->runtime.init_pid, (unsigned long long)keeper->started_ms,
                 (unsigned long long)keeper->restarts);
    if (how != NULL) {
        size_t at = (size_t)len;
        signal_name(WTERMSIG(status), name, sizeof name);
        if (WIFSIGNALED(status))
            len += snprintf(text + at, sizeof text - at, "ended = %llu\nhow = %s\nsignal = %s\n",
                            (unsigned long long)wall_clock_ms(), how, name);
        else
            len += snprintf(text + at, sizeof text - at, "ended = %llu\nhow = %s\ncode = %d\n",
                            (unsigned long long)wall_clock_ms(), how, WEXITSTATUS(status));
    }
    /* Without it nobody learns how the jail ended; that is no reason to end it. */
    io_replace_file(keeper->run_fd, "state", text, (size_t)len, 0644, false);
}

static bool read_number(int dirfd, const char *path, uint64_t *ret_number) {
    char text[32];
    CLEANUP_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text);
    if (len <= 1)
        return false;
    struct span span = {.data = text, .len = (size_t)len - 1}; /* ends with a newline */
    return span_number(span, ret_number) == 0;
}

static bool pid_namespace(int proc_fd, const char *pid, char *ret_link, size_t size) {
    char path[32];
    int n = snprintf(path, sizeof path, "%s/ns/pid", pid);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    ssize_t len = readlinkat(proc_fd, path, ret_link, size - 1);
    if (len < 0)
        return false;
    ret_link[len] = '\0';
    return true;
}

/* Without a pids controller: everybody whose pid namespace is init's. */
static uint64_t count_by_proc(pid_t init_pid) {
    char own[64], other[64], pid[16];
    uint64_t n = 0;
    size_t seen = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    snprintf(pid, sizeof pid, "%d", init_pid);
    if (pid_namespace(dirfd(proc), pid, own, sizeof own))
        for (struct dirent *entry; seen < COUNT_MAX && (entry = readdir(proc)) != NULL; seen++)
            n += isdigit((unsigned char)entry->d_name[0]) &&
                 pid_namespace(dirfd(proc), entry->d_name, other, sizeof other) &&
                 strcmp(own, other) == 0;
    closedir(proc);
    return n;
}

uint64_t keeper_count_processes(const struct keeper *keeper) {
    uint64_t n;
    if (!keeper->running)
        return 0;
    if (keeper->runtime.cgroup_fd >= 0 &&
        read_number(keeper->runtime.cgroup_fd, "pids.current", &n))
        return n;
    return count_by_proc(keeper->runtime.init_pid);
}

bool keeper_is_busy(const struct keeper *keeper) {
    char path[64];
    char first;
    if (keeper->sessions != NULL || keeper->forwardings != NULL || !keeper->running)
        return true;
    /* Whatever outlives its session is adopted by init, so init's children tell. */
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", keeper->runtime.init_pid,
             keeper->runtime.init_pid);
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 || read(fd, &first, 1) != 0;
}
