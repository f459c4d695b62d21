/* `jail-keeper files` on trees as a hostile jail leaves them. Needs root. */
#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "files-lab.h"
#include "tree-lab.h"

#define BASE 0x06fe0000u

static void begin(struct fields_writer *writer) {
    char dir[128];
    snprintf(dir, sizeof dir, "%s/jail", tree_lab);
    fields_writer_growing(writer, FIELDS_SPEC_MAX);
    fields_put_text(writer, "dir", dir);
    fields_put_number(writer, "base", BASE);
}

static int run_plain(const char *verb) {
    struct fields_writer writer;
    begin(&writer);
    return files_run_verb(verb, &writer);
}

/* A directory or file of the jail, owned by the inside id. */
static void jail_dir(const char *path, mode_t mode) {
    make_dir(path, mode);
    CHECK(fchownat(tree_lab_fd, path, BASE, BASE, AT_SYMLINK_NOFOLLOW) == 0);
}

static void jail_file(const char *path, mode_t mode, const char *text) {
    make_file(path, mode, text);
    CHECK(fchownat(tree_lab_fd, path, BASE + 5, BASE + 5, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK(fchmodat(tree_lab_fd, path, mode, 0) == 0);
}

static void set_opaque(const char *path) {
    int fd = open_dir(path);
    CHECK(fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) == 0);
    close(fd);
}

static void creates_once(void) {
    CHECK(run_plain("create") == 0 && run_plain("create") == 0);
    CHECK(look("jail").st_mode == (S_IFDIR | 0700) && look("jail").st_uid == 0);
    CHECK(look("jail/upper").st_mode == (S_IFDIR | 0755) && look("jail/upper").st_uid == BASE);
    CHECK(look("jail/work").st_mode == (S_IFDIR | 0700) && look("jail/work").st_gid == BASE);
    CHECK(fchownat(tree_lab_fd, "jail/upper", 4711, 0, 0) == 0);
    CHECK(run_plain("create") == 1);
    CHECK_TEXT(reply_text("step"), "make");
    CHECK(fchownat(tree_lab_fd, "jail/upper", 0, 0, 0) == 0); /* cut off before its owner was set */
    CHECK(run_plain("create") == 0 && look("jail/upper").st_uid == BASE);
}

static void refuses_a_bad_base(void) {
    static const char *const bases[] = {"0", "65536", "131073", "4294901760", "-1", "4294967296"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        struct fields_writer writer;
        fields_writer_growing(&writer, FIELDS_SPEC_MAX);
        fields_put_text(&writer, "dir", tree_lab);
        fields_put_text(&writer, "base", bases[i]);
        CHECK(files_run_verb("count", &writer) == 1);
        CHECK_TEXT(reply_text("step"), "check");
    }
}

/* What the next tests look at; modes that shut everybody out included. */
static void fill(void) {
    jail_dir("jail/upper/etc", 0755);
    jail_dir("jail/upper/etc/ssh", 0700);
    jail_dir("jail/upper/home", 0755);
    jail_dir("jail/upper/var", 0);
    jail_file("jail/upper/etc/passwd", 0600, "mine");
    jail_file("jail/upper/etc/ssh/key", 0, "key");
    jail_file("jail/upper/home/x", 0644, "home");
    jail_file("jail/upper/var/log", 0, "log");
    CHECK(linkat(tree_lab_fd, "jail/upper/etc/passwd", tree_lab_fd, "jail/upper/again", 0) == 0);
    CHECK(symlinkat("/etc/shadow", tree_lab_fd, "jail/upper/etc/shadow") == 0);
    CHECK(mknodat(tree_lab_fd, "jail/upper/etc/gone", S_IFCHR, makedev(0, 0)) == 0);
    CHECK(mkfifoat(tree_lab_fd, "jail/upper/fifo", 0666) == 0);
    jail_dir("jail/work/work", 0);
}

static void counts_each_inode_once(void) {
    CHECK(run_plain("count") == 0);
    /* 4 directories, 4 files (one with two names), link, whiteout, FIFO */
    CHECK_TEXT(reply_text("inodes"), "11");
    CHECK(strtoul(reply_text("bytes"), NULL, 10) >= 4 * 512);
}

static const char *read_path(const char *path, const char *max_bytes) {
    static char text[64];
    struct fields_writer writer;
    char lower[128];
    begin(&writer);
    snprintf(lower, sizeof lower, "%s/lower", tree_lab);
    fields_put_text(&writer, "path", path);
    fields_put_text(&writer, "max-bytes", max_bytes);
    fields_put_text(&writer, "lower", lower);
    if (files_run_verb("read", &writer) == 0)
        return reply_text("data");
    snprintf(text, sizeof text, "errno %s", reply_text("errno"));
    return text;
}

static void reads_through_layers(void) {
    make_dir("lower", 0755);
    make_dir("lower/etc", 0755);
    make_dir("lower/opt", 0755);
    make_file("lower/etc/passwd", 0644, "lower");
    make_file("lower/etc/hosts", 0644, "hosts");
    make_file("lower/etc/gone", 0644, "gone");
    make_file("lower/etc/private", 0600, "private");
    make_file("lower/opt/x", 0644, "opt");
    CHECK_TEXT(read_path("etc/passwd", "100"), "mine");
    CHECK_TEXT(read_path("/etc/hosts", "100"), "hosts");
    CHECK_TEXT(read_path("opt/x", "100"), "opt");
    CHECK_TEXT(read_path("etc/gone", "100"), "errno 2");
    CHECK_TEXT(read_path("etc/private", "100"), "errno 13"); /* root's own, not the jail's */
    CHECK_TEXT(read_path("etc/passwd", "3"), "errno 27");
    CHECK_TEXT(read_path("fifo", "100"), "errno 22");
    CHECK_TEXT(read_path("etc/shadow", "100"), "errno 22"); /* a link */
    CHECK_TEXT(read_path("etc/shadow/x", "100"), "errno 20");
    CHECK_TEXT(read_path("home", "100"), "errno 22");
    CHECK_TEXT(read_path("../marker", "100"), "errno 22");
    CHECK_TEXT(read_path("etc/../etc/passwd", "100"), "errno 22");
    CHECK_TEXT(read_path("", "100"), "errno 22");
    set_opaque("jail/upper/etc");
    CHECK_TEXT(read_path("etc/hosts", "100"), "errno 2");
    CHECK_TEXT(read_path("etc/passwd", "100"), "mine");
}

static int reset_keeping(const char *const *keep) {
    struct fields_writer writer;
    begin(&writer);
    for (; *keep != NULL; keep++)
        fields_put_text(&writer, "keep", *keep);
    return files_run_verb("reset", &writer);
}

static void resets_but_keeps(void) {
    static const char *const keep[] = {"etc/ssh",        "/home",        "home/x",
                                       "nowhere/at/all", "etc/shadow/x", NULL};
    CHECK(reset_keeping(keep) == 0);
    CHECK(exists("jail/upper/etc/ssh/key") && exists("jail/upper/home/x"));
    CHECK(!exists("jail/upper/etc/passwd") && !exists("jail/upper/var") && !exists("jail/kept"));
    CHECK(!exists("jail/work/work"));
    CHECK(look("jail/upper/etc").st_mode == (S_IFDIR | 0755) &&
          look("jail/upper/etc").st_uid == BASE);
    char value[4];
    int fd = open_dir("jail/upper/etc");
    CHECK(fgetxattr(fd, "trusted.overlay.opaque", value, sizeof value) < 0 && errno == ENODATA);
    close(fd);
}

/* As a reset leaves it that was killed between emptying and moving back. */
static void ends_a_reset_that_was_cut_off(void) {
    static const char *const keep[] = {"home", "etc/ssh", NULL};
    jail_dir("jail/kept", 0700);
    CHECK(renameat(tree_lab_fd, "jail/upper/home", tree_lab_fd, "jail/kept/home") == 0);
    CHECK(reset_keeping(keep) == 0);
    CHECK(exists("jail/upper/home/x") && exists("jail/upper/etc/ssh/key"));
    CHECK(!exists("jail/kept"));
}

static void refuses_paths_that_lead_out(void) {
    static const char *const paths[] = {"..", "a/../b", "", "/", "a//b", "./a"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *const keep[] = {paths[i], NULL};
        CHECK(reset_keeping(keep) == 1);
        CHECK(exists("jail/upper/home/x"));
    }
}

static void says_what_is_immutable(void) {
    int flags = FS_IMMUTABLE_FL;
    jail_file("jail/upper/home/fixed", 0644, "x");
    int fd = openat(tree_lab_fd, "jail/upper/home/fixed", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0);
    CHECK(run_plain("delete") == 1);
    CHECK_TEXT(reply_text("path"), "home/fixed");
    CHECK(strstr(reply_text("message"), "immutable") != NULL);
    flags = 0;
    CHECK(ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0);
    close(fd);
}

/* Swaps a directory of the tree for a link to the marker and back, as fast as it can. */
static _Noreturn void swap_forever(void) {
    for (unsigned i = 0;; i++) {
        char name[64];
        snprintf(name, sizeof name, "jail/upper/farm/%u", i % 200);
        renameat2(tree_lab_fd, name, tree_lab_fd, "jail/upper/farm/swap", RENAME_EXCHANGE);
        renameat2(tree_lab_fd, name, tree_lab_fd, "jail/upper/farm/swap", RENAME_EXCHANGE);
    }
}

static void swapping_during_removal_hurts_nobody(void) {
    make_dir("marker", 0777);
    make_file("marker/file", 0666, "stay");
    CHECK(fchownat(tree_lab_fd, "marker", BASE, BASE, 0) == 0); /* not saved by its owner */
    CHECK(fchownat(tree_lab_fd, "marker/file", BASE, BASE, 0) == 0);
    for (int round = 0; round < 5; round++) {
        char name[64];
        char target[128];
        CHECK(run_plain("create") == 0);
        jail_dir("jail/upper/farm", 0755);
        for (unsigned i = 0; i < 200; i++) {
            snprintf(name, sizeof name, "jail/upper/farm/%u", i);
            jail_dir(name, 0755);
            snprintf(name, sizeof name, "jail/upper/farm/%u/file", i);
            jail_file(name, 0644, "x");
        }
        snprintf(target, sizeof target, "%s/marker", tree_lab);
        CHECK(symlinkat(target, tree_lab_fd, "jail/upper/farm/swap") == 0);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0)
            swap_forever();
        run_plain("delete"); /* may end early, because a name was a link when it was opened */
        kill(pid, SIGKILL);
        CHECK(waitpid(pid, NULL, 0) == pid);
        CHECK(exists("marker/file"));
        CHECK(run_plain("delete") == 0); /* what is left, now that nobody swaps */
    }
    CHECK(exists("marker/file"));
}

static void deletes_all(void) {
    CHECK(run_plain("delete") == 0 && run_plain("delete") == 0);
    CHECK(exists("jail") && !exists("jail/upper") && !exists("jail/work"));
    CHECK(run_plain("count") == 1);
}

int main(void) {
    tree_lab_open();
    creates_once();
    refuses_a_bad_base();
    fill();
    counts_each_inode_once();
    reads_through_layers();
    resets_but_keeps();
    ends_a_reset_that_was_cut_off();
    refuses_paths_that_lead_out();
    says_what_is_immutable();
    swapping_during_removal_hurts_nobody();
    deletes_all();
    tree_lab_close();
    return checks_end("test-files");
}
