/* The resolver against a name server of the test's own, in a network namespace of the test's own.
 * Needs root. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "dns.h"
#include "loop.h"
#include "resolver.h"
#include "tree-lab.h"

/* ---- the name server ---- */

static uint8_t message[4096];

/* "www.example" out of a question's labels. */
static void read_name(const uint8_t *question, char *ret_name) {
    const uint8_t *at = question + 12;
    char *out = ret_name;
    for (; *at != 0; at += 1 + *at)
        out += sprintf(out, "%s%.*s", out == ret_name ? "" : ".", *at, (const char *)at + 1);
    *out = '\0';
}

/* Turns the question in `message` into an answer with one record; its length. */
static size_t answer_with(size_t len, unsigned type, const void *data, uint8_t data_len) {
    uint8_t record[12] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 9, 0, data_len};
    message[2] = 0x80;
    message[7] = 1;
    memcpy(message + len, record, sizeof record);
    memcpy(message + len + sizeof record, data, data_len);
    return len + sizeof record + data_len;
}

static size_t answer_code(size_t len, uint8_t flags, uint8_t code) {
    message[2] = flags;
    message[3] = code;
    return len;
}

/* What the server says to the question in `message`; 0: nothing. */
static size_t answer(size_t len, bool tcp) {
    char name[256];
    unsigned type = message[len - 3];
    read_name(message, name);
    if (strcmp(name, "none.example") == 0)
        return answer_code(len, 0x80, 3);
    if (strcmp(name, "broken.example") == 0)
        return answer_code(len, 0x80, 2);
    if (strcmp(name, "six.example") == 0 && type == DNS_TYPE_AAAA)
        return answer_with(len, type, "0123456789abcdef", 16);
    if (strcmp(name, "big.example") == 0 && !tcp)
        return answer_code(len, 0x82, 0);
    if (strcmp(name, "half.example") == 0 && type == DNS_TYPE_AAAA)
        return 0;
    if (type != DNS_TYPE_A || strcmp(name, "six.example") == 0)
        return answer_code(len, 0x80, 0);
    if (strcmp(name, "big.example") == 0)
        return answer_with(len, type, "\x0a\2\2\2", 4);
    if (strcmp(name, "short.sub.example") == 0)
        return answer_with(len, type, "\x0a\3\3\3", 4);
    if (strstr(name, ".example") == NULL || strstr(name, ".sub.") != NULL)
        return answer_code(len, 0x80, 3);
    return answer_with(len, type, "\x0a\1\1\1", 4);
}

static void serve_datagram(int fd) {
    struct sockaddr_in peer;
    socklen_t peer_len = sizeof peer;
    ssize_t len = recvfrom(fd, message, 1024, 0, (struct sockaddr *)&peer, &peer_len);
    if (len < 16)
        return;
    char name[256];
    read_name(message, name);
    if (strcmp(name, "liar.example") == 0) { /* forged ones first: another id, another name */
        uint8_t forged[1024];
        uint8_t whole[1024];
        memcpy(whole, message, (size_t)len);
        size_t forged_len = answer_with((size_t)len, DNS_TYPE_A, "\x66\x66\x66\x66", 4);
        memcpy(forged, message, forged_len);
        forged[0] ^= 0x55;
        sendto(fd, forged, forged_len, 0, (struct sockaddr *)&peer, peer_len);
        forged[0] ^= 0x55;
        forged[13] ^= 1;
        sendto(fd, forged, forged_len, 0, (struct sockaddr *)&peer, peer_len);
        memcpy(message, whole, (size_t)len);
    }
    size_t reply = answer((size_t)len, false);
    if (reply > 0)
        sendto(fd, message, reply, 0, (struct sockaddr *)&peer, peer_len);
}

