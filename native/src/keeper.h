/* The jail keeper: one per running jail, forked from the host keeper. It is the parent of the
 * jail's init and of every session in it, holds the jail's lock, and outlives broker, workers and
 * host keeper. This header is shared by its parts only. */
#ifndef JAILD_KEEPER_H
#define JAILD_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fail.h"
#include "loop.h"
#include "runtime.h"
#include "server.h"

#define KEEPER_JAIL_NAME_MAX 80
#define KEEPER_WAITING_MAX 16

struct session;
struct forwarding;

/* Who waits for the jail's end. */
struct keeper_waiting {
    uint64_t peer;
    uint64_t id;
};

struct keeper {
    struct loop loop;
    struct server server;
    struct loop_source signals;
    struct jail_runtime runtime;
    char jail[KEEPER_JAIL_NAME_MAX];
    int run_fd;          /* RUN/jails/NAME */
    int lock_fd;         /* its file "lock", held exclusively */
    int dir_lock_fd;     /* STATE/jails/NAME, held exclusively: no second instance, no reset */
    int spec_fd;         /* the spec's memfd, read again at a reboot */
    int own_pid_ns;      /* to return to before a boot */
    uint64_t started_ms; /* wall clock */
    uint64_t restarts;
    uint64_t linger_ms;
    uint64_t idle_ms; /* how long nothing of the user's has run */
    int stop_signal;
    bool running; /* false between a reboot's end and the next start */
    bool ending;  /* stop or kill was asked for: no new sessions, no restart */
    struct session *sessions;
    struct forwarding *forwardings;
    struct keeper_waiting waiting[KEEPER_WAITING_MAX];
    size_t n_waiting;
    struct loop_timer stop_timer;
    struct loop_timer give_up_timer;
    struct loop_timer linger_timer;
    struct loop_timer restart_timer;
};

/* Runs a jail keeper in a freshly forked child of the host keeper and never returns. Takes over
 * both descriptors. On `reply_fd` goes one message: ok=1 with pid (init's) and keeper-pid, or ok=0
 * with the failure (stage spec, lock, boot or keeper). */
_Noreturn void keeper_main(const char *jail, int spec_fd, int reply_fd);

/* The table of operations on the control socket. */
extern const struct server_op keeper_ops[];
extern const size_t keeper_n_ops;

/* Begins the jail's end: the stop signal to init, KILL after the deadline (0: at once). */
void keeper_stop(struct keeper *keeper, uint64_t deadline_ms);

/* ---- keeper-lock.c, keeper-state.c ---- */

/* Takes both locks. Stage "lock" with EBUSY when another keeper (of any instance) has one. */
int keeper_lock(struct keeper *keeper, const char *run_dir, const char *dir,
                struct failure *ret_failure);

/* Ends what a keeper that was killed has left: its init, known by the state file and recognised by
 * the jail's id range, and all processes with it. Called with the locks held, so that no two mounts
 * of one upper directory ever live. Step "stale"; ETIMEDOUT when it cannot be ended. */
int keeper_end_stale(const struct keeper *keeper, uint32_t base, struct failure *ret_failure);

/* Writes RUN/jails/NAME/state: state = starting | running | ended, and how it ended. */
void keeper_write_state(const struct keeper *keeper, const char *state, const char *how,
                        int status);

/* How many processes the jail has, init included. */
uint64_t keeper_count_processes(const struct keeper *keeper);

/* Whether anything but init itself runs. */
bool keeper_is_busy(const struct keeper *keeper);

#endif
