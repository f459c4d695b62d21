/* The sockets of stage connect, made by the child when it is a process of the jail. Every function
 * gives a non-blocking socket or -errno with the failure filled. */
#ifndef JAILD_CONNECT_SOCKET_H
#define JAILD_CONNECT_SOCKET_H

#include <netinet/in.h>
#include <stdint.h>

#include "address.h"
#include "fail.h"

/* Resolves and connects; the policy is asked about each address before it is tried. Steps "check",
 * "resolve", "policy" (EACCES: there was no other address), "connect". */
int connect_tcp(int root_fd, const char *host, in_port_t port, uint64_t deadline_ms,
                struct address *ret_address, int *ret_fd, struct failure *ret_failure);

/* Connects to an absolute path of the jail; no abstract names, which are the host's where the jail
 * shares its network. Steps "check", "connect". */
int connect_path(const char *path, uint64_t deadline_ms, int *ret_fd, struct failure *ret_failure);

/* Listens; an empty host or "*" means every address, port 0 any free one. Steps "check", "resolve",
 * "listen". */
int listen_tcp(int root_fd, const char *host, in_port_t port, uint64_t deadline_ms,
               in_port_t *ret_port, int *ret_fd, struct failure *ret_failure);

/* Listens at a new socket file of mode 0600. What is there already is never removed: EADDRINUSE. */
int listen_path(const char *path, int *ret_fd, struct failure *ret_failure);

#endif
