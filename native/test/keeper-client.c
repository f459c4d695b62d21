/* A client of keeper.sock and of a jail's control socket, for trying things by hand, for tests
 * without Node and for timing.
 *
 *   keeper-client call SOCKET OP [NAME=VALUE]...             one question; prints the answer
 *   keeper-client start SOCKET JAIL [NAME=VALUE]...          start-jail with a spec of these fields
 *   keeper-client enter SOCKET [NAME=VALUE]...               a session on our own 0, 1, 2
 *   keeper-client bench-enter SOCKET COUNT [NAME=VALUE]...   sessions one after the other, timed
 *   keeper-client watch SOCKET                               prints events until the end
 *
 * "\0" in a value is a NUL (tuples). `call` passes open files with fd=PATH. Exit status: 0, the
 * session's own, 1 for a negative answer or failed set-up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "fields.h"
#include "io.h"

static uint8_t buffer[FIELDS_MESSAGE_MAX];

static _Noreturn void die(const char *what, int error) {
    fprintf(stderr, "keeper-client: %s: %s\n", what, strerror(error));
    exit(1);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int connect_to(const char *path) {
    int fd = -EBADF;
    char *directory = strdup(path);
    char *slash = directory == NULL ? NULL : strrchr(directory, '/');
    if (slash == NULL)
        die(path, EINVAL);
    *slash = '\0';
    int dirfd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = dirfd < 0 ? -errno : io_connect(dirfd, slash + 1, &fd);
    if (r < 0)
        die(path, -r);
    close(dirfd);
    free(directory);
    return fd;
}

/* NAME=VALUE with "\0" as NUL. */
static void put_argument(struct fields_writer *writer, const char *argument) {
    const char *equals = strchr(argument, '=');
    char *value = equals == NULL ? NULL : strdup(equals + 1);
    char *name = strdup(argument);
    size_t len = 0;
    if (value == NULL || name == NULL)
        die(argument, EINVAL);
    name[equals - argument] = '\0';
    for (const char *at = equals + 1; *at != '\0'; at++) {
        bool nul = at[0] == '\\' && at[1] == '0';
        value[len++] = nul ? '\0' : *at;
        at += nul;
    }
    fields_put(writer, name, value, len);
    free(name);
    free(value);
}

static void send_request(int socket, const char *op, char **arguments, const int *fds,
                         size_t n_fds) {
    struct fields_writer writer;
    int opened[IO_FDS_MAX];
    size_t n_opened = 0;
    fields_writer_growing(&writer, FIELDS_MESSAGE_MAX);
    fields_put_text(&writer, "op", op);
    fields_put_number(&writer, "id", 1);
    for (; *arguments != NULL; arguments++) {
        if (strncmp(*arguments, "fd=", 3) != 0)
            put_argument(&writer, *arguments);
        else if (n_opened < IO_FDS_MAX &&
                 (opened[n_opened++] = open(*arguments + 3, O_RDWR | O_CLOEXEC)) < 0)
            die(*arguments, errno);
    }
    int r = fields_finish(&writer);
    if (r == 0)
        r = io_send(socket, writer.data, writer.len, n_fds > 0 ? fds : opened,
                    n_fds > 0 ? n_fds : n_opened, 0);
    if (r < 0)
        die("send", -r);
    fields_writer_free(&writer);
    io_close_array(opened, n_opened);
}

/* One message; false at the end of the stream. */
static bool receive(int socket, struct fields_view *ret_view, int *ret_fds, size_t *ret_n_fds) {
    size_t len = 0;
    struct failure failure = failure_in("client");
    int r = io_receive(socket, buffer, sizeof buffer, &len, ret_fds, 3, ret_n_fds, 0);
    if (r < 0)
        die("receive", -r);
    if (len == 0)
        return false;
    if (fields_open(ret_view, buffer, len, &failure) < 0)
        die(failure.message, failure.error);
    return true;
}

static void print(const struct fields_view *view, FILE *to) {
    struct field field;
    for (size_t cursor = 0; fields_next(view, &cursor, &field);) {
        fprintf(to, "%.*s=", (int)field.name.len, field.name.data);
        for (size_t i = 0; i < field.value.len; i++)
            fputc(field.value.data[i] == '\0' ? ' ' : field.value.data[i], to);
        fputc('\n', to);
    }
    fflush(to);
}

static int ask(int socket, const char *op, char **arguments, const int *fds, size_t n_fds,
               int *ret_fd) {
    struct fields_view view;
    int received[3];
    size_t n = 0;
    send_request(socket, op, arguments, fds, n_fds);
    if (!receive(socket, &view, received, &n))
        die(op, ECONNRESET);
    bool ok = fields_is(&view, "ok", "1");
    if (!ok || ret_fd == NULL)
        print(&view, ok ? stdout : stderr);
    if (ok && ret_fd != NULL)
        *ret_fd = n == 1 ? received[0] : -EBADF;
    else
        io_close_array(received, n);
    return ok ? 0 : 1;
}

static int call(char **arguments) {
    return ask(connect_to(arguments[0]), arguments[1], arguments + 2, NULL, 0, NULL);
}

static int start(char **arguments) {
    struct fields_writer writer;
    char jail[128];
    fields_writer_growing(&writer, FIELDS_SPEC_MAX);
    snprintf(jail, sizeof jail, "jail=%s", arguments[1]);
    put_argument(&writer, jail);
    for (char **argument = arguments + 2; *argument != NULL; argument++)
        put_argument(&writer, *argument);
    int spec = memfd_create("spec", MFD_CLOEXEC);
    if (fields_finish(&writer) < 0 || spec < 0 || io_write_all(spec, writer.data, writer.len) < 0)
        die("spec", EINVAL);
    char *request[] = {jail, NULL};
    int socket = connect_to(arguments[0]);
    double begin = now_ms();
    int status = ask(socket, "start-jail", request, &spec, 1, NULL);
    fprintf(stderr, "start-jail took %.2f ms\n", now_ms() - begin);
    return status;
}

