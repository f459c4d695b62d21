/* Starting workers and jail keepers, and the operations of keeper.sock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "io.h"
#include "keeper.h"
#include "process.h"
#include "session.h"
#include "worker.h"

#define JAIL_START_DEADLINE_MS 20000
#define WORKER_START_DEADLINE_MS 10000
#define COUNT(array) (sizeof(array) / sizeof *(array))

enum child_kind { CHILD_WORKER, CHILD_JAIL };

/* A child from its fork to its reaping; `reply` is open as long as its start is unanswered. */
struct host_child {
    struct host_child *next;
    struct host *host;
    enum child_kind kind;
    pid_t pid;
    uint64_t peer;
    uint64_t id;
    struct loop_source reply;
    struct loop_timer deadline;
};

static void end_start(struct host_child *child) {
    loop_disarm(&child->host->loop, &child->deadline);
    loop_remove(&child->host->loop, &child->reply);
    io_close(&child->reply.fd);
}

static void answer_start_failure(struct host_child *child, const char *step, int error,
                                 const char *message) {
    struct failure failure =
        failure_in(child->kind == CHILD_WORKER ? "start-worker" : "start-jail");
    failure_set(&failure, step, "", error, "%s", message);
    server_send_failure(&child->host->server, child->peer, child->id, &failure);
}

static void deadline_expired(struct loop_timer *timer) {
    struct host_child *child = timer->owner;
    answer_start_failure(child, "deadline", ETIMEDOUT, "the start did not end in time");
    kill(child->pid, SIGKILL);
    end_start(child);
}

static void answer_worker_started(struct host_child *child) {
    uint8_t buffer[64];
    struct fields_writer writer;
    server_answer(&writer, buffer, sizeof buffer, child->id);
    fields_put_number(&writer, "pid", (uint64_t)child->pid);
    server_send(&child->host->server, child->peer, &writer, NULL, 0);
}

/* Gives the child's own words to the asker, under the asker's id. */
static void pass_on(struct host_child *child, const struct fields_view *message) {
    uint8_t buffer[4096];
    struct fields_writer writer;
    struct field field;
    char name[FIELDS_NAME_MAX + 1];
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_number(&writer, "id", child->id);
    for (size_t cursor = 0; fields_next(message, &cursor, &field);)
        if (span_text(field.name, name, sizeof name) == 0)
            fields_put(&writer, name, field.value.data, field.value.len);
    server_send(&child->host->server, child->peer, &writer, NULL, 0);
}

/* A jail keeper says how its start went; a worker says nothing when it could be executed. */
static void reply_ready(struct loop_source *source, uint32_t events) {
    (void)events;
    struct host_child *child = source->owner;
    uint8_t buffer[3072];
    size_t len = 0;
    struct fields_view message;
    int r = io_receive(source->fd, buffer, sizeof buffer, &len, NULL, 0, NULL, MSG_DONTWAIT);
    if (r == -EAGAIN)
        return;
    if (r == 0 && len > 0 && fields_open(&message, buffer, len, NULL) == 0)
        pass_on(child, &message);
    else if (r == 0 && len == 0 && child->kind == CHILD_WORKER)
        answer_worker_started(child);
    else
        answer_start_failure(child, "keeper", ECANCELED, "the jail keeper ended");
    end_start(child);
}

static struct host_child *make_child(struct host *host, enum child_kind kind,
                                     const struct server_request *request) {
    struct host_child *child = calloc(1, sizeof *child);
    if (child == NULL)
        return NULL;
    child->host = host;
    child->kind = kind;
    child->peer = request->peer;
    child->id = request->id;
    child->reply = (struct loop_source){.fd = -EBADF, .ready = reply_ready, .owner = child};
    child->deadline = (struct loop_timer){.expired = deadline_expired, .owner = child};
    child->next = host->children;
    host->children = child;
    return child;
}

static void free_child(struct host_child *child) {
    struct host_child **at = &child->host->children;
    while (*at != child)
        at = &(*at)->next;
    *at = child->next;
    end_start(child);
    free(child);
}

/* Forks by `fork_child` with a reply socket; the asker is answered when the child has replied. */
static int start(struct host *host, enum child_kind kind, struct server_request *request,
                 uint64_t deadline_ms,
                 pid_t (*fork_child)(struct server_request *request, int reply_fd,
                                     struct failure *ret_failure),
                 struct failure *ret_failure) {
    CLEANUP_CLOSE int child_end = -EBADF;
    struct host_child *child = make_child(host, kind, request);
    if (child == NULL)
        return failure_set(ret_failure, "start", "", ENOMEM, "no memory");
    int r = io_socket_pair(&child->reply.fd, &child_end);
    if (r == 0)
        r = loop_add(&host->loop, &child->reply, EPOLLIN);
    if (r < 0)
        failure_set(ret_failure, "socket", "", -r, "%s", strerror(-r));
    else
        r = child->pid = fork_child(request, child_end, ret_failure);
    if (r < 0) {
        free_child(child);
        return r;
    }
    loop_arm(&host->loop, &child->deadline, deadline_ms);
    return 0;
}

