#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

#include "io.h"

static uint64_t read_clock(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) < 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_ms(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t wall_clock_ms(void) { return read_clock(CLOCK_REALTIME); }

int loop_init(struct loop *ret_loop) {
    *ret_loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    return ret_loop->epoll_fd < 0 ? -errno : 0;
}

void loop_close(struct loop *loop) { io_close(&loop->epoll_fd); }

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0)
        return -errno;
    source->added = true;
    return 0;
}

void loop_remove(struct loop *loop, struct loop_source *source) {
    if (!source->added)
        return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
    source->added = false;
}

void loop_arm(struct loop *loop, struct loop_timer *timer, uint64_t in_ms) {
    loop_disarm(loop, timer);
    timer->at_ms = clock_ms() + in_ms;
    struct loop_timer **at = &loop->timers;
    while (*at != NULL && (*at)->at_ms <= timer->at_ms)
        at = &(*at)->next;
    timer->next = *at;
    *at = timer;
    timer->armed = true;
}

void loop_disarm(struct loop *loop, struct loop_timer *timer) {
    if (!timer->armed)
        return;
    struct loop_timer **at = &loop->timers;
    while (*at != NULL && *at != timer)
        at = &(*at)->next;
    if (*at != NULL)
        *at = timer->next;
    timer->armed = false;
}

static void run_timers(struct loop *loop) {
    uint64_t now = clock_ms();
    while (loop->timers != NULL && loop->timers->at_ms <= now && !loop->stopped) {
        struct loop_timer *timer = loop->timers;
        loop->timers = timer->next;
        timer->armed = false;
        timer->expired(timer);
    }
}

static int next_timeout(const struct loop *loop) {
    if (loop->timers == NULL)
        return -1;
    uint64_t now = clock_ms();
    if (loop->timers->at_ms <= now)
        return 0;
    uint64_t left = loop->timers->at_ms - now;
    return left > INT_MAX ? INT_MAX : (int)left;
}

int loop_run(struct loop *loop) {
    while (!loop->stopped) {
        struct epoll_event event;
        int n = epoll_wait(loop->epoll_fd, &event, 1, next_timeout(loop));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 1) {
            struct loop_source *source = event.data.ptr;
            source->ready(source, event.events);
        }
        run_timers(loop);
    }
    return 0;
}

int signals_open(int *ret_fd) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigprocmask(SIG_SETMASK, &set, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0)
        return -errno;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

void signals_reset(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &standard, NULL); /* fails for KILL, STOP and libc's own two */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
