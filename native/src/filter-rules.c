#include "filter-rules.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* The kernel takes these arguments as 32 bits and ignores the upper half: so do the tests. */
#define LOW32 0xffffffffu
#define IS(argument, value)                                                                        \
    { argument, SCMP_CMP_MASKED_EQ, LOW32, (scmp_datum_t)(value) }
#define HAS(argument, bit)                                                                         \
    { argument, SCMP_CMP_MASKED_EQ, bit, bit }
#define NOT_NULL(argument)                                                                         \
    { argument, SCMP_CMP_NE, 0, 0 }
/* `bit` without `other`: personality(0xffffffff) only asks and has all bits. */
#define BUT(argument, bit, other)                                                                  \
    { argument, SCMP_CMP_MASKED_EQ, (bit) | (other), bit }

#define ALWAYS(call, error, profiles)                                                              \
    {                                                                                              \
        call, error, profiles, 0, {                                                                \
            { 0 }                                                                                  \
        }                                                                                          \
    }
#define WHEN(call, error, profiles, test)                                                          \
    {                                                                                              \
        call, error, profiles, 1, { test }                                                         \
    }
#define WHEN2(call, error, profiles, test1, test2)                                                 \
    {                                                                                              \
        call, error, profiles, 2, { test1, test2 }                                                 \
    }

#define TOP 0x80000000u
#define NEXT 0x40000000u
#define PERSONALITY(bit) WHEN("personality", EPERM, IN_ALL, BUT(0, bit, TOP))

/* setsockopt() names by which the old packet filters are replaced; netlink is the new way. */
#define XT_REPLACE 64
#define ARPT_REPLACE 96
#define EBT_REPLACE 128
#define IPVS_BASE 1152

