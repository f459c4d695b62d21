#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io.h"
#include "session-socket.h"

struct session *session_find(struct keeper *keeper, const char *id) {
    struct session *session = keeper->sessions;
    while (session != NULL && (session->state == SESSION_FAILED || strcmp(session->id, id) != 0))
        session = session->next;
    return session;
}

size_t session_count(const struct keeper *keeper) {
    size_t n = 0;
    for (const struct session *session = keeper->sessions; session != NULL; session = session->next)
        n += session->state == SESSION_RUNNING;
    return n;
}

void session_signal(const struct session *session, int signal) {
    /* Not reaped yet, so neither the pid nor its group can be anybody else's. Before setsid()
     * there is no group of its own. */
    if (session->reaped)
        return;
    if (session->state == SESSION_RUNNING)
        kill(-session->pid, signal);
    else
        kill(session->pid, SIGKILL);
}

void session_hang_up_all(const struct keeper *keeper) {
    for (struct session *session = keeper->sessions; session != NULL; session = session->next) {
        if (session->state != SESSION_RUNNING)
            continue;
        session_signal(session, SIGHUP);
        session_signal(session, SIGCONT);
    }
}

void session_free(struct session *session) {
    struct keeper *keeper = session->keeper;
    struct session **at = &keeper->sessions;
    while (*at != session)
        at = &(*at)->next;
    *at = session->next;
    loop_disarm(&keeper->loop, &session->deadline);
    loop_remove(&keeper->loop, &session->status);
    io_close(&session->status.fd);
    session_socket_close(session);
    session_stop_waiting(session);
    free(session);
}

void put_process_end(struct fields_writer *writer, int status) {
    char name[16];
    if (WIFSIGNALED(status)) {
        signal_name(WTERMSIG(status), name, sizeof name);
        fields_put_text(writer, "signal", name);
        fields_put_text(writer, "core", WCOREDUMP(status) ? "1" : "0");
    } else {
        fields_put_number(writer, "code", (uint64_t)WEXITSTATUS(status));
    }
}

static void broadcast_ended(const struct session *session, int status) {
    uint8_t buffer[256];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", "session-ended");
    fields_put_text(&writer, "session", session->id);
    put_process_end(&writer, status);
    server_broadcast(&session->keeper->server, &writer);
}

/* To the asker, and to who watches: the session is over before it ran. */
void session_report_failed(struct session *session, const struct failure *failure) {
    session_socket_failed(session, failure);
    broadcast_ended(session, W_EXITCODE(UINT8_MAX, 0));
}

/* Reports a failed set-up and makes sure that its process ends; it is reaped later. */
static void fail_session(struct session *session, const struct failure *failure) {
    if (session->state != SESSION_ENTERING)
        return;
    session->state = SESSION_FAILED;
    loop_disarm(&session->keeper->loop, &session->deadline);
    session_report_failed(session, failure);
    session_socket_close(session);
    session_signal(session, SIGKILL);
}

static void deadline_expired(struct loop_timer *timer) {
    struct session *session = timer->owner;
    struct failure failure = failure_in("enter");
    failure_set(&failure, "deadline", "", ETIMEDOUT, "the set-up did not end in time");
    if (session->state == SESSION_WAITING) {
        session_report_failed(session, &failure);
        session_free(session);
    } else {
        fail_session(session, &failure);
    }
}

static void broadcast_started(const struct session *session) {
    uint8_t buffer[256];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", "session-started");
    fields_put_text(&writer, "session", session->id);
    fields_put_number(&writer, "pid", (uint64_t)session->pid);
    server_broadcast(&session->keeper->server, &writer);
}

/* The near ends pass through here; of a terminal one is kept for resizing. */
static void session_started(struct session *session, int *fds, size_t n_fds) {
    session->state = SESSION_RUNNING;
    loop_disarm(&session->keeper->loop, &session->deadline);
    broadcast_started(session);
    session_socket_started(session, fds, n_fds);
    if (session->terminal && session->socket.fd >= 0)
        session->master = io_take(&fds[0]);
    session_next_turn(session->keeper);
}

/* Reads the child's one message. */
static void read_status(struct session *session) {
    uint8_t buffer[4096];
    size_t len = 0, n_fds = 0;
    int fds[3];
    struct fields_view view;
    struct failure failure = failure_in("enter");
    int r =
        io_receive(session->status.fd, buffer, sizeof buffer, &len, fds, 3, &n_fds, MSG_DONTWAIT);
    if (r == -EAGAIN)
        return;
    if (r < 0 || len == 0 || session->state != SESSION_ENTERING) {
        loop_remove(&session->keeper->loop, &session->status);
        io_close(&session->status.fd);
    } else if (fields_open(&view, buffer, len, &failure) < 0) {
        fail_session(session, &failure);
    } else if (fields_is(&view, "ev", "started") && n_fds == (session->terminal ? 1u : 3u)) {
        session_started(session, fds, n_fds);
    } else {
        if (failure_decode(&view, &failure) < 0 || failure.error == 0)
            failure_set(&failure, "set-up", "", EPROTO, "the set-up reported junk");
        fail_session(session, &failure);
    }
    io_close_array(fds, n_fds);
}

