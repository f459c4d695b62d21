/* What process 1 does all day. It uses no memory but its stack and no file. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define GRACE_FROM_INSIDE_S 5
#define GRACE_FROM_KEEPER_S 3600 /* the keeper has a deadline of its own and ends with KILL */
#define LOOK_MS 20

static void bury(void) {
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

/* True once nothing but this process is left. Sessions are no children of ours, so SIGCHLD does not
 * tell; signal 0 finds every process of the namespace. */
static bool is_alone(void) { return kill(-1, 0) < 0 && errno == ESRCH; }

static void end_all(time_t grace_s) {
    const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
    sigset_t nothing;
    sigemptyset(&nothing);
    kill(
        -1,
        SIGTERM); /* no HUP: it would cut short what ends in order (the keeper hangs up sessions) */
    kill(-1, SIGCONT);
    for (time_t i = 0; i < grace_s * (1000 / LOOK_MS); i++) {
        bury();
        if (is_alone())
            return;
        sigtimedwait(&nothing, NULL, &look);
    }
    kill(-1, SIGKILL);
    bury();
}

/* The kernel ends this process by a signal that tells its parent what was meant. */
static _Noreturn void end_by(int command) {
    end_all(GRACE_FROM_INSIDE_S);
    reboot(command);
    _exit(EXIT_FAILURE);
}

_Noreturn void init_reap(void) {
    sigset_t all;
    sigfillset(&all);
    for (;;) {
        siginfo_t info = {0};
        int signal = sigwaitinfo(&all, &info);
        /* A sender outside has no number here. Nobody inside can claim that: with the code of
         * kill() the kernel fills the number in itself. */
        bool from_keeper = info.si_code == SI_USER && info.si_pid == 0;
        bool from_root = info.si_code == SI_USER && info.si_pid != 0 && info.si_uid == 0;
        if (signal == SIGCHLD)
            bury();
        else if (signal == SIGTERM && from_keeper) {
            end_all(GRACE_FROM_KEEPER_S);
            _exit(EXIT_SUCCESS);
        } else if (signal == SIGTERM && from_root)
            end_by(RB_AUTOBOOT);
        else if ((signal == SIGUSR1 || signal == SIGUSR2) && from_root)
            end_by(RB_POWER_OFF);
    }
}
