#ifndef JAILD_ADDON_UNIX_ADDRESS_H
#define JAILD_ADDON_UNIX_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

/* A socket path as the kernel wants it. `directory_fd` is open (to be closed by unix_address_done)
 * when the path was too long for the kernel and goes through the directory's entry in /proc/self/fd
 * instead; else -1. */
struct unix_address {
    struct sockaddr_un name;
    socklen_t length;
    int directory_fd;
};

/* Longest path that is taken, the terminator included. */
#define UNIX_PATH_BYTES 4096

/* Fills the address for `path`; a leading '@' means an abstract name. Returns 0 or -errno. */
int unix_address_make(const char *path, struct unix_address *ret_address);
void unix_address_done(struct unix_address *address);

#endif
