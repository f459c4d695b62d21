#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "forwarding.h"
#include "io.h"
#include "process.h"
#include "session.h"
#include "spec.h"

#define BOOT_DEADLINE_S 25
#define TERM_DEADLINE_MS 10000 /* a SIGTERM of our own: the machine shuts down */
#define GIVE_UP_MS 10000       /* after KILL: something in the jail cannot die */
#define QUICK_RESTART_MS 2000  /* a jail that lived shorter waits before it restarts */
#define RESTART_DELAY_MS 1000

static void end_keeper(struct keeper *keeper, const char *how, int status);
static void schedule_linger(struct keeper *keeper);

/* Starts the jail. Children made from here on are born in its pid namespace. */
static int boot(struct keeper *keeper, struct failure *ret_failure) {
    struct jail_spec *spec = calloc(1, sizeof *spec); /* large, and only needed here */
    if (spec == NULL)
        return failure_set(ret_failure, "spec", "", ENOMEM, "no memory");
    struct failure failure = failure_in("spec");
    int r = spec_load(spec, keeper->spec_fd, &failure);
    if (r == 0 && strcmp(spec->jail, keeper->jail) != 0)
        r = failure_set(&failure, "jail", "", EINVAL, "the spec is of jail %s", spec->jail);
    if (r == 0 && keeper->lock_fd < 0) {
        failure = failure_in("lock");
        r = keeper_lock(keeper, spec->run_dir, spec->dir, &failure);
        if (r == 0)
            r = keeper_end_stale(keeper, spec->base, &failure);
    }
    if (r == 0) {
        failure = failure_in("boot");
        keeper->linger_ms = spec->linger_ms;
        keeper->stop_signal = spec->stop_signal != 0 ? spec->stop_signal : SIGTERM;
        keeper->started_ms = wall_clock_ms();
        keeper_write_state(keeper, "starting", NULL, 0);
        alarm(BOOT_DEADLINE_S); /* its default action ends a keeper whose boot hangs */
        r = boot_jail(spec, &keeper->runtime, &failure);
        alarm(0);
    }
    if (r == 0 && setns(keeper->runtime.init_pidfd, CLONE_NEWPID) < 0)
        r = failure_set(&failure, "pid-namespace", "", errno, "%s", strerror(errno));
    spec_free(spec);
    free(spec);
    if (r < 0) {
        *ret_failure = failure;
        return r;
    }
    keeper->running = true;
    keeper->idle_ms = 0;
    keeper_write_state(keeper, "running", NULL, 0);
    schedule_linger(keeper);
    return 0;
}

/* ---- the jail's end ---- */

/* reboot(2) in a pid namespace ends its init by these two signals, which only its parent sees. */
static const char *how_ended(int status) {
    if (!WIFSIGNALED(status))
        return "exit";
    if (WTERMSIG(status) == SIGHUP)
        return "reboot";
    return WTERMSIG(status) == SIGINT ? "poweroff" : "killed";
}

static void broadcast(struct keeper *keeper, const char *event, const char *how, int status) {
    uint8_t buffer[128];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ev", event);
    if (how != NULL) {
        fields_put_text(&writer, "how", how);
        put_process_end(&writer, status);
    }
    server_broadcast(&keeper->server, &writer);
}

/* Whoever is told may start the jail again at once: nothing of this one is in the way by then. */
static void end_keeper(struct keeper *keeper, const char *how, int status) {
    keeper_write_state(keeper, "ended", how, status);
    unlinkat(keeper->run_fd, "control", 0);
    io_close(&keeper->dir_lock_fd);
    io_close(&keeper->lock_fd);
    broadcast(keeper, "jail-ended", how, status);
    for (size_t i = 0; i < keeper->n_waiting; i++)
        server_send_ok(&keeper->server, keeper->waiting[i].peer, keeper->waiting[i].id);
    keeper->n_waiting = 0;
    keeper->loop.stopped = true;
}

static void restart(struct loop_timer *timer) {
    struct keeper *keeper = timer->owner;
    struct failure failure = failure_in("boot");
    keeper->restarts++;
    if (boot(keeper, &failure) < 0) {
        end_keeper(keeper, "reboot", W_EXITCODE(EXIT_FAILURE, 0));
        return;
    }
    broadcast(keeper, "jail-restarted", NULL, 0);
}

