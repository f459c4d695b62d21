/* The worker's second filter, put on once everything it needs is open: from then on it can use the
 * descriptors it has and those it is given, and make nothing new. See filter-table.h for the list.
 */
#include "arguments.h"
#include "filter-table.h"
#include "functions.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "the filter is not written for this machine"
#endif

#define MAX_INSTRUCTIONS 512
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

struct program {
    struct sock_filter code[MAX_INSTRUCTIONS];
    unsigned short length;
};

static void add(struct program *program, uint16_t code, uint32_t k, uint8_t if_true,
                uint8_t if_false) {
    if (program->length < MAX_INSTRUCTIONS)
        program->code[program->length] = (struct sock_filter){code, if_true, if_false, k};
    program->length++;
}

static void load(struct program *program, size_t offset) {
    add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *program, uint32_t action) {
    add(program, BPF_RET | BPF_K, action, 0, 0);
}

/* The lower half of an argument; every argument looked at here is 32 bits wide for the kernel. */
static size_t argument_at(unsigned int index) {
    return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

static void refuse_whole(struct program *program, uint32_t number, int error) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
    answer(program, SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* Refused when any of the bits is set in the argument. */
static void refuse_with_bits(struct program *program, uint32_t number, unsigned int index,
                             uint32_t bits) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    load(program, argument_at(index));
    add(program, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(program, SECCOMP_RET_ERRNO | EPERM);
    answer(program, SECCOMP_RET_ALLOW);
}

/* Refused when none of the bits is set in the argument. */
static void refuse_without_bits(struct program *program, uint32_t number, unsigned int index,
                                uint32_t bits) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    load(program, argument_at(index));
    add(program, BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0);
    answer(program, SECCOMP_RET_ERRNO | EPERM);
    answer(program, SECCOMP_RET_ALLOW);
}

/* Refused when the argument has one of the values. */
static void refuse_values(struct program *program, uint32_t number, unsigned int index,
                          const uint32_t *values, size_t count) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, (uint8_t)(2 + 2 * count));
    load(program, argument_at(index));
    for (size_t i = 0; i < count; i++)
        refuse_whole(program, values[i], EPERM);
    answer(program, SECCOMP_RET_ALLOW);
}

static void begin(struct program *program) {
    /* A call by another ABI has other numbers; nothing of ours makes one. */
    load(program, offsetof(struct seccomp_data, arch));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    add(program, BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1); /* x32 */
    answer(program, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void build(struct program *program) {
    begin(program);
    for (size_t i = 0; i < refused_call_count; i++)
        refuse_whole(program, refused_calls[i], EPERM);
    for (size_t i = 0; i < absent_call_count; i++)
        refuse_whole(program, absent_calls[i], ENOSYS);
#ifdef SYS_open
    refuse_with_bits(program, SYS_open, 1, WRITING);
#endif
    refuse_with_bits(program, SYS_openat, 2, WRITING);
    refuse_without_bits(program, SYS_clone, 0, CLONE_THREAD);
    refuse_values(program, SYS_prctl, 0, refused_prctls, refused_prctl_count);
    refuse_values(program, SYS_ioctl, 1, refused_ioctls, refused_ioctl_count);
    answer(program, SECCOMP_RET_ALLOW);
}

napi_value tighten_seccomp(napi_env env, napi_callback_info info) {
    static struct program program;
    struct sock_fprog filter = {.filter = program.code};
    long result;

    (void)info;
    program.length = 0;
    build(&program);
    if (program.length > MAX_INSTRUCTIONS)
        return throw_errno(env, E2BIG, "seccomp");
    filter.len = program.length;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return throw_errno(env, errno, "prctl");
    /* Threads of V8 and libuv run already; a positive answer names one that could not follow. */
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result != 0)
        return throw_errno(env, result < 0 ? errno : ESRCH, "seccomp");
    return make_undefined(env);
}

napi_value set_non_dumpable(napi_env env, napi_callback_info info) {
    (void)info;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return throw_errno(env, errno, "prctl");
    return make_undefined(env);
}
