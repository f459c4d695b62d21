#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files-job.h"
#include "io.h"

#define EXIT_USAGE 2
#define BASE_MIN 100000u

static const struct field_rule rules[] = {
    {"dir", FIELD_TEXT, FIELD_REQUIRED, SPEC_PATH_MAX},
    {"base", FIELD_NUMBER, FIELD_REQUIRED, 0},
    {"keep", FIELD_TEXT, FIELD_REPEATS, FILES_PATH_MAX},
    {"path", FIELD_TEXT, FIELD_OPTIONAL, FILES_PATH_MAX},
    {"max-bytes", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"lower", FIELD_TEXT, FIELD_REPEATS, SPEC_PATH_MAX},
};

/* ---- what is done as the host's root: only in the directory that holds upper and work ---- */

static int make_owned(int dir, const char *name, mode_t mode, uint32_t base,
                      struct failure *ret_failure) {
    struct stat status;
    int made = mkdirat(dir, name, mode);
    CLEANUP_CLOSE int fd = made < 0 && errno != EEXIST ? -errno : files_open_dir(dir, name);
    if (fd < 0 || fstat(fd, &status) < 0)
        return failure_set(ret_failure, "make", name, fd < 0 ? -fd : errno, "%s",
                           strerror(fd < 0 ? -fd : errno));
    if (status.st_uid == base && status.st_gid == base)
        return 0;
    /* Root's: made just now, or by a run that was cut off before the next call. */
    if (status.st_uid != 0)
        return failure_set(ret_failure, "make", name, EEXIST, "belongs to uid %u", status.st_uid);
    if (fchmod(fd, mode) < 0 || fchown(fd, base, base) < 0)
        return failure_set(ret_failure, "make", name, errno, "%s", strerror(errno));
    return 0;
}

static int make_dirs(struct files_job *job, struct failure *ret_failure) {
    int r = make_owned(job->dir, "upper", 0755, job->base, ret_failure);
    return r < 0 ? r : make_owned(job->dir, "work", 0700, job->base, ret_failure);
}

static int remove_dirs(struct files_job *job, struct failure *ret_failure) {
    const char *const names[] = {"upper", "work", "kept"};
    int r = files_run(job, files_empty, ret_failure);
    for (size_t i = 0; r == 0 && i < sizeof names / sizeof *names; i++)
        if (unlinkat(job->dir, names[i], AT_REMOVEDIR) < 0 && errno != ENOENT)
            r = failure_set(ret_failure, "remove", names[i], errno, "%s", strerror(errno));
    return r;
}

static int reset(struct files_job *job, struct failure *ret_failure) {
    int r = make_dirs(job, ret_failure);
    if (r == 0)
        r = make_owned(job->dir, "kept", 0700, job->base, ret_failure);
    if (r < 0)
        return r;
    io_close(&job->upper);
    io_close(&job->work);
    io_close(&job->kept);
    job->upper = files_open_dir(job->dir, "upper");
    job->work = files_open_dir(job->dir, "work");
    job->kept = files_open_dir(job->dir, "kept");
    if (job->upper < 0 || job->work < 0 || job->kept < 0)
        return failure_set(ret_failure, "open", "", ENOENT, "upper, work or kept is not there");
    r = files_run(job, files_reset, ret_failure);
    if (r == 0 && unlinkat(job->dir, "kept", AT_REMOVEDIR) < 0)
        r = failure_set(ret_failure, "remove", "kept", errno, "%s", strerror(errno));
    return r;
}

static int count(struct files_job *job, struct failure *ret_failure) {
    if (job->upper < 0)
        return failure_set(ret_failure, "open", "upper", -job->upper, "%s", strerror(-job->upper));
    return files_run(job, files_count, ret_failure);
}

static int read_one(struct files_job *job, struct failure *ret_failure) {
    return files_run(job, files_read, ret_failure);
}

static const struct verb {
    const char *name;
    int (*run)(struct files_job *job, struct failure *ret_failure);
} verbs[] = {
    {"create", make_dirs}, {"reset", reset},   {"delete", remove_dirs},
    {"count", count},      {"read", read_one},
};

/* ---- request ---- */

static int open_lower(struct files_job *job, struct failure *ret_failure) {
    struct field field;
    char path[SPEC_PATH_MAX];
    for (size_t cursor = 0; fields_find_next(&job->request, "lower", &cursor, &field);) {
        if (job->n_lower == SPEC_LAYERS_MAX || span_text(field.value, path, sizeof path) < 0)
            return failure_set(ret_failure, "check", "", E2BIG, "too many layers");
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return failure_set(ret_failure, "open", path, errno, "%s", strerror(errno));
        job->lower[job->n_lower++] = fd;
    }
    return 0;
}

