#include "dns-client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "deadline.h"
#include "dns.h"
#include "io.h"
#include "loop.h"

#define QUESTIONS 2
#define SECOND_MS 300 /* how much longer the other family is waited for once one has addresses */

/* One question: A or AAAA. */
struct question {
    uint8_t query[DNS_QUERY_MAX];
    size_t len;
    bool settled;
    enum dns_outcome outcome; /* once settled */
    struct address_list found;
};

static bool any_found(const struct question questions[QUESTIONS]) {
    return questions[0].found.n > 0 || questions[1].found.n > 0;
}

static int make_questions(const char *name, struct question questions[QUESTIONS]) {
    static const uint16_t types[QUESTIONS] = {DNS_TYPE_A, DNS_TYPE_AAAA};
    uint16_t ids[QUESTIONS];
    if (getrandom(ids, sizeof ids, 0) != sizeof ids)
        return -EAGAIN;
    for (size_t i = 0; i < QUESTIONS; i++) {
        int len = dns_make_query(name, types[i], ids[i], questions[i].query);
        if (len < 0)
            return len;
        questions[i].len = (size_t)len;
        questions[i].settled = false;
    }
    return 0;
}

static void settle(struct question *question, enum dns_outcome outcome) {
    question->settled = true;
    question->outcome = outcome;
}

static bool all_settled(const struct question questions[QUESTIONS]) {
    return questions[0].settled && questions[1].settled;
}

static int ask_by_tcp(const struct address *server, struct question *question,
                      uint64_t deadline_ms) {
    CLEANUP_CLOSE int fd = -EBADF;
    CLEANUP_FREE uint8_t *answer = malloc(DNS_ANSWER_MAX);
    uint8_t prefix[2] = {(uint8_t)(question->len >> 8), (uint8_t)question->len};
    if (answer == NULL)
        return -ENOMEM;
    int r = deadline_connect(server, deadline_ms, &fd);
    if (r == 0)
        r = deadline_send(fd, prefix, sizeof prefix, deadline_ms);
    if (r == 0)
        r = deadline_send(fd, question->query, question->len, deadline_ms);
    if (r == 0)
        r = deadline_receive(fd, prefix, sizeof prefix, deadline_ms);
    size_t len = (size_t)prefix[0] << 8 | prefix[1];
    if (r == 0)
        r = deadline_receive(fd, answer, len, deadline_ms);
    if (r < 0)
        return r;
    enum dns_outcome outcome =
        dns_read_answer(answer, len, question->query, question->len, &question->found);
    settle(question, outcome == DNS_FOREIGN || outcome == DNS_TRUNCATED ? DNS_FAILED : outcome);
    return 0;
}

/* A datagram that answers none of the open questions is passed over. */
static void take_datagram(const struct address *server, const uint8_t *answer, size_t len,
                          struct question questions[QUESTIONS], uint64_t deadline_ms) {
    for (size_t i = 0; i < QUESTIONS; i++) {
        struct question *question = &questions[i];
        if (question->settled)
            continue;
        enum dns_outcome outcome =
            dns_read_answer(answer, len, question->query, question->len, &question->found);
        if (outcome == DNS_FOREIGN)
            continue;
        if (outcome != DNS_TRUNCATED)
            settle(question, outcome);
        else if (ask_by_tcp(server, question, deadline_ms) < 0)
            settle(question, DNS_FAILED);
        return;
    }
}

/* Both questions to one server. The socket is connected, so that the kernel drops what comes from
 * another address or port, and tells when nobody is there. */
static int ask_server(const struct address *server, struct question questions[QUESTIONS],
                      uint64_t deadline_ms) {
    uint8_t answer[4096];
    CLEANUP_CLOSE int fd =
        socket(server->name.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, &server->name.any, server->len) < 0)
        return -errno;
    for (size_t i = 0; i < QUESTIONS; i++)
        if (!questions[i].settled &&
            send(fd, questions[i].query, questions[i].len, MSG_NOSIGNAL) < 0)
            return -errno;
    while (!all_settled(questions)) {
        ssize_t len = recv(fd, answer, sizeof answer, 0);
        if (len >= 0) {
            bool before = any_found(questions);
            take_datagram(server, answer, (size_t)len, questions, deadline_ms);
            if (!before && any_found(questions) && clock_ms() + SECOND_MS < deadline_ms)
                deadline_ms = clock_ms() + SECOND_MS;
            continue;
        }
        int r = errno == EAGAIN || errno == EINTR ? deadline_wait(fd, POLLIN, deadline_ms) : -errno;
        if (r < 0)
            return r;
    }
    return 0;
}

/* A server that could not say leaves the question open for the next one. */
static void reopen_failed(struct question questions[QUESTIONS]) {
    for (size_t i = 0; i < QUESTIONS; i++)
        if (questions[i].settled && questions[i].outcome == DNS_FAILED)
            questions[i].settled = false;
}

static int judge(const struct question questions[QUESTIONS], const struct dns_client *client,
                 struct address_list *ret_list) {
    bool said_none = false;
    ret_list->n = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        for (size_t j = 0; j < questions[i].found.n; j++)
            address_add(ret_list, &questions[i].found.items[j]);
        said_none = said_none || questions[i].settled;
    }
    if (ret_list->n > 0)
        return 0;
    if (said_none)
        return -ENOENT;
    return clock_ms() >= client->deadline_ms ? -ETIMEDOUT : -EAGAIN;
}

int dns_look_up(const struct dns_client *client, const char *name, struct address_list *ret_list) {
    CLEANUP_FREE struct question *questions = calloc(QUESTIONS, sizeof *questions);
    int r = questions == NULL ? -ENOMEM : make_questions(name, questions);
    if (r < 0)
        return r;
    size_t turns = client->attempts * client->n_servers;
    for (size_t i = 0; i < turns && !all_settled(questions); i++) {
        uint64_t now = clock_ms();
        if (now >= client->deadline_ms)
            break;
        uint64_t end = now + client->timeout_ms;
        ask_server(&client->servers[i % client->n_servers], questions,
                   end < client->deadline_ms ? end : client->deadline_ms);
        reopen_failed(questions);
        /* One family is enough to go on with; servers that are silent about the other are common.
         */
        if (any_found(questions))
            break;
    }
    return judge(questions, client, ret_list);
}
