/* What a running jail is to its keeper: made by boot_jail(), used to enter, connect, stop.
 *
 * All descriptors are close-on-exec and opened BEFORE any code of the user's has run in the jail,
 * so nothing that the jail does to its paths later can change what they name. */
#ifndef JAILD_RUNTIME_H
#define JAILD_RUNTIME_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Seccomp and capability profile (filter_install(), caps_apply()). */
enum jail_profile {
    PROFILE_STANDARD,
    PROFILE_STRICT,
    PROFILE_NESTING,
};

/* The toolbox inside every jail: a read-only locked mount of the host keeper's tmpfs copy.
 * It holds ld.so, lib/, toolbox-passwd.so, sftp-server. */
#define TOOLBOX_INSIDE "/dev/.toolbox"

/* The same toolbox as the keeper sees it: a tmpfs that the host keeper fills once in its own mount
 * namespace. boot binds (or clones) it into the jail. */
#define TOOLBOX_STAGE "/run/jaild-toolbox"

struct jail_runtime {
    pid_t init_pid;  /* in the keeper's pid namespace; the keeper is its parent and reaps it */
    int init_pidfd;  /* carries all namespaces of the jail for setns() */
    int root_fd;     /* O_PATH of / in the jail's final (locked) mount namespace */
    int devpts_fd;   /* O_PATH of the root of the jail's devpts, in that same namespace (so that
                        /proc/self/fd/0 of a session reads /dev/pts/N) */
    int cgroup_fd;   /* O_DIRECTORY of the jail's group; -EBADF when it has none */
    int payload_fd;  /* payload/ in it: init and its children */
    int sessions_fd; /* sessions/ in it: what the keeper's enter makes (CLONE_INTO_CGROUP) */
    uint32_t base;   /* outside id of the jail's uid 0 and gid 0 */
    enum jail_profile profile;
    struct rlimit limits[RLIM_NLIMITS]; /* what init runs with, after boot applied the spec's;
                                           every session gets the same */
};

/* An empty one: no process, all descriptors -EBADF. */
struct jail_runtime jail_runtime_empty(void);

/* Closes the descriptors; neither kills nor reaps. A second call is harmless. */
void jail_runtime_close(struct jail_runtime *runtime);

#endif
