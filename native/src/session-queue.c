/* Sessions that wait for their turn: a jail's own root can hold up whatever enters, so only a few
 * may be at it, and the others of a burst wait instead of being refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* The message is the asker's buffer, which does not outlive the question. */
struct waiting_request {
    struct enter_request request;
    uint8_t data[];
};

int session_wait(struct session *session, const struct enter_request *request) {
    size_t len = request->message.len;
    session->request = malloc(sizeof *session->request + len);
    if (session->request == NULL)
        return -ENOMEM;
    session->request->request = *request;
    memcpy(session->request->data, request->message.data, len);
    session->request->request.message = (struct fields_view){session->request->data, len};
    return 0;
}

void session_stop_waiting(struct session *session) {
    free(session->request);
    session->request = NULL;
}

static struct session *oldest_waiting(const struct keeper *keeper) {
    struct session *found = NULL;
    for (struct session *session = keeper->sessions; session != NULL; session = session->next)
        if (session->state == SESSION_WAITING)
            found = session; /* the newest stand in front */
    return found;
}

static bool has_room(const struct keeper *keeper) {
    size_t entering = 0;
    for (const struct session *session = keeper->sessions; session != NULL; session = session->next)
        entering += session->state == SESSION_ENTERING || session->state == SESSION_FAILED;
    return entering < SESSIONS_ENTERING_MAX;
}

bool session_has_turn(const struct keeper *keeper) {
    return oldest_waiting(keeper) == NULL && has_room(keeper);
}

void session_next_turn(struct keeper *keeper) {
    struct session *session;
    while (has_room(keeper) && (session = oldest_waiting(keeper)) != NULL) {
        struct failure failure = failure_in("enter");
        if (session->socket.fd < 0) { /* hung up meanwhile */
            session_free(session);
        } else if (session_start_process(session, &session->request->request, &failure) < 0) {
            session_report_failed(session, &failure);
            session_free(session);
        } else {
            session_stop_waiting(session);
        }
    }
}
