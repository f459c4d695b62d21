/* Host keeper and jail keeper with real jails and sessions: every way a session and a jail can end,
 * what an asker can do meanwhile, and what a dead keeper leaves. */
#include "keeper-lab.h"
#include "session.h"

static struct lab lab;
static int keeper_socket;
static int control;

static void start_jail(void) {
    if (!jail_start(&lab, keeper_socket)) {
        fprintf(stderr, "start: %s: %s\n", told_text("step"), told_text("message"));
        CHECK(!"the jail starts");
    }
    control = dial(lab_text("%s/run", lab.dir), "control");
}

/* Opens a session and waits until it runs; gives its socket, and near ends in told.fds. */
static int open_session(const char *const *pairs) {
    CHECK(ask(control, "enter", pairs, -1) && told.n_fds == 1);
    int session = told.fds[0];
    hear(session);
    CHECK_TEXT(told_text("ev"), "started");
    return session;
}

/* Runs a command to its end; what it wrote to stdout, and the ending in `told`. */
static const char *run(const char *user, const char *command) {
    static char text[4096];
    size_t len = 0;
    ssize_t got;
    int session = open_session(PAIRS("session", "run", "user", user, "command", command));
    CHECK(told.n_fds == 3);
    close(told.fds[0]);
    int out = told.fds[1], err = told.fds[2];
    while (len < sizeof text - 1 && (got = read(out, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)got;
    while (len < sizeof text - 1 && (got = read(err, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    close(out);
    close(err);
    hear(session);
    close(session);
    return text;
}

static void every_exit_code(void) {
    for (int code = 0; code < 256; code++) {
        run("root", lab_text("exit %d", code));
        CHECK_TEXT(told_text("ev"), "exited");
        CHECK_TEXT(told_text("code"), lab_text("%d", code));
    }
}

static void every_signal(void) {
    static const int others[] = {SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP,
                                 SIGTTIN, SIGTTOU, SIGURG,  SIGWINCH};
    for (int signal = 1; signal < SIGRTMIN; signal++) {
        bool ends = sigabbrev_np(signal) != NULL;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            ends = ends && signal != others[i];
        if (!ends)
            continue;
        run("root", lab_text("kill -%d $$", signal));
        CHECK_TEXT(told_text("ev"), "signaled");
        CHECK_TEXT(told_text("signal"), sigabbrev_np(signal));
        CHECK_TEXT(told_text("core"), "0"); /* RLIMIT_CORE is hard */
    }
}

static void who_it_is(void) {
    CHECK_TEXT(run("root", "id -u; id -G; pwd; echo $HOME $USER"), "0\n0\n/root\n/root root\n");
    CHECK_TEXT(run("alice", "id -u; id -G; echo $0; echo $PATH"),
               "1000\n1000 27\nsh\n/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\n");
    CHECK_TEXT(run("root", "ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 "); /* 3 is ls's own */
    CHECK_TEXT(
        run("root", "cat /proc/1/environ 2>/dev/null; echo x >/dev/stdout; echo y >/dev/stderr"),
        "x\ny\n");
    CHECK(strstr(run("lost", "pwd"), "/\njaild: no home directory /nowhere") != NULL);
    CHECK(strstr(run("shellless", "true"), "/bin/none: No such file") != NULL);
    CHECK_TEXT(told_text("code"), "127");
    run("dirshell", "true");
    CHECK_TEXT(told_text("code"), "126");
    run("selfexe", "true"); /* its shell is a script for /proc/self/exe */
    CHECK_TEXT(told_text("ev"), "exited");
    CHECK(strcmp(told_text("code"), "0") != 0);
}

static void bad_users(void) {
    static const char *const users[] = {"nobody-here", "junk"};
    for (size_t i = 0; i < 2; i++) {
        CHECK(ask(control, "enter", PAIRS("session", "bad", "user", users[i]), -1));
        int session = told.fds[0];
        hear(session);
        CHECK_TEXT(told_text("ev"), "failed");
        CHECK_TEXT(told_text("step"), "find-user");
        hear(session);
        CHECK(told.ended);
        close(session);
    }
}

/* Reads a master until `until` has come, or (NULL) until its other side has gone. */
static void read_master(int master, const char *until, char *text, size_t size) {
    size_t len = 0;
    ssize_t got;
    text[0] = '\0';
    while ((until == NULL || strstr(text, until) == NULL) && len < size - 1 &&
           (got = read(master, text + len, size - 1 - len)) > 0) {
        len += (size_t)got;
        text[len] = '\0';
    }
}

static void terminals(void) {
    char text[512];
    int session = open_session(
        PAIRS("session", "tty", "user", "alice", "terminal", "1", "cols", "132", "rows", "99999",
              "command",
              "tty; stty size; until [ \"$(stty size)\" = '20 40' ]; do sleep .01; done; "
              "test -O $(tty) && echo mine; exit 3"));
    CHECK(told.n_fds == 1);
    int master = told.fds[0];
    read_master(master, " 132\r\n", text, sizeof text);
    CHECK_TEXT(text, "/dev/pts/0\r\n65535 132\r\n");
    say(session, "signal", PAIRS("name", "WINCH"), -1); /* not one of the thirteen: passed over */
    say(session, "resize", PAIRS("cols", "40", "rows", "20"), -1);
    hear(session);
    CHECK_TEXT(told_text("code"), "3");
    read_master(master, NULL, text, sizeof text); /* after the end everything is still there */
    CHECK_TEXT(text, "mine\r\n");
    close(master);
    close(session);
}

static void wait_ended(int watcher, const char *session) {
    do
        hear(watcher);
    while (strcmp(told_text("ev"), "session-ended") != 0 ||
           strcmp(told_text("session"), session) != 0);
}

static void hang_up(void) {
    int watcher = dial(lab_text("%s/run", lab.dir), "control");
    CHECK(ask(watcher, "watch", NULL, -1));
    int session = open_session(PAIRS("session", "hup", "command", "kill -STOP $$"));
    io_close_array(told.fds, told.n_fds);
    hear(watcher);
    CHECK_TEXT(told_text("ev"), "session-started");
    close(session);
    wait_ended(watcher, "hup");
    CHECK_TEXT(told_text("signal"), "HUP");
    session = open_session(PAIRS("session", "sig", "command", "sleep 100"));
    io_close_array(told.fds, told.n_fds);
    struct field listed;
    struct span parts[3];
    CHECK(ask(control, "sessions", NULL, -1) && fields_find(&told.view, "session", &listed));
    CHECK(span_split(listed.value, parts, 3) == 0 && span_is(parts[0], "sig"));
    CHECK(span_is(parts[1], "root"));
    say(session, "signal", PAIRS("name", "TERM"), -1);
    hear(session);
    CHECK_TEXT(told_text("signal"), "TERM");
    close(session);
    session = open_session(PAIRS("session", "junk", "command", "sleep 100"));
    io_close_array(told.fds, told.n_fds);
    CHECK(send(session, "junk", 4, 0) == 4); /* no message: hang-up */
    hear(session);
    CHECK(told.ended);
    close(session);
    wait_ended(watcher, "junk");
    session = open_session(PAIRS("session", "k", "command", "sleep 100"));
    io_close_array(told.fds, told.n_fds);
    CHECK(ask(control, "kill-session", PAIRS("session", "k", "signal", "KILL"), -1));
    CHECK(!ask(control, "kill-session", PAIRS("session", "none"), -1));
    hear(session);
    CHECK_TEXT(told_text("signal"), "KILL");
    close(session);
    close(watcher);
}

static void bad_requests(void) {
    static const char *const bad[][5] = {
        {"session", "a/b", NULL},
        {"session", "", NULL},
        {"session", "a", "user", "-x", NULL},
        {"session", "a", "env", "=x", NULL},
        {"session", "a", "env", "A B=x", NULL},
        {"session", "a", "toolbox", "../sh", NULL},
        {"session", "a", "cwd", "relative", NULL},
        {"session", "a", "deadline-ms", "0", NULL},
        {"session", "a", "unknown", "1", NULL},
        {"session", "a", "session", "b", NULL},
        {"user", "root", NULL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!ask(control, "enter", bad[i], -1));
        CHECK_TEXT(told_text("step"), "check");
    }
    CHECK(!ask(control, "no-such-op", NULL, -1));
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(!ask(control, "status", NULL, null)); /* a descriptor that nobody asked for */
    close(null);
    int stranger = dial(lab_text("%s/run", lab.dir), "control");
    CHECK(send(stranger, "x", 1, 0) == 1);
    hear(stranger);
    CHECK(told.ended);
    close(stranger);
    CHECK(ask(control, "status", NULL, -1));
    CHECK_TEXT(told_text("sessions"), "0");
}

/* The jail's root stops whatever enters: each is reported at its deadline, and so
 * is the ninth, which waits for its turn meanwhile. */
static void deadline(void) {
    int waiting[SESSIONS_ENTERING_MAX + 1];
    size_t n = 0;
    char byte;
    int spy = open_session(PAIRS("session", "spy", "argv", "/usr/bin/perl", "argv", "-e", "argv",
                                 "$| = 1; print 'x'; for (;;) { for (2..2000) { "
                                 "open(F, \"/proc/$_/comm\") or next; "
                                 "kill 'STOP', $_ if <F> =~ /^jail-enter/; } }"));
    struct told spy_told = told;
    CHECK(read(spy_told.fds[1], &byte, 1) == 1);
    for (int i = 0; i < 5000 && n < SESSIONS_ENTERING_MAX; i++) {
        const char *id = lab_text("d%d", i);
        CHECK(ask(control, "enter",
                  PAIRS("session", id, "argv", "/bin/true", "deadline-ms", "3000"), -1));
        waiting[n] = told.fds[0];
        struct pollfd quick = {.fd = waiting[n], .events = POLLIN};
        if (poll(&quick, 1, 100) == 1) { /* got through before it was seen */
            hear(waiting[n]);
            io_close_array(told.fds, told.n_fds);
            close(waiting[n]);
        } else {
            n++;
        }
    }
    CHECK(n == SESSIONS_ENTERING_MAX);
    CHECK(ask(control, "enter", PAIRS("session", "ninth", "deadline-ms", "300"), -1));
    int ninth = told.fds[0];
    hear(ninth);
    CHECK_TEXT(told_text("ev"), "failed");
    CHECK_TEXT(told_text("step"), "deadline");
    close(ninth);
    for (size_t i = 0; i < n; i++) {
        hear(waiting[i]);
        CHECK_TEXT(told_text("ev"), "failed");
        CHECK_TEXT(told_text("step"), "deadline");
        close(waiting[i]);
    }
    io_close_array(spy_told.fds, spy_told.n_fds);
    close(spy);
}

/* Whoever keeps a list of sessions hears also of the end of one that never ran. */
static void failed_set_up(void) {
    int watcher = dial(lab_text("%s/run", lab.dir), "control");
    CHECK(ask(watcher, "watch", NULL, -1));
    CHECK(ask(control, "enter", PAIRS("session", "nobody", "user", "who", "login", "1"), -1));
    close(told.fds[0]);
    do /* sessions of earlier tests may still be ending */
        hear(watcher);
    while (!told.ended && strcmp(told_text("session"), "nobody") != 0);
    CHECK_TEXT(told_text("ev"), "session-ended");
    CHECK_TEXT(told_text("code"), "255");
    close(watcher);
}

static void reboot_and_poweroff(void) {
    int watcher = dial(lab_text("%s/run", lab.dir), "control");
    CHECK(ask(watcher, "watch", NULL, -1));
    int session = open_session(PAIRS("session", "rb", "argv", "/usr/bin/perl", "argv", "-e", "argv",
                                     "syscall(169, 0xfee1dead, 672274793, 0x1234567, 0)"));
    io_close_array(told.fds, told.n_fds);
    do
        hear(watcher);
    while (!told.ended && strncmp(told_text("ev"), "session", 7) == 0);
    CHECK_TEXT(told_text("ev"), "jail-ended");
    CHECK_TEXT(told_text("how"), "reboot");
    hear(watcher);
    CHECK_TEXT(told_text("ev"), "jail-restarted");
    close(session);
    CHECK_TEXT(run("root", "id -u"), "0\n");
    CHECK(ask(control, "status", NULL, -1));
    CHECK_TEXT(told_text("restarts"), "1");
    session = open_session(PAIRS("session", "off", "argv", "/usr/bin/perl", "argv", "-e", "argv",
                                 "syscall(169, 0xfee1dead, 672274793, 0x4321fedc, 0)"));
    io_close_array(told.fds, told.n_fds);
    do
        hear(watcher);
    while (!told.ended && strncmp(told_text("ev"), "session", 7) == 0);
    CHECK_TEXT(told_text("how"), "poweroff");
    hear(watcher);
    CHECK(told.ended);
    close(session);
    close(watcher);
    close(control);
    CHECK(strstr(lab_read(lab_text("%s/run/state", lab.dir)), "how = poweroff") != NULL);
}

static void stop_and_kill(void) {
    static const char *const ops[] = {"stop", "kill"};
    for (size_t i = 0; i < 2; i++) {
        start_jail();
        CHECK(!jail_start(&lab, keeper_socket)); /* it runs */
        CHECK_TEXT(told_text("stage"), "lock");
        CHECK_TEXT(told_text("errno"), lab_text("%d", EBUSY));
        int session =
            open_session(PAIRS("session", "s", "command", "trap '' TERM; echo; sleep 100"));
        char byte;
        CHECK(read(told.fds[1], &byte, 1) == 1); /* the trap is set */
        io_close_array(told.fds, told.n_fds);
        CHECK(ask(control, ops[i], i == 0 ? PAIRS("deadline-ms", "5000") : NULL, -1));
        hear(session);
        CHECK_TEXT(told_text("ev"), "signaled");
        close(session);
        close(control);
        CHECK(!lab_exists(lab_text("%s/run/control", lab.dir)));
    }
}

/* A killed jail keeper takes its jail along; a killed host keeper takes nothing. */
static void dead_keepers(pid_t *host) {
    start_jail();
    int session = open_session(PAIRS("session", "s", "command", "sleep 100"));
    io_close_array(told.fds, told.n_fds);
    const char *state = lab_read(lab_text("%s/run/state", lab.dir));
    const char *at = strstr(state, "keeper_pid = ");
    CHECK(at != NULL && kill(atoi(at + strlen("keeper_pid = ")), SIGKILL) == 0);
    hear(session);
    CHECK(told.ended);
    close(session);
    close(control);
    start_jail();
    CHECK(kill(*host, SIGKILL) == 0 && waitpid(*host, NULL, 0) == *host);
    close(keeper_socket);
    CHECK_TEXT(run("root", "echo still here"), "still here\n");
    *host = host_start(&lab);
    keeper_socket = dial(lab_text("%s/run", lab.dir), "keeper.sock");
    CHECK(!jail_start(&lab, keeper_socket));
    CHECK_TEXT(told_text("stage"), "lock");
    CHECK(ask(control, "kill", NULL, -1));
    close(control);
}

static void make_tree(void) {
    static const char *const links[][2] = {
        {"usr/bin", "bin"}, {"usr/lib", "lib"}, {"usr/lib64", "lib64"}, {"usr/sbin", "sbin"}};
    CHECK(rmdir(lab_text("%s/tree/bin", lab.dir)) == 0);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        CHECK(symlink(links[i][0], lab_text("%s/tree/%s", lab.dir, links[i][1])) == 0);
    CHECK(mkdir(lab_text("%s/tree/root", lab.dir), 0755) == 0);
    CHECK(mkdir(lab_text("%s/tree/usr", lab.dir), 0755) == 0);
    CHECK(mkdir(lab_text("%s/toolbox", lab.dir), 0755) == 0);
    lab_write(lab_text("%s/tree/etc/passwd", lab.dir),
              "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"
              "lost:x:1001:1001::/nowhere:/bin/sh\nshellless:x:1002:1002::/:/bin/none\n"
              "dirshell:x:1003:1003::/:/usr\nselfexe:x:1004:1004::/:/etc/selfexe\n"
              "junk:x:4294967295:0::/:/bin/sh\n");
    lab_write(lab_text("%s/tree/etc/group", lab.dir), "tty:x:5:\nsudo:x:27:alice\n");
    lab_write(lab_text("%s/tree/etc/selfexe", lab.dir), "#!/proc/self/exe\n");
    CHECK(chmod(lab_text("%s/tree/etc/selfexe", lab.dir), 0755) == 0);
}

static int test(void) {
    make_tree();
    lab_begin(&lab, "standard", "none");
    lab_put_tuple(&lab, "volume", "ro", "/usr", "/usr");
    pid_t host = host_start(&lab);
    keeper_socket = dial(lab_text("%s/run", lab.dir), "keeper.sock");
    start_jail();
    every_exit_code();
    every_signal();
    who_it_is();
    bad_users();
    terminals();
    hang_up();
    bad_requests();
    deadline();
    failed_set_up();
    reboot_and_poweroff();
    stop_and_kill();
    dead_keepers(&host);
    CHECK(kill(host, SIGTERM) == 0 && waitpid(host, NULL, 0) == host);
    return checks_end("keeper");
}

int main(void) { return supervise(&lab, test); }
