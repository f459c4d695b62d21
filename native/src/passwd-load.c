/* Reads the jail's /etc/passwd and /etc/group without trusting what they are. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io.h"
#include "passwd.h"

#define OPEN_TRIES 8

/* Opens below the jail's root: links are followed inside it, mounts are not crossed, a FIFO or a
 * device is not waited for. */
static int open_inside(int root_fd, const char *path, int *ret_fd) {
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_XDEV,
    };
    for (int i = 0; i < OPEN_TRIES; i++) {
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof how);
        if (fd >= 0) {
            *ret_fd = (int)fd;
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR) /* EAGAIN: raced with a rename inside */
            return -errno;
    }
    return -EAGAIN;
}

static int read_inside(int root_fd, const char *path, char **ret_text, size_t *ret_len) {
    CLEANUP_CLOSE int fd = -EBADF;
    int r = open_inside(root_fd, path, &fd);
    return r < 0 ? r : io_read_regular(fd, PASSWD_FILE_MAX, ret_text, ret_len);
}

static void make_up_root(struct passwd_user *ret_user) {
    memset(ret_user, 0, sizeof *ret_user);
    snprintf(ret_user->name, sizeof ret_user->name, "root");
    snprintf(ret_user->home, sizeof ret_user->home, "/root");
    snprintf(ret_user->shell, sizeof ret_user->shell, "/bin/sh");
    ret_user->n_groups = 1;
    ret_user->made_up = true;
}

int passwd_load(int root_fd, const char *name, struct passwd_user *ret_user,
                struct failure *ret_failure) {
    CLEANUP_FREE char *passwd = NULL;
    CLEANUP_FREE char *group = NULL;
    size_t len = 0;
    bool is_root = strcmp(name, "root") == 0;
    if (!passwd_name_ok(name))
        return failure_set(ret_failure, "find-user", "", EINVAL, "not a user name");

    int r = read_inside(root_fd, "etc/passwd", &passwd, &len);
    if (r < 0 && !is_root)
        return failure_set(ret_failure, "read-passwd", "/etc/passwd", -r,
                           "the jail's /etc/passwd cannot be read: %s", strerror(-r));
    if (r == 0)
        r = passwd_parse_user(passwd, len, name, ret_user);
    else
        r = -ENOENT;
    if (r == -ENOENT && is_root) {
        make_up_root(ret_user);
        r = 0;
    }
    if (r == -ENOENT)
        return failure_set(ret_failure, "find-user", "/etc/passwd", ENOENT,
                           "the jail has no user %s", name);
    if (r < 0)
        return failure_set(ret_failure, "find-user", "/etc/passwd", EINVAL,
                           "the line of user %s in the jail's /etc/passwd is malformed", name);
    if (read_inside(root_fd, "etc/group", &group, &len) == 0)
        passwd_parse_groups(group, len, ret_user);
    return 0;
}
