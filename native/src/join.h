/* A forked child of the keeper becomes a process of the jail.
 *
 * The keeper's children are born in the jail's pid namespace (the keeper has set it for them), so
 * one fork is enough and the keeper stays their parent. The child is the host's root inside the
 * jail's pid namespace until join_jail() has returned, and non-dumpable all the time. */
#ifndef JAILD_JOIN_H
#define JAILD_JOIN_H

#include <stddef.h>

#include "fail.h"
#include "passwd.h"
#include "runtime.h"

/* First thing in the child: hidden, default signals, no command line, every descriptor closed but
 * 0, 1, 2 (the keeper's /dev/null) and those kept (at most 12). Step "close". */
int join_prepare(const int *keep, size_t n_keep, struct failure *ret_failure);

/* Takes the jail's limits and joins all its namespaces by init's pidfd; afterwards the process is
 * uid and gid 0 of the jail without further groups, in the jail's root directory, with umask 022.
 * Steps "set-limits", "join-namespaces", "become-root". */
int join_jail(const struct jail_runtime *runtime, struct failure *ret_failure);

/* Becomes the user for good (ids and groups; root keeps its capabilities). Step "become-user". */
int join_become_user(const struct passwd_user *user, struct failure *ret_failure);

#endif
