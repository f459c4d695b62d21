/* The host keeper: the one root process from which all others are forked. It starts workers and
 * jail keepers, tells the broker when a worker has ended, and parses nothing but the broker's
 * fields messages. */
#ifndef JAILD_HOST_H
#define JAILD_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include "fail.h"
#include "loop.h"
#include "server.h"

#define KEEPER_VERSION "0.1.0"

struct host {
    struct loop loop;
    struct server server;
    struct loop_source signals;
    int run_fd;
    int lock_fd;
    bool own_socket; /* made here, so removed here */
    struct host_child *children;
};

/* `jail-keeper host --run-dir DIR --toolbox DIR [--socket-fd N]`; the exit status. */
int host_main(int argc, char **argv);

/* Runs the calling program again from a sealed copy in memory that only root can execute, with an
 * empty environment: nobody can write to it or run it by /proc/PID/exe, and it can be replaced on
 * disk while it runs. Returns when this already is the copy or the kernel forbids it. */
void host_reexecute(char **argv);

/* Copies the toolbox into a read-only tmpfs at TOOLBOX_STAGE in the own mount namespace, so that no
 * path of the host shows in a jail. Stage "host", step "toolbox". */
int host_stage_toolbox(const char *source, struct failure *ret_failure);

/* ---- host-children.c ---- */

extern const struct server_op host_ops[];
extern const size_t host_n_ops;

/* Told by the reaper. */
void host_child_reaped(struct host *host, pid_t pid, int status);

#endif
