#include "session-socket.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "io.h"
#include "terminal-modes.h"

#define NAME_MAX_LEN 16

static const struct field_rule rules[] = {
    {"op", FIELD_TEXT, FIELD_REQUIRED, NAME_MAX_LEN},
    {"id", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"cols", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"rows", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"xpixels", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"ypixels", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"name", FIELD_TEXT, FIELD_OPTIONAL, NAME_MAX_LEN - 1},
};

/* The asker has gone: what a terminal line would do when the modem hangs up. */
static void hang_up(struct session *session) {
    session_socket_close(session);
    session_signal(session, SIGHUP);
    if (session->state == SESSION_RUNNING)
        session_signal(session, SIGCONT); /* a stopped job could not see the HUP */
}

static void resize(const struct session *session, const struct fields_view *message) {
    uint64_t cols = 0, rows = 0, xpixels = 0, ypixels = 0;
    struct winsize size;
    fields_number(message, "cols", 0, 0, UINT64_MAX, &cols);
    fields_number(message, "rows", 0, 0, UINT64_MAX, &rows);
    fields_number(message, "xpixels", 0, 0, UINT64_MAX, &xpixels);
    fields_number(message, "ypixels", 0, 0, UINT64_MAX, &ypixels);
    terminal_size(&size, cols, rows, xpixels, ypixels);
    if (session->master >= 0)
        ioctl(session->master, TIOCSWINSZ, &size); /* fails only once the terminal is gone */
}

/* 0, or -errno for a message that no honest asker sends. */
static int handle_message(const struct session *session, const void *data, size_t len) {
    struct fields_view message;
    char name[NAME_MAX_LEN] = "";
    int r = fields_open(&message, data, len, NULL);
    if (r == 0)
        r = fields_check(&message, rules, sizeof rules / sizeof *rules, NULL);
    if (r < 0)
        return r;
    if (fields_is(&message, "op", "resize")) {
        resize(session, &message);
        return 0;
    }
    if (!fields_is(&message, "op", "signal"))
        return -EOPNOTSUPP;
    fields_text(&message, "name", name, sizeof name);
    int signal = signal_sendable(name);
    if (signal != 0 && session->state == SESSION_RUNNING)
        session_signal(session, signal);
    return 0;
}

static void socket_ready(struct loop_source *source, uint32_t events) {
    (void)events;
    struct session *session = source->owner;
    uint8_t buffer[512];
    size_t len = 0;
    int r = io_receive(source->fd, buffer, sizeof buffer, &len, NULL, 0, NULL, MSG_DONTWAIT);
    if (r == -EAGAIN)
        return;
    if (r < 0 || len == 0 || handle_message(session, buffer, len) < 0)
        hang_up(session);
}

void session_socket_init(struct session *session, int fd) {
    session->socket = (struct loop_source){.fd = fd, .ready = socket_ready, .owner = session};
}

static void send_event(struct session *session, const struct fields_writer *writer, const int *fds,
                       size_t n_fds) {
    if (session->socket.fd < 0)
        return;
    if (fields_finish(writer) < 0 ||
        io_send(session->socket.fd, writer->data, writer->len, fds, n_fds, MSG_DONTWAIT) < 0)
        hang_up(session);
}

void session_socket_started(struct session *session, const int *fds, size_t n_fds) {
    uint8_t buffer[64];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", "started");
    fields_put_number(&writer, "pid", (uint64_t)session->pid);
    send_event(session, &writer, fds, n_fds);
}

void session_socket_failed(struct session *session, const struct failure *failure) {
    uint8_t buffer[2048];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", "failed");
    failure_encode(&writer, failure);
    send_event(session, &writer, NULL, 0);
}

void session_socket_ended(struct session *session, int status) {
    uint8_t buffer[128];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", WIFSIGNALED(status) ? "signaled" : "exited");
    put_process_end(&writer, status);
    send_event(session, &writer, NULL, 0);
}

void session_socket_close(struct session *session) {
    loop_remove(&session->keeper->loop, &session->socket);
    io_close(&session->socket.fd);
    io_close(&session->master);
}