static int open_dir(struct files_job *job, bool make, struct failure *ret_failure) {
    char path[SPEC_PATH_MAX];
    if (fields_text(&job->request, "dir", path, sizeof path) < 0 || path[0] != '/')
        return failure_set(ret_failure, "check", "", EINVAL, "dir is no absolute path");
    if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
        return failure_set(ret_failure, "make", path, errno, "%s", strerror(errno));
    job->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (job->dir < 0)
        return failure_set(ret_failure, "open", path, errno, "%s", strerror(errno));
    job->upper = files_open_dir(job->dir, "upper");
    job->work = files_open_dir(job->dir, "work");
    job->kept = files_open_dir(job->dir, "kept");
    return 0;
}

static int prepare(struct files_job *job, bool make, struct failure *ret_failure) {
    uint64_t base = 0;
    uint64_t max_bytes = 0;
    int r = fields_check(&job->request, rules, sizeof rules / sizeof *rules, ret_failure);
    if (r < 0)
        return r;
    if (fields_number(&job->request, "base", 0, BASE_MIN, UINT32_MAX - 2 * JAIL_IDS, &base) < 0 ||
        base % JAIL_IDS != 0)
        return failure_set(ret_failure, "check", "", ERANGE, "base is out of range");
    if (fields_number(&job->request, "max-bytes", 0, 0, FILES_READ_MAX, &max_bytes) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "max-bytes is out of range");
    job->base = (uint32_t)base;
    job->max_bytes = (size_t)max_bytes;
    job->shared = mmap(NULL, sizeof *job->shared + job->max_bytes, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (job->shared == MAP_FAILED)
        return failure_set(ret_failure, "start", "", errno, "no memory");
    r = open_dir(job, make, ret_failure);
    return r < 0 ? r : open_lower(job, ret_failure);
}

/* ---- reply ---- */

static int reply(const struct verb *verb, const struct files_job *job,
                 const struct failure *failure) {
    struct fields_writer writer CLEANUP_WRITER;
    fields_writer_growing(&writer, FILES_READ_MAX + FIELDS_MESSAGE_MAX);
    fields_put_text(&writer, "ok", failure->error == 0 ? "1" : "0");
    if (failure->error != 0) {
        failure_encode(&writer, failure);
    } else if (verb->run == count) {
        fields_put_number(&writer, "bytes", job->shared->bytes);
        fields_put_number(&writer, "inodes", job->shared->inodes);
    } else if (verb->run == read_one) {
        fields_put(&writer, "data", job->shared->data, job->shared->data_len);
    }
    if (fields_finish(&writer) < 0 || io_write_all(STDOUT_FILENO, writer.data, writer.len) < 0)
        return EXIT_FAILURE;
    return failure->error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int read_request(char **ret_data, size_t *ret_len) {
    char *data = malloc(FIELDS_SPEC_MAX + 1);
    size_t len = 0;
    if (data == NULL)
        return -ENOMEM;
    *ret_data = data;
    while (len <= FIELDS_SPEC_MAX) {
        ssize_t got = read(STDIN_FILENO, data + len, FIELDS_SPEC_MAX + 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            *ret_len = len;
            return got < 0 ? -errno : 0;
        }
        len += (size_t)got;
    }
    return -EMSGSIZE;
}

int files_main(int argc, char **argv) {
    struct failure failure = failure_in("files");
    struct files_job job = {.dir = -EBADF, .upper = -EBADF, .work = -EBADF, .kept = -EBADF};
    const struct verb *verb = NULL;
    CLEANUP_FREE char *data = NULL;
    size_t len = 0;
    for (size_t i = 0; argc == 2 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            verb = &verbs[i];
    if (verb == NULL) {
        fputs("usage: jail-keeper files create|reset|delete|count|read\n", stderr);
        return EXIT_USAGE;
    }
    umask(0);
    int r = read_request(&data, &len);
    if (r < 0)
        r = failure_set(&failure, "request", "", -r, "%s", strerror(-r));
    if (r == 0)
        r = fields_open(&job.request, data, len, &failure);
    if (r == 0)
        r = prepare(&job, verb->run == make_dirs, &failure);
    if (r == 0)
        verb->run(&job, &failure);
    return reply(verb, &job, &failure);
}
