#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io.h"

#define ACCEPT_PAUSE_MS 10

/* One at a time is enough: the loop runs one event at a time. */
static uint8_t receive_buffer[FIELDS_MESSAGE_MAX];

static void drop_peer(struct server *server, struct server_peer *peer) {
    struct server_peer **at = &server->peers;
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    server->n_peers--;
    loop_remove(server->loop, &peer->source);
    io_close(&peer->source.fd);
    free(peer);
}

static struct server_peer *find_peer(struct server *server, uint64_t serial) {
    struct server_peer *peer = server->peers;
    while (peer != NULL && peer->serial != serial)
        peer = peer->next;
    return peer;
}

static void send_to(struct server *server, struct server_peer *peer,
                    const struct fields_writer *writer, const int *fds, size_t n_fds) {
    if (io_send(peer->source.fd, writer->data, writer->len, fds, n_fds, MSG_DONTWAIT) < 0)
        drop_peer(server, peer);
}

void server_answer(struct fields_writer *ret_writer, void *buffer, size_t size, uint64_t id) {
    fields_writer_fixed(ret_writer, buffer, size);
    fields_put_number(ret_writer, "id", id);
    fields_put_text(ret_writer, "ok", "1");
}

void server_send_failure(struct server *server, uint64_t peer, uint64_t id,
                         const struct failure *failure) {
    uint8_t buffer[2048];
    struct fields_writer writer;
    struct server_peer *to = find_peer(server, peer);
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_number(&writer, "id", id);
    fields_put_text(&writer, "ok", "0");
    failure_encode(&writer, failure);
    if (to != NULL && fields_finish(&writer) == 0)
        send_to(server, to, &writer, NULL, 0);
}

void server_send(struct server *server, uint64_t peer, const struct fields_writer *writer,
                 const int *fds, size_t n_fds) {
    struct server_peer *to = find_peer(server, peer);
    if (to == NULL)
        return;
    if (fields_finish(writer) < 0) /* cannot answer: better no peer than one that waits */
        drop_peer(server, to);
    else
        send_to(server, to, writer, fds, n_fds);
}

void server_send_ok(struct server *server, uint64_t peer, uint64_t id) {
    uint8_t buffer[64];
    struct fields_writer writer;
    server_answer(&writer, buffer, sizeof buffer, id);
    server_send(server, peer, &writer, NULL, 0);
}

void server_watch(struct server *server, uint64_t peer) {
    struct server_peer *watcher = find_peer(server, peer);
    if (watcher != NULL)
        watcher->watching = true;
}

void server_broadcast(struct server *server, const struct fields_writer *writer) {
    if (fields_finish(writer) < 0)
        return;
    for (struct server_peer *peer = server->peers, *next; peer != NULL; peer = next) {
        next = peer->next;
        if (peer->watching)
            send_to(server, peer, writer, NULL, 0);
    }
}

static const struct server_op *find_op(const struct server *server,
                                       const struct fields_view *message) {
    for (size_t i = 0; i < server->n_ops; i++)
        if (fields_is(message, "op", server->ops[i].name))
            return &server->ops[i];
    return NULL;
}

static int answer(struct server *server, struct server_request *request, struct failure *failure) {
    const struct server_op *op = find_op(server, &request->message);
    if (op == NULL)
        return failure_set(failure, "check", "", EOPNOTSUPP, "unknown op");
    if (request->n_fds != op->n_fds)
        return failure_set(failure, "check", "", EBADMSG, "%s comes with %zu descriptors, not %zu",
                           op->name, op->n_fds, request->n_fds);
    if (op->rules != NULL) {
        int r = fields_check(&request->message, op->rules, op->n_rules, failure);
        if (r < 0)
            return r;
    }
    struct failure own = failure_in(op->name);
    int r = op->answer(server, request, &own);
    if (r < 0)
        *failure = own;
    return r;
}

/* A message without a readable id cannot be answered: its sender is dropped. */
static void handle_message(struct server *server, struct server_peer *peer, size_t len,
                           struct server_request *request) {
    struct failure failure = failure_in("request");
    uint64_t serial = peer->serial;
    struct field field;
    request->peer = serial;
    if (fields_open(&request->message, receive_buffer, len, &failure) < 0 ||
        !fields_find(&request->message, "id", &field) || span_number(field.value, &request->id) < 0)
        drop_peer(server, peer);
    else if (answer(server, request, &failure) < 0)
        server_send_failure(server, serial, request->id, &failure);
}

static void peer_ready(struct loop_source *source, uint32_t events) {
    struct server_peer *peer = source->owner;
    struct server *server = peer->server;
    struct server_request request = {.n_fds = 0};
    size_t len = 0;
    int r = io_receive(source->fd, receive_buffer, sizeof receive_buffer, &len, request.fds,
                       SERVER_REQUEST_FDS_MAX, &request.n_fds, MSG_DONTWAIT);
    if (r == -EAGAIN && !(events & (EPOLLHUP | EPOLLERR)))
        return;
    if (r < 0 || len == 0) {
        drop_peer(server, peer);
    } else {
        handle_message(server, peer, len, &request);
    }
    io_close_array(request.fds, request.n_fds);
}

static void accept_peer(struct loop_source *source, uint32_t events) {
    (void)events;
    struct server *server = source->owner;
    uid_t uid;
    CLEANUP_CLOSE int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
        poll(NULL, 0, ACCEPT_PAUSE_MS); /* the connection stays pending: do not spin on it */
    if (fd < 0 || server->n_peers >= SERVER_PEERS_MAX || io_peer_uid(fd, &uid) < 0 || uid != 0)
        return;
    struct server_peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return;
    peer->source = (struct loop_source){.fd = fd, .ready = peer_ready, .owner = peer};
    peer->server = server;
    peer->serial = ++server->last_serial;
    peer->watching = server->all_watch;
    if (loop_add(server->loop, &peer->source, EPOLLIN) < 0) {
        free(peer);
        return;
    }
    io_take(&fd);
    peer->next = server->peers;
    server->peers = peer;
    server->n_peers++;
}

int server_init(struct server *ret_server, struct loop *loop, int listen_fd,
                const struct server_op *ops, size_t n_ops, void *owner) {
    *ret_server = (struct server){.loop = loop, .ops = ops, .n_ops = n_ops, .owner = owner};
    ret_server->listener =
        (struct loop_source){.fd = listen_fd, .ready = accept_peer, .owner = ret_server};
    return loop_add(loop, &ret_server->listener, EPOLLIN);
}

void server_close(struct server *server) {
    while (server->peers != NULL)
        drop_peer(server, server->peers);
    loop_remove(server->loop, &server->listener);
    io_close(&server->listener.fd);
}
