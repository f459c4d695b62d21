/* How a jail lives and ends: what init does with the dead and with signals, what its parent learns,
 * totals that hold for the whole jail, programs that take init's place. */
#include <dirent.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>

#include "jail-lab.h"

#define PIDS_MAX 64
#ifdef __SANITIZE_ADDRESS__ /* forks slowly */
#define ORPHANS 1000
#else
#define ORPHANS 10000
#endif

static struct lab lab;
static char self[512]; /* this program, static: also runs inside as init and as a set-id program */

static void nap(long ms) {
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void start(void) {
    lab_begin(&lab, "standard", "none");
    lab_start(&lab);
}

static int count_processes(void) {
    int n = 0;
    DIR *dir = opendir("/proc");
    CHECK(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    closedir(dir);
    return n;
}

/* ---- ends ---- */

static int reboots(void *argument) {
    reboot(*(int *)argument);
    pause(); /* killed with everything else */
    return 0;
}

static int signals_init(void *argument) {
    CHECK(kill(1, *(int *)argument) == 0);
    pause();
    return 0;
}

static int user_cannot_signal_init(void *unused) {
    (void)unused;
    CHECK(setresuid(1000, 1000, 1000) == 0);
    CHECK(kill(1, SIGTERM) < 0 && errno == EPERM);
    return 0;
}

/* With a code of kill()'s the kernel refuses a sender that is not true. */
static int cannot_pretend_to_be_the_keeper(void *unused) {
    siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_USER};
    (void)unused;
    CHECK(syscall(SYS_rt_sigqueueinfo, 1, SIGTERM, &info) < 0 && errno == EPERM);
    info.si_code = SI_QUEUE;
    CHECK(syscall(SYS_rt_sigqueueinfo, 1, SIGTERM, &info) == 0);
    nap(100);
    CHECK(kill(1, 0) == 0);
    return 0;
}

static int kills_all(void *unused) {
    (void)unused;
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    int status;
    CHECK(kill(-1, SIGKILL) == 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK(kill(1, 0) == 0);
    return 0;
}

static void ends(void) {
    static const struct {
        int (*probe)(void *);
        int argument;
        int wanted; /* the signal by which init's parent sees it end */
    } cases[] = {
        {reboots, RB_AUTOBOOT, SIGHUP},         {reboots, RB_POWER_OFF, SIGINT},
        {reboots, (int)RB_HALT_SYSTEM, SIGINT}, {signals_init, SIGTERM, SIGHUP},
        {signals_init, SIGUSR2, SIGINT},        {signals_init, SIGUSR1, SIGINT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int argument = cases[i].argument;
        start();
        int result = lab_inside(&lab, cases[i].probe, &argument);
        CHECK(result == 0 || result > 128); /* reboot() ends its caller with 0 */
        int status = lab_end(&lab, 0);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].wanted);
    }
    start();
    CHECK(lab_inside(&lab, user_cannot_signal_init, NULL) == 0);
    CHECK(lab_inside(&lab, cannot_pretend_to_be_the_keeper, NULL) == 0);
    CHECK(lab_inside(&lab, kills_all, NULL) == 0);
    CHECK(lab_end(&lab, SIGTERM) == 0); /* asked by the keeper: exit status 0 */
}

/* TERM reaches what runs, and init waits for it. */
static int leaves_a_slow_one(void *unused) {
    sigset_t term;
    (void)unused;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    if (fork() != 0)
        return 0; /* its child becomes init's */
    int signal;
    for (;;) {
        sigwait(&term, &signal);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        nap(300);
        lab_write("/etc/ended-well", "yes");
        _exit(0);
    }
}

static void stop_waits(void) {
    start();
    CHECK(lab_inside(&lab, leaves_a_slow_one, NULL) == 0);
    CHECK(lab_end(&lab, SIGTERM) == 0);
    CHECK_TEXT(lab_read(lab_text("%s/jail/upper/etc/ended-well", lab.dir)), "yes");
}

/* ---- the dead ---- */

static int makes_orphans(void *unused) {
    int status;
    (void)unused;
    for (int i = 0; i < ORPHANS / 10; i++) {
        pid_t parent = fork();
        if (parent == 0) {
            for (int j = 0; j < 10; j++)
                if (fork() == 0)
                    _exit(0);
            _exit(0);
        }
        if (parent > 0) /* at the limit: init is behind */
            CHECK(waitpid(parent, &status, 0) == parent);
        else
            nap(1);
    }
    for (int i = 0; i < 500 && count_processes() > 2; i++)
        nap(10);
    CHECK(count_processes() == 2); /* init and this one */
    return 0;
}

/* ---- totals ---- */

static int fills_processes(void *unused) {
    int n = 0;
    (void)unused;
    for (pid_t pid; n <= PIDS_MAX && (pid = fork()) >= 0; n++)
        if (pid == 0) {
            pause();
            _exit(0);
        }
    CHECK(errno == EAGAIN && n < PIDS_MAX && n > PIDS_MAX - 8);
    /* Another user of the same jail has nothing left either. */
    CHECK(setresuid(1000, 1000, 1000) == 0);
    CHECK(fork() < 0 && errno == EAGAIN);
    kill(-1, SIGKILL);
    return 0;
}

static int can_fork(void *unused) {
    int status;
    (void)unused;
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    return 0;
}

static void totals(void) {
    start();
    CHECK(lab_inside(&lab, makes_orphans, NULL) == 0);
    CHECK(lab_inside(&lab, fills_processes, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    start();
    CHECK(lab_inside(&lab, can_fork, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
}

/* ---- the keeper dies ---- */

static void dies_with_its_keeper(void) {
    int ends[2];
    pid_t init = 0;
    lab_begin(&lab, "standard", "none");
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    fflush(NULL);
    pid_t keeper = fork();
    if (keeper == 0) {
        lab_start(&lab);
        CHECK(write(ends[1], &lab.runtime.init_pid, sizeof init) == sizeof init);
        kill(getpid(), SIGKILL);
    }
    CHECK(read(ends[0], &init, sizeof init) == sizeof init);
    int status = 0;
    CHECK(waitpid(keeper, &status, 0) == keeper && WTERMSIG(status) == SIGKILL);
    alarm(LAB_DEADLINE_S);
    CHECK(waitpid(init, &status, 0) == init && WTERMSIG(status) == SIGKILL);
    alarm(0);
    close(ends[0]);
    close(ends[1]);
}

/* ---- programs inside ---- */

#ifndef __SANITIZE_ADDRESS__ /* such a program is not static and cannot run in an empty tree */
static void copy_self(const char *path, mode_t mode) {
    int from = open(self, O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    static char bytes[65536];
    CHECK(from >= 0 && to >= 0);
    for (ssize_t len; (len = read(from, bytes, sizeof bytes)) > 0;)
        CHECK(io_write_all(to, bytes, (size_t)len) == 0);
    CHECK(fchmod(to, mode) == 0);
    close(from);
    close(to);
}

static int runs_set_id_program(void *unused) {
    int status;
    (void)unused;
    pid_t pid = fork();
    if (pid == 0) {
        setgroups(0, NULL);
        if (setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0)
            execl("/bin/set-id", "set-id", "--print-euid", NULL);
        _exit(99);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}

static int own_init_main(void) {
    lab_write("/run/was-here", "x");
    CHECK(getpid() == 1 && geteuid() == 0);
    CHECK(fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0 && fcntl(3, F_GETFD) < 0);
    CHECK(strstr(lab_read("/proc/self/status"), "Seccomp:\t2") != NULL);
    nap(200);
    return 42;
}

static void programs(void) {
    copy_self(lab_text("%s/tree/bin/set-id", lab.dir), 04755);
    copy_self(lab_text("%s/tree/bin/init", lab.dir), 0755);
    start();
    CHECK(lab_inside(&lab, runs_set_id_program, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);

    lab_begin(&lab, "standard", "none");
    lab_put(&lab, "init-argv", "/bin/init");
    lab_put(&lab, "init-argv", "--init");
    lab_start(&lab);
    int status = lab_end(&lab, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);

    lab_begin(&lab, "standard", "none");
    lab_put(&lab, "init-argv", "/bin/missing");
    CHECK(lab_boot(&lab) == -ENOENT);
    CHECK_TEXT(lab.failure.step, "execute-init");
    CHECK_TEXT(lab.failure.path, "/bin/missing");
}
#else
static int own_init_main(void) { return 0; }
static void programs(void) {}
#endif

int main(int argc, char **argv) {
    process_title_init(argc, argv);
    if (argc > 1 && strcmp(argv[1], "--init") == 0)
        return own_init_main();
    if (argc > 1 && strcmp(argv[1], "--print-euid") == 0)
        return geteuid() == 0 && getuid() == 1000 ? 0 : 1;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(len > 0);
    lab_open(&lab);
    ends();
    stop_waits();
    totals();
    dies_with_its_keeper();
    programs();
    lab_close(&lab);
    return checks_end("boot-life");
}
