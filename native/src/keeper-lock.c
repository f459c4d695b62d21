/* One keeper per jail: its locks, and the end of what a killed predecessor has left. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fields.h"
#include "io.h"
#include "keeper.h"

#define STALE_DEADLINE_MS 5000
#define LOCK_TRIES 30
#define LOCK_PAUSE_MS 10
#define STATE_MAX 4096

/* The descriptors of a process that was killed close one after the other: the next start may come
 * in between, so the lock is asked for a little longer. */
static int lock_fd(int fd, const char *path, struct failure *ret_failure) {
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK)
            break;
        nanosleep(&pause, NULL);
    }
    int error = errno == EWOULDBLOCK ? EBUSY : errno;
    return failure_set(ret_failure, "flock", path, error,
                       error == EBUSY ? "another keeper holds the jail" : "cannot be locked");
}

/* RUN/jails/NAME and RUN/jails; RUN itself exists. */
static int make_run_dir(const char *run_dir) {
    char parent[1100];
    snprintf(parent, sizeof parent, "%s", run_dir);
    char *slash = strrchr(parent, '/');
    if (slash == NULL || slash == parent)
        return -EINVAL;
    *slash = '\0';
    if (mkdir(parent, 0700) < 0 && errno != EEXIST)
        return -errno;
    return mkdir(run_dir, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int keeper_lock(struct keeper *keeper, const char *run_dir, const char *dir,
                struct failure *ret_failure) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
    int r = make_run_dir(run_dir);
    keeper->run_fd = r < 0 ? r : open(run_dir, flags);
    if (keeper->run_fd < 0)
        return failure_set(ret_failure, "run-dir", run_dir, r < 0 ? -r : errno,
                           "cannot be made or opened");
    keeper->lock_fd =
        openat(keeper->run_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (keeper->lock_fd < 0)
        return failure_set(ret_failure, "open", run_dir, errno, "no lock file");
    r = lock_fd(keeper->lock_fd, run_dir, ret_failure);
    if (r < 0)
        return r;
    keeper->dir_lock_fd = open(dir, flags);
    if (keeper->dir_lock_fd < 0)
        return failure_set(ret_failure, "open", dir, errno, "the jail's directory is missing");
    return lock_fd(keeper->dir_lock_fd, dir, ret_failure);
}

/* The number behind "init_pid = " in a state file; 0 when there is none. */
static pid_t recorded_init(int run_fd) {
    static const char key[] = "init_pid = ";
    CLEANUP_FREE char *text = NULL;
    size_t len = 0;
    uint64_t pid;
    CLEANUP_CLOSE int fd = openat(run_fd, "state", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || io_read_regular(fd, STATE_MAX, &text, &len) < 0)
        return 0;
    char *at = strstr(text, key);
    if (at == NULL)
        return 0;
    at += strlen(key);
    struct span number = {.data = at, .len = strcspn(at, "\n")};
    return span_number(number, &pid) == 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* Whether the process is root of the user namespace with this id range: no other jail has it. */
static bool has_base(pid_t pid, uint32_t base) {
    char path[32], text[64];
    unsigned inside, outside, count;
    snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (len <= 0)
        return false;
    text[len] = '\0';
    return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && outside == base;
}

int keeper_end_stale(const struct keeper *keeper, uint32_t base, struct failure *ret_failure) {
    pid_t pid = recorded_init(keeper->run_fd);
    if (pid <= 1)
        return 0;
    /* The pidfd first: what it is then checked to be is what it signals. */
    CLEANUP_CLOSE int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0 || !has_base(pid, base))
        return 0;
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return failure_set(ret_failure, "stale", "", errno, "%s", strerror(errno));
    if (poll(&ended, 1, STALE_DEADLINE_MS) != 1)
        return failure_set(ret_failure, "stale", "", ETIMEDOUT,
                           "what an earlier keeper left cannot be ended");
    return 0;
}
