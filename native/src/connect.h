/* Stage connect: makes a socket inside a jail's network for a forwarding and sends it out. */
#ifndef JAILD_CONNECT_H
#define JAILD_CONNECT_H

#include <sys/types.h>

#include "fail.h"
#include "fields.h"
#include "runtime.h"

/* Forks the child that serves one connect or listen request (op, kind, host, port, path, user,
 * deadline-ms; already checked by the keeper's table). The child closes everything but
 * `reply_fd`, joins, and sends exactly one message on it: ok=1 with address or port and one
 * descriptor, or ok=0 with the failure; no id (the keeper adds it). It never waits beyond
 * deadline-ms by itself; the keeper kills it shortly after. Returns the child's pid or -errno;
 * the keeper reaps it and owns both ends of reply_fd's pair. */
pid_t connect_start(const struct jail_runtime *runtime, const struct fields_view *request,
                    int reply_fd, struct failure *ret_failure);

#endif
