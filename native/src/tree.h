/* `jail-keeper tree VERB`: work on trees of our own making (template layers, staging) and on the
 * host's, which only root can change. Never for a jail's files: those are files.h's. */
#ifndef JAILD_TREE_H
#define JAILD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fail.h"

/* What a copy may do and what it has done. Paths in `exclude` are relative to the source. */
struct tree_copy {
    bool link;        /* hard links where the file system allows, else reflinks, else copies */
    bool public_only; /* leave out what others cannot read or search */
    char *const *exclude;
    size_t n_exclude;
    uint64_t files; /* everything but directories */
    uint64_t bytes; /* sizes of regular files */
    uint64_t skipped;
};

/* Copies the tree behind `source` into the empty directory behind `target` (both from O_DIRECTORY);
 * links, owners, modes (set-id bits too), times and extended attributes stay. Devices, sockets and
 * FIFOs are left out. Steps "copy", "walk". */
int tree_copy(int source, int target, struct tree_copy *copy, struct failure *ret_failure);

/* One file of a copy without links. Step "copy". */
int tree_copy_file(int source_dir, int target_dir, const char *name, uint64_t *ret_bytes);
/* Extended attributes, owner, mode and times. */
int tree_copy_attributes(int source, int target);

/* SHA-256 over names, types, modes, owners, sizes, link targets, extended attributes and contents,
 * as 64 hex digits and a NUL. The order on disk and times do not count; but without `contents` the
 * files' times of change stand for what is in them (seconds instead of minutes for a large tree).
 */
int tree_digest(int root, bool contents, char ret_hex[65], struct failure *ret_failure);

/* Removes everything below `root`, but not `root` itself; mounts are not entered. */
int tree_empty(int root, uint64_t *progress, struct failure *ret_failure);

/* `jail-keeper tree link|copy|digest|remove ...`; argv[0] is "tree". An exit status. */
int tree_main(int argc, char **argv);

#endif
