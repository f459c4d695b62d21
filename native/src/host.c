#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "io.h"
#include "process.h"
#include "worker.h"

#define EXIT_USAGE 2

struct arguments {
    const char *run_dir;
    const char *toolbox;
    int socket_fd;
};

static int parse_arguments(int argc, char **argv, struct arguments *ret_arguments) {
    static const struct option options[] = {
        {"run-dir", required_argument, NULL, 'r'},
        {"toolbox", required_argument, NULL, 't'},
        {"socket-fd", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.socket_fd = -EBADF};
    uint64_t number;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'r') {
            arguments.run_dir = optarg;
        } else if (option == 't') {
            arguments.toolbox = optarg;
        } else if (option == 's' &&
                   span_number((struct span){optarg, strlen(optarg)}, &number) == 0 &&
                   number >= 3 && number <= INT16_MAX) {
            arguments.socket_fd = (int)number;
        } else {
            return -EINVAL;
        }
    }
    if (optind != argc || arguments.run_dir == NULL || arguments.toolbox == NULL ||
        arguments.run_dir[0] != '/' || arguments.toolbox[0] != '/')
        return -EINVAL;
    *ret_arguments = arguments;
    return 0;
}

/* 0, 1 and 2 must be something: what is opened later would be taken for them. */
static int open_missing_stdio(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR); /* inherited on purpose */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

/* New mounts of the host come in (a disk image of a jail), none of ours goes out. */
static int own_mounts(struct failure *ret_failure) {
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return failure_set(ret_failure, "mount-namespace", "", errno, "%s", strerror(errno));
    if (mkdir(WORKER_STAGE, 0700) < 0 && errno != EEXIST)
        return failure_set(ret_failure, "worker-stage", WORKER_STAGE, errno, "%s", strerror(errno));
    return 0;
}

static int lock_run_dir(struct host *host, const char *run_dir, struct failure *ret_failure) {
    host->run_fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (host->run_fd < 0)
        return failure_set(ret_failure, "run-dir", run_dir, errno, "%s", strerror(errno));
    host->lock_fd =
        openat(host->run_fd, "keeper.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (host->lock_fd < 0 || flock(host->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return failure_set(ret_failure, "lock", run_dir, errno == EWOULDBLOCK ? EBUSY : errno,
                           "another host keeper serves this directory");
    return 0;
}

static int open_socket(struct host *host, int given_fd, struct failure *ret_failure) {
    int fd = given_fd;
    int r = 0;
    if (given_fd < 0) {
        r = io_listen(host->run_fd, "keeper.sock", 0600, &fd);
        host->own_socket = r == 0;
    } else if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        r = -errno;
    }
    if (r == 0)
        r = server_init(&host->server, &host->loop, fd, host_ops, host_n_ops, host);
    host->server.all_watch = true;
    return r < 0 ? failure_set(ret_failure, "socket", "keeper.sock", -r, "%s", strerror(-r)) : 0;
}

static void signal_ready(struct loop_source *source, uint32_t events) {
    (void)events;
    struct host *host = source->owner;
    struct signalfd_siginfo info;
    int status;
    if (read(source->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            host_child_reaped(host, pid, status);
    else if (info.ssi_signo != SIGHUP)
        host->loop.stopped = true;
}

static int open_host(struct host *host, const struct arguments *arguments,
                     struct failure *ret_failure) {
    int r = lock_run_dir(host, arguments->run_dir, ret_failure);
    if (r == 0)
        r = own_mounts(ret_failure);
    if (r == 0)
        r = host_stage_toolbox(arguments->toolbox, ret_failure);
    if (r == 0)
        r = filter_prepare(ret_failure);
    if (r < 0)
        return r;
    host->signals = (struct loop_source){.fd = -EBADF, .ready = signal_ready, .owner = host};
    r = loop_init(&host->loop);
    if (r == 0)
        r = signals_open(&host->signals.fd);
    if (r == 0)
        r = loop_add(&host->loop, &host->signals, EPOLLIN);
    if (r < 0)
        return failure_set(ret_failure, "event-loop", "", -r, "%s", strerror(-r));
    return open_socket(host, arguments->socket_fd, ret_failure);
}

static void say_ready(void) {
    static const char ready[] = "ready\n";
    if (write(STDOUT_FILENO, ready, sizeof ready - 1) < 0)
        fprintf(stderr, "jail-keeper: nobody hears that it is ready: %s\n", strerror(errno));
}

int host_main(int argc, char **argv) {
    static struct host host = {.run_fd = -EBADF, .lock_fd = -EBADF};
    struct arguments arguments;
    struct failure failure = failure_in("host");
    if (parse_arguments(argc, argv, &arguments) < 0) {
        fprintf(stderr, "usage: jail-keeper host --run-dir DIR --toolbox DIR [--socket-fd N]\n");
        return EXIT_USAGE;
    }
    int r = open_missing_stdio();
    if (r == 0)
        r = process_hide();
    /* What a killed jail keeper leaves behind is buried here, at once. */
    if (r == 0 && (chdir("/") < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0))
        r = -errno;
    umask(022);
    if (r < 0)
        failure_set(&failure, "start", "", -r, "%s", strerror(-r));
    else
        r = open_host(&host, &arguments, &failure);
    if (r < 0) {
        fprintf(stderr, "jail-keeper: %s %s: %s\n", failure.step, failure.path, failure.message);
        return EXIT_FAILURE;
    }
    say_ready();
    r = loop_run(&host.loop);
    server_close(&host.server);
    if (host.own_socket)
        unlinkat(host.run_fd, "keeper.sock", 0);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
