#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEYCTL_JOIN_SESSION_KEYRING 1

static char *title_start;
static size_t title_size;

pid_t process_fork(int cgroup_fd) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    if (cgroup_fd >= 0) {
        arguments.flags = CLONE_INTO_CGROUP;
        arguments.cgroup = (unsigned)cgroup_fd;
    }
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    return pid < 0 ? -errno : (pid_t)pid;
}

void process_title_init(int argc, char **argv) {
    title_start = argv[0];
    char *end = argv[0] + strlen(argv[0]) + 1;
    for (int i = 1; i < argc && argv[i] == end; i++) /* only what lies in one piece */
        end += strlen(argv[i]) + 1;
    title_size = (size_t)(end - title_start);
}

void process_title(const char *title) {
    if (title_size > 0) {
        size_t len = strnlen(title, title_size - 1);
        memset(title_start, 0, title_size);
        memcpy(title_start, title, len);
    }
    prctl(PR_SET_NAME, title, 0, 0, 0);
}

int process_hide(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0; }

int process_normal_oom(void) {
    char text[16];
    int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t len = read(fd, text, sizeof text);
    int r = len < 0 ? -errno : 0;
    if (len > 0 && text[0] == '-' && pwrite(fd, "0", 1, 0) < 0)
        r = -errno;
    close(fd);
    return r;
}

void process_drop_keyring(void) { syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); }
