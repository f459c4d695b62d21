/* The end of a jail's group. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "io.h"

#define DEPTH_MAX 32
#define TRIES 100
#define TRY_MS 10

int cgroup_kill(int cgroup_fd) { return io_write_file(cgroup_fd, "cgroup.kill", "1"); }

/* Removes every group below, deepest first; goes on after a failure and reports the first. */
static int remove_children(int group, int depth) {
    int first = 0;
    int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return -errno;
    DIR *dir = fdopendir(copy);
    if (dir == NULL) {
        close(copy);
        return -errno;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        CLEANUP_CLOSE int child =
            openat(group, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = child < 0 ? -errno : depth == 0 ? -ELOOP : remove_children(child, depth - 1);
        if (r == 0 && unlinkat(group, entry->d_name, AT_REMOVEDIR) < 0)
            r = -errno;
        if (first == 0)
            first = r;
    }
    closedir(dir);
    return first;
}

/* The name by which the group's parent knows it. */
static int own_name(int group, char ret_name[NAME_MAX + 1]) {
    char link[32];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", group);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0)
        return -errno;
    path[len] = '\0';
    const char *slash = strrchr(path, '/');
    if (slash == NULL || strlen(slash + 1) > NAME_MAX)
        return -EINVAL;
    snprintf(ret_name, NAME_MAX + 1, "%s", slash + 1);
    return 0;
}

int cgroup_remove(int cgroup_fd) {
    char name[NAME_MAX + 1];
    CLEANUP_CLOSE int parent = openat(cgroup_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return errno == ENODEV || errno == ENOENT ? 0 : -errno; /* removed already */
    int r = own_name(cgroup_fd, name);
    if (r < 0)
        return r;
    cgroup_kill(cgroup_fd);
    for (int i = 0; i < TRIES; i++) {
        r = remove_children(cgroup_fd, DEPTH_MAX);
        if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0)
            r = errno == ENOENT ? 0 : -errno;
        if (r != -EBUSY)
            return r;
        poll(NULL, 0, TRY_MS); /* killed processes leave their group a moment later */
    }
    return r;
}
