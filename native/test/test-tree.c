/* Trees of ours: snapshots, copies, digests, removal. Needs root. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "tree-lab.h"

static struct failure failure;

static void fill_source(void) {
    make_dir("source", 0755);
    make_dir("source/bin", 01777);
    make_dir("source/private", 0750);
    make_dir("source/local", 0755);
    make_dir("source/bin/local", 0755);
    make_file("source/bin/su", 04755, "set-id");
    make_file("source/bin/plain", 0644, "plain");
    make_file("source/bin/secret", 0640, "secret");
    make_file("source/private/inside", 0644, "inside");
    make_file("source/local/own", 0644, "own");
    make_file("source/bin/local/kept", 0644, "kept");
    CHECK(symlinkat("/etc/shadow", tree_lab_fd, "source/bin/link") == 0);
    CHECK(mkfifoat(tree_lab_fd, "source/fifo", 0644) == 0);
    CHECK(mknodat(tree_lab_fd, "source/device", S_IFCHR | 0666, makedev(1, 3)) == 0);
    CHECK(fchownat(tree_lab_fd, "source/bin/plain", 10, 20, 0) == 0);
    const struct timespec times[2] = {{1000, 5}, {2000, 7}};
    CHECK(utimensat(tree_lab_fd, "source/bin/plain", times, 0) == 0);
    CHECK(utimensat(tree_lab_fd, "source/bin", times, 0) == 0);
}

static int copy(const char *target, struct tree_copy *how) {
    int from = open_dir("source");
    make_dir(target, 0700);
    int to = open_dir(target);
    failure = failure_in("tree");
    int r = tree_copy(from, to, how, &failure);
    close(from);
    close(to);
    return r;
}

static void a_snapshot_links_what_is_public(void) {
    char local[] = "local";
    char *exclude[] = {local};
    struct tree_copy how = {.link = true, .public_only = true, .exclude = exclude, .n_exclude = 1};
    CHECK(copy("snapshot", &how) == 0);
    CHECK(look("snapshot/bin/su").st_ino == look("source/bin/su").st_ino);
    CHECK(look("snapshot/bin/su").st_mode == (S_IFREG | 04755));
    CHECK(S_ISLNK(look("snapshot/bin/link").st_mode));
    CHECK(look("snapshot/bin").st_mode == (S_IFDIR | 01777));
    CHECK(look("snapshot/bin").st_mtim.tv_sec == 2000 && look("snapshot/bin").st_mtim.tv_nsec == 7);
    CHECK(look("snapshot").st_mode == (S_IFDIR | 0755));
    CHECK(!exists("snapshot/bin/secret") && !exists("snapshot/private"));
    CHECK(!exists("snapshot/local") && exists("snapshot/bin/local/kept"));
    CHECK(!exists("snapshot/fifo") && !exists("snapshot/device"));
    CHECK(look("source/bin/secret").st_nlink == 1);
    CHECK(how.files == 4 && how.skipped == 4 && how.bytes == 6 + 5 + 4);
}

static void a_copy_is_whole_and_apart(void) {
    struct tree_copy how = {.link = false};
    char path[128];
    snprintf(path, sizeof path, "%s/source/bin/plain", tree_lab);
    CHECK(setxattr(path, "user.note", "x", 1, 0) == 0);
    CHECK(copy("copy", &how) == 0);
    struct stat source = look("source/bin/plain");
    struct stat target = look("copy/bin/plain");
    CHECK(source.st_ino != target.st_ino && target.st_uid == 10 && target.st_gid == 20);
    CHECK(target.st_mtim.tv_sec == 2000 && target.st_mtim.tv_nsec == 7);
    CHECK(look("copy/bin/su").st_mode == (S_IFREG | 04755));
    CHECK(exists("copy/bin/secret") && exists("copy/private/inside") && exists("copy/local/own"));
    char value[4];
    snprintf(path, sizeof path, "%s/copy/bin/plain", tree_lab);
    CHECK(getxattr(path, "user.note", value, sizeof value) == 1 && value[0] == 'x');
}

static void holes_stay_holes(void) {
    int fd = openat(tree_lab_fd, "source/sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && ftruncate(fd, 50 << 20) == 0 && pwrite(fd, "end", 3, 40 << 20) == 3);
    close(fd);
    struct tree_copy how = {.link = false};
    CHECK(copy("sparse", &how) == 0);
    CHECK(look("sparse/sparse").st_size == 50 << 20 && look("sparse/sparse").st_blocks < 2048);
    CHECK(unlinkat(tree_lab_fd, "source/sparse", 0) == 0);
}

static void a_file_in_the_way_ends_it(void) {
    struct tree_copy how = {.link = true};
    int from = open_dir("source");
    int to = open_dir("copy");
    failure = failure_in("tree");
    CHECK(tree_copy(from, to, &how, &failure) == -EEXIST);
    CHECK_TEXT(failure.step, "copy");
    close(from);
    close(to);
}

static const char *digest(const char *path, bool contents) {
    static char hex[4][65];
    static unsigned next;
    char *text = hex[next++ % 4];
    int fd = open_dir(path);
    CHECK(tree_digest(fd, contents, text, &failure) == 0);
    close(fd);
    return text;
}

/* Undone after each, the digest is the old one again. */
static void a_digest_sees_every_change(void) {
    make_dir("d", 0755);
    make_dir("d/sub", 0755);
    make_file("d/a", 0644, "content");
    make_file("d/sub/b", 0644, "content");
    CHECK(symlinkat("a", tree_lab_fd, "d/link") == 0);
    char before[65];
    snprintf(before, sizeof before, "%s", digest("d", true));
    CHECK_TEXT(digest("d", true), before);
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    CHECK(utimensat(tree_lab_fd, "d/a", times, 0) == 0);
    CHECK_TEXT(digest("d", true), before); /* times do not count */

#define CHANGES(change, undo)                                                                      \
    do {                                                                                           \
        CHECK((change) == 0);                                                                      \
        CHECK(strcmp(digest("d", true), before) != 0);                                             \
        CHECK((undo) == 0);                                                                        \
        CHECK_TEXT(digest("d", true), before);                                                     \
    } while (0)
    int fd = tree_lab_fd;
    CHANGES(fchmodat(fd, "d/a", 04644, 0), fchmodat(fd, "d/a", 0644, 0));
    CHANGES(fchmodat(fd, "d/sub", 0700, 0), fchmodat(fd, "d/sub", 0755, 0));
    CHANGES(fchownat(fd, "d/link", 7, 0, AT_SYMLINK_NOFOLLOW),
            fchownat(fd, "d/link", 0, 0, AT_SYMLINK_NOFOLLOW));
    CHANGES(renameat(fd, "d/a", fd, "d/c"), renameat(fd, "d/c", fd, "d/a"));
    CHANGES(renameat(fd, "d/a", fd, "d/sub/a"), renameat(fd, "d/sub/a", fd, "d/a"));
    CHANGES(mkdirat(fd, "d/empty", 0755), unlinkat(fd, "d/empty", AT_REMOVEDIR));
    CHANGES(mknodat(fd, "d/gone", S_IFCHR, makedev(0, 0)), unlinkat(fd, "d/gone", 0));
    CHANGES((unlinkat(fd, "d/link", 0), symlinkat("b", fd, "d/link")),
            (unlinkat(fd, "d/link", 0), symlinkat("a", fd, "d/link")));
    char path[128];
    snprintf(path, sizeof path, "%s/d/sub", tree_lab);
    CHANGES(setxattr(path, "user.x", "y", 1, 0), removexattr(path, "user.x"));
    make_file("d/a", 0644, "c0ntent");
    CHECK(strcmp(digest("d", true), before) != 0);
    make_file("d/a", 0644, "content");
    CHECK_TEXT(digest("d", true), before);
}

