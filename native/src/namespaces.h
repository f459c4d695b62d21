/* Stage boot, the maker: a child of the keeper that makes the jail's namespaces as the jail's own
 * outside uid, so that whatever the kernel counts per creator counts against this jail, and then
 * bears the jail's init as a sibling of itself (the keeper is init's parent). */
#ifndef JAILD_NAMESPACES_H
#define JAILD_NAMESPACES_H

#include "fail.h"
#include "spec.h"

/* Forks the maker into the jail's group. It tells on `channel` (boot-channel.h), whose far end it
 * owns: first that the namespaces are there; then, after it was told to go on, init's pid. The init
 * goes on in init_main() with the same channel. Returns the maker's pid or -errno. */
pid_t namespaces_start(const struct jail_spec *spec, const struct jail_runtime *runtime, int proc,
                       int channel, struct failure *ret_failure);

/* In the keeper, once the namespaces are there: the id maps, a clock that starts at zero, an
 * ordinary rank for the out-of-memory killer. */
int namespaces_configure(const struct jail_spec *spec, int proc, pid_t maker,
                         struct failure *ret_failure);

#endif
