/* One request of `jail-keeper files`, and the process that does it.
 *
 * What touches a jail's files is a child in a user namespace of its own that maps the jail's ids
 * and nothing else: whatever a jail has put there, it meets nobody who is more than the jail's own
 * root. The directories were opened before by the parent, so that their own paths need not be
 * reachable; from there on every step is openat2() beneath them. */
#ifndef JAILD_FILES_JOB_H
#define JAILD_FILES_JOB_H

#include <stdint.h>

#include "fail.h"
#include "fields.h"
#include "spec.h"

#define FILES_READ_MAX ((size_t)15 * 1024 * 1024)
#define FILES_PATH_MAX 1024

/* What child and parent share. */
struct files_shared {
    uint64_t progress; /* entries visited; a child whose count stands still is given up */
    struct failure failure;
    uint64_t bytes;
    uint64_t inodes;
    size_t data_len;
    char data[]; /* of verb read: max-bytes */
};

struct files_job {
    struct fields_view request;
    uint32_t base;
    int dir;   /* the directory that holds upper, work and, during a reset, kept */
    int upper; /* -EBADF when it is not there */
    int work;
    int kept;
    int lower[SPEC_LAYERS_MAX];
    size_t n_lower;
    int questions; /* child's end: see files_is_opaque() */
    size_t max_bytes;
    struct files_shared *shared;
};

/* Runs `work` in the child and waits for it. The failure comes back through the shared memory. Step
 * "stalled" when nothing moved for a minute: the child is killed then, but not waited for. */
int files_run(struct files_job *job, int (*work)(struct files_job *job, struct failure *failure),
              struct failure *ret_failure);

/* In the child: whether the overlay would not look below this directory. Its mark can only be read
 * by the host's root, so the parent is asked. 1, 0 or -errno. */
int files_is_opaque(struct files_job *job, int dir);

/* The work of the verbs, each in the child. */
int files_empty(struct files_job *job, struct failure *failure); /* upper, work, kept */
int files_reset(struct files_job *job, struct failure *failure);
int files_count(struct files_job *job, struct failure *failure);
int files_read(struct files_job *job, struct failure *failure);

/* A path relative to the jail's root without empty, "." or ".." parts (leading slashes are
 * dropped); -EINVAL. */
int files_path(struct span text, char ret_path[FILES_PATH_MAX]);

/* Opens a directory of one plain name below `dir`; links and mounts are refused. */
int files_open_dir(int dir, const char *name);

#endif
