/* The event loop of the host keeper and of each jail keeper: descriptors, deadlines, signals.
 *
 * One event at a time, level-triggered: a callback may remove or free any source, also its own. */
#ifndef JAILD_LOOP_H
#define JAILD_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop_source {
    int fd; /* owned by whoever embeds the source; remove before closing */
    void (*ready)(struct loop_source *source, uint32_t events); /* EPOLLIN, EPOLLHUP, ... */
    void *owner;
    bool added;
};

struct loop_timer {
    uint64_t at_ms; /* CLOCK_MONOTONIC */
    void (*expired)(struct loop_timer *timer);
    void *owner;
    bool armed;
    struct loop_timer *next;
};

struct loop {
    int epoll_fd;
    struct loop_timer *timers; /* soonest first */
    bool stopped;
};

int loop_init(struct loop *ret_loop);
void loop_close(struct loop *loop);

/* Begins to watch source->fd; 0 or -errno. */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);

/* Stops watching. A second call is harmless. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Arms a timer (again: moves it). */
void loop_arm(struct loop *loop, struct loop_timer *timer, uint64_t in_ms);
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* Runs until loop->stopped. 0 or -errno of epoll_wait. */
int loop_run(struct loop *loop);

/* Milliseconds of CLOCK_MONOTONIC, of CLOCK_REALTIME. */
uint64_t clock_ms(void);
uint64_t wall_clock_ms(void);

/* Blocks SIGCHLD, SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE, and gives a signalfd for the four.
 * A child undoes it with signals_reset(). */
int signals_open(int *ret_fd);

/* Default actions for everything, nothing blocked. */
void signals_reset(void);

#endif
