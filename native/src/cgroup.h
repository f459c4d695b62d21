/* A jail's group in a cgroup v2 hierarchy:
 *
 *   GROUP/           ours: the limits
 *     payload/       init and its children; files for moving processes belong to the jail's root
 *     sessions/      what the keeper lets in
 *
 * Every write is checked to go to a real cgroup2 file system. */
#ifndef JAILD_CGROUP_H
#define JAILD_CGROUP_H

#include "fail.h"
#include "spec.h"

/* Makes the group (an old one of that name is emptied and removed first), with its parents, enables
 * the controllers that its limits need, and writes every limit. Fills the three descriptors in
 * `runtime`. A limit that cannot be set is a failure, and nothing remains. Steps "cgroup-open",
 * "cgroup-make", "cgroup-limit". */
int cgroup_make(const struct jail_spec *spec, struct jail_runtime *runtime,
                struct failure *ret_failure);

/* Kills everything in the group and below it; 0 or -errno. */
int cgroup_kill(int cgroup_fd);

/* Kills what is left in the group and removes it with all below it, waiting at most a second for
 * processes to go. 0 or -errno. The descriptor stays open. */
int cgroup_remove(int cgroup_fd);

#endif
