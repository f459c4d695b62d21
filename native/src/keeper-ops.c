/* The operations of a jail keeper's control socket: what the broker may ask of one jail. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "enter.h"
#include "forwarding.h"
#include "io.h"
#include "keeper.h"
#include "session.h"
#include "signal-names.h"

#define STOP_DEADLINE_MS 10000u
#define STOP_DEADLINE_MAX_MS 600000u
#define COUNT(array) (sizeof(array) / sizeof *(array))

static int answer_enter(struct server *server, struct server_request *request,
                        struct failure *ret_failure) {
    struct keeper *keeper = server->owner;
    struct enter_request enter;
    CLEANUP_CLOSE int far = -EBADF;
    uint8_t buffer[64];
    struct fields_writer writer;
    int r = enter_parse(&request->message, &enter, ret_failure);
    if (r < 0)
        return r;
    if (!keeper->running || keeper->ending)
        return failure_set(ret_failure, "limit", "", EAGAIN, "the jail is stopping");
    r = session_start(keeper, &enter, &far, ret_failure);
    if (r < 0)
        return r;
    server_answer(&writer, buffer, sizeof buffer, request->id);
    server_send(server, request->peer, &writer, &far, 1);
    return 0;
}

static int answer_status(struct server *server, struct server_request *request,
                         struct failure *ret_failure) {
    (void)ret_failure;
    const struct keeper *keeper = server->owner;
    uint8_t buffer[256];
    struct fields_writer writer;
    server_answer(&writer, buffer, sizeof buffer, request->id);
    fields_put_number(&writer, "init-pid", (uint64_t)keeper->runtime.init_pid);
    fields_put_number(&writer, "started", keeper->started_ms);
    fields_put_number(&writer, "sessions", session_count(keeper));
    fields_put_number(&writer, "processes", keeper_count_processes(keeper));
    fields_put_number(&writer, "restarts", keeper->restarts);
    server_send(server, request->peer, &writer, NULL, 0);
    return 0;
}

static void put_session(struct fields_writer *writer, const struct session *session) {
    char pid[16], started[24];
    snprintf(pid, sizeof pid, "%d", session->pid);
    snprintf(started, sizeof started, "%llu", (unsigned long long)session->started_ms);
    const struct span parts[] = {
        {session->id, strlen(session->id)},
        {session->user, strlen(session->user)},
        {pid, strlen(pid)},
        {started, strlen(started)},
        {session->terminal ? "1" : "0", 1},
    };
    fields_put_tuple(writer, "session", parts, COUNT(parts));
}

static int answer_sessions(struct server *server, struct server_request *request,
                           struct failure *ret_failure) {
    const struct keeper *keeper = server->owner;
    uint8_t buffer[FIELDS_MESSAGE_MAX]; /* SESSIONS_MAX of the longest fit */
    struct fields_writer writer;
    server_answer(&writer, buffer, sizeof buffer, request->id);
    for (const struct session *session = keeper->sessions; session != NULL; session = session->next)
        if (session->state == SESSION_RUNNING)
            put_session(&writer, session);
    int r = fields_finish(&writer);
    if (r < 0)
        return failure_set(ret_failure, "list", "", -r, "too many sessions for one message");
    server_send(server, request->peer, &writer, NULL, 0);
    return 0;
}

static int answer_kill_session(struct server *server, struct server_request *request,
                               struct failure *ret_failure) {
    char id[ENTER_SESSION_ID_MAX];
    char name[16] = "HUP";
    fields_text(&request->message, "session", id, sizeof id);
    fields_text(&request->message, "signal", name, sizeof name);
    int signal = signal_sendable(name);
    const struct session *session = session_find(server->owner, id);
    if (signal == 0)
        return failure_set(ret_failure, "check", "", EINVAL, "not a signal for sessions");
    if (session == NULL)
        return failure_set(ret_failure, "find-session", "", ENOENT, "no session %s", id);
    session_signal(session, signal);
    session_signal(session, SIGCONT);
    server_send_ok(server, request->peer, request->id);
    return 0;
}

static int wait_for_end(struct server *server, const struct server_request *request,
                        uint64_t deadline_ms, struct failure *ret_failure) {
    struct keeper *keeper = server->owner;
    if (keeper->n_waiting == KEEPER_WAITING_MAX)
        return failure_set(ret_failure, "limit", "", EAGAIN, "too many wait for the jail's end");
    keeper->waiting[keeper->n_waiting++] =
        (struct keeper_waiting){.peer = request->peer, .id = request->id};
    keeper_stop(keeper, deadline_ms);
    return 0;
}

static int answer_stop(struct server *server, struct server_request *request,
                       struct failure *ret_failure) {
    uint64_t deadline_ms;
    if (fields_number(&request->message, "deadline-ms", STOP_DEADLINE_MS, 0, STOP_DEADLINE_MAX_MS,
                      &deadline_ms) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "deadline out of range");
    return wait_for_end(server, request, deadline_ms, ret_failure);
}

static int answer_kill(struct server *server, struct server_request *request,
                       struct failure *ret_failure) {
    return wait_for_end(server, request, 0, ret_failure);
}

static int answer_watch(struct server *server, struct server_request *request,
                        struct failure *ret_failure) {
    (void)ret_failure;
    server_watch(server, request->peer);
    server_send_ok(server, request->peer, request->id);
    return 0;
}

#define HEAD                                                                                       \
    {"op", FIELD_TEXT, FIELD_REQUIRED, 32}, { "id", FIELD_NUMBER, FIELD_REQUIRED, 0 }

static const struct field_rule bare_rules[] = {HEAD};
static const struct field_rule socket_rules[] = {
    HEAD,
    {"kind", FIELD_TEXT, FIELD_REQUIRED, 8},
    {"host", FIELD_TEXT, FIELD_OPTIONAL, 255},
    {"port", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"path", FIELD_TEXT, FIELD_OPTIONAL, 4095},
    {"user", FIELD_TEXT, FIELD_OPTIONAL, PASSWD_NAME_MAX - 1},
    {"deadline-ms", FIELD_NUMBER, FIELD_OPTIONAL, 0},
};
static const struct field_rule kill_session_rules[] = {
    HEAD,
    {"session", FIELD_TEXT, FIELD_REQUIRED, ENTER_SESSION_ID_MAX - 1},
    {"signal", FIELD_TEXT, FIELD_OPTIONAL, 15},
};
static const struct field_rule stop_rules[] = {
    HEAD,
    {"deadline-ms", FIELD_NUMBER, FIELD_OPTIONAL, 0},
};

const struct server_op keeper_ops[] = {
    {"enter", NULL, 0, 0, answer_enter}, /* enter_parse() has the rules */
    {"connect", socket_rules, COUNT(socket_rules), 0, forwarding_answer},
    {"listen", socket_rules, COUNT(socket_rules), 0, forwarding_answer},
    {"status", bare_rules, COUNT(bare_rules), 0, answer_status},
    {"sessions", bare_rules, COUNT(bare_rules), 0, answer_sessions},
    {"kill-session", kill_session_rules, COUNT(kill_session_rules), 0, answer_kill_session},
    {"stop", stop_rules, COUNT(stop_rules), 0, answer_stop},
    {"kill", stop_rules, COUNT(stop_rules), 0, answer_kill},
    {"watch", bare_rules, COUNT(bare_rules), 0, answer_watch},
};
const size_t keeper_n_ops = COUNT(keeper_ops);
