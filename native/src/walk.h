/* Walks a directory tree of any depth and width with bounded descriptors and bounded memory,
 * without ever following a link or entering a mount. Safe on hostile trees: every step is taken
 * from a held descriptor, and coming back up is checked against what was there on the way down. */
#ifndef JAILD_WALK_H
#define JAILD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fail.h"

/* The directory that is being walked. */
struct walk_dir {
    int fd;
    const char *path; /* from the root of the walk; "" for the root itself */
    const char *name; /* the path's last part */
    size_t depth;     /* 0 = root */
};

/* Answers of a visitor beside 0 and -errno. */
#define WALK_DESCEND 1 /* of entry(): walk this directory, too */
#define WALK_REMOVED 2 /* of entry() and leave(): the entry is gone */

/* What is done on the way. Each may be NULL but entry. A negative answer ends the walk with it. */
struct walk_visitor {
    bool sorted; /* entries in the order of their bytes; else as they come */
    /* Before a directory's entries. */
    int (*enter)(void *context, const struct walk_dir *dir);
    /* For each entry; `type` is DT_x, never DT_UNKNOWN. */
    int (*entry)(void *context, const struct walk_dir *dir, const char *name, unsigned char type);
    /* After all of a directory's entries; `dir` is the one that holds `name`. */
    int (*leave)(void *context, const struct walk_dir *dir, const char *name);
    uint64_t *progress; /* counted up with each entry; may be NULL */
};

/* Walks everything below `root_fd` (which stays open). A directory from which a visitor removed
 * something is read again until nothing more goes. Steps "walk" and the visitor's own. */
int walk_tree(int root_fd, const struct walk_visitor *visitor, void *context,
              struct failure *ret_failure);

/* dir->path/name in `buffer` (cut when it does not fit); returns `buffer`. */
const char *walk_path(const struct walk_dir *dir, const char *name, char *buffer, size_t size);

#endif
