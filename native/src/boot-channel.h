/* Messages between the keeper and the processes that it forks for a boot: one struct, both ends the
 * same program. */
#ifndef JAILD_BOOT_CHANNEL_H
#define JAILD_BOOT_CHANNEL_H

#include <stddef.h>
#include <sys/types.h>

#include "fail.h"

/* In every child of a boot, first: it ends with its parent, and nobody but the host's root can look
 * into it. Step "hide". */
int boot_begin_child(struct failure *ret_failure);

/* Says that a step is done (with a pid and descriptors where it makes some). */
int boot_tell(int channel, pid_t pid, const int *fds, size_t n_fds);

/* Says that it failed. */
void boot_tell_failure(int channel, const struct failure *failure);

/* Waits for the other side: 0 with exactly `n_fds` descriptors, or the failure that it told. Its
 * end without a word is a failure too (EPIPE), and so is the deadline (ETIMEDOUT; negative: none).
 */
int boot_hear(int channel, int deadline_ms, const char *step, pid_t *ret_pid, int *ret_fds,
              size_t n_fds, struct failure *ret_failure);

#endif
