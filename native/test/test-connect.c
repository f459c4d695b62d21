/* Stage connect in a booted jail: sockets that come out of it, and those that do not. Needs root.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "connect.h"
#include "jail-lab.h"

static struct lab lab;

static uint8_t reply_bytes[4096];
static struct fields_view reply;

/* One request, fields as NAME, VALUE, ..., NULL; the reply is in `reply`. The descriptor or -errno.
 */
static int ask(const char *op, ...) {
    uint8_t bytes[8192];
    struct fields_writer writer;
    struct fields_view request;
    int near = -EBADF;
    int far = -EBADF;
    int fd = -EBADF;
    size_t n_fds = 0;
    size_t len = 0;
    va_list words;
    fields_writer_fixed(&writer, bytes, sizeof bytes);
    fields_put_text(&writer, "op", op);
    va_start(words, op);
    for (const char *name; (name = va_arg(words, const char *)) != NULL;)
        fields_put_text(&writer, name, va_arg(words, const char *));
    va_end(words);
    CHECK(fields_finish(&writer) == 0 && fields_open(&request, bytes, writer.len, NULL) == 0);
    CHECK(io_socket_pair(&near, &far) == 0);
    int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    CHECK(own >= 0 && setns(lab.runtime.init_pidfd, CLONE_NEWPID) == 0);
    fflush(NULL);
    pid_t pid = connect_start(&lab.runtime, &request, far, NULL);
    CHECK(pid > 0 && setns(own, CLONE_NEWPID) == 0);
    io_close(&own);
    io_close(&far);
    CHECK(io_receive(near, reply_bytes, sizeof reply_bytes, &len, &fd, 1, &n_fds, 0) == 0);
    io_close(&near);
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK(fields_open(&reply, reply_bytes, len, NULL) == 0);
    CHECK(fields_is(&reply, "ok", n_fds == 1 ? "1" : "0"));
    uint64_t error = 0;
    fields_number(&reply, "errno", 0, 0, 10000, &error);
    return n_fds == 1 ? fd : -(int)error;
}

static const char *said(const char *name) {
    static char text[512];
    text[0] = '\0';
    fields_text(&reply, name, text, sizeof text);
    return text;
}

static int port_of(void) { return atoi(said("port")); }

/* Bytes written to one end come out of the other. */
static void check_joined(int left, int right) {
    char buffer[8] = "";
    struct pollfd item = {.fd = right, .events = POLLIN};
    CHECK(send(left, "hello", 5, MSG_NOSIGNAL) == 5);
    CHECK(poll(&item, 1, 5000) == 1 && recv(right, buffer, sizeof buffer, 0) == 5);
    CHECK_TEXT(buffer, "hello");
    close(left);
    close(right);
}

static int accept_one(int listener) {
    struct pollfd item = {.fd = listener, .events = POLLIN};
    CHECK(poll(&item, 1, 5000) == 1);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static void tcp_in_and_out(void) {
    static const char *const spellings[] = {
        "127.0.0.1", "localhost", "127.1", "2130706433", "0", "::ffff:127.0.0.1", "own.name"};
    char port[8];
    int listener = ask("listen", "kind", "tcp", "host", "127.0.0.1", "port", "0", NULL);
    CHECK(listener >= 0 && port_of() > 0);
    snprintf(port, sizeof port, "%d", port_of());
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        int fd = ask("connect", "kind", "tcp", "host", spellings[i], "port", port, NULL);
        CHECK(fd >= 0);
        CHECK_TEXT(said("address"), "127.0.0.1");
        CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        check_joined(fd, accept_one(listener));
    }
    CHECK(ask("listen", "kind", "tcp", "host", "127.0.0.1", "port", port, NULL) == -EADDRINUSE);
    CHECK_TEXT(said("stage"), "listen");
    /* The host's own loopback is another one. */
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int outside = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(outside, (struct sockaddr *)&name, sizeof name) < 0 && errno == ECONNREFUSED);
    close(outside);
    close(listener);
    CHECK(ask("connect", "kind", "tcp", "host", "127.0.0.1", "port", port, NULL) == -ECONNREFUSED);
    CHECK_TEXT(said("step"), "connect");
}

static void listens_everywhere(void) {
    int listener = ask("listen", "kind", "tcp", "host", "", "port", "80", NULL);
    CHECK(listener >= 0 && port_of() == 80); /* root inside may */
    int fd = ask("connect", "kind", "tcp", "host", "127.0.0.1", "port", "80", NULL);
    CHECK(fd >= 0);
    check_joined(fd, accept_one(listener));
    fd = ask("connect", "kind", "tcp", "host", "::1", "port", "80", NULL);
    CHECK(fd >= 0);
    CHECK_TEXT(said("address"), "::1");
    check_joined(fd, accept_one(listener));
    close(listener);
    CHECK(ask("listen", "kind", "tcp", "host", "10.99.99.99", "port", "0", NULL) == -EADDRNOTAVAIL);
}

static void policy_refuses(void) {
    static const char *const hosts[] = {
        "169.254.169.254", "0xa9fea9fe", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254",
        "224.0.0.1",       "meta.name"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        CHECK(ask("connect", "kind", "tcp", "host", hosts[i], "port", "80", NULL) == -EACCES);
        CHECK_TEXT(said("step"), "policy");
    }
}

