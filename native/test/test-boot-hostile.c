/* Trees that want the boot to mount or write somewhere else: links at every place where the boot
 * works, links on the way to volumes and to /etc. Whatever happens, the host's markers are as they
 * were. */
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "jail-lab.h"

#define SWAPS 200

static struct lab lab;
static char outside[128]; /* a directory that must stay empty but for one marker */

static void check_outside(void) {
    CHECK_TEXT(lab_read(lab_text("%s/marker", outside)), "untouched");
    CHECK(rmdir(outside) < 0 && errno == ENOTEMPTY);
    CHECK(unlink(lab_text("%s/marker", outside)) == 0 && rmdir(outside) == 0);
    CHECK(mkdir(outside, 0777) == 0 && chmod(outside, 0777) == 0);
    lab_write(lab_text("%s/marker", outside), "untouched");
}

static const char *upper(const char *path) { return lab_text("%s/jail/upper/%s", lab.dir, path); }

/* As a user of the jail would have left it. */
static void plant_link(const char *target, const char *path) {
    CHECK(symlink(target, upper(path)) == 0 && lchown(upper(path), LAB_BASE, LAB_BASE) == 0);
}

static void plant_file(const char *path, const char *text) {
    lab_write(upper(path), text);
    CHECK(chown(upper(path), LAB_BASE, LAB_BASE) == 0);
}

