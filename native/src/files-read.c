/* Reads one file as the jail would see it: its own directory first, then the template's layers,
 * with the overlay's whiteouts and opaque directories honoured. Links are not followed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "files-job.h"
#include "io.h"
#include "targets.h"

/* The places at which one directory's content lies, topmost first. */
struct places {
    int fds[1 + SPEC_LAYERS_MAX];
    size_t n;
};

enum found { FOUND_NOTHING, FOUND_WHITEOUT, FOUND_DIRECTORY, FOUND_FILE, FOUND_OTHER };

static int look(int dir, const char *name, enum found *ret_found) {
    struct stat status;
    *ret_found = FOUND_NOTHING;
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0))
        *ret_found = FOUND_WHITEOUT;
    else if (S_ISDIR(status.st_mode))
        *ret_found = FOUND_DIRECTORY;
    else
        *ret_found = S_ISREG(status.st_mode) ? FOUND_FILE : FOUND_OTHER;
    return 0;
}

/* Replaces each place by its directory `name`, as far as nothing above hides it. */
static int enter(struct files_job *job, struct places *places, const char *name) {
    struct places next = {.n = 0};
    int r = 0;
    for (size_t i = 0; r == 0 && i < places->n; i++) {
        enum found found;
        r = look(places->fds[i], name, &found);
        if (r == 0 && found == FOUND_NOTHING)
            continue;
        if (r < 0 || found != FOUND_DIRECTORY) {
            if (r == 0 && next.n == 0)
                r = found == FOUND_WHITEOUT ? -ENOENT : -ENOTDIR;
            break;
        }
        int fd = files_open_dir(places->fds[i], name);
        if (fd < 0) {
            r = fd;
            break;
        }
        next.fds[next.n++] = fd;
        r = files_is_opaque(job, fd);
        if (r == 1) {
            r = 0;
            break;
        }
    }
    io_close_array(places->fds, places->n);
    *places = next;
    return r < 0 || places->n > 0 ? r : -ENOENT;
}

static int read_file(struct files_job *job, int dir, const char *name) {
    CLEANUP_FREE char *data = NULL;
    CLEANUP_CLOSE int fd = open_resolved(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (fd < 0)
        return fd;
    int r = io_read_regular(fd, job->max_bytes, &data, &job->shared->data_len);
    if (r == 0)
        memcpy(job->shared->data, data, job->shared->data_len);
    return r;
}

static int find_file(struct files_job *job, const struct places *places, const char *name) {
    for (size_t i = 0; i < places->n; i++) {
        enum found found;
        int r = look(places->fds[i], name, &found);
        if (r == 0 && found == FOUND_NOTHING)
            continue;
        if (r < 0 || found == FOUND_WHITEOUT)
            return r < 0 ? r : -ENOENT;
        return found == FOUND_FILE ? read_file(job, places->fds[i], name) : -EINVAL;
    }
    return -ENOENT;
}

static int start(const struct files_job *job, struct places *ret_places) {
    ret_places->n = 0;
    for (size_t i = 0; i <= job->n_lower; i++) {
        int fd = i == 0 ? job->upper : job->lower[i - 1];
        if (fd < 0)
            continue;
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            return -errno;
        ret_places->fds[ret_places->n++] = fd;
    }
    return 0;
}

int files_read(struct files_job *job, struct failure *failure) {
    char path[FILES_PATH_MAX];
    char name[NAME_MAX + 1];
    struct places places;
    struct field field;
    if (!fields_find(&job->request, "path", &field) || files_path(field.value, path) < 0)
        return failure_set(failure, "check", "", EINVAL, "the path is malformed");
    int r = start(job, &places);
    const char *rest = path;
    for (size_t len = strcspn(rest, "/"); r == 0 && rest[len] == '/'; len = strcspn(rest, "/")) {
        snprintf(name, sizeof name, "%.*s", (int)len, rest);
        r = enter(job, &places, name);
        rest += len + 1;
    }
    if (r == 0)
        r = find_file(job, &places, rest);
    io_close_array(places.fds, places.n);
    if (r == -EINVAL)
        return failure_set(failure, "read", path, EINVAL, "is no regular file");
    return r < 0 ? failure_set(failure, "read", path, -r, "%s", strerror(-r)) : 0;
}
