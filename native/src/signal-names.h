/* Signals by the names that SSH and the keeper's messages use (without SIG). */
#ifndef JAILD_SIGNAL_NAMES_H
#define JAILD_SIGNAL_NAMES_H

#include <stddef.h>

/* A signal that a client may send to its own session (RFC 4254 section 6.9), or 0. */
int signal_sendable(const char *name);

/* "TERM", "RTMIN+3", or the number when it has no name. */
void signal_name(int signal, char *ret_name, size_t size);

#endif
