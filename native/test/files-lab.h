/* Runs `jail-keeper files` in a process of its own and keeps its reply. */
#ifndef JAILD_FILES_LAB_H
#define JAILD_FILES_LAB_H

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fields.h"
#include "files.h"
#include "io.h"

static uint8_t reply_bytes[65536];
static struct fields_view reply;

/* Runs the verb in a process of its own; its exit status, with the reply in `reply`. */
static inline int files_run_verb(const char *verb, struct fields_writer *writer) {
    int in[2];
    int out[2];
    int status = 0;
    size_t len = 0;
    ssize_t got;
    CHECK(fields_finish(writer) == 0 && pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        char name[] = "files";
        char *words[] = {name, strdup(verb), NULL};
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        _exit(files_main(2, words));
    }
    close(in[0]);
    close(out[1]);
    CHECK(io_write_all(in[1], writer->data, writer->len) == 0);
    close(in[1]);
    while ((got = read(out[0], reply_bytes + len, sizeof reply_bytes - len)) > 0)
        len += (size_t)got;
    close(out[0]);
    fields_writer_free(writer);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK(fields_open(&reply, reply_bytes, len, NULL) == 0);
    CHECK(fields_is(&reply, "ok", WEXITSTATUS(status) == 0 ? "1" : "0"));
    return WEXITSTATUS(status);
}

static inline const char *reply_text(const char *name) {
    static char text[2][512];
    static unsigned next;
    char *at = text[next++ % 2];
    at[0] = '\0';
    fields_text(&reply, name, at, sizeof text[0]);
    return at;
}

/* A verb with dir and base alone. */
static inline int files_run_plain(const char *verb, const char *dir, uint64_t base) {
    struct fields_writer writer;
    fields_writer_growing(&writer, FIELDS_SPEC_MAX);
    fields_put_text(&writer, "dir", dir);
    fields_put_number(&writer, "base", base);
    return files_run_verb(verb, &writer);
}

#endif
