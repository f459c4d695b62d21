/* Stage boot, the jail's init: process 1. It is never executed from a file of the jail's, never
 * dumpable, has no descriptors and no memory of the host's, and only buries the dead.
 *
 *   from the keeper    SIGTERM   ends everything, then itself
 *   from inside (root) SIGTERM   the same, then reboots    (what busybox's reboot sends)
 *                      SIGUSR1, SIGUSR2  the same, then powers off
 *
 * With init-argv in the spec, that program takes its place. */
#ifndef JAILD_INIT_H
#define JAILD_INIT_H

#include "spec.h"

/* Runs in the child that was born as process 1, root in the jail's user namespace, still in the
 * keeper's mount namespace. Waits on `channel` for the jail's mount namespace, tells when it is
 * ready (or why not) and closes it; an init-argv program closes it by being executed. */
_Noreturn void init_main(const struct jail_spec *spec, int proc, int channel);

/* The loop of process 1. */
_Noreturn void init_reap(void);

#endif
