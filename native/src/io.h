/* Descriptors: messages with descriptors on sockets, closing, bounded reading and writing.
 *
 * Every descriptor made here is close-on-exec from birth. Nothing here ever raises SIGPIPE. */
#ifndef JAILD_IO_H
#define JAILD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define IO_FDS_MAX 8 /* descriptors in one message */

/* Closes a descriptor unless it is negative, sets it to -EBADF, keeps errno. */
void io_close(int *fd);
#define CLEANUP_CLOSE __attribute__((cleanup(io_close)))

/* free() for CLEANUP_FREE. */
void io_free(void *pointer);
#define CLEANUP_FREE __attribute__((cleanup(io_free)))

/* Gives a descriptor away: returns it and leaves -EBADF behind. */
int io_take(int *fd);

/* Sends one message with up to IO_FDS_MAX descriptors (which stay open here). `flags` may hold
 * MSG_DONTWAIT. 0, -EAGAIN, -EPIPE, ... A short write of a stream is -EMSGSIZE. */
int io_send(int socket, const void *data, size_t len, const int *fds, size_t n_fds, int flags);

/* Receives one message. At most `max_fds` descriptors are accepted: with more, or with a cut
 * message or cut control data, everything received is closed and -EBADMSG returned.
 * *ret_len 0 without descriptors = the peer has closed. */
int io_receive(int socket, void *buffer, size_t size, size_t *ret_len, int *ret_fds, size_t max_fds,
               size_t *ret_n_fds, int flags);

/* Closes the first n descriptors of an array. */
void io_close_array(int *fds, size_t n);

/* A connected SOCK_SEQPACKET pair, close-on-exec, blocking. */
int io_socket_pair(int *ret_near, int *ret_far);

/* Listens at dirfd/name (SOCK_SEQPACKET, non-blocking, the mode given); an old socket file is
 * replaced. Only root can write that directory. By descriptor, so that no path is too long. */
int io_listen(int dirfd, const char *name, mode_t mode, int *ret_fd);

/* Connects to a listening dirfd/name (SOCK_SEQPACKET, blocking). */
int io_connect(int dirfd, const char *name, int *ret_fd);

/* Peer's uid by SO_PEERCRED, or -errno. */
int io_peer_uid(int socket, uid_t *ret_uid);

/* Writes all of it; -errno, -EIO for a short write without reason. */
int io_write_all(int fd, const void *data, size_t len);

/* Opens dirfd/path for writing (no creation, no links) and writes the text in one write(): for
 * /proc, /sys and cgroup files. */
int io_write_file(int dirfd, const char *path, const char *text);

/* Reads a regular file or memfd from its beginning into malloc'ed memory, terminated by a NUL
 * that *ret_len does not count. -EFBIG above `limit`, -EINVAL when it is not a regular file. */
int io_read_regular(int fd, size_t limit, char **ret_data, size_t *ret_len);

/* Replaces dir/name atomically (new file beside it, fsync when `durable`, rename). */
int io_replace_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
                    bool durable);

/* Closes every descriptor but those kept (n at most 16; negative ones are ignored; sorted here). */
int io_close_all_but(const int *keep, size_t n);

#endif