static void checks_its_words(void) {
    CHECK(ask("connect", "kind", "tcp", "host", "127.0.0.1", "port", "0", NULL) == -EINVAL);
    CHECK(ask("connect", "kind", "tcp", "host", "127.0.0.1", "port", "70000", NULL) == -ERANGE);
    CHECK(ask("connect", "kind", "tcp", "host", "a b", "port", "1", NULL) == -EINVAL);
    CHECK(ask("connect", "kind", "tcp", "host", "", "port", "1", NULL) == -EINVAL);
    CHECK(ask("connect", "kind", "udp", "host", "127.0.0.1", "port", "1", NULL) == -EINVAL);
    CHECK(ask("connect", "kind", "unix", "path", "@abstract", NULL) == -EINVAL);
    CHECK(ask("connect", "kind", "unix", "path", "tmp/x", NULL) == -EINVAL);
    CHECK(ask("connect", "kind", "tcp", "host", "127.0.0.1", "port", "1", "user", "mallory",
              NULL) == -ENOENT);
    CHECK_TEXT(said("step"), "find-user");
}

static int look_at_socket(void *argument) {
    struct stat status;
    CHECK(lstat(argument, &status) == 0);
    CHECK(status.st_uid == 1000 && status.st_mode == (S_IFSOCK | 0600));
    return 0;
}

static void unix_in_and_out(void) {
    char path[] = "/tmp/own.sock";
    struct ucred peer;
    socklen_t len = sizeof peer;
    int listener = ask("listen", "kind", "unix", "path", path, "user", "alice", NULL);
    CHECK(listener >= 0);
    CHECK(lab_inside(&lab, look_at_socket, path) == 0);
    int fd = ask("connect", "kind", "unix", "path", path, "user", "alice", NULL);
    CHECK(fd >= 0);
    int accepted = accept_one(listener);
    CHECK(getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0);
    CHECK(peer.uid == LAB_BASE + 1000); /* the session's own user, never the host's root */
    check_joined(fd, accepted);
    CHECK(ask("connect", "kind", "unix", "path", path, "user", "bob", NULL) == -EACCES);
    CHECK(ask("listen", "kind", "unix", "path", path, "user", "alice", NULL) == -EADDRINUSE);
    CHECK(ask("listen", "kind", "unix", "path", "/etc/passwd", NULL) == -EADDRINUSE);
    CHECK(ask("listen", "kind", "unix", "path", "/tmp/dangling", NULL) == -EADDRINUSE);
    CHECK(ask("listen", "kind", "unix", "path", "/etc/x.sock", "user", "alice", NULL) == -EACCES);
    /* A socket of the host by its path, and through a link. */
    CHECK(ask("connect", "kind", "unix", "path", lab_text("%s/host.sock", lab.dir), NULL) ==
          -ENOENT);
    CHECK(ask("connect", "kind", "unix", "path", "/tmp/hostlink", NULL) == -ENOENT);
    close(listener);
    CHECK(ask("connect", "kind", "unix", "path", path, NULL) == -ECONNREFUSED);
}

static int make_links(void *unused) {
    (void)unused;
    CHECK(symlink("/tmp/nowhere", "/tmp/dangling") == 0);
    CHECK(symlink(lab_text("%s/host.sock", lab.dir), "/tmp/hostlink") == 0);
    return 0;
}

static int listen_on_host(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(name.sun_path, sizeof name.sun_path, "%s/host.sock", lab.dir);
    CHECK(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 1) == 0);
    return fd;
}

/* A listener whose queue is full keeps one waiting: until the deadline and no longer. */
static void keeps_its_deadline(void) {
    int fds[200];
    size_t n = 0;
    int listener = ask("listen", "kind", "unix", "path", "/tmp/full", NULL);
    CHECK(listener >= 0);
    CHECK(listen(listener, 1) == 0);
    while (n < 200 && (fds[n] = ask("connect", "kind", "unix", "path", "/tmp/full", "deadline-ms",
                                    "150", NULL)) >= 0)
        n++;
    CHECK(n < 200 && fds[n] == -ETIMEDOUT);
    io_close_array(fds, n);
    close(listener);
}

int main(void) {
    lab_open(&lab);
    lab_write(lab_text("%s/tree/etc/passwd", lab.dir), "root:x:0:0::/:/bin/sh\n"
                                                       "alice:x:1000:1000::/:/bin/sh\n"
                                                       "bob:x:1001:1001::/:/bin/sh\n");
    lab_write(lab_text("%s/tree/etc/hosts", lab.dir),
              "127.0.0.1 own.name\n169.254.169.254 meta.name\n");
    CHECK(filter_prepare(&lab.failure) == 0);
    lab_begin(&lab, "standard", "none");
    lab_start(&lab);
    int host_socket = listen_on_host();
    CHECK(lab_inside(&lab, make_links, NULL) == 0);
    tcp_in_and_out();
    listens_everywhere();
    policy_refuses();
    checks_its_words();
    unix_in_and_out();
    keeps_its_deadline();
    close(host_socket);
    lab_end(&lab, SIGKILL);
    lab_close(&lab);
    return checks_end("test-connect");
}