static pid_t fork_jail_keeper(struct server_request *request, int reply_fd,
                              struct failure *ret_failure) {
    char jail[KEEPER_JAIL_NAME_MAX];
    fields_text(&request->message, "jail", jail, sizeof jail);
    pid_t pid = process_fork(-1);
    if (pid == 0)
        keeper_main(jail, request->fds[0], reply_fd);
    if (pid < 0)
        return failure_set(ret_failure, "fork", "", -pid, "%s", strerror(-pid));
    return pid;
}

static pid_t fork_worker(struct server_request *request, int reply_fd,
                         struct failure *ret_failure) {
    struct worker_request worker;
    int r = worker_parse(&request->message, &worker, ret_failure);
    return r < 0 ? r
                 : worker_start(&worker, request->fds[0], request->fds[1], reply_fd, ret_failure);
}

static int answer_start_jail(struct server *server, struct server_request *request,
                             struct failure *ret_failure) {
    return start(server->owner, CHILD_JAIL, request, JAIL_START_DEADLINE_MS, fork_jail_keeper,
                 ret_failure);
}

static int answer_start_worker(struct server *server, struct server_request *request,
                               struct failure *ret_failure) {
    return start(server->owner, CHILD_WORKER, request, WORKER_START_DEADLINE_MS, fork_worker,
                 ret_failure);
}

/* For a worker whose event loop hangs: it would not notice that its control socket has closed. */
static int answer_kill_worker(struct server *server, struct server_request *request,
                              struct failure *ret_failure) {
    struct host *host = server->owner;
    uint64_t pid = 0;
    fields_number(&request->message, "pid", 0, 1, INT32_MAX, &pid);
    for (struct host_child *child = host->children; child != NULL; child = child->next) {
        if (child->kind != CHILD_WORKER || child->pid != (pid_t)pid)
            continue;
        kill(child->pid, SIGKILL);
        server_send_ok(server, request->peer, request->id);
        return 0;
    }
    return failure_set(ret_failure, "find-worker", "", ENOENT, "no such worker");
}

/* Jails of an earlier host keeper count too: whoever runs holds its lock. */
static uint64_t count_jails(const struct host *host) {
    uint64_t n = 0;
    int fd = openat(host->run_fd, "jails", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *jails = fd < 0 ? NULL : fdopendir(fd);
    if (jails == NULL) {
        io_close(&fd);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(jails)) != NULL;) {
        char path[300];
        snprintf(path, sizeof path, "%s/lock", entry->d_name);
        CLEANUP_CLOSE int lock =
            entry->d_name[0] == '.' ? -EBADF : openat(fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        n += lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0;
    }
    closedir(jails);
    return n;
}

static int answer_status(struct server *server, struct server_request *request,
                         struct failure *ret_failure) {
    (void)ret_failure;
    const struct host *host = server->owner;
    uint8_t buffer[256];
    struct fields_writer writer;
    uint64_t workers = 0;
    for (const struct host_child *child = host->children; child != NULL; child = child->next)
        workers += child->kind == CHILD_WORKER;
    server_answer(&writer, buffer, sizeof buffer, request->id);
    fields_put_number(&writer, "workers", workers);
    fields_put_number(&writer, "jails", count_jails(host));
    fields_put_text(&writer, "version", KEEPER_VERSION);
    server_send(server, request->peer, &writer, NULL, 0);
    return 0;
}

void host_child_reaped(struct host *host, pid_t pid, int status) {
    struct host_child *child = host->children;
    while (child != NULL && child->pid != pid)
        child = child->next;
    if (child == NULL)
        return;
    if (child->reply.fd >= 0) /* what it said last comes before its end */
        reply_ready(&child->reply, EPOLLIN);
    if (child->kind == CHILD_WORKER) {
        uint8_t buffer[128];
        struct fields_writer writer;
        fields_writer_fixed(&writer, buffer, sizeof buffer);
        fields_put_text(&writer, "ev", "worker-exited");
        fields_put_number(&writer, "pid", (uint64_t)pid);
        put_process_end(&writer, status);
        server_broadcast(&host->server, &writer);
    }
    free_child(child);
}

#define HEAD                                                                                       \
    {"op", FIELD_TEXT, FIELD_REQUIRED, 32}, { "id", FIELD_NUMBER, FIELD_REQUIRED, 0 }

static const struct field_rule bare_rules[] = {HEAD};
static const struct field_rule start_jail_rules[] = {
    HEAD,
    {"jail", FIELD_TEXT, FIELD_REQUIRED, KEEPER_JAIL_NAME_MAX - 1},
};
static const struct field_rule kill_worker_rules[] = {
    HEAD,
    {"pid", FIELD_NUMBER, FIELD_REQUIRED, 0},
};

const struct server_op host_ops[] = {
    {"start-worker", worker_rules, 9, 2, answer_start_worker},
    {"kill-worker", kill_worker_rules, COUNT(kill_worker_rules), 0, answer_kill_worker},
    {"start-jail", start_jail_rules, COUNT(start_jail_rules), 1, answer_start_jail},
    {"status", bare_rules, COUNT(bare_rules), 0, answer_status},
};
const size_t host_n_ops = COUNT(host_ops);
