/* How a native step says what went wrong: which stage, which step, which path, which errno.
 *
 * Functions return 0 or -errno and fill a struct failure that their caller gave them; only the
 * outermost caller reports. A struct failure holds no pointer, so that it can cross a fork or a
 * socket as it is. Paths are the jail's or the administrator's; the broker decides who sees them.
 */
#ifndef JAILD_FAIL_H
#define JAILD_FAIL_H

#include "fields.h"

struct failure {
    char stage[24];    /* boot, enter, connect, listen, files, lock, spec, request ... */
    char step[48];     /* what was being done: "mount-proc", "read-passwd", "deadline" */
    char path[256];    /* what it was done to; empty when nothing fits */
    char message[320]; /* one plain sentence for the administrator */
    int error;         /* a positive errno; 0 = nothing has failed yet */
};

/* An empty failure of the named stage. */
struct failure failure_in(const char *stage);

/* Fills everything but the stage (too long texts are cut) and returns -error. The first failure
 * wins: a second call leaves the struct alone and still returns its own -error, so that clean-up
 * cannot hide the cause. `ret_failure` may be NULL. An error of 0 is reported as EIO. */
int failure_set(struct failure *ret_failure, const char *step, const char *path, int error,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Appends stage, step, path, errno and message to a message that is being built (without ok=0). */
void failure_encode(struct fields_writer *writer, const struct failure *failure);

/* Reads them back from a message; absent ones stay empty. Returns -EBADMSG on junk. */
int failure_decode(const struct fields_view *view, struct failure *ret_failure);

#endif
