/* Stage enter: a session's process. One fork of the jail keeper goes into the jail, makes the
 * terminal or the pipes there, becomes the user and executes the program. */
#ifndef JAILD_ENTER_H
#define JAILD_ENTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "fail.h"
#include "fields.h"
#include "passwd.h"
#include "runtime.h"

#define ENTER_SESSION_ID_MAX 64
#define ENTER_DEADLINE_MAX_MS 60000u
#define ENTER_DEADLINE_MS 10000u

struct enter_request {
    char session[ENTER_SESSION_ID_MAX];
    char user[PASSWD_NAME_MAX];
    bool login;
    bool terminal;
    struct winsize size;
    mode_t mask;
    uint64_t deadline_ms;
    struct fields_view message; /* command, argv*, toolbox, env*, mode*, cwd */
};

/* Checks an enter message. The view must outlive the request. Stage "request". */
int enter_parse(const struct fields_view *message, struct enter_request *ret_request,
                struct failure *ret_failure);

/* Forks the session's process. On `status_fd` (SEQPACKET; the child's end) comes one message:
 * ev=started with [master] or [stdin-write, stdout-read, stderr-read], or ev=failed with the
 * failure. Its end of the socket then closes by exec or exit. A program that cannot be executed is
 * no failure: the process says so on its stderr and exits with 127 (not found) or 126.
 * Returns the pid (the caller reaps it, and kills it at the deadline) or -errno. */
pid_t enter_start(const struct jail_runtime *runtime, const struct enter_request *request,
                  int status_fd, struct failure *ret_failure);

/* ---- parts, in the order in which the child does them ---- */

/* Descriptors of a session while it is set up; -EBADF where there is none. */
struct enter_stdio {
    int near[3]; /* go out: master, or stdin-write, stdout-read, stderr-read */
    size_t n_near;
    int far[3]; /* become 0, 1, 2; the same slave three times for a terminal */
};

/* Makes the terminal or the pipes as the jail's root (who is then charged for them) and gives them
 * to the user. Begins a kernel session of its own; a terminal becomes its controlling one. Steps
 * "open-terminal", "set-terminal", "own-terminal", "make-pipes". */
int enter_stdio_make(const struct enter_request *request, int devpts_fd,
                     const struct passwd_user *user, struct enter_stdio *ret_stdio,
                     struct failure *ret_failure);

/* Puts the far ends in place. Step "place-stdio". */
int enter_stdio_place(const struct enter_stdio *stdio, struct failure *ret_failure);

/* Goes home and executes the program; says on stderr why when that fails. */
_Noreturn void enter_program(const struct enter_request *request, const struct passwd_user *user);

/* NULL-terminated environment: USER LOGNAME HOME SHELL PATH, TERM on a terminal, then the
 * request's own that do not replace one of these. NULL without memory. */
char **enter_environment(const struct enter_request *request, const struct passwd_user *user);

#endif
