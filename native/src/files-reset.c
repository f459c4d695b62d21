/* Back to the template, but for what is to be kept.
 *
 * What is kept moves into the directory `kept` beside upper, all else goes, then it moves back. So
 * the directories above it are new ones: the overlay's marks on the old ones, which hide the
 * template and which only the host's root could take away, are gone. A reset that was cut off is
 * ended by the same request again: what lies in `kept` already wins. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files-job.h"
#include "io.h"
#include "tree.h"

#define KEEP_MAX 64

struct keep_list {
    char paths[KEEP_MAX][FILES_PATH_MAX];
    size_t n;
};

static bool is_within(const char *path, const char *above) {
    size_t len = strlen(above);
    return strncmp(path, above, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Paths that lie within another one go with it. */
static int parse_list(const struct fields_view *request, struct keep_list *ret_list,
                      struct failure *failure) {
    struct field field;
    char path[FILES_PATH_MAX];
    for (size_t cursor = 0; fields_find_next(request, "keep", &cursor, &field);) {
        if (files_path(field.value, path) < 0)
            return failure_set(failure, "check", "", EINVAL, "a path to keep is malformed");
        bool covered = false;
        size_t n_kept = 0;
        for (size_t i = 0; i < ret_list->n; i++) {
            covered = covered || is_within(path, ret_list->paths[i]);
            if (!is_within(ret_list->paths[i], path) || covered)
                memmove(ret_list->paths[n_kept++], ret_list->paths[i], FILES_PATH_MAX);
        }
        ret_list->n = n_kept;
        if (covered)
            continue;
        if (ret_list->n == KEEP_MAX)
            return failure_set(failure, "check", path, E2BIG, "more than %d paths to keep",
                               KEEP_MAX);
        memcpy(ret_list->paths[ret_list->n++], path, sizeof path);
    }
    return 0;
}

/* Opens to/name, made like from/name when it is missing. */
static int make_alike(int from, int to, const char *name, int *ret_fd) {
    struct stat status;
    CLEANUP_CLOSE int fd = files_open_dir(to, name);
    if (fd == -ENOENT) {
        if (fstat(from, &status) < 0 || mkdirat(to, name, 0700) < 0)
            return -errno;
        fd = files_open_dir(to, name);
        if (fd >= 0 && (fchown(fd, status.st_uid, status.st_gid) < 0 ||
                        fchmod(fd, status.st_mode & 07777) < 0))
            return -errno;
    }
    if (fd < 0)
        return fd;
    *ret_fd = io_take(&fd);
    return 0;
}

/* Moves path from one tree to the same place in the other. -ENOENT: there is nothing of it. */
static int move(int from, int to, const char *path) {
    CLEANUP_CLOSE int from_dir = fcntl(from, F_DUPFD_CLOEXEC, 3);
    CLEANUP_CLOSE int to_dir = fcntl(to, F_DUPFD_CLOEXEC, 3);
    char name[NAME_MAX + 1];
    for (;;) {
        size_t len = strcspn(path, "/");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        if (path[len] == '\0')
            break;
        path += len + 1;
        CLEANUP_CLOSE int next_from = files_open_dir(from_dir, name);
        CLEANUP_CLOSE int next_to = -EBADF;
        /* A link or a file where a directory was meant holds nothing to keep. */
        if (next_from == -ELOOP || next_from == -ENOTDIR)
            return -ENOENT;
        int r = next_from < 0 ? next_from : make_alike(next_from, to_dir, name, &next_to);
        if (r < 0)
            return r;
        io_close(&from_dir);
        io_close(&to_dir);
        from_dir = io_take(&next_from);
        to_dir = io_take(&next_to);
    }
    return renameat2(from_dir, name, to_dir, name, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

static int move_all(int from, int to, const struct keep_list *list, uint64_t *progress,
                    struct failure *failure) {
    for (size_t i = 0; i < list->n; i++) {
        int r = move(from, to, list->paths[i]);
        if (r < 0 && r != -ENOENT && r != -EEXIST)
            return failure_set(failure, "keep", list->paths[i], -r, "%s", strerror(-r));
        (*progress)++;
    }
    return 0;
}

int files_reset(struct files_job *job, struct failure *failure) {
    uint64_t *progress = &job->shared->progress;
    CLEANUP_FREE struct keep_list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return -ENOMEM;
    int r = parse_list(&job->request, list, failure);
    if (r == 0)
        r = move_all(job->upper, job->kept, list, progress, failure);
    if (r == 0)
        r = tree_empty(job->upper, progress, failure);
    if (r == 0)
        r = tree_empty(job->work, progress, failure);
    if (r == 0)
        r = move_all(job->kept, job->upper, list, progress, failure);
    return r < 0 ? r : tree_empty(job->kept, progress, failure);
}
