/* The compiled seccomp filters, simulated: every call number of every ABI and the arguments that
 * matter must give what test/golden/filter-PROFILE.txt says, and between them they must reach every
 * instruction. `test-filter --write` writes the tables anew; read the difference before you commit
 * it. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "check.h"
#include "filter.h"

#define X32_BIT 0x40000000u
#define HIGH (UINT64_C(0xdeadbeef) << 32) /* what the kernel ignores in a 32-bit argument */
#define NUMBERS 600
#define TABLE_MAX 262144

static const struct sock_filter *program;
static size_t program_len;
static unsigned char reached[BPF_MAXINSNS];

static char table[TABLE_MAX];
static size_t table_len;

/* ---- the machine ---- */

static uint32_t load(const struct seccomp_data *data, uint32_t offset) {
    uint32_t word;
    CHECK(offset % 4 == 0 && offset < sizeof *data);
    memcpy(&word, (const char *)data + offset, sizeof word);
    return word;
}

static bool jumps(const struct sock_filter *at, uint32_t a) {
    switch (BPF_OP(at->code)) {
    case BPF_JEQ:
        return a == at->k;
    case BPF_JGT:
        return a > at->k;
    case BPF_JGE:
        return a >= at->k;
    case BPF_JSET:
        return (a & at->k) != 0;
    default:
        CHECK(!"a jump that this machine knows");
        return false;
    }
}

static uint32_t simulate(const struct seccomp_data *data) {
    uint32_t a = 0;
    for (size_t i = 0; i < program_len; i++) {
        const struct sock_filter *at = &program[i];
        reached[i] = 1;
        switch (BPF_CLASS(at->code)) {
        case BPF_LD:
            a = load(data, at->k);
            break;
        case BPF_ALU:
            CHECK(BPF_OP(at->code) == BPF_AND);
            a &= at->k;
            break;
        case BPF_JMP:
            i += BPF_OP(at->code) == BPF_JA ? at->k : jumps(at, a) ? at->jt : at->jf;
            break;
        case BPF_RET:
            return at->k;
        default:
            CHECK(!"an instruction that this machine knows");
        }
    }
    CHECK(!"a program that ends");
    return 0;
}

/* ---- the table ---- */

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(table + table_len, sizeof table - table_len, format, arguments);
    va_end(arguments);
    CHECK(len > 0 && (size_t)len < sizeof table - table_len);
    table_len += (size_t)len;
}

static const char *verdict(uint32_t action) {
    switch (action) {
    case SECCOMP_RET_ALLOW:
        return "allowed";
    case SECCOMP_RET_ERRNO | EPERM:
        return "EPERM";
    case SECCOMP_RET_ERRNO | ENOSYS:
        return "ENOSYS";
    case SECCOMP_RET_ERRNO | EPROTONOSUPPORT:
        return "EPROTONOSUPPORT";
    case SECCOMP_RET_ERRNO:
        return "nothing";
    default:
        CHECK(!"an action of the tables");
        return "";
    }
}

static uint32_t ask(uint32_t arch, uint32_t number, uint64_t a, uint64_t b, uint64_t c) {
    const struct seccomp_data data = {.nr = (int)number, .arch = arch, .args = {a, b, c}};
    return simulate(&data);
}

/* All numbers with arguments of zero: known calls by name, the others as ranges. */
static void put_numbers(const char *abi, uint32_t arch, uint32_t seccomp_arch, uint32_t bit) {
    uint32_t first = 0;
    for (uint32_t number = 0; number < NUMBERS; number++) {
        uint32_t action = ask(arch, number | bit, 0, 0, 0);
        bool last = number + 1 == NUMBERS || ask(arch, (number + 1) | bit, 0, 0, 0) != action;
        bool by_name = bit == 0 && arch != AUDIT_ARCH_AARCH64 && action != SECCOMP_RET_ALLOW;
        char *name = by_name ? seccomp_syscall_resolve_num_arch(seccomp_arch, (int)number) : NULL;
        if (name != NULL)
            line("%s %s %s\n", abi, name, verdict(action));
        else if (last && action != SECCOMP_RET_ALLOW)
            line("%s %u to %u %s\n", abi, first, number, verdict(action));
        free(name);
        if (last || name != NULL)
            first = number + 1;
    }
    line("%s 4294967295 %s\n", abi, verdict(ask(arch, UINT32_MAX, 0, 0, 0)));
}

