/*
 * Runs inside a jail: makes the system calls that are named on the command line and prints for each
 * the outcome, "NAME OK" or "NAME ERRNO". Static, so that it runs in any jail. Compiled by the
 * attack suites.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

struct probe {
    const char *name;
    long (*run)(void);
};

static char zeros[4096];

static long io_uring(void) { return syscall(SYS_io_uring_setup, 4, zeros); }
static long bpf(void) { return syscall(SYS_bpf, 5, zeros, 120); }
static long bpf_map(void) { return syscall(SYS_bpf, 0, zeros, 120); }
static long perf(void) { return syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0); }
static long uffd(void) { return syscall(SYS_userfaultfd, 0); }
static long uffd_user(void) { return syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY); }
static long add_key(void) { return syscall(SYS_add_key, "user", "x", "y", 1, -3); }
static long keyctl(void) { return syscall(SYS_keyctl, 0, -3, 1); }
static long request_key(void) { return syscall(SYS_request_key, "user", "x", 0, -3); }
static long unshare_user(void) { return unshare(CLONE_NEWUSER); }
static long unshare_mount(void) { return unshare(CLONE_NEWNS); }
static long clone3(void) {
    long result = syscall(SYS_clone3, zeros, 64);
    if (result == 0) {
        _exit(0); /* the new process */
    }
    return result;
}
static long unknown(void) { return syscall(999); }
static long fsopen_tmpfs(void) { return syscall(SYS_fsopen, "tmpfs", 0); }
static long fsopen_ext4(void) {
    int context = (int)syscall(SYS_fsopen, "ext4", 0);
    return context < 0 ? -1 : syscall(SYS_fsconfig, context, 6 /* create */, NULL, NULL, 0);
}
static long open_by_handle(void) {
    return syscall(SYS_open_by_handle_at, AT_FDCWD, zeros, O_RDONLY);
}
static long settime(void) {
    struct timeval now = {.tv_sec = 1};
    return settimeofday(&now, NULL);
}
static long adjust_clock(void) {
    struct timex change = {.modes = ADJ_FREQUENCY};
    return adjtimex(&change);
}
static long swap_on(void) { return syscall(SYS_swapon, "/root", 0); }
static long process_accounting(void) { return syscall(SYS_acct, "/root/acct"); }
static long quota(void) { return syscall(SYS_quotactl, 0x800002 << 8, "/dev/vda", 0, zeros); }
static long tiocsti(void) { return ioctl(0, TIOCSTI, "x"); }
static long tioclinux(void) {
    char order = 2;
    return ioctl(0, TIOCLINUX, &order);
}
static long mknod_block(void) { return mknod("/root/block", S_IFBLK | 0600, makedev(8, 0)); }
static long mknod_char(void) { return mknod("/root/char", S_IFCHR | 0600, makedev(1, 1)); }
static long kexec(void) { return syscall(SYS_kexec_load, 0, 0, zeros, 0); }
static long init_module(void) { return syscall(SYS_init_module, zeros, 10, ""); }
static long delete_module(void) { return syscall(SYS_delete_module, "x", 0); }
static long kernel_log(void) { return syscall(SYS_syslog, 3, zeros, 100); }
static long io_port(void) { return syscall(SYS_iopl, 3); }
static long numa_move(void) { return syscall(SYS_move_pages, getpid(), 1, zeros, zeros, zeros, 0); }
static long personality_read_implies(void) { return syscall(SYS_personality, 0x0400000); }

/* 32-bit calls through the old gate; arguments must lie below 4 GiB. */
static long i386_call(long number, long first, long second) {
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(first), "c"(second), "d"(0)
                     : "memory", "r8", "r9", "r10", "r11");
    int outcome = (int)result;
    if (outcome < 0 && outcome > -4096) {
        errno = -outcome;
        return -1;
    }
    return outcome;
}

static long i386_socketcall_vsock(void) {
    uint32_t *low =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    low[0] = AF_VSOCK;
    low[1] = SOCK_STREAM;
    low[2] = 0;
    return i386_call(102, 1, (long)low); /* socketcall(SYS_SOCKET, ...) */
}
static long i386_socket_vsock(void) { return i386_call(359, AF_VSOCK, SOCK_STREAM); }
static long i386_io_uring(void) { return i386_call(425, 4, 0); }
static long x32_getpid(void) { return syscall(0x40000000 | 39); }

static long raised_user_namespaces(void) {
    int file = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    return write(file, "999999\n", 7);
}

static void *nothing(void *argument) { return argument; }
static long thread(void) {
    pthread_t made;
    int error = pthread_create(&made, NULL, nothing, NULL);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return pthread_join(made, NULL);
}

static long trace_child(void) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    long result = ptrace(PTRACE_SEIZE, child, 0, 0);
    int error = errno;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    errno = error;
    return result;
}

static const struct probe probes[] = {
    {"io_uring", io_uring},
    {"bpf", bpf},
    {"bpf_map", bpf_map},
    {"perf", perf},
    {"uffd", uffd},
    {"uffd_user", uffd_user},
    {"add_key", add_key},
    {"keyctl", keyctl},
    {"request_key", request_key},
    {"unshare_user", unshare_user},
    {"unshare_mount", unshare_mount},
    {"clone3", clone3},
    {"unknown", unknown},
    {"fsopen_tmpfs", fsopen_tmpfs},
    {"fsopen_ext4", fsopen_ext4},
    {"open_by_handle", open_by_handle},
    {"settime", settime},
    {"adjust_clock", adjust_clock},
    {"swap_on", swap_on},
    {"process_accounting", process_accounting},
    {"quota", quota},
    {"tiocsti", tiocsti},
    {"tioclinux", tioclinux},
    {"mknod_block", mknod_block},
    {"mknod_char", mknod_char},
    {"kexec", kexec},
    {"init_module", init_module},
    {"delete_module", delete_module},
    {"kernel_log", kernel_log},
    {"io_port", io_port},
    {"numa_move", numa_move},
    {"personality", personality_read_implies},
    {"i386_socketcall_vsock", i386_socketcall_vsock},
    {"i386_socket_vsock", i386_socket_vsock},
    {"i386_io_uring", i386_io_uring},
    {"x32_getpid", x32_getpid},
    {"raised_user_namespaces", raised_user_namespaces},
    {"thread", thread},
    {"trace_child", trace_child},
};

static long run_socket(const char *spec) {
    int family = 0;
    int type = 0;
    int protocol = 0;
    if (sscanf(spec, "socket:%d:%d:%d", &family, &type, &protocol) < 2) {
        errno = EINVAL;
        return -1;
    }
    return socket(family, type, protocol);
}

/* Each in a process of its own: some change the process, some may be killed. */
static void probe_one(const char *name) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        long result = -1;
        errno = ENOTSUP;
        if (strncmp(name, "socket:", 7) == 0) {
            result = run_socket(name);
        }
        for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
            if (strcmp(name, probes[i].name) == 0) {
                errno = 0;
                result = probes[i].run();
            }
        }
        printf("%s %s\n", name, result >= 0 ? "OK" : strerrorname_np(errno));
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        printf("%s SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        probe_one(argv[i]);
    }
    return 0;
}
