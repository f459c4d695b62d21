/* Capabilities of everything that runs in a jail, by profile.
 *
 * All of them are rights over the jail's own user namespace only. The table says what stays in the
 * bounding set; init and root sessions hold exactly it as permitted and effective; inheritable and
 * ambient are empty. sudo and set-id programs cannot exceed it.
 *
 *   capability                                            standard  nesting  strict
 *   CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID
 *   SETPCAP NET_BIND_SERVICE SYS_CHROOT AUDIT_WRITE
 *   SETFCAP NET_RAW MKNOD SYS_BOOT                            x         x        x
 *   DAC_READ_SEARCH LINUX_IMMUTABLE NET_BROADCAST NET_ADMIN
 *   IPC_LOCK IPC_OWNER SYS_PTRACE SYS_ADMIN SYS_NICE
 *   SYS_TTY_CONFIG LEASE                                      x         x        -
 *   SYS_RESOURCE (holds user.max_* and mqueue limits), SYS_MODULE, SYS_RAWIO, SYS_PACCT,
 *   SYS_TIME, MAC_OVERRIDE, MAC_ADMIN, SYSLOG, WAKE_ALARM, BLOCK_SUSPEND, AUDIT_CONTROL,
 *   AUDIT_READ, PERFMON, BPF, CHECKPOINT_RESTORE, later ones  -         -        -
 */
#ifndef JAILD_CAPS_H
#define JAILD_CAPS_H

#include <stdint.h>

#include "fail.h"
#include "runtime.h"

/* The profile's row as a bit set. */
uint64_t caps_of(enum jail_profile profile);

/* Makes the calling process, root in the jail's user namespace, hold exactly the profile's row.
 * After filter_install() (which needs SYS_ADMIN) and before an id switch. Step "drop-capabilities".
 */
int caps_apply(enum jail_profile profile, struct failure *ret_failure);

#endif
