/* The child that is the jail's mapped root. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files-job.h"
#include "io.h"
#include "process.h"

#define STALL_MS 60000
#define TICK_MS 1000

/* ---- in the child ---- */

int files_is_opaque(struct files_job *job, int dir) {
    char byte = '?';
    size_t len = 0;
    int r = io_send(job->questions, &byte, 1, &dir, 1, 0);
    if (r == 0)
        r = io_receive(job->questions, &byte, 1, &len, NULL, 0, NULL, 0);
    if (r < 0)
        return r;
    return len == 1 && (byte == '0' || byte == '1') ? byte == '1' : -EPIPE;
}

static int become_mapped_root(struct files_job *job, struct failure *failure) {
    char byte = 'u';
    size_t len = 0;
    if (process_hide() < 0 || unshare(CLONE_NEWUSER) < 0)
        return failure_set(failure, "unshare", "", errno, "no user namespace: %s", strerror(errno));
    int r = io_send(job->questions, &byte, 1, NULL, 0, 0);
    if (r == 0)
        r = io_receive(job->questions, &byte, 1, &len, NULL, 0, NULL, 0);
    if (r < 0 || len != 1)
        return failure_set(failure, "map-ids", "", EPIPE, "the parent has gone");
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return failure_set(failure, "become-root", "", errno, "%s", strerror(errno));
    /* Both were undone by the change of ids. */
    if (process_hide() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return failure_set(failure, "become-root", "", errno, "%s", strerror(errno));
    return 0;
}

/* From here on nothing of the host is below its root directory. The other descriptors are the
 * request's own directories. */
static int shut_out_host(struct files_job *job, struct failure *failure) {
    int inside = job->upper >= 0 ? job->upper : job->work;
    if (inside >= 0 && (fchdir(inside) < 0 || chroot(".") < 0))
        return failure_set(failure, "change-root", "", errno, "%s", strerror(errno));
    io_close(&job->dir);
    return 0;
}

static _Noreturn void run_child(struct files_job *job,
                                int (*work)(struct files_job *, struct failure *)) {
    struct failure *failure = &job->shared->failure;
    int r = become_mapped_root(job, failure);
    if (r == 0)
        r = shut_out_host(job, failure);
    if (r == 0)
        r = work(job, failure);
    if (r < 0 && failure->error == 0)
        failure_set(failure, "work", "", -r, "%s", strerror(-r));
    _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- in the parent ---- */

static int write_map(pid_t pid, const char *file, uint32_t base) {
    char path[64];
    char map[48];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    snprintf(map, sizeof map, "0 %u %u\n", base, JAIL_IDS);
    return io_write_file(AT_FDCWD, path, map);
}

static int map_ids(pid_t pid, const struct files_job *job, struct failure *ret_failure) {
    int r = write_map(pid, "gid_map", job->base);
    if (r == 0)
        r = write_map(pid, "uid_map", job->base);
    return r < 0 ? failure_set(ret_failure, "map-ids", "", -r, "%s", strerror(-r)) : 0;
}

static char judge_opaque(int dir) {
    char value[2];
    return fgetxattr(dir, "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y'
               ? '1'
               : '0';
}

/* Answers one question of the child: 'u' map my ids, '?' is this directory opaque. */
static int answer(pid_t pid, const struct files_job *job, int socket, struct failure *ret_failure) {
    char byte = 0;
    size_t len = 0;
    size_t n_fds = 0;
    int fd = -EBADF;
    int r = io_receive(socket, &byte, 1, &len, &fd, 1, &n_fds, MSG_DONTWAIT);
    if (r < 0 || len == 0)
        return r == -EAGAIN ? 0 : r;
    if (byte == 'u')
        r = map_ids(pid, job, ret_failure);
    else
        byte = n_fds == 1 ? judge_opaque(fd) : '0';
    io_close(&fd);
    return r < 0 ? r : io_send(socket, &byte, 1, NULL, 0, MSG_DONTWAIT);
}

/* Until the child has ended, or nothing has moved for too long. */
static int attend(pid_t pid, int pidfd, const struct files_job *job, int socket,
                  struct failure *ret_failure) {
    uint64_t seen = 0;
    int idle_ms = 0;
    for (;;) {
        struct pollfd items[2] = {{.fd = pidfd, .events = POLLIN},
                                  {.fd = socket, .events = POLLIN}};
        if (poll(items, 2, TICK_MS) < 0 && errno != EINTR)
            return failure_set(ret_failure, "wait", "", errno, "%s", strerror(errno));
        if (items[0].revents != 0)
            return 0;
        int r = (items[1].revents & POLLIN) != 0 ? answer(pid, job, socket, ret_failure) : 0;
        if (r < 0)
            return r;
        uint64_t now = __atomic_load_n(&job->shared->progress, __ATOMIC_RELAXED);
        idle_ms = now != seen || items[1].revents != 0 ? 0 : idle_ms + TICK_MS;
        seen = now;
        if (idle_ms >= STALL_MS)
            return failure_set(ret_failure, "stalled", "", ETIMEDOUT,
                               "nothing moved for %d seconds", STALL_MS / 1000);
    }
}

static int collect(pid_t pid, const struct files_job *job, struct failure *ret_failure) {
    int status = 0;
    if (waitpid(pid, &status, 0) < 0)
        return failure_set(ret_failure, "wait", "", errno, "%s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        return 0;
    const struct failure *failure = &job->shared->failure;
    if (failure->error == 0)
        return failure_set(ret_failure, "wait", "", ECANCELED, "the child was killed");
    return failure_set(ret_failure, failure->step, failure->path, failure->error, "%s",
                       failure->message);
}

int files_run(struct files_job *job, int (*work)(struct files_job *job, struct failure *failure),
              struct failure *ret_failure) {
    CLEANUP_CLOSE int near = -EBADF;
    CLEANUP_CLOSE int pidfd = -EBADF;
    int r = io_socket_pair(&near, &job->questions);
    pid_t pid = r < 0 ? r : process_fork(-EBADF);
    if (pid == 0) {
        io_close(&near);
        run_child(job, work);
    }
    io_close(&job->questions);
    if (pid < 0)
        return failure_set(ret_failure, "fork", "", -pid, "%s", strerror(-pid));
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    r = pidfd < 0 ? failure_set(ret_failure, "fork", "", errno, "%s", strerror(errno))
                  : attend(pid, pidfd, job, near, ret_failure);
    if (r == 0)
        return collect(pid, job, ret_failure);
    kill(pid, SIGKILL); /* it may be unable to die; whoever called must not wait for it */
    return r;
}
