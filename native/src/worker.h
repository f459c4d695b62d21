/* A worker: the process that speaks SSH, and so the one that is most likely taken over. It is put
 * into namespaces and a root of its own, without any right, before it is executed. */
#ifndef JAILD_WORKER_H
#define JAILD_WORKER_H

#include <stdint.h>
#include <sys/types.h>

#include "fail.h"
#include "fields.h"

/* Where a worker's root is put together; an empty directory that the host keeper makes. */
#define WORKER_STAGE "/run/jaild-worker"

/* Fields of a start-worker request; message checked against worker_rules. */
struct worker_request {
    uid_t uid;
    gid_t gid;
    struct fields_view message; /* program, argv*, env*, bind*, hostname */
};

extern const struct field_rule worker_rules[];
extern const size_t worker_n_rules;

/* Reads and checks a start-worker message (stage "request"). uid and gid are never 0. */
int worker_parse(const struct fields_view *message, struct worker_request *ret_request,
                 struct failure *ret_failure);

/* Forks the worker. `control` becomes its 3, `log` its 1 and 2, 0 is /dev/null. On `status_fd`
 * comes a failure (fields, ok=0), or its end: the program is running. Returns the pid or -errno. */
pid_t worker_start(const struct worker_request *request, int control, int log, int status_fd,
                   struct failure *ret_failure);

/* ---- parts ---- */

/* Builds the root and moves into it: read-only tmpfs, the binds (read-only, nosuid, nodev), /dev
 * with null, zero, random, urandom and a devpts of its own, /proc of its pid namespace. Called in
 * fresh namespaces. Steps "mount-root", "bind", "mount-dev", "mount-proc", "pivot". */
int worker_root(const struct fields_view *message, struct failure *ret_failure);

/* The filter that node starts under (the worker tightens it itself once it runs): no tracing, no
 * mounts, no namespaces, no sockets, no keys, no io_uring, no kernel switches. Step "filter". */
int worker_filter(struct failure *ret_failure);

#endif
