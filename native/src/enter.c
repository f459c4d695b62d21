#include "enter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "filter.h"
#include "io.h"
#include "join.h"
#include "process.h"

#define MESSAGE_MAX 2048

static void send_failure(int status_fd, const struct failure *failure) {
    char buffer[MESSAGE_MAX];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", "failed");
    failure_encode(&writer, failure);
    if (fields_finish(&writer) == 0)
        io_send(status_fd, buffer, writer.len, NULL, 0, 0);
}

static int send_started(int status_fd, struct enter_stdio *stdio, struct failure *ret_failure) {
    char buffer[64];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", "started");
    int r = io_send(status_fd, buffer, writer.len, stdio->near, stdio->n_near, 0);
    if (r < 0)
        return failure_set(ret_failure, "send-near-ends", "", -r, "%s", strerror(-r));
    io_close_array(stdio->near, stdio->n_near);
    return 0;
}

/* Everything up to the program. The order matters: descriptors of the host are closed before the
 * jail is joined; the user's files are read as the jail's root and before anything is made for him;
 * capabilities and filter are set while there is still the right to do so. */
static int set_up(const struct jail_runtime *runtime, const struct enter_request *request,
                  int status_fd, struct passwd_user *ret_user, struct failure *ret_failure) {
    const int keep[] = {status_fd, runtime->init_pidfd, runtime->root_fd, runtime->devpts_fd};
    struct enter_stdio stdio = {.n_near = 0};
    int r = join_prepare(keep, sizeof keep / sizeof *keep, ret_failure);
    if (r == 0)
        r = join_jail(runtime, ret_failure);
    if (r == 0)
        r = passwd_load(runtime->root_fd, request->user, ret_user, ret_failure);
    if (r == 0)
        r = enter_stdio_make(request, runtime->devpts_fd, ret_user, &stdio, ret_failure);
    if (r == 0)
        r = filter_install(runtime->profile, ret_failure);
    if (r == 0)
        r = caps_apply(runtime->profile, ret_failure);
    if (r == 0)
        r = join_become_user(ret_user, ret_failure);
    if (r == 0)
        r = enter_stdio_place(&stdio, ret_failure);
    return r < 0 ? r : send_started(status_fd, &stdio, ret_failure);
}

static _Noreturn void run_child(const struct jail_runtime *runtime,
                                const struct enter_request *request, int status_fd) {
    struct failure failure = failure_in("enter");
    struct passwd_user *user = calloc(1, sizeof *user);
    const int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, status_fd};
    int r = user == NULL ? failure_set(&failure, "start", "", ENOMEM, "no memory")
                         : set_up(runtime, request, status_fd, user, &failure);
    if (r < 0) {
        send_failure(status_fd, &failure);
        _exit(EXIT_FAILURE);
    }
    /* Only the status socket is left beside 0, 1, 2; it closes by exec and tells the keeper. */
    if (io_close_all_but(keep, sizeof keep / sizeof *keep) < 0)
        _exit(EXIT_FAILURE);
    enter_program(request, user);
}

pid_t enter_start(const struct jail_runtime *runtime, const struct enter_request *request,
                  int status_fd, struct failure *ret_failure) {
    pid_t pid = process_fork(runtime->sessions_fd);
    if (pid == 0)
        run_child(runtime, request, status_fd);
    if (pid < 0)
        return failure_set(ret_failure, "fork", "", -pid, "%s", strerror(-pid));
    return pid;
}
