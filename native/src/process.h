/* Forking and what a fork shows of itself. */
#ifndef JAILD_PROCESS_H
#define JAILD_PROCESS_H

#include <sys/types.h>

/* fork(), with the child born in the cgroup behind `cgroup_fd` (negative: in the caller's).
 * 0 in the child, its pid in the parent (in the parent's pid namespace), or -errno. */
pid_t process_fork(int cgroup_fd);

/* Remembers where the command line lies; call first thing in main(). */
void process_title_init(int argc, char **argv);

/* Overwrites the whole command line and the name: inside a jail everybody reads
 * /proc/PID/cmdline, and ours holds host paths. */
void process_title(const char *title);

/* Makes the process non-dumpable: /proc/PID stays closed to the jail's root and to the process's
 * own uid, and nobody but the host's root can attach. Every change of ids may undo it, so it is
 * called after each. 0 or -errno. */
int process_hide(void);

/* Takes back a protection from the OOM killer that the service manager gave the keeper and that its
 * children inherit. Called where /proc is still the host's; 0 or -errno. */
int process_normal_oom(void);

/* An empty session keyring of its own, so that a jail possesses none of the host's keys. Fails
 * harmlessly where keyrings are not built in or forbidden. */
void process_drop_keyring(void);

#endif
