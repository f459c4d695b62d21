#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void copy_text(char *to, size_t size, const char *from) {
    size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

struct failure failure_in(const char *stage) {
    struct failure failure = {.error = 0};
    copy_text(failure.stage, sizeof failure.stage, stage);
    return failure;
}

int failure_set(struct failure *ret_failure, const char *step, const char *path, int error,
                const char *format, ...) {
    if (error == 0)
        error = EIO;
    if (ret_failure == NULL || ret_failure->error != 0)
        return -error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ret_failure->message, sizeof ret_failure->message, format, arguments);
    va_end(arguments);
    copy_text(ret_failure->step, sizeof ret_failure->step, step);
    copy_text(ret_failure->path, sizeof ret_failure->path, path == NULL ? "" : path);
    ret_failure->error = error;
    return -error;
}

void failure_encode(struct fields_writer *writer, const struct failure *failure) {
    fields_put_text(writer, "stage", failure->stage);
    fields_put_text(writer, "step", failure->step);
    fields_put_text(writer, "path", failure->path);
    fields_put_number(writer, "errno", (uint64_t)failure->error);
    fields_put_text(writer, "message", failure->message);
}

static int take_text(const struct fields_view *view, const char *name, char *ret_text,
                     size_t size) {
    int r = fields_text(view, name, ret_text, size);
    return r == -ENOENT ? 0 : r;
}

int failure_decode(const struct fields_view *view, struct failure *ret_failure) {
    struct failure failure = failure_in("");
    uint64_t error = 0;
    if (take_text(view, "stage", failure.stage, sizeof failure.stage) < 0 ||
        take_text(view, "step", failure.step, sizeof failure.step) < 0 ||
        take_text(view, "path", failure.path, sizeof failure.path) < 0 ||
        take_text(view, "message", failure.message, sizeof failure.message) < 0 ||
        fields_number(view, "errno", 0, 0, 4095, &error) < 0)
        return -EBADMSG;
    failure.error = (int)error;
    *ret_failure = failure;
    return 0;
}
