/* Sockets that are waited for until a moment of the monotonic clock (clock_ms() of loop.h). All
 * sockets here are non-blocking. */
#ifndef JAILD_DEADLINE_H
#define JAILD_DEADLINE_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* 0 or -ETIMEDOUT. */
int deadline_wait(int fd, short events, uint64_t deadline_ms);

/* A connected TCP socket, or -errno. */
int deadline_connect(const struct address *address, uint64_t deadline_ms, int *ret_fd);

/* All of it or -errno. */
int deadline_send(int fd, const void *data, size_t len, uint64_t deadline_ms);

/* Exactly so many bytes; -ECONNRESET at the end of the stream. */
int deadline_receive(int fd, void *data, size_t len, uint64_t deadline_ms);

#endif
