#include "runtime.h"

#include <errno.h>

#include "io.h"

struct jail_runtime jail_runtime_empty(void) {
    return (struct jail_runtime){
        .init_pidfd = -EBADF,
        .root_fd = -EBADF,
        .devpts_fd = -EBADF,
        .cgroup_fd = -EBADF,
        .payload_fd = -EBADF,
        .sessions_fd = -EBADF,
    };
}

void jail_runtime_close(struct jail_runtime *runtime) {
    io_close(&runtime->init_pidfd);
    io_close(&runtime->root_fd);
    io_close(&runtime->devpts_fd);
    io_close(&runtime->cgroup_fd);
    io_close(&runtime->payload_fd);
    io_close(&runtime->sessions_fd);
}
