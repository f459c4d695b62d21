/* A session's terminal or pipes, made inside the jail. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "enter.h"
#include "io.h"
#include "terminal-modes.h"

static int fail_step(struct failure *ret_failure, const char *step, const char *what) {
    int error = errno;
    return failure_set(ret_failure, step, "", error, "%s: %s", what, strerror(error));
}

/* The slave is opened from the master, never by its name: the jail's root owns the names. */
static int open_terminal(int devpts_fd, int *ret_master, int *ret_slave,
                         struct failure *ret_failure) {
    CLEANUP_CLOSE int master =
        openat(devpts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
    if (master < 0)
        return fail_step(ret_failure, "open-terminal", "ptmx");
    int unlock = 0;
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
        return fail_step(ret_failure, "open-terminal", "unlock");
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return fail_step(ret_failure, "open-terminal", "slave");
    *ret_master = io_take(&master);
    *ret_slave = slave;
    return 0;
}

static int set_terminal(const struct enter_request *request, int slave,
                        struct failure *ret_failure) {
    struct termios settings;
    struct field field;
    struct span parts[2];
    uint64_t opcode, value;
    if (tcgetattr(slave, &settings) < 0)
        return fail_step(ret_failure, "set-terminal", "read settings");
    for (size_t cursor = 0; fields_find_next(&request->message, "mode", &cursor, &field);)
        if (span_split(field.value, parts, 2) == 0 && span_number(parts[0], &opcode) == 0 &&
            span_number(parts[1], &value) == 0)
            terminal_mode_apply(&settings, opcode, value);
    if (tcsetattr(slave, TCSANOW, &settings) < 0)
        return fail_step(ret_failure, "set-terminal", "write settings");
    if (ioctl(slave, TIOCSWINSZ, &request->size) < 0)
        return fail_step(ret_failure, "set-terminal", "size");
    return 0;
}

static int own_terminal(int slave, const struct passwd_user *user, struct failure *ret_failure) {
    mode_t mode = user->tty_gid == user->gid ? 0600 : 0620; /* group tty: write(1) */
    if (fchown(slave, user->uid, user->tty_gid) < 0 || fchmod(slave, mode) < 0)
        return fail_step(ret_failure, "own-terminal", "owner");
    if (ioctl(slave, TIOCSCTTY, 0) < 0)
        return fail_step(ret_failure, "own-terminal", "controlling terminal");
    return 0;
}

static int make_terminal(const struct enter_request *request, int devpts_fd,
                         const struct passwd_user *user, struct enter_stdio *stdio,
                         struct failure *ret_failure) {
    int slave = -EBADF;
    int r = open_terminal(devpts_fd, &stdio->near[0], &slave, ret_failure);
    if (r < 0)
        return r;
    stdio->n_near = 1;
    for (size_t i = 0; i < 3; i++)
        stdio->far[i] = slave;
    r = set_terminal(request, slave, ret_failure);
    return r < 0 ? r : own_terminal(slave, user, ret_failure);
}

/* Opening /dev/stderr again checks the pipe's owner, so each pipe is given to the user. */
static int make_pipes(const struct passwd_user *user, struct enter_stdio *stdio,
                      struct failure *ret_failure) {
    for (size_t i = 0; i < 3; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return fail_step(ret_failure, "make-pipes", "pipe");
        bool input = i == 0;
        stdio->near[i] = input ? ends[1] : ends[0];
        stdio->far[i] = input ? ends[0] : ends[1];
        stdio->n_near = i + 1;
        if (fchown(ends[0], user->uid, user->gid) < 0)
            return fail_step(ret_failure, "make-pipes", "owner");
    }
    return 0;
}

int enter_stdio_make(const struct enter_request *request, int devpts_fd,
                     const struct passwd_user *user, struct enter_stdio *ret_stdio,
                     struct failure *ret_failure) {
    *ret_stdio =
        (struct enter_stdio){.near = {-EBADF, -EBADF, -EBADF}, .far = {-EBADF, -EBADF, -EBADF}};
    if (setsid() < 0)
        return fail_step(ret_failure, "own-terminal", "setsid");
    if (request->terminal)
        return make_terminal(request, devpts_fd, user, ret_stdio, ret_failure);
    return make_pipes(user, ret_stdio, ret_failure);
}

int enter_stdio_place(const struct enter_stdio *stdio, struct failure *ret_failure) {
    for (int i = 0; i < 3; i++)
        if (dup2(stdio->far[i], i) < 0)
            return fail_step(ret_failure, "place-stdio", "dup2");
    return 0;
}