const struct filter_rule filter_rules[] = {
    /* Code in the kernel, another kernel, ports. */
    ALWAYS("init_module", EPERM, IN_ALL),
    ALWAYS("finit_module", EPERM, IN_ALL),
    ALWAYS("delete_module", EPERM, IN_ALL),
    ALWAYS("create_module", EPERM, IN_ALL),
    ALWAYS("query_module", EPERM, IN_ALL),
    ALWAYS("get_kernel_syms", EPERM, IN_ALL),
    ALWAYS("kexec_load", EPERM, IN_ALL),
    ALWAYS("kexec_file_load", EPERM, IN_ALL),
    ALWAYS("iopl", EPERM, IN_ALL),
    ALWAYS("ioperm", EPERM, IN_ALL),
    ALWAYS("vm86", EPERM, IN_ALL),
    ALWAYS("vm86old", EPERM, IN_ALL),
    ALWAYS("bpf", EPERM, IN_ALL),
    ALWAYS("perf_event_open", EPERM, IN_ALL),
    ALWAYS("userfaultfd", EPERM, IN_ALL),
    ALWAYS("syslog", EPERM, IN_ALL),
    /* Files past the mount tree; tables of the whole machine. */
    ALWAYS("open_by_handle_at", EPERM, IN_ALL),
    ALWAYS("lookup_dcookie", EPERM, IN_ALL),
    ALWAYS("swapon", EPERM, IN_ALL),
    ALWAYS("swapoff", EPERM, IN_ALL),
    ALWAYS("acct", EPERM, IN_ALL),
    ALWAYS("quotactl", EPERM, IN_ALL),
    ALWAYS("quotactl_fd", EPERM, IN_ALL),
    ALWAYS("nfsservctl", EPERM, IN_ALL),
    ALWAYS("_sysctl", EPERM, IN_ALL),
    ALWAYS("sysfs", EPERM, IN_ALL),
    ALWAYS("uselib", EPERM, IN_ALL),
    ALWAYS("settimeofday", EPERM, IN_ALL),
    ALWAYS("clock_settime", EPERM, IN_ALL),
    ALWAYS("clock_settime64", EPERM, IN_ALL),
    ALWAYS("stime", EPERM, IN_ALL),
    /* Keys are counted per uid and found by possession: as in a kernel without them. */
    ALWAYS("add_key", ENOSYS, IN_ALL),
    ALWAYS("request_key", ENOSYS, IN_ALL),
    ALWAYS("keyctl", ENOSYS, IN_ALL),
    /* Its operations are not seen by any filter. */
    ALWAYS("io_uring_setup", ENOSYS, IN_ALL),
    ALWAYS("io_uring_enter", ENOSYS, IN_ALL),
    ALWAYS("io_uring_register", ENOSYS, IN_ALL),
    /* Its flags are behind a pointer; every libc falls back to clone. */
    ALWAYS("clone3", ENOSYS, IN_ALL),
    /* The arguments of the i386 multiplexer are behind a pointer too. */
    ALWAYS("socketcall", EPERM, IN_ALL),

    /* Nested user namespaces give rights over kernel parts that only a root should reach. */
    WHEN("clone", EPERM, UNLESS_NESTING, HAS(0, CLONE_NEWUSER)),
    WHEN("unshare", EPERM, UNLESS_NESTING, HAS(0, CLONE_NEWUSER)),
    /* Typing into a terminal, the console's own calls, line disciplines. */
    WHEN("ioctl", EPERM, IN_ALL, IS(1, TIOCSTI)),
    WHEN("ioctl", EPERM, IN_ALL, IS(1, 0x541c /* TIOCLINUX */)),
    WHEN("ioctl", EPERM, IN_ALL, IS(1, TIOCSETD)),
    /* A core limit other than 1 would let the host's core_pattern program run (jail-limits.c). */
    WHEN("setrlimit", 0, IN_ALL, IS(0, RLIMIT_CORE)),
    WHEN2("prlimit64", 0, IN_ALL, IS(1, RLIMIT_CORE), NOT_NULL(2)),
    /* Personalities other than Linux (0), 32-bit Linux (8), UNAME26 and no randomization. */
    PERSONALITY(1u),
    PERSONALITY(2u),
    PERSONALITY(4u),
    PERSONALITY(0x10u),
    PERSONALITY(0x20u),
    PERSONALITY(0x40u),
    PERSONALITY(0x80u),
    PERSONALITY(MMAP_PAGE_ZERO),
    PERSONALITY(ADDR_COMPAT_LAYOUT),
    PERSONALITY(READ_IMPLIES_EXEC),
    WHEN("personality", EPERM, IN_ALL, BUT(0, TOP, NEXT)),
    /* The old packet filters' tables. */
    WHEN2("setsockopt", EPERM, UNLESS_NESTING, IS(1, IPPROTO_IP), IS(2, XT_REPLACE)),
    WHEN2("setsockopt", EPERM, UNLESS_NESTING, IS(1, IPPROTO_IPV6), IS(2, XT_REPLACE)),
    WHEN2("setsockopt", EPERM, UNLESS_NESTING, IS(1, IPPROTO_IP), IS(2, ARPT_REPLACE)),
    WHEN2("setsockopt", EPERM, UNLESS_NESTING, IS(1, IPPROTO_IP), IS(2, EBT_REPLACE)),
    WHEN2("setsockopt", EPERM, UNLESS_NESTING, IS(1, IPPROTO_IP), IS(2, IPVS_BASE)),

    /* Strict: nothing that shapes the mount tree, no other namespaces. */
    ALWAYS("mount", EPERM, IN_STRICT),
    ALWAYS("umount", EPERM, IN_STRICT),
    ALWAYS("umount2", EPERM, IN_STRICT),
    ALWAYS("pivot_root", EPERM, IN_STRICT),
    ALWAYS("fsopen", EPERM, IN_STRICT),
    ALWAYS("fspick", EPERM, IN_STRICT),
    ALWAYS("fsconfig", EPERM, IN_STRICT),
    ALWAYS("fsmount", EPERM, IN_STRICT),
    ALWAYS("open_tree", EPERM, IN_STRICT),
    ALWAYS("move_mount", EPERM, IN_STRICT),
    ALWAYS("mount_setattr", EPERM, IN_STRICT),
    ALWAYS("setns", EPERM, IN_STRICT),
    ALWAYS("name_to_handle_at", EPERM, IN_STRICT),
    ALWAYS("fanotify_init", EPERM, IN_STRICT),
};
const size_t filter_n_rules = sizeof filter_rules / sizeof *filter_rules;

#define BIT(number) (UINT64_C(1) << (number))

/* Packet sockets see the jail's own network only; in the host's network the kernel refuses them. */
uint64_t filter_families(enum jail_profile profile) {
    uint64_t families = BIT(AF_UNIX) | BIT(AF_INET) | BIT(AF_INET6) | BIT(AF_NETLINK);
    return profile == PROFILE_STRICT ? families : families | BIT(AF_PACKET);
}

/* Not: audit, uevents, the connector (host-wide), netfilter and xfrm (a long history of holes). */
uint64_t filter_netlink_protocols(enum jail_profile profile) {
    uint64_t protocols = BIT(NETLINK_ROUTE) | BIT(NETLINK_SOCK_DIAG) | BIT(NETLINK_USERSOCK);
    if (profile != PROFILE_STRICT)
        protocols |= BIT(NETLINK_GENERIC);
    if (profile == PROFILE_NESTING)
        protocols |= BIT(NETLINK_NETFILTER);
    return protocols;
}