static int watch(char **arguments) {
    struct fields_view view;
    int fds[3];
    size_t n = 0;
    int socket = connect_to(arguments[0]);
    char *none[] = {NULL};
    if (ask(socket, "watch", none, NULL, 0, NULL) != 0)
        return 1;
    while (receive(socket, &view, fds, &n)) {
        io_close_array(fds, n);
        print(&view, stdout);
    }
    return 0;
}

/* ---- sessions ---- */

struct session {
    int socket;
    int near[3];
    size_t n_near;
    int status; /* -1 until it has ended */
};

static volatile sig_atomic_t resized;
static void on_resize(int signal) {
    (void)signal;
    resized = 1;
}

static void send_size(const struct session *session) {
    struct winsize size;
    char cols[24], rows[24];
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        return;
    snprintf(cols, sizeof cols, "cols=%u", size.ws_col);
    snprintf(rows, sizeof rows, "rows=%u", size.ws_row);
    char *fields[] = {cols, rows, NULL};
    send_request(session->socket, "resize", fields, NULL, 0);
}

/* Reads one event. False when the socket has ended. */
static bool take_event(struct session *session) {
    struct fields_view view;
    uint64_t code = 0;
    int fds[3];
    size_t n = 0;
    if (!receive(session->socket, &view, fds, &n))
        return false;
    if (fields_is(&view, "ev", "started")) {
        memcpy(session->near, fds, sizeof fds);
        session->n_near = n;
    } else if (fields_is(&view, "ev", "exited")) {
        fields_number(&view, "code", 0, 0, 255, &code);
        session->status = (int)code;
    } else {
        print(&view, stderr);
        session->status = 1;
    }
    return true;
}

static bool copy(int from, int to) {
    char data[65536];
    ssize_t len = read(from, data, sizeof data);
    return len > 0 && io_write_all(to, data, (size_t)len) == 0;
}

static void relay(struct session *session) {
    int in = session->near[0];
    int out = session->n_near == 1 ? session->near[0] : session->near[1];
    int err = session->n_near == 1 ? -1 : session->near[2];
    struct pollfd polls[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = out, .events = POLLIN},
                             {.fd = err, .events = POLLIN},
                             {.fd = session->socket, .events = POLLIN}};
    while (polls[1].fd >= 0 || polls[2].fd >= 0 || polls[3].fd >= 0) {
        /* After the end of a terminal's program the rest is read, then no more is waited for. */
        int timeout = session->status >= 0 && session->n_near == 1 ? 0 : -1;
        int n = poll(polls, 4, timeout);
        if (resized) {
            resized = 0;
            send_size(session);
        }
        if (n == 0)
            return;
        if (n < 0)
            continue;
        if (polls[0].revents != 0 && !copy(STDIN_FILENO, in)) {
            polls[0].fd = -1;
            if (session->n_near == 3)
                close(in);
        }
        if (polls[1].revents != 0 && !copy(out, STDOUT_FILENO))
            polls[1].fd = -1;
        if (polls[2].revents != 0 && !copy(err, STDERR_FILENO))
            polls[2].fd = -1;
        if (polls[3].revents != 0 && !take_event(session))
            polls[3].fd = -1;
    }
}

static struct session open_session(int control, char **arguments) {
    struct session session = {.socket = -EBADF, .status = -1};
    if (ask(control, "enter", arguments, NULL, 0, &session.socket) != 0)
        exit(1);
    while (session.n_near == 0 && session.status < 0 && take_event(&session))
        ;
    return session;
}

static int enter(char **arguments) {
    struct termios before, raw;
    struct session session = open_session(connect_to(arguments[0]), arguments + 1);
    if (session.n_near == 0)
        return 1;
    bool terminal = session.n_near == 1 && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        struct sigaction action = {.sa_handler = on_resize};
        sigaction(SIGWINCH, &action, NULL);
        raw = before;
        cfmakeraw(&raw);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
        send_size(&session);
    }
    signal(SIGPIPE, SIG_IGN);
    relay(&session);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return session.status < 0 ? 1 : session.status;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void report(const char *what, double *times, size_t n) {
    qsort(times, n, sizeof *times, compare);
    printf("%s: median %.2f ms, p95 %.2f ms, max %.2f ms\n", what, times[n / 2],
           times[n * 95 / 100], times[n - 1]);
}

static int bench_enter(char **arguments) {
    size_t n = strtoul(arguments[1], NULL, 10);
    double *started = calloc(n, sizeof *started);
    double *ended = calloc(n, sizeof *ended);
    int control = connect_to(arguments[0]);
    if (n == 0 || started == NULL || ended == NULL)
        die("count", EINVAL);
    for (size_t i = 0; i < n; i++) {
        double begin = now_ms();
        struct session session = open_session(control, arguments + 2);
        started[i] = now_ms() - begin;
        while (session.status < 0 && take_event(&session))
            ;
        ended[i] = now_ms() - begin;
        io_close_array(session.near, session.n_near);
        close(session.socket);
        if (session.status != 0)
            return 1;
    }
    report("request to started", started, n);
    report("request to exited", ended, n);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int arguments;
        int (*run)(char **arguments);
    } commands[] = {
        {"call", 2, call},
        {"start", 2, start},
        {"enter", 1, enter},
        {"watch", 1, watch},
        {"bench-enter", 2, bench_enter},
    };
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].arguments)
            return commands[i].run(argv + 2);
    fprintf(stderr, "usage: keeper-client call|start|enter|bench-enter|watch SOCKET ...\n");
    return 2;
}
