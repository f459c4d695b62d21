#include "signal-names.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const int sendable[] = {
    SIGABRT, SIGALRM, SIGFPE,  SIGHUP,  SIGILL,  SIGINT,  SIGKILL,
    SIGPIPE, SIGQUIT, SIGSEGV, SIGTERM, SIGUSR1, SIGUSR2,
};

int signal_sendable(const char *name) {
    for (size_t i = 0; i < sizeof sendable / sizeof *sendable; i++)
        if (strcmp(sigabbrev_np(sendable[i]), name) == 0)
            return sendable[i];
    return 0;
}

void signal_name(int signal, char *ret_name, size_t size) {
    const char *name = sigabbrev_np(signal);
    if (name != NULL)
        snprintf(ret_name, size, "%s", name);
    else if (signal >= SIGRTMIN && signal <= SIGRTMAX)
        snprintf(ret_name, size, "RTMIN+%d", signal - SIGRTMIN);
    else
        snprintf(ret_name, size, "%d", signal);
}