struct abi {
    const char *name;
    uint32_t audit;
    uint32_t seccomp;
};
static const struct abi abis[] = {
    {"x86-64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64},
    {"i386", AUDIT_ARCH_I386, SCMP_ARCH_X86},
};

/* libseccomp names i386's direct socket calls by the multiplexer's pseudo-numbers. */
static uint32_t number_of(const struct abi *abi, const char *call) {
    static const struct {
        const char *call;
        uint32_t number;
    } direct[] = {{"socket", 359}, {"socketpair", 360}, {"setsockopt", 366}};
    int number = seccomp_syscall_resolve_name_arch(abi->seccomp, call);
    for (size_t i = 0; number < 0 && i < sizeof direct / sizeof *direct; i++)
        if (strcmp(call, direct[i].call) == 0)
            return direct[i].number;
    CHECK(number >= 0);
    return (uint32_t)number;
}

static const struct {
    const char *call;
    const char *words;
    uint64_t arguments[3];
} cases[] = {
    {"clone", "of a process", {0x1200011}},
    {"clone", "of a thread", {0x3d0f00}},
    {"clone", "with CLONE_NEWUSER", {CLONE_NEWUSER | 17}},
    {"clone", "with CLONE_NEWUSER and high bits", {HIGH | CLONE_NEWUSER}},
    {"clone", "with CLONE_NEWNS", {CLONE_NEWNS | 17}},
    {"unshare", "of CLONE_NEWUSER", {CLONE_NEWUSER}},
    {"unshare", "of CLONE_NEWUSER and CLONE_NEWNS", {CLONE_NEWUSER | CLONE_NEWNS}},
    {"unshare", "of CLONE_NEWNET", {CLONE_NEWNET}},
    {"unshare", "of CLONE_FILES", {CLONE_FILES}},
    {"ioctl", "TCGETS", {0, 0x5401}},
    {"ioctl", "TIOCSTI", {0, 0x5412}},
    {"ioctl", "TIOCSTI and high bits", {0, HIGH | 0x5412}},
    {"ioctl", "TIOCLINUX", {0, 0x541c}},
    {"ioctl", "TIOCLINUX and high bits", {HIGH, HIGH | 0x541c}},
    {"ioctl", "TIOCSETD", {0, 0x5423}},
    {"ioctl", "TIOCSWINSZ", {0, 0x5414}},
    {"setrlimit", "RLIMIT_CORE", {4, 1}},
    {"setrlimit", "RLIMIT_CORE and high bits", {HIGH | 4, 1}},
    {"setrlimit", "RLIMIT_NOFILE", {7, 1}},
    {"prlimit64", "asks for RLIMIT_CORE", {0, 4, 0}},
    {"prlimit64", "sets RLIMIT_CORE", {0, 4, 1}},
    {"prlimit64", "sets RLIMIT_CORE, pointer with low half 0", {0, 4, UINT64_C(1) << 32}},
    {"prlimit64", "sets RLIMIT_NOFILE", {0, 7, 1}},
    {"personality", "0", {0}},
    {"personality", "8 (32 bits)", {8}},
    {"personality", "0x0040000 (no randomization)", {0x40000}},
    {"personality", "0x0060008", {0x60008}},
    {"personality", "0xffffffff (asks)", {UINT32_MAX}},
    {"personality", "0x0400000 (read implies exec)", {0x400000}},
    {"personality", "0x0400000 and high bits", {HIGH | 0x400000}},
    {"personality", "0x0100000 (page zero)", {0x100000}},
    {"personality", "0x0200000 (old layout)", {0x200000}},
    {"personality", "1 (SVR4)", {1}},
    {"personality", "2 (SVR3)", {2}},
    {"personality", "4", {4}},
    {"personality", "0x10 (HP-UX)", {0x10}},
    {"personality", "0x20", {0x20}},
    {"personality", "0x40", {0x40}},
    {"personality", "0x80", {0x80}},
    {"personality", "0x80000000", {0x80000000}},
    {"setsockopt", "SOL_SOCKET 64", {3, 1, 64}},
    {"setsockopt", "IPPROTO_IP 64 (iptables)", {3, 0, 64}},
    {"setsockopt", "IPPROTO_IP 64 and high bits", {3, HIGH, HIGH | 64}},
    {"setsockopt", "IPPROTO_IPV6 64 (ip6tables)", {3, 41, 64}},
    {"setsockopt", "IPPROTO_IP 96 (arptables)", {3, 0, 96}},
    {"setsockopt", "IPPROTO_IP 128 (ebtables)", {3, 0, 128}},
    {"setsockopt", "IPPROTO_IP 1152 (ipvs)", {3, 0, 1152}},
    {"setsockopt", "IPPROTO_IP 1", {3, 0, 1}},
    {"setsockopt", "IPPROTO_IPV6 26", {3, 41, 26}},
};

static void put_cases(const struct abi *abi) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t number = number_of(abi, cases[i].call);
        const uint64_t *arguments = cases[i].arguments;
        line("%s %s %s: %s\n", abi->name, cases[i].call, cases[i].words,
             verdict(ask(abi->audit, number, arguments[0], arguments[1], arguments[2])));
    }
}

