/* Finding places inside a jail's tree. Everything below a jail's root is hostile: a template or an
 * earlier run may have put a link or a file where a directory belongs. Nothing here ever leaves the
 * root, and what was found is held by descriptor. The caller's fsuid owns what is made. */
#ifndef JAILD_TARGETS_H
#define JAILD_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"

/* openat2() below dirfd with the RESOLVE_* flags given (close-on-exec); -errno. */
int open_resolved(int dirfd, const char *path, uint64_t flags, uint64_t resolve);

/* The directory root/name (one plain name) of our own choice, such as "proc": made when missing; a
 * link or anything else there is replaced by an empty directory. A descriptor or -errno. */
int target_system_dir(int root, const char *name, const char *step, int *ret_fd,
                      struct failure *ret_failure);

/* The place of a volume, an absolute path that the administrator gave: links are followed as the
 * jail would follow them (never out of its root, never magic ones), missing directories are made,
 * and for a file an empty file at the end. A dangling link is refused. */
int target_volume(int root, const char *path, bool directory, int *ret_fd,
                  struct failure *ret_failure);

#endif
