#include "forwarding.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "connect.h"
#include "io.h"

#define GRACE_MS 500 /* the child keeps its deadline by itself; this is for one that cannot */

struct forwarding {
    struct forwarding *next;
    struct keeper *keeper;
    uint64_t peer;
    uint64_t id;
    pid_t pid;     /* 0 once reaped */
    bool answered; /* a child that cannot die (waiting in a FUSE file system) still counts */
    struct loop_source reply;
    struct loop_timer deadline;
};

static void free_when_done(struct forwarding *forwarding) {
    struct keeper *keeper = forwarding->keeper;
    if (forwarding->pid != 0 || !forwarding->answered)
        return;
    struct forwarding **at = &keeper->forwardings;
    while (*at != forwarding)
        at = &(*at)->next;
    *at = forwarding->next;
    free(forwarding);
}

static void finish(struct forwarding *forwarding) {
    struct loop *loop = &forwarding->keeper->loop;
    forwarding->answered = true;
    loop_disarm(loop, &forwarding->deadline);
    loop_remove(loop, &forwarding->reply);
    io_close(&forwarding->reply.fd);
    if (forwarding->pid != 0)
        kill(forwarding->pid, SIGKILL); /* it has said all that it had to say */
    free_when_done(forwarding);
}

static void answer_failure(struct forwarding *forwarding, const char *step, int error,
                           const char *message) {
    struct failure failure = failure_in("connect");
    failure_set(&failure, step, "", error, "%s", message);
    server_send_failure(&forwarding->keeper->server, forwarding->peer, forwarding->id, &failure);
}

/* Copies the child's message to the asker under the asker's id. */
static void pass_on(struct forwarding *forwarding, const struct fields_view *message,
                    const int *fds, size_t n_fds) {
    uint8_t buffer[4096];
    struct fields_writer writer;
    struct field field;
    char name[FIELDS_NAME_MAX + 1];
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_number(&writer, "id", forwarding->id);
    for (size_t cursor = 0; fields_next(message, &cursor, &field);)
        if (!span_is(field.name, "id") && span_text(field.name, name, sizeof name) == 0)
            fields_put(&writer, name, field.value.data, field.value.len);
    server_send(&forwarding->keeper->server, forwarding->peer, &writer, fds, n_fds);
}

static void reply_ready(struct loop_source *source, uint32_t events) {
    (void)events;
    struct forwarding *forwarding = source->owner;
    uint8_t buffer[3072];
    size_t len = 0, n_fds = 0;
    int fds[1];
    struct fields_view message;
    int r = io_receive(source->fd, buffer, sizeof buffer, &len, fds, 1, &n_fds, MSG_DONTWAIT);
    if (r == -EAGAIN)
        return;
    if (r < 0 || len == 0 || fields_open(&message, buffer, len, NULL) < 0)
        answer_failure(forwarding, "make-socket", ECANCELED, "the child ended without an answer");
    else
        pass_on(forwarding, &message, fds, n_fds);
    io_close_array(fds, n_fds);
    finish(forwarding);
}

static void deadline_expired(struct loop_timer *timer) {
    struct forwarding *forwarding = timer->owner;
    answer_failure(forwarding, "deadline", ETIMEDOUT, "the socket was not made in time");
    finish(forwarding);
}

static size_t count_forwardings(const struct keeper *keeper) {
    size_t n = 0;
    for (const struct forwarding *forwarding = keeper->forwardings; forwarding != NULL;
         forwarding = forwarding->next)
        n++;
    return n;
}

static int start_child(struct forwarding *forwarding, const struct fields_view *message,
                       uint64_t deadline_ms, struct failure *ret_failure) {
    struct keeper *keeper = forwarding->keeper;
    CLEANUP_CLOSE int child_end = -EBADF;
    int r = io_socket_pair(&forwarding->reply.fd, &child_end);
    if (r == 0)
        r = loop_add(&keeper->loop, &forwarding->reply, EPOLLIN);
    if (r < 0)
        return failure_set(ret_failure, "socket", "", -r, "%s", strerror(-r));
    pid_t pid = connect_start(&keeper->runtime, message, child_end, ret_failure);
    if (pid < 0)
        return pid;
    forwarding->pid = pid;
    loop_arm(&keeper->loop, &forwarding->deadline, deadline_ms + GRACE_MS);
    return 0;
}

int forwarding_answer(struct server *server, struct server_request *request,
                      struct failure *ret_failure) {
    struct keeper *keeper = server->owner;
    uint64_t deadline_ms;
    if (!keeper->running || keeper->ending)
        return failure_set(ret_failure, "limit", "", EAGAIN, "the jail is stopping");
    if (count_forwardings(keeper) >= FORWARDINGS_MAX)
        return failure_set(ret_failure, "limit", "", EAGAIN, "%d sockets are being made",
                           FORWARDINGS_MAX);
    if (fields_number(&request->message, "deadline-ms", FORWARDING_DEADLINE_MS, 1,
                      FORWARDING_DEADLINE_MAX_MS, &deadline_ms) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "deadline out of range");
    struct forwarding *forwarding = calloc(1, sizeof *forwarding);
    if (forwarding == NULL)
        return failure_set(ret_failure, "limit", "", ENOMEM, "no memory");
    forwarding->keeper = keeper;
    forwarding->peer = request->peer;
    forwarding->id = request->id;
    forwarding->reply =
        (struct loop_source){.fd = -EBADF, .ready = reply_ready, .owner = forwarding};
    forwarding->deadline = (struct loop_timer){.expired = deadline_expired, .owner = forwarding};
    forwarding->next = keeper->forwardings;
    keeper->forwardings = forwarding;
    int r = start_child(forwarding, &request->message, deadline_ms, ret_failure);
    if (r < 0)
        finish(forwarding);
    return r;
}

bool forwarding_reaped(struct keeper *keeper, pid_t pid) {
    struct forwarding *forwarding = keeper->forwardings;
    while (forwarding != NULL && forwarding->pid != pid)
        forwarding = forwarding->next;
    if (forwarding == NULL)
        return false;
    forwarding->pid = 0;
    free_when_done(forwarding);
    return true;
}