static void serve_stream(int listener) {
    int fd = accept(listener, NULL, NULL);
    uint8_t prefix[2];
    if (recv(fd, prefix, 2, MSG_WAITALL) == 2) {
        size_t len = (size_t)prefix[0] << 8 | prefix[1];
        if (len <= 1024 && recv(fd, message, len, MSG_WAITALL) == (ssize_t)len) {
            len = answer(len, true);
            prefix[0] = (uint8_t)(len >> 8);
            prefix[1] = (uint8_t)len;
            send(fd, prefix, 2, MSG_NOSIGNAL);
            send(fd, message, len, MSG_NOSIGNAL);
        }
    }
    close(fd);
}

static int listen_on(const char *address, int type) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(53)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    CHECK(inet_pton(AF_INET, address, &name.sin_addr) == 1);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(type != SOCK_STREAM || listen(fd, 8) == 0);
    return fd;
}

static pid_t start_server(void) {
    int datagrams = listen_on("127.0.0.1", SOCK_DGRAM);
    int streams = listen_on("127.0.0.1", SOCK_STREAM);
    listen_on("127.0.0.2", SOCK_DGRAM); /* never answers */
    fflush(NULL);
    pid_t pid = fork();
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            serve_stream(streams);
    }
    for (;;)
        serve_datagram(datagrams);
}

