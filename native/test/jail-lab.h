/* A jail for tests: a small tree in a directory of its own below /var/tmp, booted in this process,
 * and probes that run inside it as a session would. Needs root. */
#ifndef JAILD_JAIL_LAB_H
#define JAILD_JAIL_LAB_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "caps.h"
#include "check.h"
#include "fields.h"
#include "filter.h"
#include "io.h"
#include "join.h"
#include "process.h"

#define LAB_BASE 0x06ff0000u
#define LAB_DEADLINE_S 20

struct lab {
    char dir[64]; /* everything of the test: tree/ (the only layer), jail/, run/ */
    uint8_t message[16384];
    struct fields_writer writer;
    struct jail_spec spec;
    struct jail_runtime runtime;
    struct failure failure;
};

/* A path as by printf, in one of four static buffers. */
__attribute__((format(printf, 1, 2))) static inline const char *lab_text(const char *format, ...) {
    static char texts[4][512];
    static unsigned next;
    char *text = texts[next++ % 4];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof texts[0], format, arguments);
    va_end(arguments);
    return text;
}

static inline void lab_write(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && io_write_all(fd, text, strlen(text)) == 0);
    close(fd);
}

/* The file's first bytes in a static buffer; "" when it cannot be read. */
static inline const char *lab_read(const char *path) {
    static char text[65536];
    size_t len = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && len < sizeof text - 1 &&
           (got = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    if (fd >= 0)
        close(fd);
    return text;
}

static inline bool lab_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

static inline int lab_remove_one(const char *path, const struct stat *status, int kind,
                                 struct FTW *where) {
    (void)status;
    (void)where;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

static inline void lab_remove(const char *path) {
    nftw(path, lab_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Makes the directories; the tree has only etc/ and bin/. */
static inline void lab_open(struct lab *ret_lab) {
    CHECK(geteuid() == 0);
    *ret_lab = (struct lab){.runtime = jail_runtime_empty()};
    snprintf(ret_lab->dir, sizeof ret_lab->dir, "/var/tmp/jaild-native-XXXXXX");
    CHECK(mkdtemp(ret_lab->dir) != NULL && chmod(ret_lab->dir, 0755) == 0);
    static const char *const dirs[] = {"tree", "tree/etc", "tree/bin", "run", "jail"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        CHECK(mkdir(lab_text("%s/%s", ret_lab->dir, dirs[i]), 0755) == 0);
}

static inline void lab_put(struct lab *lab, const char *name, const char *value) {
    fields_put_text(&lab->writer, name, value);
}

/* A tuple of two (c NULL) or three texts. */
static inline void lab_put_tuple(struct lab *lab, const char *name, const char *a, const char *b,
                                 const char *c) {
    const struct span parts[] = {
        {a, strlen(a)}, {b, strlen(b)}, {c == NULL ? "" : c, c == NULL ? 0 : strlen(c)}};
    fields_put_tuple(&lab->writer, name, parts, c == NULL ? 2 : 3);
}

/* Empties upper/ and work/ and begins a spec, to which fields may be added. */
static inline void lab_begin(struct lab *lab, const char *profile, const char *network) {
    static const char *const dirs[] = {"upper", "work"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = lab_text("%s/jail/%s", lab->dir, dirs[i]);
        lab_remove(path);
        CHECK(mkdir(path, 0755) == 0 && chown(path, LAB_BASE, LAB_BASE) == 0);
    }
    fields_writer_fixed(&lab->writer, lab->message, sizeof lab->message);
    lab_put(lab, "jail", "probe+native");
    lab_put(lab, "run-dir", lab_text("%s/run", lab->dir));
    fields_put_number(&lab->writer, "base", LAB_BASE);
    lab_put(lab, "layer", lab_text("%s/tree", lab->dir));
    lab_put(lab, "dir", lab_text("%s/jail", lab->dir));
    lab_put(lab, "hostname", "probe");
    lab_put(lab, "profile", profile);
    lab_put(lab, "network", network);
    lab_put(lab, "tmp-bytes", "1048576");
    lab_put(lab, "run-bytes", "1048576");
    lab_put(lab, "shm-bytes", "1048576");
    lab_put(lab, "pts-max", "4");
    lab_put(lab, "pids-max", "64");
    lab_put(lab, "linger-ms", "0");
}

/* 0, or -errno with lab->failure. */
static inline int lab_boot(struct lab *lab) {
    CHECK(fields_finish(&lab->writer) == 0);
    spec_free(&lab->spec);
    lab->failure = failure_in("spec");
    int r = spec_parse(&lab->spec, lab->message, lab->writer.len, &lab->failure);
    if (r < 0)
        return r;
    lab->failure = failure_in("boot");
    return boot_jail(&lab->spec, &lab->runtime, &lab->failure);
}

static inline void lab_start(struct lab *lab) {
    if (lab_boot(lab) == 0)
        return;
    fprintf(stderr, "boot: %s %s: %s\n", lab->failure.step, lab->failure.path,
            lab->failure.message);
    CHECK(lab->failure.error == 0);
}

/* Becomes a session of the jail in this (forked) process. */
static inline void lab_join(struct lab *lab) {
    const int keep[] = {lab->runtime.init_pidfd, lab->runtime.root_fd, lab->runtime.devpts_fd};
    struct failure *failure = &lab->failure;
    if (join_prepare(keep, 3, failure) < 0 || join_jail(&lab->runtime, failure) < 0 ||
        filter_install(lab->runtime.profile, failure) < 0 ||
        caps_apply(lab->runtime.profile, failure) < 0) {
        fprintf(stderr, "join: %s: %s\n", failure->step, failure->message);
        _exit(1);
    }
}

/* Runs `probe` inside and waits; its exit status, or 128 + signal. Its CHECKs exit with 1. */
static inline int lab_inside(struct lab *lab, int (*probe)(void *), void *argument) {
    int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    int status = 0;
    CHECK(own >= 0 && setns(lab->runtime.init_pidfd, CLONE_NEWPID) == 0);
    fflush(NULL);
    pid_t pid = process_fork(lab->runtime.sessions_fd);
    if (pid == 0) {
        alarm(LAB_DEADLINE_S);
        lab_join(lab);
        int result = probe(argument);
        fflush(NULL);
        _exit(result);
    }
    CHECK(pid > 0 && setns(own, CLONE_NEWPID) == 0);
    close(own);
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Sends init a signal (0: none), reaps it and releases; the wait status. */
static inline int lab_end(struct lab *lab, int signal) {
    int status = 0;
    if (signal != 0)
        CHECK(kill(lab->runtime.init_pid, signal) == 0);
    alarm(LAB_DEADLINE_S);
    CHECK(waitpid(lab->runtime.init_pid, &status, 0) == lab->runtime.init_pid);
    alarm(0);
    boot_release(&lab->runtime);
    return status;
}

static inline void lab_close(struct lab *lab) {
    spec_free(&lab->spec);
    lab_remove(lab->dir);
    CHECK(!lab_exists(lab->dir));
}

#endif
