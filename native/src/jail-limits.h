/* What the processes of one jail may use up together and each, apart from its cgroup.
 *
 * The kernel counts processes, pending signals, message queues and locked memory per uid and user
 * namespace; the limits that hold when the jail's namespace is made become totals of the jail. */
#ifndef JAILD_JAIL_LIMITS_H
#define JAILD_JAIL_LIMITS_H

#include "fail.h"
#include "spec.h"

/* The resource limits of the jail's processes: those of this process, the fixed ones of every jail,
 * the spec's. A limit above what this process may give (it lacks CAP_SYS_RESOURCE) is cut. */
int limits_plan(const struct jail_spec *spec, struct rlimit ret_limits[RLIM_NLIMITS],
                struct failure *ret_failure);

/* Sets them. Step "set-limits". */
int limits_apply(const struct rlimit limits[RLIM_NLIMITS], struct failure *ret_failure);

/* In the jail's namespaces, before CAP_SYS_RESOURCE goes (afterwards nobody in the jail can change
 * them): how many namespaces of each kind the jail may make, and the switches of its own network.
 * `proc` is a real /proc. Step "set-sysctl". */
int limits_set_switches(const struct jail_spec *spec, int proc, struct failure *ret_failure);

#endif
