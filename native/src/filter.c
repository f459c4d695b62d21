#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter-rules.h"
#include "io.h"

/* removexattrat: the last call whose meaning the tables have considered. Numbers from 424 on are
 * the same on every architecture. */
#define LAST_KNOWN_CALL 466

static struct {
    struct sock_filter *instructions;
    size_t n;
} prepared[FILTER_PROFILES];

static int add(scmp_filter_ctx context, const char *call, int error, unsigned n_tests,
               const struct scmp_arg_cmp *tests) {
    int number = seccomp_syscall_resolve_name(call);
    if (number == __NR_SCMP_ERROR)
        return -EINVAL;
    return seccomp_rule_add_array(context, SCMP_ACT_ERRNO((unsigned)error), number, n_tests, tests);
}

static int add_sockets(scmp_filter_ctx context, enum jail_profile profile) {
    static const char *const calls[] = {"socket", "socketpair"};
    uint64_t families = filter_families(profile);
    uint64_t protocols = filter_netlink_protocols(profile);
    int r = 0;
    for (size_t call = 0; call < 2; call++) {
        for (unsigned family = 0; r == 0 && family < FILTER_FAMILIES; family++) {
            struct scmp_arg_cmp test = SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, family);
            if (!(families & UINT64_C(1) << family))
                r = add(context, calls[call], EPERM, 1, &test);
        }
    }
    for (unsigned protocol = 0; r == 0 && protocol < FILTER_NETLINK_PROTOCOLS; protocol++) {
        const struct scmp_arg_cmp tests[] = {
            SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_NETLINK),
            SCMP_A2(SCMP_CMP_MASKED_EQ, UINT32_MAX, protocol),
        };
        /* Programs take "no such protocol" as a kernel without audit; at EPERM su and passwd give
         * up. */
        int error = protocol == NETLINK_AUDIT ? EPROTONOSUPPORT : EPERM;
        if (!(protocols & UINT64_C(1) << protocol))
            r = add(context, "socket", error, 2, tests);
    }
    return r;
}

static int add_rules(scmp_filter_ctx context, enum jail_profile profile) {
    int r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    if (r == 0)
        r = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#ifdef __x86_64__
    if (r == 0)
        r = seccomp_arch_add(context, SCMP_ARCH_X86);
#endif
    for (size_t i = 0; r == 0 && i < filter_n_rules; i++) {
        const struct filter_rule *rule = &filter_rules[i];
        if (rule->profiles & 1u << profile)
            r = add(context, rule->call, rule->error, rule->n_tests, rule->tests);
    }
    return r < 0 ? r : add_sockets(context, profile);
}

/* libseccomp has no rule for "numbers above": these three instructions go in front. */
static int take_program(enum jail_profile profile, int fd) {
    static const struct sock_filter front[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN_CALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    CLEANUP_FREE char *data = NULL;
    size_t len = 0;
    int r = io_read_regular(fd, BPF_MAXINSNS * sizeof *front, &data, &len);
    if (r < 0)
        return r;
    struct sock_filter *instructions = malloc(sizeof front + len);
    if (instructions == NULL)
        return -ENOMEM;
    memcpy(instructions, front, sizeof front);
    memcpy(instructions + 3, data, len);
    prepared[profile].instructions = instructions;
    prepared[profile].n = 3 + len / sizeof *instructions;
    return prepared[profile].n > BPF_MAXINSNS ? -E2BIG : 0;
}

static int compile(enum jail_profile profile) {
    CLEANUP_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
    if (context == NULL)
        return -ENOMEM;
    int r = add_rules(context, profile);
    if (r == 0)
        r = seccomp_export_bpf(context, fd);
    seccomp_release(context);
    return r < 0 ? r : take_program(profile, fd);
}

int filter_prepare(struct failure *ret_failure) {
    for (unsigned profile = 0; profile < FILTER_PROFILES; profile++) {
        if (prepared[profile].instructions != NULL)
            continue;
        int r = compile((enum jail_profile)profile);
        if (r < 0)
            return failure_set(ret_failure, "compile-filter", "", -r, "%s", strerror(-r));
    }
    return 0;
}

const struct sock_filter *filter_program(enum jail_profile profile, size_t *ret_n) {
    *ret_n = prepared[profile].n;
    return prepared[profile].instructions;
}

int filter_install(enum jail_profile profile, struct failure *ret_failure) {
    struct sock_fprog program = {
        .len = (unsigned short)prepared[profile].n,
        .filter = prepared[profile].instructions,
    };
    if (program.filter == NULL)
        return failure_set(ret_failure, "install-filter", "", ENODATA, "no filter is prepared");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return failure_set(ret_failure, "install-filter", "", errno, "%s", strerror(errno));
    return 0;
}

int filter_main(int argc, char **argv) {
    static const char *const names[FILTER_PROFILES] = {[PROFILE_STANDARD] = "standard",
                                                       [PROFILE_STRICT] = "strict",
                                                       [PROFILE_NESTING] = "nesting"};
    struct failure failure = failure_in("filter");
    size_t n = 0;
    unsigned profile = 0;
    while (profile < FILTER_PROFILES && (argc != 2 || strcmp(argv[1], names[profile]) != 0))
        profile++;
    if (argc != 2 || strcmp(argv[0], "dump") != 0 || profile == FILTER_PROFILES) {
        fputs("usage: jail-keeper filter dump standard|strict|nesting\n", stderr);
        return 2;
    }
    if (filter_prepare(&failure) < 0) {
        fprintf(stderr, "jail-keeper: %s: %s\n", failure.step, failure.message);
        return EXIT_FAILURE;
    }
    const struct sock_filter *program = filter_program((enum jail_profile)profile, &n);
    for (size_t i = 0; i < n; i++)
        printf("%04zu code 0x%04x true %u false %u value 0x%08x\n", i, program[i].code,
               program[i].jt, program[i].jf, program[i].k);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
