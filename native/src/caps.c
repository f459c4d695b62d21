#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define CAP_NUMBER_MAX 63

#define CAPS_STRICT                                                                                \
    (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(KILL) | CAP(SETGID) |        \
     CAP(SETUID) | CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(SYS_CHROOT) | CAP(AUDIT_WRITE) |     \
     CAP(SETFCAP) | CAP(NET_RAW) | CAP(MKNOD) | CAP(SYS_BOOT))
#define CAPS_STANDARD                                                                              \
    (CAPS_STRICT | CAP(DAC_READ_SEARCH) | CAP(LINUX_IMMUTABLE) | CAP(NET_BROADCAST) |              \
     CAP(NET_ADMIN) | CAP(IPC_LOCK) | CAP(IPC_OWNER) | CAP(SYS_PTRACE) | CAP(SYS_ADMIN) |          \
     CAP(SYS_NICE) | CAP(SYS_TTY_CONFIG) | CAP(LEASE))

uint64_t caps_of(enum jail_profile profile) {
    return profile == PROFILE_STRICT ? CAPS_STRICT : CAPS_STANDARD;
}

static int drop_bounding(uint64_t keep) {
    for (unsigned number = 0; number <= CAP_NUMBER_MAX; number++) {
        if (keep & UINT64_C(1) << number)
            continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
            continue;
        if (errno == EINVAL && number > CAP_CHECKPOINT_RESTORE)
            break; /* the kernel knows no more */
        return -errno;
    }
    return 0;
}

int caps_apply(enum jail_profile profile, struct failure *ret_failure) {
    uint64_t keep = caps_of(profile);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)keep, .permitted = (uint32_t)keep},
        {.effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32)},
    };
    int r = drop_bounding(keep);
    if (r == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        r = -errno;
    if (r == 0 && syscall(SYS_capset, &header, data) < 0)
        r = -errno;
    if (r < 0)
        return failure_set(ret_failure, "drop-capabilities", "", -r, "%s", strerror(-r));
    return 0;
}
