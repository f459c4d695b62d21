/* A host keeper in a child process and its clients, for tests. Needs root. */
#ifndef JAILD_KEEPER_LAB_H
#define JAILD_KEEPER_LAB_H

#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "host.h"
#include "jail-lab.h"

#define PATIENCE_MS 15000

/* An answer or event; descriptors that came with it belong to whoever asked. */
struct told {
    uint8_t bytes[FIELDS_MESSAGE_MAX];
    struct fields_view view;
    int fds[3];
    size_t n_fds;
    bool ended; /* the other side has closed */
};

static struct told told;

/* Waits for one message; told.ended when the connection is over. */
static inline void hear(int socket) {
    struct pollfd waited = {.fd = socket, .events = POLLIN};
    size_t len = 0;
    CHECK(poll(&waited, 1, PATIENCE_MS) == 1);
    CHECK(io_receive(socket, told.bytes, sizeof told.bytes, &len, told.fds, 3, &told.n_fds, 0) ==
          0);
    told.ended = len == 0;
    CHECK(told.ended || fields_open(&told.view, told.bytes, len, NULL) == 0);
}

static inline const char *told_text(const char *name) {
    static char text[512];
    if (told.ended || fields_text(&told.view, name, text, sizeof text) < 0)
        text[0] = '\0';
    return text;
}

/* Sends an op with "name", "value" pairs (ended by NULL) and a descriptor (or -1). */
static inline void say(int socket, const char *op, const char *const *pairs, int fd) {
    struct fields_writer writer;
    fields_writer_growing(&writer, FIELDS_MESSAGE_MAX);
    fields_put_text(&writer, "op", op);
    fields_put_number(&writer, "id", 7);
    for (; pairs != NULL && *pairs != NULL; pairs += 2)
        fields_put_text(&writer, pairs[0], pairs[1]);
    CHECK(fields_finish(&writer) == 0);
    CHECK(io_send(socket, writer.data, writer.len, &fd, fd < 0 ? 0 : 1, 0) == 0);
    fields_writer_free(&writer);
}

/* Asks and waits for the answer; true when it is positive. */
static inline bool ask(int socket, const char *op, const char *const *pairs, int fd) {
    say(socket, op, pairs, fd);
    hear(socket);
    CHECK_TEXT(told_text("id"), "7");
    return strcmp(told_text("ok"), "1") == 0;
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline int dial(const char *directory, const char *name) {
    int socket = -EBADF;
    int dirfd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CHECK(dirfd >= 0 && io_connect(dirfd, name, &socket) == 0);
    close(dirfd);
    return socket;
}

/* Ends every child, also those that become ours only when another has ended. */
static inline void end_children(void) {
    const char *path = lab_text("/proc/%d/task/%d/children", getpid(), getpid());
    for (int i = 0; i < 1000; i++) {
        const char *at = lab_read(path);
        if (*at == '\0')
            return;
        for (; *at != '\0'; at += strcspn(at, " ") + 1)
            kill(atoi(at), SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        poll(NULL, 0, 10);
    }
}

/* Runs the test in a child, so that a failed check leaves neither keepers nor files. */
static inline int supervise(struct lab *lab, int (*test)(void)) {
    int status = 0;
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    lab_open(lab);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        status = test();
        fflush(NULL);
        _exit(status);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    end_children();
    lab_remove(lab->dir);
    CHECK(!lab_exists(lab->dir));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The pid of a host keeper that serves lab->dir/run. */
static inline pid_t host_start(const struct lab *lab) {
    int out[2];
    char ready[6];
    const char *run = lab_text("%s/run", lab->dir);
    const char *toolbox = lab_text("%s/toolbox", lab->dir);
    const char *words[] = {"host", "--run-dir", run, "--toolbox", toolbox, NULL};
    CHECK(pipe(out) == 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        _exit(host_main(5, (char **)(uintptr_t)words));
    }
    close(out[1]);
    CHECK(pid > 0 && read(out[0], ready, sizeof ready) == (ssize_t)sizeof ready);
    close(out[0]);
    return pid;
}

/* Sends the lab's spec; true when the jail has started. */
static inline bool jail_start(const struct lab *lab, int keeper_socket) {
    int spec = memfd_create("spec", MFD_CLOEXEC);
    CHECK(spec >= 0 && io_write_all(spec, lab->message, lab->writer.len) == 0);
    bool ok = ask(keeper_socket, "start-jail", PAIRS("jail", "probe+native"), spec);
    close(spec);
    return ok;
}

#endif