static void put_sockets(const struct abi *abi) {
    uint32_t socket_number = number_of(abi, "socket");
    uint32_t pair_number = number_of(abi, "socketpair");
    for (uint64_t family = 0; family < 70; family++) {
        if (family == AF_NETLINK)
            continue;
        uint32_t action = ask(abi->audit, socket_number, family, 1, 0);
        CHECK(ask(abi->audit, socket_number, HIGH | family, HIGH, HIGH) == action);
        CHECK(ask(abi->audit, pair_number, family, 1, 0) == action);
        line("%s socket family %u: %s\n", abi->name, (unsigned)family, verdict(action));
    }
    for (uint64_t protocol = 0; protocol < 34; protocol++) {
        uint32_t action = ask(abi->audit, socket_number, AF_NETLINK, 3, protocol);
        CHECK(ask(abi->audit, socket_number, HIGH | AF_NETLINK, 3, HIGH | protocol) == action);
        line("%s socket netlink %u: %s\n", abi->name, (unsigned)protocol, verdict(action));
    }
}

/* Every number with every bit set and each argument in turn, for instructions not yet reached. */
static void sweep(const struct abi *abi) {
    for (uint32_t number = 0; number < NUMBERS; number++)
        for (unsigned argument = 0; argument < 3; argument++)
            for (unsigned bit = 0; bit < 64; bit++) {
                struct seccomp_data data = {.nr = (int)number, .arch = abi->audit};
                data.args[argument] = UINT64_C(1) << bit;
                verdict(simulate(&data));
            }
}

static void check_profile(enum jail_profile profile, const char *name, bool writes) {
    char path[64];
    static char wanted[TABLE_MAX];
    program = filter_program(profile, &program_len);
    CHECK(program != NULL && program_len < BPF_MAXINSNS);
    memset(reached, 0, sizeof reached);
    table_len = 0;
    for (size_t i = 0; i < 2; i++) {
        put_numbers(abis[i].name, abis[i].audit, abis[i].seccomp, 0);
        put_cases(&abis[i]);
        put_sockets(&abis[i]);
        sweep(&abis[i]);
    }
    put_numbers("x32", AUDIT_ARCH_X86_64, SCMP_ARCH_X32, X32_BIT);
    put_numbers("aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, 0);
    for (size_t i = 0; i < program_len; i++) {
        /* libseccomp's own look at x32 numbers comes behind ours, which leaves it nothing. */
        if (i > 0 && BPF_OP(program[i - 1].code) == BPF_JGE && program[i - 1].k == X32_BIT)
            continue;
        if (!reached[i])
            fprintf(stderr, "%s: instruction %zu is never reached\n", name, i);
        CHECK(reached[i]);
    }

    snprintf(path, sizeof path, "test/golden/filter-%s.txt", name);
    FILE *file = fopen(path, writes ? "we" : "re");
    CHECK(file != NULL);
    if (writes) {
        CHECK(fwrite(table, 1, table_len, file) == table_len);
    } else {
        size_t len = fread(wanted, 1, sizeof wanted, file);
        CHECK(len == table_len && memcmp(wanted, table, len) == 0);
    }
    CHECK(fclose(file) == 0);
}

int main(int argc, char **argv) {
    struct failure failure = failure_in("test");
    bool writes = argc > 1 && strcmp(argv[1], "--write") == 0;
    CHECK(filter_install(PROFILE_STANDARD, &failure) == -ENODATA); /* not before it is prepared */
    CHECK(filter_prepare(NULL) == 0 && filter_prepare(NULL) == 0);
    check_profile(PROFILE_STANDARD, "standard", writes);
    check_profile(PROFILE_STRICT, "strict", writes);
    check_profile(PROFILE_NESTING, "nesting", writes);
    return checks_end("filter");
}
