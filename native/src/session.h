/* Sessions of one jail as its keeper sees them: from the fork to the reaping, with the session
 * socket that reports outwards. */
#ifndef JAILD_SESSION_H
#define JAILD_SESSION_H

#include "enter.h"
#include "keeper.h"

#define SESSIONS_MAX 384
#define SESSIONS_ENTERING_MAX 8
#define SESSIONS_WAITING_MAX 128

enum session_state {
    SESSION_WAITING,  /* has no process yet: so many others are entering */
    SESSION_ENTERING, /* the set-up runs; counted against SESSIONS_ENTERING_MAX */
    SESSION_RUNNING,
    SESSION_FAILED, /* reported as failed (perhaps killed), not reaped yet; still counted */
};

struct session {
    struct session *next;
    struct keeper *keeper;
    char id[ENTER_SESSION_ID_MAX];
    char user[PASSWD_NAME_MAX];
    pid_t pid;
    uint64_t started_ms; /* wall clock */
    bool terminal;
    enum session_state state;
    bool reaped;               /* the pid is no longer ours to signal */
    struct loop_source socket; /* near end of the session socket; closed: hung up */
    struct loop_source status; /* from the child, until it has executed the program */
    struct loop_timer deadline;
    int master;                      /* for resizing; closed together with the session socket */
    struct waiting_request *request; /* while SESSION_WAITING */
};

/* Forks a session's process, or lets it wait for its turn while others are entering; its deadline
 * runs all the same. Gives the asker's end of the session socket. -EAGAIN when too many wait or
 * run, -EEXIST when the id is taken. */
int session_start(struct keeper *keeper, const struct enter_request *request, int *ret_socket,
                  struct failure *ret_failure);

/* ---- session.c and session-queue.c among themselves ---- */

/* Forks the process of a session whose socket is there; on -errno the caller frees the session. */
int session_start_process(struct session *session, const struct enter_request *request,
                          struct failure *ret_failure);

/* Tells asker and watchers (as session-ended with code 255) that a set-up has failed. */
void session_report_failed(struct session *session, const struct failure *failure);

/* Ends a session that has no process. */
void session_free(struct session *session);

/* Whether one more may enter now. */
bool session_has_turn(const struct keeper *keeper);

/* Keeps a copy of the request until the session's turn comes. */
int session_wait(struct session *session, const struct enter_request *request);

/* Forgets the request of a session that waits no longer. */
void session_stop_waiting(struct session *session);

/* Starts what waits, oldest first, as long as there is room. */
void session_next_turn(struct keeper *keeper);

/* Told by the reaper. False when the pid is no session's. */
bool session_reaped(struct keeper *keeper, pid_t pid, int status);

struct session *session_find(struct keeper *keeper, const char *id);

/* Signals the session's own process group. */
void session_signal(const struct session *session, int signal);

/* Tells every session that its jail is about to end. */
void session_hang_up_all(const struct keeper *keeper);

size_t session_count(const struct keeper *keeper);

/* Appends code, or signal and core, of a waitpid status. */
void put_process_end(struct fields_writer *writer, int status);

#endif
