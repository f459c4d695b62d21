/* A booted jail, seen from inside: mounts that hold, devices, numbers, rights. */
#include <inttypes.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <time.h>

#include "jail-lab.h"
#include "targets.h"

static struct lab lab;

/* ---- mounts ---- */

static bool fails(int result, int error) { return result < 0 && errno == error; }

static int mounts_hold(void *unused) {
    static const char *const mounts[] = {
        "/dev",      "/dev/pts", "/dev/shm",   "/dev/mqueue",   "/proc", "/proc/sys", "/proc/keys",
        "/proc/bus", "/sys",     "/sys/block", "/sys/firmware", "/run",  "/tmp",      "/"};
    (void)unused;
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        CHECK(lab_exists(mounts[i]));
        CHECK(fails(umount2(mounts[i], MNT_DETACH), EINVAL));
    }
    CHECK(fails(mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM));
    CHECK(fails(mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM));
    CHECK(fails(mount(NULL, "/proc/keys", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM));
    CHECK(fails(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM)); /* nodev goes */
    CHECK(fails(mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL), EPERM));
    CHECK(fails(mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=1g"), EPERM));
    CHECK(fails(mount(NULL, "/sys", NULL, MS_REMOUNT, NULL), EPERM));
    /* What is below a mask does not come back by binding what is around it. */
    CHECK(mkdir("/around", 0755) == 0);
    CHECK(fails(mount("/proc", "/around", NULL, MS_BIND, NULL), EINVAL));
    CHECK(mount("/proc", "/around", NULL, MS_BIND | MS_REC, NULL) == 0);
    CHECK(strlen(lab_read("/around/keys")) == 0);
    CHECK(fails(umount2("/around/keys", 0), EINVAL));
    CHECK(umount2("/around", MNT_DETACH) == 0);
    return 0;
}

static int own_mounts_work(void *unused) {
    (void)unused;
    CHECK(mkdir("/mnt", 0755) == 0);
    CHECK(mount("none", "/mnt", "tmpfs", 0, "size=64k") == 0);
    CHECK(umount("/mnt") == 0);
    CHECK(mount("/etc", "/mnt", NULL, MS_BIND, NULL) == 0);
    CHECK(umount("/mnt") == 0);
    CHECK(fails(mount("none", "/mnt", "proc", 0, NULL), EPERM));
    CHECK(fails(mount("none", "/mnt", "sysfs", 0, NULL), EPERM));
    CHECK(fails(mount("none", "/mnt", "cgroup2", 0, NULL), EPERM));
    CHECK(fails(mount("none", "/mnt", "cgroup", 0, "memory"), EPERM));
    return 0;
}

static int shows_no_host_path(void *unused) {
    static const char *const files[] = {"/proc/self/mountinfo", "/proc/self/mounts",
                                        "/proc/1/mountinfo", "/proc/1/cmdline"};
    (void)unused;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *text = lab_read(files[i]);
        CHECK(strlen(text) > 0);
        CHECK(strstr(text, "/var") == NULL && strstr(text, "native") == NULL &&
              strstr(text, "tree") == NULL && strstr(text, ",uid=") == NULL);
    }
    CHECK(strstr(lab_read("/proc/self/mountinfo"), " / / rw,nodev,") != NULL);
    CHECK(strstr(lab_read("/proc/self/cgroup"), "jail") == NULL);
    struct statvfs mask;
    CHECK(statvfs("/proc/bus", &mask) == 0 && mask.f_blocks == 0); /* df leaves such ones out */
    return 0;
}

