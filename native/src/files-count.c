#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "files-job.h"
#include "tree.h"
#include "walk.h"

/* Parts of an inode, so that one with several names adds up to itself without a list of those seen:
 * all its names lie in this tree, since a jail cannot link anything outside. */
#define PARTS ((uint64_t)1 << 24)

struct counting {
    struct failure *failure;
    uint64_t bytes;
    uint64_t inode_parts;
};

static int count_entry(void *context, const struct walk_dir *dir, const char *name,
                       unsigned char type) {
    struct counting *counting = context;
    struct stat status;
    char path[512];
    if (fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return failure_set(counting->failure, "count", walk_path(dir, name, path, sizeof path),
                           errno, "%s", strerror(errno));
    uint64_t links = S_ISDIR(status.st_mode) || status.st_nlink == 0 ? 1 : status.st_nlink;
    counting->bytes += (uint64_t)status.st_blocks * 512 / links;
    counting->inode_parts += PARTS / links;
    return type == DT_DIR ? WALK_DESCEND : 0;
}

int files_count(struct files_job *job, struct failure *failure) {
    struct counting counting = {.failure = failure};
    const struct walk_visitor visitor = {.entry = count_entry, .progress = &job->shared->progress};
    int r = walk_tree(job->upper, &visitor, &counting, failure);
    job->shared->bytes = counting.bytes;
    job->shared->inodes = (counting.inode_parts + PARTS / 2) / PARTS;
    return r;
}

int files_empty(struct files_job *job, struct failure *failure) {
    const int dirs[] = {job->upper, job->work, job->kept};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof dirs / sizeof *dirs; i++)
        if (dirs[i] >= 0)
            r = tree_empty(dirs[i], &job->shared->progress, failure);
    return r;
}
