#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io.h"
#include "loop.h"
#include "process.h"

#define CONTROL_FD 3
#define HIGH_FD 16 /* above what is put in place */
#define ID_MIN 1000u
#define CAP_LAST_NUMBER 63

const struct field_rule worker_rules[] = {
    {"op", FIELD_TEXT, FIELD_REQUIRED, 32},        {"id", FIELD_NUMBER, FIELD_REQUIRED, 0},
    {"uid", FIELD_NUMBER, FIELD_REQUIRED, 0},      {"gid", FIELD_NUMBER, FIELD_REQUIRED, 0},
    {"program", FIELD_TEXT, FIELD_REQUIRED, 4095}, {"argv", FIELD_TEXT, FIELD_REPEATS, 0},
    {"env", FIELD_TEXT, FIELD_REPEATS, 0},         {"bind", FIELD_TUPLE2, FIELD_REPEATS, 8191},
    {"hostname", FIELD_TEXT, FIELD_OPTIONAL, 63},
};
const size_t worker_n_rules = sizeof worker_rules / sizeof *worker_rules;

int worker_parse(const struct fields_view *message, struct worker_request *ret_request,
                 struct failure *ret_failure) {
    uint64_t uid, gid;
    if (fields_number(message, "uid", 0, ID_MIN, UINT32_MAX - 1, &uid) < 0 ||
        fields_number(message, "gid", 0, ID_MIN, UINT32_MAX - 1, &gid) < 0)
        return failure_set(ret_failure, "check", "", ERANGE, "uid and gid begin at %u", ID_MIN);
    *ret_request =
        (struct worker_request){.uid = (uid_t)uid, .gid = (gid_t)gid, .message = *message};
    return 0;
}

static int fail(struct failure *ret_failure, const char *step) {
    int error = errno;
    return failure_set(ret_failure, step, "", error, "%s", strerror(error));
}

static int place_descriptors(int control, int log, int *status_fd, struct failure *ret_failure) {
    /* Out of the way first: a source may sit on another's place. */
    int high_control = fcntl(control, F_DUPFD_CLOEXEC, HIGH_FD);
    int high_log = fcntl(log, F_DUPFD_CLOEXEC, HIGH_FD);
    int high_status = fcntl(*status_fd, F_DUPFD_CLOEXEC, HIGH_FD);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (high_control < 0 || high_log < 0 || high_status < 0 || null < 0 ||
        dup2(null, STDIN_FILENO) < 0 || dup2(high_log, STDOUT_FILENO) < 0 ||
        dup2(high_log, STDERR_FILENO) < 0 || dup2(high_control, CONTROL_FD) < 0)
        return fail(ret_failure, "descriptors");
    const int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, CONTROL_FD, high_status};
    *status_fd = high_status;
    return io_close_all_but(keep, sizeof keep / sizeof *keep) < 0 ? fail(ret_failure, "descriptors")
                                                                  : 0;
}

static int drop_rights(const struct worker_request *request, struct failure *ret_failure) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    struct rlimit no_core = {0, 0};
    process_drop_keyring();
    if (setrlimit(RLIMIT_CORE, &no_core) < 0)
        return fail(ret_failure, "limits");
    for (int cap = 0; cap <= CAP_LAST_NUMBER; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL) /* EINVAL: past the last */
            return fail(ret_failure, "bounding-set");
    if (setgroups(0, NULL) < 0 || setresgid(request->gid, request->gid, request->gid) < 0 ||
        setresuid(request->uid, request->uid, request->uid) < 0)
        return fail(ret_failure, "ids");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(ret_failure, "capabilities");
    return process_hide() < 0 ? fail(ret_failure, "hide") : 0;
}

/* The named fields as a vector after `first` (if there is one). NULL without memory. */
static char **collect(const struct fields_view *message, const char *name, const char *first) {
    struct field field;
    size_t n = 0;
    for (size_t cursor = 0; fields_find_next(message, name, &cursor, &field);)
        n++;
    char **vector = calloc(n + 2, sizeof *vector);
    size_t at = 0;
    if (vector != NULL && first != NULL && (vector[at++] = strdup(first)) == NULL)
        return NULL;
    for (size_t cursor = 0; vector != NULL && fields_find_next(message, name, &cursor, &field);
         at++)
        if ((vector[at] = span_dup(field.value)) == NULL)
            return NULL;
    return vector;
}

static int execute(const struct fields_view *message, struct failure *ret_failure) {
    char program[4096];
    fields_text(message, "program", program, sizeof program);
    char **words = collect(message, "argv", program);
    char **environment = collect(message, "env", NULL);
    if (words == NULL || environment == NULL) {
        errno = ENOMEM;
        return fail(ret_failure, "execute");
    }
    umask(077);
    execve(program, words, environment);
    int error = errno;
    return failure_set(ret_failure, "execute", program, error, "%s", strerror(error));
}

static int become_worker(const struct worker_request *request, int control, int log, int *status_fd,
                         struct failure *ret_failure) {
    char hostname[64] = "worker";
    fields_text(&request->message, "hostname", hostname, sizeof hostname);
    process_title("jaild-worker");
    signals_reset();
    process_normal_oom();
    umask(022);
    int r = process_hide() < 0 ? fail(ret_failure, "hide") : 0;
    if (r == 0)
        r = place_descriptors(control, log, status_fd, ret_failure);
    if (r == 0 && (setsid() < 0 || sethostname(hostname, strlen(hostname)) < 0))
        r = fail(ret_failure, "hostname");
    if (r == 0)
        r = worker_root(&request->message, ret_failure);
    if (r == 0)
        r = drop_rights(request, ret_failure);
    if (r == 0)
        r = worker_filter(ret_failure);
    return r < 0 ? r : execute(&request->message, ret_failure);
}

static _Noreturn void run_child(const struct worker_request *request, int control, int log,
                                int status_fd) {
    uint8_t buffer[2048];
    struct fields_writer writer;
    struct failure failure = failure_in("start-worker");
    become_worker(request, control, log, &status_fd, &failure);
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "ok", "0");
    failure_encode(&writer, &failure);
    if (fields_finish(&writer) == 0)
        io_send(status_fd, buffer, writer.len, NULL, 0, MSG_DONTWAIT);
    _exit(EXIT_FAILURE);
}

pid_t worker_start(const struct worker_request *request, int control, int log, int status_fd,
                   struct failure *ret_failure) {
    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS |
                 CLONE_NEWCGROUP,
        .exit_signal = SIGCHLD,
    };
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        run_child(request, control, log, status_fd);
    if (pid < 0)
        return fail(ret_failure, "fork");
    return (pid_t)pid;
}