static int masks_hide(void *unused) {
    static const char *const files[] = {
        "/proc/kcore", "/proc/keys",       "/proc/timer_list",  "/proc/interrupts",
        "/proc/kmsg",  "/proc/partitions", "/proc/sched_debug", "/proc/latency_stats"};
    static const char *const dirs[] = {"/proc/acpi", "/proc/scsi", "/proc/bus", "/sys/firmware",
                                       "/sys/block"};
    (void)unused;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        CHECK(strlen(lab_read(files[i])) == 0);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        CHECK(!lab_exists(dirs[i]) || mkdir(lab_text("%s/x", dirs[i]), 0755) < 0);
    CHECK(open("/proc/sysrq-trigger", O_WRONLY) < 0);
    CHECK(open("/proc/sys/kernel/core_pattern", O_WRONLY) < 0);
    CHECK(open("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY) < 0);
    return 0;
}

static int fill(const char *path) {
    static char block[65536];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    for (int i = 0; i < 17; i++) /* one block more than a megabyte */
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
            return errno;
    return 0;
}

static int sizes_hold(void *unused) {
    (void)unused;
    CHECK(fill("/tmp/big") == ENOSPC);
    CHECK(fill("/run/big") == ENOSPC);
    CHECK(fill("/dev/shm/big") == ENOSPC);
    CHECK(fill("/dev/big") == ENOSPC);
    CHECK(unlink("/dev/big") == 0);
    return 0;
}

/* ---- devices ---- */

static void check_device(const char *path, unsigned major_number, unsigned minor_number) {
    struct stat status;
    CHECK(stat(path, &status) == 0 && S_ISCHR(status.st_mode));
    CHECK((status.st_mode & 0777) == 0666 && status.st_uid == 0 && status.st_gid == 0);
    CHECK(major(status.st_rdev) == major_number && minor(status.st_rdev) == minor_number);
}

static int devices_work(void *unused) {
    char bytes[8];
    int fd;
    (void)unused;
    check_device("/dev/null", 1, 3);
    check_device("/dev/zero", 1, 5);
    check_device("/dev/full", 1, 7);
    check_device("/dev/random", 1, 8);
    check_device("/dev/urandom", 1, 9);
    check_device("/dev/tty", 5, 0);
    CHECK(!lab_exists("/dev/fuse") && !lab_exists("/dev/net/tun") && !lab_exists("/dev/kmsg") &&
          !lab_exists("/dev/mem") && !lab_exists("/dev/kvm"));
    CHECK(fails(mknod("/tmp/sda", S_IFBLK | 0600, makedev(8, 0)), EPERM));
    CHECK(fails(mknod("/dev/mem", S_IFCHR | 0600, makedev(1, 1)), EPERM));
    CHECK((fd = open("/dev/urandom", O_RDONLY)) >= 0 && read(fd, bytes, 8) == 8);
    CHECK(fails(open("/bin/null-device", O_RDWR), EACCES)); /* came with the template: nodev */
    /* Another user of the jail, creating as a shell does. */
    CHECK(setresuid(1000, 1000, 1000) == 0);
    CHECK((fd = open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666)) >= 0);
    CHECK(write(fd, bytes, 8) == 8);
    return 0;
}

static int terminals_are_bounded(void *unused) {
    int masters = 0;
    (void)unused;
    while (masters < 10 && open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0)
        masters++;
    CHECK(masters == 4);
    return 0;
}

/* ---- identity and numbers ---- */

static int ids_are_mapped(void *unused) {
    (void)unused;
    CHECK_TEXT(lab_read("/proc/self/uid_map"), "         0  117374976      65536\n");
    CHECK_TEXT(lab_read("/proc/self/gid_map"), "         0  117374976      65536\n");
    CHECK(strstr(lab_read("/proc/self/setgroups"), "allow") != NULL);
    CHECK(geteuid() == 0 && getegid() == 0 && getgroups(0, NULL) == 0);
    lab_write("/etc/mine", "x");
    CHECK(chown("/etc/mine", 65535, 65535) == 0);
    CHECK(fails(chown("/etc/mine", 65536, 0), EINVAL));
    struct stat status;
    CHECK(stat("/etc", &status) == 0 && status.st_uid == 0);
    CHECK(strcmp(lab_read("/etc/of-the-tree"), "template") == 0);
    CHECK(unlink("/etc/of-the-tree") == 0);
    CHECK(fails(setxattr("/etc/mine", "trusted.overlay.redirect", "/", 1, 0), EPERM));
    return 0;
}

static int numbers_fit(void *unused) {
    struct utsname name;
    struct timespec since_boot;
    struct rlimit core;
    (void)unused;
    CHECK(uname(&name) == 0);
    CHECK_TEXT(name.nodename, "probe");
    CHECK(clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0 && since_boot.tv_sec < 60);
    CHECK(strtod(lab_read("/proc/uptime"), NULL) < 60);
    CHECK(sethostname("other", 5) == 0);
    CHECK_TEXT(lab_read("/proc/sys/kernel/hostname"), "other\n");
    CHECK_TEXT(lab_read("/proc/sys/net/ipv4/ping_group_range"), "0\t65535\n");
    CHECK_TEXT(lab_read("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "0\n");
    CHECK_TEXT(lab_read("/proc/sys/user/max_user_namespaces"), "0\n");
    CHECK(open("/proc/sys/user/max_user_namespaces", O_WRONLY) < 0);
    int fd = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
    CHECK(fd >= 0 && write(fd, "1", 1) == 1);
    /* A core limit cannot be changed back to one that runs the host's program. */
    CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 1 && core.rlim_max == 1);
    return 0;
}

/* The five sets as /proc tells them. */
static uint64_t cap_set(const char *status, const char *name) {
    const char *line = strstr(status, name);
    CHECK(line != NULL);
    return strtoull(line + strlen(name), NULL, 16);
}

static int caps_equal_table(void *argument) {
    uint64_t wanted = caps_of(*(enum jail_profile *)argument);
    static const char *const of[] = {"/proc/self/status", "/proc/1/status"};
    for (size_t i = 0; i < 2; i++) {
        const char *status = lab_read(of[i]);
        CHECK(cap_set(status, "CapBnd:") == wanted && cap_set(status, "CapPrm:") == wanted &&
              cap_set(status, "CapEff:") == wanted);
        CHECK(cap_set(status, "CapInh:") == 0 && cap_set(status, "CapAmb:") == 0);
        CHECK(strstr(status, "NoNewPrivs:\t0") != NULL && strstr(status, "Seccomp:\t2") != NULL);
    }
    CHECK((wanted & (UINT64_C(1) << CAP_SYS_RESOURCE | UINT64_C(1) << CAP_SYS_MODULE |
                     UINT64_C(1) << CAP_SYSLOG | UINT64_C(1) << CAP_SYS_TIME)) == 0);
    return 0;
}

static int init_is_closed(void *unused) {
    char link[256];
    (void)unused;
    CHECK(fails((int)readlink("/proc/1/exe", link, sizeof link), EACCES));
    CHECK(open("/proc/1/environ", O_RDONLY) < 0 && open("/proc/1/maps", O_RDONLY) < 0);
    CHECK(open("/proc/1/fd", O_RDONLY) < 0);
    CHECK(kill(1, SIGSTOP) == 0 && kill(1, 0) == 0);
    CHECK_TEXT(lab_read("/proc/1/cmdline"), "init");
    return 0;
}

/* Strict has no mount rights; what others write there still cannot be undone. */
static int strict_is_small(void *unused) {
    (void)unused;
    CHECK(fails(mount("none", "/tmp", "tmpfs", 0, NULL), EPERM));
    CHECK(fails(umount2("/proc/sys", 0), EPERM));
    CHECK(fails(sethostname("x", 1), EPERM));
    CHECK(open("/proc/sys/net/ipv4/ip_forward", O_WRONLY) < 0);
    CHECK(strlen(lab_read("/proc/modules")) == 0 && strlen(lab_read("/proc/zoneinfo")) == 0);
    return 0;
}

static int nesting_nests(void *unused) {
    (void)unused;
    CHECK(open("/dev/.kernel", O_RDONLY | O_DIRECTORY) < 0 && chmod("/dev/.kernel", 0755) < 0);
    CHECK(mkdir("/mnt", 0755) == 0);
    CHECK(mount("none", "/mnt", "proc", 0, NULL) == 0 && umount("/mnt") == 0);
    CHECK(mount("none", "/mnt", "sysfs", 0, NULL) == 0 && umount("/mnt") == 0);
    CHECK(unshare(CLONE_NEWUSER) == 0);
    return 0;
}

static void check_inside(int (*probe)(void *), void *argument) {
    CHECK(lab_inside(&lab, probe, argument) == 0);
}

static void standard(void) {
    enum jail_profile profile = PROFILE_STANDARD;
    lab_begin(&lab, "standard", "none");
    lab_start(&lab);
    check_inside(shows_no_host_path, NULL);
    check_inside(ids_are_mapped, NULL);
    check_inside(mounts_hold, NULL);
    check_inside(own_mounts_work, NULL);
    check_inside(masks_hide, NULL);
    check_inside(devices_work, NULL);
    check_inside(sizes_hold, NULL);
    check_inside(terminals_are_bounded, NULL);
    check_inside(numbers_fit, NULL);
    check_inside(caps_equal_table, &profile);
    check_inside(init_is_closed, NULL);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    /* The layer has not changed, and what the jail wrote belongs to its own ids. */
    struct stat status;
    CHECK_TEXT(lab_read(lab_text("%s/tree/etc/of-the-tree", lab.dir)), "template");
    CHECK(stat(lab_text("%s/jail/upper/etc/mine", lab.dir), &status) == 0);
    CHECK(status.st_uid == LAB_BASE + 65535);
}

static void other_profiles(void) {
    enum jail_profile profile = PROFILE_STRICT;
    lab_begin(&lab, "strict", "none");
    lab_start(&lab);
    check_inside(strict_is_small, NULL);
    check_inside(caps_equal_table, &profile);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);

    profile = PROFILE_NESTING;
    lab_begin(&lab, "nesting", "none");
    lab_start(&lab);
    check_inside(mounts_hold, NULL);
    check_inside(caps_equal_table, &profile);
    check_inside(nesting_nests, NULL);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
}

int main(int argc, char **argv) {
    process_title_init(argc, argv);
    lab_open(&lab);
    lab_write(lab_text("%s/tree/etc/of-the-tree", lab.dir), "template");
    CHECK(mknod(lab_text("%s/tree/bin/null-device", lab.dir), S_IFCHR | 0666, makedev(1, 3)) == 0);
    standard();
    other_profiles();
    lab_close(&lab);
    return checks_end("boot");
}
