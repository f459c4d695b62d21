/* A SEQPACKET socket on which root asks in fields messages: the host keeper's and each jail
 * keeper's. One table of operations says what may be asked.
 *
 * A peer may vanish while its question is being worked on: answers go to a peer's serial number,
 * and an answer to nobody is dropped. A peer that does not read is dropped, never waited for. */
#ifndef JAILD_SERVER_H
#define JAILD_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fail.h"
#include "fields.h"
#include "loop.h"

#define SERVER_PEERS_MAX 64
#define SERVER_REQUEST_FDS_MAX 2

struct server;

/* One question. Descriptors belong to the server; an answerer that keeps one takes it (io_take). */
struct server_request {
    struct fields_view message;
    uint64_t peer; /* serial */
    uint64_t id;
    int fds[SERVER_REQUEST_FDS_MAX];
    size_t n_fds;
};

struct server_op {
    const char *name;
    const struct field_rule *rules; /* NULL: the answerer checks the message by itself */
    size_t n_rules;
    size_t n_fds; /* exactly so many descriptors come with it */
    /* Answers now, or later by serial and id; or returns -errno with the failure filled, which
     * the server then answers. */
    int (*answer)(struct server *server, struct server_request *request,
                  struct failure *ret_failure);
};

struct server_peer {
    struct loop_source source;
    struct server *server;
    struct server_peer *next;
    uint64_t serial;
    bool watching; /* gets events */
};

struct server {
    struct loop *loop;
    struct loop_source listener; /* owned */
    struct server_peer *peers;
    size_t n_peers;
    uint64_t last_serial;
    bool all_watch; /* every peer gets events without asking */
    const struct server_op *ops;
    size_t n_ops;
    void *owner;
};

/* Takes over the listening, non-blocking descriptor. */
int server_init(struct server *ret_server, struct loop *loop, int listen_fd,
                const struct server_op *ops, size_t n_ops, void *owner);

/* Closes the listener and all peers; what was sent to them can still be read. */
void server_close(struct server *server);

/* Begins the positive answer; the caller adds its fields. */
void server_answer(struct fields_writer *ret_writer, void *buffer, size_t size, uint64_t id);

/* Sends an answer that was begun with server_answer(), with descriptors (which stay open here). */
void server_send(struct server *server, uint64_t peer, const struct fields_writer *writer,
                 const int *fds, size_t n_fds);

/* A positive answer without further fields. */
void server_send_ok(struct server *server, uint64_t peer, uint64_t id);

/* The negative answer. */
void server_send_failure(struct server *server, uint64_t peer, uint64_t id,
                         const struct failure *failure);

/* Makes the peer a watcher. */
void server_watch(struct server *server, uint64_t peer);

/* Sends an event to every watcher. */
void server_broadcast(struct server *server, const struct fields_writer *writer);

#endif