static void jail_ended(struct keeper *keeper, int status) {
    const char *how = how_ended(status);
    bool again = strcmp(how, "reboot") == 0 && !keeper->ending;
    keeper->running = false;
    loop_disarm(&keeper->loop, &keeper->linger_timer);
    loop_disarm(&keeper->loop, &keeper->stop_timer);
    boot_release(&keeper->runtime);
    if (setns(keeper->own_pid_ns, CLONE_NEWPID) < 0)
        again = false;
    if (!again) {
        end_keeper(keeper, how, status);
        return;
    }
    broadcast(keeper, "jail-ended", how, status);
    bool quick = wall_clock_ms() - keeper->started_ms < QUICK_RESTART_MS;
    loop_arm(&keeper->loop, &keeper->restart_timer, quick ? RESTART_DELAY_MS : 0);
}

static void kill_jail(struct loop_timer *timer) {
    struct keeper *keeper = timer->owner;
    if (keeper->running)
        kill(keeper->runtime.init_pid, SIGKILL); /* and the kernel all others with it */
    loop_arm(&keeper->loop, &keeper->give_up_timer, GIVE_UP_MS);
}

/* Something inside survives KILL (a task waiting in the kernel): say so, go on waiting. */
static void give_up(struct loop_timer *timer) {
    struct keeper *keeper = timer->owner;
    struct failure failure = failure_in("stop");
    failure_set(&failure, "deadline", "", ETIMEDOUT, "a process of the jail cannot be ended");
    for (size_t i = 0; i < keeper->n_waiting; i++)
        server_send_failure(&keeper->server, keeper->waiting[i].peer, keeper->waiting[i].id,
                            &failure);
    keeper->n_waiting = 0;
}

void keeper_stop(struct keeper *keeper, uint64_t deadline_ms) {
    bool first = !keeper->ending;
    keeper->ending = true;
    if (!keeper->running) { /* between an end and a restart */
        loop_disarm(&keeper->loop, &keeper->restart_timer);
        end_keeper(keeper, "reboot", W_EXITCODE(0, SIGHUP));
        return;
    }
    if (first && deadline_ms > 0) {
        kill(keeper->runtime.init_pid, keeper->stop_signal);
        session_hang_up_all(keeper); /* interactive shells ignore TERM */
    }
    if (first || deadline_ms == 0 ||
        (keeper->stop_timer.armed && clock_ms() + deadline_ms < keeper->stop_timer.at_ms))
        loop_arm(&keeper->loop, &keeper->stop_timer, deadline_ms);
}

/* ---- lingering ---- */

static uint64_t linger_period(const struct keeper *keeper) {
    uint64_t period = keeper->linger_ms / 4;
    return period < 100 ? 100 : period > 10000 ? 10000 : period;
}

static void linger_expired(struct loop_timer *timer) {
    struct keeper *keeper = timer->owner;
    if (keeper_is_busy(keeper))
        keeper->idle_ms = 0;
    else
        keeper->idle_ms += linger_period(keeper);
    if (keeper->idle_ms >= keeper->linger_ms)
        keeper_stop(keeper, TERM_DEADLINE_MS);
    else
        schedule_linger(keeper);
}

static void schedule_linger(struct keeper *keeper) {
    if (keeper->linger_ms > 0)
        loop_arm(&keeper->loop, &keeper->linger_timer, linger_period(keeper));
}

/* ---- signals ---- */

static void reap(struct keeper *keeper) {
    int status;
    int init_status = -1;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == keeper->runtime.init_pid && keeper->running)
            init_status = status;
        else if (!session_reaped(keeper, pid, status))
            forwarding_reaped(keeper, pid);
    }
    if (init_status != -1) /* after its sessions: they were killed with it */
        jail_ended(keeper, init_status);
}

