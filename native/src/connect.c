#include "connect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "connect-socket.h"
#include "filter.h"
#include "io.h"
#include "join.h"
#include "loop.h"
#include "process.h"

#define MESSAGE_MAX 2048
#define DEADLINE_MS 10000
#define DEADLINE_MAX_MS 120000

struct wanted {
    bool listen;
    bool path_kind;
    char user[PASSWD_NAME_MAX];
    char host[256];
    char path[PATH_MAX];
    in_port_t port;
    uint64_t wait_ms;
};

struct made {
    int fd;
    struct address address; /* of a TCP connection */
    in_port_t port;         /* of a TCP listener */
};

static int optional_text(const struct fields_view *request, const char *name, char *ret_text,
                         size_t size) {
    ret_text[0] = '\0';
    int r = fields_text(request, name, ret_text, size);
    return r == -ENOENT ? 0 : r;
}

static int parse(const struct fields_view *request, struct wanted *ret_wanted,
                 struct failure *ret_failure) {
    uint64_t port = 0;
    ret_wanted->listen = fields_is(request, "op", "listen");
    ret_wanted->path_kind = fields_is(request, "kind", "unix");
    if (ret_wanted->listen)
        snprintf(ret_failure->stage, sizeof ret_failure->stage, "listen");
    if (!ret_wanted->path_kind && !fields_is(request, "kind", "tcp"))
        return failure_set(ret_failure, "check", "", EINVAL, "kind is tcp or unix");
    if (optional_text(request, "user", ret_wanted->user, sizeof ret_wanted->user) < 0 ||
        optional_text(request, "host", ret_wanted->host, sizeof ret_wanted->host) < 0 ||
        optional_text(request, "path", ret_wanted->path, sizeof ret_wanted->path) < 0)
        return failure_set(ret_failure, "check", "", EINVAL, "a text is too long");
    if (ret_wanted->user[0] == '\0')
        snprintf(ret_wanted->user, sizeof ret_wanted->user, "root");
    if (fields_number(request, "port", 0, 0, UINT16_MAX, &port) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "the port is out of range");
    if (fields_number(request, "deadline-ms", DEADLINE_MS, 1, DEADLINE_MAX_MS,
                      &ret_wanted->wait_ms) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "the deadline is out of range");
    ret_wanted->port = (in_port_t)port;
    return 0;
}

/* The deadline counts from here: the jail's monotonic clock, by its time namespace, is another one
 * than the keeper's. */
static int make(int root_fd, const struct wanted *wanted, struct made *ret_made,
                struct failure *ret_failure) {
    uint64_t deadline_ms = clock_ms() + wanted->wait_ms;
    if (wanted->path_kind)
        return wanted->listen ? listen_path(wanted->path, &ret_made->fd, ret_failure)
                              : connect_path(wanted->path, deadline_ms, &ret_made->fd, ret_failure);
    if (wanted->listen)
        return listen_tcp(root_fd, wanted->host, wanted->port, deadline_ms, &ret_made->port,
                          &ret_made->fd, ret_failure);
    return connect_tcp(root_fd, wanted->host, wanted->port, deadline_ms, &ret_made->address,
                       &ret_made->fd, ret_failure);
}

/* The filter before the capabilities and both before the user, as for a session: the socket's peer
 * sees the session's own user, and what the resolver reads it reads with his rights. */
static int become_user(const struct jail_runtime *runtime, const char *name, int reply_fd,
                       struct failure *ret_failure) {
    const int keep[] = {reply_fd, runtime->init_pidfd, runtime->root_fd};
    CLEANUP_FREE struct passwd_user *user = calloc(1, sizeof *user);
    if (user == NULL)
        return failure_set(ret_failure, "start", "", ENOMEM, "no memory");
    int r = join_prepare(keep, sizeof keep / sizeof *keep, ret_failure);
    if (r == 0)
        r = join_jail(runtime, ret_failure);
    if (r == 0)
        r = passwd_load(runtime->root_fd, name, user, ret_failure);
    if (r == 0)
        r = filter_install(runtime->profile, ret_failure);
    if (r == 0)
        r = caps_apply(runtime->profile, ret_failure);
    return r < 0 ? r : join_become_user(user, ret_failure);
}

static void reply_made(int reply_fd, const struct wanted *wanted, const struct made *made) {
    char buffer[MESSAGE_MAX];
    char text[ADDRESS_TEXT_MAX];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ok", "1");
    if (wanted->listen) {
        fields_put_number(&writer, "port", made->port);
    } else if (wanted->path_kind) {
        fields_put_text(&writer, "address", wanted->path);
    } else {
        address_text(&made->address, text);
        fields_put_text(&writer, "address", text);
    }
    if (fields_finish(&writer) == 0)
        io_send(reply_fd, buffer, writer.len, &made->fd, 1, 0);
}

static void reply_failure(int reply_fd, const struct failure *failure) {
    char buffer[MESSAGE_MAX];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ok", "0");
    failure_encode(&writer, failure);
    if (fields_finish(&writer) == 0)
        io_send(reply_fd, buffer, writer.len, NULL, 0, 0);
}

static _Noreturn void run_child(const struct jail_runtime *runtime,
                                const struct fields_view *request, int reply_fd) {
    struct failure failure = failure_in("connect");
    struct made made = {.fd = -EBADF};
    struct wanted wanted = {.wait_ms = 0};
    int r = parse(request, &wanted, &failure);
    if (r == 0)
        r = become_user(runtime, wanted.user, reply_fd, &failure);
    if (r == 0)
        r = make(runtime->root_fd, &wanted, &made, &failure);
    if (r < 0)
        reply_failure(reply_fd, &failure);
    else
        reply_made(reply_fd, &wanted, &made);
    _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

pid_t connect_start(const struct jail_runtime *runtime, const struct fields_view *request,
                    int reply_fd, struct failure *ret_failure) {
    pid_t pid = process_fork(runtime->sessions_fd);
    if (pid == 0)
        run_child(runtime, request, reply_fd);
    if (pid < 0)
        return failure_set(ret_failure, "fork", "", -pid, "%s", strerror(-pid));
    return pid;
}
