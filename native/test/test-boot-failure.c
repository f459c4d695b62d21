/* Boots that must fail, and say why, and leave nothing: no process, mount, group, link. */
#include <net/if.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "cgroup.h"
#include "jail-lab.h"
#include "net.h"

#define INTERFACE "jdnative0"

static struct lab lab;
static int mounts_before;
static const char *cgroup_root; /* NULL on a machine without cgroup v2 */

static const char *group(void) { return lab_text("%s/jaild-native/probe", cgroup_root); }

/* Others on this machine may mount what they like meanwhile. */
static int count_own_mounts(void) {
    int n = 0;
    for (const char *at = lab_read("/proc/self/mountinfo"); (at = strstr(at, lab.dir)) != NULL;
         at++)
        n++;
    return n;
}

static void check_nothing_left(void) {
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    CHECK(count_own_mounts() == mounts_before);
    CHECK(if_nametoindex(INTERFACE) == 0);
    CHECK(cgroup_root == NULL || !lab_exists(group()));
    CHECK(lab.runtime.init_pidfd < 0 && lab.runtime.root_fd < 0 && lab.runtime.cgroup_fd < 0);
}

static int count_fds(void) {
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void check_fails(int error, const char *step) {
    int fds = count_fds();
    int r = lab_boot(&lab);
    if (r != -error || strcmp(lab.failure.step, step) != 0)
        fprintf(stderr, "got %d, step %s, %s: %s\n", r, lab.failure.step, lab.failure.path,
                lab.failure.message);
    CHECK(r == -error && lab.failure.error == error);
    CHECK_TEXT(lab.failure.stage, "boot");
    CHECK_TEXT(lab.failure.step, step);
    CHECK(strlen(lab.failure.message) > 0);
    CHECK(count_fds() == fds);
    check_nothing_left();
}

static void begin_with(const char *name, const char *value) {
    char copy[512]; /* lab_text() has few buffers */
    snprintf(copy, sizeof copy, "%s", value);
    lab_begin(&lab, "standard", "none");
    lab_put(&lab, name, copy);
}

static void wrong_files(void) {
    begin_with("layer", lab_text("%s/missing", lab.dir));
    check_fails(ENOENT, "mount-layer");
    begin_with("layer", lab_text("%s/tree/etc/file", lab.dir));
    check_fails(EINVAL, "mount-layer");
    begin_with("layer", "/proc"); /* no idmapped mounts there */
    check_fails(EINVAL, "mount-layer");

    lab_begin(&lab, "standard", "none");
    CHECK(chown(lab_text("%s/jail/upper", lab.dir), 0, 0) == 0);
    check_fails(EPERM, "check-upper");
    lab_begin(&lab, "standard", "none");
    CHECK(chown(lab_text("%s/jail/work", lab.dir), LAB_BASE, LAB_BASE + 1) == 0);
    check_fails(EPERM, "check-upper");
    lab_begin(&lab, "standard", "none");
    CHECK(rmdir(lab_text("%s/jail/upper", lab.dir)) == 0);
    CHECK(symlink("/", lab_text("%s/jail/upper", lab.dir)) == 0);
    check_fails(EPERM, "check-upper");
    CHECK(unlink(lab_text("%s/jail/upper", lab.dir)) == 0);
    lab_begin(&lab, "standard", "none");
    CHECK(rmdir(lab_text("%s/run", lab.dir)) == 0);
    check_fails(ENOENT, "staging");
    CHECK(mkdir(lab_text("%s/run", lab.dir), 0755) == 0);

    lab_begin(&lab, "standard", "none");
    lab_put_tuple(&lab, "volume", "ro", "/missing", "/data");
    check_fails(ENOENT, "volume-source");
}

/* A tmpfs, or a mount of something else, in the place of /proc: nothing is read or written there.
 */
static void false_proc(void) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        CHECK(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
        lab_begin(&lab, "standard", "none");
        CHECK(lab_boot(&lab) == -EMEDIUMTYPE);
        CHECK_TEXT(lab.failure.step, "open-proc");
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    check_nothing_left();
}

static void false_cgroup(void) {
    begin_with("cgroup", lab_text("%s/group/probe", lab.dir));
    check_fails(ENOENT, "cgroup-open");
    CHECK(mkdir(lab_text("%s/group", lab.dir), 0755) == 0);
    begin_with("cgroup", lab_text("%s/group/probe", lab.dir));
    check_fails(EMEDIUMTYPE, "cgroup-open");
    CHECK(rmdir(lab_text("%s/group", lab.dir)) == 0);
    if (cgroup_root == NULL)
        return;
    begin_with("cgroup", group());
    lab_put_tuple(&lab, "cgroup-limit", "misc.nonsense", "1", NULL);
    check_fails(ENOENT, "cgroup-limit");
    CHECK(strstr(lab.failure.message, "controller misc is not available") != NULL);
    begin_with("cgroup", group());
    lab_put_tuple(&lab, "cgroup-limit", "cgroup.max.depth", "nonsense", NULL);
    check_fails(EINVAL, "cgroup-limit");
}

/* A step after the network and the group: both go again. */
static void late_failure(void) {
    lab_begin(&lab, "standard", "nat");
    lab_put(&lab, "net-interface", INTERFACE);
    lab_put(&lab, "net-address", "10.255.0.2");
    lab_put(&lab, "net-gateway", "10.255.0.1");
    if (cgroup_root != NULL)
        lab_put(&lab, "cgroup", group());
    lab_put_tuple(&lab, "volume", "ro", "/missing", "/data");
    check_fails(ENOENT, "volume-source");

    /* A gateway that is no unicast address: the kernel refuses it half way. */
    lab_begin(&lab, "standard", "nat");
    lab_put(&lab, "net-interface", INTERFACE);
    lab_put(&lab, "net-address", "10.255.0.2");
    lab_put(&lab, "net-gateway", "255.255.255.255");
    CHECK(lab_boot(&lab) < 0);
    check_nothing_left();
}

/* The keeper itself with next to nothing: a clean failure, or a whole jail. */
static void starved(void) {
    static const struct {
        int resource;
        rlim_t value;
    } limits[] = {{RLIMIT_NOFILE, 8}, {RLIMIT_NOFILE, 12},   {RLIMIT_NOFILE, 16}, {RLIMIT_FSIZE, 0},
                  {RLIMIT_AS, 0},     {RLIMIT_STACK, 16384}, {RLIMIT_MEMLOCK, 0}, {RLIMIT_DATA, 0}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        lab_begin(&lab, "standard", "none");
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            alarm(LAB_DEADLINE_S);
            struct rlimit limit = {limits[i].value, limits[i].value};
            CHECK(setrlimit(limits[i].resource, &limit) == 0);
            int r = lab_boot(&lab);
            if (r < 0)
                check_nothing_left();
            else
                lab_end(&lab, SIGKILL);
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        check_nothing_left();
    }
}

/* A group that an earlier keeper left, with a process and groups of the jail's making below. */
static void old_group(void) {
    if (cgroup_root == NULL)
        return;
    begin_with("cgroup", group());
    lab_put_tuple(&lab, "cgroup-limit", "cgroup.max.descendants", "100", NULL);
    lab_start(&lab);
    CHECK(mkdir(lab_text("%s/payload/a", group()), 0755) == 0);
    CHECK(mkdir(lab_text("%s/payload/a/b", group()), 0755) == 0);
    CHECK_TEXT(lab_read(lab_text("%s/cgroup.max.descendants", group())), "100\n");
    struct stat status;
    CHECK(stat(lab_text("%s/payload/cgroup.procs", group()), &status) == 0 &&
          status.st_uid == LAB_BASE);
    CHECK(stat(lab_text("%s/sessions/cgroup.procs", group()), &status) == 0 && status.st_uid == 0);
    CHECK(stat(lab_text("%s/payload/cgroup.max.depth", group()), &status) == 0 &&
          status.st_uid == 0);
    struct jail_runtime old = lab.runtime;
    lab_start(&lab); /* kills what is left of the first and takes its place */
    int ended = 0;
    CHECK(waitpid(old.init_pid, &ended, 0) == old.init_pid && WTERMSIG(ended) == SIGKILL);
    jail_runtime_close(&old);
    CHECK(!lab_exists(lab_text("%s/payload/a", group())));
    CHECK(cgroup_kill(lab.runtime.cgroup_fd) == 0);
    CHECK(lab_end(&lab, 0) == SIGKILL);
    boot_release(&lab.runtime); /* again: harmless */
    check_nothing_left();
    rmdir(lab_text("%s/jaild-native", cgroup_root));
}

static const char *find_cgroup2(void) {
    static char root[256];
    FILE *mounts = fopen("/proc/self/mounts", "re");
    char type[64];
    CHECK(mounts != NULL);
    while (fscanf(mounts, "%*s %255s %63s %*[^\n]", root, type) == 2)
        if (strcmp(type, "cgroup2") == 0) {
            fclose(mounts);
            return root;
        }
    fclose(mounts);
    return NULL;
}

int main(int argc, char **argv) {
    process_title_init(argc, argv);
    lab_open(&lab);
    lab_write(lab_text("%s/tree/etc/file", lab.dir), "");
    cgroup_root = find_cgroup2();
    CHECK(unshare(CLONE_NEWNET) == 0);
    mounts_before = count_own_mounts();
    CHECK(filter_prepare(NULL) == 0);
    wrong_files();
    false_proc();
    false_cgroup();
    late_failure();
    starved();
    old_group();
    lab_close(&lab);
    return checks_end("boot-failure");
}
