#include "boot-channel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "io.h"
#include "process.h"

struct message {
    pid_t pid;
    struct failure failure; /* error 0 = done */
};

int boot_begin_child(struct failure *ret_failure) {
    int r = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : process_hide();
    if (r < 0)
        return failure_set(ret_failure, "hide", "", -r, "%s", strerror(-r));
    return 0;
}

int boot_tell(int channel, pid_t pid, const int *fds, size_t n_fds) {
    const struct message message = {.pid = pid};
    return io_send(channel, &message, sizeof message, fds, n_fds, 0);
}

void boot_tell_failure(int channel, const struct failure *failure) {
    struct message message = {.failure = *failure};
    if (message.failure.error == 0)
        message.failure.error = EIO;
    io_send(channel, &message, sizeof message, NULL, 0, 0);
}

static int wait_readable(int channel, int deadline_ms) {
    struct pollfd poller = {.fd = channel, .events = POLLIN};
    int r;
    do
        r = poll(&poller, 1, deadline_ms);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

int boot_hear(int channel, int deadline_ms, const char *step, pid_t *ret_pid, int *ret_fds,
              size_t n_fds, struct failure *ret_failure) {
    struct message message = {0};
    size_t len = 0;
    size_t got = 0;
    int r = wait_readable(channel, deadline_ms);
    if (r == 0)
        r = io_receive(channel, &message, sizeof message, &len, ret_fds, n_fds, &got, 0);
    if (r < 0)
        return failure_set(ret_failure, step, "", -r, "%s", strerror(-r));
    if (len == 0)
        return failure_set(ret_failure, step, "", EPIPE, "the process for it has ended");
    if (len != sizeof message || (message.failure.error == 0 && got != n_fds)) {
        io_close_array(ret_fds, got);
        return failure_set(ret_failure, step, "", EBADMSG, "unexpected message");
    }
    if (message.failure.error != 0) {
        io_close_array(ret_fds, got);
        if (ret_failure != NULL && ret_failure->error == 0)
            *ret_failure = message.failure;
        return -message.failure.error;
    }
    if (ret_pid != NULL)
        *ret_pid = message.pid;
    return 0;
}