static void status_ready(struct loop_source *source, uint32_t events) {
    (void)events;
    read_status(source->owner);
}

bool session_reaped(struct keeper *keeper, pid_t pid, int status) {
    struct session *session = keeper->sessions;
    while (session != NULL && session->pid != pid)
        session = session->next;
    if (session == NULL)
        return false;
    session->reaped = true;
    if (session->state == SESSION_ENTERING)
        read_status(session); /* it may have told how far it came */
    if (session->state == SESSION_RUNNING) {
        session_socket_ended(session, status);
        broadcast_ended(session, status);
    } else if (session->state == SESSION_ENTERING) {
        struct failure failure = failure_in("enter");
        failure_set(&failure, "set-up", "", ECANCELED, "the set-up was killed");
        session_report_failed(session, &failure);
    }
    session_free(session);
    session_next_turn(keeper);
    return true;
}

static int check_room(struct keeper *keeper, const char *id, struct failure *ret_failure) {
    size_t n = 0, waiting = 0;
    for (struct session *session = keeper->sessions; session != NULL; session = session->next) {
        n++;
        waiting += session->state == SESSION_WAITING;
    }
    if (waiting >= SESSIONS_WAITING_MAX)
        return failure_set(ret_failure, "limit", "", EAGAIN, "%zu sessions wait for their turn",
                           waiting);
    if (n >= SESSIONS_MAX)
        return failure_set(ret_failure, "limit", "", EAGAIN, "the jail has %zu sessions", n);
    if (session_find(keeper, id) != NULL)
        return failure_set(ret_failure, "limit", "", EEXIST, "session %s exists", id);
    return 0;
}

static struct session *make_session(struct keeper *keeper, const struct enter_request *request) {
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    session->keeper = keeper;
    snprintf(session->id, sizeof session->id, "%s", request->session);
    snprintf(session->user, sizeof session->user, "%s", request->user);
    session->started_ms = wall_clock_ms();
    session->terminal = request->terminal;
    session->state = SESSION_WAITING;
    session->reaped = true; /* until there is a process */
    session->master = -EBADF;
    session->status = (struct loop_source){.fd = -EBADF, .ready = status_ready, .owner = session};
    session->deadline = (struct loop_timer){.expired = deadline_expired, .owner = session};
    session_socket_init(session, -EBADF);
    session->next = keeper->sessions;
    keeper->sessions = session;
    return session;
}

int session_start_process(struct session *session, const struct enter_request *request,
                          struct failure *ret_failure) {
    struct keeper *keeper = session->keeper;
    CLEANUP_CLOSE int child_end = -EBADF;
    int r = io_socket_pair(&session->status.fd, &child_end);
    if (r == 0)
        r = loop_add(&keeper->loop, &session->status, EPOLLIN);
    if (r < 0)
        return failure_set(ret_failure, "socket", "", -r, "%s", strerror(-r));
    pid_t pid = enter_start(&keeper->runtime, request, child_end, ret_failure);
    if (pid < 0)
        return pid;
    session->pid = pid;
    session->reaped = false;
    session->state = SESSION_ENTERING;
    return 0;
}

static int open_socket(struct session *session, int *ret_far) {
    int near = -EBADF;
    int r = io_socket_pair(&near, ret_far);
    session_socket_init(session, near);
    return r < 0 ? r : loop_add(&session->keeper->loop, &session->socket, EPOLLIN);
}

int session_start(struct keeper *keeper, const struct enter_request *request, int *ret_socket,
                  struct failure *ret_failure) {
    CLEANUP_CLOSE int far = -EBADF;
    int r = check_room(keeper, request->session, ret_failure);
    if (r < 0)
        return r;
    bool has_turn = session_has_turn(keeper);
    struct session *session = make_session(keeper, request);
    if (session == NULL)
        return failure_set(ret_failure, "limit", "", ENOMEM, "no memory");
    r = open_socket(session, &far);
    if (r == 0 && !has_turn)
        r = session_wait(session, request);
    if (r < 0)
        failure_set(ret_failure, "socket", "", -r, "%s", strerror(-r));
    else if (has_turn)
        r = session_start_process(session, request, ret_failure);
    if (r < 0) {
        session_free(session);
        return r;
    }
    loop_arm(&keeper->loop, &session->deadline, request->deadline_ms);
    *ret_socket = io_take(&far);
    return 0;
}
