/* The tables behind filter.h. */
#ifndef JAILD_FILTER_RULES_H
#define JAILD_FILTER_RULES_H

#include <seccomp.h>

#include "runtime.h"

/* Sets of profiles. */
#define IN_STANDARD (1u << PROFILE_STANDARD)
#define IN_STRICT (1u << PROFILE_STRICT)
#define IN_NESTING (1u << PROFILE_NESTING)
#define IN_ALL (IN_STANDARD | IN_STRICT | IN_NESTING)
#define UNLESS_NESTING (IN_STANDARD | IN_STRICT)

struct filter_rule {
    const char *call;
    int error; /* 0: the call seems to succeed and does nothing */
    unsigned profiles;
    unsigned n_tests;
    struct scmp_arg_cmp tests[2];
};

/* Calls that are answered with an error whatever their arguments, and calls where that depends on
 * the arguments. */
extern const struct filter_rule filter_rules[];
extern const size_t filter_n_rules;

/* Address families and netlink protocols that a profile's jails may open sockets of: bit n is n. */
uint64_t filter_families(enum jail_profile profile);
uint64_t filter_netlink_protocols(enum jail_profile profile);

#define FILTER_FAMILIES 64 /* the kernel itself knows none above */
#define FILTER_NETLINK_PROTOCOLS 32

#endif
