/* A directory of a test's own below /var/tmp, with short ways to fill it and to look at it. */
#ifndef JAILD_TREE_LAB_H
#define JAILD_TREE_LAB_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "check.h"
#include "io.h"
#include "tree.h"

static char tree_lab[64];
static int tree_lab_fd = -1;

static inline void tree_lab_open(void) {
    snprintf(tree_lab, sizeof tree_lab, "/var/tmp/jaild-native-XXXXXX");
    umask(0);
    CHECK(mkdtemp(tree_lab) != NULL);
    tree_lab_fd = open(tree_lab, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(tree_lab_fd >= 0);
}

static inline void tree_lab_close(void) {
    CHECK(tree_empty(tree_lab_fd, NULL, NULL) == 0);
    close(tree_lab_fd);
    CHECK(rmdir(tree_lab) == 0);
}

static inline void make_dir(const char *path, mode_t mode) {
    CHECK(mkdirat(tree_lab_fd, path, 0700) == 0 && fchmodat(tree_lab_fd, path, mode, 0) == 0);
}

static inline void make_file(const char *path, mode_t mode, const char *text) {
    int fd = openat(tree_lab_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && io_write_all(fd, text, strlen(text)) == 0 && fchmod(fd, mode) == 0);
    close(fd);
}

static inline int open_dir(const char *path) {
    int fd = openat(tree_lab_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static inline struct stat look(const char *path) {
    struct stat status;
    CHECK(fstatat(tree_lab_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0);
    return status;
}

static inline int exists(const char *path) {
    struct stat status;
    return fstatat(tree_lab_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
