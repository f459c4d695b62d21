/* The filter in a booted jail: the kernel's own answers, by both ABIs, and what must go on working.
 */
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>

#include "jail-lab.h"

static struct lab lab;

static bool fails(long result, int error) { return result < 0 && errno == error; }

/* A call by the i386 ABI: a negative errno or the result. Pointers would have to be below 4 GiB. */
static long call32(long number, long a, long b, long c) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "r8", "r9", "r10", "r11", "memory");
    return (int)result;
#else
    (void)number, (void)a, (void)b, (void)c;
    return -ENOSYS;
#endif
}

static void check_family(int family, int wanted) {
    int fd = socket(family, SOCK_DGRAM, 0);
    if (wanted == 0)
        CHECK(fd >= 0 && close(fd) == 0);
    else
        CHECK(fails(fd, wanted));
    long by_32 = call32(359, family, SOCK_DGRAM, 0);
    CHECK(wanted == 0 ? by_32 >= 0 : by_32 == -wanted);
}

static int answers(void *unused) {
    static const int refused[] = {AF_ALG, AF_VSOCK, AF_KEY, AF_RXRPC, AF_RDS,       AF_TIPC, AF_KCM,
                                  AF_SMC, AF_XDP,   AF_CAN, AF_PPPOX, AF_BLUETOOTH, AF_LLC};
    (void)unused;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        check_family(refused[i], EPERM);
    check_family(AF_UNIX, 0);
    check_family(AF_INET, 0);
    check_family(AF_INET6, 0);
    CHECK(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
    CHECK(socket(AF_PACKET, SOCK_RAW, 0) >= 0);
    for (int protocol = 9; protocol <= 15; protocol++) /* audit ... uevents, netfilter among them */
        CHECK(fails(socket(AF_NETLINK, SOCK_RAW, protocol),
                    protocol == NETLINK_AUDIT ? EPROTONOSUPPORT : EPERM));

    CHECK(fails(unshare(CLONE_NEWUSER), EPERM));
    CHECK(fails(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM));
    CHECK(call32(310, CLONE_NEWUSER, 0, 0) == -EPERM);
    CHECK(fails(syscall(SYS_clone3, NULL, 0), ENOSYS));
    CHECK(fails(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS));
    CHECK(fails(syscall(SYS_bpf, 0, NULL, 0), EPERM));
    CHECK(fails(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0), EPERM));
    CHECK(fails(syscall(SYS_userfaultfd, 1 /* user mode only */), EPERM));
    CHECK(fails(syscall(SYS_keyctl, 0, 0, 0, 0, 0), ENOSYS));
    CHECK(fails(syscall(SYS_add_key, "user", "x", "x", 1, -2), ENOSYS));
    CHECK(fails(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0), EPERM));
    CHECK(fails(syscall(SYS_swapon, "/x", 0), EPERM) && fails(syscall(SYS_acct, NULL), EPERM));
    CHECK(fails(syscall(SYS_quotactl, 0, NULL, 0, NULL), EPERM));
    CHECK(fails(syscall(SYS_settimeofday, &(struct timeval){0}, NULL), EPERM));
    CHECK(fails(syscall(SYS_clock_settime, 0, &(struct timespec){0}), EPERM));
    CHECK(fails(adjtimex(&(struct timex){.modes = ADJ_TICK, .tick = 10000}), EPERM));
    CHECK(fails(syscall(SYS_syslog, 3, NULL, 0), EPERM));
    CHECK(fails(syscall(999), ENOSYS));
    CHECK(fails(syscall(0x40000000 + SYS_getpid), ENOSYS));
    CHECK(call32(102, 1 /* SYS_SOCKET */, 0, 0) == -EPERM);
    CHECK(call32(999, 0, 0, 0) == -ENOSYS && call32(20, 0, 0, 0) == getpid());
    CHECK(fails(personality(READ_IMPLIES_EXEC), EPERM) && personality(0xffffffff) == 0);
    CHECK(personality(ADDR_NO_RANDOMIZE) == 0);
    return 0;
}

static int terminal_is_safe(void *unused) {
    char key = 'x';
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    (void)unused;
    CHECK(master >= 0 && ioctl(master, TIOCSPTLCK, &(int){0}) == 0);
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR);
    CHECK(slave >= 0);
    CHECK(fails(ioctl(slave, TIOCSTI, &key), EPERM));
    CHECK(fails(syscall(SYS_ioctl, slave, 0xdeadbeef00000000 | TIOCSTI, &key), EPERM));
    CHECK(fails(ioctl(slave, TIOCSETD, &(int){0}), EPERM));
    CHECK(call32(54, slave, TIOCSTI, 0) == -EPERM);
    return 0;
}

static void *thread_main(void *argument) {
    *(int *)argument = 1;
    return NULL;
}

/* What the deny list must not have taken along. */
static int programs_work(void *unused) {
    pthread_t thread;
    int ran = 0;
    int status;
    (void)unused;
    CHECK(pthread_create(&thread, NULL, thread_main, &ran) == 0);
    CHECK(pthread_join(thread, NULL) == 0 && ran == 1);
    CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* as after an exec */
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    CHECK(ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    struct iovec here = {&ran, sizeof ran};
    struct iovec there = {&ran, sizeof ran};
    CHECK(process_vm_readv(getpid(), &here, 1, &there, 1, 0) == sizeof ran);
    CHECK(unshare(CLONE_NEWNET) == 0 && unshare(CLONE_NEWNS) == 0 && unshare(CLONE_NEWIPC) == 0);
    CHECK(fails(unshare(CLONE_NEWCGROUP), ENOSPC));
    return 0;
}

static int nesting_answers(void *unused) {
    (void)unused;
    CHECK(socket(AF_NETLINK, SOCK_RAW, 12) >= 0);
    CHECK(fails(socket(AF_VSOCK, SOCK_STREAM, 0), EPERM));
    CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0);
    CHECK(fails(socket(AF_VSOCK, SOCK_STREAM, 0), EPERM)); /* still there, further in */
    return 0;
}

static void check_profile(const char *profile, int (*const *probes)(void *), size_t n) {
    lab_begin(&lab, profile, "none");
    lab_start(&lab);
    for (size_t i = 0; i < n; i++)
        CHECK(lab_inside(&lab, probes[i], NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
}

int main(int argc, char **argv) {
    static int (*const standard[])(void *) = {answers, terminal_is_safe, programs_work};
    static int (*const nesting[])(void *) = {nesting_answers, terminal_is_safe};
    process_title_init(argc, argv);
    lab_open(&lab);
    check_profile("standard", standard, 3);
    check_profile("nesting", nesting, 2);
    lab_close(&lab);
    return checks_end("filter-live");
}
