/* The session socket: what an asker is told about its session and may ask of it. Never waits for
 * the asker: one that does not read is hung up. */
#ifndef JAILD_SESSION_SOCKET_H
#define JAILD_SESSION_SOCKET_H

#include "session.h"
#include "signal-names.h"

/* Takes over the keeper's end; the caller adds session->socket to the loop. */
void session_socket_init(struct session *session, int fd);

/* Events. They do nothing once the socket is closed. */
void session_socket_started(struct session *session, const int *fds, size_t n_fds);
void session_socket_failed(struct session *session, const struct failure *failure);
void session_socket_ended(struct session *session, int status);

/* Closes the socket and the kept master; what was sent can still be read. */
void session_socket_close(struct session *session);

#endif