static int places_are_real(void *unused) {
    static const char *const dirs[] = {"/dev", "/proc", "/sys", "/run", "/tmp"};
    struct stat status;
    (void)unused;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        CHECK(lstat(dirs[i], &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(lab_exists("/proc/self/stat") && lab_exists("/dev/null") && lab_exists("/sys/kernel"));
    CHECK(lab_exists("/dev/pts/ptmx"));
    return 0;
}

static void links_at_system_places(void) {
    static const char *const names[] = {"dev", "proc", "sys", "run", "tmp"};
    static const char *const targets[] = {"", "/", "/missing", "../../../../../../../var/tmp"};
    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
        lab_begin(&lab, "standard", "none");
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            plant_link(targets[t][0] == '\0' ? outside : targets[t], names[i]);
        lab_start(&lab);
        CHECK(lab_inside(&lab, places_are_real, NULL) == 0);
        CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
        check_outside();
    }
}

static void files_at_system_places(void) {
    lab_begin(&lab, "standard", "none");
    plant_file("proc", "a file");
    plant_file("tmp", "a file");
    CHECK(mkfifo(upper("run"), 0666) == 0);
    lab_start(&lab);
    CHECK(lab_inside(&lab, places_are_real, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
}

/* ---- volumes ---- */

static int volume_is_sound(void *argument) {
    const char *path = argument;
    struct statvfs status;
    CHECK(statvfs(path, &status) == 0);
    CHECK((status.f_flag & ST_NOSUID) && (status.f_flag & ST_NODEV));
    CHECK_TEXT(lab_read(lab_text("%s/marker", path)), "untouched");
    return 0;
}

static int volume_is_read_only(void *argument) {
    const char *path = argument;
    CHECK(open(lab_text("%s/new", path), O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
    CHECK(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) < 0);
    CHECK(errno == EPERM);
    CHECK(umount2(path, MNT_DETACH) < 0 && errno == EINVAL);
    return 0;
}

static void boot_with_volume(const char *kind, const char *target) {
    lab_put_tuple(&lab, "volume", kind, outside, target);
    lab_start(&lab);
    CHECK(lab_inside(&lab, volume_is_sound, (void *)(uintptr_t)target) == 0);
    if (strcmp(kind, "ro") == 0)
        CHECK(lab_inside(&lab, volume_is_read_only, (void *)(uintptr_t)target) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    check_outside();
}

static void volumes(void) {
    lab_begin(&lab, "standard", "none");
    boot_with_volume("ro", "/srv/a/b/c"); /* made on the way */
    CHECK(lab_exists(upper("srv/a/b/c")));

    /* Links are followed as the jail would: inside its root. */
    lab_begin(&lab, "standard", "none");
    plant_link("/", "escape");
    plant_link("../../../..", "climb");
    boot_with_volume("rw", "/escape/data");
    CHECK(lab_exists(upper("data")));
    lab_begin(&lab, "standard", "none");
    plant_link("../../../..", "climb");
    boot_with_volume("rw", "/climb/data");
    CHECK(lab_exists(upper("data")));

    /* A link to the very directory outside finds a directory of that name inside. */
    lab_begin(&lab, "standard", "none");
    plant_link(outside, "data");
    lab_put_tuple(&lab, "volume", "rw", lab_text("%s/tree", lab.dir), "/data/x");
    CHECK(lab_boot(&lab) < 0); /* its parent is a link that leads nowhere inside */
    CHECK_TEXT(lab.failure.step, "volume-target");
    check_outside();

    /* Dangling, and into the kernel's file systems. */
    static const char *const refused[][2] = {
        {"/nowhere", "/data"}, {"/proc", "/data"}, {"/proc/self", "/data"}, {"/sys", "/data"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        lab_begin(&lab, "standard", "none");
        plant_link(refused[i][0], "data");
        lab_put_tuple(&lab, "volume", "rw", outside, refused[i][1]);
        CHECK(lab_boot(&lab) < 0);
        CHECK_TEXT(lab.failure.step, "volume-target");
        check_outside();
    }

    /* A file on a file; a link as source is not followed. */
    lab_begin(&lab, "standard", "none");
    lab_put_tuple(&lab, "volume", "ro", lab_text("%s/marker", outside), "/etc/one");
    lab_start(&lab);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    CHECK(symlink("/etc", lab_text("%s/link", lab.dir)) == 0);
    lab_begin(&lab, "standard", "none");
    lab_put_tuple(&lab, "volume", "ro", lab_text("%s/link", lab.dir), "/data");
    CHECK(lab_boot(&lab) < 0);
    CHECK_TEXT(lab.failure.step, "volume-source");
}

/* ---- /etc ---- */

static const char *const content = "# jaild\n127.0.0.1 localhost\n";

static void boot_with_etc(const char *path) {
    lab_put_tuple(&lab, "etc-file", path, content, NULL);
    lab_start(&lab);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    check_outside();
}

static void etc_files(void) {
    struct stat status;
    lab_begin(&lab, "standard", "none");
    boot_with_etc("/etc/hosts");
    CHECK_TEXT(lab_read(upper("etc/hosts")), content);
    CHECK(stat(upper("etc/hosts"), &status) == 0 && status.st_uid == LAB_BASE &&
          (status.st_mode & 07777) == 0644);

    /* Ours is replaced, the user's is not, a link is neither followed nor replaced. */
    static const char *const files[][2] = {
        {"# jaild\nold\n", NULL}, {"mine\n", "mine\n"}, {"# jailder\n", "# jailder\n"}, {"", ""}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        lab_begin(&lab, "standard", "none");
        CHECK(mkdir(upper("etc"), 0755) == 0);
        plant_file("etc/hosts", files[i][0]);
        boot_with_etc("/etc/hosts");
        CHECK_TEXT(lab_read(upper("etc/hosts")), files[i][1] == NULL ? content : files[i][1]);
    }
    static const char *const links[] = {"marker", "new"};
    for (size_t i = 0; i < 2; i++) {
        lab_begin(&lab, "standard", "none");
        CHECK(mkdir(upper("etc"), 0755) == 0);
        plant_link(lab_text("%s/%s", outside, links[i]), "etc/hosts");
        boot_with_etc("/etc/hosts");
        CHECK(lstat(upper("etc/hosts"), &status) == 0 && S_ISLNK(status.st_mode));
    }

    /* The directory is a link; a FIFO; something in the way: the jail starts all the same. */
    lab_begin(&lab, "standard", "none");
    plant_link(outside, "etc"); /* whites out the tree's */
    boot_with_etc("/etc/hosts");
    lab_begin(&lab, "standard", "none");
    CHECK(mkdir(upper("etc"), 0755) == 0 && mkfifo(upper("etc/hosts"), 0666) == 0);
    boot_with_etc("/etc/hosts");
    lab_begin(&lab, "standard", "none");
    CHECK(mkdir(upper("etc"), 0755) == 0 && mkdir(upper("etc/.hosts.new"), 0755) == 0);
    boot_with_etc("/etc/hosts");
}

/* A jail that shares a writable volume swaps a place in it while another one boots. */
static _Noreturn void swap_forever(const char *shared) {
    int dir = open(shared, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (;;)
        renameat2(dir, "x", dir, "link", RENAME_EXCHANGE);
}

static void swapped_places(void) {
    char shared[128];
    int started = 0;
    snprintf(shared, sizeof shared, "%s/shared", lab.dir);
    CHECK(mkdir(shared, 0777) == 0 && mkdir(lab_text("%s/x", shared), 0755) == 0);
    CHECK(symlink(outside, lab_text("%s/link", shared)) == 0);
    fflush(NULL);
    pid_t swapper = fork();
    if (swapper == 0)
        swap_forever(shared);
    for (int i = 0; i < SWAPS; i++) {
        lab_begin(&lab, "standard", "none");
        lab_put_tuple(&lab, "volume", "rw", shared, "/data");
        lab_put_tuple(&lab, "volume", "ro", lab_text("%s/tree/etc", lab.dir), "/data/x/y");
        if (lab_boot(&lab) == 0) {
            started++;
            CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
        } else {
            CHECK_TEXT(lab.failure.step, "volume-target");
        }
        check_outside();
    }
    CHECK(kill(swapper, SIGKILL) == 0 && waitpid(swapper, NULL, 0) == swapper);
    CHECK(started > 0 && started < SWAPS); /* it met both */
    check_outside();
}

/* ---- upper directories that claim to be more than they are ---- */

static int redirect_is_not_followed(void *unused) {
    (void)unused;
    CHECK(!lab_exists("/elsewhere/of-the-tree"));
    return 0;
}

static void planted_attributes(void) {
    lab_begin(&lab, "standard", "none");
    CHECK(mkdir(upper("elsewhere"), 0755) == 0 &&
          chown(upper("elsewhere"), LAB_BASE, LAB_BASE) == 0);
    CHECK(setxattr(upper("elsewhere"), "trusted.overlay.redirect", "/etc", 4, 0) == 0);
    lab_start(&lab);
    CHECK(lab_inside(&lab, redirect_is_not_followed, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
}

int main(int argc, char **argv) {
    process_title_init(argc, argv);
    lab_open(&lab);
    lab_write(lab_text("%s/tree/etc/of-the-tree", lab.dir), "template");
    snprintf(outside, sizeof outside, "%s/outside", lab.dir);
    CHECK(mkdir(outside, 0777) == 0 && chmod(outside, 0777) == 0);
    lab_write(lab_text("%s/marker", outside), "untouched");
    links_at_system_places();
    files_at_system_places();
    volumes();
    etc_files();
    planted_attributes();
    swapped_places();
    lab_close(&lab);
    return checks_end("boot-hostile");
}
