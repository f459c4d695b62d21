/* Stage boot: from a spec to a running jail.
 *
 *   keeper  --fork--> maker    namespaces as the jail's own uid; bears init; ends
 *           --fork--> builder  all mounts as the host's root, locked; ends
 *           sets up the network meanwhile, hands the mounts to init
 *   init    joins the mounts, gives up what it must not keep, buries the dead */
#ifndef JAILD_BOOT_H
#define JAILD_BOOT_H

#include "fail.h"
#include "runtime.h"
#include "spec.h"

/* Starts a jail whose lock the caller holds. The caller is real root, single-threaded, and becomes
 * init's parent; its own namespaces (also the pid namespace of its children) are the same after as
 * before. `spec` is not needed afterwards. 0, or -errno with stage "boot" and nothing left behind:
 * no process, link, group or mount. Everything that it waits for has a deadline. */
int boot_jail(const struct jail_spec *spec, struct jail_runtime *ret_runtime,
              struct failure *ret_failure);

/* Ends what outlives init: kills what is left in the jail's group, removes the group, closes the
 * descriptors. Call it when init has been reaped, instead of jail_runtime_close(). A second call is
 * harmless. (The network link goes with its namespace.) */
void boot_release(struct jail_runtime *runtime);

#endif