static void bring_up_loopback(void) {
    struct ifreq request = {.ifr_flags = IFF_UP};
    CHECK(unshare(CLONE_NEWNET) == 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
    CHECK(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    close(fd);
}

/* ---- questions ---- */

static struct failure failure;

/* The first address, or the step that failed. */
static const char *find(const char *host, uint64_t wait_ms) {
    static char text[ADDRESS_TEXT_MAX];
    struct address_list list;
    failure = failure_in("connect");
    if (resolver_find(tree_lab_fd, host, clock_ms() + wait_ms, &list, &failure) < 0)
        return failure.step;
    CHECK(list.n >= 1);
    address_text(&list.items[0], text);
    return text;
}

static void numbers_and_localhost(void) {
    CHECK_TEXT(find("10.9.8.7", 100), "10.9.8.7");
    CHECK_TEXT(find("127.1", 100), "127.0.0.1");
    CHECK_TEXT(find("localhost", 100), "127.0.0.1");
    CHECK_TEXT(find("LocalHost.", 100), "127.0.0.1");
    CHECK_TEXT(find("app.localhost", 100), "127.0.0.1");
    CHECK_TEXT(find("999.1.1.1", 100), "check");
    CHECK_TEXT(find("", 100), "check");
    CHECK_TEXT(find("a b", 100), "check");
}

static void hosts_file(void) {
    make_file("etc/hosts", 0644,
              "# 10.0.0.9 commented\n10.0.0.1\tdb db.example # and more\n"
              "fd00::5 six-in-file\n10.0.0.2 DB\nnonsense x\n10.0.0.3");
    CHECK_TEXT(find("db", 100), "10.0.0.1");
    CHECK_TEXT(find("DB.EXAMPLE.", 100), "10.0.0.1");
    CHECK_TEXT(find("six-in-file", 100), "fd00::5");
}

static void name_server(void) {
    make_file("etc/resolv.conf", 0644, "nameserver 127.0.0.1\n");
    CHECK_TEXT(find("plain.example", 5000), "10.1.1.1");
    CHECK_TEXT(find("six.example", 5000), "3031:3233:3435:3637:3839:6162:6364:6566");
    CHECK_TEXT(find("liar.example", 5000), "10.1.1.1");
    CHECK_TEXT(find("big.example", 5000), "10.2.2.2");
    CHECK_TEXT(find("none.example", 5000), "resolve");
    CHECK(failure.error == ENOENT);
    CHECK_TEXT(find("broken.example", 5000), "resolve");
    CHECK(failure.error == EAGAIN);
    uint64_t start = clock_ms();
    CHECK_TEXT(find("half.example", 5000), "10.1.1.1");
    CHECK(clock_ms() - start < 1500);
}

static void search_list(void) {
    make_file("etc/resolv.conf", 0644, "nameserver 127.0.0.1\nsearch other.example sub.example\n");
    CHECK_TEXT(find("short", 5000), "10.1.1.1"); /* short.other.example */
    make_file("etc/resolv.conf", 0644, "nameserver 127.0.0.1\nsearch nowhere sub.example\n");
    CHECK_TEXT(find("short", 5000), "10.3.3.3");
    CHECK_TEXT(find("short.", 5000), "resolve"); /* complete */
    CHECK_TEXT(find("short.sub", 5000), "resolve");
    CHECK_TEXT(find("plain.example", 5000), "10.1.1.1");
}

static void other_servers(void) {
    make_file("etc/resolv.conf", 0644,
              "nameserver 127.0.0.3\nnameserver 127.0.0.2\nnameserver 127.0.0.1\n"
              "nameserver 127.0.0.4\noptions timeout:1 attempts:1\n");
    uint64_t start = clock_ms();
    CHECK_TEXT(find("plain.example", 5000), "10.1.1.1"); /* nobody, silent, answers */
    CHECK(clock_ms() - start >= 900 && clock_ms() - start < 3000);
    make_file("etc/resolv.conf", 0644, "nameserver 127.0.0.2\n");
    start = clock_ms();
    CHECK_TEXT(find("plain.example", 300), "resolve");
    CHECK(failure.error == ETIMEDOUT && clock_ms() - start < 1500);
    make_file("etc/resolv.conf", 0644, "nameserver fe80::1%eth0\nnameserver x\n; none\n");
    CHECK_TEXT(find("plain.example", 5000), "resolve");
}

static void hostile_files(void) {
    CHECK(unlinkat(tree_lab_fd, "etc/resolv.conf", 0) == 0);
    CHECK_TEXT(find("plain.example", 5000), "10.1.1.1"); /* without a file: the loopback */
    CHECK(mkfifoat(tree_lab_fd, "etc/resolv.conf", 0666) == 0);
    CHECK_TEXT(find("plain.example", 5000), "10.1.1.1");
    CHECK(unlinkat(tree_lab_fd, "etc/hosts", 0) == 0);
    CHECK(mkdirat(tree_lab_fd, "etc/hosts", 0755) == 0);
    CHECK_TEXT(find("db", 5000), "resolve");
    CHECK(unlinkat(tree_lab_fd, "etc/hosts", AT_REMOVEDIR) == 0);
    /* Links stay inside: this one would be the host's own file. */
    make_file("hosts-inside", 0644, "10.7.7.7 linked\n");
    CHECK(symlinkat("/../../hosts-inside", tree_lab_fd, "etc/hosts") == 0);
    CHECK_TEXT(find("linked", 5000), "10.7.7.7");
    CHECK(unlinkat(tree_lab_fd, "etc/hosts", 0) == 0);
    CHECK(symlinkat("/proc/self/fd/0", tree_lab_fd, "etc/hosts") == 0);
    CHECK_TEXT(find("linked", 5000), "resolve");
}

static void settings(void) {
    static const char text[] =
        "domain a\nsearch b c d e f g h i\noptions ndots:99 timeout:0 "
        "attempts:77 rotate\nnameserver 1.1.1.1 2.2.2.2\n#nameserver 3.3.3.3";
    struct resolver_settings parsed;
    resolver_parse_settings(text, sizeof text - 1, &parsed);
    CHECK(parsed.n_search == 6 && parsed.dots == 15 && parsed.client.attempts == 5);
    CHECK(parsed.client.timeout_ms == 1000 && parsed.client.n_servers == 2);
    CHECK_TEXT(parsed.search[0], "b");
    CHECK(address_port(&parsed.client.servers[0]) == 53);
}

int main(void) {
    tree_lab_open();
    make_dir("etc", 0755);
    settings();
    bring_up_loopback();
    pid_t server = start_server();
    numbers_and_localhost();
    hosts_file();
    name_server();
    search_list();
    other_servers();
    hostile_files();
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    tree_lab_close();
    return checks_end("test-resolver");
}