static void signal_ready(struct loop_source *source, uint32_t events) {
    (void)events;
    struct keeper *keeper = source->owner;
    struct signalfd_siginfo info;
    if (read(source->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        reap(keeper);
    else if (info.ssi_signo == SIGTERM)
        keeper_stop(keeper, TERM_DEADLINE_MS);
}

/* ---- start ---- */

static int open_loop(struct keeper *keeper, struct failure *ret_failure) {
    int r = loop_init(&keeper->loop);
    if (r == 0)
        r = signals_open(&keeper->signals.fd);
    if (r == 0)
        r = loop_add(&keeper->loop, &keeper->signals, EPOLLIN);
    if (r == 0) {
        keeper->own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
        r = keeper->own_pid_ns < 0 ? -errno : 0;
    }
    if (r < 0)
        return failure_set(ret_failure, "event-loop", "", -r, "%s", strerror(-r));
    return 0;
}

static int open_control(struct keeper *keeper, struct failure *ret_failure) {
    int control = -EBADF;
    int r = io_listen(keeper->run_fd, "control", 0600, &control);
    if (r == 0)
        r = server_init(&keeper->server, &keeper->loop, control, keeper_ops, keeper_n_ops, keeper);
    if (r < 0)
        return failure_set(ret_failure, "control-socket", "", -r, "%s", strerror(-r));
    return 0;
}

static void reply_started(const struct keeper *keeper, int reply_fd) {
    uint8_t buffer[128];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ok", "1");
    fields_put_number(&writer, "pid", (uint64_t)keeper->runtime.init_pid);
    fields_put_number(&writer, "keeper-pid", (uint64_t)getpid());
    io_send(reply_fd, buffer, writer.len, NULL, 0, MSG_DONTWAIT);
}

static void reply_failed(const struct failure *failure, int reply_fd) {
    uint8_t buffer[2048];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ok", "0");
    failure_encode(&writer, failure);
    if (fields_finish(&writer) == 0)
        io_send(reply_fd, buffer, writer.len, NULL, 0, MSG_DONTWAIT);
}

static struct keeper *make_keeper(const char *jail, int spec_fd) {
    static struct keeper keeper; /* one per process */
    keeper = (struct keeper){
        .runtime = jail_runtime_empty(),
        .run_fd = -EBADF,
        .lock_fd = -EBADF,
        .dir_lock_fd = -EBADF,
        .spec_fd = spec_fd,
        .own_pid_ns = -EBADF,
        .signals = {.fd = -EBADF, .ready = signal_ready, .owner = &keeper},
        .stop_timer = {.expired = kill_jail, .owner = &keeper},
        .give_up_timer = {.expired = give_up, .owner = &keeper},
        .linger_timer = {.expired = linger_expired, .owner = &keeper},
        .restart_timer = {.expired = restart, .owner = &keeper},
    };
    snprintf(keeper.jail, sizeof keeper.jail, "%s", jail);
    return &keeper;
}

/* The host keeper's log belongs to the host keeper; whatever there is to say goes on sockets. */
static int quiet_stdio(void) {
    CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (null < 0 || dup2(null, fd) < 0)
            return -errno;
    return 0;
}

_Noreturn void keeper_main(const char *jail, int spec_fd, int reply_fd) {
    const int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, spec_fd, reply_fd};
    char title[KEEPER_JAIL_NAME_MAX + 16];
    struct failure failure = failure_in("keeper");
    snprintf(title, sizeof title, "jail-keeper: %s", jail);
    process_title(title);
    signals_reset();
    process_drop_keyring();
    process_normal_oom(); /* all that comes from here is a jail's; fails only without /proc */
    struct keeper *keeper = make_keeper(jail, spec_fd);
    int r = process_hide();
    if (r == 0)
        r = io_close_all_but(keep, sizeof keep / sizeof *keep);
    if (r == 0)
        r = quiet_stdio();
    if (r == 0 && (setsid() < 0 || chdir("/") < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0))
        r = -errno;
    if (r < 0)
        failure_set(&failure, "start", "", -r, "%s", strerror(-r));
    else
        r = open_loop(keeper, &failure);
    if (r == 0)
        r = boot(keeper, &failure);
    if (r == 0 && (r = open_control(keeper, &failure)) < 0)
        kill(keeper->runtime.init_pid, SIGKILL);
    if (r < 0) {
        reply_failed(&failure, reply_fd);
        _exit(EXIT_FAILURE);
    }
    reply_started(keeper, reply_fd);
    io_close(&reply_fd);
    r = loop_run(&keeper->loop);
    if (keeper->running)
        kill(keeper->runtime.init_pid, SIGKILL);
    server_close(&keeper->server);
    _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