static void a_quick_digest_goes_by_times(void) {
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    CHECK(utimensat(tree_lab_fd, "d/a", times, 0) == 0);
    char before[65];
    snprintf(before, sizeof before, "%s", digest("d", false));
    CHECK(strcmp(before, digest("d", true)) != 0);
    make_file("d/a", 0644, "c0ntent");
    CHECK(strcmp(digest("d", false), before) != 0);
    CHECK(utimensat(tree_lab_fd, "d/a", times, 0) == 0);
    CHECK_TEXT(digest("d", false), before);
}

/* Deeper than any path can name, and wider than one reading of a directory. */
static void any_depth_and_width(void) {
    make_dir("deep", 0755);
    int fd = open_dir("deep");
    for (int i = 0; i < 5000; i++) {
        CHECK(mkdirat(fd, "abcdefgh", 0755) == 0);
        int next = openat(fd, "abcdefgh", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(next >= 0);
        close(fd);
        fd = next;
    }
    char name[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "some-longer-name-%d", i);
        CHECK(mknodat(fd, name, S_IFREG | 0644, 0) == 0);
    }
    close(fd);
    digest("deep", true);
    uint64_t progress = 0;
    fd = open_dir("deep");
    CHECK(tree_empty(fd, &progress, &failure) == 0);
    CHECK(progress >= 10000);
    close(fd);
    CHECK(unlinkat(tree_lab_fd, "deep", AT_REMOVEDIR) == 0);
}

static void removal_follows_no_link(void) {
    make_dir("marker", 0755);
    make_file("marker/file", 0644, "stay");
    make_dir("victim", 0755);
    char target[128];
    snprintf(target, sizeof target, "%s/marker", tree_lab);
    CHECK(symlinkat(target, tree_lab_fd, "victim/link") == 0);
    int fd = open_dir("victim");
    CHECK(tree_empty(fd, NULL, &failure) == 0);
    close(fd);
    CHECK(exists("marker/file") && !exists("victim/link"));
}

int main(void) {
    tree_lab_open();
    fill_source();
    a_snapshot_links_what_is_public();
    a_copy_is_whole_and_apart();
    holes_stay_holes();
    a_file_in_the_way_ends_it();
    a_digest_sees_every_change();
    a_quick_digest_goes_by_times();
    any_depth_and_width();
    removal_follows_no_link();
    tree_lab_close();
    return checks_end("test-tree");
}
