/* Sockets made inside the jail for the broker: one child per connect or listen request. */
#ifndef JAILD_FORWARDING_H
#define JAILD_FORWARDING_H

#include "keeper.h"

#define FORWARDINGS_MAX 64 /* being made at once; what has been made is no longer the keeper's */
#define FORWARDING_DEADLINE_MS 10000u
#define FORWARDING_DEADLINE_MAX_MS 120000u

/* Answers the ops connect and listen: starts the child; its answer goes out when it comes. */
int forwarding_answer(struct server *server, struct server_request *request,
                      struct failure *ret_failure);

/* Told by the reaper. False when the pid is no forwarding's. */
bool forwarding_reaped(struct keeper *keeper, pid_t pid);

#endif
